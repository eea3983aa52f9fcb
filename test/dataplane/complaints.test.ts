/** ICMP errors of a router: RFC 792, RFC 1812 §4.3 and §5.2.7, RFC 4443. What it says is compared byte for byte (routed.ts). */
import test from 'ava';
import { RouteKind } from '../../dataplane/program/layout.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { counting, hex, join, u16, u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { padded } from '../../pcaps/build/ethernet.js';
import { explainedFrames } from '../explain/told.js';
import { told } from '../../control/cli/told.js';
import { labOf } from './lab.js';
import {
  atA,
  atB,
  ECHO6,
  error4,
  error6,
  eth0,
  eth1,
  far,
  frame4,
  frame6,
  heard,
  known,
  leaves,
  message4,
  message6,
  near,
  packet4,
  packet6,
  party,
  routerLab,
  udp,
} from './routed.js';

const lab = routerLab();
/** Nobody has a route to them. */
const nowhere = party(77, 9);
/** On wire b, and never there. */
const absent = party(2, 66);

const udp4 = (to: Station, ttl = 64, data?: Uint8Array): Uint8Array =>
  packet4(near, to, Protocol.Udp, udp(4, near, to, data), { ttl });
const udp6 = (to: Station, hops = 64, data?: Uint8Array): Uint8Array =>
  packet6(near, to, Protocol.Udp, udp(6, near, to, data), hops);
const toRouter4 = (packet: Uint8Array): Uint8Array => frame4(near, eth0, packet);
const toRouter6 = (packet: Uint8Array): Uint8Array => frame6(near, eth0, packet);

/** A lab in which the routes to 10.0.99.0/24 and fd00:99::/64 are of a kind. */
function labWithRoute(kind: RouteKind) {
  const special = routerLab(
    'routes: [{ to: 10.0.99.0/24, via: 10.0.2.9 }, { to: "fd00:63::/64", via: "fd00:2::9" }]',
  );
  const { routes } = special.program;
  for (let row = 0; row < routes.rows; row++)
    if (routes.word0[row] === 0xfd00_0063 || routes.word3[row] === 0x0a00_6300)
      routes.kind[row] = kind;
  return special;
}
const special = party(99, 9);

test('R-2: a packet that arrives with a time to live of 1 or 0 is dropped, and its source hears time exceeded, code 0', (t) => {
  for (const ttl of [1, 0]) {
    const packet = udp4(far, ttl);
    t.deepEqual(heard(lab, [atA(toRouter4(packet))]), [
      [leaves('a.p', error4(eth0, near, 0x0b00, packet)), 'dropped: hop-limit-exceeded'],
    ]);
  }
  t.deepEqual(heard(lab, [atA(toRouter4(udp4(far, 2)))]), [
    [leaves('b.p', frame4(eth1, far, udp4(far, 1)))],
  ]);
});

test('R-16: the same of IPv6: type 3, code 0', (t) => {
  const packet = udp6(far, 1);
  t.deepEqual(heard(lab, [atA(toRouter6(packet))]), [
    [leaves('a.p', error6(eth0, near, 0x0300, packet)), 'dropped: hop-limit-exceeded'],
  ]);
});

test('R-13: where no route leads the network is unreachable; of IPv6 type 1, code 0', (t) => {
  t.deepEqual(heard(lab, [atA(toRouter4(udp4(nowhere))), atA(toRouter6(udp6(nowhere)))]), [
    [leaves('a.p', error4(eth0, near, 0x0300, udp4(nowhere))), 'dropped: no-route'],
    [leaves('a.p', error6(eth0, near, 0x0100, udp6(nowhere))), 'dropped: no-route'],
  ]);
});

