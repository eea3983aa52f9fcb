/**
 * The history of what a host's tunnel ends believe: which change of an entry was when, and why (moby#52661: a wrong entry is only understood by who
 * knows where it came from).
 *
 * A ring of fixed records, of which the newest RECORDS are kept. What the topology declares stands in the Program and is no record here. Entries age
 * in silence (fdb.ts): that one did is recorded, with the tick at which it was, when its slot or its station is used again; whoever shows the
 * history adds those that have aged and were not used since.
 *
 * Writer: the Worker. Never: a record about a mere refresh, which changes nothing.
 */

/** Why an entry changed. */
export const enum Change {
  /** A frame taught it. */
  Learned,
  /** A frame came from another end than the last one. */
  Moved,
  /** It was not heard for long. */
  Aged,
  /** It was given up for a new one: the table was full. */
  Evicted,
}

/** One change. Addresses of ends are four words, IPv4 in the last behind three of 0; of an end there is none before Learned and none after Aged or Evicted. */
export interface HistoryRecord {
  readonly change: Change;
  /** In ns since the run's first frame. */
  readonly tick: number;
  /** Row of `vnis`. */
  readonly vni: number;
  readonly macHigh: number;
  readonly macLow: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** The frame because of which it changed: its port, and its number there. */
  readonly port: number;
  readonly serial: number;
}

const enum Field {
  Change,
  Tick,
  Vni,
  MacHigh,
  MacLow,
  Port,
  Serial,
  Before = 8,
  After = 12,
  Count = 16,
}

const FIELDS = Field.Count;
const RECORDS = 1 << 13;

export class History {
  private readonly ring = new Float64Array(RECORDS * FIELDS);
  private written = 0;

  /** Begins a record; `before` and `after` complete it. */
  note(
    change: Change,
    tick: number,
    vni: number,
    macHigh: number,
    macLow: number,
    port: number,
    serial: number,
  ): void {
    const at = (this.written++ % RECORDS) * FIELDS;
    const { ring } = this;
    ring.fill(0, at, at + FIELDS);
    ring[at + Field.Change] = change;
    ring[at + Field.Tick] = tick;
    ring[at + Field.Vni] = vni;
    ring[at + Field.MacHigh] = macHigh;
    ring[at + Field.MacLow] = macLow;
    ring[at + Field.Port] = port;
    ring[at + Field.Serial] = serial;
  }

  /** The end that the newest record's station was behind. */
  before(a: number, b: number, c: number, d: number): void {
    this.write(Field.Before, a, b, c, d);
  }

  /** The end that it is behind from then on. */
  after(a: number, b: number, c: number, d: number): void {
    this.write(Field.After, a, b, c, d);
  }

  /** Records that were overwritten. */
  get lost(): number {
    return Math.max(0, this.written - RECORDS);
  }

  /** The records that are left, oldest first. */
  records(): HistoryRecord[] {
    const { ring, written, lost } = this;
    return Array.from({ length: written - lost }, (_, i) => {
      const at = ((lost + i) % RECORDS) * FIELDS;
      const words = (field: Field): number[] => [0, 1, 2, 3].map((word) => ring[at + field + word]);
      return {
        change: ring[at + Field.Change],
        tick: ring[at + Field.Tick],
        vni: ring[at + Field.Vni],
        macHigh: ring[at + Field.MacHigh],
        macLow: ring[at + Field.MacLow],
        port: ring[at + Field.Port],
        serial: ring[at + Field.Serial],
        before: words(Field.Before),
        after: words(Field.After),
      };
    });
  }

  private write(field: Field, a: number, b: number, c: number, d: number): void {
    const at = ((this.written - 1) % RECORDS) * FIELDS + field;
    this.ring[at] = a >>> 0;
    this.ring[at + 1] = b >>> 0;
    this.ring[at + 2] = c >>> 0;
    this.ring[at + 3] = d >>> 0;
  }
}
