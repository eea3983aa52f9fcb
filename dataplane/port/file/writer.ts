/**
 * Writing captures: classic pcap with nanoseconds, or pcapng with one interface and comments on frames.
 *
 * `put` copies a frame into a buffer and never waits. A full buffer is written in the background while the other one fills; when that
 * one is full before the write has ended, it is written on the spot, which also holds back whoever puts frames too fast. Both know
 * their place in the file, so it does not matter which ends first. What is not a regular file (a pipe to Wireshark, say) has no places
 * and is written on the spot always.
 *
 * The same frames make the same bytes: no date, host name or version stands in the files.
 */

import { closeSync, fstatSync, openSync, write, writeSync } from 'node:fs';

import { copyBytes, memoryOf, type Memory } from '../../frame/copy.js';
import { CaptureError } from './error.js';
import { PCAP_HEADER_BYTES, PCAP_MAGIC_NANOSECONDS, PCAP_RECORD_BYTES } from './pcap.js';
import {
  BLOCK_SECONDS_MAX,
  endBlock,
  LINK_TYPE_ETHERNET,
  OPTION_BYTES_MAX,
  PACKET_HEAD_BYTES,
  putFrame,
  putInterface,
  putOptions,
  putPacketHead,
  putSectionHeader,
} from './blocks.js';
import { Option } from './pcapng.js';
import { FRAME_BYTES_MAX } from './record.js';

const BUFFER_BYTES = 512 * 1024;

/** Greatest whole seconds of a pcap: 32 bits. */
const SECONDS_MAX = 0xffff_ffff;

/** One capture file being written. */
export class CaptureWriter {
  /** Frames put so far. */
  frames = 0;
  /** Frames whose time the format cannot hold; they stand at its first or last moment. */
  timesClamped = 0;

  private readonly file: number;
  /** False for pipes and devices. */
  private readonly hasPlaces: boolean;
  private buffer: Memory = memoryOf(new Uint8Array(BUFFER_BYTES));
  private spare: Memory = memoryOf(new Uint8Array(BUFFER_BYTES));
  private used = 0;
  /** Bytes handed to the system so far: where the next buffer stands in the file. */
  private written = 0;
  private source: Memory = this.buffer;
  private background: Promise<void> | undefined;
  private failure: CaptureError | undefined;

  private constructor(
    readonly path: string,
    private readonly inBlocks: boolean,
  ) {
    try {
      this.file = openSync(path, 'w');
      this.hasPlaces = fstatSync(this.file).isFile();
    } catch (cause) {
      throw CaptureError.ofSystem(path, 0, 'create', cause);
    }
  }

  /**
   * Starts a classic pcap file (version 2.4, nanoseconds, Ethernet), replacing what was there.
   * @throws CaptureError when it cannot be created
   */
  static pcap(path: string): CaptureWriter {
    const writer = new CaptureWriter(path, false);
    const { words } = writer.buffer;
    words.setUint32(0, PCAP_MAGIC_NANOSECONDS, true);
    words.setUint16(4, 2, true);
    words.setUint16(6, 4, true);
    words.setUint32(16, FRAME_BYTES_MAX, true);
    words.setUint32(20, LINK_TYPE_ETHERNET, true);
    writer.used = PCAP_HEADER_BYTES;
    return writer;
  }

  /**
   * Starts a pcapng file with one section and one Ethernet interface of nanosecond times, replacing what was there.
   * @throws CaptureError when it cannot be created
   */
  static pcapng(path: string, interfaceName: string): CaptureWriter {
    const writer = new CaptureWriter(path, true);
    writer.used = putInterface(writer.buffer, putSectionHeader(writer.buffer, 0), interfaceName);
    return writer;
  }

