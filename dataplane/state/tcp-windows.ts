/**
 * How far each side of a TCP connection has sent and may send, as seen from the middle, and whether a segment fits in there.
 *
 * After nf_conntrack_proto_tcp.c, which follows G. van Rooij, "Real Stateful TCP Packet Filtering in IP Filter" (SANE 2000):
 *   I    a segment begins no later than the other side allows            sequence <= sender.Limit
 *   II   it ends no earlier than what may still be retransmitted         end >= sender.End - receiver.Window
 *   III  it acknowledges no more than has been sent                      acknowledgment <= receiver.End
 *   IV   nor what was acknowledged long ago                              acknowledgment >= receiver.End - max(sender.Window, 66,000)
 * Where I or III fails the segment is invalid. Where only II or IV does it is an old one, late or sent again, and passes.
 *
 * Sequence numbers are compared modulo 2^32 (RFC 9293 §3.4), as the sign of their difference in 32 bits.
 *
 * Not done: SACK blocks are not read. They would let III and IV pass by a higher acknowledgment than that of the header, so the bounds here are
 * those of a connection without SACK.
 */
import { type Connections, Direction, Size } from './connections.js';
import { TcpState } from './conntrack-timeouts.js';
import {
  Bit,
  LAST_ACKNOWLEDGMENT,
  LAST_DIRECTION_SHIFT,
  LAST_KIND_SHIFT,
  LAST_SCALE_SHIFT,
  LAST_SEQUENCE,
  RETRANSMISSIONS_MAX,
  RETRANSMISSIONS_SHIFT,
  scaleBits,
  SIDE_BITS,
  SideBit,
  TcpMemory,
  Word,
} from './tcp-memory.js';
import { Control, Kind, kindOf } from './tcp-transitions.js';

export const enum Fit {
  Fits,
  /** An old segment, or a little more than the other side allows: it passes, and changes no state. */
  Ignored,
  Invalid,
}

/** At least any window, 65,535 << SCALE_MAX. */
const WINDOW_MAX = 0x3fff_ffff;
/** How old an acknowledgment may be even if the windows are small, in bytes. */
const AGE_MIN = 66_000;

/** Is sequence number `a` after `b`? */
export const isAfter = (a: number, b: number): boolean => ((b - a) | 0) < 0;

export class TcpWindows extends TcpMemory {
  /**
   * @param table whose connections these are
   * @param liberal whether everything fits
   */
  constructor(
    table: Connections,
    private readonly liberal: boolean,
  ) {
    super(table);
  }

  /** The opener sends its first segment, which ends at `end`. All words are 0. */
  open(connection: number, kind: Kind, end: number, window: number, scale: number): void {
    const { words } = this;
    const at = connection * Size.WindowWords;
    words[at + Word.End] = end;
    words[at + Word.Window] = Math.max(window, 1);
    words[at + Word.Bits] = Kind.None << LAST_KIND_SHIFT;
    if (kind === Kind.Syn) {
      words[at + Word.Limit] = end;
      words[at + Word.Bits] |= scaleBits(scale);
      return;
    }
    // Nobody saw the SYNs, so that nobody knows the scales.
    words[at + Word.Limit] = end + Math.max(window, 1);
    words[at + Word.Bits] |= SideBit.Liberal | (SideBit.Liberal << SIDE_BITS);
  }

