/**
 * The piscina task of a live Worker whose frames can be explained: the ordinary Worker, and the words for what it traces. It lives in the
 * control plane because the data plane has no words.
 */
import { live } from '../../dataplane/worker/live.js';
import type { LiveReport } from '../../dataplane/worker/live.js';
import type { LiveJob } from '../../dataplane/worker/live-job.js';
import { compile } from '../compile/compile.js';
import { explanationOf } from '../explain/explanation.js';
import type { Lab } from '../model/lab.js';

export default function explained({ job, lab }: { job: LiveJob; lab: Lab }): Promise<LiveReport> {
  const compiled = compile(lab);
  return live(job, {
    explain: (plane) => () =>
      explanationOf(compiled, plane, plane.trace.since(plane.trace.newest), 'live'),
  });
}
