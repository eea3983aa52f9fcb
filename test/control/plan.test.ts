import test from 'ava';
import { compile } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { namespaceOf, planLab } from '../../control/sandbox/plan.js';
import type { PlannedSandbox } from '../../control/sandbox/plan.js';
import { placeParts } from '../../control/supervisor/place.js';
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

test('networks are dealt out to workers, the largest first; a core is left', (t) => {
  const compiled = compile(
    parseLab(
      `networks: { big: , mid: , low: , empty: }
services:
  a: { networks: [big, low] }
  b: { networks: [big, mid] }
  c: { networks: [big, mid] }
`,
      'lab.yaml',
    ),
  );
  const place = (wanted?: number, cores = 4) => placeParts(compiled, wanted, cores);
  const networks = (wanted?: number, cores?: number) =>
    place(wanted, cores).workers.map((share) => share.networks);
  t.deepEqual(networks(), [[0], [1], [2]]);
  t.deepEqual(networks(undefined, 3), [[0], [1, 2]]);
  t.deepEqual(networks(undefined, 1), [[0, 1, 2]]);
  t.deepEqual(networks(2), [[0], [1, 2]]);
  t.deepEqual(
    place(2).workers.map(({ ports }) => ports),
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
  );
  t.is(place(2).note, undefined);
  t.is(
    place(9).note,
    '3 networks have ports, and a network is served by one worker: 3 of 9 workers are used',
  );
  t.deepEqual(placeParts(compile(parseLab('services: {}', 'lab.yaml'))).workers, []);
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