  /** Does this segment fit? If so it is taken into account. `state` is that of the connection before it. */
  fit(
    connection: number,
    direction: Direction,
    state: TcpState,
    flags: number,
    sequence: number,
    end: number,
    acknowledgment: number,
    window: number,
    scale: number,
  ): Fit {
    const { words } = this;
    const at = connection * Size.WindowWords;
    const from = at + direction * Word.Side;
    const to = at + (direction ^ 1) * Word.Side;
    const acknowledges = (flags & Control.Ack) !== 0;
    if ((flags & Control.Syn) !== 0 && this.isIntroduction(from, state, end)) {
      this.introduce(at, direction, end, window, scale);
      if (!acknowledges && direction === Direction.Reply) return Fit.Fits;
    } else if (words[from + Word.Window] === 0)
      this.guess(at, direction, end, acknowledgment, window);
    // A RST of some hosts acknowledges 0 and does not mean it.
    const acknowledged =
      !acknowledges || ((flags & Control.Rst) !== 0 && acknowledgment === 0)
        ? words[to + Word.End]
        : acknowledgment | 0;
    // The RST that answers a SYN has no sequence number of its own (RFC 9293 §3.10.7.1).
    const answersSyn = (flags & Control.Rst) !== 0 && sequence === 0 && state === TcpState.SynSent;
    const begins = answersSyn ? words[from + Word.End] : sequence | 0;
    const ends = answersSyn ? words[from + Word.End] : end;
    const fit = this.judge(at, direction, begins, ends, acknowledged);
    const bits = words[at + Word.Bits];
    const side = bits >>> (direction * SIDE_BITS);
    // What is let through although it does not fit teaches nothing.
    if (fit !== Fit.Fits) return this.liberal || (side & SideBit.Liberal) !== 0 ? Fit.Fits : fit;
    const offered = (flags & Control.Syn) !== 0 ? window : window << (side & SideBit.Scale);
    const advanced = this.advance(at, direction, bits, ends, acknowledged, offered, acknowledges);
    words[at + Word.Bits] =
      kindOf(flags) === Kind.Ack
        ? this.countRetransmission(
            connection,
            direction,
            advanced,
            begins,
            ends,
            acknowledged,
            window,
          )
        : advanced;
    return Fit.Fits;
  }

  /** The SYN that was ignored is now answered: what it said is where its sender stands. Of the answerer nothing is known yet. */
  beginAnew(connection: number, answerer: Direction): void {
    const { words } = this;
    const at = connection * Size.WindowWords;
    const opener = answerer ^ 1;
    const from = at + opener * Word.Side;
    const to = at + answerer * Word.Side;
    words[from + Word.End] = this.lastEnd(connection);
    words[from + Word.Limit] = words[from + Word.End];
    words[from + Word.Window] = Math.max(words[at + Word.LastExtent] >>> 16, 1);
    words[to + Word.End] = 0;
    words[to + Word.Limit] = 0;
    words[to + Word.Window] = 0;
    words[to + Word.Acknowledged] = 0;
    const bits = words[at + Word.Bits];
    const scale = (bits >>> LAST_SCALE_SHIFT) & (SideBit.Scale | SideBit.Scales);
    this.setSide(at, opener, scale);
    this.setSide(at, answerer, this.side(at, answerer) & SideBit.Liberal);
    words[at + Word.Bits] &= ~Bit.ChallengeExpected;
  }

  /** Is this SYN the first segment of its side, or the first of another attempt? */
  private isIntroduction(from: number, state: TcpState, end: number): boolean {
    if (this.words[from + Word.Window] === 0) return true;
    const isOpening = state === TcpState.SynSent || state === TcpState.SynRecv;
    return isOpening && isAfter(end, this.words[from + Word.End]);
  }

  /** A side begins with this SYN. Windows are scaled when both SYNs say so (RFC 7323 §2.2). */
  private introduce(
    at: number,
    direction: Direction,
    end: number,
    window: number,
    scale: number,
  ): void {
    const from = at + direction * Word.Side;
    this.words[from + Word.End] = end;
    this.words[from + Word.Limit] = end;
    this.words[from + Word.Window] = Math.max(window, 1);
    const kept = this.side(at, direction) & ~(SideBit.Scale | SideBit.Scales);
    this.setSide(at, direction, kept | scaleBits(scale));
    if (direction === Direction.Original) return;
    const both = SideBit.Scales | (SideBit.Scales << SIDE_BITS);
    if ((this.words[at + Word.Bits] & both) === both) return;
    this.words[at + Word.Bits] &= ~(SideBit.Scale | (SideBit.Scale << SIDE_BITS));
  }

  /** The answerer of a connection that was picked up is heard for the first time. */
  private guess(
    at: number,
    direction: Direction,
    end: number,
    acknowledgment: number,
    window: number,
  ): void {
    const { words } = this;
    const from = at + direction * Word.Side;
    const to = at + (direction ^ 1) * Word.Side;
    const offered = Math.max(window << this.scaleOf(at, direction), 1);
    words[from + Word.End] = end;
    words[from + Word.Window] = offered;
    words[from + Word.Limit] = end + offered;
    // It answers a keep-alive, which stands one before what has been sent (RFC 9293 §3.8.4).
    if ((acknowledgment | 0) === ((words[to + Word.End] + 1) | 0))
      words[to + Word.End] = acknowledgment;
  }

