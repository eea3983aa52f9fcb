/**
 * `etherloom bench memory`: the throughput of the data plane with nothing around it, no devices and no files.
 */
import { runInWorker } from '../../dataplane/worker/pool.js';
import { median, round, spreadOf } from '../statistics.js';
import { cutsFor } from '../../dataplane/worker/crossing.js';
import type { Case, Samples } from './case.js';
import { ownersOfHosts, programFor } from './programs.js';
import type { ShareSamples } from './share-task.js';
import type { SourcePorts } from './source-ports.js';

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
  /** Where several Workers share the hosts out: nanoseconds for one frame to go from one to another, both sides together. */
  readonly nsPerCrossing?: number;
  readonly pattern: string;
  readonly frames: number;
  readonly gcPauses: number;
  readonly gcPauseMax_ms: number;
  readonly memoryGrowth_bytes: number;
  /** Of what encapsulates: how the source ports of outer packets spread. */
  readonly sourcePorts?: readonly SourcePorts[];
}

/** Measures one case in a worker of its own, and where it is shared out among several, with those as well. */
export async function measureCase(what: Case): Promise<Result[]> {
  const alone = await measureAlone(what);
  return what.workers === 1 ? [alone] : [alone, await measureShared(what, alone)];
}

async function measureAlone(what: Case): Promise<Result> {
  const task = new URL('./task.js', import.meta.url);
  const samples = await runInWorker<Samples>(task, what);
  const nsPerFrame = median(samples.nsPerFrame);
  const { name, frameBytes, traffic, children } = what;
  return {
    name,
    frameBytes,
    hosts: Math.max(traffic.hosts, children),
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
    ...(samples.sourcePorts && { sourcePorts: samples.sourcePorts }),
  };
}

/**
 * Measures how fast several Workers, one for each host on a wire, are together, and what it costs that frames cross: the time of all Workers less
 * that of one which does the same alone.
 */
async function measureShared(what: Case, alone: Result): Promise<Result> {
  const { workers, traffic } = what;
  const program = programFor('vlan wire', traffic, workers);
  const cuts = cutsFor(program, ownersOfHosts(program, workers), 'none');
  const task = new URL('./share-task.js', import.meta.url);
  const stages = new SharedArrayBuffer(12);
  const shares = await Promise.all(
    cuts.map((cut) =>
      runInWorker<ShareSamples>(task, { what, program: program.buffer, cut, stages }),
    ),
  );
  if (shares.reduce((sum, { missing }) => sum + missing, 0) !== 0)
    throw new Error('frames are unaccounted for, so these figures mean nothing');
  const mpps = shares.reduce((sum, { nsPerFrame }) => sum + 1000 / median(nsPerFrame), 0);
  const children = traffic.ports / workers;
  const crossing = (traffic.ports - children) / (traffic.ports - 1);
  return {
    ...alone,
    workers,
    mpps: round(mpps, 2),
    nsPerFrame: round(1000 / mpps, 1),
    spread: round(Math.max(...shares.map(({ nsPerFrame }) => spreadOf(nsPerFrame))), 3),
    nsPerCrossing: round((workers * (1000 / mpps) - alone.nsPerFrame) / crossing, 1),
    frames: shares.reduce((sum, { frames }) => sum + frames, 0),
    gcPauses: shares.reduce((sum, { gcPauses }) => sum + gcPauses, 0),
    gcPauseMax_ms: round(Math.max(...shares.map((share) => share.gcPauseMax_ms)), 2),
    memoryGrowth_bytes: shares.reduce((sum, { growth }) => sum + growth, 0),
  };
}

/**
 * How the time of a frame grows with the number of children of a NIC, and how much of that is cache misses: what is left where as many are there
 * and only few are touched is not.
 */
export function growthNotes(results: readonly Result[]): string[] {
  const names = [...new Set(results.map(({ name }) => name))];
  return names.flatMap((name) => {
    const all = results.filter((one) => one.name === name && one.hosts >= one.ports);
    const few = all.find(({ hosts, ports }) => hosts === ports);
    const quiet = all.find(({ hosts, ports }) => hosts > ports && ports === few?.ports);
    const many = all.find(({ hosts, ports }) => hosts === ports && hosts === quiet?.hosts);
    if (few === undefined || quiet === undefined || many === undefined) return [];
    const times = (one: Result): string => (one.nsPerFrame / few.nsPerFrame).toFixed(2);
    return [
      `${name}: with ${many.hosts} children a frame takes ${times(many)} times as long as with ${few.hosts}, and ${times(quiet)} times where only ${few.hosts} of them speak: the difference is cache misses`,
    ];
  });
}

/** How evenly the source ports of outer packets spread: the same whatever was measured with them. */
export function sourcePortNotes(results: readonly Result[]): string[] {
  const notes = results.flatMap(({ name, sourcePorts = [] }) =>
    sourcePorts.map(
      ({ flows, count, chiSquare, degrees, critical }) =>
        `${name}: the source ports of ${count} ${flows} flows have a chi-square of ${chiSquare} with ${degrees} degrees of freedom; chance alone exceeds ${critical} in 1 % of cases`,
    ),
  );
  return [...new Set(notes)];
}
