/**
 * A capture played in real time: a port whose frames come from a file, each when it is due.
 *
 * Time is given by the Worker's clock as ticks. The first frame is due at once, each further one as long after it as the speed says; a
 * Worker that was late gives what is due in one burst, so that the pace holds in the long run.
 *
 * Complication 1: reading. The file is read ahead in the background; while its next bytes are not here, nothing is due.
 * Complication 2: a capture may have kept only a part of a frame. Devices take whole frames, so such a one is received and dropped.
 * Complication 3: whoever records or learns must not see the times of the capture: frames carry the time at which they are played.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import type { Memory } from '../frame/copy.js';
import type { Frame, Frames } from '../frame/frames.js';
import type { Counters } from '../observe/counters.js';
import { Reason } from '../observe/reason.js';
import type { CaptureReader } from './file/reader.js';
import type { Receiver } from './port.js';

/** How fast: as captured, times this; so many frames a second; or as fast as frames are taken. */
export type Pace = { readonly times: number } | { readonly framesPerSecond: number } | 'max';

/** What tells the time. */
export interface Clock {
  /** Nanoseconds since tick 0. */
  now(): number;
  /** The time of day at tick 0: seconds since 1970, and nanoseconds. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

const NANOSECONDS = 1e9;

export class Player implements Receiver {
  /** The tick at which its next frame is due; Infinity while none is at hand. */
  due = Infinity;
  /** True once all frames were given; the reader is closed then. */
  ended = false;
  /** Where reading ended too early, a clause. */
  damage: string | undefined;

  private readonly pool: Memory;
  private filling = false;
  private first: { tick: number; seconds: number; nanoseconds: number } | undefined;

  constructor(
    private readonly frames: Frames,
    private readonly counters: Counters,
    readonly port: number,
    private readonly reader: CaptureReader,
    private readonly pace: Pace,
    private readonly clock: Clock,
  ) {
    this.pool = memoryOf(frames.bytes);
    this.advance();
  }

  /** Frames given so far. */
  get given(): number {
    return this.ended || this.due === Infinity ? this.reader.number : this.reader.number - 1;
  }

  /** True while something waits for the event loop. */
  get isBusy(): boolean {
    return this.filling;
  }

  receive(into: Int32Array, most: number): number {
    const now = this.clock.now();
    let count = 0;
    while (count < most && this.due <= now) {
      if (this.reader.capturedLength < this.reader.wireLength) {
        this.dropSnapped();
      } else {
        const frame = this.frames.claim();
        if (frame < 0) break;
        this.take(frame, now);
        into[count++] = frame;
      }
      this.advance();
    }
    return count;
  }

  async close(): Promise<void> {
    this.due = Infinity;
    if (!this.ended && !this.filling) await this.reader.close();
    this.ended = true;
  }

  /** Stands at the next frame, or begins to read on. */
  private advance(): void {
    const { reader } = this;
    if (reader.next()) {
      this.due = this.dueAt(reader.seconds, reader.nanoseconds, reader.number);
      return;
    }
    this.due = Infinity;
    this.filling = true;
    reader
      .fill()
      .then(
        (more) => (more ? undefined : (reader.damage?.what ?? '')),
        (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
      )
      .then((end) => {
        this.filling = false;
        if (this.ended) void reader.close();
        else if (end === undefined) this.advance();
        else this.finish(end);
      })
      .catch((cause: unknown) => {
        this.finish(String(cause));
      });
  }

  private finish(why: string): void {
    this.ended = true;
    if (why !== '') this.damage = why;
    void this.reader.close();
  }

  private dueAt(seconds: number, nanoseconds: number, number: number): number {
    this.first ??= { tick: this.clock.now(), seconds, nanoseconds };
    const { first, pace } = this;
    if (pace === 'max') return first.tick;
    if ('framesPerSecond' in pace)
      return first.tick + ((number - 1) * NANOSECONDS) / pace.framesPerSecond;
    const passed = (seconds - first.seconds) * NANOSECONDS + (nanoseconds - first.nanoseconds);
    return first.tick + passed / pace.times;
  }

  /** Puts the frame the reader stands at into a slot. More bytes than a slot has room for exceed any MTU and are left out. */
  private take(frame: Frame, now: number): void {
    const { frames, reader, clock } = this;
    const length = Math.min(reader.capturedLength, frames.room);
    copyBytes(reader.memory, reader.at, this.pool, frames.start[frame], length);
    frames.length[frame] = length;
    frames.wireLength[frame] = reader.wireLength;
    frames.inPort[frame] = this.port;
    frames.serial[frame] = reader.number;
    frames.tick[frame] = now;
    const nanoseconds = clock.nanoseconds + now;
    frames.seconds[frame] = clock.seconds + Math.floor(nanoseconds / NANOSECONDS);
    frames.nanoseconds[frame] = nanoseconds % NANOSECONDS;
  }

  private dropSnapped(): void {
    this.counters.framesIn[this.port]++;
    this.counters.bytesIn[this.port] += this.reader.wireLength;
    this.counters.drop(this.port, Reason.SnappedFrame);
  }
}
