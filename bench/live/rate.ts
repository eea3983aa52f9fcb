/** How many of the shortest frames pass in one direction. Those that arrive count, not those that were sent. */
import type { Measure, Sample } from './measure.js';
import { PROBE_BYTES } from './probe-frame.js';
import type { ProberAnswer } from './prober.js';
import { withProber } from './probing.js';
import type { Probe } from './probing.js';

const WARM_UP_MS = 500;
const TRIAL_MS = 250;
const TRIALS = 7;

/** 64-byte frames, as many as the sender can send. */
export const frameRate: Measure = {
  name: 'frames',
  title: '64-byte frames, one way',
  unit: 'frames/s',
  better: 'more',
  unavailable: () => undefined,
  run: (stage, path, seconds) =>
    withProber(stage, path, async (probe) =>
      sampleOf(await probe({ ask: 'flood', warmUp_ms: WARM_UP_MS, measure_ms: seconds * 1000 })),
    ),
};

/** Frames that arrive longer or shorter than they were sent do not count as forwarded. */
export function sampleOf({ arrived, bytes, sent, seconds }: ProberAnswer): Sample {
  if (arrived === 0) return { value: 0, broken: 'no frame arrives' };
  const each = bytes / arrived;
  if (Math.abs(each - PROBE_BYTES) > 1)
    return {
      value: 0,
      broken: `frames of ${PROBE_BYTES} bytes arrive with ${each.toFixed(1)} bytes`,
    };
  return { value: arrived / seconds, more: { sent: sent / seconds } };
}

/**
 * The highest rate at which all frames arrive, by bisection (RFC 2544 §26.1) with short trials, in frames a second; 0 when frames are lost
 * at every rate tried.
 */
export async function findLossless(probe: Probe): Promise<number> {
  const { arrived, seconds } = await probe({
    ask: 'flood',
    warmUp_ms: WARM_UP_MS,
    measure_ms: TRIAL_MS,
  });
  let lossless = 0;
  let lossy = arrived / seconds;
  for (let trial = 0; trial < TRIALS && lossy > 0; trial++) {
    const framesPerSecond = (lossless + lossy) / 2;
    const came = await probe({ ask: 'pace', framesPerSecond, measure_ms: TRIAL_MS });
    if (came.arrived >= came.sent) lossless = framesPerSecond;
    else lossy = framesPerSecond;
  }
  return lossless;
}
