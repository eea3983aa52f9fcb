/**
 * A ring between two Workers, by which frames go from the pool of one to the pool of the other.
 *
 * Entries of a fixed size in shared memory, each with a status word. The writer fills the next entry if it is Free and makes it Ready; the
 * reader takes the next one if it is Ready, and makes it Free when the writer may have it back: as soon as the frame is in its own pool, or,
 * where the writer waits for what becomes of it, only when that is done. So entries may become Free in another order than they were taken, and
 * no position has to be shared.
 *
 * Complication 1: bytes are copied in and out, because pools are private (frames.ts, complication 5). Where a frame stands in an entry agrees with
 *   where it stands in its slot modulo 8, which is what a copy is fast by.
 * Complication 2: a frame keeps its headroom: how far its start was moved goes with it.
 *
 * One writer, one reader.
 */
import { copyBytes, memoryOf } from './copy.js';
import type { Memory } from './copy.js';
import { HEADROOM } from './frames.js';
import type { Frame, Frames } from './frames.js';

const enum Status {
  Free,
  Ready,
  Taken,
}

/** Words of an entry. */
const enum Word {
  Status,
  Errand,
  About,
  Marks,
  HasFrame,
  Length,
  WireLength,
  InPort,
  Serial,
  Nanoseconds,
  Flags,
  Moved,
  Payload,
  EtherType,
  PacketLength,
  GsoType,
  GsoSize,
  ChecksumStart,
  ChecksumOffset,
}

/** Float64 of an entry. */
const enum Double {
  Tick = 10,
  Seconds = 11,
}

const ENTRIES = 512;
const HEAD_BYTES = 128;
const CACHE_LINE = 64;

function strideFor(room: number): number {
  return (Math.ceil((HEAD_BYTES + 8 + HEADROOM + room) / CACHE_LINE) | 1) * CACHE_LINE;
}

/** Bytes of a ring for frames of pools with so much room in a slot. */
export function ringBytes(room: number): number {
  return ENTRIES * strideFor(room);
}

export class Ring {
  private readonly words: Int32Array;
  private readonly doubles: Float64Array;
  private readonly memory: Memory;
  private readonly pool: Memory;
  private readonly stride: number;
  private written = 0;
  private read = 0;

  /** One side of a ring. @param frames the pool of this side */
  constructor(
    memory: SharedArrayBuffer,
    private readonly frames: Frames,
  ) {
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    this.memory = memoryOf(new Uint8Array(memory));
    this.pool = memoryOf(frames.bytes);
    this.stride = strideFor(frames.room);
  }

  /**
   * Puts an errand in, and a copy of a frame unless that is negative; the hold stays the caller's. Returns the entry, or -1 when the ring is full.
   * @param marks bits that mean something to both sides
   */
  put(errand: number, about: number, marks: number, frame: Frame): number {
    const entry = (this.written % ENTRIES) * this.stride;
    const at = entry >> 2;
    if (Atomics.load(this.words, at) !== Status.Free) return -1;
    this.written++;
    this.words[at + Word.Errand] = errand;
    this.words[at + Word.About] = about;
    this.words[at + Word.Marks] = marks;
    this.words[at + Word.HasFrame] = frame < 0 ? 0 : 1;
    if (frame >= 0) this.putFrame(entry, frame);
    Atomics.store(this.words, at, Status.Ready);
    return entry;
  }

  private putFrame(entry: number, frame: Frame): void {
    const { words, doubles, frames } = this;
    const at = entry >> 2;
    const start = frames.start[frame];
    words[at + Word.Length] = frames.length[frame];
    words[at + Word.WireLength] = frames.wireLength[frame];
    words[at + Word.InPort] = frames.inPort[frame];
    words[at + Word.Serial] = frames.serial[frame];
    words[at + Word.Nanoseconds] = frames.nanoseconds[frame];
    words[at + Word.Flags] = frames.flags[frame];
    words[at + Word.Moved] = frames.moved(frame);
    words[at + Word.Payload] = frames.payload[frame] - start;
    words[at + Word.EtherType] = frames.etherType[frame];
    words[at + Word.PacketLength] = frames.packetLength[frame];
    words[at + Word.GsoType] = frames.gsoType[frame];
    words[at + Word.GsoSize] = frames.gsoSize[frame];
    words[at + Word.ChecksumStart] = frames.checksumStart[frame];
    words[at + Word.ChecksumOffset] = frames.checksumOffset[frame];
    doubles[(entry >> 3) + Double.Tick] = frames.tick[frame];
    doubles[(entry >> 3) + Double.Seconds] = frames.seconds[frame];
    copyBytes(
      this.pool,
      start,
      this.memory,
      entry + HEAD_BYTES + (start & 7),
      frames.length[frame],
    );
  }

  /** Has what was put into an entry been taken, and is the entry free again? */
  isFree(entry: number): boolean {
    return Atomics.load(this.words, entry >> 2) === Status.Free;
  }

  /** Takes the next entry, or returns -1 when there is none. It is the caller's until it is freed. */
  take(): number {
    const entry = (this.read % ENTRIES) * this.stride;
    if (Atomics.load(this.words, entry >> 2) !== Status.Ready) return -1;
    this.words[entry >> 2] = Status.Taken;
    this.read++;
    return entry;
  }

  free(entry: number): void {
    Atomics.store(this.words, entry >> 2, Status.Free);
  }

  errandOf(entry: number): number {
    return this.words[(entry >> 2) + Word.Errand];
  }

  aboutOf(entry: number): number {
    return this.words[(entry >> 2) + Word.About];
  }

  marksOf(entry: number): number {
    return this.words[(entry >> 2) + Word.Marks];
  }

  hasFrame(entry: number): boolean {
    return this.words[(entry >> 2) + Word.HasFrame] === 1;
  }

  inPortOf(entry: number): number {
    return this.words[(entry >> 2) + Word.InPort];
  }

  /** Claims a slot and puts the frame of a taken entry into it, held once; -1 when no slot is free. */
  frameOf(entry: number): Frame {
    const { words, doubles, frames } = this;
    const frame = frames.claim();
    if (frame < 0) return frame;
    const at = entry >> 2;
    const start = (frames.start[frame] += words[at + Word.Moved]);
    const length = words[at + Word.Length];
    frames.length[frame] = length;
    frames.wireLength[frame] = words[at + Word.WireLength];
    frames.inPort[frame] = words[at + Word.InPort];
    frames.serial[frame] = words[at + Word.Serial];
    frames.nanoseconds[frame] = words[at + Word.Nanoseconds];
    frames.flags[frame] = words[at + Word.Flags];
    frames.payload[frame] = words[at + Word.Payload] + start;
    frames.etherType[frame] = words[at + Word.EtherType];
    frames.packetLength[frame] = words[at + Word.PacketLength];
    frames.gsoType[frame] = words[at + Word.GsoType];
    frames.gsoSize[frame] = words[at + Word.GsoSize];
    frames.checksumStart[frame] = words[at + Word.ChecksumStart];
    frames.checksumOffset[frame] = words[at + Word.ChecksumOffset];
    frames.tick[frame] = doubles[(entry >> 3) + Double.Tick];
    frames.seconds[frame] = doubles[(entry >> 3) + Double.Seconds];
    frames.holders[frame] = 1;
    copyBytes(this.memory, entry + HEAD_BYTES + (start & 7), this.pool, start, length);
    return frame;
  }
}
