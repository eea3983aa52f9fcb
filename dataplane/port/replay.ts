/**
 * Captures as a source of frames: several files, each standing at a port, merged by capture time.
 *
 * Complication 1: order. The frame with the smallest time comes next; at equal times the capture that was named first. Within one
 *   capture the order of the file holds, also where its times run backwards.
 * Complication 2: the tick. It is the time since the run's first frame and never runs backwards, so that nothing un-ages; a frame's own
 *   capture time goes on unchanged beside it.
 * Complication 3: a capture that has no frame in memory may hold the next one, so a burst ends where a capture must be filled.
 *
 * Never: a burst that depends on how much of a file happened to be in memory. Frames come in one order, however they are cut into bursts.
 */
import { copyBytes, memoryOf, type Memory } from '../frame/copy.js';
import { FrameFlag } from '../frame/frames.js';
import type { Frame, Frames } from '../frame/frames.js';
import type { CaptureReader } from './file/reader.js';
import type { Source } from './port.js';

/** One capture and the port at which its frames come in. */
export interface Input {
  readonly port: number;
  readonly reader: CaptureReader;
}

/** Which frames are to be traced: none, every one, or frame `serial` of `port`, after which the replay ends. */
export type Tracing = 'none' | 'all' | { readonly port: number; readonly serial: number };

/** A time of a capture. */
export interface CaptureTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Where a replay ends, by the time of its first frame: the tick of the last moment; Infinity for its last frame. */
export type Until = (first: CaptureTime) => number;

const enum Head {
  /** The reader stands at a frame that has not been given yet. */
  Ready,
  /** It needs more bytes before anybody can know its next frame. */
  Empty,
  Ended,
}

const NANOSECONDS = 1e9;

export class Replay implements Source {
  /** Frames whose capture time lies before that of a frame that came earlier. */
  backwards = 0;

  private readonly heads: Uint8Array;
  private readonly pool: Memory;
  /** Capture time of the first frame. */
  private base: CaptureTime | undefined;
  private tick = 0;
  private last = Infinity;
  /** The one frame to be traced has been given, or the last moment is over. */
  private over = false;

  constructor(
    private readonly frames: Frames,
    private readonly inputs: readonly Input[],
    private readonly tracing: Tracing,
    private readonly until?: Until,
  ) {
    this.heads = new Uint8Array(inputs.length).fill(Head.Empty);
    this.pool = memoryOf(frames.bytes);
  }

  /** The tick of the newest frame. */
  get now(): number {
    return this.tick;
  }

  /** The last moment: of a replay that ends before its captures do the one it was told, else that of the newest frame. */
  get end(): number {
    return this.last === Infinity ? this.tick : Math.max(this.last, this.tick);
  }

  receive(into: Int32Array, most: number): number {
    let count = 0;
    while (count < most && !this.over) {
      const next = this.earliest();
      if (next < 0 || this.isPast(this.inputs[next].reader)) break;
      const frame = this.frames.claim();
      if (frame < 0) break;
      this.take(frame, this.inputs[next]);
      into[count++] = frame;
      if (!this.inputs[next].reader.next()) this.heads[next] = Head.Empty;
    }
    return count;
  }

  /** @throws CaptureError when the system cannot read a capture */
  async refill(): Promise<boolean> {
    if (this.over) return false;
    for (const [i, { reader }] of this.inputs.entries()) {
      while (this.heads[i] === Head.Empty) {
        if (reader.next()) this.heads[i] = Head.Ready;
        else if (!(await reader.fill())) this.heads[i] = Head.Ended;
      }
    }
    return this.heads.includes(Head.Ready);
  }

  /** Which input has the next frame; -1 when that cannot be known before a refill, or when there is none. */
  private earliest(): number {
    const { heads, inputs } = this;
    let best = -1;
    for (let i = 0; i < heads.length; i++) {
      if (heads[i] === Head.Empty) return -1;
      if (heads[i] === Head.Ended) continue;
      if (best < 0 || isBefore(inputs[i].reader, inputs[best].reader)) best = i;
    }
    return best;
  }

  /** Puts the frame the reader stands at into a slot. More bytes than a slot has room for exceed any MTU and are left out. */
  private take(frame: Frame, { port, reader }: Input): void {
    const { frames } = this;
    const { seconds, nanoseconds, number } = reader;
    const length = Math.min(reader.capturedLength, frames.room);
    copyBytes(reader.memory, reader.at, this.pool, frames.start[frame], length);
    frames.length[frame] = length;
    frames.wireLength[frame] = reader.wireLength;
    frames.inPort[frame] = port;
    frames.serial[frame] = number;
    frames.seconds[frame] = seconds;
    frames.nanoseconds[frame] = nanoseconds;
    frames.tick[frame] = this.tickAt(seconds, nanoseconds);
    if (this.tracing !== 'none') this.trace(frame, this.tracing);
  }

  private tickAt(seconds: number, nanoseconds: number): number {
    const tick = this.since(seconds, nanoseconds);
    if (tick >= this.tick) this.tick = tick;
    else this.backwards++;
    return this.tick;
  }

  /** Nanoseconds since the first frame. Exact for 104 days; then in steps of 2 ns, 4 ns, and so on. */
  private since(seconds: number, nanoseconds: number): number {
    if (this.base === undefined) {
      this.base = { seconds, nanoseconds };
      if (this.until !== undefined) this.last = this.until(this.base);
    }
    const { base } = this;
    return (seconds - base.seconds) * NANOSECONDS + (nanoseconds - base.nanoseconds);
  }

  /** Is the frame at which a reader stands behind the last moment? Then the replay has ended. */
  private isPast({ seconds, nanoseconds }: CaptureReader): boolean {
    if (this.until === undefined || this.since(seconds, nanoseconds) <= this.last) return false;
    this.over = true;
    return true;
  }

  private trace(frame: Frame, tracing: Exclude<Tracing, 'none'>): void {
    const { frames } = this;
    const all = tracing === 'all';
    if (!all && (tracing.port !== frames.inPort[frame] || tracing.serial !== frames.serial[frame]))
      return;
    frames.flags[frame] |= FrameFlag.Traced;
    this.over = !all;
  }
}

function isBefore(one: CaptureReader, other: CaptureReader): boolean {
  return (
    one.seconds < other.seconds ||
    (one.seconds === other.seconds && one.nanoseconds < other.nanoseconds)
  );
}
