import test from 'ava';
import fc from 'fast-check';
import { Reason } from '../../dataplane/observe/reason.js';
import { TIMEOUT_NS } from '../../dataplane/state/fragments.js';
import { WAITING_MAX } from '../../dataplane/state/waiting.js';
import {
  datagram,
  FIRST,
  First,
  Held,
  Known,
  LATER,
  piece,
  pieces,
  portsOf,
  Router,
  TARGET,
  UDP,
  Whole,
  words,
} from './fragment-router.js';
import type { Piece } from './fragment-router.js';

test('N4787-14: fragments that follow the first have its ports, and all is forgotten with the last', (t) => {
  const router = new Router();
  const one = datagram(7);
  t.deepEqual(
    pieces(3).map((it) => router.hear(one, it)),
    [First, Known, Known],
  );
  t.deepEqual(
    router.sent,
    [0, 1, 2].map((frame) => [frame, portsOf(one)]),
  );
  t.is(router.fragments.size, 0);
  t.is(router.hear(one, LATER), Held, 'the next datagram of this number begins anew');
});

test('N4787-14: fragments that come before the first wait, and follow it in the order in which they came', (t) => {
  const router = new Router();
  const one = datagram(7);
  const [a, b, c, d] = pieces(4);
  const verdicts = [d, b, a, c].map((it) => router.hear(one, it ?? FIRST));
  t.deepEqual(verdicts, [Held, Held, First, Known]);
  t.deepEqual(router.sentFrames, [2, 0, 1, 3]);
  t.deepEqual([router.fragments.size, router.fragments.due], [0, Infinity]);
});

test('N4787-14: where the first comes last, the datagram is forgotten when all that waited has gone on', (t) => {
  const router = new Router();
  const sizes: number[] = [];
  router.onSend = () => sizes.push(router.fragments.size);
  for (const it of pieces(3).reverse()) router.hear(datagram(7), it);
  t.deepEqual(router.sentFrames, [2, 0, 1]);
  t.deepEqual(sizes, [1, 1, 1]);
  t.is(router.fragments.size, 0);
});

test('what the caller says of the first fragment is there for the others', (t) => {
  const { fragments } = new Router();
  const take = (it: Piece): number =>
    fragments.take(0, 0, 6, words(1), TARGET, 0, 9, it.from, it.to - it.from, it.more);
  t.is(take(FIRST), First);
  fragments.settle(fragments.row, 0x8000_0001 | 0, UDP, 42);
  t.is(fragments.takeWaiting(fragments.row), -1);
  t.is(take(piece(8, 9, false)), Known);
  const { row, ports, facts, identification } = fragments;
  t.deepEqual([ports[row], facts[row], identification[row]], [0x8000_0001 | 0, UDP, 42]);
});

test('N7857-10: datagrams of one identification are not mixed if source, protocol or family differ', (t) => {
  const router = new Router();
  const alike = [
    datagram(7),
    datagram(7, { source: 0x0a00_0002 }),
    datagram(7, { protocol: 6 }),
    datagram(7, { family: 6 }),
    datagram(0x1_0007, { family: 6 }),
  ];
  for (const it of alike) router.hear(it, LATER);
  for (const it of alike.toReversed()) router.hear(it, FIRST);
  t.deepEqual(
    router.sent.filter(([frame]) => frame < alike.length).map(([, ports]) => ports),
    alike.toReversed().map(portsOf),
  );
  t.is(router.held, 0);
});

test('R-15: what has come before is dropped alone, whether it waits or went on', (t) => {
  const router = new Router();
  for (const family of [4, 6] as const) {
    const one = datagram(7, { family });
    t.is(router.hear(one, LATER), Held);
    t.is(router.hear(one, LATER), -Reason.FragmentDuplicate);
    t.is(router.hear(one, FIRST), First);
    t.is(router.hear(one, FIRST), -Reason.FragmentDuplicate);
    t.is(router.hear(one, piece(0, 16)), -Reason.FragmentDuplicate, 'the two in one');
    t.is(router.hear(one, piece(16, 20, false)), Known);
  }
  t.is(router.fragments.size, 0);
});

test('R-15: of IPv4 the fragment that overlaps an earlier one is dropped, and the others go on', (t) => {
  const router = new Router();
  const one = datagram(7);
  t.is(router.hear(one, piece(16, 32)), Held);
  t.is(router.hear(one, piece(8, 24)), -Reason.FragmentOverlap);
  t.is(router.hear(one, piece(24, 40)), -Reason.FragmentOverlap);
  t.is(router.hear(one, piece(8, 40)), -Reason.FragmentOverlap);
  t.is(router.hear(one, piece(0, 24)), -Reason.FragmentOverlap);
  t.is(router.hear(one, piece(0, 16)), First);
  t.is(router.hear(one, piece(32, 33, false)), Known);
  t.deepEqual(router.sentFrames, [5, 0, 6]);
  t.is(router.fragments.size, 0);
});

