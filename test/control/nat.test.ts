import test from 'ava';

import { compile } from '../../control/compile/compile.js';
import { describeLab } from '../../control/describe.js';
import type { Lab } from '../../control/model/lab.js';
import { parseLab } from '../../control/model/load.js';
import { LinkFlag, NONE, ReversePath, RouteKind } from '../../dataplane/program/layout.js';
import {
  NatFlag,
  NatKind,
  NatOption,
  NatProfile,
  NatSelection,
} from '../../dataplane/program/nat-layout.js';

const HOSTS = `x-wires: { lan: , wan: }
x-hosts:
  gw:
    nics:
      eth0: { wire: wan, addresses: [203.0.113.1/24, 203.0.113.2/24, "2001:db8::1/64"] }
      eth1: { wire: lan, addresses: [192.168.1.1/24] }
  pc: { nics: { eth0: { wire: lan } } }
`;
const RULES = `x-nat:
  gw:
    profile: rfc4787
    connections_max: 1024
    rules:
      - { snat: 192.168.1.0/24, out: eth0, to: 203.0.113.1-203.0.113.2, ports: 40000-40063, source_ports: 1024-65535, select: random, seed: 7 }
      - { snat: 10.0.0.0/8, out: eth0, to: masquerade, protocol: icmp }
      - { snat: "fd00::/64", to: "2001:DB8::0:1", protocol: icmp, select: persistent }
      - { dnat: 203.0.113.1, protocol: tcp, port: 8000-8010, to: 192.168.1.5, to_port: 80-90, in: eth0 }
      - { dnat: local, protocol: udp, port: 53, to: 192.168.1.6-192.168.1.7, select: sequential }
      - { dnat: "2001:db8::1", to: "fd00::5" }
`;
const lab = (text: string): Lab => parseLab(text, 'lab.yaml');

test('x-nat is in the Lab, each value with its place', (t) => {
  const [gw, pc] = lab(HOSTS + RULES).hosts;
  t.is(pc?.nat, undefined);
  t.deepEqual(gw?.nat?.at, { line: 9, column: 3 });
  t.deepEqual(gw?.nat?.profile, { value: 'rfc4787', at: { line: 10, column: 14 } });
  t.deepEqual(gw?.nat?.connectionsMax, { value: 1024, at: { line: 11, column: 22 } });
  const [pool, masquerade, , forwards, local] = gw?.nat?.rules ?? [];
  t.deepEqual(pool, {
    kind: 'source',
    at: { line: 13, column: 9 },
    family: 4,
    from: { value: '192.168.1.0/24', at: { line: 13, column: 17 } },
    sourcePorts: { value: { first: 1024, last: 65_535 }, at: { line: 13, column: 107 } },
    out: { value: 'eth0', at: { line: 13, column: 38 } },
    to: {
      value: { family: 4, first: '203.0.113.1', last: '203.0.113.2', count: 2 },
      at: { line: 13, column: 48 },
    },
    ports: { value: { first: 40_000, last: 40_063 }, at: { line: 13, column: 80 } },
    select: { value: 'random', at: { line: 13, column: 127 } },
    seed: { value: 7, at: { line: 13, column: 141 } },
  });
  t.like(masquerade, { to: 'masquerade', protocol: { value: 'icmp' }, select: { value: 'hash' } });
  t.like(forwards, {
    kind: 'destination',
    address: { value: '203.0.113.1' },
    in: { value: 'eth0' },
    port: { value: { first: 8000, last: 8010 } },
    toPort: { value: { first: 80, last: 90 } },
  });
  t.like(local, { family: 4, address: { value: 'local' }, select: { value: 'sequential' } });
});

test('a host that x-nat names and says nothing about is as Linux is; without x-hosts it is called host', (t) => {
  const [host] = lab('x-nat: { host: }').hosts;
  t.deepEqual(host?.nat, {
    at: { line: 1, column: 10 },
    profile: { value: 'linux' },
    connectionsMax: { value: 65_536 },
    timeouts: {},
    protocolIndependent: { value: ['pooling'] },
    inboundRefresh: { value: false },
    suppressIcmpErrors: [],
    rules: [],
  });
});

const SETTINGS = `x-nat:
  gw:
    profile: rfc4787
    timeouts: { udp: 10m, icmp: 60s, tcp_established: 3h, tcp_opening: 30s, tcp_closing: 5m }
    protocol_independent: [filtering, pooling, mapping]
    inbound_refresh: true
    suppress_icmp_errors: [eth0]
`;

