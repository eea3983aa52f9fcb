/**
 * How an Fdb lies in memory, so that it can outlive its Worker and be read by others.
 *
 *   one cache line      FdbWord, as Int32; counts as Float64 at the places that FdbCount names
 *   one word per port   how many learned entries the port has, up to the next cache line
 *   entries             32 bytes each, two to a cache line:
 *     word 0  filtering id << 16 | first two bytes of the MAC      word 3     serial of the frame that taught it
 *     word 1  last four bytes of the MAC                           words 4-5  tick of that frame
 *     word 2  kind << 16 | port, 0 while the slot is free          words 6-7  tick at which the station was last heard
 *
 * Word 2 of an entry is written last and cleared first, so that whoever finds it set finds the rest in order.
 */

/** Words of the head. */
export const enum FdbWord {
  /** FDB_MAGIC once the declared stations are in: there is something to go on with. */
  Magic,
  FirstPort,
  PortCount,
  /** Number of entries there is room for, a power of two. */
  Slots,
  /** Learned entries. */
  Learned,
  /** Where the search for a victim goes on. */
  Hand,
}

/** Places in the head of what is counted, as Float64. */
export const enum FdbCount {
  Evicted = 4,
  Refused,
}

export const FDB_MAGIC = 0x31424446; // "FDB1"

/** Words of an entry, and what they hold. */
export const enum EntryWord {
  High,
  Low,
  Place,
  Serial,
  /** How many words an entry has. */
  Count = 8,
}

/** The same memory as Float64. */
export const enum EntryTick {
  Taught = 2,
  Heard = 3,
  Count = 4,
}

const CACHE_LINE = 64;
const ENTRY_BYTES = EntryWord.Count * 4;
const SPREAD_MAX = 17_000;

/**
 * A power of two, so that a table of that many entries is about a quarter full and few lookups probe twice; about half full where it
 * would spill out of every cache. "About" leaves room for the declared few beside a round number of learned ones.
 */
export function slotsFor(entries: number): number {
  const spread = entries <= SPREAD_MAX ? 3.8 : 1.9;
  return 2 ** Math.ceil(Math.log2(Math.max(entries, 8) * spread));
}

/** Bytes before the first entry. */
export function headBytes(portCount: number): number {
  return CACHE_LINE + Math.ceil((portCount * 4) / CACHE_LINE) * CACHE_LINE;
}

/** Bytes of an Fdb for a network of `portCount` ports. */
export function fdbBytes(portCount: number, stationsMax: number, declaredMax: number): number {
  return headBytes(portCount) + slotsFor(stationsMax + declaredMax) * ENTRY_BYTES;
}

/** The parts of an Fdb's memory, as views. */
export class FdbViews {
  readonly head: Int32Array;
  readonly counts: Float64Array;
  readonly perPort: Int32Array;
  readonly words: Int32Array;
  readonly ticks: Float64Array;

  constructor(memory: SharedArrayBuffer, portCount: number, slots: number) {
    const at = headBytes(portCount);
    this.head = new Int32Array(memory, 0, CACHE_LINE / 4);
    this.counts = new Float64Array(memory, 0, CACHE_LINE / 8);
    this.perPort = new Int32Array(memory, CACHE_LINE, portCount);
    this.words = new Int32Array(memory, at, slots * EntryWord.Count);
    this.ticks = new Float64Array(memory, at, slots * EntryTick.Count);
  }
}

/** The place word: origin << 19 | kind << 16 | port. */
export const enum Place {
  KindShift = 16,
  OriginShift = 19,
  WhereBits = 0x7ffff,
  /** Stands for an origin whose number is this or larger. */
  OriginUnknown = 0x1fff,
}

/** Of a place word: behind which port, what kind of entry, and by which port the frame that taught it entered the data plane. */
export const portIn = (place: number): number => place & 0xffff;
export const kindIn = (place: number): number => (place & Place.WhereBits) >>> Place.KindShift;
export const originIn = (place: number): number => place >>> Place.OriginShift;

/**
 * The slot where an entry is at home. Fibonacci hashing (Knuth, TAOCP 3, §6.4): the multiplier is 2^32 over the golden ratio, which spreads
 * consecutive addresses, as Docker gives them, evenly; the high bits of the product are the well mixed ones. Two addresses that differ in
 * the last bit share a cache line.
 */
export function homeOf(high: number, low: number, shift: number): number {
  const pair = Math.imul((low >>> 1) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b9) >>> shift;
  return (pair << 1) | (low & 1);
}
