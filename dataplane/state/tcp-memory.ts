/**
 * What is remembered of a TCP connection, in words of `windows` and the two words of its tracker: of each side how far it has sent and
 * may send, and of the last segment what its answer will say. What it means is the matter of tcp-windows.ts.
 */
import { type Connections, type Direction, Own, Size } from './connections.js';
import type { Kind } from './tcp-transitions.js';

/** Words of a connection in `windows`. The first four are the opener's, the next four the answerer's. */
export const enum Word {
  /** The sequence number after the last byte that this side has sent. */
  End,
  /** The sequence number after the last byte that it may send. */
  Limit,
  /** The largest window that it has offered, in bytes, 1..WINDOW_MAX; 0 while it has not been heard. */
  Window,
  /** The highest acknowledgment that it has sent. */
  Acknowledged,
  Side,
  /** Of the last ACK that fitted, or of what was ignored since: its window << 16 | the sequence numbers that it takes. */
  LastExtent = 8,
  Bits,
}

/** What is known of a side, in Word.Bits: the opener's in the low SIDE_BITS, the answerer's in the next ones. */
export const enum SideBit {
  /** By how many bits its windows are shifted (RFC 7323 §2.2). */
  Scale = 0x00f,
  /** It has offered to scale them. */
  Scales = 0x010,
  /** It was the first to close. */
  ClosedFirst = 0x020,
  /** Nothing that it sends is invalid because of the windows. */
  Liberal = 0x040,
  /** It has sent what has not been acknowledged. */
  Unacknowledged = 0x080,
  HasAcknowledged = 0x100,
}

/** The rest of Word.Bits. */
export const enum Bit {
  /** Of a SYN that was ignored: its scale, and whether it has one. */
  LastScale = 0xf << 18,
  LastScales = 1 << 22,
  /** A SYN was ignored in LAST_ACK: the next ACK may be the challenge to it, and not the last one. */
  ChallengeExpected = 1 << 23,
  /** The SYNs of both sides have crossed. */
  Simultaneous = 1 << 24,
  LastKind = 7 << 25,
  LastDirection = 1 << 28,
  /** How often the last ACK came again, up to RETRANSMISSIONS_MAX. */
  Retransmissions = 3 << 29,
}

/** Of the same segment as Word.LastExtent, where it begins and what it acknowledges. */
export const LAST_SEQUENCE = Own.First;
export const LAST_ACKNOWLEDGMENT = Own.Second;

export const SIDE_BITS = 9;
const SIDE_MASK = (1 << SIDE_BITS) - 1;
export const LAST_SCALE_SHIFT = 18;
export const LAST_KIND_SHIFT = 25;
export const LAST_DIRECTION_SHIFT = 28;
export const RETRANSMISSIONS_SHIFT = 29;

/** nf_conntrack_tcp_max_retrans. */
export const RETRANSMISSIONS_MAX = 3;
/** RFC 7323 §2.3. */
const SCALE_MAX = 14;

export class TcpMemory {
  /** Of each connection, Size.WindowWords words. */
  protected readonly words: Int32Array;

  constructor(protected readonly table: Connections) {
    this.words = table.windows;
  }

  /** Where the last ACK that fitted, or what was ignored since, ends: how it would be acknowledged. */
  lastEnd(connection: number): number {
    const at = connection * Size.WindowWords;
    return (
      (this.table.ownOf(connection, LAST_SEQUENCE) + (this.words[at + Word.LastExtent] & 0xffff)) |
      0
    );
  }

  lastKind(connection: number): Kind {
    return (this.bits(connection) & Bit.LastKind) >>> LAST_KIND_SHIFT;
  }

  lastDirection(connection: number): Direction {
    return (this.bits(connection) & Bit.LastDirection) >>> LAST_DIRECTION_SHIFT;
  }

  lastAcknowledgment(connection: number): number {
    return this.table.ownOf(connection, LAST_ACKNOWLEDGMENT);
  }