test('what a host remembers how long, shares between protocols and keeps silent about is in the Lab and in its row', (t) => {
  const understood = lab(HOSTS + SETTINGS);
  t.like(understood.hosts[0]?.nat, {
    timeouts: {
      udp: { value: 600, at: { line: 11, column: 22 } },
      tcp_established: { value: 10_800 },
    },
    protocolIndependent: {
      value: ['pooling', 'mapping', 'filtering'],
      at: { line: 12, column: 27 },
    },
    inboundRefresh: { value: true },
    suppressIcmpErrors: [{ value: 'eth0', at: { line: 14, column: 28 } }],
  });
  const { hosts, links } = compile(understood).program;
  t.deepEqual(
    [
      hosts.udpTimeout_ns,
      hosts.icmpTimeout_ns,
      hosts.tcpEstablishedTimeout_ns,
      hosts.tcpOpeningTimeout_ns,
      hosts.tcpClosingTimeout_ns,
    ].map((column) => Array.from(column)),
    [600, 60, 10_800, 30, 300].map((seconds) => [seconds * 1e9, 0]),
  );
  const all = NatOption.SharedMappings | NatOption.SharedFilters | NatOption.InboundRefresh;
  t.deepEqual(Array.from(hosts.natOptions), [all, 0]);
  t.deepEqual(Array.from(links.flags), [LinkFlag.NoIcmpErrors, 0, 0]);
  t.snapshot(describeLab(understood));
});

test('pools that tell protocols apart are those of which nothing else is said', (t) => {
  const text = 'x-nat: { host: { profile: rfc4787, protocol_independent: [] } }';
  t.deepEqual(Array.from(compile(lab(text)).program.hosts.natOptions), [NatOption.PoolsApart]);
});

test('the rules are rows of natRules, with their places', (t) => {
  const { natRules, program } = compile(lab(HOSTS + RULES));
  t.deepEqual(Array.from(program.hosts.natProfile), [NatProfile.Rfc4787, NatProfile.Linux]);
  t.deepEqual(Array.from(program.hosts.connectionsMax), [1024, 65_536]);
  t.is(natRules.length, 6);
  const table = program.natRules;
  const { Source, Destination } = { Source: NatKind.Source, Destination: NatKind.Destination };
  t.deepEqual(Array.from(table.kind), [
    Source,
    Source,
    Source,
    Destination,
    Destination,
    Destination,
  ]);
  t.deepEqual(Array.from(table.host), [0, 0, 0, 0, 0, 0]);
  t.deepEqual(Array.from(table.network), Array<number>(6).fill(NONE));
  // Two wires stand before the links, of which eth0 of gw is the first.
  t.deepEqual(Array.from(table.iface), [2, 2, NONE, 2, NONE, NONE]);
  t.deepEqual(Array.from(table.flags), [0, NatFlag.Masquerade, 0, 0, NatFlag.AnyLocal, 0]);
  t.deepEqual(Array.from(table.family), [4, 4, 6, 4, 4, 6]);
  t.deepEqual(Array.from(table.protocol), [0, 1, 58, 6, 17, 0]);
  t.deepEqual(Array.from(table.match0), [0, 0, 0xfd00_0000, 0, 0, 0x2001_0db8]);
  t.deepEqual(Array.from(table.match3), [0xc0a8_0100, 0x0a00_0000, 0, 0xcb00_7101, 0, 1]);
  t.deepEqual(Array.from(table.matchPrefix), [120, 104, 64, 128, 96, 128]);
  t.deepEqual(Array.from(table.portFirst), [1024, 0, 0, 8000, 53, 0]);
  t.deepEqual(Array.from(table.portLast), [65_535, 65_535, 65_535, 8010, 53, 65_535]);
  t.deepEqual(Array.from(table.to0), [0, 0, 0x2001_0db8, 0, 0, 0xfd00_0000]);
  t.deepEqual(Array.from(table.to3), [0xcb00_7101, 0xcb00_7101, 1, 0xc0a8_0105, 0xc0a8_0106, 5]);
  t.deepEqual(Array.from(table.toCount), [2, 1, 1, 1, 2, 1]);
  t.deepEqual(Array.from(table.toPortFirst), [40_000, 0, 0, 80, 0, 0]);
  t.deepEqual(Array.from(table.toPortLast), [40_063, 0, 0, 90, 0, 0]);
  t.deepEqual(Array.from(table.selection), [
    NatSelection.Random,
    NatSelection.Hash,
    NatSelection.Persistent,
    NatSelection.Hash,
    NatSelection.Sequential,
    NatSelection.Hash,
  ]);
  t.deepEqual(Array.from(table.seed), [7, 0, 0, 0, 0, 0]);
  t.deepEqual(Array.from(table.originLine), [13, 14, 15, 16, 17, 18]);
  t.deepEqual(Array.from(table.originColumn), Array<number>(6).fill(9));
});

