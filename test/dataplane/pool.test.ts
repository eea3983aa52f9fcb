import test from 'ava';
import { Frames, HEADROOM } from '../../dataplane/frame/frames.js';

test('a pool gives each slot once until it comes back, and then none', (t) => {
  const frames = new Frames(4, 1500);
  const claimed = [frames.claim(), frames.claim(), frames.claim(), frames.claim()];
  t.deepEqual([...claimed].sort(), [0, 1, 2, 3]);
  t.is(frames.claim(), -1);
  t.is(frames.claimed, 4);
  frames.release(2);
  t.is(frames.claim(), 2);
});

test('a slot starts behind its headroom, holds the largest frame and never touches the next', (t) => {
  for (const mtu of [68, 1500, 9000, 65_535]) {
    const frames = new Frames(8, mtu);
    const starts = Array.from({ length: 8 }, () => frames.start[frames.claim()] ?? NaN);
    t.true(frames.room >= 14 + 8 + mtu);
    starts.sort((one, other) => one - other);
    for (const [i, start] of starts.entries()) {
      const before = i === 0 ? 0 : (starts[i - 1] ?? NaN) + frames.room;
      t.true(start - HEADROOM >= before);
    }
    t.true((starts.at(-1) ?? NaN) + frames.room <= frames.bytes.length);
  }
});

test('a slot that was used starts anew: its start where it was, its flags clear', (t) => {
  const frames = new Frames(1, 1500);
  const frame = frames.claim();
  const start = frames.start[frame] ?? NaN;
  frames.start[frame] = 0;
  frames.flags[frame] = 0xff;
  frames.release(frame);
  t.is(frames.claim(), frame);
  t.is(frames.start[frame], start);
  t.is(frames.flags[frame], 0);
});

test('a frame that several hold is free when the last one lets go', (t) => {
  const frames = new Frames(1, 1500);
  const frame = frames.claim();
  frames.holders[frame] = 3;
  frames.letGo(frame);
  frames.letGo(frame);
  t.is(frames.claim(), -1);
  frames.letGo(frame);
  t.is(frames.claim(), frame);
});

test('the columns of a pool are apart: what is written to one shows in no other', (t) => {
  const frames = new Frames(5, 68);
  const columns = [
    frames.tick,
    frames.seconds,
    frames.start,
    frames.length,
    frames.wireLength,
    frames.serial,
    frames.nanoseconds,
    frames.payload,
    frames.inPort,
    frames.holders,
    frames.etherType,
    frames.flags,
  ];
  for (const [value, column] of columns.entries()) column.fill(value + 1);
  for (const [value, column] of columns.entries())
    t.deepEqual(
      [...column],
      [1, 1, 1, 1, 1].map((one) => one * (value + 1)),
    );
});
