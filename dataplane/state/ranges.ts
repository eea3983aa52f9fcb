/**
 * Ranges: which bytes of a datagram have come? (RFC 815, with the ranges that are there instead of the holes that are not)
 *
 * A row per datagram: at most RANGES ranges in ascending order, no two of which touch. A row is changed only by what fits into a gap.
 *
 * Writer: whoever owns the table that is built of them. Numbers are bytes, 0..65,535; `to` is the first byte that does not belong.
 */
import { Reason } from '../observe/reason.js';

/** Ranges of one row: a datagram in which more holes are open at a time is given up. */
export const RANGES = 16;

export class Ranges {
  private readonly from: Uint16Array;
  private readonly to: Uint16Array;
  private readonly counts: Uint8Array;

  constructor(rows: number) {
    this.from = new Uint16Array(rows * RANGES);
    this.to = new Uint16Array(rows * RANGES);
    this.counts = new Uint8Array(rows);
  }

  /** Nothing has come. */
  clear(row: number): void {
    this.counts[row] = 0;
  }

  /** The end of the last range, 0 if there is none. */
  end(row: number): number {
    const count = this.counts[row];
    return count === 0 ? 0 : this.to[row * RANGES + count - 1];
  }

  /** Has everything come that stands before `end`, and nothing else? */
  isWhole(row: number, end: number): boolean {
    return this.counts[row] === 1 && this.from[row * RANGES] === 0 && this.to[row * RANGES] === end;
  }

  /**
   * Adds a range that is not empty. FragmentDuplicate where all of it was there, FragmentOverlap where a part of it was, FragmentsExceeded
   * where it would be one range too many: then the row is as it was.
   */
  add(row: number, from: number, to: number): Reason {
    const first = row * RANGES;
    const last = first + this.counts[row];
    let below = first;
    while (below < last && this.to[below] < from) below++;
    if (below < last && this.from[below] <= from && to <= this.to[below])
      return Reason.FragmentDuplicate;
    const joinsBelow = below < last && this.to[below] === from;
    const above = joinsBelow ? below + 1 : below;
    if (above < last && this.from[above] < to) return Reason.FragmentOverlap;
    const joinsAbove = above < last && this.from[above] === to;
    if (joinsBelow && joinsAbove) this.join(row, below);
    else if (joinsBelow) this.to[below] = to;
    else if (joinsAbove) this.from[above] = from;
    else if (this.counts[row] === RANGES) return Reason.FragmentsExceeded;
    else this.insert(row, above, from, to);
    return Reason.Ok;
  }

  /** Makes one of the range at `at` and the one behind it. */
  private join(row: number, at: number): void {
    this.to[at] = this.to[at + 1];
    const end = row * RANGES + this.counts[row];
    this.from.copyWithin(at + 1, at + 2, end);
    this.to.copyWithin(at + 1, at + 2, end);
    this.counts[row]--;
  }

  private insert(row: number, at: number, from: number, to: number): void {
    const end = row * RANGES + this.counts[row];
    this.from.copyWithin(at + 1, at, end);
    this.to.copyWithin(at + 1, at, end);
    this.from[at] = from;
    this.to[at] = to;
    this.counts[row]++;
  }
}
