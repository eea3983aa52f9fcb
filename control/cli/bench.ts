import { cpus } from 'node:os';
import { casesOf } from '../../bench/memory/case.js';
import { measureCase } from '../../bench/memory/run.js';
import type { Result } from '../../bench/memory/run.js';
import { CallError } from './errors.js';
import { tableOf } from './table.js';

export interface BenchOptions {
  readonly seconds: string;
  readonly seed: string;
  readonly only?: string;
  readonly json?: true;
}

/** `etherloom bench memory`. @throws CallError when a number is none */
export async function benchMemory(options: BenchOptions): Promise<void> {
  const seconds = positive('--seconds', options.seconds);
  const seed = positive('--seed', options.seed);
  const cases = casesOf(seed, seconds).filter(({ name, frameBytes, traffic }) =>
    `${name} ${frameBytes} ${traffic.hosts} ${traffic.ports} ${traffic.pattern}`.includes(
      options.only ?? '',
    ),
  );
  const results: Result[] = [];
  for (const what of cases) results.push(await measureCase(what));
  const [cpu] = cpus();
  process.stdout.write(
    options.json
      ? `${JSON.stringify(results, null, 2)}\n`
      : `${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}, seed ${seed}, ${seconds} s a case, one worker\n\n${table(results)}\n`,
  );
}

function table(results: readonly Result[]): string {
  const head = [
    'function',
    'bytes',
    'hosts',
    'ports',
    'pattern',
    'Mpps',
    'ns/frame',
    'spread',
    'gc pauses',
    'longest ms',
    'growth bytes',
  ];
  return tableOf(
    head,
    results.map((r) => [
      r.name,
      String(r.frameBytes),
      r.hosts,
      r.ports,
      r.pattern,
      r.mpps,
      r.nsPerFrame,
      `±${(r.spread * 100).toFixed(1)} %`,
      r.gcPauses,
      r.gcPauseMax_ms,
      r.memoryGrowth_bytes,
    ]),
  );
}

function positive(name: string, word: string): number {
  const value = Number(word);
  if (!(value > 0 && Number.isFinite(value)))
    throw new CallError(`${name} ${word}: give a number above 0`);
  return value;
}
