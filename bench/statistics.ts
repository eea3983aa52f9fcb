/** The one place where samples become figures. */

/** The value below which a share of `q` of the samples lies: one of the samples, NaN where there are none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Half the distance between the quartiles, as a share of the median. */
export function spreadOf(samples: readonly number[]): number {
  return (quantile(samples, 0.75) - quantile(samples, 0.25)) / 2 / median(samples);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** How far counts are from being all alike, for as many counts less one degrees of freedom (Pearson). */
export function chiSquareOf(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** The quantile 0.99 of the normal distribution. */
const NORMAL_99 = 2.326348;

/** What chance alone exceeds in one of a hundred cases, to a thousandth from 30 degrees of freedom on (Wilson and Hilferty, 1931). */
export function chiSquareCritical(degrees: number): number {
  const variance = 2 / (9 * degrees);
  return degrees * (1 - variance + NORMAL_99 * Math.sqrt(variance)) ** 3;
}
