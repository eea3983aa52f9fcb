/**
 * IPv6 (RFC 8200 §3) and the extension headers between it and what it carries (§4).
 *
 *   |Version| Traffic Class |           Flow Label                  |
 *   |         Payload Length        |  Next Header  |   Hop Limit   |
 *   |                     Source Address, 16 bytes                  |
 *   |                  Destination Address, 16 bytes                |
 *
 * Jumbograms (RFC 2675) do not fit a frame of this project: a payload length of 0 means 0.
 */
import { Reason } from '../observe/reason.js';
import { missing } from './ethernet.js';

export const enum Ipv6 {
  HeaderLength = 40,
  FragmentHeaderLength = 8,
}

const SOURCE_OFFSET = 8;
const DESTINATION_OFFSET = 24;

/** Next header values of the extensions that are walked, and of the one that says nothing follows (RFC 8200 §4.7). */
export const enum Extension {
  HopByHop = 0,
  Routing = 43,
  Fragment = 44,
  Authentication = 51,
  NoNextHeader = 59,
  DestinationOptions = 60,
}

/**
 * How many extension headers are walked before the packet is given up. RFC 8200 §4.1 knows of seven in a sensible packet; the
 * bound keeps a packet of nothing but extensions as cheap as any other (RFC 8883 names the errors of routers with such limits).
 */
const EXTENSIONS_MAX = 8;

/** May the header be read? RFC 8200 §3. */
export function checkIpv6(bytes: DataView, at: number, end: number, wireEnd: number): Reason {
  const headerEnd = at + Ipv6.HeaderLength;
  if (headerEnd > end) return missing(headerEnd, wireEnd, Reason.Ipv6Truncated);
  if (bytes.getUint8(at) >>> 4 !== 6) return Reason.Ipv6BadVersion;
  return payloadLength(bytes, at) > wireEnd - headerEnd ? Reason.Ipv6LongerThanFrame : Reason.Ok;
}

/** Bytes behind the header, extension headers included. */
export function payloadLength(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 4);
}

/** What follows the header: an Extension or a Protocol. */
export function nextHeader(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 6);
}

/** Routers that the packet may still pass. */
export function hopLimit(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 7);
}

/** Where the source address stands. */
export function sourceAt(at: number): number {
  return at + SOURCE_OFFSET;
}

/** Where the destination address stands. */
export function destinationAt(at: number): number {
  return at + DESTINATION_OFFSET;
}

/** Copies an address from one place to another. */
export function copyAddress(bytes: DataView, from: number, to: number): void {
  for (let word = 0; word < 16; word += 4) bytes.setUint32(to + word, bytes.getUint32(from + word));
}

/** Is the address at `at` ::, which stands for none (RFC 4291 §2.5.2)? */
export function isUnspecified(bytes: DataView, at: number): boolean {
  return (
    (bytes.getUint32(at) |
      bytes.getUint32(at + 4) |
      bytes.getUint32(at + 8) |
      bytes.getUint32(at + 12)) ===
    0
  );
}

/** Is the address at `at` that of a group (RFC 4291 §2.7)? */
export function isMulticast(bytes: DataView, at: number): boolean {
  return bytes.getUint8(at) === 0xff;
}

/** Is the address at `at` the group of who may have an address: ff02::1:ff00:0/104 (RFC 4291 §2.7.1)? */
export function isSolicitedNode(bytes: DataView, at: number): boolean {
  return (
    bytes.getUint32(at) === 0xff02_0000 &&
    bytes.getUint32(at + 4) === 0 &&
    bytes.getUint32(at + 8) === 1 &&
    bytes.getUint8(at + 12) === 0xff
  );
}

/** One of the four 32-bit words, `index` 0..3, of the address at `addressAt`. */
export function addressWord(bytes: DataView, addressAt: number, index: number): number {
  return bytes.getUint32(addressAt + (index << 2));
}

/**
 * What the packet at `at` carries behind its extension headers, packed (see `upperProtocol` and `upperOffset`; the offset
 * counts from `at`), or the negative of a Reason. The walk stops at a fragment header and reports it as what is carried:
 * behind it stands the rest of the chain in a first fragment, and mere bytes in a later one. `end` and `wireEnd` are those of
 * this packet, payload length applied. The header must have been checked.
 */
