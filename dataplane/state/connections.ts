/**
 * What is known of each connection of a host, by its number. How one is found is the matter of conntrack.ts.
 *
 * All of it stands in one memory of 128 bytes per connection:
 *   words    64 bytes each, a cache line: see Word. Of UDP and ICMP this is all that a packet needs
 *   windows  40 bytes each, what the tracker of TCP remembers: see tcp-memory.ts
 *   slots    24 bytes, three for the two sides of a connection: see slots.ts
 */
import { SLOT_BYTES, Slots, slotsFor } from './slots.js';
import { protocolIn, zoneIn } from './tuple.js';

export const enum Direction {
  Original,
  Reply,
}

/** What is known of a connection, besides its state: bits 0..11. */
export const enum Mark {
  /** A packet of the answerer has been seen. */
  SeenReply = 0x001,
  /** It has been used from both sides in earnest, and is not given up for a new one. */
  Assured = 0x002,
  /** Its source is translated, in the direction of the opener. */
  SourceTranslated = 0x004,
  /** Its destination is translated, in the direction of the opener. */
  DestinationTranslated = 0x008,
}

/** Words of a tuple. */
export const enum Tuple {
  Source,
  Destination,
  Ports,
}

/** Words of a connection. */
export const enum Word {
  Original,
  Reply = 3,
  Key = 6,
  /** First port << 16 | state << 12 | marks. */
  Status,
  /** When it expires: a double, over two words. */
  Expiry,
  /** Two words, or a double, of its tracker. */
  Own = 10,
  Rule = 12,
  Serial,
  /** Its neighbors in the order of creation: connection + 1, or 0. */
  Older,
  /** While it is none, the next one that is free: connection + 1, or 0. */
  Newer,
  Count,
}

/** The same in doubles. */
export const enum Tick {
  Expiry = 4,
  Own = 5,
  Count = 8,
}

/** The words that the tracker of its protocol has for itself. */
export const enum Own {
  First,
  Second,
}

const MARK_BITS = 0xfff;
const STATE_SHIFT = 12;
const STATE_BITS = 0xf;
const PORT_SHIFT = 16;

export const enum Size {
  /** Words of a connection in `windows`. */
  WindowWords = 10,
}

const CACHE_LINE = 64;
/** A block that is large enough to have pages of its own begins so far behind one of them (glibc, malloc). */
const BLOCK_HEAD = 16;

export class Connections {
  /** Size.WindowWords of each connection of TCP, 0 in a new one. What they mean is up to its tracker. */
  readonly windows: Int32Array;

  protected readonly words: Int32Array;
  protected readonly ticks: Float64Array;
  /** Where each side is looked for. */
  protected readonly slots: Slots;

  protected constructor(readonly capacity: number) {
    const wordBytes = capacity * Word.Count * 4;
    const windowBytes = capacity * Size.WindowWords * 4;
    const slotBytes = slotsFor(2 * capacity) * SLOT_BYTES;
    const first = CACHE_LINE - BLOCK_HEAD;
    const memory = new ArrayBuffer(first + wordBytes + windowBytes + slotBytes);
    this.words = new Int32Array(memory, first, capacity * Word.Count);
    this.ticks = new Float64Array(memory, first, capacity * Tick.Count);
    this.windows = new Int32Array(memory, first + wordBytes, capacity * Size.WindowWords);
    this.slots = new Slots(new Int32Array(memory, first + wordBytes + windowBytes, slotBytes / 4));
  }

  /** Size of the table in memory. */
  get bytes(): number {
    return this.words.byteLength + this.windows.byteLength + this.slots.bytes;
  }

  sourceOf(connection: number, direction: Direction): number {
    return this.words[connection * Word.Count + direction * Word.Reply + Tuple.Source];
  }

  destinationOf(connection: number, direction: Direction): number {
    return this.words[connection * Word.Count + direction * Word.Reply + Tuple.Destination];
  }

  portsOf(connection: number, direction: Direction): number {
    return this.words[connection * Word.Count + direction * Word.Reply + Tuple.Ports];
  }

  keyOf(connection: number): number {
    return this.words[connection * Word.Count + Word.Key];
  }

  zoneOf(connection: number): number {
    return zoneIn(this.keyOf(connection));
  }

  protocolOf(connection: number): number {
    return protocolIn(this.keyOf(connection));
  }

  /** 0..15, what the tracker of its protocol makes of it. */
  stateOf(connection: number): number {
    return (this.words[connection * Word.Count + Word.Status] >>> STATE_SHIFT) & STATE_BITS;
  }

  setState(connection: number, state: number): void {
    const at = connection * Word.Count + Word.Status;
    this.words[at] = (this.words[at] & ~(STATE_BITS << STATE_SHIFT)) | (state << STATE_SHIFT);
  }

  /** All its marks: see Mark. */
  marksOf(connection: number): number {
    return this.words[connection * Word.Count + Word.Status] & MARK_BITS;
  }

  has(connection: number, mark: Mark): boolean {
    return (this.words[connection * Word.Count + Word.Status] & mark) !== 0;
  }

  mark(connection: number, marks: number): void {
    this.words[connection * Word.Count + Word.Status] |= marks & MARK_BITS;
  }

  expiryOf(connection: number): number {
    return this.ticks[connection * Tick.Count + Tick.Expiry];
  }

  /** It is found before this tick, and from it on no more. */
  setExpiry(connection: number, tick: number): void {
    this.ticks[connection * Tick.Count + Tick.Expiry] = tick;
  }

  ownOf(connection: number, word: Own): number {
    return this.words[connection * Word.Count + Word.Own + word];
  }

  setOwn(connection: number, word: Own, value: number): void {
    this.words[connection * Word.Count + Word.Own + word] = value;
  }

  /** The same two words as a double. */
  ownTickOf(connection: number): number {
    return this.ticks[connection * Tick.Count + Tick.Own];
  }

  setOwnTick(connection: number, tick: number): void {
    this.ticks[connection * Tick.Count + Tick.Own] = tick;
  }

  /** The row of the rule that made it, or -1. */
  ruleOf(connection: number): number {
    return this.words[connection * Word.Count + Word.Rule];
  }

  setRule(connection: number, rule: number): void {
    this.words[connection * Word.Count + Word.Rule] = rule;
  }

  /** By which port its first frame came in, and which frame of that port it was. */
  setFirstFrame(connection: number, port: number, serial: number): void {
    const at = connection * Word.Count;
    const status = this.words[at + Word.Status] & ((1 << PORT_SHIFT) - 1);
    this.words[at + Word.Status] = status | (port << PORT_SHIFT);
    this.words[at + Word.Serial] = serial;
  }

  /** 0..65,535 */
  firstPortOf(connection: number): number {
    return this.words[connection * Word.Count + Word.Status] >>> PORT_SHIFT;
  }

  firstSerialOf(connection: number): number {
    return this.words[connection * Word.Count + Word.Serial] >>> 0;
  }
}
