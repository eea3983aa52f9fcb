import { network, service, testCases } from './expect-mistakes.js';

const opts = (options: string) => network(`{ driver_opts: { ${options} } }`);
const BRIDGE = 'com.docker.network.bridge';
const macvlan = (parent: string) =>
  network(`{ driver: macvlan, driver_opts: { parent: ▸${parent} } }`);
const HOSTS = 'x-wires: { lan: }\nx-hosts: { n1: { nics: { eth1: { wire: lan } } }, n2: }\n';
const DURATION_RANGE = 'stations cannot age in';

/** Services and their endpoints. */
testCases([
  [
    'a service with a space in its name',
    'services: { ▸a b: }\n',
    '"a b" is not a name for a service',
  ],
  [
    'a network with a slash in its key',
    'networks: { ▸a/b: }\n',
    '"a/b" is not a name for a network',
  ],
  [
    'networks and network_mode',
    service('{ networks: [base], ▸network_mode: none }'),
    'service z1 declares mutually exclusive `network_mode` and `networks`',
  ],
  ['an unknown service', service('{ network_mode: ▸"service:c2" }'), 'No such service: c2'],
  ['a stack of its own', service('{ network_mode: ▸"service:z1" }'), 'cannot join own network'],
  [
    'stacks in a circle',
    'services:\n  a: { network_mode: ▸"service:b" }\n  b: { network_mode: "service:a" }\n',
    'a would share its own network stack',
  ],
  [
    'a MAC in the stack of the host',
    service('{ network_mode: host, mac_address: ▸"02:00:00:00:00:01" }'),
    'conflicting options: mac-address and the network mode',
  ],
  [
    'a group address as MAC',
    service('{ networks: { base: { mac_address: ▸"01:00:5e:00:00:01" } } }'),
    '01:00:5e:00:00:01 cannot be the address of one station',
  ],
  [
    'a link to nobody',
    service('{ networks: [base], links: [ ▸nobody ] }'),
    'No such container: nobody',
  ],
  [
    'a link-local address that is none',
    service('{ networks: { base: { link_local_ips: [ ▸foo ] } } }'),
    'invalid link-local IP address: foo',
  ],
  [
    'an interface name of more than 15 characters',
    service('{ networks: { base: { interface_name: ▸a123456789012345 } } }'),
    '"a123456789012345" is not a name for an interface',
  ],
  [
    'flags for one of several ports',
    service('{ networks: [base, autonet], x-port: ▸{ isolated: true } }'),
    'z1 has 2 endpoints: which one is meant?',
  ],
  [
    'two ports of one name',
    'networks: { a: , b: }\nservices:\n  c1: { networks: [a, b] }\n  ▸c1.a: {}\n',
    'two ports would be called "c1.a"',
  ],
  [
    'two networks of one name',
    'networks: { a: { name: n }, b: { name: ▸n } }\n',
    'network with name n already exists',
  ],
  [
    'an extra host with an address that is none',
    service('{ extra_hosts: { db: ▸foo } }'),
    'invalid argument "db:foo" for "--add-host" flag: invalid IP address in add-host: "foo"',
  ],
  [
    'more endpoints than addresses',
    'networks: { a: { ipam: { config: [ { subnet: 10.0.0.0/30 } ] } } }\nservices:\n  c1: { networks: [a] }\n  c2: { networks: [ ▸a ] }\n',
    "no available IPv4 addresses on this network's address pools: a (ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb)",
  ],
]);

