/**
 * Where things are looked for by their hash: a thing is a number from 0, and whoever looks compares what it is with what is looked for.
 *
 * Open addressing with linear probing, at most two thirds full. A slot holds the whole hash and the number + 1, so that a thing whose hash is
 * another is passed without being looked at, and eight slots share a cache line. What is removed leaves no gap: those behind it that had
 * been pushed away move up (Knuth, TAOCP 3, §6.4, Algorithm R), so a search ends at the first slot that is free.
 *
 * The number of slots is whatever there is memory for. A hash's home is the fraction of them that the hash is of 2^32, so its high bits count most.
 */
export const SLOT_BYTES = 8;
const WORDS = 2;
const NUMBER = 1;
const NONE = -1;

/** How many slots so many things need. */
export const slotsFor = (things: number): number => Math.ceil(things * 1.5);

export class Slots {
  private readonly count: number;
  /** Slots per hash. */
  private readonly scale: number;

  /** @param words two for each slot, all 0 */
  constructor(private readonly words: Int32Array) {
    this.count = words.length / WORDS;
    this.scale = this.count / 2 ** 32;
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  /** The first slot with this hash, or -1. */
  first(hash: number): number {
    return this.seek(hash, this.homeOf(hash));
  }

  /** The next one behind it, or -1. */
  next(hash: number, slot: number): number {
    return this.seek(hash, this.behind(slot));
  }

  /** What stands in a slot. */
  at(slot: number): number {
    return this.words[slot * WORDS + NUMBER] - 1;
  }

  /** Asks memory for the home of a hash; the result means nothing. */
  touch(hash: number): number {
    return this.words[this.homeOf(hash) * WORDS];
  }

  /** Enters a thing, behind those that have the same hash. There must be room. */
  enter(hash: number, thing: number): void {
    const { words } = this;
    let slot = this.homeOf(hash);
    while (words[slot * WORDS + NUMBER] !== 0) slot = this.behind(slot);
    words[slot * WORDS] = hash;
    words[slot * WORDS + NUMBER] = thing + 1;
  }

  /** Removes a thing that was entered with this hash. */
  leave(hash: number, thing: number): void {
    const { words } = this;
    let slot = this.homeOf(hash);
    while (words[slot * WORDS + NUMBER] !== thing + 1) slot = this.behind(slot);
    this.close(slot);
  }

  /** Frees a slot, and moves up whatever may stand nearer to its home by it. */
  private close(gap: number): void {
    const { words } = this;
    let free = gap;
    for (
      let slot = this.behind(free);
      words[slot * WORDS + NUMBER] !== 0;
      slot = this.behind(slot)
    ) {
      const home = this.homeOf(words[slot * WORDS]);
      // How far it stands from its home, and from the free slot, round the end of the table.
      if (this.distance(home, slot) < this.distance(free, slot)) continue;
      words[free * WORDS] = words[slot * WORDS];
      words[free * WORDS + NUMBER] = words[slot * WORDS + NUMBER];
      free = slot;
    }
    words[free * WORDS + NUMBER] = 0;
  }

  private seek(hash: number, from: number): number {
    const { words } = this;
    let slot = from;
    while (words[slot * WORDS + NUMBER] !== 0) {
      if (words[slot * WORDS] === hash) return slot;
      slot = this.behind(slot);
    }
    return NONE;
  }

  private homeOf(hash: number): number {
    return ((hash >>> 0) * this.scale) | 0;
  }

  private behind(slot: number): number {
    return slot + 1 === this.count ? 0 : slot + 1;
  }

  private distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.count;
  }
}
