/** A plain router: what it forwards, and what it does not (RFC 1812 §5). How it complains: test/dataplane/complaints.test.ts. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex, join, u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import {
  atA,
  atB,
  eth0,
  eth1,
  far,
  frame4,
  frame6,
  heard,
  leaves,
  near,
  packet4,
  packet6,
  party,
  routerLab,
  udp,
} from '../dataplane/routed.js';

const lab = routerLab();

const datagram = (to: Station, from = near): Uint8Array => udp(4, from, to);
const packet = (
  to: Station,
  ttl = 64,
  from = near,
  options: Uint8Array = new Uint8Array(),
): Uint8Array => packet4(from, to, Protocol.Udp, datagram(to, from), { ttl, options });

function drops(t: ExecutionContext, frame: Uint8Array, reason: string, why: string): void {
  t.deepEqual(heard(lab, [atA(frame)]), [[reason]], why);
}

test('R-2, R-18: a router takes one from the hop limit, and mends the checksum of the header', (t) => {
  const packet6Of = (hops: number): Uint8Array =>
    packet6(near, far, Protocol.Udp, udp(6, near, far), hops);
  const sent = [atA(frame4(near, eth0, packet(far))), atA(frame6(near, eth0, packet6Of(64)))];
  t.deepEqual(heard(lab, sent), [
    [leaves('b.p', frame4(eth1, far, packet(far, 63)))],
    [leaves('b.p', frame6(eth1, far, packet6Of(63)))],
  ]);
});

test('R-3: a packet for one host in a frame for many is not forwarded', (t) => {
  for (const mac of ['ffffffffffff', '01005e000001'])
    t.deepEqual(
      heard(lab, [atA(frame4(near, { ...eth0, mac: hex(mac) }, packet(far)))]),
      [['consumed: host-stack']],
      mac,
    );
});

test('R-4: broadcasts are not forwarded, neither limited ones nor those directed to another subnet', (t) => {
  for (const ip of [u8(255, 255, 255, 255), u8(10, 0, 2, 255), u8(10, 0, 2, 0)])
    t.deepEqual(
      heard(lab, [atA(frame4(near, eth0, packet({ ...far, ip })))]),
      [['consumed: host-stack']],
      ip.join('.'),
    );
});

test('R-5: packets from and to addresses that no network has are dropped', (t) => {
  const sources = [u8(0, 0, 0, 9), u8(127, 0, 0, 1), u8(224, 0, 0, 1), u8(240, 0, 0, 1)];
  for (const ip of [...sources, u8(255, 255, 255, 255), eth1.ip])
    drops(
      t,
      frame4(near, eth0, packet(far, 64, { ...near, ip })),
      'dropped: martian-address',
      `from ${ip.join('.')}`,
    );
  for (const ip of [u8(0, 0, 0, 9), u8(127, 0, 0, 1), u8(240, 0, 0, 1)])
    drops(
      t,
      frame4(near, eth0, packet({ ...far, ip })),
      'dropped: martian-address',
      `to ${ip.join('.')}`,
    );
});

test('R-5: an IPv6 packet with an address of its link alone stays there', (t) => {
  const linkLocal = join(hex('fe80'), new Uint8Array(13), u8(9));
  const from = { ...near, ip6: linkLocal };
  const sent = packet6(from, far, Protocol.Udp, udp(6, from, far));
  drops(t, frame6(near, eth0, sent), 'dropped: martian-address', 'from fe80::9');
});

test('R-6: where the way back leads is not asked by default: from a source behind another interface a packet is forwarded all the same, as Linux does unless it is told otherwise', (t) => {
  const astray = party(2, 50);
  const from = { ...astray, mac: near.mac };
  const sent = [
    atA(frame4(from, eth0, packet(far, 64, astray))),
    atA(frame6(from, eth0, packet6(astray, far, Protocol.Udp, udp(6, astray, far)))),
  ];
  t.deepEqual(heard(lab, sent), [
    [leaves('b.p', frame4(eth1, far, packet(far, 63, astray)))],
    [leaves('b.p', frame6(eth1, far, packet6(astray, far, Protocol.Udp, udp(6, astray, far), 63)))],
  ]);
});

test('R-14: the longest prefix decides, and a blackhole, an unreachable and a prohibited one differ only in what the sender hears', (t) => {
  const special = routerLab(
    'routes: [{ to: 10.9.0.0/16, via: 10.0.2.9 }, { to: 10.9.9.0/24, type: blackhole }, { to: 10.9.9.9/32, via: 10.0.2.9 }]',
  );
  const to = (...ip: [number, number, number, number]): Station => ({ ...far, ip: u8(...ip) });
  const ends = heard(
    special,
    [to(10, 9, 1, 1), to(10, 9, 9, 1), to(10, 9, 9, 9)].map((station) =>
      atA(frame4(near, eth0, packet(station))),
    ),
  );
  t.deepEqual(ends, [
    [leaves('b.p', frame4(eth1, far, packet(to(10, 9, 1, 1), 63)))],
    ['dropped: route-blackhole'],
    [leaves('b.p', frame4(eth1, far, packet(to(10, 9, 9, 9), 63)))],
  ]);
});

test('R-14: of routes to one subnet the one with the lowest metric counts, wherever it stands', (t) => {
  const lines = [
    '{ to: 10.9.0.0/16, via: 10.0.1.9, metric: 20 }',
    '{ to: 10.9.0.0/16, via: 10.0.2.9, metric: 10 }',
    '{ to: "fd09::/16", via: "fd00:1::9" }',
    '{ to: "fd09::/16", via: "fd00:2::9", metric: 1023 }',
    '{ to: "fd08::/16", via: "fd00:2::9" }',
    '{ to: "fd08::/16", via: "fd00:1::9", metric: 1025 }',
  ];
  const to4 = { ...far, ip: u8(10, 9, 1, 1) };
  const to6 = (first: string): Station => ({ ...far, ip6: join(hex(first), new Uint8Array(14)) });
  const packet6Of = (to: Station, hops: number): Uint8Array =>
    packet6(near, to, Protocol.Udp, udp(6, near, to), hops);
  for (const written of [lines, lines.toReversed()]) {
    const metrics = routerLab(`routes: [${written.join(', ')}]`);
    const sent = [
      atA(frame4(near, eth0, packet(to4))),
      ...[to6('fd09'), to6('fd08')].map((to) => atA(frame6(near, eth0, packet6Of(to, 64)))),
    ];
    t.deepEqual(heard(metrics, sent), [
      [leaves('b.p', frame4(eth1, far, packet(to4, 63)))],
      [leaves('b.p', frame6(eth1, far, packet6Of(to6('fd09'), 63)))],
      [leaves('b.p', frame6(eth1, far, packet6Of(to6('fd08'), 63)))],
    ]);
  }
});

test('a host that does not forward keeps what is not for it', (t) => {
  const silent = routerLab('forward: false');
  t.deepEqual(heard(silent, [atB(frame4(far, eth1, packet(near, 64, far)))]), [
    ['consumed: host-stack'],
  ]);
});
