/**
 * The hand of a clock that strides: it comes to every number below a capacity before it comes to one again, and not to those side by side that were
 * taken one after another.
 */
export class Hand {
  private at = 0;
  private readonly stride: number;

  /** @param capacity 1 or more */
  constructor(private readonly capacity: number) {
    this.stride = strideFor(capacity);
  }

  /** Where it points, before it goes on. */
  next(): number {
    const { at } = this;
    const further = at + this.stride;
    this.at = further < this.capacity ? further : further - this.capacity;
    return at;
  }
}

/** The golden section of the capacity, or the next number that has no divisor in common with it (Knuth, TAOCP 3, §6.4). */
function strideFor(capacity: number): number {
  let stride = Math.max(Math.floor(capacity * 0.618), 1);
  while (commonDivisor(capacity, stride) !== 1) stride++;
  return stride;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
