/** The SYNs that wait at a host: how many, how long, and which of them have been answered. */
import test from 'ava';
import { PATIENCE_NS, SYNS_MAX, UnsolicitedSyns } from '../../dataplane/state/unsolicited.js';

const HERE = Int32Array.of(0, 0, 0, 1);
const THERE = Int32Array.of(0, 0, 0, 2);
const IFACE = 3;

function table(): { readonly syns: UnsolicitedSyns; readonly dues: Float64Array } {
  const dues = new Float64Array(2).fill(Infinity);
  return { syns: new UnsolicitedSyns(dues, 1), dues };
}

test('N5382-4: no more SYNs wait than there is room for; each waits 6 s, and then its place is free', (t) => {
  const { syns, dues } = table();
  for (let i = 0; i < 3 * SYNS_MAX; i++) {
    const tick = i;
    if (i >= SYNS_MAX) {
      t.false(syns.hold(i, tick, THERE, HERE, i, IFACE), 'all places are taken');
      t.is(syns.take(i - SYNS_MAX + PATIENCE_NS - 1), -1, 'it has not waited long enough');
      t.is(syns.take(i - SYNS_MAX + PATIENCE_NS), i - SYNS_MAX, 'who came first is first');
      t.is(syns.iface, IFACE);
    }
    t.true(syns.hold(i, tick, THERE, HERE, i, IFACE));
    t.is(dues[1], Math.max(0, i - SYNS_MAX + 1) + PATIENCE_NS);
  }
  t.is(dues[0], Infinity, 'that is not its own');
  while (syns.take(Infinity) >= 0);
  t.is(dues[1], Infinity);
});

test('N5382-4: of one connection one SYN waits, whatever else is the same', (t) => {
  const { syns } = table();
  t.true(syns.hold(0, 0, THERE, HERE, 7, IFACE));
  t.false(syns.hold(1, 1, THERE, HERE, 7, IFACE));
  t.true(syns.hold(1, 1, HERE, THERE, 7, IFACE));
  t.true(syns.hold(2, 1, THERE, HERE, 8, IFACE));
  t.true(syns.hold(3, 1, Int32Array.of(1, 0, 0, 2), HERE, 7, IFACE));
});

test('N5382-4: only the SYN of the connection that the inside opens is answered', (t) => {
  const { syns } = table();
  for (const frame of [0, 1, 2]) syns.hold(frame, 0, THERE, HERE, frame, IFACE);
  syns.answer(THERE, HERE, 1);
  syns.answer(HERE, THERE, 2);
  const answered = [0, 1, 2].map(() => [syns.take(PATIENCE_NS), syns.isAnswered]);
  t.deepEqual(answered, [
    [0, false],
    [1, true],
    [2, false],
  ]);
  syns.hold(5, PATIENCE_NS, THERE, HERE, 1, IFACE);
  t.deepEqual([syns.take(Infinity), syns.isAnswered], [5, false], 'it begins anew');
});
