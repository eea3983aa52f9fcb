/**
 * The bytes of frames and packets, and nothing else: where each field stands, and whether it may be read.
 *
 * Everything under `wire` is a free function over `(bytes, at, …)`. `bytes` is a DataView over the whole pool, `at` the absolute
 * offset of the header in question, and every other argument and result is a plain number. There are no objects per frame.
 *
 * Each protocol has one function `check…(bytes, at, end, wireEnd)` that answers with a Reason. After Reason.Ok its accessors
 * cannot fail and check nothing; before it they must not be called.
 *
 * Two ends. A capture may keep fewer bytes of a frame than there were (a "snapped" frame), so every check takes both:
 *   - `end`: one past the last byte that is here. No function ever reads at or beyond it.
 *   - `wireEnd`: one past the last byte that there was, `end` or more. Length fields are compared with this one.
 * A header must be here; the payload behind it need not be. Bytes that never existed make a header truncated (each protocol has
 * its Reason); bytes that existed but were not kept are no fault of the sender, and the answer is Reason.SnappedHeader.
 * Two more things are incomplete in just this way and use the same rule: the packet quoted in an ICMP error, and the first
 * fragment of a datagram. Where their true end is unknown, `at + LENGTH_MAX` (ipv4.ts) stands for it.
 * Each layer hands narrower ends to the next: an IPv4 packet ends where its total length says, so that Ethernet padding is
 * never taken for payload (RFC 1812 §5.2.2).
 *
 * This file: IEEE 802.3 frames without preamble and frame check sequence, and the LLC header of IEEE 802.2.
 */
import { Reason } from '../observe/reason.js';

export const enum Ethernet {
  /** Bytes of destination, source and length/type. */
  HeaderLength = 14,
  /** Where the length/type field stands in an untagged frame; the first VLAN tag, if any, stands here too. */
  TypeOffset = 12,
}

/** The EtherTypes that this project tells apart (IEEE registration authority). */
export const enum EtherType {
  Ipv4 = 0x0800,
  Arp = 0x0806,
  VlanTag = 0x8100,
  Ipv6 = 0x86dd,
  MacControl = 0x8808,
  ServiceTag = 0x88a8,
  Lldp = 0x88cc,
}

/** The smallest length/type value that is a type; everything below is a length (IEEE 802.3 §3.2.6). */
const TYPE_MIN = 0x0600;

/** Bytes of the LLC header that are always there: DSAP, SSAP and one control byte (IEEE 802.2 §3). */
const LLC_LENGTH = 3;

/** Bytes of LLC and SNAP together: AA AA 03, a three-byte organization code, a type (RFC 1042). */
const SNAP_LENGTH = 8;

/**
 * Why a header that needs the bytes up to `needed` cannot be read: it never was whole (`truncated`), or the capture kept too
 * little of it.
 */
export function missing(needed: number, wireEnd: number, truncated: Reason): Reason {
  return needed <= wireEnd ? Reason.SnappedHeader : truncated;
}

/** Is the MAC header here? IEEE 802.3 §3.1.1. */
export function checkEthernet(at: number, end: number, wireEnd: number): Reason {
  const needed = at + Ethernet.HeaderLength;
  return needed > end ? missing(needed, wireEnd, Reason.Runt) : Reason.Ok;
}

/** The first two bytes of the destination address. With `destinationLow` it makes 48 bits without a BigInt. */
export function destinationHigh(bytes: DataView, at: number): number {
  return bytes.getUint16(at);
}

/** The last four bytes of the destination address, 0..0xffffffff. */
export function destinationLow(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 2);
}

/** The first two bytes of the source address. */
export function sourceHigh(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 6);
}

/** The last four bytes of the source address, 0..0xffffffff. */
export function sourceLow(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 8);
}

/** The length/type field at `typeAt`: `at + Ethernet.TypeOffset`, or where `skipTags` (vlan.ts) ended. */
export function typeOrLength(bytes: DataView, typeAt: number): number {
  return bytes.getUint16(typeAt);
}

/** Does a length/type field name a protocol (true), or count the bytes of an LLC frame (false)? IEEE 802.3 §3.2.6. */
export function isType(typeOrLength: number): boolean {
  return typeOrLength >= TYPE_MIN;
}

/** Is this the address of a group: multicast, or broadcast? The I/G bit of IEEE 802.3 §3.2.3. */
export function isGroup(high: number): boolean {
  return (high & 0x0100) !== 0;
}

/** Is this ff:ff:ff:ff:ff:ff? */
export function isBroadcast(high: number, low: number): boolean {
  return high === 0xffff && low === 0xffffffff;
}

/** Is this 00:00:00:00:00:00, which no station has? */
export function isZero(high: number, low: number): boolean {
  return high === 0 && low === 0;
}

/**
 * Is this one of the sixteen reserved addresses 01-80-C2-00-00-00..0F (IEEE 802.1Q §8.6.3, Table 8-1)? Which one, 0..15, says
 * `low & 0xf`.
 */
export function isLinkLocalGroup(high: number, low: number): boolean {
  return high === 0x0180 && low >= 0xc2000000 && low <= 0xc200000f;
}

/**
 * May the LLC header at `at` be read? `length` is the length field that announced it (IEEE 802.3 §3.2.6: bytes of LLC and
 * data, without padding). A SNAP header counts as part of it (RFC 1042).
 */
export function checkLlc(
  bytes: DataView,
  at: number,
  end: number,
  wireEnd: number,
  length: number,
): Reason {
  if (length > wireEnd - at) return Reason.LlcLongerThanFrame;
  const dataEnd = at + length;
  if (at + LLC_LENGTH > Math.min(end, dataEnd)) {
    return missing(at + LLC_LENGTH, dataEnd, Reason.LlcTruncated);
  }
  if (isSnap(bytes, at) && at + SNAP_LENGTH > Math.min(end, dataEnd)) {
    return missing(at + SNAP_LENGTH, dataEnd, Reason.LlcTruncated);
  }
  return Reason.Ok;
}

/** DSAP and SSAP as one number, the destination in the high byte; 0x4242 is the spanning tree protocol. */
export function llcServices(bytes: DataView, at: number): number {
  return bytes.getUint16(at);
}

/** Does a SNAP header follow (AA AA 03)? Needs the three bytes of LLC. */
export function isSnap(bytes: DataView, at: number): boolean {
  return bytes.getUint16(at) === 0xaaaa && bytes.getUint8(at + 2) === 0x03;
}

/** The protocol that a SNAP header names: an EtherType where the organization code is 0 (RFC 1042). */
export function snapType(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 6);
}
