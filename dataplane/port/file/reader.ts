/**
 * Reading captures: classic pcap and pcapng, plain or compressed with gzip, recognized by their first bytes and never by their name.
 *
 * A reader stands at one frame at a time. `next` moves to the next frame among the bytes already in memory; it is synchronous and
 * allocates nothing. When it gives false, `fill` gets more bytes, and is the only place where anybody waits:
 *
 *     while (true) {
 *       while (reader.next()) use(reader);
 *       if (!(await reader.fill())) break;
 *     }
 *
 * What is in a file is never an exception: everything before a damage is delivered, then `fill` gives false and `damage` says where
 * and why. Exceptions are for files that cannot be opened as captures at all, and for a system that cannot read.
 *
 * Memory: two buffers of 1.25 MiB, besides one of up to 16 MiB while a single block of that size passes through.
 *
 * Never: keep `memory` or `at` across `fill`, since everything moves; write into `memory` (headers are made in place there).
 */

import { memoryOf, type Memory } from '../../frame/copy.js';
import type { Decoder } from './decoder.js';
import { CaptureError } from './error.js';
import { GzipSource } from './gzip.js';
import { LINK_TYPE_FIX } from './linktype.js';
import { hasPcapMagic, PCAP_HEADER_BYTES, PcapDecoder } from './pcap.js';
import { Block, PcapngDecoder } from './pcapng.js';
import { FrameRecord, Notes } from './record.js';
import { FileSource, LookedAtSource, type ByteSource } from './source.js';
import { Window } from './window.js';

/** Where a capture is cut or corrupt. */
export interface Damage {
  /** The byte at which the first record that could not be read starts (for gzip, in the decompressed bytes). */
  readonly offset: number;
  /** Frames read before it. */
  readonly frames: number;
  /** What is wrong, a clause. */
  readonly what: string;
}

/** How to read; the defaults suit everything but tests. */
export interface ReaderOptions {
  /** Bytes to read at a time. */
  readonly chunk?: number;
}

const CHUNK_BYTES = 1024 * 1024;

/** One capture being read. */
export class CaptureReader {
  /** Number of the current frame, from 1, as Wireshark counts; 0 before the first. */
  number = 0;
  /** Where reading ended too early, once `fill` has given false. */
  damage: Damage | undefined;

  private readonly frame = new FrameRecord();
  /** The first frame has been found while opening and is still to be given. */
  private held = false;

  private constructor(
    private readonly source: ByteSource,
    private readonly window: Window,
    private readonly decoder: Decoder,
    private readonly noted: Notes,
  ) {}

  /**
   * Opens a capture file.
   * @throws CaptureError when it is missing, a directory, empty, no capture, or one without anything that can be forwarded
   */
  static async open(path: string, options: ReaderOptions = {}): Promise<CaptureReader> {
    return CaptureReader.over(await FileSource.open(path), options);
  }

  /**
   * Reads a capture from anywhere. The source is closed with the reader, and at once if this throws.
   * @throws CaptureError as `open`
   */
  static async over(source: ByteSource, options: ReaderOptions = {}): Promise<CaptureReader> {
    const chunk = options.chunk ?? CHUNK_BYTES;
    let plain = source;
    let window: Window | undefined;
    try {
      const looked = await LookedAtSource.of(source, HEAD_BYTES);
      plain = isGzip(looked.head) ? new GzipSource(looked) : looked;
      window = new Window(plain, chunk);
      const notes = new Notes();
      const decoder = await decoderOf(window, plain, notes);
      const reader = new CaptureReader(plain, window, decoder, notes);
      await reader.findFirst();
      return reader;
    } catch (cause) {
      await window?.close();
      await plain.close();
      throw cause;
    }
  }

  /** The buffer that `at` points into, with the views for `copyBytes`. */
  get memory(): Memory {
    return this.window.memory;
  }

  /** The bytes that `at` points into. */
  get bytes(): Uint8Array {
    return this.window.memory.bytes;
  }

  /** Index of the frame's first byte in `bytes`. */
  get at(): number {
    return this.frame.at;
  }

  /** Bytes of the frame that the capture has. */
  get capturedLength(): number {
    return this.frame.capturedLength;
  }

  /** Bytes the frame had when it was captured; never fewer than `capturedLength`. */
  get wireLength(): number {
    return this.frame.wireLength;
  }

  /** When the frame was captured: whole seconds since 1970 UTC, rounded down. */
  get seconds(): number {
    return this.frame.seconds;
  }

  /** 0 to 999,999,999, to be added to `seconds`. */
  get nanoseconds(): number {
    return this.frame.nanoseconds;
  }

  /** What was changed or assumed while reading so far, one sentence each. */
  get notes(): readonly string[] {
    return this.noted.sentences;
  }

