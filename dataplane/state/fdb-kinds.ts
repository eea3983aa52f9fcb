/** What entries of an Fdb are, and what becomes of one when a station is heard. */

export const enum Kind {
  Free,
  Dynamic,
  Static,
  Sticky,
  /** The bridge's own address: frames to it go up, not out (IEEE 802.1Q §8.13). */
  Local,
}

export const enum Lesson {
  /** Known there already: only the age was renewed. */
  Refreshed,
  Learned,
  Moved,
  /** The entry is sticky or local and stays where it is. */
  Kept,
  /** No room within reach of its hash. */
  Refused,
}
