import { network, testCases } from './expect-mistakes.js';

const HOSTS =
  'x-wires: { lan: }\nx-hosts: { n1: { nics: { eth0: { wire: lan, mac: "02:00:00:00:00:aa" }, eth1: } } }\n';
const BUSY = 'device or resource busy';
/** SHA-256 of "a": the id of network a. */
const A = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';
const TAKEN = 'failed to set link up: address already in use';

/** Two networks, the second of which is refused. */
const two = (first: string, second: string) => `networks:\n  a: ${first}\n  b: ${second}\n`;
const on = (parent: string, driver: string, more = '') =>
  `{ driver: ${driver}, driver_opts: { parent: ${parent}${more} } }`;
const uplink = (interfaceName: string) => `{ x-bridge: { uplink: ${interfaceName} } }`;
const children = (mode: string, services: string) =>
  `${HOSTS}networks: { a: ${on('eth0.5', 'macvlan', `, macvlan_mode: ${mode}`)}, b: ${on('eth0.5', 'macvlan')} }\nservices: { ${services} }\n`;

/** Who sits on one interface: Docker's rules of version 27 and later, then those of Linux. */
testCases([
  [
    'a second network where one is passthru',
    two(on('eth0', 'macvlan', ', macvlan_mode: passthru'), on('▸eth0', 'macvlan')),
    `macvlan network ${A} is already using parent interface eth0 in mode passthru`,
  ],
  [
    'a second network that is passthru',
    two(on('eth0', 'macvlan'), on('▸eth0', 'macvlan', ', macvlan_mode: passthru')),
    `cannot use mode passthru, macvlan network ${A} is already using parent interface eth0`,
  ],
  [
    'ipvlan where macvlan is',
    two(on('eth0', 'macvlan'), on('▸eth0', 'ipvlan')),
    `failed to create the ipvlan port: ${BUSY}`,
  ],
  [
    'macvlan where ipvlan is',
    two(on('eth0.7', 'ipvlan'), on('▸eth0.7', 'macvlan')),
    `failed to create the macvlan port: ${BUSY}`,
  ],
  [
    'a parent that is an uplink',
    two(uplink('eth0'), on('▸eth0', 'macvlan')),
    `failed to create the macvlan port: ${BUSY}`,
  ],
  [
    'an uplink that is a parent, by another name of the VLAN',
    two(on('eth0.050', 'ipvlan'), uplink('▸eth0.50')),
    `eth0.50 cannot become a port of a second master: ${BUSY}`,
  ],
  [
    'one uplink of two bridges',
    two(uplink('eth0'), uplink('▸eth0')),
    `eth0 cannot become a port of a second master: ${BUSY}`,
  ],
  [
    'a VLAN whose name is too long for an interface',
    network(on('▸averylongname0.4000', 'macvlan')),
    'failed to create averylongname0.4000 vlan link: numerical result out of range',
  ],
  [
    'a parent that is no name at all',
    network(on('▸"a b"', 'macvlan')),
    'invalid subinterface vlan name a b, example formatting is eth0.10',
  ],
  [
    'an MTU that the parent does not have',
    network(on('eth0', 'macvlan', ', com.docker.network.driver.mtu: ▸9000')),
    'failed to set MTU on eth0: invalid argument',
  ],
  [
    'macvlan without addresses',
    network('{ driver: macvlan, ipam: { driver: ▸"null" } }'),
    'ipv4 pool is empty',
  ],
]);

