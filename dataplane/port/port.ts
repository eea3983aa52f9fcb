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

/** One port of several whose turns somebody else decides (worker/arrivals). */
export interface Receiver {
  /** As `receive` of a Source: fewer than `most` means that nothing more is at hand. */
  receive(into: Int32Array, most: number): number;
}

/** Where frames go to. */
export interface Sink {
  /**
   * Takes `count` frames from `from[at]` on, and returns how many of them it did not take; the slots are the caller's again. Unless that is
   * 0, `refusals` says for each, from index 0, why not: a Reason, Ok for the frames that were taken.
   */
  send(from: Int32Array, at: number, count: number): number;
  /** Valid until the next `send`, untouched by one that returns 0. */
  readonly refusals: Uint8Array;
}

/** The refusals of a sink that takes everything. */
export const NO_REFUSALS = new Uint8Array(0);
