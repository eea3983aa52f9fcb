/**
 * The piscina task of a replay whose outputs carry explanations: the ordinary replay, every frame traced, and the words made where the
 * frame leaves. It lives in the control plane because the data plane has no words.
 */
import type { Plane } from '../../dataplane/forward/plane.js';
import type { Annotate } from '../../dataplane/port/recorder.js';
import { replay } from '../../dataplane/worker/replay.js';
import type { ReplayJob, ReplayReport } from '../../dataplane/worker/replay.js';
import { compile } from '../compile/compile.js';
import type { Compiled } from '../compile/compile.js';
import { explanationOf } from '../explain/explanation.js';
import { commentOf } from '../explain/sentences.js';
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

function annotateWith(compiled: Compiled): (plane: Plane) => Annotate {
  return (plane) => {
    let read = 0;
    let comment = '';
    return () => {
      if (plane.trace.written > read) {
        comment = commentOf(explanationOf(compiled, plane, plane.trace.since(plane.trace.newest)));
        read = plane.trace.written;
      }
      return comment;
    };
  };
}