/** Children. */
testCases([
  [
    'a second child in passthru mode',
    `networks: { a: ${on('eth0', 'macvlan', ', macvlan_mode: passthru')} }\nservices: { c1: { networks: [a] }, c2: { networks: [ ▸a ] } }\n`,
    'failed to create the macvlan port: invalid argument',
  ],
  [
    'a child with the MAC of the parent',
    children('vepa', 'c1: { networks: { a: { mac_address: ▸"02:00:00:00:00:AA" } } }'),
    TAKEN,
  ],
  [
    'a child with the MAC of a child of another network',
    children(
      'private',
      'c1: { networks: { a: { mac_address: "02:00:00:00:00:01" } } }, c2: { networks: { b: { mac_address: ▸"02:00:00:00:00:01" } } }',
    ),
    TAKEN,
  ],
  [
    'two children of one MAC without a parent',
    'networks: { a: { driver: macvlan } }\nservices: { c1: { mac_address: "02:00:00:00:00:01", networks: [a] }, c2: { mac_address: ▸"02:00:00:00:00:01", networks: [a] } }\n',
    TAKEN,
  ],
  [
    'a MAC on ipvlan',
    'networks: { a: { driver: ipvlan } }\nservices: { c1: { mac_address: ▸"02:00:00:00:00:01", networks: [a] } }\n',
    'ipvlan interfaces do not support custom mac address assignment',
  ],
  [
    'P45: a source that is no MAC',
    children('source', 'c1: { networks: { a: { x-port: { sources: [ ▸foo ] } } } }'),
    'foo is not a valid mac address',
  ],
  [
    'sources in another mode',
    children('vepa', 'c1: { networks: [a], x-port: { ▸sources: [], ▸nodst: true } }'),
    'sources means nothing to macvlan in vepa mode',
    'nodst means nothing to macvlan in vepa mode',
  ],
  [
    'sources at a bridge',
    'services: { c1: { x-port: { ▸nodst: true } } }\n',
    'nodst means nothing to the bridge driver',
  ],
  [
    'flags of a bridge port on macvlan',
    children(
      'bridge',
      'c1: { networks: [a], x-port: { ▸hairpin: true, ▸isolated: false, ▸tag: 5 } }',
    ),
    'hairpin means nothing to the macvlan driver',
    'isolated means nothing to the macvlan driver',
    'tag means nothing to the macvlan driver',
  ],
]);

const filtering = (port: string) =>
  `networks: { a: { x-bridge: { vlan_filtering: true } } }\nservices: { c1: { networks: [a], x-port: { ${port} } } }\n`;

/** VLANs of bridges, and uplinks. */
testCases([
  [
    'VLAN keys where tags are payload',
    'networks: { a: { x-bridge: { uplink: { nic: eth0, ▸trunks: [1] } } } }\nservices: { c1: { networks: [a], x-port: { ▸tag: 5 } } }\n',
    'trunks means nothing to a bridge that takes tags for payload',
    'tag means nothing to a bridge that takes tags for payload',
  ],
  ['a VLAN 0', filtering('tag: ▸0'), '0 is not a VLAN'],
  ['a VLAN 4095', filtering('tag: ▸4095'), '4095 is not a VLAN'],
  [
    'half a VLAN',
    filtering('vlan_mode: trunk, trunks: [ 0, ▸1.5, ▸4095 ]'),
    '1.5 is not a VLAN',
    '4095 is not a VLAN',
  ],
  ['a trunk of nothing', filtering('trunks: ▸[]'), 'a trunk of no VLAN at all'],
  [
    'an access port without a VLAN',
    filtering('vlan_mode: ▸access'),
    'a port of mode access belongs to one VLAN: which?',
  ],
  [
    'a native VLAN that is not named',
    filtering('vlan_mode: ▸native-tagged, trunks: [5]'),
    'a port of mode native-tagged belongs to one VLAN: which?',
  ],
  [
    'a trunk with a VLAN of its own',
    filtering('vlan_mode: trunk, ▸tag: 5'),
    'tag means nothing to a port of mode trunk',
  ],
  [
    'an access port with the keys of others',
    filtering('tag: 5, ▸trunks: [5], ▸cvlans: [6], ▸qinq_ethtype: 802.1q'),
    'trunks means nothing to a port of mode access',
    'cvlans means nothing to a port of mode access',
    'qinq_ethtype means nothing to a port of mode access',
  ],
  [
    'a switch that is neither on nor off: what hangs on it is not held against the port',
    'networks: { a: { x-bridge: { vlan_filtering: ▸on } } }\nservices: { c1: { networks: [a], x-port: { tag: 5 } } }\n',
    'networks.a.x-bridge.vlan_filtering must be true or false',
  ],
  [
    'a macvlan mode that is none: nor are the sources of the one that was meant',
    'networks: { a: { driver: macvlan, driver_opts: { macvlan_mode: ▸sorce } } }\nservices: { c1: { networks: [a], x-port: { sources: ["02:00:00:00:00:01"] } } }\n',
    "requested macvlan mode 'sorce' is not valid, 'bridge' mode is the macvlan driver default",
  ],
  [
    'a mode that ports do not have',
    filtering('vlan_mode: ▸hybrid'),
    'services.c1.x-port.vlan_mode must be "access" or "trunk" or "native-tagged" or "native-untagged" or "dot1q-tunnel"',
  ],
  [
    'an uplink that the host does not have',
    `${HOSTS}networks: { a: ${uplink('▸eth5.7')} }\n`,
    'host n1 has no NIC "eth5" (did you mean "eth0"?)',
  ],
  ['an uplink that is the loopback', network(uplink('▸lo')), 'lo cannot be a port of a bridge'],
  ['an uplink that is no name', network(uplink('▸a/b')), '"a/b" is not a name for an interface'],
  ['an uplink in VLAN 4095', network(uplink('▸eth0.4095')), '4095 is not a VLAN'],
  ['an uplink in VLAN 0', network(uplink('▸eth0.0')), '0 is not a VLAN'],
  [
    'an uplink without a NIC',
    network(uplink('▸{ vlan_mode: trunk }')),
    'networks.x1.x-bridge.uplink.nic is missing',
  ],
]);

