/**
 * `npm run fuzz [-- --count N --seed S]`: mutations for minutes, where the tests spend seconds on them. A failure names its seed and number;
 * the same seed makes the same mutations.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fuzzCapture } from './capture.js';
import { fuzzReplay } from './replay.js';
import { fuzzWire } from './wire.js';

interface Part {
  readonly name: string;
  /** Its share of all mutations: each part takes about as long as the others. */
  readonly share: number;
  readonly run: (count: number, seed: number) => Promise<string>;
}

const parts: readonly Part[] = [
  {
    name: 'frames through the checks',
    share: 0.7,
    run: (count, seed) => {
      fuzzWire(count, seed);
      return Promise.resolve('');
    },
  },
  {
    name: 'captures through the reader',
    share: 0.2,
    run: async (count, seed) => {
      const { refused, damaged, whole } = await fuzzCapture(count, seed);
      return `: ${refused} refused, ${damaged} damaged, ${whole} whole`;
    },
  },
  {
    name: 'captures through the engine',
    share: 0.1,
    run: async (count, seed) => {
      const { refused, replayed, frames } = await fuzzReplay(count, seed);
      return `: ${refused} refused, ${replayed} replayed with ${frames} frames`;
    },
  },
];

/** Lines of progress per part. */
const STEPS = 5;

/**
 * Runs `count` mutations in all.
 * @param say takes a line of progress
 * @throws Error naming the first mutation that something did not withstand
 */
export async function fuzz(
  count: number,
  seed: number,
  say: (line: string) => void,
): Promise<number> {
  let total = 0;
  for (const [i, { name, share, run }] of parts.entries()) {
    const last = i === parts.length - 1;
    const wanted = last ? count - total : Math.floor(count * share);
    for (let step = 0, done = 0; step < STEPS; step++) {
      const most = Math.floor((wanted * (step + 1)) / STEPS) - done;
      const own = (seed - 1) * STEPS + step + 1;
      const outcome = await run(most, own);
      done += most;
      total += most;
      say(`${name}: ${done} of ${wanted}, seed ${own}${outcome}`);
    }
  }
  return total;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [count, seed] = [Number(values.count), Number(values.seed)];
  if (!(Number.isInteger(count) && count > 0 && Number.isInteger(seed) && seed > 0))
    throw new TypeError('--count and --seed take whole numbers above 0');
  const start = performance.now();
  const total = await fuzz(count, seed, (line) => {
    console.log(line);
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${total} mutations withstood, seed ${seed}, ${seconds} s`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
