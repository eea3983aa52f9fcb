/** The frame a reader stands at: where its bytes are and when they were seen. One object per reader, overwritten by every frame. */
export class FrameRecord {
  /** Index of the first byte in the reader's memory. */
  at = 0;
  /** Bytes there are. */
  capturedLength = 0;
  /** Bytes the frame had when it was seen; never fewer than `capturedLength`. */
  wireLength = 0;
  /** Whole seconds since 1970-01-01 00:00 UTC, rounded down; exact up to 2^53. */
  seconds = 0;
  /** 0 to 999,999,999, to be added to `seconds`. */
  nanoseconds = 0;
}

/** What a decoder found out about a file that its user should know: sentences, each said once. */
export class Notes {
  readonly sentences: string[] = [];

  say(sentence: string): void {
    if (!this.sentences.includes(sentence)) this.sentences.push(sentence);
  }
}

/** Longest frame a capture may hold, as libpcap and Wireshark have it (MAXIMUM_SNAPLEN); a longer one is a damaged length. */
export const FRAME_BYTES_MAX = 262_144;
