/**
 * The piscina task of one Worker of several, each with one host on the same wire: its children send, and what they send to those of other hosts
 * crosses by rings. All begin to measure together, and go on doing errands until nobody sends any more.
 */
import { forwardOn } from '../../dataplane/forward/forward.js';
import { Errand } from '../../dataplane/forward/frontier.js';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { synthOn } from '../../dataplane/port/synth.js';
import { reviveProgram } from '../../dataplane/program/program.js';
import { exhaleOn } from '../../dataplane/worker/breathe.js';
import { Crossing } from '../../dataplane/worker/crossing.js';
import type { Cut } from '../../dataplane/worker/crossing.js';
import type { Case, Samples } from './case.js';
import { childrenOf } from './programs.js';
import { sample } from './task.js';

export interface Share {
  readonly what: Case;
  readonly program: SharedArrayBuffer;
  readonly cut: Cut;
  /** Int32: how many Workers are warm, have measured, and send no more. */
  readonly stages: SharedArrayBuffer;
}

export interface ShareSamples extends Samples {
  /** Frames that are neither sent nor dropped nor in the pool; only the sum over the Workers means something. */
  readonly missing: number;
}

const enum Stage {
  Warm,
  Measured,
  Silent,
}

const WARM_FRAMES = 4_000_000;
/** Errands between two sends: of as many frames as the pool can hold besides a burst. */
const ERRANDS = BURST;

export default async function measureShare({
  what,
  program,
  cut,
  stages,
}: Share): Promise<ShareSamples> {
  const { traffic, seconds } = what;
  const { workers } = cut.owners;
  const plane = new Plane(reviveProgram(program), { shared: cut.shared });
  const crossing = new Crossing(plane, cut);
  const exhale = exhaleOn(
    plane,
    Array.from({ length: plane.program.ports.rows }, () => nowhere),
  );
  const forward = forwardOn(plane);
  const { doors } = plane;
  crossing.perform = (errand, about, frame) => {
    if (errand === Errand.Up) doors.up(frame, about);
    else doors.enter(frame, about);
  };
  const senders = childrenOf(cut.worker, traffic.ports, workers);
  const source = synthOn(plane.frames, { ...traffic, senders });
  const burst = new Int32Array(BURST);
  const reached = new Int32Array(stages);

  function serve(): number {
    let done = 0;
    for (let now = crossing.serveOnce(); now > 0 && done < ERRANDS; now = crossing.serveOnce())
      done += now;
    exhale();
    return done;
  }

  function breath(): number {
    const count = source.receive(burst, BURST);
    for (let from = 0; from < count; from += plane.stepMax) {
      forward(burst, from, Math.min(count, from + plane.stepMax));
      exhale();
    }
    crossing.publish();
    serve();
    return count;
  }

  /** Says that this Worker has come so far, and goes on with `meanwhile` until all have. */
  function until(stage: Stage, meanwhile: () => number): void {
    Atomics.add(reached, stage, 1);
    while (Atomics.load(reached, stage) < workers) meanwhile();
  }

  for (let frames = 0; frames < WARM_FRAMES;) frames += breath();
  until(Stage.Warm, breath);
  const samples = await sample(breath, seconds * 1000);
  until(Stage.Measured, breath);
  until(Stage.Silent, serve);
  while (serve() > 0);
  return { ...samples, missing: plane.counters.unaccounted() - plane.frames.claimed };
}
