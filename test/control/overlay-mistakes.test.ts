import { testCases } from './expect-mistakes.js';

const NO_SWARM =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const OVERLAP = 'Pool overlaps with other one on this address space';
const VNIS = 'com.docker.network.driver.overlay.vxlanid_list';
const MTU = 'com.docker.network.driver.mtu';

const wire = 'x-wires: { lan: }\n';
const host = (name: string, addresses: string) =>
  `  ${name}: { nics: { eth1: { wire: lan, addresses: ${addresses} } } }\n`;
const HOSTS = `${wire}x-hosts:\n${host('n1', '[192.168.99.1/24]')}${host('n2', '[192.168.99.2/24]')}${host('n3', '[192.168.99.3/24]')}`;
const services = (networks = '[ov]') =>
  `services: { c1: { x-host: n1, networks: ${networks} }, c2: { x-host: n2, networks: ${networks} } }\n`;
const PLAIN = `networks: { ov: { driver: overlay } }\n${services()}`;
/** One host, one overlay. */
const overlay = (settings: string) =>
  `networks: { ov: { driver: overlay, ${settings} } }\nservices: { c1: { networks: [ov] } }\n`;

/** Who is in the swarm. */
testCases([
  [
    'D35 A-09: an overlay where there is no swarm',
    'x-swarm: { nodes: {} }\nnetworks: { ov: { driver: ▸overlay } }',
    NO_SWARM,
  ],
  [
    'D35: a container of an overlay on a host that is no node',
    `${HOSTS}networks: { ov: { driver: overlay } }\nservices: { c1: { x-host: n1, networks: [ov] }, c2: { x-host: n2, networks: [▸ov] } }\nx-swarm: { nodes: { n1: } }`,
    NO_SWARM,
  ],
  [
    'a node that is no host',
    `${HOSTS}${PLAIN}x-swarm: { nodes: { n1: , ▸n4: } }`,
    'there is no host "n4" (did you mean "n1"?)',
  ],
  ...(['80', '49152', '1024.5'] as const).map(
    (port) =>
      [
        `the data path port ${port}`,
        `${HOSTS}${PLAIN}x-swarm: { data_path_port: ▸${port} }`,
        `VXLAN UDP port number is not in valid range (1024-49151): ${port}`,
      ] as const,
  ),
  [
    'data paths that are none',
    `${HOSTS}  n4: { nics: { eth1: { wire: lan } } }\n${PLAIN}x-swarm: { nodes: { n1: { data_path_addr: ▸192.168.99.9 }, n2: { data_path_addr: ▸eth2 }, n4: { data_path_addr: ▸eth1 } } }`,
    'n1 has neither a NIC nor an address 192.168.99.9 (did you mean "192.168.99.1"?)',
    'n2 has neither a NIC nor an address eth2 (did you mean "eth1"?)',
    'eth1 of n4 has no address',
  ],
  [
    'a data path on a host that has nothing',
    `x-hosts: { n1: , n2: }\n${PLAIN.replace('c2: { x-host: n2', 'c2: { x-host: n1')}x-swarm: { nodes: { n1: { data_path_addr: ▸eth1 } } }`,
    'n1 has neither a NIC nor an address eth1',
  ],
  [
    'nodes that have no address, of which one is named in x-swarm',
    `${wire}x-hosts:\n  n1: { nics: { eth1: { wire: lan } } }\n  n2:\n${PLAIN}x-swarm: { nodes: { ▸n2: , ▸n1: } }`,
    'n2 has no address at which the other nodes could reach it',
    'n1 has no address at which the other nodes could reach it',
  ],
  [
    'a node that has no address',
    `${wire}x-hosts:\n${host('n1', '[192.168.99.1/24]')}  ▸n2:\n${PLAIN}`,
    'n2 has no address at which the other nodes could reach it',
  ],
  [
    'nodes of two families',
    `${wire}x-hosts:\n${host('n1', '[192.168.99.1/24]')}${host('n2', '[▸"fd00:99::2/64"]')}${PLAIN}`,
    'the data path of n2 is IPv6, and that of n1 IPv4',
  ],
]);

