import { testCases } from './expect-mistakes.js';

const HOST =
  'x-wires: { lan: }\nx-hosts: { n1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24, "fd00:99::1/64"] } } } }\n';
const vxlan = (settings: string): string =>
  `${HOST}networks: { blue: { x-vxlan: { v: { ${settings} } } } }\n`;
const two = (first: string, second: string): string =>
  `${HOST}networks: { blue: { x-vxlan: { v: { ${first} }, w: { ${second} } } } }\n`;
const filtering = (settings: string): string =>
  `${HOST}networks: { blue: { x-bridge: { vlan_filtering: true }, x-vxlan: { v: { ${settings} } } } }\n`;
const WHICH = 'a VXLAN port belongs to a VNI: which?';
const EXISTS = 'RTNETLINK answers: File exists';

/** Segments. */
testCases([
  ['no VNI', `${HOST}networks: { blue: { x-vxlan: { ▸v: { remotes: [192.168.99.2] } } } }`, WHICH],
  ['nothing but a name', `${HOST}networks: { blue: { x-vxlan: { ▸v: } } }`, WHICH],
  ...(['16777216', '-1', '1.5'] as const).map(
    (vni) => [`the VNI ${vni}`, vxlan(`vni: ▸${vni}`), `${vni} is not a VNI`] as const,
  ),
  [
    'a VNI, and VNIs of VLANs',
    filtering('vni: 5, ▸vlans: { 10: 1010 }'),
    'vni and vlans exclude each other',
  ],
  [
    'one VNI of a bridge that keeps VLANs apart',
    filtering('▸vni: 5'),
    'this bridge keeps VLANs apart: which of them does the VNI carry?',
  ],
  [
    'VLANs of a bridge that takes tags for payload',
    vxlan('▸vlans: { 10: 1010 }'),
    'vlans means nothing to a bridge that takes tags for payload',
  ],
  ['no VLAN', filtering('vlans: ▸{}'), WHICH],
  [
    'VLANs that are none',
    filtering('vlans: { ▸0: 1, ▸4095: 2, ▸ten: 3, ▸"010": 4 }'),
    '0 is not a VLAN',
    '4095 is not a VLAN',
    'ten is not a VLAN',
    '010 is not a VLAN',
  ],
  [
    'a VNI of two VLANs, and one that is none',
    filtering('vlans: { 10: 1010, 20: ▸1010, 30: ▸16777216 }'),
    'VNI 1010 carries VLAN 10 already',
    '16777216 is not a VNI',
  ],
  [
    'tags that are kept, though VLANs are told apart',
    filtering('vlans: { 10: 1010 }, ▸inner_tags: true'),
    'inner_tags means nothing together with vlans',
  ],
]);

