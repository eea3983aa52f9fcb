import { testCases } from './expect-mistakes.js';

const HOSTS = `x-wires: { lan: , wan: }
x-hosts:
  gw:
    nics:
      eth0: { wire: wan, addresses: [203.0.113.1/24, 203.0.113.2/24, "2001:db8::1/64"] }
      eth1: { wire: lan, addresses: [192.168.1.1/24] }
  pc: { nics: { eth0: { wire: lan } } }
`;
/** Rules of gw. */
const rule = (written: string): string => `${HOSTS}x-nat: { gw: { rules: [ ${written} ] } }\n`;
const snat = (more: string): string => rule(`{ snat: 192.168.1.0/24, ${more} }`);
const dnat = (more: string): string => rule(`{ dnat: 203.0.113.1, ${more} }`);
const route = (written: string): string =>
  `x-hosts: { h: { nics: { eth0: { addresses: [10.0.0.1/24] } }, routes: [ ${written} ] } }\n`;

/** Hosts, and rules as a whole. */
testCases([
  ['an unknown host', `${HOSTS}x-nat: { ▸gv: }\n`, 'there is no host "gv" (did you mean "gw"?)'],
  [
    'a profile that does not exist',
    `${HOSTS}x-nat: { gw: { profile: ▸bsd } }\n`,
    'x-nat.gw.profile must be "linux" or "rfc4787"',
  ],
  [
    'too few connections',
    `${HOSTS}x-nat: { gw: { connections_max: ▸15 } }\n`,
    'a host cannot track 15 connections',
  ],
  [
    'too many connections, and half of one',
    `${HOSTS}x-nat: { gw: { connections_max: ▸4194305 }, pc: { connections_max: ▸16.5 } }\n`,
    'a host cannot track 4194305 connections',
    'a host cannot track 16.5 connections',
  ],
  [
    'a rule that translates neither',
    rule('▸{ to: 203.0.113.1 }'),
    'a rule translates sources or destinations, and this one neither',
  ],
  [
    'a rule that translates both',
    rule('{ snat: 10.0.0.0/8, ▸dnat: local, to: 203.0.113.1 }'),
    'a rule translates sources or destinations, not both',
  ],
  ['a rule without a target', rule('▸{ snat: 10.0.0.0/8 }'), 'x-nat.gw.rules.0.to is missing'],
  [
    'an unknown key of a rule',
    snat('to: 203.0.113.1, ▸prots: 80'),
    'unknown key "prots" in x-nat.gw.rules.0 (did you mean "ports"?)',
  ],
  [
    'keys of the other form',
    snat('to: 203.0.113.1, ▸in: eth0, ▸port: 80, ▸to_port: 80'),
    'in means nothing to a snat rule',
    'port means nothing to a snat rule',
    'to_port means nothing to a snat rule',
  ],
  [
    'keys of a source rule at a destination',
    dnat('to: 192.168.1.5, ▸out: eth0, ▸ports: 80, ▸source_ports: 80'),
    'out means nothing to a dnat rule',
    'ports means nothing to a dnat rule',
    'source_ports means nothing to a dnat rule',
  ],
  [
    'what was malformed is not missing',
    rule(
      '{ snat: 10.0.0.0/8, out: ▸5, to: masquerade }, { dnat: local, protocol: ▸sctp, port: 80, to: 10.0.0.1 }',
    ),
    'x-nat.gw.rules.0.out must be text',
    'x-nat.gw.rules.1.protocol must be "tcp" or "udp" or "icmp"',
  ],
]);

const settings = (written: string): string => `${HOSTS}x-nat: { gw: { ${written} } }\n`;

