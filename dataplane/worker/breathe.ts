/**
 * A breath: receive a burst, forward it, send what was queued. The Worker breathes until its source has ended or the stop word is set.
 *
 * The synchronous part is a function of its own, so that it is compiled well and awaits nothing while frames are at hand.
 */
import { forwardOn } from '../forward/forward.js';
import { BURST, QUEUE } from '../forward/plane.js';
import type { Plane } from '../forward/plane.js';
import { Reason } from '../observe/reason.js';
import type { Sink, Source } from '../port/port.js';

/**
 * Moves frames from the source to the sinks (one per port, by number) until the source has ended, which returns true, or until
 * `stop[0]` is not 0, which returns false.
 * @param most frames per burst, 1..BURST; changes speed, never results
 */
export async function breathe(
  plane: Plane,
  source: Source,
  sinks: readonly Sink[],
  stop: Int32Array,
  most = BURST,
): Promise<boolean> {
  const breath = breathOn(plane, source, sinks, most);
  while (Atomics.load(stop, 0) === 0) {
    if (breath() > 0) continue;
    if (await source.refill()) continue;
    // What still waits gets its answer or is given up, however long that takes: time is data.
    plane.advance(Infinity);
    breath();
    return true;
  }
  return false;
}

/** Makes the function that takes one breath of at most `most` frames and returns how many came in. */
export function breathOn(
  plane: Plane,
  source: Source,
  sinks: readonly Sink[],
  most: number,
): () => number {
  const { frames, queues, queued, dirty } = plane;
  const { counters } = plane;
  const { framesOut, bytesOut } = counters;
  const { wireLength } = frames;
  const burst = new Int32Array(BURST);
  const forward = forwardOn(plane);

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

  function sendAll(): void {
    for (let i = 0; i < plane.dirtyCount; i++) sendQueued(dirty[i]);
    plane.dirtyCount = 0;
  }

  return () => {
    const count = source.receive(burst, most);
    // Where frames may need copies on their way, the queues are emptied before slots can run out.
    for (let from = 0; from < count;) {
      const to = Math.min(count, from + plane.stepMax);
      forward(burst, from, to);
      sendAll();
      from = to;
    }
    sendAll();
    return count;
  };
}
