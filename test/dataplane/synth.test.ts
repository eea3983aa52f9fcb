import test from 'ava';
import { Plane } from '../../dataplane/forward/plane.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import type { Sink } from '../../dataplane/port/port.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { synthOn } from '../../dataplane/port/synth.js';
import type { Pattern, Traffic } from '../../dataplane/port/synth.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { bridge } from './lab.js';

const PORTS = 4;
const lab = bridge('c1 c2 c3 c4', { bridge: 'fdb_max_learned: 100000' });

function traffic(pattern: Pattern, seed = 1): Traffic {
  return { seed, hosts: 400, ports: PORTS, frameBytes: [64, 128, 1518], pattern };
}

/** Sends `breaths` bursts of 100 frames through a bridge; gives the plane, and by port the first bytes of what came out. */
function run(wanted: Traffic, breaths: number) {
  const plane = new Plane(lab.program);
  const { frames } = plane;
  const heard: string[] = [];
  const listener = (port: number): Sink => ({
    send(from, at, count) {
      for (const frame of from.slice(at, at + count)) {
        const start = frames.start[frame] ?? 0;
        const head = Buffer.from(frames.bytes.slice(start, start + 14)).toString('hex');
        heard.push(`${port} ${head} ${frames.length[frame] ?? 0}`);
      }
      return 0;
    },
    refusals: NO_REFUSALS,
  });
  const sinks = heardBy(listener);
  const breath = breathOn(plane, synthOn(frames, wanted), sinks, 100);
  for (let i = 0; i < breaths; i++) breath();
  return { plane, heard };
}

function heardBy(listener: (port: number) => Sink): Sink[] {
  return lab.ports.map((_, port) => (port === 0 ? listener(port) : nowhere));
}

test('the same seed sends the same frames, another seed others', (t) => {
  const one = run(traffic('unicast', 7), 20).heard;
  t.deepEqual(run(traffic('unicast', 7), 20).heard, one);
  t.notDeepEqual(run(traffic('unicast', 8), 20).heard, one);
});

test('unicast: once every host was heard, each frame leaves by exactly one port', (t) => {
  const { plane } = run(traffic('unicast'), 4);
  const before = plane.counters.framesOut.reduce((sum, count) => sum + count, 0);
  t.is(before, 400 * (PORTS - 1));
  const { counters, fdbs } = run(traffic('unicast'), 14).plane;
  t.is(counters.framesOut.reduce((sum, count) => sum + count, 0) - before, 1000);
  t.is(fdbs[0]?.learned, 400);
  t.is(counters.unaccounted(), 0);
});

test('flood: every frame leaves by all other ports, and all are accounted for', (t) => {
  const { counters, frames } = run(traffic('flood'), 10).plane;
  t.is(
    counters.framesOut.reduce((sum, count) => sum + count, 0),
    1000 * (PORTS - 1),
  );
  t.is(counters.unaccounted(), 0);
  t.is(frames.claimed, 0);
});

test('broadcast1: about one frame in a hundred is a broadcast', (t) => {
  const { counters } = run(traffic('broadcast1'), 404).plane;
  const copies = (counters.copied[0] ?? 0) - 400 * (PORTS - 2);
  const share = copies / (PORTS - 2) / 40_000;
  t.true(share > 0.008 && share < 0.012, `${share}`);
});

test('frames are counted without their check sequence', (t) => {
  const sizes = run(traffic('unicast'), 10).heard.map((line) => Number(line.split(' ')[2]));
  t.deepEqual(
    [...new Set(sizes)].sort((one, other) => one - other),
    [60, 124, 1514],
  );
});
