/**
 * The emulated host's own stack, as far as neighbors need it: it answers ARP (RFC 826), neighbor solicitations (RFC 4861 §7.2.4) and
 * pings (RFC 1122 §3.2.2.6, RFC 4443 §4.2) for its addresses. It routes nothing.
 *
 * Complication 1: all addresses of a host answer on all of its networks, as Linux does (arp_ignore 0, the weak end system model of
 *   RFC 1122 §3.3.4.2): a container reaches the gateway address of a network it is not in.
 * Complication 2: it listens to floods without being a port. Its copy of a flooded frame is never made, so nothing is counted for it; only
 *   an answer is a frame, and counts as originated.
 * Complication 3: what it says must be the same in every replay, so IPv4 identifications count up from 1 and nothing is random.
 *
 * It hears untagged frames to its own MAC or to a group. It keeps silent where Linux would: wrong checksums, wrong hop limits, echo
 * requests to groups, and whoever claims to have an address of the host's own. Left out, and also silent: IPv4 options, IPv6 extension headers, fragments.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import { PARTIAL } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import * as arp from '../wire/arp.js';
import { checksumOf, isRight, pseudoSumIpv6, sum, updateChecksum } from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import { EtherType, HEADER_LENGTH } from '../wire/ethernet.js';
import { checkIcmp, IcmpType, type } from '../wire/icmp.js';
import { AdvertisementFlag, checkNeighborDiscovery, Icmpv6Type, targetAt } from '../wire/icmpv6.js';
import * as ipv4 from '../wire/ipv4.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { TAG_LENGTH, vlanId } from '../wire/vlan.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';

const ARP_LENGTH = 28;
const ADVERTISEMENT_LENGTH = 32;
const SOURCE_LINK_LAYER_OPTION = 1;
const TARGET_LINK_LAYER_OPTION = 2;
const HOP_LIMIT = 64;
/** No router has touched the packet (RFC 4861 §6.1). */
const HOP_LIMIT_NEIGHBORS = 255;
const NOBODY = -1;

/** Sends a frame of the host out by one of its interfaces. */
export type Speak = (frame: Frame, iface: number) => void;

/** Has learned on an interface that an address, four words of a family, has this MAC. `asked`: the neighbor asked for us. */
export type Hear = (
  iface: number,
  family: number,
  words: Int32Array,
  high: number,
  low: number,
  asked: boolean,
  tick: number,
) => void;

/** What the stack of a host is made with. */
export interface Surroundings {
  readonly interfaces: Interfaces;
  readonly speak: Speak;
  readonly hear: Hear;
}

/**
 * Makes the function by which the host hears a frame at one of its interfaces, and answers if it is asked. Gives the row of `addresses`
 * that was asked for, or -1.
 */
export function hostOn(
  plane: Plane,
  around: Surroundings,
): (frame: Frame, iface: number) => number {
  const { frames } = plane;
  const { start, payload, etherType, view } = frames;
  const { interfaces } = around;
  const { macHigh, macLow, addressCount } = interfaces;
  const answerArp = arpOn(plane, around);
  const answerIpv4 = echoIpv4On(plane, around);
  const answerIpv6 = ipv6On(plane, around);

  /** An untagged frame, or one with a mere priority tag, to this station or to a group. */
  function isFor(frame: Frame, iface: number): boolean {
    const at = start[frame];
    const tagBytes = payload[frame] - at - HEADER_LENGTH;
    if (tagBytes !== 0 && (tagBytes !== TAG_LENGTH || vlanId(view.getUint16(at + 14)) !== 0))
      return false;
    if (interfaces.isRouted(iface)) return true;
    const high = ethernet.destinationHigh(view, at);
    if (ethernet.isGroup(high)) return true;
    return high === macHigh[iface] && ethernet.destinationLow(view, at) === macLow[iface];
  }

  return (frame, iface) => {
    if (addressCount[iface] === 0 || !isFor(frame, iface)) return NOBODY;
    switch (etherType[frame]) {
      case EtherType.Arp:
        return answerArp(frame, iface);
      case EtherType.Ipv4:
        return answerIpv4(frame, iface);
      case EtherType.Ipv6:
        return answerIpv6(frame, iface);
      default:
        return NOBODY;
    }
  };
}

