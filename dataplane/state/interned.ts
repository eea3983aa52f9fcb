/**
 * Interned: IPv6 addresses as numbers, so that a tuple is four words for either family.
 *
 * Chained buckets, about half as many entries as buckets. An address has one id as long as somebody holds it, and nobody else has that id;
 * after the last release both are free. There is room for a declared number of addresses, and no more are taken.
 *
 * Complication: who holds. `intern` counts as one `hold`; whoever called it gives it back with `release`. A table that keeps the id for
 * itself holds it once more. `find` holds nothing: an id that it gives is good until the next release.
 *
 * Writer: the Worker that owns the host.
 */
import { Hashing } from './hashing.js';

const enum Word {
  Address,
  Next = 4,
  Holders,
  Count,
}

const WORDS = Word.Count;

export class Interned {
  private readonly words: Int32Array;
  /** The first id of each chain + 1; 0 where there is none. Likewise every Next. */
  private readonly buckets: Int32Array;
  private readonly shift: number;
  private readonly hashing: Hashing;
  private held = 0;
  private fresh = 0;
  private free = 0;

  /**
   * @param addressesMax how many addresses may be held at a time, 1..16,777,216
   * @param seed of the hash
   */
  constructor(
    readonly addressesMax: number,
    seed: number,
  ) {
    const bits = 33 - Math.clz32(addressesMax);
    this.shift = 32 - bits;
    this.words = new Int32Array(addressesMax * WORDS);
    this.buckets = new Int32Array(2 ** bits);
    this.hashing = new Hashing(seed);
  }

  /** Addresses that are held. */
  get count(): number {
    return this.held;
  }

  /** Size of the table in memory. */
  get bytes(): number {
    return this.words.byteLength + this.buckets.byteLength;
  }

  /** The id of an address that somebody holds, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const { words } = this;
    let link = this.buckets[this.bucketOf(a, b, c, d)];
    while (link !== 0) {
      const at = (link - 1) * WORDS;
      if (
        words[at + 3] === (d | 0) &&
        words[at + 2] === (c | 0) &&
        words[at + 1] === (b | 0) &&
        words[at] === (a | 0)
      )
        return link - 1;
      link = words[at + Word.Next];
    }
    return -1;
  }

  /** The id of an address, held once more; -1 when there is no room for a new one. */
  intern(a: number, b: number, c: number, d: number): number {
    const known = this.find(a, b, c, d);
    if (known >= 0) {
      this.hold(known);
      return known;
    }
    if (this.held === this.addressesMax) return -1;
    const id = this.claim();
    const { words, buckets } = this;
    const at = id * WORDS;
    const bucket = this.bucketOf(a, b, c, d);
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    words[at + Word.Next] = buckets[bucket];
    words[at + Word.Holders] = 1;
    buckets[bucket] = id + 1;
    this.held++;
    return id;
  }

  /** One more holds this id. Somebody does already. */
  hold(id: number): void {
    this.words[id * WORDS + Word.Holders]++;
  }

  /** One holds it no more. */
  release(id: number): void {
    const { words } = this;
    const at = id * WORDS;
    if (--words[at + Word.Holders] > 0) return;
    this.unchain(id);
    words[at + Word.Next] = this.free;
    this.free = id + 1;
    this.held--;
  }

  /** One of the four words of a held address, the first one for i = 0. */
  word(id: number, i: number): number {
    return this.words[id * WORDS + i];
  }

  private claim(): number {
    if (this.free === 0) return this.fresh++;
    const id = this.free - 1;
    this.free = this.words[id * WORDS + Word.Next];
    return id;
  }

  private unchain(id: number): void {
    const { words, buckets } = this;
    const at = id * WORDS;
    const bucket = this.bucketOf(words[at], words[at + 1], words[at + 2], words[at + 3]);
    const next = words[at + Word.Next];
    if (buckets[bucket] === id + 1) {
      buckets[bucket] = next;
      return;
    }
    let before = (buckets[bucket] - 1) * WORDS;
    while (words[before + Word.Next] !== id + 1) before = (words[before + Word.Next] - 1) * WORDS;
    words[before + Word.Next] = next;
  }

  private bucketOf(a: number, b: number, c: number, d: number): number {
    return this.hashing.of(a, b, c, d) >>> this.shift;
  }
}
