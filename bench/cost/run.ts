/**
 * `etherloom bench cost`: what single functions cost, measured by the `benchmark` package, which repeats until it is sure enough.
 */
import Benchmark from 'benchmark';
import { round } from '../statistics.js';
import { CALLS } from './functions.js';
import type { Measured } from './functions.js';

/** One measured function. */
export interface Cost {
  readonly name: string;
  readonly opsPerSecond: number;
  /** Relative margin of error of the mean, in percent, at 95 % confidence. */
  readonly rme: number;
  readonly nsPerOp: number;
  readonly samples: number;
}

/** Measures one function for about `seconds`. Throws what the function throws. */
export function measureCost({ name, loop }: Measured, seconds: number): Cost {
  let told = 0;
  const once = (): void => {
    told = (told + loop()) | 0;
  };
  const bench = new Benchmark(name, once, { maxTime: seconds });
  bench.run({ async: false });
  const failure: unknown = (bench as { error?: unknown }).error;
  if (failure !== undefined) throw failure instanceof Error ? failure : new Error(`${name} failed`);
  if (!Number.isInteger(told)) throw new Error(`${name} was not measured`);
  const opsPerSecond = bench.hz * CALLS;
  return {
    name,
    opsPerSecond: Math.round(opsPerSecond),
    rme: round(bench.stats.rme, 2),
    nsPerOp: round(1e9 / opsPerSecond, 2),
    samples: bench.stats.sample.length,
  };
}
