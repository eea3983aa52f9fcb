/**
 * Follows TCP connections from the middle: does a packet belong to its connection, and how long does that live now?
 *
 * After nf_conntrack_proto_tcp.c. A packet's kind and the state of the connection say which state comes next (tcp-transitions.ts), and
 * what both sides have sent before says whether it belongs there (tcp-windows.ts).
 *
 * Complication 1: a beginning that nobody saw. With `loose`, an ACK opens a connection, whose window scales are unknown; so both sides are
 *   treated liberally from then on: no packet of theirs is invalid because of the windows.
 * Complication 2: the two ends and the observer out of step. A SYN in the middle of a connection passes and is remembered. When a SYN-ACK
 *   answers it, the connection begins anew with it; when a RST does, it is over; when an ACK does (the challenge of RFC 5961 §4), it goes on.
 * Complication 3: forged resets. A RST has to lie in the window, not before what the other side has acknowledged; where it is not exactly the
 *   next byte (RFC 5961 §3), the state stays, though not for long.
 * Complication 4: endings. A SYN of the same ports after the end is another connection: the caller is told to begin anew (RFC 1122
 *   §4.2.2.13).
 * Complication 5: dead ends. What is retransmitted again and again, stands before a closed window, or is never acknowledged, is not kept
 *   for the days of an established connection.
 *
 * Writer: the Worker that owns the host.
 */
import { Direction, Mark } from './connections.js';
import type { Conntrack } from './conntrack.js';
import { TcpState, Timer } from './conntrack-timeouts.js';
import { Bit, SideBit } from './tcp-memory.js';
import { Control, IGNORED, INVALID, isSound, Kind, kindOf, stateAfter } from './tcp-transitions.js';
import { Fit, isAfter, TcpWindows } from './tcp-windows.js';

export const enum Verdict {
  /** It belongs to its connection. */
  Accept,
  /** It does not, and changes nothing. */
  Invalid,
  /** It begins another one: the caller removes the connection, and treats the packet as the first of a new one. */
  Restart,
}

/** Instead of a state, besides IGNORED and INVALID: begin anew, or pass without a trace. */
const RESTART = INVALID + 1;
const PASSED = INVALID + 2;
/** Added to a state: the windows have no say about this packet. */
const UNCHECKED = 0x10;
const STATE_BITS = 0x0f;

/** What ends sooner is not shortened. */
const SOON_NS = 120e9;

export class TcpTracker {
  private readonly windows: TcpWindows;

  /**
   * @param timeouts by Timer, in ns
   * @param loose whether connections may be picked up in the middle (nf_conntrack_tcp_loose)
   * @param liberal whether packets outside the windows are valid all the same (nf_conntrack_tcp_be_liberal); a RST before what has been
   *   acknowledged is not
   */
  constructor(
    private readonly table: Conntrack,
    private readonly timeouts: Float64Array,
    private readonly loose: boolean,
    liberal: boolean,
  ) {
    this.windows = new TcpWindows(table, liberal);
  }

  /** May a packet with these control bits open a connection? */
  begins(flags: number): boolean {
    if (!isSound(flags)) return false;
    const state = stateAfter(Direction.Original, kindOf(flags), TcpState.None);
    return state === TcpState.SynSent || (state !== INVALID && this.loose);
  }

  /**
   * A packet of a connection, or the first one of one that was just added, which `begins` allows. Sets state and expiry, and the mark Assured.
   * @param direction in which it goes
   * @param flags its control bits
   * @param window as it stands in the header, 0..65,535
   * @param payloadBytes without headers, 0..65,533
   * @param scale the window scale option of a SYN, -1 when it has none
   */
  follow(
    connection: number,
    direction: Direction,
    flags: number,
    sequence: number,
    acknowledgment: number,
    window: number,
    payloadBytes: number,
    scale: number,
    tick: number,
  ): Verdict {
    if (!isSound(flags)) return Verdict.Invalid;
    const { table, windows } = this;
    const kind = kindOf(flags);
    // A SYN and a FIN take a sequence number each.
    const length = payloadBytes + ((flags & Control.Syn) >>> 1) + (flags & Control.Fin);
    const end = (sequence + length) | 0;
    const was: TcpState = table.stateOf(connection);
    if (was === TcpState.None) windows.open(connection, kind, end, window, scale);
    const to = this.nextState(connection, direction, kind, was, sequence, acknowledgment);
    if (to === INVALID) return Verdict.Invalid;
    if (to === RESTART) return Verdict.Restart;
    if (to === PASSED) return Verdict.Accept;
    if (to === IGNORED) {
      windows.remember(connection, direction, kind, sequence, length, window);
      if (kind === Kind.Syn && direction === Direction.Original)
        windows.rememberSyn(connection, scale, was === TcpState.LastAck);
      if (kind === Kind.Ack && was === TcpState.SynSent)
        windows.rememberAcknowledgment(connection, acknowledgment);
      return Verdict.Accept;
    }
    if ((to & UNCHECKED) === 0) {
      const fit = windows.fit(
        connection,
        direction,
        was,
        flags,
        sequence,
        end,
        acknowledgment,
        window,
        scale,
      );
      if (fit === Fit.Ignored) return Verdict.Accept;
      if (fit === Fit.Invalid) {
        this.shorten(connection, direction, kind, tick);
        return Verdict.Invalid;
      }
    }
    this.enter(connection, direction, kind, was, to & STATE_BITS, tick);
    return Verdict.Accept;
  }

