/** How long frames are on their way: one at a time to and fro, and small frames at half the rate at which none is lost. */
import type { AnswererQuestion } from './answerer.js';
import { Assistant } from './assistant.js';
import type { Path } from './forwarder.js';
import type { Measure, Sample } from './measure.js';
import type { ProberAnswer } from './prober.js';
import { withProber } from './probing.js';
import { findLossless } from './rate.js';
import type { Stage } from './stage.js';

const WARM_UP_MS = 300;
/** An answerer stays longer than it is needed, and is ended. */
const ANSWERER_MS = 10_000;

/** What two programs have that ask and answer each other, and sleep until the other one has spoken. */
export const roundTrip: Measure = {
  name: 'round-trip',
  title: 'round trip between programs',
  unit: 'µs',
  better: 'less',
  unavailable: () => undefined,
  async run(stage, path, seconds) {
    const module = new URL('./answerer.js', import.meta.url);
    const { namespace } = path.right;
    const answerer = Assistant.start<AnswererQuestion, undefined>(stage, namespace, module);
    const answer_ms = seconds * 1000 + ANSWERER_MS;
    const answered = answerer.ask({ answer_ms }, answer_ms + ANSWERER_MS).catch(() => undefined);
    try {
      return await exchange(stage, path, seconds, 'program');
    } finally {
      await answerer.end();
      await answered;
    }
  },
};

/** What the path itself takes: the kernel at the other end answers an ICMP echo, and nobody at the ends sleeps. */
export const roundTripOfPath: Measure = {
  name: 'round-trip-of-path',
  title: 'round trip, nobody sleeps',
  unit: 'µs',
  better: 'less',
  unavailable: () => undefined,
  run: (stage, path, seconds) => exchange(stage, path, seconds, 'kernel'),
};

async function exchange(
  stage: Stage,
  path: Path,
  seconds: number,
  by: 'kernel' | 'program',
): Promise<Sample> {
  const question = { with: by, warmUp_ms: WARM_UP_MS, measure_ms: seconds * 1000 };
  return withProber(stage, path, async (probe) =>
    sampleOf(await probe({ ask: 'exchange', ...question })),
  );
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
