import type { Frame, Frames } from '../frame/frames.js';
import type { CaptureWriter } from './file/writer.js';
import { Reason } from '../observe/reason.js';
import { NO_REFUSALS } from './port.js';
import type { Sink } from './port.js';

/** Says what is to be known about a frame that leaves; written beside it where the format can. */
export type Annotate = (frame: Frame) => string;

/** A capture file as a port: what is sent to it is kept, with the time at which it was captured. */
export class Recorder implements Sink {
  readonly refusals = NO_REFUSALS;

  constructor(
    private readonly frames: Frames,
    private readonly writer: CaptureWriter,
    private readonly annotate?: Annotate,
  ) {}

  /** @throws CaptureError when the system cannot write */
  send(from: Int32Array, at: number, count: number): number {
    const { bytes, start, length, wireLength, seconds, nanoseconds } = this.frames;
    for (let i = at; i < at + count; i++) {
      const frame = from[i];
      this.writer.put(
        bytes,
        start[frame],
        length[frame],
        wireLength[frame],
        seconds[frame],
        nanoseconds[frame],
        this.annotate?.(frame),
      );
    }
    return 0;
  }
}

/** Where frames go that nobody keeps. */
export const nowhere: Sink = { send: () => 0, refusals: NO_REFUSALS };

/** Where frames go by a port that nothing is joined to. @param most the most frames in one `send` */
export function unplugged(most: number): Sink {
  return {
    send: (_from, _at, count) => count,
    refusals: new Uint8Array(most).fill(Reason.NoCarrier),
  };
}
