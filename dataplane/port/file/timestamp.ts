/**
 * Timestamps of pcapng, exactly (draft-ietf-opsawg-pcapng, "Enhanced Packet Block" and the option if_tsresol).
 *
 * A timestamp is a 64-bit count of units, given as two 32-bit halves; a unit is 10^-n or 2^-n seconds, n from 0 to 127. Doubles hold
 * integers below 2^53 exactly, so everything here is long division with digits small enough never to leave that range. No BigInt: it
 * would allocate for every frame.
 */

/** What a unit of an interface's timestamps is, prepared for `convert`. */
export interface Resolution {
  readonly binary: boolean;
  /** n of 10^-n or 2^-n. */
  readonly exponent: number;
  /** Units in a second, for 10^-n with n up to 9. */
  readonly perSecond: number;
  /** Nanoseconds in a unit, for 10^-n with n up to 9. */
  readonly nanosecondsEach: number;
}

/** @param option the byte of if_tsresol: its top bit chooses powers of two, the others are n */
export function resolutionOf(option: number): Resolution {
  const binary = (option & 0x80) !== 0;
  const exponent = option & 0x7f;
  const plain = !binary && exponent <= 9;
  return {
    binary,
    exponent,
    perSecond: plain ? 10 ** exponent : 0,
    nanosecondsEach: plain ? 10 ** (9 - exponent) : 0,
  };
}

/** True if units are finer than a nanosecond, so that `convert` cuts something off. */
export function isFinerThanNanosecond(resolution: Resolution): boolean {
  return resolution.exponent > 9;
}

const TWO_16 = 0x1_0000;
const TWO_32 = 0x1_0000_0000;

/** Turns units into seconds and nanoseconds, rounding down. The result stays in `seconds` and `nanoseconds` until the next call. */
export class TimeConverter {
  seconds = 0;
  nanoseconds = 0;

  /** The last second that was divided out: the timestamp it begins with, `zeroLow` being negative after a borrow, and its units. */
  private zeroHigh = 0;
  private zeroLow = 0;
  private zeroSeconds = 0;
  private zeroUnits: Resolution | undefined;

  /** Reads the upper and then the lower half at `at`; here, since passing them on as numbers beyond 2^31 would allocate. */
  convertAt(words: DataView, at: number, little: boolean, resolution: Resolution): void {
    const high = words.getUint32(at, little);
    const low = words.getUint32(at + 4, little);
    const since = (high - this.zeroHigh) * TWO_32 + (low - this.zeroLow);
    if (resolution === this.zeroUnits && since >= 0 && since < resolution.perSecond) {
      this.seconds = this.zeroSeconds;
      this.nanoseconds = since * resolution.nanosecondsEach;
    } else {
      this.convert(high, low, resolution);
    }
  }

  private convert(high: number, low: number, resolution: Resolution): void {
    if (resolution.perSecond !== 0) this.convertPlain(high, low, resolution);
    else if (resolution.binary) this.shift(high, low, resolution.exponent);
    else this.convertFine(high, low, resolution.exponent);
  }

  /** Divides, and remembers the second: most frames are of the same second as the one before, which needs no division. */
  private convertPlain(high: number, low: number, resolution: Resolution): void {
    this.divide(high, low, resolution);
    this.zeroHigh = high;
    this.zeroLow = low - this.nanoseconds / resolution.nanosecondsEach;
    this.zeroSeconds = this.seconds;
    this.zeroUnits = resolution;
  }

  /** 10^-n, n up to 9: three digits of base 2^16 after the first; every remainder is below 10^9, so every dividend below 2^46. */
  private divide(high: number, low: number, resolution: Resolution): void {
    const perSecond = resolution.perSecond;
    const top = Math.floor(high / perSecond);
    const middle = (high - top * perSecond) * TWO_16 + (low >>> 16);
    const second = Math.floor(middle / perSecond);
    const bottom = (middle - second * perSecond) * TWO_16 + (low & 0xffff);
    const third = Math.floor(bottom / perSecond);
    this.seconds = top * TWO_32 + second * TWO_16 + third;
    this.nanoseconds = (bottom - third * perSecond) * resolution.nanosecondsEach;
  }

  /** 10^-n, n above 9: first down to nanoseconds, at most 10^9 at a time, then as above. */
  private convertFine(high: number, low: number, exponent: number): void {
    for (let digits = exponent - 9; digits > 0 && (high > 0 || low > 0); digits -= 9) {
      const by = 10 ** Math.min(9, digits);
      const top = Math.floor(high / by);
      const middle = (high - top * by) * TWO_16 + (low >>> 16);
      const second = Math.floor(middle / by);
      const bottom = (middle - second * by) * TWO_16 + (low & 0xffff);
      const quotient = second * TWO_16 + Math.floor(bottom / by);
      high = top + Math.floor(quotient / TWO_32);
      low = quotient >>> 0;
    }
    this.divide(high, low, nanosecondResolution);
  }

  /**
   * 2^-n. Nanoseconds are fraction × 10^9 ÷ 2^n, and 10^9 is 5^9 × 2^9: times 5^9 a 32-bit half stays below 2^53, and powers of two
   * only move the point.
   */
  private shift(high: number, low: number, n: number): void {
    if (n <= 32) {
      const unit = 2 ** n;
      const whole = Math.floor(low / unit);
      this.seconds = high * 2 ** (32 - n) + whole;
      this.nanoseconds = Math.floor((low - whole * unit) * FIVE_9 * 2 ** (9 - n));
      return;
    }
    const unit = 2 ** (n - 32);
    this.seconds = Math.floor(high / unit);
    const lowProduct = low * FIVE_9;
    const top = (high - this.seconds * unit) * FIVE_9 + Math.floor(lowProduct / TWO_32);
    const rest = lowProduct >>> 0;
    const points = 2 ** (41 - n);
    this.nanoseconds = Math.floor(top * points) + (n < 41 ? Math.floor(rest * 2 ** (9 - n)) : 0);
  }
}

const FIVE_9 = 5 ** 9;
const nanosecondResolution = resolutionOf(9);
