/** What a table of fragments gives up, and for whom, when there is too much. */
import test from 'ava';
import { Reason } from '../../dataplane/observe/reason.js';
import { DATAGRAMS_MAX, SHARE_DATAGRAMS, TIMEOUT_NS } from '../../dataplane/state/fragments.js';
import { RANGES } from '../../dataplane/state/ranges.js';
import { SHARE_WAITING, WAITING_MAX } from '../../dataplane/state/waiting.js';
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
  words,
} from './fragment-router.js';

test('N4787-14a: a flood that never sends a first fragment holds no more than a quarter of the frames that may wait', (t) => {
  const router = new Router();
  for (let i = 0; i < 5000; i++) router.hear(datagram(i), LATER, i);
  t.is(router.held, SHARE_WAITING);
  t.true(router.fragments.size <= SHARE_DATAGRAMS);
  t.true(router.dropped.every(([, reason]) => reason === Reason.FragmentsExceeded));
  const other = datagram(1, { source: 0x0a00_0002 });
  t.is(router.hear(other, LATER, 6000), Held);
  t.is(router.hear(other, FIRST, 6000), First);
});

test('N4787-14a: a flood from everywhere holds no more than its bounds and costs nobody ports that are known', (t) => {
  const router = new Router();
  const known = Array.from({ length: SHARE_DATAGRAMS }, (_, i) => datagram(i));
  for (const it of known) router.hear(it, FIRST);
  for (let i = 0; i < 20_000; i++) {
    router.hear(datagram(i, { source: 0x0b00_0000 + i }), LATER, i);
    if (router.held > WAITING_MAX || router.fragments.size > DATAGRAMS_MAX) t.fail();
  }
  t.is(router.held, WAITING_MAX);
  for (const it of known) t.is(router.hear(it, LATER, 20_000), Known);
});

test('N4787-14a: where all ports are known and something is still to come, a new source is refused and not another given up', (t) => {
  const router = new Router();
  let sources = 0;
  while (router.fragments.size < DATAGRAMS_MAX) {
    const source = 0x0b00_0000 + sources++;
    for (let i = 0; i < 100; i++) router.hear(datagram(i, { source }), FIRST);
  }
  const stranger = datagram(1, { source: 0x0c00_0000 });
  t.is(router.hear(stranger, FIRST), -Reason.FragmentsExceeded);
  t.is(router.hear(stranger, LATER), -Reason.FragmentsExceeded);
  t.is(router.hear(stranger, LATER, TIMEOUT_NS), Held, 'until their time is up');
});

test('a source at its limit gives up its own oldest datagram, rather one whose ports are not known', (t) => {
  const router = new Router();
  router.hear(datagram(0), FIRST);
  router.hear(datagram(1), LATER);
  for (let i = 2; i <= SHARE_DATAGRAMS; i++) router.hear(datagram(i), FIRST);
  t.deepEqual(router.dropped, [[1, Reason.FragmentsExceeded]]);
  t.is(router.hear(datagram(0), LATER), Known);
  router.hear(datagram(SHARE_DATAGRAMS + 1), FIRST);
  t.is(router.fragments.size, SHARE_DATAGRAMS);
  t.is(router.hear(datagram(0), piece(16, 24)), Held, 'now there was no other');
});

test('a datagram of which too much waits is given up whole, with what is still to come', (t) => {
  const router = new Router();
  const all = pieces(SHARE_WAITING + 2);
  for (const it of all.toReversed()) router.hear(datagram(7), it);
  t.is(router.dropped.length, all.length);
  t.true(router.dropped.every(([, reason]) => reason === Reason.FragmentsExceeded));
});

test('a datagram with too many holes at a time is given up', (t) => {
  const router = new Router();
  const spread = Array.from({ length: RANGES + 1 }, (_, i) => piece(16 * i, 16 * i + 8));
  const verdicts = spread.map((it) => router.hear(datagram(7), it));
  t.is(verdicts.filter((it) => it === Known).length, RANGES - 1);
  t.is(verdicts.at(-1), -Reason.FragmentsExceeded);
  t.is(router.hear(datagram(7), LATER), -Reason.FragmentsExceeded);
});

test('who is releasing what waited keeps the row, whatever that brings to the table', (t) => {
  const router = new Router();
  const one = datagram(7, { family: 6 });
  for (const it of pieces(4).slice(1)) router.hear(one, it);
  let depth = 0;
  router.onSend = () => {
    if (depth++ > 0) return;
    for (let i = 0; i < 2 * SHARE_DATAGRAMS; i++) router.hear(datagram(i), FIRST);
    for (let i = 0; i < SHARE_WAITING; i++) router.hear(datagram(1000 + i), LATER);
    router.hear(one, piece(4 * 8, 5 * 8));
  };
  router.hear(one, FIRST);
  t.deepEqual(router.dropped.slice(-1), [[router.dropped.at(-1)?.[0], Reason.FragmentOverlap]]);
  const ports = new Set(router.sent.filter(([frame]) => frame < 4).map(([, it]) => it));
  t.deepEqual([...ports], [portsOf(one)]);
});

test('where nobody drops what was given up, no more is held', (t) => {
  const { fragments } = new Router();
  let held = 0;
  for (let i = 0; i < 5000; i++)
    if (fragments.take(i, i, 4, words(i), TARGET, UDP, 7, 8, 8, true) === Held) held++;
  t.is(held, WAITING_MAX + SHARE_WAITING);
});
