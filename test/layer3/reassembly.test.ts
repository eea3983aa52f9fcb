/** A host puts together what is for itself, and answers it (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722, RFC 6946; Linux ip_fragment.c, reassembly.c). */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Compiled } from '../../control/compile/compile.js';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { counting, hex, join, u16, u32, u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
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
  leaves,
  message4,
  message6,
  near,
  packet4,
  packet6,
  routerLab,
  sealed,
  udp,
} from '../dataplane/routed.js';

const FRAGMENT6 = 44;
const HEARD = 'consumed: host-stack';
const ID = 7;

/** A host that only routes, one that tracks connections, and one that forwards nothing. */
const tracking = routerLab(`forward: true
x-nat: { r: { rules: [{ snat: 10.0.1.0/24, out: eth1, to: masquerade }] } }`);
const LABS: readonly (readonly [name: string, lab: Compiled])[] = [
  ['plain', routerLab()],
  ['tracking', tracking],
  ['not forwarding', routerLab('forward: false')],
];
const [[, plain]] = LABS as [readonly [string, Compiled]];

type Family = 4 | 6;

/** The fragments of a payload, each of `bytes` but for the last. */
function piecesOf(
  family: Family,
  from: Station,
  to: Station,
  protocol: number,
  payload: Uint8Array,
  bytes: number,
  id = ID,
): Uint8Array[] {
  const count = Math.ceil(payload.length / bytes);
  return Array.from({ length: count }, (_, i) => {
    const part = payload.slice(i * bytes, (i + 1) * bytes);
    const more = i < count - 1 ? 1 : 0;
    return family === 4
      ? packet4(from, to, protocol, part, { id, fragment: (more << 13) | ((i * bytes) >> 3) })
      : packet6(from, to, FRAGMENT6, join(u8(protocol, 0), u16((i * bytes) | more), u32(id), part));
  });
}

const frame = (family: Family, from: Station, to: Station, packet: Uint8Array): Uint8Array =>
  family === 4 ? frame4(from, to, packet) : frame6(from, to, packet);
const sent = (family: Family, packet: Uint8Array, seconds = 0) =>
  atA(frame(family, near, eth0, packet), { seconds });

const protocolOf = (family: Family): Protocol => (family === 4 ? Protocol.Icmp : Protocol.Icmpv6);
function ping(family: Family, data: Uint8Array): Uint8Array {
  return family === 4 ? message4(0x0800, 1, data) : message6(near, eth0, ECHO6, 1, data);
}
function echo(family: Family, data: Uint8Array): Uint8Array {
  return family === 4
    ? message4(0, 1, data)
    : message6(eth0, near, Icmpv6Type.EchoReply << 8, 1, data);
}
/** What the host answers in one piece. */
function answered(family: Family, data: Uint8Array): string {
  const message = echo(family, data);
  const packet =
    family === 4
      ? packet4(eth0, near, Protocol.Icmp, message)
      : packet6(eth0, near, Protocol.Icmpv6, message);
  return leaves('a.p', frame(family, eth0, near, packet));
}
const pieces = (family: Family, data: Uint8Array, bytes: number, id = ID): Uint8Array[] =>
  piecesOf(family, near, eth0, protocolOf(family), ping(family, data), bytes, id);

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** Which of the frames that came brought an answer, and that. */
const answersIn = (ends: string[][]): string[] =>
  ends.flat().filter((end) => end.startsWith('a.p'));

for (const family of [4, 6] as const)
  for (const [name, lab] of LABS)
    test(`R-15: IPv${family}, ${name}: a ping in fragments is answered when the last of them is there, in whatever order they come`, (t) => {
      const data = counting(50);
      for (const order of ORDERS) {
        const parts = pieces(family, data, 24);
        t.is(parts.length, 3);
        const ends = heard(
          lab,
          order.map((i) => sent(family, parts[i] ?? u8())),
        );
        t.deepEqual(answersIn(ends), [answered(family, data)], order.join(' '));
        const last = ends.at(-1) ?? [];
        t.deepEqual(last.at(-1), HEARD, order.join(' '));
        t.is(last.length, 2, 'the last brought it');
      }
    });