const host = (settings: string) => `x-wires: { lan: }\nx-hosts: { n1: { ${settings} } }\n`;
const routes = (list: string) =>
  `${host(`nics: { eth0: { wire: lan, addresses: [10.0.0.1/24, "fd00::1/64"] }, eth1: { addresses: [10.1.0.1/24] } }, routes: [ ${list} ]`)}networks: { a: ${on('eth1.7', 'ipvlan')} }\n`;

/** Hosts, their NICs and routes; wires. */
testCases([
  [
    'a NIC that is a VLAN',
    host('nics: { eth0: , ▸eth0.5: }'),
    '"eth0.5" is VLAN 5 of eth0, not a NIC',
  ],
  ['a NIC that is the loopback', host('nics: { ▸lo: }'), '"lo" is not a name for an interface'],
  [
    'an address twice',
    host('nics: { eth0: { addresses: [10.0.0.1/24, ▸10.0.0.1/16] } }'),
    'eth0 has the address 10.0.0.1 already: File exists',
  ],
  [
    'addresses that no host can have',
    host(
      'nics: { eth0: { addresses: [▸224.0.0.1/24, ▸0.0.0.0/0, ▸"ff02::1/64", ▸255.255.255.255/32] } }',
    ),
    '224.0.0.1 cannot be the address of one host',
    '0.0.0.0 cannot be the address of one host',
    'ff02::1 cannot be the address of one host',
    '255.255.255.255 cannot be the address of one host',
  ],
  [
    'P45: a NIC MAC that is none',
    host('nics: { eth0: { mac: ▸"02:00" } }'),
    '02:00 is not a valid mac address',
  ],
  [
    'routers that are the host itself',
    host(
      'nics: { eth0: { addresses: [10.0.0.1/24] } }, gateway: ▸10.0.0.1, routes: [{ to: 10.9.0.0/16, via: ▸10.0.0.1 }]',
    ),
    '10.0.0.1 is an address of this host itself',
    '10.0.0.1 is an address of this host itself',
  ],
  ['a host with a slash', 'x-hosts: { ▸a/b: }\n', '"a/b" is not a name for a host'],
  [
    'wires and their ports with a slash',
    'x-wires: { ▸a/b: , lan: { ports: { ▸c/d: } } }\n',
    '"a/b" is not a name for a wire',
    '"c/d" is not a name for a port',
  ],
  [
    'no complaint about a router whose subnet was refused',
    host('nics: { eth0: { addresses: [ ▸10.0.0.1 ] } }, gateway: 10.0.0.2'),
    'invalid CIDR address: 10.0.0.1',
  ],
  [
    'a route that leads nowhere',
    routes('▸{ to: 10.9.0.0/16 }'),
    'a route needs a router or an interface',
  ],
  [
    'a router elsewhere',
    routes('{ to: 10.9.0.0/16, via: ▸10.2.0.1 }'),
    '10.2.0.1 is not on a subnet of this host',
  ],
  [
    'a router behind another NIC',
    routes('{ to: 10.9.0.0/16, via: ▸10.0.0.9, dev: eth1 }'),
    '10.0.0.9 is not on a subnet of eth1',
  ],
  [
    'a route with host bits',
    routes('{ to: ▸10.9.0.5/16, via: 10.0.0.9 }'),
    '10.9.0.5/16: Invalid prefix for given prefix length',
  ],
  [
    'two routes to one subnet',
    routes('{ to: 10.9.0.0/16, via: 10.0.0.9 }, { to: ▸10.9.0.0/16, dev: eth1 }'),
    'there is a route to 10.9.0.0/16 already: File exists',
  ],
  [
    'R-14: two routes to one subnet with one metric',
    routes(
      '{ to: 10.9.0.0/16, via: 10.0.0.9, metric: 7 }, { to: 10.9.0.0/16, dev: eth1, metric: ▸7 }',
    ),
    'there is a route to 10.9.0.0/16 with metric 7 already: File exists',
  ],
  [
    'R-14: a route to the subnet of a NIC, or to all of IPv6, with the metric that the other has by default',
    routes(
      '{ to: ▸10.0.0.0/24, via: 10.1.0.9 }, { to: "fd00::/64", via: "fd00::9", metric: ▸256 }, { to: default, via: "fd00::9" }, { to: "::/0", via: "fd00::8", metric: ▸1024 }',
    ),
    'there is a route to 10.0.0.0/24 already: File exists',
    'there is a route to fd00::/64 with metric 256 already: File exists',
    'there is a route to default with metric 1024 already: File exists',
  ],
  [
    'R-14: metrics that no route can have',
    routes(
      '{ to: 10.8.0.0/16, dev: eth1, metric: ▸-1 }, { to: 10.9.0.0/16, dev: eth1, metric: ▸1.5 }, { to: 10.7.0.0/16, dev: eth1, metric: ▸4294967296 }',
    ),
    'argument "-1" is wrong: "metric" value is invalid',
    'argument "1.5" is wrong: "metric" value is invalid',
    'argument "4294967296" is wrong: "metric" value is invalid',
  ],
  [
    'two default routes',
    host(
      'nics: { eth0: { addresses: [10.0.0.1/24] } }, gateway: 10.0.0.2, routes: [ { to: ▸default, via: 10.0.0.3 } ]',
    ),
    'there is a route to default already: File exists',
  ],
  [
    'a router of the other family',
    routes('{ to: 10.9.0.0/16, via: ▸"fd00::9" }'),
    'fd00::9 is no IPv4 address',
  ],
  [
    'a VLAN that nobody is in',
    routes('{ to: 10.9.0.0/16, dev: ▸eth1.8 }'),
    'eth1 has no VLAN 8: no network sits on it',
  ],
  ['a route without a destination', routes('▸{ dev: eth1 }'), 'x-hosts.n1.routes.0.to is missing'],
  [
    'a service with the name of a NIC',
    `${host('nics: { eth0: }')}services: { ▸n1.eth0: }\n`,
    'two ports would be called "n1.eth0"',
  ],
  [
    'a wire port with the name of a NIC',
    'x-hosts: { lan: { nics: { up: } } }\nx-wires: { lan: { ports: { ▸up: } } }\n',
    'two ports would be called "lan.up"',
  ],
  [
    'one interface at two ports',
    'x-wires: { lan: { ports: { a: { interface: eth0 } , b: { interface: ▸eth0, ▸owner: me } } } }\n',
    'eth0 is already used by port lan.a',
    'owner means nothing without tap',
  ],
  [
    'a NIC on a wire that is to lead elsewhere, too',
    'x-wires: { lan: }\nx-hosts: { n1: { nics: { ▸eth0: { wire: lan, interface: ens3 } } } }\n',
    'eth0 is plugged into the wire lan, and leads nowhere else',
  ],
  [
    'one interface at a NIC and at a port of a wire',
    'x-wires: { lan: { ports: { a: { interface: ens3 } } } }\nx-hosts: { n1: { nics: { eth0: { interface: ▸ens3 } } } }\n',
    'ens3 is already used by port lan.a',
  ],
  [
    'a key that ports of wires do not have',
    'x-wires: { lan: { ports: { a: { ▸file: a.pcap } } } }\n',
    'unknown key "file" in x-wires.lan.ports.a',
  ],
]);
