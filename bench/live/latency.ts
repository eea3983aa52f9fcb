/** How long frames are on their way: an echo alone on the path, and small frames at half the rate at which none is lost. */
import type { Measure, Sample } from './measure.js';
import type { ProberAnswer } from './prober.js';
import { withProber } from './probing.js';
import { findLossless } from './rate.js';

const WARM_UP_MS = 300;

/** As ping sees it: an echo every millisecond, everybody asleep in between. */
export const roundTrip: Measure = {
  name: 'round-trip',
  title: 'round trip',
  ...echoing(1000),
};

/** The next echo as soon as the last one is here, by a prober that never sleeps: what the path itself takes. */
export const roundTripAtOnce: Measure = {
  name: 'round-trip-at-once',
  title: 'round trip, back to back',
  ...echoing(0),
};

/** From an ICMP echo request to the answer of the kernel at the other end; one at a time. */
function echoing(pause_us: number): Omit<Measure, 'name' | 'title'> {
  return {
    unit: 'µs',
    better: 'less',
    unavailable: () => undefined,
    run: (stage, path, seconds) =>
      withProber(stage, path, async (probe) => {
        const measure_ms = seconds * 1000;
        return sampleOf(await probe({ ask: 'echo', pause_us, warmUp_ms: WARM_UP_MS, measure_ms }));
      }),
  };
}

/** From the sending of a 64-byte frame to its arrival, at half the zero-loss rate. The value is p99.9. */
export const halfLoad: Measure = {
  name: 'half-load',
  title: 'one way at half load, p99.9',
  unit: 'µs',
  better: 'less',
  unavailable: () => undefined,
  run: (stage, path, seconds) =>
    withProber(stage, path, async (probe) => {
      const lossless = await findLossless(probe);
      if (lossless === 0) return { value: 0, broken: 'loses frames at every rate' };
      const measure_ms = seconds * 1000;
      const answer = await probe({ ask: 'stamp', framesPerSecond: lossless / 2, measure_ms });
      const { value, more, ...rest } = sampleOf(answer);
      const p999 = answer.times_us['p99.9'];
      return {
        ...rest,
        value: rest.broken === undefined ? p999 : value,
        more: { ...more, lossless },
      };
    }),
};

/** Where most frames are lost, the times of the others mean nothing. */
export function sampleOf({ sent, arrived, times_us }: ProberAnswer): Sample {
  if (arrived === 0) return { value: 0, broken: 'no frame arrives' };
  if (arrived < sent / 2)
    return { value: 0, broken: `${sent - arrived} of ${sent} frames are lost` };
  return { value: times_us.p50, more: { ...times_us, lost: sent - arrived } };
}
