/**
 * What passes a port, kept in a pcapng file while the port goes on: the recorder of live ports. (recorder.ts is that of replay, which may wait.)
 *
 * It never waits and nobody waits for it. Frames are copied into one of two buffers; while that one fills, the other is on its way to the
 * system in the background. What finds its buffer full is left out and counted: a record with gaps that says so (in its last block, the
 * interface statistics) is worth more than a network that stands still.
 *
 * Complication 1: pipes. One without a reader cannot be opened, and is tried again; one whose reader is slow takes nothing for a while. So
 *   files are opened non-blocking, and what a pipe did not take is offered again at the next `tend`.
 * Complication 2: the disk is full, the reader is gone. Then the record ends, `ended` says why, and frames pass unrecorded.
 *
 * It stands behind a Segmenting sink, so that it shows frames as they are on a wire. Whoever sends to it sets `direction` first.
 */
import { close, constants, open, write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { memoryOf } from '../frame/copy.js';
import type { Memory } from '../frame/copy.js';
import type { Frames } from '../frame/frames.js';
import {
  Direction,
  DIRECTION_BYTES,
  endBlock,
  PACKET_HEAD_BYTES,
  putDirection,
  putFrame,
  putInterface,
  putPacketHead,
  putSectionHeader,
  putStatistics,
  STATISTICS_BYTES,
} from './file/blocks.js';
import { CaptureError } from './file/error.js';
import { NO_REFUSALS } from './port.js';
import type { Sink } from './port.js';

const BUFFER_BYTES = 4 << 20;
/** From this many bytes on, a buffer is written without waiting for the next `tend`. */
const EAGER_BYTES = 1 << 20;
/** Bytes of a packet's block besides the frame, at the most. */
const AROUND_FRAME_BYTES = PACKET_HEAD_BYTES + 3 + DIRECTION_BYTES + 4;
/** How often a pipe is offered what it did not take, when the record is closed. */
const FAREWELLS = 5;
const FAREWELL_MS = 10;

const openFile = promisify(open);
const closeFile = promisify(close);

export class Recording implements Sink {
  readonly refusals = NO_REFUSALS;

  /** Which way the next frames pass the port. */
  direction = Direction.Inbound;
  /** Frames that are in the record, and such as should be. */
  frames = 0;
  leftOut = 0;
  /** Why there is no more recording, a clause; undefined while there is. */
  ended: string | undefined;

  private readonly pool: Memory;
  private file = -1;
  private opening = false;
  private filling = memoryOf(new Uint8Array(BUFFER_BYTES));
  private used = 0;
  private leaving = memoryOf(new Uint8Array(BUFFER_BYTES));
  private left = 0;
  private leavingEnd = 0;
  private writing: Promise<void> | undefined;
  /** Bytes that the system has taken. */
  private written = 0;
  private seconds = 0;
  private nanoseconds = 0;

  private constructor(
    private readonly slots: Frames,
    private readonly path: string,
    name: string,
    private readonly passes: ((frame: number) => boolean) | undefined,
  ) {
    this.pool = memoryOf(slots.bytes);
    this.used = putInterface(this.filling, putSectionHeader(this.filling, 0), name);
  }

  /**
   * Begins a record, replacing what was at `path`; a pipe may get its reader later.
   * @param name of the interface, as the record shows it
   * @param passes which frames are kept; default: all
   * @throws CaptureError when it cannot be created
   */
  static async open(
    slots: Frames,
    path: string,
    name: string,
    passes?: (frame: number) => boolean,
  ): Promise<Recording> {
    const recording = new Recording(slots, path, name, passes);
    await recording.openFile();
    return recording;
  }

  /** True while something waits for the event loop. */
  get isBusy(): boolean {
    return this.opening || this.writing !== undefined;
  }

  send(from: Int32Array, at: number, count: number): number {
    if (this.ended !== undefined) return 0;
    for (let i = at; i < at + count; i++)
      if (this.passes === undefined || this.passes(from[i])) this.keep(from[i]);
    if (this.used > EAGER_BYTES) this.tend();
    return 0;
  }

  /** Lets what was kept go on its way, if nothing is; to be called now and then. */
  tend(): void {
    if (this.ended !== undefined || this.writing !== undefined || this.opening) return;
    if (this.file < 0) {
      this.openFile().catch((cause: unknown) => {
        this.end(cause);
      });
      return;
    }
    if (this.left === this.leavingEnd) this.swap();
    if (this.left < this.leavingEnd)
      this.writing = this.writeOnce().then(() => {
        this.writing = undefined;
      });
  }

  /** Ends the record; what a reader that stands still does not take in time is left out. Never rejects: `ended` says what went wrong. */
  async close(): Promise<void> {
    while (this.opening) await sleep(1);
    await this.writing;
    this.putLast();
    for (let tries = 0; tries < FAREWELLS && this.hasMore;) {
      const before = this.written;
      this.tend();
      await this.writing;
      if (this.written > before) continue;
      tries++;
      await sleep(FAREWELL_MS);
    }
    if (this.hasMore) this.ended = `${this.path}: its reader did not take the rest`;
    if (this.file >= 0) await closeFile(this.file).catch(() => undefined);
    this.file = -1;
  }

  private putLast(): void {
    const { filling, used, seconds, nanoseconds, frames, leftOut } = this;
    const received = frames + leftOut;
    this.used = putStatistics(filling.words, used, seconds, nanoseconds, received, leftOut);
  }

  private get hasMore(): boolean {
    return this.ended === undefined && (this.used > 0 || this.left < this.leavingEnd);
  }

  private keep(frame: number): void {
    const { slots, filling, used } = this;
    const length = slots.length[frame];
    if (used + length + AROUND_FRAME_BYTES + STATISTICS_BYTES > BUFFER_BYTES) {
      this.leftOut++;
      return;
    }
    const { words } = filling;
    this.seconds = slots.seconds[frame];
    this.nanoseconds = slots.nanoseconds[frame];
    putPacketHead(words, used, length, slots.wireLength[frame], this.seconds, this.nanoseconds);
    const end = putFrame(filling, used, this.pool, slots.start[frame], length);
    this.used = endBlock(words, used, putDirection(words, end, this.direction));
    this.frames++;
  }

  /** Leaves `file` negative when this is a pipe without a reader. @throws CaptureError */
  private async openFile(): Promise<void> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NONBLOCK } = constants;
    this.opening = true;
    try {
      this.file = await openFile(this.path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0o666);
    } catch (cause) {
      if (codeOf(cause) !== 'ENXIO') throw CaptureError.ofSystem(this.path, 0, 'create', cause);
    } finally {
      this.opening = false;
    }
  }

  private swap(): void {
    const { filling, used } = this;
    this.filling = this.leaving;
    this.used = 0;
    this.leaving = filling;
    this.left = 0;
    this.leavingEnd = used;
  }

  /** Offers the system what is leaving. Never rejects. */
  private writeOnce(): Promise<void> {
    const { file, leaving, left, leavingEnd } = this;
    return new Promise((resolve) => {
      write(file, leaving.bytes, left, leavingEnd - left, null, (cause, count) => {
        if (cause === null) {
          this.left += count;
          this.written += count;
        } else if (codeOf(cause) !== 'EAGAIN') {
          this.end(CaptureError.ofSystem(this.path, this.written, 'write', cause));
        }
        resolve();
      });
    });
  }

  private end(cause: unknown): void {
    this.ended = cause instanceof Error ? cause.message : String(cause);
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