for (const [kind, name, reason, code4, code6] of [
  [RouteKind.Unreachable, 'unreachable', 'dropped: route-unreachable', 0x0301, 0x0103],
  [RouteKind.Prohibit, 'prohibit', 'dropped: route-prohibited', 0x030d, 0x0101],
] as const)
  test(`R-13, R-14: what meets a route of the kind ${name} is dropped, and that is said`, (t) => {
    const sent = [atA(toRouter4(udp4(special))), atA(toRouter6(udp6(special)))];
    t.deepEqual(heard(labWithRoute(kind), sent), [
      [leaves('a.p', error4(eth0, near, code4, udp4(special))), reason],
      [leaves('a.p', error6(eth0, near, code6, udp6(special))), reason],
    ]);
  });

test('R-14: what meets a blackhole is dropped in silence', (t) => {
  const sent = [atA(toRouter4(udp4(special))), atA(toRouter6(udp6(special)))];
  t.deepEqual(heard(labWithRoute(RouteKind.Blackhole), sent), [
    ['dropped: route-blackhole'],
    ['dropped: route-blackhole'],
  ]);
});

/** A datagram that nobody may cut. */
function whole4(data: Uint8Array): Uint8Array {
  return packet4(near, far, Protocol.Udp, udp(4, near, far, data), { fragment: 0x4000 });
}

test('R-7, R-16: a packet longer than the next link takes: the source hears its MTU, of IPv6 in packet too big', (t) => {
  const narrow = routerLab('', 1400);
  const long4 = whole4(counting(1400));
  const long6 = udp6(far, 64, counting(1400));
  const [quote4, quote6] = [long4.slice(0, 548), long6.slice(0, 1232)];
  t.deepEqual(heard(narrow, [atA(toRouter4(long4)), atA(toRouter6(long6))]), [
    [
      leaves('a.p', error4(eth0, near, 0x0304, quote4, { detail: 1400 })),
      'dropped: fragmentation-needed',
    ],
    [
      leaves('a.p', error6(eth0, near, 0x0200, quote6, { detail: 1400 })),
      'dropped: fragmentation-needed',
    ],
  ]);
});

test('R-16: packet too big never asks for less than 1,280 bytes', (t) => {
  const long6 = udp6(far, 64, counting(1000));
  t.deepEqual(heard(routerLab('', 600), [atA(toRouter6(long6))]), [
    [
      leaves('a.p', error6(eth0, near, 0x0200, long6, { detail: 1280 })),
      'dropped: fragmentation-needed',
    ],
  ]);
});

test('R-8: an error quotes as much as fits in 576 bytes, of IPv6 in 1,280', (t) => {
  const [long4, long6] = [udp4(nowhere, 64, counting(900)), udp6(nowhere, 64, counting(1300))];
  const [error, error1280] = [
    error4(eth0, near, 0x0300, long4.slice(0, 548)),
    error6(eth0, near, 0x0100, long6.slice(0, 1232)),
  ];
  t.deepEqual([error.length, error1280.length], [14 + 576, 14 + 1280]);
  t.deepEqual(heard(lab, [atA(toRouter4(long4)), atA(toRouter6(long6))]), [
    [leaves('a.p', error), 'dropped: no-route'],
    [leaves('a.p', error1280), 'dropped: no-route'],
  ]);
});

test('R-8: neither padding is quoted nor what a capture did not keep; an error with an odd number of bytes is sound as well', (t) => {
  const short = udp4(nowhere, 64, hex('6c'));
  t.is(short.length, 29);
  const long = udp4(nowhere, 64, counting(300));
  t.deepEqual(heard(lab, [atA(padded(toRouter4(short))), atA(toRouter4(long), { kept: 99 })]), [
    [leaves('a.p', error4(eth0, near, 0x0300, short)), 'dropped: no-route'],
    [leaves('a.p', error4(eth0, near, 0x0300, long.slice(0, 85), { id: 2 })), 'dropped: no-route'],
  ]);
});

test('R-8: options are a part of what is quoted', (t) => {
  const options = hex('94 04 00 00');
  const packet = packet4(near, nowhere, Protocol.Udp, udp(4, near, nowhere), { options });
  t.deepEqual(heard(lab, [atA(toRouter4(packet))]), [
    [leaves('a.p', error4(eth0, near, 0x0300, packet)), 'dropped: no-route'],
  ]);
});

