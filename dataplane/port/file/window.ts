/**
 * The part of a capture that is in memory: a window that slides over the bytes of a source.
 *
 * Two buffers of equal size take turns. Each has room before its chunk: when a chunk is used up, the bytes of the record that was cut
 * by its end move into the room of the other buffer, right before the chunk that was read there meanwhile. So a record always lies in
 * one piece, nothing but that tail is ever copied, and the kernel reads the next chunk while this one is being worked on.
 *
 * Complication: a record may be larger than the room. Then it is gathered in a buffer of its own (as large as the record says, which
 * the decoder has checked against its own limit), which is dropped when it is used up.
 * Complication: the frames of some link types get a header written over the bytes before them (linktype.ts); a margin at the front of
 * every buffer makes sure that there are such bytes.
 *
 * Never: keep a position in `memory` across `fill`; everything moves.
 */

import { memoryOf, type Memory } from '../../frame/copy.js';
import type { ByteSource } from './source.js';

const MARGIN_BYTES = 16;

export class Window {
  /** Where the bytes are; replaced by `fill`. */
  memory: Memory = memoryOf(new Uint8Array(0));
  /** Next byte to be decoded. */
  at = 0;
  /** After the last byte there is. */
  end = 0;
  /** Set by the decoder when it finds its record incomplete: how many bytes from `at` on it wants to see. */
  needed = 0;

  private base = 0;
  private readonly chunk: number;
  private readonly room: number;
  private spare: Memory;
  private ahead: Promise<number>;

  /** @param chunk how many bytes to read at a time */
  constructor(
    private readonly source: ByteSource,
    chunk: number,
  ) {
    this.chunk = Math.max(1, Math.min(chunk, source.remaining));
    this.room = MARGIN_BYTES + Math.max(64, this.chunk >> 2);
    this.spare = this.allocate();
    this.ahead = this.readAhead();
  }

  /** Position of `at` in the source's bytes. */
  get offset(): number {
    return this.base + this.at;
  }

  /**
   * Gets more bytes behind those from `at` on. False if there are none: then `at` and `end` stay as they are.
   * @throws CaptureError when the system cannot read
   */
  async fill(): Promise<boolean> {
    const got = await this.ahead;
    if (got === 0) return false;
    const offset = this.offset;
    const tail = this.end - this.at;
    if (Math.max(this.needed, tail) > this.room - MARGIN_BYTES) await this.gather(tail, got);
    else this.swap(tail, got);
    this.base = offset - this.at;
    this.needed = 0;
    this.ahead = this.readAhead();
    return true;
  }

  /** Waits for the kernel to be done with our buffers. */
  async close(): Promise<void> {
    await this.ahead.catch(() => 0);
  }

  private swap(tail: number, got: number): void {
    const before = this.memory;
    this.memory = this.spare;
    this.memory.bytes.set(before.bytes.subarray(this.at, this.end), this.room - tail);
    this.at = this.room - tail;
    this.end = this.room + got;
    const reusable = before.bytes.length === this.room + this.chunk;
    this.spare = reusable ? before : this.allocate();
  }

  private async gather(tail: number, got: number): Promise<void> {
    const wanted = Math.min(this.needed, tail + got + this.source.remaining);
    const large = memoryOf(new Uint8Array(MARGIN_BYTES + Math.max(wanted, tail + got)));
    large.bytes.set(this.memory.bytes.subarray(this.at, this.end), MARGIN_BYTES);
    large.bytes.set(this.spare.bytes.subarray(this.room, this.room + got), MARGIN_BYTES + tail);
    let end = MARGIN_BYTES + tail + got;
    while (end < large.bytes.length) {
      const more = await this.source.read(large.bytes, end, large.bytes.length - end);
      if (more === 0) break;
      end += more;
    }
    this.memory = large;
    this.at = MARGIN_BYTES;
    this.end = end;
  }

  private readAhead(): Promise<number> {
    const reading = this.source.read(this.spare.bytes, this.room, this.chunk);
    // A failure belongs to the `fill` that will wait for it; until then nobody does, and Node would end the process.
    reading.catch(() => 0);
    return reading;
  }

  private allocate(): Memory {
    return memoryOf(new Uint8Array(this.room + this.chunk));
  }
}