/** Driver options. */
testCases([
  [
    'a switch of the bridge that is none',
    opts(`${BRIDGE}.enable_icc: ▸maybe`),
    `failed to parse ${BRIDGE}.enable_icc value: maybe (strconv.ParseBool: parsing "maybe": invalid syntax)`,
  ],
  [
    'a gateway mode that does not exist',
    opts(`${BRIDGE}.gateway_mode_ipv4: ▸magic`),
    `failed to parse ${BRIDGE}.gateway_mode_ipv4 value: magic (unknown gateway mode magic)`,
  ],
  [
    'a host binding that is no address',
    opts(`${BRIDGE}.host_binding_ipv4: ▸foo`),
    `failed to parse ${BRIDGE}.host_binding_ipv4 value: foo (nil ip)`,
  ],
  [
    'the bridge of another network (D17)',
    opts(`${BRIDGE}.name: ▸docker0`),
    'docker0 is the bridge of the predefined network "bridge"',
  ],
  ['a VLAN id of 4095', macvlan('eth1.4095'), 'vlan id must be between 1-4094, received: 4095'],
  ['a VLAN id of 0', macvlan('eth1.0'), 'vlan id must be between 1-4094, received: 0'],
  [
    'a VLAN id that is no number',
    macvlan('eth1.x'),
    'unable to parse a valid vlan id from: x (ex. eth0.10 for vlan 10)',
  ],
  [
    'a VLAN id that is no number of Go',
    macvlan('eth1.99999999999999999999'),
    'unable to parse a valid vlan id from: 99999999999999999999 (ex. eth0.10 for vlan 10)',
  ],
  [
    'a VLAN of a VLAN',
    macvlan('eth1.5.6'),
    'required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received eth1.5.6',
  ],
  [
    'a parent the host does not have',
    `${HOSTS.replace(', n2: ', ' ')}${macvlan('eth7')}`,
    'invalid subinterface vlan name eth7, example formatting is eth0.10',
  ],
  [
    'an ipvlan flag that does not exist',
    network('{ driver: ipvlan, driver_opts: { ipvlan_flag: ▸shy } }'),
    "requested ipvlan flag 'shy' is not valid, 'bridge' is the ipvlan driver default",
  ],
  [
    'a VNI that is none',
    network(
      '{ driver: overlay, driver_opts: { com.docker.network.driver.overlay.vxlanid_list: ▸"4097,x" } }',
    ),
    'invalid vxlan id value "x" passed',
  ],
]);

/** x-bridge. */
testCases([
  ...(['5s', '1000001s', '0.5s', '90'] as const).map(
    (ageing) =>
      [
        `ageing ${ageing}`,
        network(`{ x-bridge: { ageing: ▸${ageing} } }`),
        ageing === '90' ? '"90" is not a duration' : `${DURATION_RANGE} ${ageing}`,
      ] as const,
  ),
  [
    'ageing that is no duration',
    network('{ x-bridge: { ageing: ▸soon } }'),
    '"soon" is not a duration',
  ],
  [
    'a mask of 17 bits',
    network('{ x-bridge: { group_fwd_mask: ▸0x10000 } }'),
    '65536 is not a mask of the 16 addresses 01-80-C2-00-00-00 to -0F',
  ],
  [
    'no stations at all',
    network('{ x-bridge: { fdb_max_learned: ▸0 } }'),
    'a bridge cannot remember 0 stations',
  ],
  [
    'half a station',
    network('{ x-bridge: { fdb_max_learned: ▸1.5 } }'),
    'a bridge cannot remember 1.5 stations',
  ],
  [
    'a bridge MAC that is none',
    network('{ x-bridge: { mac: ▸02-42 } }'),
    '02-42 is not a valid mac address',
  ],
  [
    'a station at a port of another network',
    network('{ x-bridge: { stations: [ { mac: "02:00:00:00:00:01", port: ▸c2 } ] } }'),
    'network x1 has no port "c2" (did you mean "c1"?)',
  ],
  [
    'a station at two ports',
    network(
      '{ x-bridge: { stations: [ { mac: "02:00:00:00:00:01", port: c1 }, ▸{ mac: "02-00-00-00-00-01", port: c1 } ] } }',
    ),
    'station 02:00:00:00:00:01 is nailed to two ports',
  ],
  [
    'bridge settings for another driver',
    network('{ driver: macvlan, x-bridge: ▸{} }'),
    'x-bridge means nothing to the macvlan driver',
  ],
]);

