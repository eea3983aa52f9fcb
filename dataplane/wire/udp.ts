/** UDP (RFC 768): ports, length, checksum; eight bytes. */
import { Reason } from '../observe/reason.js';
import { isRight, sum } from './checksum.js';
import { missing } from './ethernet.js';

export const enum Udp {
  HeaderLength = 8,
  /** Where the checksum stands in a datagram. */
  ChecksumOffset = 6,
}

/**
 * May the header be read, and does its length fit? RFC 768 "Length": 8 or more; it may be less than what IP carries (Linux
 * ignores the rest), never more. In a first fragment the length counts the whole datagram: pass `at + LENGTH_MAX` as `wireEnd`.
 */
export function checkUdp(bytes: DataView, at: number, end: number, wireEnd: number): Reason {
  const headerEnd = at + Udp.HeaderLength;
  if (headerEnd > end) return missing(headerEnd, wireEnd, Reason.UdpTruncated);
  const counted = length(bytes, at);
  return counted < Udp.HeaderLength || counted > wireEnd - at ? Reason.UdpBadLength : Reason.Ok;
}

/**
 * Is the checksum right? All `length` bytes must be here. `pseudoSum` counts the UDP length, not what IP carries. A checksum of
 * 0 is none at all: fine on IPv4 (`mayBeNone`, RFC 768), and on IPv6 only inside tunnels set up for it (RFC 6935 §5).
 */
export function checkUdpChecksum(
  bytes: DataView,
  at: number,
  pseudoSum: number,
  mayBeNone: boolean,
): Reason {
  if (checksum(bytes, at) === 0) return mayBeNone ? Reason.Ok : Reason.UdpBadChecksum;
  const total = pseudoSum + sum(bytes, at, length(bytes, at));
  return isRight(total) ? Reason.Ok : Reason.UdpBadChecksum;
}

export function sourcePort(bytes: DataView, at: number): number {
  return bytes.getUint16(at);
}

export function destinationPort(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 2);
}

/** Bytes of header and data. */
export function length(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 4);
}

/** The checksum as it stands there; 0 means none. */
export function checksum(bytes: DataView, at: number): number {
  return bytes.getUint16(at + Udp.ChecksumOffset);
}