  /** Has the window of the last ACK been closed? */
  lastWindowIsClosed(connection: number): boolean {
    return this.words[connection * Size.WindowWords + Word.LastExtent] >>> 16 === 0;
  }

  isRetransmitted(connection: number): boolean {
    return this.bits(connection) >>> RETRANSMISSIONS_SHIFT >= RETRANSMISSIONS_MAX;
  }

  setLast(connection: number, direction: Direction, kind: Kind): void {
    const bits = this.bits(connection) & ~(Bit.LastKind | Bit.LastDirection);
    this.words[connection * Size.WindowWords + Word.Bits] =
      bits | (kind << LAST_KIND_SHIFT) | (direction << LAST_DIRECTION_SHIFT);
  }

  /** Keeps what an ignored segment says, for its answer. */
  remember(
    connection: number,
    direction: Direction,
    kind: Kind,
    sequence: number,
    length: number,
    window: number,
  ): void {
    const at = connection * Size.WindowWords;
    this.setLast(connection, direction, kind);
    this.table.setOwn(connection, LAST_SEQUENCE, sequence);
    this.words[at + Word.LastExtent] = (window << 16) | (length & 0xffff);
  }

  /** Keeps the options of an ignored SYN. */
  rememberSyn(connection: number, scale: number, challengeExpected: boolean): void {
    const forgotten = Bit.LastScale | Bit.LastScales | Bit.ChallengeExpected | Bit.Simultaneous;
    this.words[connection * Size.WindowWords + Word.Bits] =
      (this.bits(connection) & ~forgotten) |
      (scaleBits(scale) << LAST_SCALE_SHIFT) |
      (challengeExpected ? Bit.ChallengeExpected : 0);
  }

  rememberAcknowledgment(connection: number, acknowledgment: number): void {
    this.table.setOwn(connection, LAST_ACKNOWLEDGMENT, acknowledgment);
  }

  has(connection: number, bit: Bit): boolean {
    return (this.bits(connection) & bit) !== 0;
  }

  set(connection: number, bit: Bit): void {
    this.words[connection * Size.WindowWords + Word.Bits] |= bit;
  }

  clear(connection: number, bit: Bit): void {
    this.words[connection * Size.WindowWords + Word.Bits] &= ~bit;
  }

  closedFirst(connection: number, direction: Direction): void {
    const at = connection * Size.WindowWords;
    this.setSide(at, direction, this.side(at, direction) | SideBit.ClosedFirst);
  }

  /** Has either side this bit? */
  eitherHas(connection: number, bit: SideBit): boolean {
    return (this.bits(connection) & (bit | (bit << SIDE_BITS))) !== 0;
  }

  hasAcknowledged(connection: number, direction: Direction): boolean {
    return this.sideHas(connection * Size.WindowWords, direction, SideBit.HasAcknowledged);
  }

  /** The highest acknowledgment that a side has sent. */
  acknowledgedBy(connection: number, direction: Direction): number {
    return this.words[connection * Size.WindowWords + direction * Word.Side + Word.Acknowledged];
  }

  protected bits(connection: number): number {
    return this.words[connection * Size.WindowWords + Word.Bits];
  }

  protected side(at: number, direction: Direction): number {
    return (this.words[at + Word.Bits] >>> (direction * SIDE_BITS)) & SIDE_MASK;
  }

  protected sideHas(at: number, direction: Direction, bit: SideBit): boolean {
    return (this.side(at, direction) & bit) !== 0;
  }

  protected setSide(at: number, direction: Direction, bits: number): void {
    const shift = direction * SIDE_BITS;
    this.words[at + Word.Bits] =
      (this.words[at + Word.Bits] & ~(SIDE_MASK << shift)) | (bits << shift);
  }

  protected scaleOf(at: number, direction: Direction): number {
    return this.side(at, direction) & SideBit.Scale;
  }
}

/** The bits of a side whose SYN has this window scale option, or -1 none. */
export function scaleBits(scale: number): number {
  return scale < 0 ? 0 : SideBit.Scales | Math.min(scale, SCALE_MAX);
}
