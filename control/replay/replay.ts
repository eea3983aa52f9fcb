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
import { runInWorker } from '../../dataplane/worker/pool.js';
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
}

/** A replay under way. */
export interface Running {
  readonly counters: Counters;
  readonly control: SharedArrayBuffer;
  readonly finished: Promise<Summary>;
  /** Ends it after the current burst; the outputs are complete files all the same. */
  stop(): void;
}

/**
 * Starts a replay.
 * @throws CallError when an output would replace an input; Refused when the folder cannot be made
 */
export function startReplay(replaying: Replaying): Running {
  const { compiled, inputs, out, format, burst = BURST } = replaying;
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
  const counters = new Counters(compiled.ports.length);
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  const job: ReplayJob = {
    program: compiled.program.buffer,
    counters: counters.memory,
    control,
    inputs: inputs.map(({ port, path }) => ({ port, path })),
    outputs,
    format,
    burst,
  };
  const finish = async (): Promise<Summary> => {
    const report = await run(job, compiled);
    const files = outputs.map(({ name, path }) => ({ port: name, file: path }));
    const summary = summaryOf(compiled, report, counters, { inputs, outputs: files });
    writeText(summaryPath, `${JSON.stringify(summary, null, 2)}\n`);
    return summary;
  };
  return {
    counters,
    control,
    finished: finish(),
    stop: () => {
      askToStop(control);
    },
  };
}

function run(job: ReplayJob, { lab }: Compiled): Promise<ReplayReport> {
  if (job.format === 'pcap')
    return runInWorker(new URL('../../dataplane/worker/replay.js', import.meta.url), job);
  return runInWorker(new URL('./annotated.js', import.meta.url), { job, lab });
}
