/**
 * Run to completion: each frame of a burst is parsed, decided and queued before the next one is looked at, so that what one frame
 * teaches already counts for the one behind it, and the burst size changes nothing but speed.
 *
 * The shape of this folder: `xOn(plane)` makes function x for a plane. A Worker has one plane and makes each function once, so the
 * compiler takes the tables they close over for constants and folds their addresses into the code: 1.5 times as fast as handing the
 * plane from call to call (docs/decisions.md).
 */
import { TRACED } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { bridgeOn } from './bridge.js';
import { emitOn } from './emit.js';
import { parseOn } from './parse.js';
import type { Plane } from './plane.js';
import { drop } from './verdict.js';
import type { Verdict } from './verdict.js';
import { witnessOn } from './witness.js';

const CACHES = 16 << 20;

/** Makes the function that forwards the first `count` frames of `burst` to the egress queues. */
export function forwardOn(plane: Plane): (burst: Int32Array, count: number) => void {
  const { inPort, wireLength, flags } = plane.frames;
  const { framesIn, bytesIn } = plane.counters;
  const parse = parseOn(plane);
  const bridge = bridgeOn(plane);
  const emit = emitOn(plane);

  function decide(frame: Frame, port: number): Verdict {
    const reason = parse(frame);
    return reason === Reason.Ok ? bridge(frame, port) : drop(reason);
  }

  const lookAhead = lookAheadOn(plane);
  const witness = witnessOn(plane, decide, emit);

  return (burst, count) => {
    lookAhead(burst, count);
    for (let i = 0; i < count; i++) {
      const frame = burst[i];
      const port = inPort[frame];
      framesIn[port]++;
      bytesIn[port] += wireLength[frame];
      if ((flags[frame] & TRACED) === 0) emit(frame, port, decide(frame, port));
      else witness(frame, port);
    }
  };
}

/**
 * Makes the function that touches the table entries a burst will need, so that the memory reads overlap instead of queueing up one
 * frame behind the other. It pays once a table is larger than what the caches hold, and costs below that.
 */
function lookAheadOn({ fdbs, frames, program }: Plane): (burst: Int32Array, count: number) => void {
  const { start, inPort, view } = frames;
  const { network } = program.ports;
  const pays = fdbs.some((fdb) => fdb.bytes > CACHES);
  const touched = new Int32Array(1);
  return (burst, count) => {
    if (!pays) return;
    let words = 0;
    for (let i = 0; i < count; i++) {
      // A frame without addresses touches wherever the bytes behind it lead: they are the slot's, and nothing is decided here.
      const at = start[burst[i]];
      const fdb = fdbs[network[inPort[burst[i]]]];
      words ^= fdb.touch(view.getUint16(at), view.getInt32(at + 2));
      words ^= fdb.touch(view.getUint16(at + 6), view.getInt32(at + 8));
    }
    touched[0] = words;
  };
}
