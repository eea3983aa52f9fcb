/**
 * The hash of four words, for tables whose keys strangers choose.
 *
 * Whoever knows how a table hashes can send it what hashes alike, and makes every lookup walk a long chain (Crosby and Wallach, "Denial of
 * Service via Algorithmic Complexity Attacks", 2003). So the multipliers themselves are drawn from a seed: not only where a word lands,
 * but also which differences of two words cancel each other differs from table to table. Every step is a bijection of 32 bits, and
 * folds the high half into the low one before it multiplies, which carries the low bits up. The high bits of the result are the well
 * mixed ones. This is no cryptography, and costs five multiplications.
 */
export class Hashing {
  private readonly start: number;
  private readonly m0: number;
  private readonly m1: number;
  private readonly m2: number;
  private readonly m3: number;

  /** @param seed 32 bits: the same seed gives the same hash */
  constructor(seed: number) {
    this.start = drawn(seed, 1);
    this.m0 = drawn(seed, 2) | 1;
    this.m1 = drawn(seed, 3) | 1;
    this.m2 = drawn(seed, 4) | 1;
    this.m3 = drawn(seed, 5) | 1;
  }

  /** 32 bits. Signed: what is more than 31 of them would be handed over as an object. */
  of(a: number, b: number, c: number, d: number): number {
    let h = this.start ^ a;
    h = Math.imul(h ^ (h >>> 16), this.m0) ^ b;
    h = Math.imul(h ^ (h >>> 15), this.m1) ^ c;
    h = Math.imul(h ^ (h >>> 16), this.m2) ^ d;
    h = Math.imul(h ^ (h >>> 15), this.m3);
    return Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  }
}

/** The nth number of a sequence that the seed begins (after SplitMix, in 32 bits). */
function drawn(seed: number, nth: number): number {
  let z = (seed + Math.imul(nth, 0x9e37_79b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
  return z ^ (z >>> 15);
}