  /** The state that this packet leads to if it fits; or IGNORED, INVALID, RESTART, PASSED. */
  private nextState(
    connection: number,
    direction: Direction,
    kind: Kind,
    was: TcpState,
    sequence: number,
    acknowledgment: number,
  ): number {
    const { windows } = this;
    const next = stateAfter(direction, kind, was);
    switch (next) {
      case TcpState.SynSent:
        if (was < TcpState.TimeWait) return next;
        return this.isOver(connection, direction) ? RESTART : IGNORED;
      case IGNORED:
        if (kind !== Kind.SynAck || !this.answersSyn(connection, direction, acknowledgment))
          return IGNORED;
        windows.beginAnew(connection, direction);
        return TcpState.SynRecv;
      case TcpState.TimeWait:
        if (was !== TcpState.LastAck || kind !== Kind.Ack) return next;
        return this.isChallenge(connection, direction) ? PASSED : next;
      case TcpState.SynSent2:
        windows.set(connection, Bit.Simultaneous);
        return next;
      case TcpState.SynRecv:
        // Of two SYNs that crossed, each is acknowledged by itself: this is the second acknowledgment.
        return kind === Kind.Ack && windows.has(connection, Bit.Simultaneous)
          ? TcpState.Established
          : next;
      case TcpState.Close:
        return kind === Kind.Rst
          ? this.afterReset(connection, direction, was, sequence, acknowledgment)
          : next;
      default:
        return next;
    }
  }

  /** Has a connection in TIME_WAIT or CLOSE been closed properly, or by a RST of the one that now sends a SYN? */
  private isOver(connection: number, direction: Direction): boolean {
    const { windows } = this;
    return (
      windows.eitherHas(connection, SideBit.ClosedFirst) ||
      (windows.lastKind(connection) === Kind.Rst && windows.lastDirection(connection) === direction)
    );
  }

  /** Does a SYN-ACK answer the SYN that was ignored before? */
  private answersSyn(connection: number, direction: Direction, acknowledgment: number): boolean {
    const { windows } = this;
    return (
      windows.lastKind(connection) === Kind.Syn &&
      windows.lastDirection(connection) !== direction &&
      windows.lastEnd(connection) === (acknowledgment | 0)
    );
  }

  /** Does an ACK challenge a SYN that was ignored in LAST_ACK, instead of being the last one? */
  private isChallenge(connection: number, direction: Direction): boolean {
    const { windows } = this;
    if (
      windows.lastKind(connection) !== Kind.Syn ||
      windows.lastDirection(connection) === direction ||
      !windows.has(connection, Bit.ChallengeExpected)
    )
      return false;
    windows.clear(connection, Bit.ChallengeExpected);
    return true;
  }

