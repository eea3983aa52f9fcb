/**
 * `etherloom replay` without its command line: names in, files and a Summary out.
 */
import { join } from 'node:path';
import { Counters } from '../../dataplane/observe/counters.js';
import { BURST } from '../../dataplane/forward/plane.js';
import { CONTROL_BYTES, askToStop } from '../../dataplane/worker/control.js';
import type { CaptureFormat, ReplayJob, ReplayReport } from '../../dataplane/worker/replay.js';
import { CallError } from '../cli/errors.js';
import type { Compiled } from '../compile/compile.js';
import { Abandoned, cutsFor } from '../../dataplane/worker/crossing.js';
import { runInWorker } from '../../dataplane/worker/pool.js';
import { shareOut } from '../supervisor/share.js';
import { makeFolder, writeText } from './folder.js';
import { isSameFile } from './inputs.js';
import type { InputFile } from './inputs.js';
import { summaryOf } from './summary.js';
import type { Summary } from './summary.js';

export interface Replaying {
  readonly compiled: Compiled;
  readonly inputs: readonly InputFile[];
  /** Folder of the outputs; made when it does not exist. */
  readonly out: string;
  readonly format: CaptureFormat;
  /** Frames per burst; changes speed, never results. */
  readonly burst?: number;
  /** Among how many workers the hosts and wires are shared out; changes speed, never results. */
  readonly workers?: number;
}

/** A replay under way. */
export interface Running {
  readonly control: SharedArrayBuffer;
  /** How many frames have come in so far. */
  readonly framesIn: () => number;
  /** What the user should know before the end. */
  readonly notes: readonly string[];
  readonly finished: Promise<Summary>;
  /** Ends it after the current burst; the outputs are complete files all the same. */
  stop(): void;
}

/**
 * Starts a replay.
 * @throws CallError when an output would replace an input; Refused when the folder cannot be made
 */
export function startReplay(replaying: Replaying): Running {
  const { compiled, inputs, out, format, burst = BURST, workers = 1 } = replaying;
  const outputs = compiled.ports.flatMap(({ port, isOpen }, row) =>
    isOpen ? [{ port: row, name: port, path: join(out, `${port}.${format}`) }] : [],
  );
  const summaryPath = join(out, 'summary.json');
  const read = [compiled.lab.file, ...inputs.map(({ path }) => path)];
  for (const path of [...outputs.map((output) => output.path), summaryPath]) {
    if (read.some((input) => isSameFile(input, path)))
      throw new CallError(
        `${path} is an input, and the replay would overwrite it; choose another --out`,
      );
  }
  makeFolder(out);
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  const { owners, note } = shareOut(compiled, workers);
  const cuts =
    owners.workers === 1
      ? [undefined]
      : cutsFor(compiled.program, owners, format === 'pcap' ? 'joined' : 'all');
  const jobs = cuts.map((cut) => ({
    program: compiled.program.buffer,
    counters: new Counters(compiled.ports.length).memory,
    control,
    inputs:
      cut === undefined || cut.worker === 0 ? inputs.map(({ port, path }) => ({ port, path })) : [],
    outputs: outputs.filter(({ port }) => cut === undefined || owners.ports[port] === cut.worker),
    format,
    burst,
    ...(cut && { cut }),
  }));
  const counted = jobs.map((job) => new Counters(compiled.ports.length, job.counters));
  const finish = async (): Promise<Summary> => {
    const report = sumOf(await untilAllDone(jobs.map((job) => run(job, compiled))));
    const counters = new Counters(compiled.ports.length);
    counters.setToSumOf(counted);
    const files = outputs.map(({ name, path }) => ({ port: name, file: path }));
    const summary = summaryOf(compiled, report, counters, { inputs, outputs: files });
    writeText(summaryPath, `${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  };
  return {
    control,
    framesIn: () =>
      counted.reduce(
        (sum, { framesIn }) => sum + framesIn.reduce((one, other) => one + other, 0),
        0,
      ),
    notes: note === undefined ? [] : [note],
    finished: finish(),
    stop: () => {
      askToStop(control);
    },
  };
}

/** What they report, or the error of the one that failed by itself. */
async function untilAllDone(runs: readonly Promise<ReplayReport>[]): Promise<ReplayReport[]> {
  const ends = await Promise.allSettled(runs);
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as Error] : []));
  const own = errors.find(({ name }) => name !== Abandoned.name) ?? errors[0];
  if (own !== undefined) throw own;
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
}

/** The report of all Workers: the first has read the captures, and each has written some. */
function sumOf(reports: readonly ReplayReport[]): ReplayReport {
  return reports.reduce((sum, report) => ({
    ...sum,
    timesClamped: sum.timesClamped + report.timesClamped,
    evicted: sum.evicted.map((count, row) => count + (report.evicted[row] ?? 0)),
    refused: sum.refused.map((count, row) => count + (report.refused[row] ?? 0)),
  }));
}

function run(job: ReplayJob, { lab }: Compiled): Promise<ReplayReport> {
  if (job.format === 'pcap')
    return runInWorker(new URL('../../dataplane/worker/replay.js', import.meta.url), job);
  return runInWorker(new URL('./annotated.js', import.meta.url), { job, lab });
}