/** The ends of a tunnel. */
testCases([
  [
    'addresses that are none',
    two('vni: 5, local: ▸here, remotes: [▸192.168.99.2/24]', 'vni: 6, group: ▸10.1.1, dev: eth1'),
    'here is not an ip address',
    '192.168.99.2/24 is not an ip address',
    '10.1.1 is not an ip address',
  ],
  [
    'a source that the host does not have',
    vxlan('vni: 5, local: ▸192.168.99.9'),
    'n1 has no address 192.168.99.9',
  ],
  [
    'a source on a host that has no address',
    'networks: { blue: { x-vxlan: { v: { vni: 5, local: ▸192.168.99.9 } } } }',
    'host has no address 192.168.99.9',
  ],
  [
    'remotes of two families',
    vxlan('vni: 5, remotes: [192.168.99.2, ▸"fd00:99::2"]'),
    'fd00:99::2 is an IPv6 address, and this tunnel is one over IPv4',
  ],
  [
    'a station behind an end of another family than the source',
    vxlan(
      'vni: 5, local: "fd00:99::1", stations: [ { mac: "02:00:00:00:00:01", remote: ▸192.168.99.2 } ]',
    ),
    '192.168.99.2 is an IPv4 address, and this tunnel is one over IPv6',
  ],
  [
    'the host itself among its remotes',
    vxlan('vni: 5, local: 192.168.99.1, remotes: [▸192.168.99.1]'),
    '192.168.99.1 is an address of n1 itself',
  ],
  [
    'another address of the host among its remotes',
    vxlan('vni: 5, remotes: [▸172.18.0.1]'),
    '172.18.0.1 is an address of n1 itself',
  ],
  [
    'a group among remotes, in both families',
    two('vni: 5, remotes: [▸239.1.1.1]', 'vni: 6, remotes: [▸"ff05::1"]'),
    '239.1.1.1 is a group, and no end of a tunnel',
    'ff05::1 is a group, and no end of a tunnel',
  ],
  [
    'remotes that no host can be',
    vxlan('vni: 5, remotes: [▸0.0.0.0, ▸255.255.255.255]'),
    '0.0.0.0 cannot be the address of one host',
    '255.255.255.255 cannot be the address of one host',
  ],
  [
    'a remote twice',
    vxlan('vni: 5, remotes: [192.168.99.2, ▸192.168.99.2]'),
    'the remote 192.168.99.2 is there already: File exists',
  ],
  [
    'a group that is none',
    vxlan('vni: 5, group: ▸192.168.99.2, dev: eth1'),
    '192.168.99.2 is not a group',
  ],
  [
    'a group and remotes',
    vxlan('vni: 5, remotes: [192.168.99.2], ▸group: 239.1.1.1, dev: eth1'),
    'what is for everybody goes to remotes or to a group, not to both',
  ],
  [
    'a group without a NIC',
    vxlan('vni: 5, group: ▸239.1.1.1'),
    'a group is spoken to by one NIC: which?',
  ],
  [
    'a NIC without a group',
    vxlan('vni: 5, remotes: [192.168.99.2], ▸dev: eth1'),
    'dev means nothing without a group',
  ],
  [
    'a NIC that the host does not have',
    vxlan('vni: 5, group: 239.1.1.1, dev: ▸eth2'),
    'there is no NIC "eth2" (did you mean "eth1"?)',
  ],
]);

/** Settings. */
testCases([
  [
    'numbers out of bounds',
    vxlan('vni: 5, port: ▸65536, source_ports: ▸0-9, ttl: ▸0, tos: ▸256'),
    '65536 is not a UDP port',
    '0-9 is not a range of ports',
    '0 is not a TTL',
    '256 is not a type of service',
  ],
  [
    'words that are none',
    vxlan('vni: 5, ttl: ▸long, tos: ▸high, ecn: ▸yes, df: ▸"1"'),
    'long is not a TTL',
    'high is not a type of service',
    'networks.blue.x-vxlan.v.ecn must be "inherit" or "zero"',
    'networks.blue.x-vxlan.v.df must be "unset" or "set" or "inherit"',
  ],
  [
    'a key that is none',
    vxlan('vni: 5, ▸remote: 192.168.99.2'),
    'unknown key "remote" in networks.blue.x-vxlan.v (did you mean "remotes"?)',
  ],
  [
    'what is said of checksums over IPv4',
    vxlan('vni: 5, ▸accept_zero_checksum: true'),
    'accept_zero_checksum means nothing over IPv4',
  ],
  [
    'how long, and how many',
    vxlan('vni: 5, ageing: ▸3s, fdb_max_learned: ▸0'),
    'stations cannot age in 3s',
    'a bridge cannot remember 0 stations',
  ],
]);

