/** Times in bins of a tenth of a microsecond: millions of them in little memory, and nothing is allocated while they are counted. */
export class Histogram {
  private static readonly BINS = 1_000_000;
  private readonly bins = new Uint32Array(Histogram.BINS);
  count = 0;
  max_us = 0;

  note(time_us: number): void {
    const bin = Math.min(Histogram.BINS - 1, Math.max(0, Math.floor(time_us * 10)));
    this.bins[bin] = (this.bins[bin] ?? 0) + 1;
    this.count++;
    if (time_us > this.max_us) this.max_us = time_us;
  }

  clear(): void {
    this.bins.fill(0);
    this.count = 0;
    this.max_us = 0;
  }

  /** The time below which a share of `q` lies, exact to a tenth; what lies beyond the last bin, 0.1 s, is given as the maximum. */
  quantile(q: number): number {
    let left = Math.ceil(q * this.count);
    for (const [bin, count] of this.bins.entries()) {
      left -= count;
      if (left <= 0) return bin === Histogram.BINS - 1 ? this.max_us : (bin + 1) / 10;
    }
    return this.max_us;
  }
}