  /** The state after a RST, perhaps UNCHECKED; or INVALID. */
  private afterReset(
    connection: number,
    direction: Direction,
    was: TcpState,
    sequence: number,
    acknowledgment: number,
  ): number {
    const { table, windows } = this;
    // It is closing anyway, and its ports may be those of another connection already.
    if (was >= TcpState.FinWait && was <= TcpState.Close) return TcpState.Close | UNCHECKED;
    const lastKind = windows.lastKind(connection);
    const isAssured = table.has(connection, Mark.Assured);
    const isOpen = was === TcpState.Established && isAssured;
    let next = TcpState.Close;
    // After an ignored SYN what has been acknowledged may be of another connection.
    if (windows.hasAcknowledged(connection, direction ^ 1) && lastKind !== Kind.Syn) {
      // The answer to a SYN that was ignored before.
      if (sequence === 0 && !isOpen) return next;
      const expected = windows.acknowledgedBy(connection, direction ^ 1);
      if (isAfter(expected, sequence)) return INVALID;
      if (!isOpen || (sequence | 0) === expected) return next;
      // It follows the data that its sender sent last.
      const isNext =
        lastKind === Kind.Ack &&
        windows.lastDirection(connection) === direction &&
        windows.lastEnd(connection) === (sequence | 0);
      if (isNext) return next;
      // It may be forged: the receiver challenges it, and goes on.
      next = was;
    }
    const answersIgnored =
      windows.lastEnd(connection) === (acknowledgment | 0) &&
      ((lastKind === Kind.Syn && table.has(connection, Mark.SeenReply)) ||
        (lastKind === Kind.Ack && !isAssured));
    const answersChallenge =
      was === TcpState.SynSent &&
      lastKind === Kind.Ack &&
      windows.lastDirection(connection) === Direction.Reply &&
      windows.lastAcknowledgment(connection) === (sequence | 0);
    return answersIgnored || answersChallenge ? next | UNCHECKED : next;
  }

  /** The packet belongs to its connection, which comes to another state, or lives longer in the same. */
  private enter(
    connection: number,
    direction: Direction,
    kind: Kind,
    was: TcpState,
    next: TcpState,
    tick: number,
  ): void {
    const { table, windows, timeouts } = this;
    windows.setLast(connection, direction, kind);
    table.setState(connection, next);
    if (next === TcpState.FinWait && was !== TcpState.FinWait)
      windows.closedFirst(connection, direction);
    let timer = this.timerIn(connection, kind, next);
    if (!table.has(connection, Mark.SeenReply)) {
      if (kind === Kind.Rst) timer = Timer.TcpRefused;
      // A SYN that comes again does not keep it alive, or whoever repeats it could do so for ever.
      else if (kind === Kind.Syn && was === TcpState.SynSent) return;
      else if (next === TcpState.Established) timer = this.sooner(timer, Timer.TcpPickedUp);
    } else if (
      next === TcpState.Established &&
      (was === TcpState.SynRecv || was === TcpState.Established)
    )
      table.mark(connection, Mark.Assured);
    table.setExpiry(connection, tick + timeouts[timer]);
  }

  /** Which timer runs after a packet that led to this state. */
  private timerIn(connection: number, kind: Kind, state: TcpState): Timer {
    const { windows } = this;
    const timer = state as number as Timer;
    if (windows.isRetransmitted(connection)) {
      const shortened = this.sooner(timer, Timer.TcpRetransmitted);
      if (shortened !== timer) return shortened;
    }
    if (kind === Kind.Rst) return Timer.TcpClose;
    if (windows.eitherHas(connection, SideBit.Unacknowledged)) {
      const shortened = this.sooner(timer, Timer.TcpUnacknowledged);
      if (shortened !== timer) return shortened;
    }
    return windows.lastWindowIsClosed(connection)
      ? this.sooner(timer, Timer.TcpRetransmitted)
      : timer;
  }

  /** Of two timers the one that ends sooner; the first, if both end at once. */
  private sooner(timer: Timer, other: Timer): Timer {
    return this.timeouts[other] < this.timeouts[timer] ? other : timer;
  }

  /** Where both sides have sent a FIN or a RST that did not fit, the connection is out of step and probably dead. */
  private shorten(connection: number, direction: Direction, kind: Kind, tick: number): void {
    const { table, windows, timeouts } = this;
    if (!table.has(connection, Mark.Assured) || (kind !== Kind.Rst && kind !== Kind.Fin)) return;
    const lastKind = windows.lastKind(connection);
    const answers =
      windows.lastDirection(connection) !== direction &&
      (lastKind === Kind.Fin || lastKind === Kind.Rst);
    if (!answers) {
      windows.setLast(connection, direction, kind);
      return;
    }
    const left = table.expiryOf(connection) - tick;
    if (left >= SOON_NS && left > timeouts[Timer.TcpUnacknowledged])
      table.setExpiry(connection, tick + timeouts[Timer.TcpUnacknowledged]);
  }
}