/** Makes the function that claims a slot for an answer of `length` bytes to a frame and addresses it back; -1 when none is free. */
function answerOn(
  { frames, counters }: Plane,
  interfaces: Interfaces,
): (to: Frame, iface: number, length: number) => Frame {
  const { start, length: lengths, wireLength, inPort, serial, tick, seconds, nanoseconds } = frames;
  const { etherType, payload, packetLength, view } = frames;
  const { macHigh, macLow } = interfaces;
  return (to, iface, length) => {
    const frame = frames.claim();
    if (frame < 0) return frame;
    counters.originated[0]++;
    lengths[frame] = length;
    wireLength[frame] = length;
    inPort[frame] = inPort[to];
    serial[frame] = serial[to];
    tick[frame] = tick[to];
    seconds[frame] = seconds[to];
    nanoseconds[frame] = nanoseconds[to];
    etherType[frame] = etherType[to];
    packetLength[frame] = length - HEADER_LENGTH;
    const at = start[frame];
    const asked = start[to];
    payload[frame] = at + HEADER_LENGTH;
    view.setUint16(at, ethernet.sourceHigh(view, asked));
    view.setUint32(at + 2, ethernet.sourceLow(view, asked));
    view.setUint16(at + 6, macHigh[iface]);
    view.setUint32(at + 8, macLow[iface]);
    view.setUint16(at + 12, etherType[to]);
    return frame;
  };
}

/** Makes the function that finds an address among those of an interface's host: its row, or -1. IPv4 has three words of 0 before it. */
function addressOn(
  { program }: Plane,
  interfaces: Interfaces,
): (iface: number, a: number, b: number, c: number, d: number) => number {
  const { firstAddress, addressCount } = interfaces;
  const { word0, word1, word2, word3 } = program.addresses;
  return (iface, a, b, c, d) => {
    const end = firstAddress[iface] + addressCount[iface];
    for (let row = firstAddress[iface]; row < end; row++)
      if (word3[row] === d && word2[row] === c && word1[row] === b && word0[row] === a) return row;
    return NOBODY;
  };
}

function arpOn(
  plane: Plane,
  { interfaces, speak, hear }: Surroundings,
): (frame: Frame, iface: number) => number {
  const { start, length, wireLength, payload, tick, view } = plane.frames;
  const { macHigh, macLow } = interfaces;
  const find = addressOn(plane, interfaces);
  const answer = answerOn(plane, interfaces);
  const sender = new Int32Array(4);
  return (frame, iface) => {
    const at = payload[frame];
    const begin = start[frame];
    if (arp.checkArp(view, at, begin + length[frame], begin + wireLength[frame]) !== Reason.Ok)
      return NOBODY;
    const target = arp.targetIpv4(view, at);
    const row = find(iface, 0, 0, 0, target);
    if (find(iface, 0, 0, 0, arp.senderIpv4(view, at)) >= 0) return NOBODY;
    sender[3] = arp.senderIpv4(view, at);
    // RFC 826: what the sender says of itself is merged before anything else; a probe has no address (RFC 5227 §1.1).
    if (sender[3] !== 0)
      hear(
        iface,
        4,
        sender,
        arp.senderHigh(view, at),
        arp.senderLow(view, at),
        row >= 0,
        tick[frame],
      );
    if (row < 0 || arp.operation(view, at) !== arp.Operation.Request) return NOBODY;
    const reply = answer(frame, iface, HEADER_LENGTH + ARP_LENGTH);
    if (reply < 0) return NOBODY;
    const into = payload[reply];
    view.setUint32(into, view.getUint32(at));
    view.setUint16(into + 4, view.getUint16(at + 4));
    view.setUint16(into + 6, arp.Operation.Reply);
    view.setUint16(into + 8, macHigh[iface]);
    view.setUint32(into + 10, macLow[iface]);
    view.setUint32(into + 14, target);
    view.setUint16(into + 18, arp.senderHigh(view, at));
    view.setUint32(into + 20, arp.senderLow(view, at));
    view.setUint32(into + 24, arp.senderIpv4(view, at));
    speak(reply, iface);
    return row;
  };
}

