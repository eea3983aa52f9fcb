/**
 * How long a connection is remembered after its last packet, by protocol and state; in ns, the unit of ticks.
 *
 * Two profiles. Linux: the defaults of nf_conntrack (Documentation/networking/nf_conntrack-sysctl.rst). RFC: what RFC 4787, 5382, 5508 and
 * 7857 ask of a NAT, of which Linux falls short where it says so below. A profile is a plain array: whoever wants other timers writes
 * into the one that was made for him (RFC 4787 REQ-5b, RFC 5382 REQ-5, RFC 5508 REQ-2, RFC 7857 §2.1: timers have to be configurable).
 */

/** The states of a TCP connection as its tracker sees it (tcp-tracker.ts). */
export const enum TcpState {
  None,
  SynSent,
  SynRecv,
  Established,
  FinWait,
  CloseWait,
  LastAck,
  TimeWait,
  Close,
  /** Both sides have sent a SYN, neither an answer to it (RFC 9293 §3.5, simultaneous open). */
  SynSent2,
  Count,
}

/** The timers. The first ones have the numbers of the TCP states in which they run. */
export const enum Timer {
  TcpSynSent = 1,
  TcpSynRecv,
  TcpEstablished,
  TcpFinWait,
  TcpCloseWait,
  TcpLastAck,
  TcpTimeWait,
  TcpClose,
  TcpSynSent2,
  /** The same segment came again and again, or the window is closed: no longer than this. */
  TcpRetransmitted,
  /** There are data that have not been acknowledged: no longer than this. */
  TcpUnacknowledged,
  /** Picked up in the middle, and the other side has not been heard: no longer than this. */
  TcpPickedUp,
  /** A RST was the only answer to a SYN. */
  TcpRefused,
  /** UDP that was not answered, or only just. */
  Udp,
  /** UDP that has gone both ways for a while. */
  UdpStream,
  Icmp,
  Icmpv6,
  /** Every other protocol. */
  Generic,
  Count,
}

/** What is configured together. */
export const UDP_TIMERS: readonly Timer[] = [Timer.Udp, Timer.UdpStream];
export const ICMP_TIMERS: readonly Timer[] = [Timer.Icmp, Timer.Icmpv6];
export const OPENING_TIMERS: readonly Timer[] = [
  Timer.TcpSynSent,
  Timer.TcpSynRecv,
  Timer.TcpSynSent2,
];
export const CLOSING_TIMERS: readonly Timer[] = [
  Timer.TcpFinWait,
  Timer.TcpCloseWait,
  Timer.TcpLastAck,
  Timer.TcpTimeWait,
  Timer.TcpClose,
];
/** In the RFC profile nothing shortens the time of an established connection, so what would is as long as that. */
export const ESTABLISHED_TIMERS: readonly Timer[] = [Timer.TcpEstablished];
export const ESTABLISHED_TIMERS_RFC: readonly Timer[] = [
  Timer.TcpEstablished,
  Timer.TcpRetransmitted,
  Timer.TcpUnacknowledged,
];

/** Sets timers to so many ns; 0 leaves them as they are. */
export function setTimeouts(
  timeouts: Float64Array,
  timers: readonly Timer[],
  duration_ns: number,
): void {
  if (duration_ns > 0) for (const timer of timers) timeouts[timer] = duration_ns;
}

const SECOND = 1e9;

/** What stock Linux does. */
export function linuxTimeouts(): Float64Array {
  const timeouts = new Float64Array(Timer.Count);
  timeouts[Timer.TcpSynSent] = 120 * SECOND;
  timeouts[Timer.TcpSynRecv] = 60 * SECOND;
  timeouts[Timer.TcpEstablished] = 432_000 * SECOND;
  timeouts[Timer.TcpFinWait] = 120 * SECOND;
  timeouts[Timer.TcpCloseWait] = 60 * SECOND;
  timeouts[Timer.TcpLastAck] = 30 * SECOND;
  timeouts[Timer.TcpTimeWait] = 120 * SECOND;
  timeouts[Timer.TcpClose] = 10 * SECOND;
  timeouts[Timer.TcpSynSent2] = 120 * SECOND;
  timeouts[Timer.TcpRetransmitted] = 300 * SECOND;
  timeouts[Timer.TcpUnacknowledged] = 300 * SECOND;
  timeouts[Timer.TcpPickedUp] = 300 * SECOND;
  timeouts[Timer.TcpRefused] = 0;
  timeouts[Timer.Udp] = 30 * SECOND; // less than the two minutes of RFC 4787 REQ-5
  timeouts[Timer.UdpStream] = 120 * SECOND;
  timeouts[Timer.Icmp] = 30 * SECOND; // less than the 60 s of RFC 5508 REQ-2
  timeouts[Timer.Icmpv6] = 30 * SECOND;
  timeouts[Timer.Generic] = 600 * SECOND;
  return timeouts;
}

/** RFC 5382 REQ-5: an established connection may be idle for 2 hours and 4 minutes, */
const ESTABLISHED = 7440 * SECOND;
/** and one that is opened or closed for 4 minutes, as it may after a RST (RFC 7857 §2.1, §2.2). */
const TRANSITORY = 240 * SECOND;

/** What the RFCs ask for. Nothing shortens the time of an established connection. */
export function rfcTimeouts(): Float64Array {
  const timeouts = new Float64Array(Timer.Count);
  timeouts.fill(TRANSITORY, Timer.TcpSynSent, Timer.Udp);
  timeouts[Timer.TcpEstablished] = ESTABLISHED;
  timeouts[Timer.TcpRetransmitted] = ESTABLISHED;
  timeouts[Timer.TcpUnacknowledged] = ESTABLISHED;
  timeouts[Timer.Udp] = 300 * SECOND; // RFC 4787 REQ-5c
  timeouts[Timer.UdpStream] = 300 * SECOND;
  timeouts[Timer.Icmp] = 60 * SECOND; // RFC 5508 REQ-2
  timeouts[Timer.Icmpv6] = 60 * SECOND;
  timeouts[Timer.Generic] = 600 * SECOND;
  return timeouts;
}
