/**
 * ICMPv6 (RFC 4443) and Neighbor Discovery (RFC 4861 §4). The first eight bytes are laid out as in ICMP, so that the accessors
 * of icmp.ts serve here too; what differs is the checksum's pseudo-header, the types, and neighbor discovery.
 */
import { Reason } from '../observe/reason.js';
import { missing } from './ethernet.js';
import { type } from './icmp.js';

/** Every message defined so far has at least these bytes: type, code, checksum, and four that depend. */
export const HEADER_LENGTH = 8;

/** Message types (RFC 4443 §2.1, RFC 4861 §4, RFC 2710 §3, RFC 3810 §5). Below 128 they are errors. */
export const enum Icmpv6Type {
  DestinationUnreachable = 1,
  PacketTooBig = 2,
  TimeExceeded = 3,
  ParameterProblem = 4,
  EchoRequest = 128,
  EchoReply = 129,
  ListenerQuery = 130,
  ListenerReport = 131,
  ListenerDone = 132,
  RouterSolicitation = 133,
  RouterAdvertisement = 134,
  NeighborSolicitation = 135,
  NeighborAdvertisement = 136,
  Redirect = 137,
  ListenerReportV2 = 143,
}

/** The flags of a neighbor advertisement (RFC 4861 §4.4). */
export const enum AdvertisementFlag {
  Router = 0x80,
  Solicited = 0x40,
  Override = 0x20,
}

/** May the header be read? RFC 4443 §2.1. */
export function checkIcmpv6(at: number, end: number, wireEnd: number): Reason {
  const headerEnd = at + HEADER_LENGTH;
  return headerEnd > end ? missing(headerEnd, wireEnd, Reason.IcmpTruncated) : Reason.Ok;
}

/** Does this type report a failure, and so quote the packet that failed? RFC 4443 §2.1. */
export function isError(type: number): boolean {
  return type < 128;
}

/** Is this one of the five messages of neighbor discovery? */
export function isNeighborDiscovery(type: number): boolean {
  return type >= Icmpv6Type.RouterSolicitation && type <= Icmpv6Type.Redirect;
}

/**
 * May target and options of a neighbor discovery message be read? RFC 4861 §6.1, §7.1 and §8.1: long enough for its type, and
 * no option of length 0, which would never end. `end` and `wireEnd` are those of the message. Hop limit, checksum and code are
 * the receiver's to judge. Options that were not kept are not looked at.
 */
export function checkNeighborDiscovery(
  bytes: DataView,
  at: number,
  end: number,
  wireEnd: number,
): Reason {
  const fixedEnd = at + fixedLength(type(bytes, at));
  if (fixedEnd > end) return missing(fixedEnd, wireEnd, Reason.NeighborDiscoveryTruncated);
  for (let option = fixedEnd; option + 2 <= end;) {
    const units = bytes.getUint8(option + 1);
    if (units === 0) return Reason.NeighborDiscoveryBadOption;
    option += units << 3;
    if (option > wireEnd) return Reason.NeighborDiscoveryBadOption;
  }
  return Reason.Ok;
}

/** Bytes in front of the options (RFC 4861 §4.1–4.5). */
function fixedLength(type: number): number {
  switch (type) {
    case Icmpv6Type.RouterSolicitation:
      return 8;
    case Icmpv6Type.RouterAdvertisement:
      return 16;
    case Icmpv6Type.Redirect:
      return 40;
    default:
      return 24;
  }
}

/** Where the target address of a solicitation, an advertisement or a redirect stands: the address that is asked for. */
export function targetAt(at: number): number {
  return at + 8;
}

/** The flags of a neighbor advertisement: see AdvertisementFlag. */
export function advertisementFlags(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 4);
}

/** The MTU that a PacketTooBig reports, bytes (RFC 4443 §3.2). */
export function packetTooBigMtu(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 4);
}