test('R-15: what has come before is ignored, and what was answered may come again', (t) => {
  for (const family of [4, 6] as const) {
    const data = counting(30);
    const [first = u8(), last = u8()] = pieces(family, data, 24);
    const twice = [first, first, last, last, first].map((one) => sent(family, one));
    const answer = [answered(family, data), HEARD];
    const [again] = family === 4 ? heard(plain, twice).slice(4) : [undefined];
    t.deepEqual(heard(plain, twice).slice(0, 4), [[HEARD], [HEARD], answer, [HEARD]]);
    if (again) t.is(again.length, 2, 'the identification has grown');
  }
});

test('R-15: fragments that overlap give the datagram up, and so does one that contradicts its end', (t) => {
  for (const family of [4, 6] as const) {
    const message = ping(family, counting(40));
    const at = (offset: number, bytes: number, more: boolean): Uint8Array => {
      const part = message.slice(offset, offset + bytes);
      const bit = more ? 1 : 0;
      return family === 4
        ? packet4(near, eth0, Protocol.Icmp, part, {
            id: ID,
            fragment: (bit << 13) | (offset >> 3),
          })
        : packet6(
            near,
            eth0,
            FRAGMENT6,
            join(u8(Protocol.Icmpv6, 0), u16(offset | bit), u32(ID), part),
          );
    };
    const rests = [
      [at(0, 24, true), at(16, 16, true), at(24, 24, false)],
      [at(0, 24, true), at(24, 16, false), at(24, 24, false)],
      [at(0, 24, true), at(24, 20, true), at(24, 24, false)],
    ];
    for (const rest of rests) {
      const ends = heard(
        plain,
        rest.map((one) => sent(family, one)),
      );
      t.deepEqual(ends, [[HEARD], [HEARD], [HEARD]]);
    }
  }
});

for (const [name, lab] of LABS)
  test(`R-15: ${name}: the answer to a ping that is longer than the link takes leaves in fragments itself`, (t) => {
    const data = counting(4000);
    for (const family of [4, 6] as const) {
      const headers = family === 4 ? 20 : 48;
      const most = (1500 - headers) & ~7;
      const parts = pieces(family, data, most);
      t.is(parts.length, 3);
      const ends = heard(
        lab,
        parts.map((one) => sent(family, one)),
      );
      const wanted = piecesOf(family, eth0, near, protocolOf(family), echo(family, data), most, 1);
      t.deepEqual(
        answersIn(ends),
        wanted.map((one) => leaves('a.p', frame(family, eth0, near, one))),
      );
    }
  });

test('R-15: the longest ping there can be is answered; one whose checksum is wrong is not, however long', (t) => {
  for (const family of [4, 6] as const) {
    const data = counting(65_535 - 8 - (family === 4 ? 20 : 0));
    const most = (1500 - (family === 4 ? 20 : 48)) & ~7;
    const parts = pieces(family, data, most);
    const answers = answersIn(
      heard(
        plain,
        parts.map((one) => sent(family, one)),
      ),
    );
    const wanted = piecesOf(family, eth0, near, protocolOf(family), echo(family, data), most, 1);
    t.deepEqual(
      answers,
      wanted.map((one) => leaves('a.p', frame(family, eth0, near, one))),
    );
    const [first = u8(), ...rest] = pieces(family, counting(4000), most);
    const damaged = first.with(first.length - 1, (first.at(-1) ?? 0) ^ 1);
    const ends = heard(
      plain,
      [damaged, ...rest].map((one) => sent(family, one)),
    );
    t.deepEqual(answersIn(ends), []);
  }
});

test('R-15, R-13: a datagram in fragments for a port where nobody listens is refused as a whole', (t) => {
  for (const family of [4, 6] as const) {
    const data = udp(family, near, eth0, counting(60));
    const whole =
      family === 4
        ? packet4(near, eth0, Protocol.Udp, data, { id: ID })
        : packet6(near, eth0, Protocol.Udp, data);
    const error =
      family === 4 ? error4(eth0, near, 0x0303, whole) : error6(eth0, near, 0x0104, whole);
    const parts = piecesOf(family, near, eth0, Protocol.Udp, data, 32);
    for (const lab of [plain, tracking])
      t.deepEqual(
        answersIn(
          heard(
            lab,
            parts.map((one) => sent(family, one)),
          ),
        ),
        [leaves('a.p', error)],
      );
  }
});