/** Networks. */
testCases([
  [
    'an overlay on one host',
    `${HOSTS}networks: { ov: { driver: overlay, x-host: ▸n1 } }\n${services()}`,
    'the overlay ov is on every host where a service joins it',
  ],
  [
    'a service of which nobody knows where it runs',
    `${HOSTS}networks: { ov: { driver: overlay } }\nservices: { ▸c1: { networks: [ov] } }`,
    'which host does c1 run on?',
  ],
  [
    'N03: the subnet of ingress, and that of another overlay',
    `networks:\n  a: { driver: overlay, ipam: { config: [ { subnet: ▸10.0.0.0/24 } ] } }\n  b: { driver: overlay, ipam: { config: [ { subnet: 10.1.0.0/16 } ] } }\n  c: { driver: overlay, ipam: { config: [ { subnet: ▸10.1.2.0/24 } ] } }`,
    OVERLAP,
    OVERLAP,
  ],
  [
    'a name that an overlay has',
    `${HOSTS}networks:\n  a: { driver: overlay, name: x }\n  b: { x-host: n1, name: ▸x }\n  c: { x-host: n1, name: y }\n  d: { x-host: n2, name: y }\n  e: { driver: overlay, name: ▸y }`,
    'network with name x already exists',
    'network with name y already exists',
  ],
  ['no addresses', overlay('ipam: { driver: ▸"null" }'), 'ipv4 pool is empty'],
  ['IPv6 alone', overlay('enable_ipv4: ▸false, enable_ipv6: true'), 'ipv4 pool is empty'],
  ['neither family', overlay('enable_ipv4: ▸false'), 'IPv4 or IPv6 must be enabled'],
  [
    'P35: an IPv6 address',
    'networks: { ov: { driver: overlay, enable_ipv6: true, ipam: { config: [ { subnet: "fd00::/64" } ] } } }\nservices: { c1: { networks: { ov: { ipv6_address: ▸"fd00::5" } } } }',
    'user specified IP address is supported only when connecting to networks with user configured subnets',
  ],
  [
    'no address for the node beside its container',
    'networks: { ov: { driver: overlay, ipam: { config: [ { subnet: 10.9.0.0/30 } ] } } }\nservices: { c1: { networks: [▸ov] } }',
    "no available IPv4 addresses on this network's address pools: ov (5e1c26b2f7c5b8ae6e0b3da7fcc99b841697e85d65febbb57f24b2b7a199b037)",
  ],
  [
    'an MTU that leaves nothing, and one that is none',
    `networks:\n  a: { driver: overlay, driver_opts: { ${MTU}: ▸100 } }\n  b: { driver: overlay, driver_opts: { ${MTU}: ▸tall } }`,
    '100 bytes between the hosts leave 50 for packets in VXLAN',
    `failed to parse ${MTU} value: tall (strconv.Atoi: parsing "tall": invalid syntax)`,
  ],
  [
    'VNIs that are taken: by ingress, and by another subnet',
    `networks:\n  a: { driver: overlay, driver_opts: { ${VNIS}: ▸"4096" } }\n  b: { driver: overlay, driver_opts: { ${VNIS}: "5" } }\n  c: { driver: overlay, ipam: { config: [ { subnet: 10.7.0.0/24 }, { subnet: 10.8.0.0/24 } ] }, driver_opts: { ${VNIS}: ▸"6,5" } }`,
    'could not assign vxlan id 4096 to pool 10.0.1.0/24: requested bit is already allocated',
    'could not assign vxlan id 5 to pool 10.8.0.0/24: requested bit is already allocated',
  ],
  [
    'VNIs that are none',
    `networks:\n  a: { driver: overlay, driver_opts: { ${VNIS}: ▸"16777216" } }\n  b: { driver: overlay, driver_opts: { ${VNIS}: ▸"5," } }`,
    'invalid vxlan id value "16777216" passed',
    'invalid vxlan id value "" passed',
  ],
  [
    'keys of ours that are about other drivers',
    'networks:\n  a: { driver: overlay, x-bridge: ▸{ ageing: 1h } }\n  b: { x-overlay: ▸{ stale: [] } }',
    'x-bridge means nothing to the overlay driver',
    'x-overlay means nothing to the bridge driver',
  ],
]);

/** What a node is said to know wrongly. */
const stale = (entries: string) =>
  `${HOSTS}  n4:\nnetworks: { ov: { driver: overlay, x-overlay: { stale: [ ${entries} ] } }, br: { x-host: n3 } }\nservices: { c1: { x-host: n1, networks: [ov] }, c2: { x-host: n2, networks: [ov] }, d1: { networks: [br] } }\n`;
testCases([
  [
    'names that are none of the network',
    stale(
      '{ on: ▸n3, service: c1 }, { on: n1, service: ▸d1 }, { on: n1, service: ▸c9 }, { on: n1, service: c2, at: ▸n9 }',
    ),
    'network ov has no host "n3" (did you mean "n1"?)',
    'network ov has no service "d1" (did you mean "c1"?)',
    'network ov has no service "c9" (did you mean "c1"?)',
    'network ov has no node "n9" (did you mean "n1"?)',
  ],
  [
    'about its own container',
    stale('{ on: n1, service: ▸c1 }'),
    'c1 is on n1 itself, which cannot be wrong about it',
  ],
  [
    'what would be right',
    stale('{ on: n1, service: c2, at: ▸n2 }'),
    'c2 is on n2: that would be right',
  ],
  [
    'behind the node itself',
    stale('{ on: n1, service: c2, at: ▸n1 }'),
    'n1 is no other end of a tunnel to itself',
  ],
  [
    'behind a node that has no address',
    stale('{ on: n1, service: c2, at: ▸n4 }'),
    'n4 has no address at which the other nodes could reach it',
  ],
  [
    'one service twice',
    stale('{ on: n1, service: c2, at: n3 }, ▸{ on: n1, service: c2 }'),
    'n1 is wrong about c2 already',
  ],
  [
    'keys that are missing, or none',
    stale('{ on: n1, ▸services: c2 }').replace('{ on', '▸{ on'),
    'networks.ov.x-overlay.stale.0.service is missing',
    'unknown key "services" in networks.ov.x-overlay.stale.0 (did you mean "service"?)',
  ],
  [
    'where nobody joins',
    'networks: { ov: { driver: overlay, x-overlay: { stale: [ { on: ▸host, service: ▸c1 } ] } } }',
    'network ov has no host "host"',
    'network ov has no service "c1"',
  ],
]);
