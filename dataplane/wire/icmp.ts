/** ICMP for IPv4 (RFC 792). Every message begins with the same eight bytes: type, code, checksum, and four that depend. */
import { Reason } from '../observe/reason.js';
import { isRight, sum } from './checksum.js';
import { missing } from './ethernet.js';

export const HEADER_LENGTH = 8;

/** Where the checksum stands in a message, of ICMPv6 as well. */
export const CHECKSUM_OFFSET = 2;

/** Message types (RFC 792, summary). */
export const enum IcmpType {
  EchoReply = 0,
  DestinationUnreachable = 3,
  SourceQuench = 4,
  Redirect = 5,
  EchoRequest = 8,
  TimeExceeded = 11,
  ParameterProblem = 12,
  Timestamp = 13,
  AddressMaskReply = 18,
}

/** The code of DestinationUnreachable that carries the MTU of the next hop (RFC 1191 §4). */
export const CODE_FRAGMENTATION_NEEDED = 4;

/** May the header be read? RFC 792. */
export function checkIcmp(at: number, end: number, wireEnd: number): Reason {
  const headerEnd = at + HEADER_LENGTH;
  return headerEnd > end ? missing(headerEnd, wireEnd, Reason.IcmpTruncated) : Reason.Ok;
}

/**
 * Is the checksum right? `length` counts the whole message, all of which must be here. ICMP sums itself alone (`pseudoSum` 0);
 * ICMPv6 adds a pseudo-header (RFC 4443 §2.3).
 */
export function checkIcmpChecksum(
  bytes: DataView,
  at: number,
  length: number,
  pseudoSum: number,
): Reason {
  return isRight(pseudoSum + sum(bytes, at, length)) ? Reason.Ok : Reason.IcmpBadChecksum;
}

/** The kind of message: see IcmpType, or Icmpv6Type. */
export function type(bytes: DataView, at: number): number {
  return bytes.getUint8(at);
}

/** What the type leaves open. */
export function code(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 1);
}

/** The checksum as it stands there. */
export function checksum(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 2);
}

/** Which conversation an echo belongs to; for NAT, what a port is to UDP. */
export function identifier(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 4);
}

/** Which echo of its conversation this is. */
export function sequence(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 6);
}

/** The next hop's MTU in CODE_FRAGMENTATION_NEEDED, bytes; 0 from routers older than RFC 1191. */
export function nextHopMtu(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 6);
}

/** Does this type report a failure, and so quote the packet that failed? RFC 1122 §3.2.2. */
export function isError(type: number): boolean {
  switch (type) {
    case IcmpType.DestinationUnreachable:
    case IcmpType.SourceQuench:
    case IcmpType.Redirect:
    case IcmpType.TimeExceeded:
    case IcmpType.ParameterProblem:
      return true;
    default:
      return false;
  }
}

/**
 * Where the packet quoted by an error begins; of ICMPv6 as well (RFC 4443 §3). It is cut short by design: check it with
 * `quotedAt + LENGTH_MAX` as its `wireEnd`.
 */
export function quotedAt(at: number): number {
  return at + HEADER_LENGTH;
}
