/**
 * Exact matches that the topology declares: which child of a link has this address? Filled when a Plane is made, and only read after that.
 *
 * Open addressing with linear probing, a quarter full at the most. A key is a link and four words: an IPv6 address, an IPv4 address in the
 * last word behind three of 0, or a MAC in the last two.
 */
const WORDS = 6;
const VALUE = 5;

export class Exact {
  private readonly mask: number;
  private readonly words: Int32Array;

  /** @param most how many keys will be put in */
  constructor(most: number) {
    const slots = 1 << (34 - Math.clz32(Math.max(most, 1)));
    this.mask = slots - 1;
    this.words = new Int32Array(slots * WORDS);
  }

  /** Enters a key, unless it is there already: the first one counts. `value` is 0 or more. */
  put(link: number, a: number, b: number, c: number, d: number, value: number): void {
    const { words, mask } = this;
    let slot = this.home(link, a, b, c, d);
    for (; words[slot * WORDS + VALUE] !== 0; slot = (slot + 1) & mask)
      if (this.holds(slot, link, a, b, c, d)) return;
    const at = slot * WORDS;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
    words[at + 4] = link;
    words[at + VALUE] = value + 1;
  }

  /** The value of a key, or -1. */
  find(link: number, a: number, b: number, c: number, d: number): number {
    const { words, mask } = this;
    let slot = this.home(link, a, b, c, d);
    for (; words[slot * WORDS + VALUE] !== 0; slot = (slot + 1) & mask)
      if (this.holds(slot, link, a, b, c, d)) return words[slot * WORDS + VALUE] - 1;
    return -1;
  }

  private holds(slot: number, link: number, a: number, b: number, c: number, d: number): boolean {
    const { words } = this;
    const at = slot * WORDS;
    return (
      words[at + 3] === (d | 0) &&
      words[at + 2] === (c | 0) &&
      words[at + 1] === (b | 0) &&
      words[at] === (a | 0) &&
      words[at + 4] === link
    );
  }

  /** Fibonacci hashing, as in the Fdb. */
  private home(link: number, a: number, b: number, c: number, d: number): number {
    const mixed =
      d ^ Math.imul(c, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(a, 0x27d4eb2f);
    return (Math.imul(mixed ^ Math.imul(link + 1, 0x165667b1), 0x9e3779b9) >>> 8) & this.mask;
  }
}
