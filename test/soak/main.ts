/**
 * `npm run soak [-- --minutes N --seed S]`: a lab under random load whose links flap, whose Workers are killed, whose ports are recorded
 * now and then. At the end every frame must be accounted for, memory must not have grown, and nothing may be left behind. A failure names
 * its seed; the load is the same then, the moments are the machine's.
 */
import { parseArgs } from 'node:util';
import { whyNotLive } from '../live/why-not-live.js';
import { soak } from './soak.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const why = whyNotLive();
if (why !== undefined) {
  process.stdout.write(`the soak is skipped: ${why}\n`);
} else {
  const failures = await soak({
    minutes: Number(values.minutes),
    seed: Number(values.seed),
    say: (line) => process.stdout.write(`${line}\n`),
  });
  process.exitCode = failures.length > 0 ? 1 : 0;
}
