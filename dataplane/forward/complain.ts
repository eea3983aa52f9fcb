/**
 * ICMP errors of the hosts: what a router or a host says about a packet that it could not deliver (RFC 792; RFC 1812 §4.3; RFC 4443).
 */
import type { Frame } from '../frame/frames.js';

/** What is wrong, the same for both families. */
export const enum Complaint {
  /** No route leads there: code 0. */
  NetUnreachable,
  /** Nobody has the address (RFC 1812 §5.2.7.1), or the route says so. */
  HostUnreachable,
  /** Nobody listens at the port. */
  PortUnreachable,
  /** The host does not know the protocol. */
  ProtocolUnreachable,
  /** Longer than the next link takes; what is said with it is that MTU. */
  TooLong,
  /** A rule forbids it: code 13 of IPv4, 1 of IPv6. */
  Prohibited,
  HopLimitExceeded,
  /** The first fragment came, and the others did not in time. */
  ReassemblyTimeExceeded,
}

/** Says what is wrong with a packet that came in by an interface to whoever sent it. The hold on the frame stays the caller's. */
export type Complain = (frame: Frame, iface: number, complaint: Complaint, mtu: number) => void;
