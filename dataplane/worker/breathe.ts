/**
 * A breath: receive a burst, forward it, send what was queued. The Worker breathes until its source has ended or the stop word is set.
 *
 * The synchronous part is a function of its own, so that it is compiled well and awaits nothing while frames are at hand.
 */
import { forwardOn } from '../forward/forward.js';
import type { Forward } from '../forward/forward.js';
import { BURST, QUEUE } from '../forward/plane.js';
import type { Plane } from '../forward/plane.js';
import { Reason } from '../observe/reason.js';
import type { Sink, Source } from '../port/port.js';

/** What a breath is made of. */
export interface Lungs {
  readonly plane: Plane;
  readonly source: Source;
  readonly forward: Forward;
  /** Sends what is queued. */
  readonly exhale: () => void;
  /** Frames per burst, 1..BURST; changes speed, never results. */
  readonly most: number;
  /** The tick to which time goes on when the source has ended; absent: until nothing is due any more. */
  readonly end?: () => number;
}

/**
 * Moves frames from the source on until that has ended, which returns true, or until `stop[0]` is not 0, which returns false.
 */
export async function breathe(lungs: Lungs, stop: Int32Array): Promise<boolean> {
  const { plane, source, exhale } = lungs;
  const breath = breathWith(lungs);
  let ended = false;
  while (!ended && Atomics.load(stop, 0) === 0) {
    if (breath() === 0) ended = !(await source.refill());
  }
  // What still waits gets its answer or is given up, however long that takes: time is data.
  const end = lungs.end?.() ?? Infinity;
  plane.frontier?.advance(end);
  plane.advance(end);
  exhale();
  return ended;
}

/** Makes the function that takes one breath of at most `most` frames, from the source to the sinks, one per port, and returns how many came in. */
export function breathOn(
  plane: Plane,
  source: Source,
  sinks: readonly Sink[],
  most: number,
): () => number {
  const [forward, exhale] = [forwardOn(plane), exhaleOn(plane, sinks)];
  return breathWith({ plane, source, forward, exhale, most });
}

function breathWith({ plane, source, forward, exhale, most }: Lungs): () => number {
  const burst = new Int32Array(BURST);
  plane.relieve = exhale;
  return () => {
    const count = source.receive(burst, most);
    // Another Worker cannot see whether slots run out here, so where there are others the queues are emptied before they can.
    const step = plane.frontier === undefined ? BURST : plane.stepMax;
    for (let from = 0; from < count;) {
      const to = Math.min(count, from + step);
      forward(burst, from, to);
      exhale();
      from = to;
    }
    if (count === 0) exhale();
    return count;
  };
}

/** Makes the function that sends what is queued to the sinks, one per port, by number. */
export function exhaleOn(plane: Plane, sinks: readonly Sink[]): () => void {
  const { frames, queues, queued, dirty, counters } = plane;
  const { framesOut, bytesOut } = counters;
  const { wireLength } = frames;

  function sendQueued(port: number): void {
    const at = port * QUEUE;
    const count = queued[port];
    const sink = sinks[port];
    const refused = sink.send(queues, at, count);
    let bytes = 0;
    for (let waiting = at; waiting < at + count; waiting++) {
      bytes += wireLength[queues[waiting]];
      frames.letGo(queues[waiting]);
    }
    framesOut[port] += count - refused;
    bytesOut[port] += bytes;
    queued[port] = 0;
    if (refused > 0) dropRefused(port, at, count, sink.refusals);
  }

  /** The slots are free again, and nothing has been put into them yet. */
  function dropRefused(port: number, at: number, count: number, refusals: Uint8Array): void {
    for (let i = 0; i < count; i++) {
      const reason = refusals[i];
      if (reason === Reason.Ok) continue;
      bytesOut[port] -= wireLength[queues[at + i]];
      counters.drop(port, reason);
    }
  }

  return () => {
    for (let i = 0; i < plane.dirtyCount; i++) sendQueued(dirty[i]);
    plane.dirtyCount = 0;
  };
}