export function upperOf(bytes: DataView, at: number, end: number, wireEnd: number): number {
  return skipExtensions(bytes, at, Ipv6.HeaderLength, nextHeader(bytes, at), end, wireEnd);
}

/** The same behind the fragment header at `fragmentAt`, for a first fragment; the offset counts from `fragmentAt`. */
export function upperOfFragment(
  bytes: DataView,
  fragmentAt: number,
  end: number,
  wireEnd: number,
): number {
  const next = bytes.getUint8(fragmentAt);
  return skipExtensions(bytes, fragmentAt, Ipv6.FragmentHeaderLength, next, end, wireEnd);
}

/** The protocol in a packed result: a Protocol, Extension.Fragment, Extension.NoNextHeader, or one that is not walked. */
export function upperProtocol(upper: number): number {
  return upper & 0xff;
}

/** The offset in a packed result, in bytes. */
export function upperOffset(upper: number): number {
  return upper >>> 8;
}

/**
 * RFC 8200 §4, strictly in order. A result stays below 2^23, since eight headers are 2,056 bytes each at the most (§4.3), so
 * that one small integer holds offset and protocol.
 */
function skipExtensions(
  bytes: DataView,
  at: number,
  from: number,
  next: number,
  end: number,
  wireEnd: number,
): number {
  let offset = from;
  for (let walked = 0; isExtension(next); walked++) {
    // §4.1: hop-by-hop options stand directly behind the IPv6 header, or nowhere.
    if (next === Extension.HopByHop && offset !== Ipv6.HeaderLength)
      return -Reason.Ipv6HopByHopNotFirst;
    if (walked === EXTENSIONS_MAX) return -Reason.Ipv6ExtensionsTooMany;
    const here = at + offset;
    if (here + 8 > end) return -missing(here + 8, wireEnd, Reason.Ipv6ExtensionTruncated);
    if (next === Extension.Fragment) break;
    const after = here + extensionLength(bytes, here, next);
    if (after > wireEnd) return -Reason.Ipv6ExtensionTruncated;
    if (after > end) return -Reason.SnappedHeader;
    next = bytes.getUint8(here);
    offset = after - at;
  }
  return (offset << 8) | next;
}

/**
 * Bytes from the IPv6 header at `at` to the Next Header field that names what begins `offset` bytes behind `at`, where `upperOf` has found it: in that
 * header, or in the last extension before it. An ICMPv6 parameter problem points there (RFC 4443 §3.4).
 */
export function nextHeaderOffset(bytes: DataView, at: number, offset: number): number {
  let field = 6;
  let here = Ipv6.HeaderLength;
  for (let next = nextHeader(bytes, at); here < offset; next = bytes.getUint8(at + field)) {
    field = here;
    here +=
      next === Extension.Fragment
        ? Ipv6.FragmentHeaderLength
        : extensionLength(bytes, at + here, next);
  }
  return field;
}

function isExtension(next: number): boolean {
  switch (next) {
    case Extension.HopByHop:
    case Extension.Routing:
    case Extension.Fragment:
    case Extension.Authentication:
    case Extension.DestinationOptions:
      return true;
    default:
      return false;
  }
}

/** Bytes of an extension header: units of 8 beyond the first 8 (RFC 8200 §4.3), but of 4 beyond 8 for AH (RFC 4302 §2.2). */
function extensionLength(bytes: DataView, at: number, kind: number): number {
  const units = bytes.getUint8(at + 1);
  return kind === Extension.Authentication ? (units + 2) << 2 : (units + 1) << 3;
}

/** Bytes of the datagram's fragmentable part that stand before this fragment, 0..65,528 (RFC 8200 §4.5). */
export function fragmentOffset(bytes: DataView, fragmentAt: number): number {
  return bytes.getUint16(fragmentAt + 2) & 0xfff8;
}

/** Do more fragments follow this one (M)? */
export function moreFragments(bytes: DataView, fragmentAt: number): boolean {
  return (bytes.getUint16(fragmentAt + 2) & 1) !== 0;
}

/** Which datagram the fragment belongs to, together with both addresses. */
export function fragmentIdentification(bytes: DataView, fragmentAt: number): number {
  return bytes.getUint32(fragmentAt + 4);
}