/** Stations. */
const MAC = '02:00:00:00:00:01';
const REMOTE = `mac: "${MAC}", remote: 192.168.99.2`;
testCases([
  [
    'a MAC, an end and an address that are none',
    vxlan(
      'vni: 5, stations: [ { mac: ▸"02:00", remote: ▸there, addresses: [▸10.0.0.3/24] }, { mac: ▸"ff:ff:ff:ff:ff:ff", remote: 192.168.99.2 } ]',
    ),
    '02:00 is not a valid mac address',
    'there is not an ip address',
    '10.0.0.3/24 is not an ip address',
    'ff:ff:ff:ff:ff:ff cannot be the address of one station',
  ],
  [
    'one station twice in one VNI',
    vxlan(`vni: 5, stations: [ { ${REMOTE} }, ▸{ mac: "${MAC}", remote: 192.168.99.3 } ]`),
    `station ${MAC} is there already in VNI 5`,
  ],
  [
    'a station of which of several VNIs, and one of another',
    filtering(
      `vlans: { 1: 1, 2: 2 }, stations: [ ▸{ ${REMOTE} }, { ${REMOTE}, vni: 1 }, { ${REMOTE}, vni: 2 }, { ${REMOTE}, vni: ▸3 } ]`,
    ),
    `station ${MAC} lives in one of several VNIs: which?`,
    'VNI 3 is none of this port',
  ],
  [
    'a station behind its own host',
    vxlan(`vni: 5, stations: [ { mac: "${MAC}", remote: ▸192.168.99.1 } ]`),
    '192.168.99.1 is an address of n1 itself',
  ],
]);

/** Names, and what else is on the host. */
testCases([
  [
    'names that no interface has',
    `${HOST}networks: { blue: { x-vxlan: { ▸lo: { vni: 1 }, ▸much-too-long-a-name: { vni: 2 }, ▸eth1: { vni: 3 } } } }`,
    '"lo" is not a name for an interface',
    '"much-too-long-a-name" is not a name for an interface',
    'n1 has an interface "eth1" already',
  ],
  [
    'the name of another port of the bridge',
    `${HOST}networks: { blue: { x-bridge: { uplink: eth1.5 }, x-vxlan: { ▸uplink: { vni: 1 } } } }`,
    'two ports would be called "blue.uplink"',
  ],
  [
    'the name of the port of a container',
    `${HOST}networks: { v: , w: , c1: { x-vxlan: { ▸v: { vni: 1 } } } }\nservices: { c1: { networks: [v, w] } }`,
    'two ports would be called "c1.v"',
  ],
  [
    'one name on two bridges',
    `${HOST}networks: { blue: { x-vxlan: { v: { vni: 1 } } }, red: { x-vxlan: { ▸v: { vni: 2 } } } }`,
    EXISTS,
  ],
  [
    'one VNI on two bridges',
    `${HOST}networks: { blue: { x-vxlan: { v: { vni: 1 } } }, red: { x-vxlan: { w: { vni: ▸1 } } } }`,
    EXISTS,
  ],
  [
    'one VNI at two ports of a bridge, in VLANs',
    `${HOST}networks: { blue: { x-bridge: { vlan_filtering: true }, x-vxlan: { v: { vlans: { 1: 7 } }, w: { vlans: { 2: 8, 3: ▸7 } } } } }`,
    EXISTS,
  ],
  [
    'a VNI that an overlay has on this host',
    `${HOST}networks: { blue: { x-vxlan: { v: { vni: ▸4097 } } }, ov: { driver: overlay } }\nservices: { c1: { networks: [ov] } }`,
    EXISTS,
  ],
  [
    'on networks that have no bridge',
    `${HOST}networks: { m: { driver: macvlan, x-vxlan: ▸{ v: { vni: 1 } } }, ov: { driver: overlay, x-vxlan: ▸{ v: { vni: 1 } } } }`,
    'x-vxlan means nothing to the macvlan driver',
    'x-vxlan means nothing to the overlay driver',
  ],
]);

/** What is cut out for its form leads to no other complaints. */
testCases([
  ['a VNI in quotes', vxlan('vni: ▸"5"'), 'networks.blue.x-vxlan.v.vni must be a number'],
  [
    'a host whose NICs cannot be read',
    'x-hosts: { n1: { nics: ▸[eth1] } }\nnetworks: { blue: { x-vxlan: { v: { vni: 5, local: 192.168.99.1 } } } }',
    'x-hosts.n1.nics must be a mapping',
  ],
]);
