/**
 * The one entry to what follows connections: by protocol it says what may open one, and after each packet how long it lives.
 *
 * TCP has a tracker of its own. UDP is a stream when both sides have been heard and it still goes on 2 s after it began, as in Linux
 * (nf_conntrack_proto_udp.c: a question and its answer make no stream); from then on it lives longer and is assured. Of ICMP only
 * questions open a connection (RFC 5508 §3); of every other protocol, anything does.
 *
 * Writer: the Worker that owns the host.
 */
import { Direction, Mark } from './connections.js';
import { connectionOf, type Conntrack, directionOf } from './conntrack.js';
import { Timer } from './conntrack-timeouts.js';
import { TcpTracker, Verdict } from './tcp-tracker.js';
import { isQuery, Protocol } from './tuple.js';

/** What goes on for longer is a stream, in ns. */
const STREAM_NS = 2e9;

/** The state of connections other than TCP, as long as they live. */
const ALIVE = 1;

export class Tracker {
  private readonly tcp: TcpTracker;

  /**
   * @param timeouts by Timer, in ns: a profile of conntrack-timeouts.ts, perhaps changed
   * @param loose whether TCP connections may be picked up in the middle
   * @param liberal whether TCP packets outside the windows are valid all the same
   */
  constructor(
    private readonly table: Conntrack,
    private readonly timeouts: Float64Array,
    loose = true,
    liberal = false,
  ) {
    this.tcp = new TcpTracker(table, timeouts, loose, liberal);
  }

  /**
   * May this packet open a connection? Else, if it belongs to none, it is invalid.
   * @param ports of its tuple, which of ICMP has the type
   * @param flags the control bits of TCP
   */
  begins(protocol: number, ports: number, flags: number): boolean {
    if (protocol === Protocol.Tcp) return this.tcp.begins(flags);
    if (protocol === Protocol.Icmp || protocol === Protocol.Icmpv6) return isQuery(protocol, ports);
    return true;
  }

  /**
   * A packet of a connection that is alive, or the first one of one that was just added, which `begins` allows. All after `tick` is TCP's: see TcpTracker.follow.
   * @param side what was found, or connection << 1 of what was added
   */
  track(
    side: number,
    tick: number,
    flags: number,
    sequence: number,
    acknowledgment: number,
    window: number,
    payloadBytes: number,
    scale: number,
  ): Verdict {
    const { table } = this;
    const connection = connectionOf(side);
    const direction = directionOf(side);
    const protocol = table.protocolOf(connection);
    if (protocol === Protocol.Tcp) {
      const verdict = this.tcp.follow(
        connection,
        direction,
        flags,
        sequence,
        acknowledgment,
        window,
        payloadBytes,
        scale,
        tick,
      );
      if (verdict !== Verdict.Accept) return verdict;
    } else if (protocol === Protocol.Udp) {
      this.trackUdp(side, tick);
      return Verdict.Accept;
    } else this.renew(connection, tick, timerOf(protocol));
    if (direction === Direction.Reply) table.mark(connection, Mark.SeenReply);
    return Verdict.Accept;
  }

  /** The same for a packet of UDP, which always belongs to its connection. */
  trackUdp(side: number, tick: number): void {
    const { table } = this;
    const connection = connectionOf(side);
    // Of UDP, what the tracker keeps is when it began.
    if (table.stateOf(connection) !== ALIVE) table.setOwnTick(connection, tick);
    const isStream =
      table.has(connection, Mark.SeenReply) && tick > table.ownTickOf(connection) + STREAM_NS;
    if (isStream) table.mark(connection, Mark.Assured);
    this.renew(connection, tick, isStream ? Timer.UdpStream : Timer.Udp);
    if (directionOf(side) === Direction.Reply) table.mark(connection, Mark.SeenReply);
  }

  private renew(connection: number, tick: number, timer: Timer): void {
    this.table.setState(connection, ALIVE);
    this.table.setExpiry(connection, tick + this.timeouts[timer]);
  }
}

function timerOf(protocol: number): Timer {
  if (protocol === Protocol.Icmp) return Timer.Icmp;
  return protocol === Protocol.Icmpv6 ? Timer.Icmpv6 : Timer.Generic;
}