  /** The four rules of the head. */
  private judge(
    at: number,
    direction: Direction,
    sequence: number,
    end: number,
    acknowledged: number,
  ): Fit {
    const { words } = this;
    const from = at + direction * Word.Side;
    const to = at + (direction ^ 1) * Word.Side;
    const limit = words[from + Word.Limit];
    const window = words[to + Word.Window];
    const isNew = window === 0 || isAfter(end, (words[from + Word.End] - window - 1) | 0);
    const age = Math.max(words[from + Word.Window], AGE_MIN);
    const isRecent = isAfter(acknowledged, (words[to + Word.End] - age - 1) | 0);
    const isSent = !isAfter(acknowledged, words[to + Word.End]);
    if (isAfter(sequence, limit)) {
      const over = (end - limit + 1) >>> 0;
      if (window === 0 || !isNew || !isRecent || !isSent || over > window) return Fit.Invalid;
      // A side that sends more than it may. If the other accepts it, its acknowledgment has to be right.
      words[from + Word.End] = end;
      this.setSide(at, direction, this.side(at, direction) | SideBit.Unacknowledged);
      return Fit.Ignored;
    }
    if (!isSent) return Fit.Invalid;
    return isNew && isRecent ? Fit.Fits : Fit.Ignored;
  }

  /** Takes a segment that fits into account. Gives the new bits. */
  private advance(
    at: number,
    direction: Direction,
    bits: number,
    end: number,
    acknowledged: number,
    offered: number,
    acknowledges: boolean,
  ): number {
    const { words } = this;
    const from = at + direction * Word.Side;
    const to = at + (direction ^ 1) * Word.Side;
    const fromShift = direction * SIDE_BITS;
    let advanced = bits;
    if (words[from + Word.Window] < offered) words[from + Word.Window] = offered;
    if (isAfter(end, words[from + Word.End])) {
      words[from + Word.End] = end;
      advanced |= SideBit.Unacknowledged << fromShift;
    }
    if (
      acknowledges &&
      ((bits & (SideBit.HasAcknowledged << fromShift)) === 0 ||
        isAfter(acknowledged, words[from + Word.Acknowledged]))
    ) {
      words[from + Word.Acknowledged] = acknowledged;
      advanced |= SideBit.HasAcknowledged << fromShift;
    }
    const over = (end - words[from + Word.Limit]) | 0;
    if (over > 0 && words[to + Word.Window] !== 0)
      words[to + Word.Window] = Math.min(words[to + Word.Window] + over, WINDOW_MAX);
    // A closed window may be tried with one byte (RFC 9293 §3.8.6.1).
    if (!isAfter(words[to + Word.Limit], (acknowledged + offered) | 0))
      words[to + Word.Limit] = acknowledged + Math.max(offered, 1);
    if (acknowledged === words[to + Word.End])
      advanced &= ~(SideBit.Unacknowledged << (SIDE_BITS - fromShift));
    return advanced;
  }

  /** Is this ACK the same as the last one? Gives the new bits. */
  private countRetransmission(
    connection: number,
    direction: Direction,
    bits: number,
    sequence: number,
    end: number,
    acknowledged: number,
    window: number,
  ): number {
    const { table, words } = this;
    const at = connection * Size.WindowWords;
    const extent = (window << 16) | ((end - sequence) & 0xffff);
    const lastDirection = (bits & Bit.LastDirection) >>> LAST_DIRECTION_SHIFT;
    if (
      lastDirection === direction &&
      table.ownOf(connection, LAST_SEQUENCE) === sequence &&
      table.ownOf(connection, LAST_ACKNOWLEDGMENT) === acknowledged &&
      words[at + Word.LastExtent] === extent
    ) {
      const isCounted = bits >>> RETRANSMISSIONS_SHIFT === RETRANSMISSIONS_MAX;
      return isCounted ? bits : bits + (1 << RETRANSMISSIONS_SHIFT);
    }
    table.setOwn(connection, LAST_SEQUENCE, sequence);
    table.setOwn(connection, LAST_ACKNOWLEDGMENT, acknowledged);
    words[at + Word.LastExtent] = extent;
    return (
      (bits & ~(Bit.Retransmissions | Bit.LastDirection)) | (direction << LAST_DIRECTION_SHIFT)
    );
  }
}
