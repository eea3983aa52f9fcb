/**
 * `etherloom bench memory`: the throughput of the data plane with nothing around it, no devices and no files.
 */
import { runInWorker } from '../../dataplane/worker/pool.js';
import type { Case, Samples } from './case.js';

/** One measured case. The first eight keys are the stable part of `--json`. */
export interface Result {
  readonly name: string;
  readonly frameBytes: number | 'imix';
  readonly hosts: number;
  readonly ports: number;
  readonly workers: number;
  /** Million frames per second; the median over the samples. */
  readonly mpps: number;
  readonly nsPerFrame: number;
  /** Half the distance between the quartiles, as a share of the median. */
  readonly spread: number;
  readonly pattern: string;
  readonly frames: number;
  readonly gcPauses: number;
  readonly gcPauseMax_ms: number;
  readonly memoryGrowth_bytes: number;
}

/** Measures one case in a worker of its own. */
export async function measureCase(what: Case): Promise<Result> {
  const task = new URL('./task.js', import.meta.url);
  const samples = await runInWorker<Samples>(task, what);
  const sorted = [...samples.nsPerFrame].sort((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? NaN;
  const median = quantile(0.5);
  const { name, frameBytes, traffic } = what;
  return {
    name,
    frameBytes,
    hosts: traffic.hosts,
    ports: traffic.ports,
    workers: 1,
    mpps: round(1000 / median, 2),
    nsPerFrame: round(median, 1),
    spread: round((quantile(0.75) - quantile(0.25)) / 2 / median, 3),
    pattern: traffic.pattern,
    frames: samples.frames,
    gcPauses: samples.gcPauses,
    gcPauseMax_ms: round(samples.gcPauseMax_ms, 2),
    memoryGrowth_bytes: samples.growth,
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
