/** What a router and a host do with the options of IPv4 packets (RFC 791 §3.1; Linux ip_options.c). The time is that of the frame. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex, join, u32, u8 } from '../../pcaps/build/bytes.js';
import {
  atA,
  error4,
  eth0,
  eth1,
  far,
  frame4,
  heard,
  leaves,
  message4,
  near,
  packet4,
  routerLab,
  udp,
} from '../dataplane/routed.js';

const lab = routerLab();
/** A day, a second and a quarter after 1970 began, and what of it is told: milliseconds since midnight. */
const SECONDS = 86_401.2509;
const TIME = u32(1250);
const ZEROS = (count: number): Uint8Array => new Uint8Array(count);
const own = eth1.ip;

const packet = (options: Uint8Array, ttl = 64): Uint8Array =>
  packet4(near, far, Protocol.Udp, udp(4, near, far), { ttl, options });

/** A packet with these options comes in, and leaves with those. */
function becomes(t: ExecutionContext, came: Uint8Array, left: Uint8Array, why = ''): void {
  const frame = frame4(near, eth0, packet(came));
  t.deepEqual(
    heard(lab, [atA(frame, { seconds: SECONDS })]),
    [[leaves('b.p', frame4(eth1, far, packet(left, 63)))]],
    why,
  );
}

test('R-17: the router writes the address of the interface by which it sends a packet into its record route, where there is room', (t) => {
  const [first, second] = [u8(10, 9, 9, 1), u8(10, 9, 9, 2)];
  const route = (pointer: number, ...hops: Uint8Array[]): Uint8Array =>
    join(u8(7, 11, pointer), ...hops, u8(0));
  becomes(t, route(4, ZEROS(8)), route(8, own, ZEROS(4)), 'the first');
  becomes(t, route(8, first, ZEROS(4)), route(12, first, own), 'the last');
  becomes(t, route(12, first, second), route(12, first, second), 'there is none');
});

test('R-17: a timestamp gets the milliseconds since midnight UT, alone or behind the address', (t) => {
  const alone = (pointer: number, ...times: Uint8Array[]): Uint8Array =>
    join(u8(68, 12, pointer, 0), ...times);
  becomes(t, alone(5, ZEROS(8)), alone(9, TIME, ZEROS(4)));
  becomes(t, alone(9, u32(7), ZEROS(4)), alone(13, u32(7), TIME));
  const both = (pointer: number, ...entries: Uint8Array[]): Uint8Array =>
    join(u8(68, 12, pointer, 1), ...entries);
  becomes(t, both(5, ZEROS(8)), both(13, own, TIME));
});

test('R-17: where the addresses are named, only those of the host, any of them, get their times', (t) => {
  const named = (pointer: number, ...entries: Uint8Array[]): Uint8Array =>
    join(u8(68, 20, pointer, 3), ...entries);
  const other = join(far.ip, ZEROS(4));
  becomes(t, named(5, eth0.ip, ZEROS(4), other), named(13, eth0.ip, TIME, other));
  becomes(t, named(5, other, own, ZEROS(4)), named(5, other, own, ZEROS(4)), 'not its turn');
  becomes(t, named(21, other, other), named(21, other, other), 'full, which is nobody’s loss');
});

test('R-17: a timestamp without room counts who found none', (t) => {
  const full = (counted: number): Uint8Array => join(u8(68, 8, 9, counted << 4), u32(7));
  becomes(t, full(0), full(1));
  becomes(t, full(14), full(15));
});

test('R-17: several options are filled in at once; what is unknown, and a flag that is, stay; behind the end nothing does', (t) => {
  becomes(
    t,
    join(u8(1, 7, 7, 4), ZEROS(4), u8(30, 4, 7, 7, 68, 8, 5, 0), ZEROS(4)),
    join(u8(1, 7, 7, 8), own, u8(30, 4, 7, 7, 68, 8, 9, 0), TIME),
  );
  for (const options of [u8(1, 1, 1, 0), u8(148, 4, 0, 0), u8(30, 4, 7, 7), u8(68, 4, 5, 0x12)])
    becomes(t, options, options[0] === 68 ? u8(68, 4, 5, 0x22) : options);
  becomes(t, u8(68, 8, 5, 2, 1, 2, 3, 4), u8(68, 8, 5, 2, 1, 2, 3, 4));
  becomes(t, u8(1, 0, 7, 3), u8(1, 0, 0, 0));
});

