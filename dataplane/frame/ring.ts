/**
 * A ring between two Workers, by which frames go from the pool of one to the pool of the other.
 *
 * Entries of a fixed size in shared memory, behind them two counts: how many entries the writer has published, and how many of those the reader
 * has done with, so that their place may be used again. Both sides look at the other's count only when their own copy of it is used up, and publish
 * many entries at once: what costs is that a cache line goes from core to core, and an atomic store waits for all of them (docs/decisions.md).
 *
 * Complication 1: bytes are copied in and out, because pools are private (frames.ts, complication 5). Where a frame stands in an entry agrees with
 *   where it stands in its slot modulo 8, which is what a copy is fast by.
 * Complication 2: a frame keeps its headroom: how far its start was moved goes with it.
 * Complication 3: a writer may wait until an entry is done with. While it does, it may be asked for something by the same reader and put in more, which is
 *   done with earlier. So each entry has a word that says so, and places are given back in their order.
 *
 * One writer, one reader. An entry is called by its number, counted from 0; numbers wrap around as 32 bits do.
 */
import { copyBytes, memoryOf } from './copy.js';
import { HEADROOM } from './frames.js';
import type { Frame, Frames } from './frames.js';

/** Words of an entry; where it says so, two or more numbers share one. */
const enum Word {
  /** 1 when the entry is done with. */
  Done,
  /** Errand, marks, 1 if there is a frame, flags of the frame: 8 bits each, the first lowest. */
  Kind,
  About,
  Length,
  WireLength,
  Serial,
  Nanoseconds,
  PacketLength,
  /** Port in the low half, EtherType in the high one. */
  PortAndType,
  /** How far the start was moved, and from there to the payload. */
  MovedAndPayload,
  GsoSizeAndType,
  ChecksumStartAndOffset,
}

/** Float64 of an entry. */
const enum Double {
  Tick = 6,
  Seconds = 7,
}

const ENTRIES = 512;
const PLACES = ENTRIES - 1;
const HEAD_BYTES = 64;
const CACHE_LINE = 64;
/** The counts stand in cache lines of their own. */
const COUNTS_BYTES = 4 * CACHE_LINE;
/** So many entries are published at once. */
const BATCH = 32;

function strideFor(room: number): number {
  return (Math.ceil((HEAD_BYTES + 8 + HEADROOM + room) / CACHE_LINE) | 1) * CACHE_LINE;
}

/** Bytes of a ring for frames of pools with so much room in a slot. */
export function ringBytes(room: number): number {
  return ENTRIES * strideFor(room) + COUNTS_BYTES;
}

/** Where things are in a ring, for both of its sides. */
function placesIn(memory: SharedArrayBuffer, { bytes, room }: Frames) {
  const stride = strideFor(room);
  return {
    words: new Int32Array(memory),
    doubles: new Float64Array(memory),
    memory: memoryOf(new Uint8Array(memory)),
    pool: memoryOf(bytes),
    stride,
    publishedAt: (ENTRIES * stride + CACHE_LINE) >> 2,
    freedAt: (ENTRIES * stride + 3 * CACHE_LINE) >> 2,
  };
}

export interface RingWriter {
  /**
   * Puts an errand in, and a copy of a frame unless that is negative; the hold stays the caller's. The reader sees it when it is published. Returns the
   * entry, or -1 when the ring is full. `marks`: bits, up to eight, that mean something to both sides.
   */
  readonly put: (errand: number, about: number, marks: number, frame: Frame) => number;
  /** Lets the reader see all that was put in. */
  readonly publish: () => void;
  /** Is the reader done with an entry that is waited for? */
  readonly isDone: (entry: number) => boolean;
}

/** Makes the writing side of a ring, with the frames of its Worker. */
export function ringWriterOn(shared: SharedArrayBuffer, frames: Frames): RingWriter {
  const { words, stride, publishedAt, freedAt } = placesIn(shared, frames);
  const putFrame = putFrameOn(shared, frames);
  let written = 0;
  let published = 0;
  let seenFreed = 0;

  function publish(): void {
    if (written === published) return;
    published = written;
    Atomics.store(words, publishedAt, written);
  }

  return {
    publish,
    put: (errand, about, marks, frame) => {
      const entry = written;
      if (((entry - seenFreed) | 0) === ENTRIES) {
        seenFreed = Atomics.load(words, freedAt);
        if (((entry - seenFreed) | 0) === ENTRIES) return -1;
      }
      const at = (entry & PLACES) * stride;
      words[(at >> 2) + Word.Done] = 0;
      words[(at >> 2) + Word.Kind] = errand | (marks << 8);
      words[(at >> 2) + Word.About] = about;
      if (frame >= 0) putFrame(at, frame);
      written = (entry + 1) | 0;
      if (((written - published) | 0) >= BATCH) publish();
      return entry;
    },
    isDone: (entry) => Atomics.load(words, (((entry & PLACES) * stride) >> 2) + Word.Done) === 1,
  };
}

