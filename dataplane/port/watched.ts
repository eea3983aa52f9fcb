/**
 * A port whose frames somebody wants explained: they come in one at a time, each traced, so that the newest notes are those of the frame
 * that has just been forwarded.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame, Frames } from '../frame/frames.js';
import type { Receiver } from './port.js';

export class Watched implements Receiver {
  /**
   * @param wants whether this frame is to be traced
   * @param traced a frame that is traced has come in
   */
  constructor(
    private readonly frames: Frames,
    readonly receiver: Receiver,
    private readonly wants: (frame: Frame) => boolean,
    private readonly traced: () => void,
  ) {}

  receive(into: Int32Array, most: number): number {
    const count = this.receiver.receive(into, most < 1 ? most : 1);
    if (count > 0 && this.wants(into[0])) {
      this.frames.flags[into[0]] |= FrameFlag.Traced;
      this.traced();
    }
    return count;
  }
}
