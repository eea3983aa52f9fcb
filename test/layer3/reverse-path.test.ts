/** Sources are held against the routes where a host is told to (RFC 1812 §5.3.8, RFC 3704; Linux rp_filter). */
import test from 'ava';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { told } from '../../control/cli/told.js';
import { u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import {
  atA,
  ECHO6,
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
} from '../dataplane/routed.js';
import { explainedFrames } from '../explain/told.js';

const ROUTES = 'routes: [{ to: 10.7.0.0/16, via: 10.0.1.9 }, { to: 10.8.0.0/16, type: blackhole }]';
const strict = routerLab(`rp_filter: 1\n    ${ROUTES}`);
const loose = routerLab(`rp_filter: 2\n    ${ROUTES}`);

/** Sent by `near`, as if it came from somebody else. */
const packet = (from: Station, to: Station, ttl = 64): Uint8Array =>
  packet4(from, to, Protocol.Udp, udp(4, from, to), { ttl });
const sent = (from: Station, to = far) => atA(frame4(near, eth0, packet(from, to)));
const forwarded = (from: Station): string[] => [
  leaves('b.p', frame4(eth1, far, packet(from, far, 63))),
];

/** Of wire b, of a subnet behind `near`, of nowhere, and of a blackhole. */
const astray = party(2, 50);
const behind = { ...near, ip: u8(10, 7, 0, 1) };
const unknown = { ...near, ip: u8(192, 0, 2, 1) };
const lost = { ...near, ip: u8(10, 8, 0, 1) };

test('R-6: strictly, a packet comes by the interface by which the best route leads back to its source, or is dropped in silence', (t) => {
  t.deepEqual(
    heard(
      strict,
      [near, behind, astray, unknown, lost].map((from) => sent(from)),
    ),
    [
      forwarded(near),
      forwarded(behind),
      ['dropped: reverse-path'],
      ['dropped: reverse-path'],
      ['dropped: reverse-path'],
    ],
  );
});

test('R-6: loosely, any route back will do, but for one that leads nowhere', (t) => {
  t.deepEqual(
    heard(
      loose,
      [near, behind, astray, unknown, lost].map((from) => sent(from)),
    ),
    [
      forwarded(near),
      forwarded(behind),
      forwarded(astray),
      ['dropped: reverse-path'],
      ['dropped: reverse-path'],
    ],
  );
});

test('R-6: what is for the host itself is checked as well, whether it forwards or not; IPv6 never is', (t) => {
  const ping = (from: Station): Uint8Array =>
    packet4(from, eth0, Protocol.Icmp, message4(0x0800, 1, u8(1, 2, 3, 4)));
  const echo = packet4(eth0, near, Protocol.Icmp, message4(0, 1, u8(1, 2, 3, 4)));
  const ping6 = message6(astray, eth0, ECHO6, 1, u8(1, 2, 3, 4));
  const echo6 = message6(eth0, astray, ECHO6 | 0x100, 1, u8(1, 2, 3, 4));
  for (const more of ['', '\n    forward: false']) {
    const ends = heard(routerLab(`rp_filter: 1${more}`), [
      atA(frame4(near, eth0, ping(near))),
      atA(frame4(near, eth0, ping(astray))),
      atA(frame6(near, eth0, packet6(astray, eth0, Protocol.Icmpv6, ping6))),
    ]);
    t.deepEqual(ends[0], [leaves('a.p', frame4(eth0, near, echo)), 'consumed: host-stack']);
    t.deepEqual(ends[1], ['dropped: reverse-path']);
    const answer6 = packet6(eth0, astray, Protocol.Icmpv6, echo6);
    t.deepEqual(ends[2], [leaves('a.p', frame6(eth0, near, answer6)), 'consumed: host-stack']);
  }
});

test('R-6: no route comes first, and that is said; the hop limit comes later', (t) => {
  const [nowhere, tired] = heard(strict, [
    sent(near, party(77, 9)),
    atA(frame4(near, eth0, packet(astray, far, 1))),
  ]);
  t.is(nowhere?.at(-1), 'dropped: no-route');
  t.deepEqual(tired, ['dropped: reverse-path']);
});

test('R-6: explain names the key, and the route that leads back', (t) => {
  const explain = (from: Station): string => {
    const frames = [...known, sent(from)].map(({ port, frame }) => [port, frame] as const);
    return told(explainedFrames(strict, frames));
  };
  const why =
    'because the way back to its source leads elsewhere, or nowhere, and its host checks that; rp_filter of r is 1 (lab.yaml:8) and ';
  t.true(
    explain(astray).includes(
      `${why}the way back to 10.0.2.50 is 10.0.2.0/24 dev eth1 (lab.yaml:7).`,
    ),
  );
  t.true(explain(unknown).includes(`${why}r has no route to 192.0.2.1 (lab.yaml:4).`));
});