test('R-15: an overlap spoils the whole IPv6 datagram: what waits of it, and what is still to come', (t) => {
  const router = new Router();
  const one = datagram(7, { family: 6 });
  for (const it of [piece(16, 32), piece(40, 48), piece(8, 24), piece(0, 8), piece(48, 50, false)])
    router.hear(one, it, 1);
  t.deepEqual(
    router.dropped,
    [0, 1, 2, 3, 4].map((frame) => [frame, Reason.FragmentOverlap]),
  );
  t.is(router.fragments.due, Infinity, 'nothing waits any more');
  router.hear(one, FIRST, TIMEOUT_NS);
  t.is(router.sent.length, 0, 'it is still spoiled');
  t.is(router.hear(one, FIRST, 1 + TIMEOUT_NS), First, 'it is not for ever');
});

test('R-15: a datagram has one end, and nothing behind it', (t) => {
  const router = new Router();
  const one = datagram(7);
  t.is(router.hear(one, piece(16, 24)), Held);
  t.is(router.hear(one, piece(8, 12, false)), -Reason.FragmentOverlap, 'before what has come');
  t.is(router.hear(one, piece(40, 44, false)), Held);
  t.is(router.hear(one, piece(32, 36, false)), -Reason.FragmentOverlap, 'another end');
  t.is(router.hear(one, piece(48, 52, false)), -Reason.FragmentOverlap, 'another end');
  t.is(router.hear(one, piece(48, 56)), -Reason.FragmentOverlap, 'behind the end');
  t.is(router.hear(one, piece(40, 44, false)), -Reason.FragmentDuplicate);
  const other = datagram(8, { family: 6 });
  t.is(router.hear(other, piece(8, 16, false)), Held);
  t.is(router.hear(other, LATER), -Reason.FragmentOverlap, 'an end that more follows');
  t.is(router.hear(other, FIRST), -Reason.FragmentOverlap);
});

test('R-15: no datagram is longer than 65,535 bytes, of IPv4 with its header', (t) => {
  const router = new Router();
  const six = datagram(7, { family: 6 });
  t.is(router.hear(datagram(7), piece(65_512, 65_516, false)), -Reason.FragmentTooLong);
  t.is(router.hear(datagram(7), piece(65_512, 65_515, false)), Held);
  t.is(router.hear(six, piece(65_528, 65_536)), -Reason.FragmentTooLong);
  t.is(router.hear(six, piece(65_528, 65_535, false)), Held);
});

test('R-15: a fragment that carries nothing, or ends within a unit without being the last, is none', (t) => {
  const router = new Router();
  t.is(router.hear(datagram(7), piece(8, 8, false)), -Reason.FragmentBadLength);
  t.is(router.hear(datagram(7), piece(0, 0)), -Reason.FragmentBadLength);
  t.is(router.hear(datagram(7), piece(8, 15)), -Reason.FragmentBadLength);
  t.is(router.fragments.size, 0);
});

test('R-15: an atomic fragment is treated alone, whatever else has its identification', (t) => {
  const router = new Router();
  const one = datagram(7, { family: 6 });
  t.is(router.hear(one, LATER), Held);
  t.is(router.hear(one, piece(0, 12, false)), Whole);
  t.is(router.hear(one, FIRST), First);
  t.deepEqual(router.sentFrames, [1, 2, 0]);
});

test('R-15, R-13: what waits is dropped 30 seconds after the first of it came, to the tick; its first fragment never came, so nobody is told', (t) => {
  const router = new Router();
  router.hear(datagram(7), LATER, 5);
  router.hear(datagram(8), LATER, 6);
  router.hear(datagram(7), piece(16, 24), 7);
  t.is(router.fragments.due, 5 + TIMEOUT_NS);
  router.expire(4 + TIMEOUT_NS);
  t.is(router.held, 3);
  router.expire(5 + TIMEOUT_NS);
  t.deepEqual(router.dropped, [
    [0, Reason.FragmentTimeout],
    [2, Reason.FragmentTimeout],
  ]);
  t.is(router.fragments.due, 6 + TIMEOUT_NS);
  t.is(router.hear(datagram(8), FIRST, 6 + TIMEOUT_NS), First, 'a fragment sees that it is late');
  t.deepEqual(router.dropped.at(-1), [1, Reason.FragmentTimeout]);
  t.is(router.fragments.due, Infinity);
});