test('R-9: an error comes from an address of the interface by which it leaves, not of that by which the packet came', (t) => {
  const beyond = { ...party(9, 9), mac: near.mac };
  const packet = packet4(beyond, nowhere, Protocol.Udp, udp(4, beyond, nowhere));
  const asymmetric = routerLab('routes: [{ to: 10.0.9.0/24, via: 10.0.2.9 }]');
  const to = { ...beyond, mac: far.mac };
  t.deepEqual(heard(asymmetric, [atA(toRouter4(packet))]), [
    [leaves('b.p', error4(eth1, to, 0x0300, packet)), 'dropped: no-route'],
  ]);
});

/** By which the router learns where `near` is: whoever asks for an address of its own. */
function askFor(whom: Station): Uint8Array {
  const arp = join(hex('0001 0800 06 04 0001'), near.mac, near.ip, new Uint8Array(6), whom.ip);
  return join(hex('ffffffffffff'), near.mac, hex('0806'), arp);
}

test('R-9: an interface without an address of its own speaks from the first of its host, and a host without any keeps silent', (t) => {
  const bare = (address: string) =>
    labOf(`
x-wires: { a: { ports: { p: } }, b: { ports: { p: } } }
x-hosts:
  r:
    nics:
      eth0: { wire: a, mac: "02:00:00:00:01:01" }
      eth1: { wire: b, mac: "02:00:00:00:02:01", addresses: ["${address}"] }
    routes: [{ to: 10.0.1.0/24, dev: eth0 }]
`);
  const sent = [atA(askFor(eth1)), atA(toRouter4(udp4(nowhere)))];
  t.deepEqual(heard(bare('10.0.2.1/24'), sent).at(-1), [
    leaves('a.p', error4(eth0, near, 0x0300, udp4(nowhere), { from: eth1 })),
    'dropped: no-route',
  ]);
  t.deepEqual(heard(bare('fd00:2::1/64'), sent).at(-1), ['dropped: no-route']);
});

test('R-10: errors have precedence 6, 64 hops and identifications that count up for each address', (t) => {
  const fromFar = packet4(far, nowhere, Protocol.Udp, udp(4, far, nowhere));
  const sent = [
    atA(toRouter4(udp4(nowhere))),
    atB(frame4(far, eth1, fromFar)),
    atA(toRouter4(udp4(nowhere))),
  ];
  t.deepEqual(
    heard(lab, sent).map(([first]) => first),
    [
      leaves('a.p', error4(eth0, near, 0x0300, udp4(nowhere), { id: 1 })),
      leaves('b.p', error4(eth1, far, 0x0300, fromFar, { id: 1 })),
      leaves('a.p', error4(eth0, near, 0x0300, udp4(nowhere), { id: 2 })),
    ],
  );
});

test('R-11: nothing is said about an ICMP error or a redirect, nor about what cannot be told from one; of a ping it is', (t) => {
  const quote = udp4(far);
  const silent = [0x0301, 0x0b00, 0x0c00, 0x0501, 0x0400].map((kind) => message4(kind, 0, quote));
  const cut = message4(0x0800, 0, counting(4)).slice(0, 5);
  for (const message of [...silent, cut]) {
    const packet = packet4(near, nowhere, Protocol.Icmp, message);
    t.deepEqual(heard(lab, [atA(toRouter4(packet))]), [['dropped: no-route']]);
  }
  const ping = packet4(near, nowhere, Protocol.Icmp, message4(0x0800, 0x0007_0001, counting(4)));
  t.deepEqual(heard(lab, [atA(toRouter4(ping))]), [
    [leaves('a.p', error4(eth0, near, 0x0300, ping)), 'dropped: no-route'],
  ]);
});

