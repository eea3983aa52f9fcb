/** A replay in this thread, of which nothing is recorded: for whoever wants to look at the plane. */
import { BURST } from '../../dataplane/forward/plane.js';
import { Counters } from '../../dataplane/observe/counters.js';
import { CONTROL_BYTES } from '../../dataplane/worker/control.js';
import { replay } from '../../dataplane/worker/replay.js';
import type { ReplayReport, Watching } from '../../dataplane/worker/replay.js';
import type { Compiled } from '../compile/compile.js';
import type { InputFile } from './inputs.js';

/** @throws CaptureError */
export function watchReplay(
  compiled: Compiled,
  inputs: readonly InputFile[],
  watching: Watching,
): Promise<ReplayReport> {
  const job = {
    program: compiled.program.buffer,
    counters: new Counters(compiled.ports.length).memory,
    control: new SharedArrayBuffer(CONTROL_BYTES),
    inputs,
    outputs: [],
    format: 'pcap' as const,
    burst: BURST,
  };
  return replay(job, watching);
}
