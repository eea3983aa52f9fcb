import test from 'ava';

import { describeLab } from '../../control/describe.js';
import { plainInterfaceName, splitInterface } from '../../control/model/interface.js';
import type { Lab } from '../../control/model/lab.js';
import { parseLab } from '../../control/model/load.js';

const lab = (text: string): Lab => parseLab(text, 'lab.yaml');
const macvlan = (parent: string, more = '') =>
  `{ driver: macvlan, driver_opts: { parent: ${parent}${more} } }`;

const EVERYTHING = `x-wires:
  lan: { reflective_relay: true, ports: { uplink: { interface: ens33, driver: capture, record: out.pcapng }, tester: } }
x-hosts:
  node-1:
    nics:
      eth0: { wire: lan, mac: "08-00-27-00-00-01", addresses: [192.168.99.1/24, "FD00::0:1/64"], mtu: 9000 }
      eth1:
    gateway: 192.168.99.254
    routes: [ { to: default, via: "fd00::fe" }, { to: 10.1.0.0/16, via: 10.7.0.1, dev: eth0.100 } ]
  node-2: { nics: { eth0: { wire: lan } } }
networks:
  mv: { driver: macvlan, driver_opts: { parent: eth0.100 }, x-host: node-1 }
  src: { driver: macvlan, driver_opts: { parent: eth0.100, macvlan_mode: source }, x-host: node-1 }
  iv: { driver: ipvlan, driver_opts: { parent: eth1, ipvlan_mode: l3s, ipvlan_flag: vepa }, x-host: node-1 }
  alone: { driver: ipvlan, x-host: node-2 }
  br: { x-host: node-2, x-bridge: { vlan_filtering: true, uplink: { nic: eth0, vlan_mode: native-untagged, tag: 10, trunks: [10, 20] } } }
services:
  c1: { networks: [mv] }
  c2: { networks: { src: { x-port: { sources: ["02-00-00-00-00-01", "02:00:00:00:00:01"], nodst: true } } } }
  c3: { networks: [iv] }
  c4: { networks: [alone] }
  c5: { networks: [br], x-port: { tag: 20, priority_tags: if-nonzero } }
  c6: { networks: [br], x-port: { vlan_mode: dot1q-tunnel, tag: 30, cvlans: [7], qinq_ethtype: 802.1q } }
  c7: { networks: [br] }
`;

test('describeLab shows hosts with NICs, wires, routes, parents, modes and VLANs', (t) => {
  t.snapshot(describeLab(lab(EVERYTHING)));
});

test('what a network is told knows where it stands; defaults stand nowhere', (t) => {
  const [mv, src, iv, alone, br] = lab(EVERYTHING).networks;
  t.deepEqual(mv?.macvlan, {
    parent: { value: 'eth0.100', at: { line: 12, column: 49 } },
    mode: { value: 'bridge' },
  });
  t.deepEqual(src?.macvlan?.mode, { value: 'source', at: { line: 13, column: 74 } });
  t.deepEqual(iv?.ipvlan, {
    parent: { value: 'eth1', at: { line: 14, column: 48 } },
    mode: { value: 'l3s', at: { line: 14, column: 67 } },
    flag: { value: 'vepa', at: { line: 14, column: 85 } },
  });
  t.deepEqual(alone?.ipvlan, { mode: { value: 'l2' }, flag: { value: 'bridge' } });
  t.true(br?.bridge?.vlanFiltering.value);
  t.deepEqual(br?.bridge?.uplink?.nic, { value: 'eth0', at: { line: 16, column: 74 } });
  t.is(br?.bridge?.uplink?.vlan?.mode.value, 'native-untagged');
  t.deepEqual(br?.bridge?.uplink?.vlan?.trunks?.value, [10, 20]);
});

test('the port modes are those of Open vSwitch, with its defaults', (t) => {
  const ports = lab(EVERYTHING).networks[4]?.endpoints.map(({ vlan }) => vlan);
  t.deepEqual(
    ports?.map((vlan) => `${vlan?.mode.value} ${vlan?.tag.value} ${vlan?.priorityTags.value}`),
    ['access 20 if-nonzero', 'dot1q-tunnel 30 never', 'trunk 0 never'],
  );
  t.is(ports?.[1]?.qinqType.value, 0x8100);
  t.is(ports?.[2]?.qinqType.value, 0x88a8);
  t.is(ports?.[2]?.trunks, undefined);
});

