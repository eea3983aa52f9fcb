import type { Compiled } from '../../control/compile/compile.js';
import { explanationOf } from '../../control/explain/explanation.js';
import type { Explanation } from '../../control/explain/explanation.js';
import type { BridgeHop } from '../../control/explain/hops.js';
import { sentencesOf } from '../../control/explain/sentences.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { sourceOf } from '../dataplane/scenario.js';
import { readStory } from '../dataplane/story.js';

/** Explains the last frame of a story (see test/dataplane/scenario.ts). Frames are numbered through, whatever their port. */
export function explained(lab: Compiled, story: string): Explanation {
  const script = readStory(story, lab);
  const plane = new Plane(lab.program);
  const sinks = lab.ports.map(() => nowhere);
  const breath = breathOn(plane, sourceOf(plane, script, true), sinks, 1);
  while (breath() > 0) continue;
  return explanationOf(lab, plane, plane.trace.since(plane.trace.newest));
}

/** What happened at the bridge that the frame met first. */
export function atBridge({ hops: [hop] }: Explanation): BridgeHop {
  if (hop?.stage !== 'bridge' && hop?.stage !== 'wire') throw new Error('it met no bridge first');
  return hop;
}

/** The sentences about the last frame of a story, without the first, which describes the frame. */
export function told(lab: Compiled, story: string): string[] {
  return sentencesOf(explained(lab, story)).slice(1);
}
