/**
 * ICMPv6 (RFC 4443) and Neighbor Discovery (RFC 4861 §4). The first eight bytes are laid out as in ICMP, so that the accessors
 * of icmp.ts serve here too; what differs is the checksum's pseudo-header, the types, and neighbor discovery.
 */
import { Reason } from '../observe/reason.js';
import { checksumOf, pseudoSumIpv6, sum } from './checksum.js';
import { Ethernet, missing } from './ethernet.js';
import { code, type } from './icmp.js';
import { Protocol } from './ipv4.js';
import * as ipv6 from './ipv6.js';

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

/** Options that say which link-layer address somebody has (RFC 4861 §4.6.1). */
export const enum LinkLayerOption {
  Source = 1,
  Target = 2,
}

/** The hop limit of neighbor discovery, by which it shows that no router has touched it (RFC 4861 §3.1). */
export const HOP_LIMIT_NEIGHBORS = 255;

/** Bytes of a solicitation or advertisement before its options (RFC 4861 §4.3, §4.4). */
const NEIGHBOR_MESSAGE_LENGTH = 24;

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
      return NEIGHBOR_MESSAGE_LENGTH;
  }
}

/** Where the target address of a solicitation, an advertisement or a redirect stands: the address that is asked for. */
export function targetAt(at: number): number {
  return at + 8;
}

/**
 * May a host believe the neighbor solicitation or advertisement at `at`, in the IPv6 packet at `packetAt`, whose checksum is right and whose options can
 * be read (`checkNeighborDiscovery`) up to `end`? RFC 4861 §7.1.1 and §7.1.2: no router has touched it, and who is meant fits who asks; and a
 * link-layer address has the length of an Ethernet one, as Linux wants it.
 */
export function isNeighborMessageValid(
  bytes: DataView,
  packetAt: number,
  at: number,
  end: number,
): boolean {
  if (ipv6.hopLimit(bytes, packetAt) !== HOP_LIMIT_NEIGHBORS || code(bytes, at) !== 0) return false;
  if (ipv6.isMulticast(bytes, targetAt(at))) return false;
  const option = linkLayerOptionAt(bytes, at, end);
  if (option >= 0 && bytes.getUint8(option + 1) !== 1) return false;
  const to = ipv6.destinationAt(packetAt);
  if (type(bytes, at) === Icmpv6Type.NeighborAdvertisement)
    return !isSolicited(bytes, at) || !ipv6.isMulticast(bytes, to);
  if (!ipv6.isUnspecified(bytes, ipv6.sourceAt(packetAt))) return true;
  return option < 0 && ipv6.isSolicitedNode(bytes, to);
}

/** Where the option stands in which a solicitation names the link-layer address of its source, or an advertisement that of its target; -1 if there is none. */
export function linkLayerOptionAt(bytes: DataView, at: number, end: number): number {
  const wanted =
    type(bytes, at) === Icmpv6Type.NeighborSolicitation
      ? LinkLayerOption.Source
      : LinkLayerOption.Target;
  for (let option = at + NEIGHBOR_MESSAGE_LENGTH; option + 8 <= end;) {
    if (bytes.getUint8(option) === wanted) return option;
    option += bytes.getUint8(option + 1) << 3;
  }
  return -1;
}

function isSolicited(bytes: DataView, at: number): boolean {
  return (advertisementFlags(bytes, at) & AdvertisementFlag.Solicited) !== 0;
}

/** The flags of a neighbor advertisement: see AdvertisementFlag. */
export function advertisementFlags(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 4);
}

/** The MTU that a PacketTooBig reports, bytes (RFC 4443 §3.2). */
export function packetTooBigMtu(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 4);
}

const LINK_LAYER_OPTION_LENGTH = 8;

/** Bytes of an IPv6 packet with an advertisement that names the link-layer address of its target, or does not. */
export function advertisementBytes(isNamed: boolean): number {
  return (
    ipv6.Ipv6.HeaderLength + NEIGHBOR_MESSAGE_LENGTH + (isNamed ? LINK_LAYER_OPTION_LENGTH : 0)
  );
}

/**
 * Writes the answer to the solicitation in the IPv6 packet at `asked`, behind the Ethernet header of the frame at `frameAt`: to who asked, or to all
 * nodes where duplicates are looked for and nobody is named as source (RFC 4861 §7.2.4). `flags`: those besides Solicited and Override, which
 * follow from the solicitation and from whether the MAC is named.
 */
export function writeAdvertisement(
  bytes: DataView,
  frameAt: number,
  asked: number,
  flags: number,
  isNamed: boolean,
  macHigh: number,
  macLow: number,
): void {
  const at = frameAt + Ethernet.HeaderLength;
  const message = at + ipv6.Ipv6.HeaderLength;
  const length = advertisementBytes(isNamed) - ipv6.Ipv6.HeaderLength;
  const target = targetAt(asked + ipv6.Ipv6.HeaderLength);
  const sender = ipv6.sourceAt(asked);
  const isAnonymous = ipv6.isUnspecified(bytes, sender);
  bytes.setUint32(at, 0x6000_0000);
  bytes.setUint16(at + 4, length);
  bytes.setUint8(at + 6, Protocol.Icmpv6);
  bytes.setUint8(at + 7, HOP_LIMIT_NEIGHBORS);
  ipv6.copyAddress(bytes, target, ipv6.sourceAt(at));
  if (isAnonymous) addressAllNodes(bytes, frameAt, ipv6.destinationAt(at));
  else ipv6.copyAddress(bytes, sender, ipv6.destinationAt(at));
  const solicited = isAnonymous ? 0 : AdvertisementFlag.Solicited;
  const overrides = isNamed ? AdvertisementFlag.Override : 0;
  bytes.setUint32(message, Icmpv6Type.NeighborAdvertisement << 24);
  bytes.setUint32(message + 4, (flags | solicited | overrides) << 24);
  ipv6.copyAddress(bytes, target, targetAt(message));
  if (isNamed) {
    bytes.setUint16(message + 24, (LinkLayerOption.Target << 8) | 1);
    bytes.setUint16(message + 26, macHigh);
    bytes.setUint32(message + 28, macLow);
  }
  const pseudo = pseudoSumIpv6(bytes, at, Protocol.Icmpv6, length);
  bytes.setUint16(message + 2, checksumOf(pseudo + sum(bytes, message, length)));
}

/** ff02::1, and 33:33:00:00:00:01 as the Ethernet destination (RFC 2464 §7). */
function addressAllNodes(bytes: DataView, frameAt: number, addressAt: number): void {
  bytes.setUint16(frameAt, 0x3333);
  bytes.setUint32(frameAt + 2, 1);
  bytes.setUint32(addressAt, 0xff02_0000);
  bytes.setUint32(addressAt + 4, 0);
  bytes.setUint32(addressAt + 8, 0);
  bytes.setUint32(addressAt + 12, 1);
}
