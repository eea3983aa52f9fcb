/**
 * `etherloom bench memory`: the throughput of the data plane with nothing around it, no devices and no files.
 */
import { runInWorker } from '../../dataplane/worker/pool.js';
import { median, round, spreadOf } from '../statistics.js';
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
  const nsPerFrame = median(samples.nsPerFrame);
  const { name, frameBytes, traffic } = what;
  return {
    name,
    frameBytes,
    hosts: traffic.hosts,
    ports: traffic.ports,
    workers: 1,
    mpps: round(1000 / nsPerFrame, 2),
    nsPerFrame: round(nsPerFrame, 1),
    spread: round(spreadOf(samples.nsPerFrame), 3),
    pattern: traffic.pattern,
    frames: samples.frames,
    gcPauses: samples.gcPauses,
    gcPauseMax_ms: round(samples.gcPauseMax_ms, 2),
    memoryGrowth_bytes: samples.growth,
  };
}
