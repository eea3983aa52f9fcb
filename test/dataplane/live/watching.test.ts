/** Frames that somebody wants explained, while others pass. */
import test from 'ava';
import type { Plane } from '../../../dataplane/forward/plane.js';
import { Step } from '../../../dataplane/observe/trace.js';
import { bridge } from '../lab.js';
import { FakeNative } from './fake-native.js';
import { start } from './running.js';

const lab = bridge('c1 c2');

function numbered(number: number, type = 0x88b5): { bytes: Uint8Array } {
  const bytes = new Uint8Array(60);
  bytes.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, type >> 8, type & 0xff, number]);
  return { bytes };
}

/** Tells of a traced frame its number, as it stands in the slot after it was forwarded, and what was noted. */
const explain = (plane: Plane) => () => {
  const notes = plane.trace.since(plane.trace.newest);
  const slot = notes[0]?.[1] ?? -1;
  const number = plane.frames.bytes[(plane.frames.start[slot] ?? 0) + 14];
  return { number, steps: notes.map(([step]) => step) };
};

test('the next frames of a port are explained one by one, those that a filter lets pass, and no others', async (t) => {
  const native = new FakeNative();
  const running = start(lab, { native, hooks: { explain } });
  const [one, two] = [native.device('tap0'), native.device('tap1')];
  running.ask({ ask: 'explain', id: 1, port: 0, count: 2 });
  running.ask({ ask: 'explain', id: 2, port: 0, count: 5, filter: '88b6' });
  await running.until('both are asked', () => native.filters.length === 1);
  one.arriving.push(numbered(1), numbered(2, 0x88b6), numbered(3), numbered(4, 0x88b6));
  two.arriving.push(numbered(9, 0x88b6));
  await running.until('all have passed', () => two.sent.length === 4);
  await running.until('they are explained', () => running.notices.length === 5);
  const told = running.notices.flatMap((notice) =>
    notice.tells === 'explained'
      ? [[notice.id, (notice.explanation as { number: number }).number, notice.left]]
      : [],
  );
  t.deepEqual(told, [
    [1, 1, 1],
    [1, 2, 0],
    [2, 2, 4],
    [2, 4, 3],
  ]);
  const first = running.notices.find(({ tells }) => tells === 'explained');
  const { steps } = (first as unknown as { explanation: { steps: number[] } }).explanation;
  t.deepEqual(steps, [
    Step.Arrived,
    Step.Bridged,
    Step.SourceAfter,
    Step.Verdict,
    Step.PassedBy,
    Step.Sent,
  ]);
  running.ask({ ask: 'end', id: 2 });
  running.ask({ ask: 'end', id: 77 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (let i = 0; i < 50; i++) one.arriving.push(numbered(i, 0x88b6));
  await running.until('all have passed', () => two.sent.length === 54);
  await running.stop();
  t.is(running.notices.length, 5);
  t.is(running.counters.unaccounted(), 0);
});

test('an explanation that fails is refused with what it says, and frames pass on', async (t) => {
  const fails = () => () => {
    throw new RangeError('the trace of this frame is not complete');
  };
  const running = start(lab, { hooks: { explain: fails } });
  running.ask({ ask: 'explain', id: 1, port: 0, count: 2 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  running.native.device('tap0').arriving.push(numbered(1), numbered(2));
  await running.until('both pass', () => running.native.device('tap1').sent.length === 2);
  await running.until('it is refused', () => running.notices.length === 2);
  await running.stop();
  t.deepEqual(running.notices[1], {
    tells: 'refused',
    id: 1,
    why: 'the trace of this frame is not complete',
  });
});