  /** Bytes taken from the file so far (for gzip, compressed bytes); it runs ahead of the frames by up to two chunks. */
  get bytesRead(): number {
    return this.source.position;
  }

  /** Bytes of the file; 0 where that cannot be known, as for a pipe. */
  get size(): number {
    return this.source.size;
  }

  /** Moves to the next frame. False: there is none among the bytes in memory; see `fill`. */
  next(): boolean {
    if (this.held) this.held = false;
    else if (!this.decoder.next(this.window, this.frame)) return false;
    this.number++;
    return true;
  }

  /**
   * Gets more bytes. False: there are no more frames, and `damage` tells whether that is as it should be.
   * @throws CaptureError when the system cannot read
   */
  async fill(): Promise<boolean> {
    if (this.held) return true;
    if (this.damage !== undefined) return false;
    if (this.decoder.damage !== undefined) return this.stop(this.decoder.damage);
    if (await this.window.fill()) return true;
    if (this.source.damage !== undefined) return this.stop(this.source.damage);
    const left = this.window.end - this.window.at;
    if (left === 0) return false;
    return this.stop(`the file ends ${left} bytes into a record of ${this.window.needed} or more`);
  }

  /** Ends reading. Call it once, when nothing waits for `fill` any more. */
  async close(): Promise<void> {
    await this.window.close();
    await this.source.close();
  }

  private stop(what: string): false {
    this.damage = { offset: this.window.offset, frames: this.number, what };
    return false;
  }

  /** Goes up to the first frame, so that a file of another kind of link is refused at once and not when replay has begun. */
  private async findFirst(): Promise<void> {
    do {
      this.held = this.decoder.next(this.window, this.frame);
    } while (!this.held && this.decoder.damage === undefined && (await this.window.fill()));
    if (!this.decoder.refused) return;
    throw new CaptureError(
      this.source.path,
      this.window.offset,
      this.decoder.damage ?? '',
      LINK_TYPE_FIX,
    );
  }
}

const HEAD_BYTES = 8;

function isGzip(head: Uint8Array): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/** What else people hand to a capture reader, by the first bytes in hexadecimal. */
const others: readonly (readonly [magic: string, what: string, fix: string])[] = [
  ['28b52ffd', 'it is compressed with zstd', 'decompress it first (zstd -d) or use gzip'],
  ['fd377a585a00', 'it is compressed with xz', 'decompress it first (xz -d) or use gzip'],
  ['425a68', 'it is compressed with bzip2', 'decompress it first (bzip2 -d) or use gzip'],
  ['04224d18', 'it is compressed with lz4', 'decompress it first (lz4 -d) or use gzip'],
  ['504b0304', 'it is a zip archive', 'unpack it first'],
  ['34cdb2a1', 'it is a pcap of the modified kind (Kuznetzov)', 'convert it with editcap -F pcap'],
  ['a1b2cd34', 'it is a pcap of the modified kind (Kuznetzov)', 'convert it with editcap -F pcap'],
  ['736e6f6f70', 'it is a snoop capture', 'convert it with editcap -F pcapng'],
  ['474d4255', 'it is a Network Monitor capture', 'convert it with editcap -F pcapng'],
  ['52545353', 'it is a Network Monitor capture', 'convert it with editcap -F pcapng'],
];

async function decoderOf(window: Window, source: ByteSource, notes: Notes): Promise<Decoder> {
  const refuse = (what: string, fix: string): CaptureError =>
    new CaptureError(source.path, 0, what, fix);
  while (window.end - window.at < PCAP_HEADER_BYTES) {
    window.needed = PCAP_HEADER_BYTES;
    if (!(await window.fill())) break;
  }
  const present = Math.min(PCAP_HEADER_BYTES, window.end - window.at);
  if (present === 0) {
    if (source.damage !== undefined) throw refuse(source.damage, 'copy or compress it again');
    throw refuse('the file is empty', 'name a pcap or pcapng file');
  }
  const head = window.memory.bytes.slice(window.at, window.at + present);
  const start = Array.from(head, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const other = others.find(([magic]) => start.startsWith(magic));
  if (other !== undefined) throw refuse(other[1], other[2]);
  const header = memoryOf(head).words;
  const isPcap = present >= 4 && hasPcapMagic(header);
  if (!isPcap && !(present >= 4 && header.getUint32(0) === Block.SectionHeader)) {
    throw refuse(`no capture starts with ${start.slice(0, 8)}`, 'name a pcap or pcapng file');
  }
  if (present < PCAP_HEADER_BYTES) {
    throw refuse(`the file ends within its header, after ${present} bytes`, 'capture it again');
  }
  if (!isPcap) return new PcapngDecoder(notes);
  const decoder = PcapDecoder.of(header, notes);
  if (!(decoder instanceof PcapDecoder)) throw refuse(decoder.what, decoder.fix);
  window.at += PCAP_HEADER_BYTES;
  return decoder;
}