/** What a host is told besides its rules. */
testCases([
  [
    'times that are none, or too long',
    settings('timeouts: { udp: ▸soon, icmp: ▸0s, tcp_established: ▸2w, tcp_opening: ▸1.5s }'),
    '"soon" is not a duration',
    'nothing can be remembered for 0s',
    'nothing can be remembered for 2w',
    'nothing can be remembered for 1.5s',
  ],
  [
    'times that the RFCs do not allow',
    settings(
      'profile: rfc4787, timeouts: { udp: ▸119s, icmp: ▸59s, tcp_established: ▸2h, tcp_opening: 1s, tcp_closing: ▸3m }',
    ),
    'udp: 119s is less than RFC 4787 REQ-5 allows',
    'icmp: 59s is less than RFC 5508 REQ-2 allows',
    'tcp_established: 2h is less than RFC 5382 REQ-5 allows',
    'tcp_closing: 3m is less than RFC 5382 REQ-5 allows',
  ],
  [
    'a timer that does not exist',
    settings('timeouts: { ▸upd: 1m }'),
    'unknown key "upd" in x-nat.gw.timeouts',
  ],
  [
    'what Linux has not',
    settings('▸protocol_independent: [mapping, pooling], ▸inbound_refresh: true'),
    'protocol_independent means nothing in the profile linux, which has no mappings besides connections',
    'inbound_refresh means nothing in the profile linux, which has no mappings besides connections',
  ],
  [
    'what rests on nothing',
    settings('profile: rfc4787, protocol_independent: ▸[filtering]'),
    'filtering cannot be independent of protocols where mapping is not',
  ],
  [
    'one port outside at two addresses',
    settings('profile: rfc4787, protocol_independent: ▸[mapping]'),
    'mapping cannot be independent of protocols where pooling is not',
  ],
  [
    'what nobody can be independent of',
    settings('profile: rfc4787, protocol_independent: [▸hairpinning]'),
    'x-nat.gw.protocol_independent.0 must be "pooling" or "mapping" or "filtering"',
  ],
  [
    'an interface that is none',
    settings('suppress_icmp_errors: [eth0, ▸eth3]'),
    'there is no NIC "eth3" (did you mean "eth0"?)',
  ],
]);

/** Subnets, addresses, interfaces. */
testCases([
  [
    'a source that is no subnet',
    rule('{ snat: ▸192.168.1.1, to: 203.0.113.1 }'),
    'invalid CIDR address: 192.168.1.1',
  ],
  [
    'a source with host bits',
    rule('{ snat: ▸192.168.1.1/24, to: 203.0.113.1 }'),
    '192.168.1.1/24: Invalid prefix for given prefix length',
  ],
  [
    'a destination that is no address',
    rule('{ dnat: ▸203.0.113.0/24, to: 192.168.1.5 }'),
    '203.0.113.0/24 is not an ip address',
  ],
  ['a target that is no address', snat('to: ▸203.0.113'), '203.0.113 is not an ip address'],
  [
    'a range of three',
    snat('to: ▸203.0.113.1-203.0.113.2-203.0.113.3'),
    '203.0.113.1-203.0.113.2-203.0.113.3 is not a range of addresses',
  ],
  [
    'a range that runs backwards',
    snat('to: ▸203.0.113.2-203.0.113.1'),
    'the range 203.0.113.2-203.0.113.1 runs backwards',
  ],
  [
    'a range of two families',
    snat('to: ▸"203.0.113.1-2001:db8::1"'),
    'the range 203.0.113.1-2001:db8::1 is of two families',
  ],
  [
    'a range that ends in groups',
    snat('to: ▸203.0.113.1-224.0.0.1'),
    '224.0.0.1 cannot be the address of one host',
  ],
  [
    'a range without end',
    rule('{ snat: "fd00::/64", to: ▸"2001:db8::-2001:db8:1::" }'),
    'the range 2001:db8::-2001:db8:1:: has too many addresses',
  ],
  ['a source of another family', snat('to: ▸"2001:db8::1"'), '2001:db8::1 is no IPv4 address'],
  ['a target of another family', dnat('to: ▸"fd00::5"'), 'fd00::5 is no IPv4 address'],
  [
    'an unknown NIC',
    snat('out: ▸eth3, to: 203.0.113.1'),
    'there is no NIC "eth3" (did you mean "eth0"?)',
  ],
  [
    'a VLAN that nobody uses',
    dnat('in: ▸eth0.7, to: 192.168.1.5'),
    'eth0 has no VLAN 7: no network sits on it',
  ],
  [
    'masquerade by no interface',
    snat('to: ▸masquerade'),
    'masquerade takes the address of an interface by which packets leave: which one?',
  ],
  ['masquerade for destinations', dnat('to: ▸masquerade'), 'masquerade is an address for sources'],
]);

