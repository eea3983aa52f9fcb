/**
 * What another thread sees of an Fdb while its Worker goes on writing.
 *
 * Nobody waits for anybody: an entry is read, and read again when the Worker was just then writing it. What moves to another slot meanwhile
 * may be seen twice or not at all, as in every table that is shown while it lives.
 */
import {
  EntryTick,
  EntryWord,
  FDB_MAGIC,
  FdbCount,
  FdbViews,
  FdbWord,
  headBytes,
  kindIn,
  originIn,
  portIn,
} from './fdb-memory.js';
import type { Kind } from './fdb-kinds.js';

/** One station, as plain numbers. */
export interface FdbEntry {
  /** Filtering id << 16 | the first two bytes of the MAC. */
  readonly high: number;
  /** The last four bytes of the MAC, 0..0xffffffff. */
  readonly low: number;
  readonly kind: Kind;
  readonly port: number;
  /** The port by which the frame that taught it entered the data plane, or Place.OriginUnknown. */
  readonly origin: number;
  /** The frame of `origin` that taught it; for a declared one that never moved, the row it was declared in. */
  readonly taughtBy: number;
  /** The tick of that frame; negative for a declared one that never moved. */
  readonly taughtAt: number;
  readonly heardAt: number;
}

/** An Fdb as it is now. */
export interface FdbListing {
  /** In no particular order; aged ones are among them until their slot is taken. */
  readonly entries: readonly FdbEntry[];
  readonly learned: number;
  readonly evicted: number;
  readonly refused: number;
}

const TRIES_MAX = 8;

/** Lists an Fdb by its memory; empty before its Worker has opened it. */
export function listFdb(memory: SharedArrayBuffer): FdbListing {
  const [magic, , portCount, slots] = new Int32Array(memory, 0, FdbWord.Slots + 1);
  if (
    magic !== FDB_MAGIC ||
    headBytes(portCount) + slots * EntryWord.Count * 4 !== memory.byteLength
  )
    return { entries: [], learned: 0, evicted: 0, refused: 0 };
  const views = new FdbViews(memory, portCount, slots);
  const entries: FdbEntry[] = [];
  for (let slot = 0; slot < slots; slot++) {
    if (views.words[slot * EntryWord.Count + EntryWord.Place] === 0) continue;
    const entry = readEntry(views, slot);
    if (entry !== undefined) entries.push(entry);
  }
  return {
    entries,
    learned: views.head[FdbWord.Learned],
    evicted: views.counts[FdbCount.Evicted],
    refused: views.counts[FdbCount.Refused],
  };
}

/** Reads an entry until it is the same before and after; undefined when the slot is free, or never stands still. */
function readEntry({ words, ticks }: FdbViews, slot: number): FdbEntry | undefined {
  const at = slot * EntryWord.Count;
  const tickAt = slot * EntryTick.Count;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const place = Atomics.load(words, at + EntryWord.Place);
    if (place === 0) return undefined;
    const entry = {
      high: words[at + EntryWord.High],
      low: words[at + EntryWord.Low] >>> 0,
      kind: kindIn(place),
      port: portIn(place),
      origin: originIn(place),
      taughtBy: words[at + EntryWord.Serial] >>> 0,
      taughtAt: ticks[tickAt + EntryTick.Taught],
      heardAt: ticks[tickAt + EntryTick.Heard],
    };
    const same =
      Atomics.load(words, at + EntryWord.Place) === place &&
      words[at + EntryWord.High] === entry.high &&
      words[at + EntryWord.Low] >>> 0 === entry.low &&
      words[at + EntryWord.Serial] >>> 0 === entry.taughtBy;
    if (same) return entry;
  }
  return undefined;
}