test('R-11: the same of ICMPv6', (t) => {
  for (const kind of [0x0100, 0x0200, 0x0301, 0x0401, 0x7f00, 0x8900]) {
    const message = message6(near, nowhere, kind, 0, counting(48));
    const packet = packet6(near, nowhere, Protocol.Icmpv6, message);
    t.deepEqual(heard(lab, [atA(toRouter6(packet))]), [['dropped: no-route']]);
  }
  const message = message6(near, nowhere, ECHO6, 1, counting(8));
  const ping = packet6(near, nowhere, Protocol.Icmpv6, message);
  t.deepEqual(heard(lab, [atA(toRouter6(ping))]), [
    [leaves('a.p', error6(eth0, near, 0x0100, ping)), 'dropped: no-route'],
  ]);
});

test('R-11: nothing is said about a later fragment; about the first it is', (t) => {
  const piece = (fragment: number): Uint8Array =>
    packet4(near, nowhere, Protocol.Udp, udp(4, near, nowhere), { fragment });
  t.deepEqual(heard(lab, [atA(toRouter4(piece(0x2001))), atA(toRouter4(piece(0x2000)))]), [
    ['dropped: no-route'],
    [leaves('a.p', error4(eth0, near, 0x0300, piece(0x2000))), 'dropped: no-route'],
  ]);
});

test('R-11: nothing is said about packets for groups or everybody, in frames for groups, or from who is not one host', (t) => {
  const from = (ip: Uint8Array): Uint8Array =>
    packet4({ ...near, ip }, nowhere, Protocol.Udp, udp(4, near, nowhere));
  for (const ip of ['7f000001', '00000000', 'e0000001', 'ffffffff', '0a000201'])
    t.deepEqual(heard(lab, [atA(toRouter4(from(hex(ip))))]), [['dropped: martian-address']], ip);
  t.deepEqual(heard(lab, [atA(toRouter4(from(hex('0a0001ff'))))]), [['dropped: no-route']]);
  const group = { ...near, ip: hex('e0000009') };
  const everybody = { ...eth0, mac: hex('ffffffffffff') };
  const silent = [
    toRouter4(udp4(group, 1)),
    toRouter4(udp4({ ...near, ip: u8(10, 0, 2, 255) }, 1)),
    frame4(near, everybody, udp4(nowhere, 1)),
  ];
  for (const frame of silent) t.deepEqual(heard(lab, [atA(frame)]), [['consumed: host-stack']]);
});

test('R-12: to one source six errors at once, then one a second; another is not affected', (t) => {
  const packet = toRouter4(udp4(nowhere));
  const other = packet4(far, nowhere, Protocol.Udp, udp(4, far, nowhere));
  const sent = [
    ...Array.from({ length: 8 }, () => atA(packet)),
    atB(frame4(far, eth1, other)),
    atA(packet, { seconds: 0.999 }),
    atA(packet, { seconds: 1 }),
    atA(packet, { seconds: 1.5 }),
  ];
  const isSaid = heard(lab, sent).map((ends) => ends.length === 2);
  t.deepEqual(isSaid.map(Number), [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0]);
});

test('R-12: what finds out the MTU of a path is not limited (Linux icmp_ratemask)', (t) => {
  const narrow = routerLab('', 1300);
  const [long4, long6] = [whole4(counting(1400)), udp6(far, 64, counting(1400))];
  const sent = Array.from({ length: 60 }, (_, i) =>
    atA(i % 2 === 0 ? toRouter4(long4) : toRouter6(long6)),
  );
  t.true(heard(narrow, sent).every((ends) => ends.length === 2));
});

test('R-12: of IPv6 more is said to who is behind a short prefix: behind a /64 one each quarter of a second', (t) => {
  const sent = Array.from({ length: 9 }, (_, i) =>
    atA(toRouter6(udp6(nowhere)), { seconds: Math.max(0, i - 6) / 4 }),
  );
  const isSaid = heard(lab, sent).map((ends) => ends.length === 2);
  t.deepEqual(isSaid.map(Number), [1, 1, 1, 1, 1, 1, 0, 1, 1]);
});