test('A-22 E-02: ipvlan children have the MAC of their parent, macvlan children one of their own', (t) => {
  const { networks, hosts } = lab(EVERYTHING);
  t.is(networks[2]?.endpoints[0]?.mac, hosts[0]?.nics[1]?.mac);
  t.regex(networks[3]?.endpoints[0]?.mac.value ?? '', /^02:42:/);
  t.is(networks[0]?.endpoints[0]?.mac.value, '02:42:ac:12:00:02');
});

test('NICs, routes and wires are in canonical form, with their places', (t) => {
  const { hosts, wires } = lab(EVERYTHING);
  const [node] = hosts;
  t.deepEqual(node?.nics[0]?.mac, { value: '08:00:27:00:00:01', at: { line: 6, column: 31 } });
  t.deepEqual(
    node?.nics[0]?.addresses.map(({ value }) => value),
    ['192.168.99.1/24', 'fd00::1/64'],
  );
  t.is(node?.nics[1]?.wire, undefined);
  t.deepEqual(node?.gateway, { value: '192.168.99.254', at: { line: 8, column: 14 } });
  t.deepEqual(
    node?.routes.map(({ to, via, dev }) => [to.value, via?.value, dev?.value]),
    [
      ['::/0', 'fd00::fe', undefined],
      ['10.1.0.0/16', '10.7.0.1', 'eth0.100'],
    ],
  );
  t.deepEqual(wires[0]?.reflectiveRelay, { value: true, at: { line: 2, column: 28 } });
  t.deepEqual(
    wires[0]?.ports.map(({ port, device }) => `${port} ${device.kind}`),
    ['lan.uplink interface', 'lan.tester nothing'],
  );
});

test('a network has the MTU of its parent', (t) => {
  t.deepEqual(lab(EVERYTHING).networks[0]?.mtu, { value: 9000 });
});

test('sources are named once each', (t) => {
  const endpoint = lab(EVERYTHING).networks[1]?.endpoints[0];
  t.deepEqual(
    endpoint?.sources.map(({ value }) => value),
    ['02:00:00:00:00:01'],
  );
  t.true(endpoint?.takesAlone.value);
});

test('a host that declares no NICs gets those that its networks name', (t) => {
  const { hosts } = lab(
    `networks: { a: ${macvlan('ens33')}, b: ${macvlan('ens33.50')}, c: { x-bridge: { uplink: eth7.8 } }, d: { driver: macvlan } }`,
  );
  t.deepEqual(
    hosts.map(({ name, nics }) => [name, ...nics.map((nic) => nic.name)]),
    [['host', 'ens33', 'eth7']],
  );
  t.regex(hosts[0]?.nics[0]?.mac.value ?? '', /^02:42:/);
  t.is(hosts[0]?.nics[0]?.wire, undefined);
});

test('several macvlan networks share a parent, also beside a VLAN of it', (t) => {
  const text = `networks: { a: ${macvlan('eth0')}, b: ${macvlan('eth0', ', macvlan_mode: vepa')}, c: ${macvlan('eth0.7')}, d: { driver: ipvlan, driver_opts: { parent: eth0.8 } }, e: { x-bridge: { uplink: eth0.9 } } }`;
  t.is(lab(text).networks.length, 5);
});

test("networks without a parent are in nobody's way", (t) => {
  t.is(
    lab('networks: { a: { driver: ipvlan }, b: { driver: ipvlan }, c: { driver: macvlan } }')
      .networks.length,
    3,
  );
});

test('the child of a passthru network may have the MAC of its parent', (t) => {
  const text = `x-hosts: { n: { nics: { eth0: { mac: "02:00:00:00:00:01" } } } }
networks: { a: ${macvlan('eth0', ', macvlan_mode: passthru')} }
services: { c1: { networks: { a: { mac_address: "02:00:00:00:00:01" } } } }`;
  t.is(lab(text).networks[0]?.endpoints[0]?.mac.value, '02:00:00:00:00:01');
});