/** Options that make no sense, and the byte of the packet with which they cease to. */
const INVALID: readonly (readonly [why: string, options: Uint8Array, pointer: number])[] = [
  ['no length', u8(1, 1, 1, 7), 23],
  ['a length of 0', u8(7, 0, 0, 0), 20],
  ['longer than the header', u8(1, 30, 4, 7), 21],
  ['a record route without a pointer', u8(7, 2, 0, 0), 21],
  ['a pointer into its own header', u8(7, 7, 3, 0, 0, 0, 0, 0), 22],
  ['room for a part of an address', u8(7, 8, 6, 0, 0, 0, 0, 0), 22],
  ['two record routes', u8(7, 3, 4, 7, 3, 4, 0, 0), 23],
  ['a timestamp without flags', u8(68, 3, 5, 0), 21],
  ['a timestamp that points at itself', u8(68, 8, 4, 0, 0, 0, 0, 0), 22],
  ['room for a part of a time', u8(68, 7, 5, 0, 0, 0, 0, 0), 22],
  ['room for an address and no time', u8(68, 8, 5, 1, 0, 0, 0, 0), 22],
  ['a full count of who found no room', u8(68, 4, 5, 0xf0), 23],
  ['two timestamps', u8(68, 4, 5, 0, 68, 4, 5, 0), 24],
  ['a router alert that does not say what for', u8(148, 2, 0, 0), 21],
  ['a source route without a pointer', u8(131, 2, 0, 0), 21],
  ['two source routes', u8(131, 3, 4, 137, 3, 4, 0, 0), 23],
];

test('R-17, R-13: of options that make no sense the sender hears where, for a packet to anybody', (t) => {
  for (const [why, options, pointer] of INVALID)
    for (const to of [far, eth0, { ...far, ip: u8(10, 7, 7, 7) }]) {
      const wrong = packet4(near, to, Protocol.Udp, udp(4, near, to), { options });
      const error = error4(eth0, near, 0x0c00, wrong, { detail: pointer << 24 });
      t.deepEqual(
        heard(lab, [atA(frame4(near, eth0, wrong))]),
        [[leaves('a.p', error), 'dropped: options-invalid']],
        `${why}, to ${to.ip.join('.')}`,
      );
    }
});

test('R-17: a packet that says by which routers it goes is dropped, also one for the host itself', (t) => {
  for (const kind of [131, 137])
    for (const to of [far, eth0]) {
      const options = u8(1, kind, 7, 4, 10, 0, 2, 9);
      const routed = packet4(near, to, Protocol.Udp, udp(4, near, to), { options });
      t.deepEqual(heard(lab, [atA(frame4(near, eth0, routed))]), [['dropped: source-routed']]);
    }
});

const DATA = hex('0102030405060708');

/** A ping to the host with these options, and what it answers; undefined: nothing. */
function answers(t: ExecutionContext, options: Uint8Array, echoed: Uint8Array | undefined): void {
  const ping = packet4(near, eth0, Protocol.Icmp, message4(0x0800, 1, DATA), { options });
  const echo =
    echoed && packet4(eth0, near, Protocol.Icmp, message4(0, 1, DATA), { options: echoed });
  for (const forward of ['', 'forward: false'])
    t.deepEqual(heard(routerLab(forward), [atA(frame4(near, eth0, ping), { seconds: SECONDS })]), [
      [...(echo ? [leaves('a.p', frame4(eth0, near, echo))] : []), 'consumed: host-stack'],
    ]);
}

test('R-17: the answer to a ping has its record route and its timestamp, in this order, filled in on the way in and on the way out', (t) => {
  answers(
    t,
    join(u8(7, 15, 4), ZEROS(12), u8(1)),
    join(u8(7, 15, 12), eth0.ip, eth0.ip, ZEROS(4), u8(0)),
  );
  answers(t, join(u8(7, 7, 4), ZEROS(4), u8(0)), join(u8(7, 7, 8), eth0.ip, u8(0)));
  answers(
    t,
    join(u8(68, 12, 5, 0), ZEROS(8), u8(7, 3, 4, 0)),
    join(u8(7, 3, 4, 68, 12, 13, 0), TIME, TIME, u8(0)),
  );
  answers(
    t,
    join(u8(68, 20, 5, 1), ZEROS(16)),
    join(u8(68, 20, 21, 1), eth0.ip, TIME, eth0.ip, TIME),
  );
  answers(
    t,
    join(u8(68, 20, 5, 3), eth0.ip, ZEROS(4), near.ip, ZEROS(4)),
    join(u8(68, 20, 13, 3), eth0.ip, TIME, near.ip, ZEROS(4)),
  );
  answers(t, u8(68, 4, 5, 0x10), u8(68, 4, 5, 0x20));
});

test('R-17: the answer has no other options, and there is none where its own entry would fit in part only', (t) => {
  answers(t, u8(148, 4, 0, 0), ZEROS(0));
  answers(t, join(u8(7, 9, 4), ZEROS(6), ZEROS(3)), undefined);
});
