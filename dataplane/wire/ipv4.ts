/**
 * IPv4 (RFC 791 §3.1).
 *
 *    0                   1                   2                   3
 *   |Version|  IHL  |Type of Service|          Total Length         |
 *   |         Identification        |Flags|     Fragment Offset     |
 *   | Time to Live  |   Protocol    |        Header Checksum        |
 *   |                         Source Address                        |
 *   |                      Destination Address                      |
 */
import { Reason } from '../observe/reason.js';
import { isRight, sum } from './checksum.js';
import { missing } from './ethernet.js';

export const enum Ipv4 {
  /** A header without options. */
  HeaderLengthMin = 20,
  /** The longest packet there can be; also stands for an end that is unknown (see the head of ethernet.ts). */
  LengthMax = 0xffff,
  /** MF, in the word of flags and offset. */
  MoreFragments = 0x2000,
}

/** What an IPv4 or IPv6 packet carries (IANA protocol numbers). */
export const enum Protocol {
  Icmp = 1,
  Igmp = 2,
  Tcp = 6,
  Udp = 17,
  Icmpv6 = 58,
}

/**
 * May the header be trusted? RFC 1812 §5.2.2, in its order except that version and header length come before the checksum,
 * which cannot be found without them. The whole header, options too, must be here, since the checksum covers it.
 */
export function checkIpv4(bytes: DataView, at: number, end: number, wireEnd: number): Reason {
  const fixedEnd = at + Ipv4.HeaderLengthMin;
  if (fixedEnd > end) return missing(fixedEnd, wireEnd, Reason.Ipv4Truncated);
  if (bytes.getUint8(at) >>> 4 !== 4) return Reason.Ipv4BadVersion;
  const header = headerLength(bytes, at);
  if (header < Ipv4.HeaderLengthMin) return Reason.Ipv4BadHeaderLength;
  if (at + header > end) return missing(at + header, wireEnd, Reason.Ipv4BadHeaderLength);
  if (!isRight(header === Ipv4.HeaderLengthMin ? fixedSum(bytes, at) : sum(bytes, at, header)))
    return Reason.Ipv4BadChecksum;
  const total = totalLength(bytes, at);
  if (total < header) return Reason.Ipv4TotalLengthTooShort;
  return total > wireEnd - at ? Reason.Ipv4LongerThanFrame : Reason.Ok;
}

/** The sum of a header without options, as most are; its bytes are swapped, which is right for a sum that is only to be 0xffff. */
export function fixedSum(bytes: DataView, at: number): number {
  const a = bytes.getInt32(at, true);
  const b = bytes.getInt32(at + 4, true);
  const c = bytes.getInt32(at + 8, true);
  const d = bytes.getInt32(at + 12, true);
  const e = bytes.getInt32(at + 16, true);
  const highs = (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16) + (e >>> 16);
  return highs + (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff) + (e & 0xffff);
}

/** May the addresses be read, and do the lengths make sense? Less than `checkIpv4`: options may be missing and the checksum wrong. */
export function hasLengths(bytes: DataView, at: number, end: number, wireEnd: number): boolean {
  if (at + Ipv4.HeaderLengthMin > end || bytes.getUint8(at) >>> 4 !== 4) return false;
  const header = headerLength(bytes, at);
  const total = totalLength(bytes, at);
  return header >= Ipv4.HeaderLengthMin && total >= header && total <= wireEnd - at;
}

/** Bytes of the header with its options, 0..60; 20 or more once checked. */
export function headerLength(bytes: DataView, at: number): number {
  return (bytes.getUint8(at) & 0xf) << 2;
}

/** Bytes of header and payload. What stands behind them in the frame is padding. */
export function totalLength(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 2);
}

/** Which datagram a fragment belongs to, together with addresses and protocol. */
export function identification(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 4);
}

/** Must no router fragment this packet (DF)? */
export function dontFragment(bytes: DataView, at: number): boolean {
  return (bytes.getUint16(at + 6) & 0x4000) !== 0;
}

/** Do more fragments of the datagram follow this one (MF)? */
export function moreFragments(bytes: DataView, at: number): boolean {
  return (bytes.getUint16(at + 6) & Ipv4.MoreFragments) !== 0;
}

/** Bytes of the datagram's payload that stand before this fragment, 0..65,528. Only at 0 is there a transport header. */
export function fragmentOffset(bytes: DataView, at: number): number {
  return (bytes.getUint16(at + 6) & 0x1fff) << 3;
}

/** Is this one piece of a datagram, first, later or last? */
export function isFragment(bytes: DataView, at: number): boolean {
  return (bytes.getUint16(at + 6) & 0x3fff) !== 0;
}

/**
 * Does a fragment leave the transport header to the first one, which has all of it? One that does not could hide the flags of TCP from whoever
 * filters by them (RFC 1858 §3, RFC 3128), or a checksum from whoever translates. Links carry 68 bytes and more (RFC 791 §3.2), so no
 * honest sender cuts there. The header must have been checked.
 */
export function checkFragment(bytes: DataView, at: number): Reason {
  const offset = fragmentOffset(bytes, at);
  const held = offset > 0 ? offset : totalLength(bytes, at) - headerLength(bytes, at);
  return held < transportLength(protocol(bytes, at)) ? Reason.FragmentTiny : Reason.Ok;
}

/** Bytes of the shortest header of a protocol; of one that is not looked into, 0. */
function transportLength(protocol: number): number {
  switch (protocol) {
    case Protocol.Tcp:
      return 20;
    case Protocol.Udp:
    case Protocol.Icmp:
      return 8;
    default:
      return 0;
  }
}

/** Routers that the packet may still pass. */
export function timeToLive(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 8);
}

/** What the packet carries: see Protocol. */
export function protocol(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 9);
}

/** The source address, 0..0xffffffff. */
export function source(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 12);
}

/** The destination address, 0..0xffffffff. */
export function destination(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 16);
}
