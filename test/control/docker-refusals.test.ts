import { network, service, subnet, testCases } from './expect-mistakes.js';

const OVERLAP = 'Pool overlaps with other one on this address space';
const IN_USE = 'Address already in use';
const NO_USER_SUBNET =
  'user specified IP address is supported only when connecting to networks with user configured subnets';
const USER_NETWORKS_ONLY = 'user specified IP address is supported on user defined networks only';
const EXTERNAL_FAILED = 'driver failed programming external connectivity on endpoint';
/** SHA-256 of "host z1": the id of the endpoint. */
const Z1 = 'z1 (c7d9d4283b341fce9fd402142db579be27436968d6bc1c7c31ae70665e70bb2d)';

/** What Docker Engine 20.10 was seen to refuse, with its words; the ids are those of the observed cases. */
testCases([
  [
    'N03: a subnet inside that of another network',
    'networks:\n  a: { ipam: { config: [ { subnet: 10.10.0.0/16 } ] } }\n  b: { ipam: { config: [ { subnet: ▸10.10.5.0/24 } ] } }',
    OVERLAP,
  ],
  [
    'N04: a subnet around that of another network',
    'networks:\n  a: { ipam: { config: [ { subnet: 10.10.0.0/16 } ] } }\n  b: { ipam: { config: [ { subnet: ▸10.0.0.0/8 } ] } }',
    OVERLAP,
  ],
  ['N05: a subnet of the default bridge', subnet('subnet: ▸172.17.0.0/24'), OVERLAP],
  [
    'N08: a subnet without prefix length',
    subnet('subnet: ▸10.20.0.0'),
    'Invalid subnet 10.20.0.0 : invalid CIDR address: 10.20.0.0',
  ],
  [
    'N09: a prefix longer than 32',
    subnet('subnet: ▸10.20.0.0/33'),
    'Invalid subnet 10.20.0.0/33 : invalid CIDR address: 10.20.0.0/33',
  ],
  [
    'N10: a subnet that is none',
    subnet('subnet: ▸foo'),
    'Invalid subnet foo : invalid CIDR address: foo',
  ],
  [
    'N10: a subnet with leading zeros',
    subnet('subnet: ▸010.0.0.0/24'),
    'Invalid subnet 010.0.0.0/24 : invalid CIDR address: 010.0.0.0/24',
  ],
  [
    'N12: a gateway outside the subnet',
    subnet('subnet: 10.20.0.0/24, gateway: ▸10.21.0.1'),
    'no matching subnet for gateway 10.21.0.1',
  ],
  [
    'N13: a gateway without a subnet',
    subnet('gateway: ▸10.20.0.1'),
    'every ip-range or gateway must have a corresponding subnet',
  ],
  [
    'N14: a gateway that is none',
    subnet('subnet: 10.20.0.0/24, gateway: ▸foo'),
    'no matching subnet for gateway foo',
  ],
  [
    'N16: the broadcast address as gateway',
    subnet('subnet: 10.20.0.0/24, gateway: ▸10.20.0.255'),
    'failed to allocate gateway (10.20.0.255): Address already in use',
  ],
  [
    'N17: a range outside the subnet',
    subnet('subnet: 10.20.0.0/24, ip_range: ▸10.30.0.0/24'),
    'no matching subnet for range 10.30.0.0/24',
  ],
  [
    'N23: a second gateway without a subnet of its own',
    network(
      '{ ipam: { config: [ { subnet: 10.20.0.0/24, gateway: 10.20.0.1 }, { gateway: ▸10.20.0.2 } ] } }',
    ),
    'every ip-range or gateway must have a corresponding subnet',
  ],
  [
    'N25: a bridge with two subnets',
    network('{ ipam: { config: [ { subnet: 10.20.0.0/24 }, { subnet: ▸10.21.0.0/24 } ] } }'),
    "bridge driver doesn't support multiple subnets",
  ],
  [
    'N26: subnets of one network that overlap',
    network('{ ipam: { config: [ { subnet: 10.20.0.0/24 }, { subnet: ▸10.20.0.0/25 } ] } }'),
    'multiple overlapping subnet configuration is not supported',
  ],
  [
    'N27: a subnet of two addresses',
    'networks: { x1: { ipam: { config: [ { subnet: ▸10.20.0.0/31 } ] } } }',
    'failed to allocate gateway (): No available addresses on this pool',
  ],
  [
    'N28: a subnet of one address',
    'networks: { x1: { ipam: { config: [ { subnet: ▸10.20.0.0/32 } ] } } }',
    'failed to allocate gateway (): No available addresses on this pool',
  ],
  [
    'N31: the gateway as auxiliary address',
    subnet('subnet: 10.20.0.0/24, gateway: 10.20.0.1, aux_addresses: { a: ▸10.20.0.1 }'),
    'failed to allocate secondary ip address (a:10.20.0.1): Address already in use',
  ],

  ['D01: an unknown driver', network('{ driver: ▸foo }'), 'plugin "foo" not found'],
  ['D02: an unknown IPAM driver', network('{ ipam: { driver: ▸foo } }'), 'plugin "foo" not found'],
  [
    'D03: a macvlan mode that does not exist',
    network('{ driver: macvlan, driver_opts: { parent: eth1, macvlan_mode: ▸foo } }'),
    "requested macvlan mode 'foo' is not valid, 'bridge' mode is the macvlan driver default",
  ],
  [
    'D04: an ipvlan mode that does not exist',
    network('{ driver: ipvlan, driver_opts: { parent: eth1, ipvlan_mode: ▸l9 } }'),
    "requested ipvlan mode 'l9' is not valid, 'l2' mode is the ipvlan driver default",
  ],
  [
    'D06: the NIC under a VLAN does not exist',
    `x-wires: { lan: }\nx-hosts: { h1: { nics: { eth1: { wire: lan } } } }\n${network('{ driver: macvlan, driver_opts: { parent: ▸nosuch0.50 } }')}`,
    '-o parent interface does was not found on the host: nosuch0',
  ],
  [
    'D12: a second ipvlan network on one NIC',
    'networks:\n  a: { driver: ipvlan, driver_opts: { parent: ens33 } }\n  b: { driver: ipvlan, driver_opts: { parent: ▸ens33 } }',
    'network di-ca978112ca1b is already using parent interface ens33',
  ],
  [
    'D15: the loopback as parent',
    network('{ driver: macvlan, driver_opts: { parent: ▸lo } }'),
    'loopback interface is not a valid macvlan parent link',
  ],
  [
    'D15: the loopback as parent of ipvlan',
    network('{ driver: ipvlan, driver_opts: { parent: ▸lo } }'),
    'loopback interface is not a valid ipvlan parent link',
  ],
  [
    'D18: a bridge name of more than 15 characters',
    network('{ driver_opts: { com.docker.network.bridge.name: ▸averylongbridgename0 } }'),
    'failed to check bridge interface existence: numerical result out of range',
  ],
  [
    'D19: an MTU that is no number',
    network('{ driver_opts: { com.docker.network.driver.mtu: ▸abc } }'),
    'failed to parse com.docker.network.driver.mtu value: abc (strconv.Atoi: parsing "abc": invalid syntax)',
  ],
  [
    'D21: an MTU that no link can have',
    network('{ driver_opts: { com.docker.network.driver.mtu: ▸10 } }'),
    'failed to set MTU on host interface: invalid argument',
  ],
  ['D28: an empty name', network('{ name: ▸"" }'), 'network with name  already exists'],
  [
    'D30: the name "default"',
    network('{ name: ▸default }'),
    'operation is not permitted on predefined default network',
  ],
  [
    'D30: the name of a network that Docker made',
    'networks:\n  ▸bridge: {}\n',
    'operation is not permitted on predefined bridge network',
  ],
  [
    'D39: a second null network',
    network('{ driver: ▸"null" }'),
    'only one instance of "null" network is allowed',
  ],
  [
    'D40: a second host network',
    network('{ driver: ▸host }'),
    'only one instance of "host" network is allowed',
  ],

  [
    'C03: a network joined twice',
    service('{ networks: [ base, ▸base ] }'),
    'endpoint with name z1 already exists in network base',
  ],
  [
    'C14 P33: an address outside the subnet',
    service('{ networks: { base: { ipv4_address: ▸10.99.0.2 } } }'),
    "Invalid address 10.99.0.2: It does not belong to any of this network's subnets",
  ],
  [
    'C15 P34: an address that is none',
    service('{ networks: { base: { ipv4_address: ▸foo } } }'),
    'invalid IPv4 address: foo',
  ],
  [
    'C17 P37: an address on the default bridge',
    'networks: { b: { external: true, name: bridge } }\nservices: { c1: { networks: { b: { ipv4_address: ▸172.17.0.50 } } } }',
    USER_NETWORKS_ONLY,
  ],
  [
    'C18: an alias on the default bridge',
    'networks: { b: { external: true, name: bridge } }\nservices: { c1: { networks: { b: { aliases: ▸[foo] } } } }',
    'network-scoped alias is supported only for containers in user defined networks',
  ],
  [
    'P38: an address on the network of the host',
    'networks: { h: { external: true, name: host } }\nservices: { c1: { networks: { h: { ipv4_address: ▸1.2.3.4 } } } }',
    USER_NETWORKS_ONLY,
  ],
  [
    'C19: the address of the gateway',
    service('{ networks: { base: { ipv4_address: ▸10.10.0.1 } } }'),
    IN_USE,
  ],
  [
    'C20 P56: the network address',
    service('{ networks: { base: { ipv4_address: ▸10.10.0.0 } } }'),
    IN_USE,
  ],
  [
    'P57: the broadcast address',
    service('{ networks: { base: { ipv4_address: ▸10.10.255.255 } } }'),
    IN_USE,
  ],
  [
    'P32: an address that another service has',
    service('{ networks: { base: { ipv4_address: ▸10.10.0.2 } } }'),
    IN_USE,
  ],
  [
    'C24: an IPv6 address for IPv4',
    service('{ networks: { base: { ipv4_address: ▸"fd00::5" } } }'),
    "Invalid address fd00::5: It does not belong to any of this network's subnets",
  ],
  [
    'C25 P51: an IPv6 address on an IPv4 network',
    service('{ networks: { base: { ipv6_address: ▸"fd00::5" } } }'),
    NO_USER_SUBNET,
  ],
  [
    'P35: an address in a subnet that Docker chose',
    service('{ networks: { autonet: { ipv4_address: ▸172.18.0.9 } } }'),
    NO_USER_SUBNET,
  ],

  ['P01: an unknown network', service('{ network_mode: ▸nosuch }'), 'network nosuch not found'],
  [
    'P01: an unknown network in a list',
    service('{ networks: [ ▸nosuch ] }'),
    'network nosuch not found',
  ],
  [
    'P02: an unknown container',
    service('{ network_mode: ▸"container:nosuch" }'),
    'No such container: nosuch',
  ],
  [
    "P08: a MAC in somebody else's stack",
    service('{ network_mode: "container:c1", mac_address: ▸"02:00:00:00:00:01" }'),
    'conflicting options: mac-address and the network mode',
  ],
  [
    "P09: exposed ports in somebody else's stack",
    service('{ network_mode: "service:c1", expose: ▸[80] }'),
    'conflicting options: port exposing and the container type network mode',
  ],
  [
    'P13: links in the stack of the host',
    service('{ network_mode: host, links: ▸[c1] }'),
    'links are only supported for user-defined networks',
  ],
  [
    'P15 P29: a host port published twice',
    service('{ ports: [ "8056:80", ▸"8056:81" ] }'),
    `${EXTERNAL_FAILED} ${Z1}: Bind for 0.0.0.0:8056 failed: port is already allocated`,
  ],
  [
    'P15: a host port published by two services',
    'services:\n  c1: { ports: ["80"] }\n  y1: { ports: ["8080:80"] }\n  z1: { ports: [ ▸"8080:80" ] }\n',
    `${EXTERNAL_FAILED} ${Z1}: Bind for 0.0.0.0:8080 failed: port is already allocated`,
  ],
  [
    'P15 X-08: a range of host ports that is used up',
    service('{ ports: [ "8000-8001:80", "8000-8001:81", ▸"8000-8001:82" ] }'),
    `${EXTERNAL_FAILED} ${Z1}: all ports are allocated`,
  ],
  [
    'P16: a host port published on all addresses before',
    service('{ ports: [ "8080:80", ▸"172.16.69.234:8080:80" ] }'),
    `${EXTERNAL_FAILED} ${Z1}: Error starting userland proxy: listen tcp4 172.16.69.234:8080: bind: address already in use`,
  ],
  [
    'P18: a host port above 65535',
    service('{ ports: [ ▸"70000:80" ] }'),
    'Invalid hostPort: 70000',
  ],
  [
    'P22: ranges of different length',
    service('{ ports: [ ▸"8000-8002:80-81" ] }'),
    'Invalid ranges specified for container and host Ports: 80-81 and 8000-8002',
  ],
  [
    'P23: a protocol without ports',
    service('{ ports: [ ▸"8000:80/icmp" ] }'),
    'Invalid proto: icmp',
  ],
  [
    'P24: an address with five bytes',
    service('{ ports: [ ▸"1.2.3.4.5:80:80" ] }'),
    'Invalid ip address: 1.2.3.4.5',
  ],
  [
    'P25: an address the host does not have',
    'x-wires: { lan: }\nx-hosts: { host: { nics: { eth0: { wire: lan, addresses: [172.16.69.234/24] } } } }\nservices: { z1: { ports: [ ▸"10.99.99.99:8066:80", "172.16.69.234:8066:80" ] } }',
    `${EXTERNAL_FAILED} ${Z1}: Error starting userland proxy: listen tcp4 10.99.99.99:8066: bind: cannot assign requested address`,
  ],
  [
    'P26: a range that runs backwards',
    service('{ ports: [ ▸"9002-9000:80" ] }'),
    'Invalid hostPort: 9002-9000',
  ],
  ['P31: an empty port', service('{ ports: [ ▸"" ] }'), 'No port specified: <empty>'],
  [
    'P43: a link from the default bridge to elsewhere',
    service('{ network_mode: bridge, links: [ ▸"c1:x" ] }'),
    'Cannot link to /c1, as it does not belong to the default network',
  ],
  [
    'P44: a name server that is no address',
    service('{ dns: ▸foo }'),
    'invalid argument "foo" for "--dns" flag: foo is not an ip address',
  ],
  ['P45: a MAC that is none', service('{ mac_address: ▸foo }'), 'foo is not a valid mac address'],
  [
    'P48: a container name of one letter',
    service('{ container_name: ▸z }'),
    'Invalid container name (z), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  ],
  [
    'P49: a container name with a space',
    service('{ container_name: ▸z 1 }'),
    'Invalid container name (z 1), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  ],
  ['P52: an empty network mode', service('{ network_mode: ▸"" }'), 'no name set for network'],
  [
    'P53: a container mode without a container',
    service('{ network_mode: ▸"container:" }'),
    'Invalid network mode: invalid container format container:<name|id>',
  ],
  [
    'P55: an extra host without address',
    service('{ extra_hosts: [ ▸foo ] }'),
    'invalid argument "foo" for "--add-host" flag: bad format for add-host: "foo"',
  ],
  [
    'P58: an exposed port that is none',
    service('{ expose: [ ▸foo ] }'),
    'invalid range format for --expose: foo, error: strconv.ParseUint: parsing "foo": invalid syntax',
  ],
  [
    'P59: an exposed port above 65535',
    service('{ expose: [ ▸70000 ] }'),
    'invalid range format for --expose: 70000, error: strconv.ParseUint: parsing "70000": value out of range',
  ],
]);
