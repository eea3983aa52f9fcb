import test from 'ava';
import { compile } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { namespaceOf, planLab } from '../../control/sandbox/plan.js';
import type { PlannedSandbox } from '../../control/sandbox/plan.js';
import { missingCapabilities } from '../../control/supervisor/privileges.js';

const planOf = (text: string) => planLab(compile(parseLab(`name: demo\n${text}`, 'lab.yaml')));
const sandboxOf = (text: string, service: string): PlannedSandbox | undefined =>
  planOf(text).sandboxes.find((sandbox) => sandbox.service === service);

const NETWORKS = `networks:
  b: { ipam: { config: [ { subnet: 10.2.0.0/24 } ] } }
  a: { enable_ipv6: true, ipam: { config: [ { subnet: 10.1.0.0/16, gateway: 10.1.0.254 }, { subnet: "fd00:1::/64" } ] } }
  in: { internal: true, ipam: { config: [ { subnet: 10.3.0.0/24 } ] } }
`;

test('the default route goes to the highest gw_priority, then to the network that sorts first, never to an internal one', (t) => {
  const routes = (networks: string) =>
    sandboxOf(`${NETWORKS}services: { c1: { networks: ${networks} } }`, 'c1')?.routes;
  t.deepEqual(routes('[b, in]'), [{ via: '10.2.0.1', family: 4, nic: 'eth0' }]);
  t.deepEqual(routes('[in]'), []);
  t.deepEqual(routes('[b, a]'), [
    { via: '10.1.0.254', family: 4, nic: 'eth0' },
    { via: 'fd00:1::1', family: 6, nic: 'eth0' },
  ]);
  t.deepEqual(routes('{ b: { gw_priority: 1 }, a: , in: { gw_priority: 2 } }'), [
    { via: '10.2.0.1', family: 4, nic: 'eth1' },
    { via: 'fd00:1::1', family: 6, nic: 'eth0' },
  ]);
});

test('a NIC has the addresses of its endpoint with the prefix of their pool', (t) => {
  const nics = sandboxOf(`${NETWORKS}services: { c1: { networks: [a] } }`, 'c1')?.nics;
  t.deepEqual(nics, [
    {
      port: 0,
      name: 'eth0',
      mac: '02:42:0a:01:00:01',
      mtu: 1500,
      ipv4: '10.1.0.1/16',
      ipv6: 'fd00:1::2/64',
    },
  ]);
});

const LAYER2 = `x-wires: { lan: { ports: { vm: { tap: vm1, owner: root } } } }
x-hosts: { node: { nics: { eth0: { wire: lan, mac: "02:00:00:00:00:01", mtu: 9000 }, eth1: { wire: lan, mac: "02:00:00:00:00:02" } } } }
networks:
  mac: { driver: macvlan, driver_opts: { parent: eth0.7 }, ipam: { config: [ { subnet: 10.4.0.0/24 } ] } }
  alone: { driver: macvlan, ipam: { config: [ { subnet: 10.5.0.0/24 } ] } }
  l2: { driver: ipvlan, driver_opts: { parent: eth1 }, ipam: { config: [ { subnet: 10.6.0.0/24 } ] } }
  l3: { driver: ipvlan, driver_opts: { parent: eth1.8, ipvlan_mode: l3 }, enable_ipv6: true, ipam: { config: [ { subnet: 10.7.0.0/24 }, { subnet: "fd00:7::/64" } ] } }
  l3in: { driver: ipvlan, driver_opts: { parent: eth1.9, ipvlan_mode: l3s }, internal: true, ipam: { config: [ { subnet: 10.8.0.0/24 } ] } }
`;

test('a child of macvlan has its own MAC, one of ipvlan that of its parent and makes no address of it; in the L3 modes it asks nobody', (t) => {
  const sandbox = sandboxOf(`${LAYER2}services: { c1: { networks: [mac, l2, l3] } }`, 'c1');
  const nics = sandbox?.nics.map(({ mac, mtu, sharesMac, noArp }) => [mac, mtu, sharesMac, noArp]);
  t.deepEqual(nics, [
    ['02:42:0a:04:00:02', 9000, undefined, undefined],
    ['02:00:00:00:00:02', 1500, true, undefined],
    ['02:00:00:00:00:02', 1500, true, true],
  ]);
});