function echoIpv4On(
  plane: Plane,
  { interfaces, speak }: Surroundings,
): (frame: Frame, iface: number) => number {
  const { start, length, wireLength, payload, view } = plane.frames;
  const find = addressOn(plane, interfaces);
  const reply = echoOn(plane, interfaces);
  let identification = 0;
  return (frame, iface) => {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    if (ipv4.checkIpv4(view, at, end, start[frame] + wireLength[frame]) !== Reason.Ok)
      return NOBODY;
    const total = ipv4.totalLength(view, at);
    const icmpAt = at + ipv4.HEADER_LENGTH_MIN;
    if (ipv4.protocol(view, at) !== Protocol.Icmp || ipv4.isFragment(view, at)) return NOBODY;
    if (ipv4.headerLength(view, at) !== ipv4.HEADER_LENGTH_MIN || at + total > end) return NOBODY;
    if (checkIcmp(icmpAt, at + total, at + total) !== Reason.Ok) return NOBODY;
    const row = find(iface, 0, 0, 0, ipv4.destination(view, at));
    if (row < 0 || type(view, icmpAt) !== IcmpType.EchoRequest) return NOBODY;
    if (find(iface, 0, 0, 0, ipv4.source(view, at)) >= 0) return NOBODY;
    const echo = reply(frame, iface, total, icmpAt - at, IcmpType.EchoReply, 0);
    if (echo < 0) return NOBODY;
    const into = payload[echo];
    identification = (identification + 1) & 0xffff;
    view.setUint32(into + 4, identification << 16);
    view.setUint8(into + 8, HOP_LIMIT);
    view.setUint16(into + 10, 0);
    view.setUint32(into + 12, ipv4.destination(view, at));
    view.setUint32(into + 16, ipv4.source(view, at));
    view.setUint16(into + 10, checksumOf(sum(view, into, ipv4.HEADER_LENGTH_MIN)));
    speak(echo, iface);
    return row;
  };
}

/**
 * Makes the function that copies an echo request of `length` bytes, IP header included, into an answer of another type; -1 when its
 * checksum is wrong. A partial checksum stays partial: the pseudo sum is the same in both directions, and the type is summed later.
 */
function echoOn(
  plane: Plane,
  interfaces: Interfaces,
): (
  frame: Frame,
  iface: number,
  length: number,
  icmpOffset: number,
  type: number,
  pseudoSum: number,
) => Frame {
  const { payload, flags, checksumStart, checksumOffset, view, bytes } = plane.frames;
  const answer = answerOn(plane, interfaces);
  const memory = memoryOf(bytes);
  return (frame, iface, length, icmpOffset, type, pseudoSum) => {
    const at = payload[frame];
    const partial = flags[frame] & PARTIAL;
    if (partial === 0 && !isRight(pseudoSum + sum(view, at + icmpOffset, length - icmpOffset)))
      return NOBODY;
    const echo = answer(frame, iface, HEADER_LENGTH + length);
    if (echo < 0) return NOBODY;
    const into = payload[echo];
    copyBytes(memory, at, memory, into, length);
    const typeAndCode = into + icmpOffset;
    const was = view.getUint16(typeAndCode);
    view.setUint8(typeAndCode, type);
    if (partial === 0) {
      const field = typeAndCode + 2;
      view.setUint16(
        field,
        updateChecksum(view.getUint16(field), was, view.getUint16(typeAndCode)),
      );
    } else {
      flags[echo] |= PARTIAL;
      checksumStart[echo] = checksumStart[frame];
      checksumOffset[echo] = checksumOffset[frame];
    }
    return echo;
  };
}

