/** Sources that never end, and draw every frame at random: the same seed sends the same frames. */
import type { Frame, Frames } from '../frame/frames.js';
import type { Source } from './port.js';

/** Writes a frame and its lengths; `dice` are 32 random bits, `sent` is how many there were before it. Gives the port by which it comes in. */
export type Fill = (frame: Frame, dice: number, sent: number) => number;

/** Makes such a source. @param step nanoseconds from one frame to the next */
export function drawnOn(frames: Frames, seed: number, step: number, fill: Fill): Source {
  const { inPort, serial, tick } = frames;
  const state = { dice: (seed << 1) | 1, sent: 0 };

  function receive(into: Int32Array, most: number): number {
    let { dice, sent } = state;
    let filled = 0;
    for (; filled < most; filled++) {
      const frame = frames.claim();
      if (frame < 0) break;
      dice ^= dice << 13;
      dice ^= dice >>> 17;
      dice ^= dice << 5;
      inPort[frame] = fill(frame, dice, sent);
      sent++;
      serial[frame] = sent;
      tick[frame] = sent * step;
      into[filled] = frame;
    }
    state.dice = dice;
    state.sent = sent;
    return filled;
  }

  return { receive, refill: () => Promise.resolve(true) };
}

/** 31 random bits to 0..most-1, for `most` up to 2^20. */
export function below(dice: number, most: number): number {
  if (most <= 1 << 15) return Math.imul(dice >>> 16, most) >>> 16;
  return (Math.imul(dice >>> 16, most >>> 4) >>> 12) + (dice & 15);
}
