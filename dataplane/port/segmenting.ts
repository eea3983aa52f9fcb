/**
 * A sink for wires, around a sink for frames: what was left to the network card is done here, so that the inner sink sees only frames as they
 * stand on a wire, each segment and each checksum complete.
 *
 * A super-frame is cut into slots of its own, which go to the inner sink in batches and back to the pool. A frame that only lacks its
 * checksum gets it where it stands: others who hold the frame are served as well with it. Frames that leave nothing to be done pass by
 * their own slot and cost one look.
 *
 * With another mask it is a sink around a device that takes most of what is left to a card, but not all (FrameFlag.Tunneled): such frames alone are cut.
 *
 * A super-frame arrived when all frames it stands for did; otherwise it is refused for the Reason of the last one that was.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame, Frames } from '../frame/frames.js';
import { completeChecksum, Segmenter } from '../frame/segment.js';
import { Reason } from '../observe/reason.js';
import type { Sink } from './port.js';

/** Frames in one `send` to the inner sink. */
export const BATCH = 64;

export class Segmenting implements Sink {
  readonly refusals: Uint8Array;

  private readonly segmenter: Segmenter;
  private readonly batch = new Int32Array(BATCH);
  /** Which frame of the burst each of the batch belongs to, and whether its slot is one of ours. */
  private readonly places = new Int32Array(BATCH);
  private readonly ours = new Uint8Array(BATCH);
  private waiting = 0;

  /**
   * @param most the most frames in one `send` to this
   * @param untaken frames with one of these flags are not for the inner sink
   */
  constructor(
    private readonly frames: Frames,
    private readonly inner: Sink,
    most: number,
    private readonly untaken: number = FrameFlag.Offloaded,
  ) {
    this.refusals = new Uint8Array(most);
    this.segmenter = new Segmenter(frames);
  }

  send(from: Int32Array, at: number, count: number): number {
    const { frames, untaken, inner } = this;
    const { flags } = frames;
    if (!this.hasUntaken(from, at, count)) {
      const refused = inner.send(from, at, count);
      if (refused > 0) for (let i = 0; i < count; i++) this.refusals[i] = inner.refusals[i];
      return refused;
    }
    this.refusals.fill(Reason.Ok, 0, count);
    for (let i = 0; i < count; i++) {
      const frame = from[at + i];
      if ((flags[frame] & untaken) === 0) this.add(frame, i, 0);
      else this.makeWhole(frame, i);
    }
    this.flush();
    let refused = 0;
    for (let i = 0; i < count; i++) if (this.refusals[i] !== Reason.Ok) refused++;
    return refused;
  }

  private hasUntaken(from: Int32Array, at: number, count: number): boolean {
    const { frames, untaken } = this;
    let all = 0;
    for (let i = at; i < at + count; i++) all |= frames.flags[from[i]];
    return (all & untaken) !== 0;
  }

  /** A description that does not fit was dropped by parse; where none has looked yet, the frame passes as it came. */
  private makeWhole(frame: Frame, place: number): void {
    const segments = this.segmenter.begin(frame);
    const isSuper = (this.frames.flags[frame] & FrameFlag.Super) !== 0;
    if (segments > 0 && isSuper) {
      this.cut(segments, place);
      return;
    }
    if (segments > 0) completeChecksum(this.frames, frame);
    this.add(frame, place, 0);
  }

  private cut(segments: number, place: number): void {
    for (let index = 0; index < segments; index++) {
      let slot = this.frames.claim();
      if (slot < 0) {
        this.flush();
        slot = this.frames.claim();
      }
      if (slot < 0) {
        this.refusals[place] = Reason.DeviceQueueFull;
        return;
      }
      this.segmenter.cut(index, slot);
      this.add(slot, place, 1);
    }
  }

  private add(frame: Frame, place: number, isOurs: number): void {
    this.batch[this.waiting] = frame;
    this.places[this.waiting] = place;
    this.ours[this.waiting] = isOurs;
    if (++this.waiting === BATCH) this.flush();
  }

  private flush(): void {
    const { inner, batch, places, ours, waiting } = this;
    if (waiting === 0) return;
    if (inner.send(batch, 0, waiting) > 0)
      for (let i = 0; i < waiting; i++)
        if (inner.refusals[i] !== Reason.Ok) this.refusals[places[i]] = inner.refusals[i];
    for (let i = waiting - 1; i >= 0; i--) if (ours[i] === 1) this.frames.release(batch[i]);
    this.waiting = 0;
  }
}