  /**
   * Adds a frame: `capturedLength` bytes of `bytes` from `at` on, of `wireLength` it had. Of a frame of more than 262,144 bytes only
   * these are kept, as the file's snap length says.
   * @param seconds whole seconds since 1970 UTC
   * @param nanoseconds 0 to 999,999,999
   * @param comment kept in pcapng only, and of it the first 65,535 bytes of UTF-8
   * @throws CaptureError when the buffer is full and the system cannot write it
   */
  put(
    bytes: Uint8Array,
    at: number,
    capturedLength: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
    comment = '',
  ): void {
    if (bytes !== this.source.bytes) this.source = memoryOf(bytes);
    const length = capturedLength < FRAME_BYTES_MAX ? capturedLength : FRAME_BYTES_MAX;
    this.frames++;
    if (this.inBlocks) this.putBlock(at, length, wireLength, seconds, nanoseconds, comment);
    else this.putRecord(at, length, wireLength, seconds, nanoseconds);
  }

  /**
   * Waits for the background, writes the rest and ends the file, also when writing fails.
   * @throws CaptureError when the system could not write
   */
  async close(): Promise<void> {
    await this.background;
    try {
      this.writeNow();
    } finally {
      closeSync(this.file);
    }
  }

  /** Makes the buffer empty: in the background when nothing is under way there, else on the spot. */
  private flush(): void {
    if (!this.hasPlaces || this.background !== undefined) {
      this.writeNow();
      return;
    }
    const { buffer, used, written } = this;
    this.background = this.writeLater(buffer.bytes, used, written).then(() => {
      this.background = undefined;
    });
    this.buffer = this.spare;
    this.spare = buffer;
    this.written += used;
    this.used = 0;
  }

  private writeNow(): void {
    if (this.failure !== undefined) throw this.failure;
    let at = 0;
    try {
      while (at < this.used) {
        const place = this.hasPlaces ? this.written + at : null;
        at += writeSync(this.file, this.buffer.bytes, at, this.used - at, place);
      }
    } catch (cause) {
      throw CaptureError.ofSystem(this.path, this.written + at, 'write', cause);
    }
    this.written += this.used;
    this.used = 0;
  }

  /** Never rejects: a failure is kept for whoever calls next. */
  private writeLater(bytes: Uint8Array, length: number, place: number): Promise<void> {
    return new Promise((resolve) => {
      const writeFrom = (at: number): void => {
        write(this.file, bytes, at, length - at, place + at, (cause, count) => {
          if (cause !== null)
            this.failure = CaptureError.ofSystem(this.path, place + at, 'write', cause);
          if (cause !== null || at + count === length) resolve();
          else writeFrom(at + count);
        });
      };
      writeFrom(0);
    });
  }

  /** draft-ietf-opsawg-pcap, "Packet Record". */
  private putRecord(
    at: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const size = PCAP_RECORD_BYTES + length;
    if (this.used + size > BUFFER_BYTES) this.flush();
    const { words } = this.buffer;
    const into = this.used;
    if (seconds >= 0 && seconds <= SECONDS_MAX) {
      words.setUint32(into, seconds, true);
      words.setUint32(into + 4, nanoseconds, true);
    } else {
      this.timesClamped++;
      words.setUint32(into, seconds < 0 ? 0 : SECONDS_MAX, true);
      words.setUint32(into + 4, seconds < 0 ? 0 : 999_999_999, true);
    }
    words.setUint32(into + 8, length, true);
    words.setUint32(into + 12, wireLength, true);
    copyBytes(this.source, at, this.buffer, into + PCAP_RECORD_BYTES, length);
    this.used = into + size;
  }

  /** draft-ietf-opsawg-pcapng, "Enhanced Packet Block Format". */
  private putBlock(
    at: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
    comment: string,
  ): void {
    const padded = (length + 3) & ~3;
    const most = PACKET_HEAD_BYTES + padded + 4 + (comment === '' ? 0 : OPTION_BYTES_MAX + 9);
    if (this.used + most > BUFFER_BYTES) this.flush();
    const { buffer, used } = this;
    if (seconds < 0 || seconds > BLOCK_SECONDS_MAX) {
      this.timesClamped++;
      nanoseconds = seconds < 0 ? 0 : 999_999_999;
      seconds = seconds < 0 ? 0 : BLOCK_SECONDS_MAX;
    }
    putPacketHead(buffer.words, used, length, wireLength, seconds, nanoseconds);
    let end = putFrame(buffer, used, this.source, at, length);
    if (comment !== '') end = putOptions(buffer, end, [[Option.Comment, comment]]);
    this.used = endBlock(buffer.words, used, end);
  }
}