function ipv6On(plane: Plane, around: Surroundings): (frame: Frame, iface: number) => number {
  const { start, length, wireLength, payload, view } = plane.frames;
  const { interfaces, speak } = around;
  const find = addressOn(plane, interfaces);
  const advertise = advertiseOn(plane, around);
  const hearAdvertised = advertisedOn(plane, around);
  const reply = echoOn(plane, interfaces);

  function rowOf(iface: number, addressAt: number): number {
    const word = (index: number): number => ipv6.addressWord(view, addressAt, index);
    return find(iface, word(0), word(1), word(2), word(3));
  }

  function echo(frame: Frame, iface: number, length: number, pseudoSum: number): number {
    const at = payload[frame];
    const row = rowOf(iface, ipv6.destinationAt(at));
    if (row < 0) return NOBODY;
    const answer = reply(frame, iface, length, ipv6.HEADER_LENGTH, Icmpv6Type.EchoReply, pseudoSum);
    if (answer < 0) return NOBODY;
    const into = payload[answer];
    view.setUint32(into, view.getUint32(at) & 0xfff00000);
    view.setUint8(into + 7, HOP_LIMIT);
    copyAddress(view, ipv6.destinationAt(at), ipv6.sourceAt(into));
    copyAddress(view, ipv6.sourceAt(at), ipv6.destinationAt(into));
    speak(answer, iface);
    return row;
  }

  return (frame, iface) => {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    if (ipv6.checkIpv6(view, at, end, start[frame] + wireLength[frame]) !== Reason.Ok)
      return NOBODY;
    if (rowOf(iface, ipv6.sourceAt(at)) >= 0) return NOBODY;
    const icmpAt = at + ipv6.HEADER_LENGTH;
    const packetEnd = icmpAt + ipv6.payloadLength(view, at);
    if (ipv6.nextHeader(view, at) !== Protocol.Icmpv6 || packetEnd > end) return NOBODY;
    if (checkIcmp(icmpAt, packetEnd, packetEnd) !== Reason.Ok) return NOBODY;
    const pseudoSum = pseudoSumIpv6(view, at, Protocol.Icmpv6, packetEnd - icmpAt);
    switch (type(view, icmpAt)) {
      case Icmpv6Type.EchoRequest:
        return echo(frame, iface, packetEnd - at, pseudoSum);
      case Icmpv6Type.NeighborSolicitation: {
        if (ipv6.hopLimit(view, at) !== HOP_LIMIT_NEIGHBORS) return NOBODY;
        if (checkNeighborDiscovery(view, icmpAt, packetEnd, packetEnd) !== Reason.Ok) return NOBODY;
        const row = rowOf(iface, targetAt(icmpAt));
        if (row >= 0) hearAdvertised(frame, ipv6.sourceAt(at), icmpAt, packetEnd, iface, pseudoSum);
        return row < 0 ? NOBODY : advertise(frame, iface, packetEnd - icmpAt, pseudoSum, row);
      }
      case Icmpv6Type.NeighborAdvertisement:
        if (
          ipv6.hopLimit(view, at) === HOP_LIMIT_NEIGHBORS &&
          checkNeighborDiscovery(view, icmpAt, packetEnd, packetEnd) === Reason.Ok
        )
          hearAdvertised(frame, targetAt(icmpAt), icmpAt, packetEnd, iface, pseudoSum);
        return NOBODY;
      default:
        return NOBODY;
    }
  };
}

/**
 * Makes the function that hears what a solicitation says of its source, or an advertisement of its target: the link-layer address in its
 * option (RFC 4861 §4.6.1, §7.2.3, §7.2.5).
 */