test('published ports stand before the rules of x-nat', (t) => {
  const text = `x-nat: { host: { rules: [ { dnat: local, protocol: tcp, port: 80, to: 10.0.0.1 } ] } }
services: { c1: { ports: ["80:80"] } }`;
  t.deepEqual(Array.from(compile(lab(text)).program.natRules.kind), [
    NatKind.Published,
    NatKind.Destination,
  ]);
});

test('what waits for something that the topology does not show is noted', (t) => {
  const text = `${HOSTS}x-nat:
  gw:
    rules:
      - { snat: 10.0.0.0/8, to: 203.0.113.2-203.0.113.4 }
      - { snat: 10.0.0.0/8, to: 198.51.100.1 }
      - { snat: 10.0.0.0/8, to: 203.0.113.1-203.0.113.2 }
      - { snat: "fd00::/64", out: eth1, to: masquerade }
      - { dnat: 198.51.100.2, to: 192.168.1.5 }
`;
  const { notes, hosts } = lab(text);
  t.is(hosts[0]?.nat?.rules.length, 5);
  t.deepEqual(notes, [
    'x-nat: gw does not have all of 203.0.113.2-203.0.113.4: the world has to route them there',
    'x-nat: gw does not have 198.51.100.1: the world has to route it there',
    'x-nat: gw has no IPv6 address on eth1: what would leave there is dropped',
    'x-nat: gw does not have 198.51.100.2: the world has to route it there',
  ]);
  t.deepEqual(Array.from(compile(lab(text)).program.natRules.toCount), [3, 1, 2, 0, 1]);
});

test('describeLab says what hosts translate', (t) => {
  t.snapshot(describeLab(lab(HOSTS + RULES)));
});

test('routes may lead nowhere, and hosts may forward nothing and keep silent', (t) => {
  const text = `x-hosts:
  h:
    nics: { eth0: { addresses: [10.0.0.1/24] } }
    forward: false
    rp_filter: 2
    send_redirects: false
    routes:
      - { to: 10.1.0.0/16, type: blackhole }
      - { to: "fd00::/8", type: unreachable }
      - { to: default, type: prohibit, metric: 9 }
    arp_ignore: 8
`;
  const understood = lab(text);
  const [host] = understood.hosts;
  t.deepEqual(host?.forward, { value: false, at: { line: 4, column: 14 } });
  t.deepEqual(host?.rpFilter, { value: 2, at: { line: 5, column: 16 } });
  t.deepEqual(host?.routes[0]?.type, { value: 'blackhole', at: { line: 8, column: 34 } });
  t.deepEqual(host?.sendRedirects, { value: false, at: { line: 6, column: 21 } });
  const { routes, program } = compile(understood);
  t.deepEqual(
    routes.map((route) => route.text),
    [
      '10.0.0.0/24 dev eth0',
      'blackhole 10.1.0.0/16',
      'unreachable fd00::/8',
      'prohibit 0.0.0.0/0 metric 9',
    ],
  );
  t.deepEqual(Array.from(program.routes.kind), [
    RouteKind.Unicast,
    RouteKind.Blackhole,
    RouteKind.Unreachable,
    RouteKind.Prohibit,
  ]);
  t.deepEqual(Array.from(program.routes.iface), [0, NONE, NONE, NONE]);
  t.deepEqual(Array.from(program.routes.originLine), [3, 8, 9, 10]);
  const lines = describeLab(understood).split('\n');
  t.true(lines.includes('  route 10.1.0.0/16 blackhole'));
  t.true(lines.includes('  route 0.0.0.0/0 prohibit metric 9'));
  t.true(lines.includes('  forwards nothing'));
  t.true(lines.includes('  arp_ignore 8'));
  t.true(lines.includes('  rp_filter 2'));
  t.true(lines.includes('  sends no redirects'));
  t.is(program.hosts.flags[0], 0);
  t.is(program.hosts.reversePath[0], ReversePath.Loose);
});

test('ports of different size may be selected from', (t) => {
  const rule =
    '{ dnat: 203.0.113.1, to: 192.168.1.5, protocol: tcp, port: 80, to_port: 80-81, select: sequential }';
  t.is(lab(`${HOSTS}x-nat: { gw: { rules: [ ${rule} ] } }`).hosts[0]?.nat?.rules.length, 1);
});