function putFrameOn(shared: SharedArrayBuffer, frames: Frames): (at: number, frame: Frame) => void {
  const { words, doubles, memory, pool } = placesIn(shared, frames);
  const { start, length, wireLength, serial, nanoseconds, packetLength, inPort } = frames;
  const { etherType, payload, flags, tick, seconds } = frames;
  const { gsoSize, gsoType, checksumStart, checksumOffset } = frames;
  return (at, frame) => {
    const word = at >> 2;
    const from = start[frame];
    words[word + Word.Kind] |= (1 << 16) | (flags[frame] << 24);
    words[word + Word.Length] = length[frame];
    words[word + Word.WireLength] = wireLength[frame];
    words[word + Word.Serial] = serial[frame];
    words[word + Word.Nanoseconds] = nanoseconds[frame];
    words[word + Word.PacketLength] = packetLength[frame];
    words[word + Word.PortAndType] = inPort[frame] | (etherType[frame] << 16);
    words[word + Word.MovedAndPayload] =
      (frames.moved(frame) & 0xffff) | ((payload[frame] - from) << 16);
    words[word + Word.GsoSizeAndType] = gsoSize[frame] | (gsoType[frame] << 16);
    words[word + Word.ChecksumStartAndOffset] =
      checksumStart[frame] | (checksumOffset[frame] << 16);
    doubles[(at >> 3) + Double.Tick] = tick[frame];
    doubles[(at >> 3) + Double.Seconds] = seconds[frame];
    copyBytes(pool, from, memory, at + HEAD_BYTES + (from & 7), length[frame]);
  };
}

export interface RingReader {
  /** How many entries can be taken. */
  readonly waiting: () => number;
  /** Takes the next entry; there must be one waiting. It is the caller's until it is freed. */
  readonly take: () => number;
  /** The caller is done with an entry; `tells`: the writer waits for that. */
  readonly free: (entry: number, tells: boolean) => void;
  readonly errandOf: (entry: number) => number;
  readonly marksOf: (entry: number) => number;
  readonly aboutOf: (entry: number) => number;
  readonly hasFrame: (entry: number) => boolean;
  /** The port by which the frame of an entry came in. */
  readonly inPortOf: (entry: number) => number;
  /** Claims a slot and puts the frame of a taken entry into it, held once; -1 when no slot is free. */
  readonly frameOf: (entry: number) => Frame;
}

/** Makes the reading side of a ring, with the frames of its Worker. */
export function ringReaderOn(shared: SharedArrayBuffer, frames: Frames): RingReader {
  const { words, stride, publishedAt, freedAt } = placesIn(shared, frames);
  const isDone = new Uint8Array(ENTRIES);
  const touched = new Int32Array(1);
  let taken = 0;
  let freed = 0;
  let seenPublished = 0;

  function wordOf(entry: number, word: Word): number {
    return words[(((entry & PLACES) * stride) >> 2) + word];
  }

  /** Looks what was published, and touches it, so that its cache lines come side by side and not one by one. */
  function lookForMore(): void {
    seenPublished = Atomics.load(words, publishedAt);
    const count = Math.min(BATCH, (seenPublished - taken) | 0);
    for (let i = 0; i < count; i++)
      touched[0] ^= wordOf(taken + i, 0) ^ wordOf(taken + i, HEAD_BYTES / 4 + 4);
  }

  return {
    waiting: () => {
      if (seenPublished === taken) lookForMore();
      return (seenPublished - taken) | 0;
    },
    take: () => {
      const entry = taken;
      taken = (entry + 1) | 0;
      return entry;
    },
    free: (entry, tells) => {
      if (tells) Atomics.store(words, (((entry & PLACES) * stride) >> 2) + Word.Done, 1);
      isDone[entry & PLACES] = 1;
      if (entry !== freed) return;
      for (; isDone[freed & PLACES] === 1; freed = (freed + 1) | 0) isDone[freed & PLACES] = 0;
      if (tells || freed % BATCH === 0 || freed === seenPublished)
        Atomics.store(words, freedAt, freed);
    },
    errandOf: (entry) => wordOf(entry, Word.Kind) & 0xff,
    marksOf: (entry) => (wordOf(entry, Word.Kind) >> 8) & 0xff,
    aboutOf: (entry) => wordOf(entry, Word.About),
    hasFrame: (entry) => (wordOf(entry, Word.Kind) & (1 << 16)) !== 0,
    inPortOf: (entry) => wordOf(entry, Word.PortAndType) & 0xffff,
    frameOf: frameOfOn(shared, frames),
  };
}

function frameOfOn(shared: SharedArrayBuffer, frames: Frames): (entry: number) => Frame {
  const { words, doubles, memory, pool, stride } = placesIn(shared, frames);
  const { start, length, wireLength, serial, nanoseconds, packetLength, inPort } = frames;
  const { etherType, payload, flags, tick, seconds, holders } = frames;
  const { gsoSize, gsoType, checksumStart, checksumOffset } = frames;
  return (entry) => {
    const frame = frames.claim();
    if (frame < 0) return frame;
    const at = (entry & PLACES) * stride;
    const word = at >> 2;
    const moved = words[word + Word.MovedAndPayload];
    const into = start[frame] + ((moved << 16) >> 16);
    const bytes = words[word + Word.Length];
    start[frame] = into;
    length[frame] = bytes;
    wireLength[frame] = words[word + Word.WireLength];
    serial[frame] = words[word + Word.Serial];
    nanoseconds[frame] = words[word + Word.Nanoseconds];
    flags[frame] = words[word + Word.Kind] >>> 24;
    packetLength[frame] = words[word + Word.PacketLength];
    inPort[frame] = words[word + Word.PortAndType];
    etherType[frame] = words[word + Word.PortAndType] >>> 16;
    payload[frame] = into + (moved >>> 16);
    gsoSize[frame] = words[word + Word.GsoSizeAndType];
    gsoType[frame] = words[word + Word.GsoSizeAndType] >>> 16;
    checksumStart[frame] = words[word + Word.ChecksumStartAndOffset];
    checksumOffset[frame] = words[word + Word.ChecksumStartAndOffset] >>> 16;
    tick[frame] = doubles[(at >> 3) + Double.Tick];
    seconds[frame] = doubles[(at >> 3) + Double.Seconds];
    holders[frame] = 1;
    copyBytes(memory, at + HEAD_BYTES + (into & 7), pool, into, bytes);
    return frame;
  };
}