test('C-05 E-07: each host has its own addresses, and who meets on a wire is told of doubles', (t) => {
  const pool = 'ipam: { config: [ { subnet: 10.1.0.0/16, gateway: 10.1.0.1 } ] }';
  const text = `x-wires: { lan: }
x-hosts: { h1: { nics: { ens33: { wire: lan } } }, h2: { nics: { ens33: { wire: lan } } } }
networks:
  a: { driver: ipvlan, driver_opts: { parent: ens33 }, ${pool}, x-host: h1 }
  b: { driver: ipvlan, driver_opts: { parent: ens33 }, ${pool}, x-host: h2 }
services: { a1: { networks: [a] }, b1: { networks: [b] } }`;
  const { networks, notes } = lab(text);
  t.deepEqual(
    networks.map(({ endpoints }) => endpoints[0]?.ipv4?.value),
    ['10.1.0.2', '10.1.0.2'],
  );
  t.deepEqual(notes, ['a1 and b1 both have the address 10.1.0.2, on wire lan']);
});

test('doubles in different VLANs are noted for their MACs only, and L3 children not at all', (t) => {
  const pool = 'ipam: { config: [ { subnet: 10.1.0.0/16 } ] }';
  const of = (settings: string) => `x-wires: { lan: }
x-hosts: { h1: { nics: { eth0: { wire: lan } } }, h2: { nics: { eth0: { wire: lan } } } }
networks:
  a: { ${settings.replace('VID', '10')}, ${pool}, x-host: h1 }
  b: { ${settings.replace('VID', '20')}, ${pool}, x-host: h2 }
services: { c1: { networks: [a] }, c2: { networks: [b] } }`;
  t.deepEqual(lab(of('driver: macvlan, driver_opts: { parent: eth0.VID }')).notes, [
    'c1 and c2 both have the MAC 02:42:0a:01:00:02, on wire lan',
  ]);
  t.deepEqual(lab(of('driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 }')).notes, []);
});

test('a child in source mode without sources is noted, and so are ports that nobody publishes', (t) => {
  const text = `networks: { a: ${macvlan('eth0', ', macvlan_mode: source')} }
services: { c1: { networks: [a], ports: ["80:80"] }, c2: { networks: [a], ports: ["80:80"] } }`;
  t.deepEqual(lab(text).notes, [
    'c1 hears nobody: a macvlan child in source mode needs x-port.sources',
    'c2 hears nobody: a macvlan child in source mode needs x-port.sources',
    'service c1: ports are published from bridges only',
    'service c2: ports are published from bridges only',
  ]);
});

test('describeLab shows that a NIC below a passthru child has the MAC of the child', (t) => {
  const text = `x-hosts: { n: { nics: { eth0: } } }
networks: { a: ${macvlan('eth0', ', macvlan_mode: passthru')} }
services: { c1: { networks: { a: { mac_address: "02:00:00:00:00:07" } } } }`;
  t.regex(describeLab(lab(text)), /eth0 {2}02:00:00:00:00:07 {2}.* has the MAC of c1\n/);
});

test('a router may be in the subnet of a bridge', (t) => {
  const text = `x-hosts: { n: { routes: [ { to: 10.9.0.0/16, via: 10.1.0.2 } ] } }
networks: { a: { ipam: { config: [ { subnet: 10.1.0.0/24 } ] } } }`;
  t.is(lab(text).hosts[0]?.routes[0]?.via?.value, '10.1.0.2');
});

test('names of interfaces say which NIC and which VLAN', (t) => {
  t.deepEqual(splitInterface('eth0'), { nic: 'eth0', vid: 0 });
  t.deepEqual(splitInterface('eth0.4094'), { nic: 'eth0', vid: 4094 });
  t.is(plainInterfaceName('eth0.050'), 'eth0.50');
  t.is(plainInterfaceName('eth0.+7'), 'eth0.7');
  t.is(plainInterfaceName('eth0'), 'eth0');
});