/** Protocols, ports, selection. */
testCases([
  [
    'ports that are none',
    snat('to: 203.0.113.1, ports: ▸0, source_ports: ▸80-70'),
    '0 is not a range of ports',
    '80-70 is not a range of ports',
  ],
  [
    'more ports that are none',
    dnat('to: 192.168.1.5, protocol: tcp, port: ▸1-65536, to_port: ▸http'),
    '1-65536 is not a range of ports',
    'http is not a range of ports',
  ],
  [
    'icmp with ports',
    snat('to: 203.0.113.1, protocol: icmp, ▸ports: 1-9, ▸source_ports: 1-9'),
    'icmp has no ports',
    'icmp has no ports',
  ],
  [
    'icmp led elsewhere',
    dnat('to: 192.168.1.5, protocol: ▸icmp'),
    'icmp is led to another host only with all the rest',
  ],
  [
    'a port of no protocol',
    dnat('to: 192.168.1.5, port: ▸8000-8010'),
    'which protocol has port 8000-8010?',
  ],
  [
    'a port to nothing',
    dnat('to: 192.168.1.5, protocol: tcp, ▸to_port: 80'),
    'to_port stands for a port, and there is none',
  ],
  [
    'ranges of ports of different size',
    dnat('to: 192.168.1.5, protocol: tcp, port: 8000-8010, to_port: ▸80-81'),
    '11 ports cannot be led to 2 ports, one for one',
  ],
  [
    'one port to many',
    dnat('to: 192.168.1.5, protocol: tcp, port: 80, to_port: ▸80-81, select: persistent'),
    '1 port cannot be led to 2 ports, one for one',
  ],
  [
    'a seed for nothing',
    snat('to: 203.0.113.1, ▸seed: 7'),
    'a seed means nothing without "select: random"',
  ],
  [
    'a seed where ports are drawn',
    `${HOSTS}x-nat: { gw: { profile: rfc4787, rules: [{ snat: 10.0.0.0/8, to: 203.0.113.1, seed: 7 }] } }\n`,
  ],
  ['a seed that is none', snat('to: 203.0.113.1, select: random, seed: ▸-1'), '-1 is not a seed'],
  [
    'a way to select that does not exist',
    snat('to: 203.0.113.1, select: ▸best'),
    'x-nat.gw.rules.0.select must be "hash" or "sequential" or "random" or "persistent"',
  ],
]);

/** Routes that lead nowhere, and how sources are held against routes. */
testCases([
  [
    'R-6: an rp_filter that Linux does not know',
    'x-hosts: { a: { rp_filter: ▸3 }, b: { rp_filter: ▸"1" } }\n',
    'x-hosts.a.rp_filter must be 0 or 1 or 2',
    'x-hosts.b.rp_filter must be 0 or 1 or 2',
  ],
  [
    'a blackhole with a router and an interface',
    route('{ to: 10.1.0.0/16, type: blackhole, ▸via: 10.0.0.2, ▸dev: eth0 }'),
    'a route of type blackhole leads nowhere, and needs no via',
    'a route of type blackhole leads nowhere, and needs no dev',
  ],
  [
    'a type that does not exist',
    route('{ to: 10.1.0.0/16, type: ▸throw }'),
    'x-hosts.h.routes.0.type must be "blackhole" or "unreachable" or "prohibit"',
  ],
  [
    'two routes to one place',
    route('{ to: 10.1.0.0/16, type: blackhole }, { to: ▸10.1.0.0/16, dev: eth0 }'),
    'there is a route to 10.1.0.0/16 already: File exists',
  ],
]);