test('the default route of macvlan and ipvlan L2 is the gateway, of ipvlan L3 the NIC; without a parent there is none', (t) => {
  const routes = (networks: string) =>
    sandboxOf(`${LAYER2}services: { c1: { networks: ${networks} } }`, 'c1')?.routes;
  t.deepEqual(routes('[mac]'), [{ via: '10.4.0.1', family: 4, nic: 'eth0' }]);
  t.deepEqual(routes('[alone]'), []);
  t.deepEqual(routes('[l2]'), [{ via: '10.6.0.1', family: 4, nic: 'eth0' }]);
  t.deepEqual(routes('[l3in]'), []);
  t.deepEqual(routes('[l3]'), [
    { family: 4, nic: 'eth0' },
    { family: 6, nic: 'eth0' },
  ]);
  // A network with a router comes before one without.
  t.deepEqual(routes('[l3, mac]'), [
    { via: '10.4.0.1', family: 4, nic: 'eth1' },
    { family: 6, nic: 'eth0' },
  ]);
});

test('a TAP of a wire is made for who is to hold it, as large as the wire carries', (t) => {
  t.deepEqual(planOf(LAYER2).taps, [{ name: 'vm1', owner: 'root', mtu: 9000 }]);
});

test('/etc/hosts names everybody on the networks of a sandbox, and nobody else', (t) => {
  const hosts = sandboxOf(
    `${NETWORKS}services:
  c1: { hostname: one, networks: [b], links: ["c2:db"], extra_hosts: ["gw:host-gateway"] }
  c2: { container_name: two, networks: { b: { aliases: [web, "bad name", "x\\n6.6.6.6 evil"] } } }
  c3: { networks: [a] }
  c4: { networks: [b], x-port: { tap: vm1 } }
`,
    'c1',
  )?.hosts;
  t.deepEqual(hosts?.split('\n').slice(6), [
    '10.2.0.1\tgw',
    '10.2.0.2\tone c1 demo-c1-1 c1.b',
    '10.2.0.3\tc2 two web c2.b db',
    '10.2.0.4\tc4 demo-c4-1 c4.b',
    '',
  ]);
});

test('whoever shares a stack is in the namespace of its owner; a VM has none here', (t) => {
  const lab = parseLab(
    `name: demo
services:
  a:
  b: { network_mode: "service:a" }
  c: { network_mode: "service:b" }
  none: { network_mode: none }
  host: { network_mode: host }
  vm: { x-port: { tap: vm1, owner: root } }
`,
    'lab.yaml',
  );
  const names = lab.sandboxes.map(({ name }) => namespaceOf(lab, name));
  const [a, none] = ['etherloom-demo-a', 'etherloom-demo-none'];
  t.deepEqual(names, [a, a, a, none, undefined, undefined]);
  const plan = planLab(compile(lab));
  t.deepEqual(
    plan.sandboxes.map(({ namespace }) => namespace),
    [a, none],
  );
  t.deepEqual(plan.taps, [{ name: 'vm1', owner: 'root', mtu: 1500 }]);
});

test('capabilities are read from /proc/self/status', (t) => {
  const status = (hex: string): string => `CapInh:\t0\nCapEff:\t${hex}\nCapBnd:\tff\n`;
  t.deepEqual(missingCapabilities(status('000001ffffffffff')), []);
  t.deepEqual(missingCapabilities(status('0000000000003000')), ['CAP_SYS_ADMIN']);
  t.deepEqual(missingCapabilities(status('0000000000000000')), [
    'CAP_NET_ADMIN',
    'CAP_NET_RAW',
    'CAP_SYS_ADMIN',
  ]);
});