test('R-15: of a datagram that is longer than a frame can be the beginning is quoted', (t) => {
  const data = udp(4, near, eth0, counting(4000));
  const whole = packet4(near, eth0, Protocol.Udp, data, { id: ID });
  const parts = piecesOf(4, near, eth0, Protocol.Udp, data, 1480);
  t.deepEqual(
    answersIn(
      heard(
        plain,
        parts.map((one) => sent(4, one)),
      ),
    ),
    [leaves('a.p', error4(eth0, near, 0x0303, whole.slice(0, 548)))],
  );
});

test('R-15, R-13: what is not whole in time is given up: its sender hears that the time is exceeded if the first fragment came, after 30 s, of IPv6 60 s', (t) => {
  for (const [family, seconds] of [
    [4, 30],
    [6, 60],
  ] as const) {
    const [first = u8(), , last = u8()] = pieces(family, counting(50), 24);
    const error =
      family === 4 ? error4(eth0, near, 0x0b01, first) : error6(eth0, near, 0x0301, first);
    const later = (at: number) =>
      atB(frame4(far, eth1, packet4(far, eth1, Protocol.Igmp, hex('11000000'))), { seconds: at });
    for (const lab of [plain, tracking]) {
      const [, , before, after] = heard(lab, [
        sent(family, first),
        sent(family, last, 1),
        later(seconds - 0.001),
        later(seconds),
      ]);
      t.deepEqual(before, [HEARD]);
      t.deepEqual(after, [leaves('a.p', error), HEARD]);
    }
    const [, silent] = heard(plain, [sent(family, last), later(61)]);
    t.deepEqual(silent, [HEARD], 'the first never came');
  }
});

test('R-15: what comes after its time begins a datagram of its own', (t) => {
  const [first = u8(), last = u8()] = pieces(4, counting(30), 24);
  const ends = heard(plain, [sent(4, last), sent(4, first, 31), sent(4, last, 32)]);
  t.deepEqual(ends, [[HEARD], [HEARD], [answered(4, counting(30)), HEARD]]);
});

test('R-15: an atomic fragment is whole, whatever else has come of its number', (t) => {
  const data = counting(16);
  const [first = u8(), last = u8()] = pieces(6, counting(30), 24);
  const [atomic = u8()] = pieces(6, data, 100);
  const ends = heard(
    plain,
    [first, atomic, last].map((one) => sent(6, one)),
  );
  t.deepEqual(ends, [[HEARD], [answered(6, data), HEARD], [answered(6, counting(30)), HEARD]]);
});

/** Eight datagrams are put together at a time. */
test('R-15: fragments of many datagrams take no more than their share: one more is lost until others are whole', (t) => {
  const parts = Array.from({ length: 9 }, (_, i) => pieces(4, counting(30), 24, 100 + i));
  const firsts = parts.map(([first = u8()]) => sent(4, first));
  const rest = (i: number) => sent(4, parts[i]?.[1] ?? u8());
  const ends = heard(plain, [...firsts, rest(8), rest(0), sent(4, parts[8]?.[0] ?? u8()), rest(8)]);
  t.deepEqual(
    ends.slice(9).map((one) => one.length - 1),
    [0, 1, 0, 1],
  );
});

function isIgnored(t: ExecutionContext, packet: Uint8Array, why: string): void {
  t.deepEqual(heard(plain, [sent(4, packet)]), [[HEARD]], why);
}

test('R-15: neither fragments to everybody nor such as end behind the longest datagram are put together', (t) => {
  const everybody = { ...eth0, ip: u8(10, 0, 1, 255) };
  for (const part of piecesOf(4, near, everybody, Protocol.Icmp, ping(4, counting(30)), 24))
    isIgnored(t, part, 'to everybody');
  isIgnored(
    t,
    packet4(near, eth0, Protocol.Icmp, counting(24), { id: ID, fragment: 0x1fff }),
    'too far',
  );
});

test('R-15: a reset answers a segment in fragments', (t) => {
  const segment = join(u16(5000, 7), u32(1, 0), u16(0x5002, 0), u32(0), counting(30));
  const data = sealed(4, near, eth0, Protocol.Tcp, segment, 16);
  const ends = heard(
    plain,
    piecesOf(4, near, eth0, Protocol.Tcp, data, 24).map((one) => sent(4, one)),
  );
  t.is(answersIn(ends).length, 1);
  t.regex(answersIn(ends)[0] ?? '', /0a0001010a000109000713880000000000000020501400/);
});