test('R-12: the host as a whole says fifty things at once', (t) => {
  const wide = routerLab('routes: [{ to: 10.1.0.0/16, via: 10.0.1.9 }]');
  const sent = Array.from({ length: 60 }, (_, i) => {
    const from = { ...near, ip: u8(10, 1, 0, i + 1) };
    return atA(toRouter4(packet4(from, nowhere, Protocol.Udp, udp(4, from, nowhere))));
  });
  t.is(heard(wide, sent).filter((ends) => ends.length === 2).length, 50);
});

test('R-13, A-4: when nobody answers for the next hop the sources of what waited hear that the host is unreachable', (t) => {
  const [packet, forwarded] = [udp4(absent), udp4(absent, 63)];
  const [packet6, forwarded6] = [udp6(absent), udp6(absent, 63)];
  const sent = [
    atA(toRouter4(packet)),
    atA(toRouter6(packet6)),
    atA(toRouter4(udp4(nowhere)), { seconds: 3 }),
  ];
  const [, , last = []] = heard(lab, sent);
  const errors = last.filter((end) => end.startsWith('a.p'));
  const expected = [
    leaves('a.p', error4(eth0, near, 0x0301, forwarded)),
    leaves('a.p', error6(eth0, near, 0x0103, forwarded6)),
    leaves('a.p', error4(eth0, near, 0x0300, udp4(nowhere), { id: 2 })),
  ];
  t.deepEqual(errors.sort(), expected.sort());
  t.deepEqual(last.slice(-2), ['dropped: neighbor-unresolved', 'dropped: no-route']);
});

test('A-4: an error that needs the very neighbor that is given up is dropped with what it is about, and all slots are free', (t) => {
  const lost = routerLab('routes: [{ to: 10.0.9.0/24, via: 10.0.2.66 }]');
  const from = { ...party(9, 9), mac: near.mac };
  const packet = packet4(from, absent, Protocol.Udp, udp(4, from, absent));
  const sent = [
    ...Array.from({ length: 3 }, () => atA(toRouter4(packet))),
    atA(hex('ffffffffffff 020000000109 88b5 00'), { seconds: 9 }),
  ];
  const last = heard(lost, sent).at(-1) ?? [];
  t.true(last.includes('dropped: neighbor-unresolved'));
  t.deepEqual(
    last.filter((end) => end.startsWith('a.p')),
    [],
  );
});

test('R-13: an error of the host itself, which nobody can be told about, is dropped in silence', (t) => {
  const from = { ...party(1, 88), mac: near.mac };
  const packet = packet4(from, nowhere, Protocol.Udp, udp(4, from, nowhere));
  const sent = [
    atA(toRouter4(packet)),
    atA(hex('ffffffffffff 020000000109 88b5 00'), { seconds: 9 }),
  ];
  const last = heard(lab, sent).at(-1) ?? [];
  t.true(last.includes('dropped: neighbor-unresolved'));
  t.true(last.filter((end) => end.startsWith('a.p')).every((end) => end.includes('0806')));
});

test('an explanation tells what the host told the sender', (t) => {
  const [asks] = known;
  const frames = [
    ['a.p', asks?.frame ?? new Uint8Array()],
    ['a.p', toRouter4(udp4(nowhere))],
  ] as const;
  t.regex(
    told(explainedFrames(lab, frames)),
    /The host told its sender so by ICMP: net unreachable\./,
  );
});

test('R-11: a priority tag around a packet changes nothing', (t) => {
  const frame = toRouter4(udp4(nowhere));
  const tagged = join(frame.slice(0, 12), u16(0x8100, 0xa000), frame.slice(12));
  t.deepEqual(heard(lab, [atA(tagged)]), [
    [leaves('a.p', error4(eth0, near, 0x0300, udp4(nowhere))), 'dropped: no-route'],
  ]);
});
