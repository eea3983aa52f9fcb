/** Where frames come from. */
export interface Source {
  /**
   * Claims slots of the pool, fills bytes and columns, and puts the slot numbers into `into`; at most `most`. Returns how many; 0 means
   * that nothing is at hand, not that the source has ended.
   */
  receive(into: Int32Array, most: number): number;
  /** Waits until something may be at hand; resolves to false when nothing will ever come again. */
  refill(): Promise<boolean>;
}

/** Where frames go to. */
export interface Sink {
  /** Takes `count` frames from `from[at]` on. The slots are the caller's again when this returns. */
  send(from: Int32Array, at: number, count: number): void;
}