function advertisedOn(
  { frames }: Plane,
  { hear }: Surroundings,
): (
  frame: Frame,
  addressAt: number,
  icmpAt: number,
  end: number,
  iface: number,
  pseudoSum: number,
) => void {
  const { tick, view } = frames;
  const words = new Int32Array(4);
  return (frame, addressAt, icmpAt, end, iface, pseudoSum) => {
    if (ipv6.isUnspecified(view, addressAt)) return;
    if (!isRight(pseudoSum + sum(view, icmpAt, end - icmpAt))) return;
    const isSolicitation = type(view, icmpAt) === Icmpv6Type.NeighborSolicitation;
    const wanted = isSolicitation ? SOURCE_LINK_LAYER_OPTION : TARGET_LINK_LAYER_OPTION;
    for (let option = icmpAt + 24; option + 8 <= end; option += view.getUint8(option + 1) << 3) {
      if (view.getUint8(option) !== wanted) continue;
      for (let i = 0; i < 4; i++) words[i] = ipv6.addressWord(view, addressAt, i);
      hear(
        iface,
        6,
        words,
        view.getUint16(option + 2),
        view.getUint32(option + 4),
        isSolicitation,
        tick[frame],
      );
      return;
    }
  };
}

/**
 * Makes the function that answers a neighbor solicitation: to who asked, or to all nodes where duplicates are looked for and nobody is
 * named as source (RFC 4861 §7.2.4). The host is a router.
 */
function advertiseOn(
  plane: Plane,
  { interfaces, speak }: Surroundings,
): (frame: Frame, iface: number, length: number, pseudoSum: number, row: number) => number {
  const { payload, start, flags, view } = plane.frames;
  const { macHigh, macLow } = interfaces;
  const answer = answerOn(plane, interfaces);
  return (frame, iface, length, pseudoSum, row) => {
    const at = payload[frame];
    const icmpAt = at + ipv6.HEADER_LENGTH;
    if ((flags[frame] & PARTIAL) === 0 && !isRight(pseudoSum + sum(view, icmpAt, length)))
      return NOBODY;
    const reply = answer(frame, iface, HEADER_LENGTH + ipv6.HEADER_LENGTH + ADVERTISEMENT_LENGTH);
    if (reply < 0) return NOBODY;
    const into = payload[reply];
    const asked = ipv6.sourceAt(at);
    const named = !ipv6.isUnspecified(view, asked);
    view.setUint32(into, 0x6000_0000);
    view.setUint16(into + 4, ADVERTISEMENT_LENGTH);
    view.setUint8(into + 6, Protocol.Icmpv6);
    view.setUint8(into + 7, HOP_LIMIT_NEIGHBORS);
    copyAddress(view, targetAt(icmpAt), ipv6.sourceAt(into));
    if (named) copyAddress(view, asked, ipv6.destinationAt(into));
    else addressAllNodes(view, start[reply], ipv6.destinationAt(into));
    const message = into + ipv6.HEADER_LENGTH;
    const solicited = named ? AdvertisementFlag.Solicited : 0;
    view.setUint32(message, Icmpv6Type.NeighborAdvertisement << 24);
    view.setUint32(
      message + 4,
      (AdvertisementFlag.Router | AdvertisementFlag.Override | solicited) << 24,
    );
    copyAddress(view, targetAt(icmpAt), targetAt(message));
    view.setUint16(message + 24, (TARGET_LINK_LAYER_OPTION << 8) | 1);
    view.setUint16(message + 26, macHigh[iface]);
    view.setUint32(message + 28, macLow[iface]);
    const pseudo = pseudoSumIpv6(view, into, Protocol.Icmpv6, ADVERTISEMENT_LENGTH);
    view.setUint16(message + 2, checksumOf(pseudo + sum(view, message, ADVERTISEMENT_LENGTH)));
    speak(reply, iface);
    return row;
  };
}

function copyAddress(view: DataView, from: number, to: number): void {
  for (let word = 0; word < 16; word += 4) view.setUint32(to + word, view.getUint32(from + word));
}

/** ff02::1, and 33:33:00:00:00:01 as the Ethernet destination (RFC 2464 §7). */
function addressAllNodes(view: DataView, frameAt: number, addressAt: number): void {
  view.setUint16(frameAt, 0x3333);
  view.setUint32(frameAt + 2, 1);
  view.setUint32(addressAt, 0xff02_0000);
  view.setUint32(addressAt + 4, 0);
  view.setUint32(addressAt + 8, 0);
  view.setUint32(addressAt + 12, 1);
}
