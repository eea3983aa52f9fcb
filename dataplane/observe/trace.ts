/**
 * The trace: fixed records about frames whose TRACED bit is set, words for them later (control/explain).
 *
 * A record is what was decided and up to four numbers. The ring keeps the newest RECORDS; whoever wants them reads `since` a mark.
 * Writer: the Worker. Never: a note about a frame that is not traced.
 */

export const enum Step {
  /** What the Fdb knew of the source before: port, serial, taught at, heard at. */
  SourceKnown,
  /** Lesson, port. */
  SourceLearned,
  /** The entry that decided: kind << 16 | port, serial, taught at, heard at. */
  DestinationFound,
  DestinationUnknown,
  DestinationGroup,
  /** The reserved address 01-80-C2-00-00-0n is let through by the mask: n. */
  ReservedForwarded,
  /** A flood passed this port by: port, Reason. */
  PassedBy,
  /** Queued for this port: port. */
  Sent,
  Dropped,
  Consumed,
}

/** Numbers per record: step, then a, b, c, d. */
export const RECORD = 5;
const RECORDS = 1 << 16;

export class Trace {
  readonly ring = new Float64Array(RECORDS * RECORD);
  /** Records written since the start. */
  written = 0;

  note(step: Step, a = 0, b = 0, c = 0, d = 0): void {
    const at = (this.written++ % RECORDS) * RECORD;
    this.ring[at] = step;
    this.ring[at + 1] = a;
    this.ring[at + 2] = b;
    this.ring[at + 3] = c;
    this.ring[at + 4] = d;
  }

  /** The records written since `written` stood at `mark`, oldest first, as far as the ring still holds them. */
  since(mark: number): number[][] {
    const first = Math.max(mark, this.written - RECORDS);
    return Array.from({ length: this.written - first }, (_, i) => {
      const at = ((first + i) % RECORDS) * RECORD;
      return [...this.ring.slice(at, at + RECORD)];
    });
  }
}
