/** Plays frames through a data plane, and says what left by which port, and what ended inside. */
import assert from 'node:assert/strict';
import type { Compiled } from '../../control/compile/compile.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { collector, endings, sourceOf } from '../dataplane/scenario.js';
import type { Scripted } from '../dataplane/story.js';
import { digitsOf } from './frames.js';

export interface Left {
  readonly port: string;
  readonly digits: string;
  /** How many bytes there were on the wire that the capture did not keep. */
  readonly missing: number;
}

/** What one breath brought. */
export interface Breath {
  readonly left: readonly Left[];
  /** `dropped: ...` and `consumed: ...`, each once, in alphabetical order. */
  readonly ended: readonly string[];
}

/** Plays a script, at most `most` frames a breath. Throws unless at the end all frames are accounted for and all slots free. */
export function play(
  lab: Compiled,
  script: readonly Scripted[],
  { most = 1, traced = false } = {},
): Breath[] {
  const plane = new Plane(lab.program);
  let left: Left[] = [];
  const sinks = lab.ports.map(({ port }) =>
    collector(plane, (_serial, bytes, wireLength) => {
      left.push({ port, digits: digitsOf(bytes), missing: wireLength - bytes.length });
    }),
  );
  const breath = breathOn(plane, sourceOf(plane, script, traced), sinks, most);
  const breaths: Breath[] = [];
  for (let before = endings(plane); breath() > 0; before = endings(plane)) {
    const ended = endings(plane).filter(({ count }, i) => count > (before[i]?.count ?? 0));
    breaths.push({ left, ended: ended.map(({ how }) => how).sort() });
    left = [];
  }
  assert.equal(plane.counters.unaccounted(), 0, 'all frames are accounted for');
  assert.equal(plane.frames.claimed, 0, 'all slots are free again');
  return breaths;
}

/** The frames of each port, in the order in which they left. */
export function byPort(breaths: readonly Breath[]): Record<string, readonly string[]> {
  const ports: Record<string, string[]> = {};
  for (const { port, digits, missing } of breaths.flatMap(({ left }) => left))
    (ports[port] ??= []).push(`${digits} ${missing}`);
  return ports;
}