test('R-15: ports are known for 30 seconds, to the tick, and nothing has to happen when they no longer are', (t) => {
  const router = new Router();
  router.hear(datagram(7), LATER, 0);
  router.hear(datagram(8), FIRST, 1);
  router.hear(datagram(7), FIRST, 2);
  t.is(router.fragments.due, Infinity);
  t.is(router.hear(datagram(7), piece(16, 24), TIMEOUT_NS - 1), Known);
  t.is(router.hear(datagram(7), piece(24, 32), TIMEOUT_NS), Held);
  t.is(router.hear(datagram(8), LATER, TIMEOUT_NS), Known);
  router.expire(1 + TIMEOUT_NS);
  t.is(router.fragments.size, 1);
});

test('what becomes of the first fragment becomes of all: none goes on without it, for the same reason', (t) => {
  const router = new Router();
  router.refuses = Reason.NoRoute;
  for (const it of [LATER, FIRST, piece(16, 24)]) router.hear(datagram(7), it);
  t.deepEqual(router.dropped.map(([, reason]) => reason), Array(3).fill(Reason.NoRoute)); // prettier-ignore
  router.hear(datagram(7), piece(24, 25, false));
  router.hear(datagram(8), piece(8, 9, false));
  router.hear(datagram(8), FIRST);
  t.is(router.fragments.size, 1, 'a datagram that was there whole is forgotten');
});

/** A datagram in pieces cut at random places, ends included. */
const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 7 });
const cutDatagram = fc.record({ cuts, family: fc.constantFrom(4 as const, 6 as const) });

test('N4787-14, N3022-6.3: datagrams cut anywhere, in any order, mixed: every fragment goes on once, with the ports of its own', (t) => {
  const many = fc.array(cutDatagram, { minLength: 1, maxLength: 6 }).chain((datagrams) => {
    const all = datagrams.flatMap(({ cuts, family }, i) => {
      const of = datagram(i % 2, { family, source: 0x0a00_0000 + i });
      const places = [0, ...cuts.toSorted((a, b) => a - b).map((it) => 8 * it), 8000 + i + 1];
      return places.slice(1).map((to, at) => ({ of, it: piece(places[at] ?? 0, to, to <= 8000) }));
    });
    return fc.shuffledSubarray(all, { minLength: all.length });
  });
  fc.assert(
    fc.property(many, (shuffled) => {
      const router = new Router();
      for (const [tick, { of, it }] of shuffled.entries()) router.hear(of, it, tick);
      const right = router.sent.every(([frame, ports]) => {
        const of = shuffled[frame]?.of;
        return of !== undefined && portsOf(of) === ports;
      });
      return right && router.sent.length === shuffled.length && router.fragments.size === 0;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

/** Any fragment of few datagrams, true or false, soon after the one before it or long after. */
const anything = fc.record({
  of: fc.record({
    family: fc.constantFrom(4 as const, 6 as const),
    source: fc.integer({ min: 1, max: 3 }),
    protocol: fc.constant(UDP),
    identification: fc.integer({ min: 0, max: 5 }),
  }),
  from: fc.integer({ min: 0, max: 12 }),
  units: fc.integer({ min: 1, max: 4 }),
  more: fc.boolean(),
  after: fc.oneof({ weight: 20, arbitrary: fc.nat(1000) }, fc.nat(2 * TIMEOUT_NS)),
});

test('R-15: whatever comes, a frame is sent or dropped once, and its ports are right', (t) => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 300 }), (heard) => {
      const router = new Router();
      let tick = 0;
      for (const { of, from, units, more, after } of heard) {
        router.hear(of, piece(8 * from, 8 * (from + units), more), (tick += after));
        if (router.held < 0 || router.held > WAITING_MAX) return false;
        if (router.held > 0 && router.fragments.due > tick + TIMEOUT_NS) return false;
      }
      router.expire(tick + TIMEOUT_NS);
      const ends = [...router.sent, ...router.dropped].map(([frame]) => frame);
      const right = router.sent.every(([frame, ports]) => {
        const of = heard[frame]?.of;
        return of !== undefined && portsOf(of) === ports;
      });
      return right && ends.length === heard.length && new Set(ends).size === heard.length;
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('R-15: while a datagram is known, no byte of it goes on twice', (t) => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 300 }), (heard) => {
      const router = new Router();
      // Without an end no datagram is ever complete, and begins anew.
      for (const { of, from, units } of heard) router.hear(of, piece(8 * from, 8 * (from + units)));
      const sent = heard.filter((_, frame) => router.sentFrames.includes(frame));
      const units = sent.flatMap(({ of, from, units }) =>
        Array.from({ length: units }, (_, i) => `${portsOf(of)} ${from + i}`),
      );
      return new Set(units).size === units.length;
    }),
  );
  t.pass();
});