/** Hosts, wires, placement. */
testCases([
  [
    'a wire nobody declares',
    'x-hosts: { n1: { nics: { eth1: { wire: ▸lam } } } }\nx-wires: { lan: }\n',
    'there is no wire "lam" (did you mean "lan"?)',
  ],
  [
    'a NIC address without prefix',
    'x-wires: { lan: }\nx-hosts: { n1: { nics: { eth1: { wire: lan, addresses: [ ▸10.0.0.1 ], mtu: ▸5 } } } }\n',
    'invalid CIDR address: 10.0.0.1',
    'an MTU of 5 bytes is impossible',
  ],
  [
    'a value of arp_ignore that differs from 0 in nothing that there is here',
    'x-hosts: { n1: { nics: { eth1: }, arp_ignore: ▸3 } }\n',
    'arp_ignore 3 is none of those that are emulated',
  ],
  [
    'a gateway elsewhere',
    'x-wires: { lan: }\nx-hosts: { n1: { nics: { eth1: { wire: lan, addresses: [10.0.0.1/24] } }, gateway: ▸10.0.1.1 } }\n',
    '10.0.1.1 is not on a subnet of this host',
  ],
  [
    'a route to nowhere',
    HOSTS.replace('n2: ', 'n2: { routes: [ { to: ▸foo, dev: ▸eth9 } ] } '),
    'invalid CIDR address: foo',
    'there is no NIC "eth9"',
  ],
  ['an unknown host', service('{ x-host: ▸node-1 }'), 'there is no host "node-1"'],
  ['a service without a place', `${HOSTS}services: { ▸c1: }\n`, 'which host does c1 run on?'],
  [
    'a network without a place',
    `${HOSTS}networks: { ▸a: }\n`,
    'which host does network a live on?',
  ],
  [
    'a network on another host',
    `${HOSTS}networks: { a: { x-host: n1 } }\nservices: { c1: { x-host: n2, networks: [ ▸a ] } }\n`,
    'c1 runs on n2, but network a is on n1',
  ],
  [
    'a shared stack on another host',
    `${HOSTS}services: { c1: { x-host: n1 }, ▸c2: { x-host: n2, network_mode: "service:c1" } }\n`,
    'c2 shares a network stack on n1, but runs on n2',
  ],
  [
    'two places',
    `${HOSTS}services: { c1: { x-host: n1, deploy: { placement: { constraints: [ ▸node.hostname == n2 ] } } } }\n`,
    'c1 cannot run on n1 and on n2',
  ],
  [
    'an interface name of more than 15 characters for a NIC',
    'x-wires: { lan: }\nx-hosts: { n1: { nics: { ▸eth012345678901x: { wire: lan } } } }\n',
    '"eth012345678901x" is not a name for an interface',
  ],
  [
    'a gateway that is no address',
    'x-hosts: { n1: { gateway: ▸foo } }\n',
    'foo is not an ip address',
  ],
]);

/** What is left: pieces of several sections. */
testCases([
  [
    'a bridge name with a slash',
    opts(`${BRIDGE}.name: ▸a/b`),
    '"a/b" is not a name for an interface',
  ],
  [
    'the network of the host beside another',
    'networks: { h: { external: true, name: host }, a: }\nservices: { ▸c1: { networks: [h, a] } }\n',
    'container cannot be connected to multiple networks with one of the networks in private (none) mode',
  ],
  ['neither IPv4 nor IPv6', network('{ enable_ipv4: ▸false }'), 'IPv4 or IPv6 must be enabled'],
  [
    'an exposed range that runs backwards',
    service('{ expose: [ ▸90-80 ] }'),
    'invalid range format for --expose: 90-80, error: Invalid range specified for the Port: 90-80',
  ],
  ['an exposed protocol that is none', service('{ expose: [ ▸80/gre ] }'), 'Invalid proto: gre'],
  [
    'a container port that is none',
    service('{ ports: [ ▸"80:http" ] }'),
    'Invalid containerPort: http',
  ],
  [
    'an extra host whose address is none',
    service('{ extra_hosts: [ "ok:host-gateway", ▸"db:foo" ] }'),
    'invalid argument "db:foo" for "--add-host" flag: invalid IP address in add-host: "foo"',
  ],
  [
    'IPv6 where all unique local addresses are taken',
    'networks:\n  a: { enable_ipv6: true, ipam: { config: [ { subnet: "fc00::/7" } ] } }\n  ▸b: { enable_ipv6: true }\n',
    'could not find an available, non-overlapping IPv6 address pool among the defaults to assign to the network',
  ],
]);
