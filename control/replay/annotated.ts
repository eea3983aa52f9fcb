/**
 * The piscina task of a replay whose outputs carry explanations: the ordinary replay, every frame traced, and the words made where the
 * frame leaves. It lives in the control plane because the data plane has no words.
 */
import type { Plane } from '../../dataplane/forward/plane.js';
import { replay } from '../../dataplane/worker/replay.js';
import type { Annotating, ReplayJob, ReplayReport } from '../../dataplane/worker/replay.js';
import { compile } from '../compile/compile.js';
import type { Compiled } from '../compile/compile.js';
import { explanationOf } from '../explain/explanation.js';
import { commentOf } from '../explain/sentences.js';
import type { AnyHop } from '../explain/hops.js';
import type { Lab } from '../model/lab.js';

/** One frame per burst, so that the newest notes are those of the frame that leaves. */
export default function annotated({
  job,
  lab,
}: {
  job: ReplayJob;
  lab: Lab;
}): Promise<ReplayReport> {
  const compiled = compile(lab);
  return replay({ ...job, burst: 1 }, { tracing: 'all', annotate: annotateWith(compiled) });
}

/**
 * What waits for its next hop leaves in the breath of another frame, or of none: its comment is kept until then, and says so. Later than the frame because of
 * which it is sent comes only the question whether a neighbor is still there.
 */
function annotateWith(compiled: Compiled): (plane: Plane) => Annotating {
  return (plane) => {
    const { frames, trace } = plane;
    const kept = new Map<string, string>();
    let read = 0;
    let newest = '';
    let comment = '';

    function probeText(port: number, serial: number): string {
      const cause = `frame ${serial} of ${compiled.ports[port]?.port ?? ''}`;
      return `The host asks whether its neighbor is still there, to which ${cause} was sent.`;
    }

    function explainNewest(): void {
      const notes = trace.since(trace.newest);
      const explanation = explanationOf(compiled, plane, notes);
      const [, , port, serial] = notes[0] ?? [];
      newest = `${port ?? 0}:${serial ?? 0}`;
      comment = commentOf(explanation);
      if (explanation.hops.some(isWaiting)) kept.set(newest, comment);
      read = trace.written;
    }

    return {
      passed: () => {
        if (trace.written > read) explainNewest();
      },
      comment: (frame) => {
        const [port, serial] = [frames.inPort[frame] ?? 0, frames.serial[frame] ?? 0];
        const name = `${port}:${serial}`;
        return name === newest ? comment : (kept.get(name) ?? probeText(port, serial));
      },
    };
  };
}

/** Has the frame not come to its end, because it waits for a next hop or for the first fragment of its datagram? */
function isWaiting(hop: AnyHop): boolean {
  return hop.gathers === true || ('waits' in hop && hop.waits === 'waiting');
}
