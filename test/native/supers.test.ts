/** Super-frames at an interface that is served by libpcap, which cannot describe them. */
import type { ExecutionContext } from 'ava';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { groundTest } from './ground.js';
import type { Ground } from './ground.js';
import { frameOf, gsoOf, headersOf, trainOf } from './segments.js';

const IDENTIFICATION_AT = 18;

/** Does this where the addon was built with libpcap. */
function captureTest(title: string, body: (t: ExecutionContext, ground: Ground) => void): void {
  groundTest(title, (t, ground) => {
    if (ground.native.hasCapture) {
      body(t, ground);
      return;
    }
    t.log('not checked: built without libpcap');
    t.pass();
  });
}

/** Puts a super-frame into a slot. Those of a train of one have `identification` as their only number. */
function loadSuper(
  ground: Ground,
  slot: number,
  identification: number,
  payload: number,
  gsoSize: number,
): void {
  const form = { isIpv6: false, tags: [], identification, sequence: 1, options: [] };
  const [train] = trainOf(form, [payload]);
  if (train === undefined) throw new Error('a train has a first segment');
  const whole = frameOf(train, true);
  const { frames } = ground;
  ground.load(slot, whole);
  frames.flags[slot] = FrameFlag.Partial | FrameFlag.Super;
  frames.gsoType[slot] = gsoOf(whole);
  frames.gsoSize[slot] = gsoSize;
  frames.checksumStart[slot] = headersOf(whole).transport;
  frames.checksumOffset[slot] = 16;
}

captureTest(
  'a super-frame has the size of its segments, also when it is shorter than the MTU',
  (t, ground) => {
    const where = ground.namespace();
    ground.veth(where);
    const [from, to] = [ground.packet(where, 'here'), ground.capture(where, 'there')];
    const { frames, native } = ground;
    for (const [payload, gsoSize] of [
      [30_000, 1460],
      [30_000, 536],
      [1300, 500],
    ] as const) {
      const [slot = 0] = ground.claim(1);
      loadSuper(ground, slot, 1, payload, gsoSize);
      t.is(native.send(from, Int32Array.of(slot), 0, 1, ground.outcomes), 0);
      t.deepEqual(ground.wait(100_000), [to]);
      const [got = -1, none] = ground.receive(to);
      t.is(none, undefined);
      t.is(frames.gsoSize[got], gsoSize);
      t.is(frames.length[got], frames.length[slot]);
      t.is(frames.wireLength[got], frames.length[slot]);
      for (const used of [slot, got]) frames.release(used);
    }
    t.deepEqual(ground.wait(0), []);
  },
);

captureTest('super-frames and others come in the order in which they were sent', (t, ground) => {
  const where = ground.namespace();
  ground.veth(where);
  const [from, to] = [ground.packet(where, 'here'), ground.capture(where, 'there')];
  const { frames, native } = ground;
  const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
  // Of every four the second and third, and now and then ten in a row.
  const isSuper = (i: number): boolean => i % 4 === 1 || i % 4 === 2 || i % 50 < 10;
  const slots = ground.claim(numbers.length);
  numbers.forEach((number, i) => {
    loadSuper(ground, slots[i] ?? 0, number, isSuper(i) ? 3000 : 100, 1000);
    if (!isSuper(i)) frames.flags[slots[i] ?? 0] = FrameFlag.Partial;
  });
  t.is(native.send(from, slots, 0, slots.length, ground.outcomes), 0);
  for (const slot of slots) frames.release(slot);
  for (const most of [64, 7, 3, 2]) {
    const part = most === 2 ? numbers.length : 30;
    const got: number[] = [];
    while (got.length < part) {
      const some = ground.receive(to, most);
      if (some.length === 0) break;
      for (const slot of some) {
        got.push(frames.view.getUint16((frames.start[slot] ?? 0) + IDENTIFICATION_AT));
        frames.release(slot);
      }
    }
    t.deepEqual(got, numbers.splice(0, got.length));
  }
  t.deepEqual(numbers, []);
});
