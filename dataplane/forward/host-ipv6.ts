/** The stack of a host, as far as it speaks IPv6: neighbor discovery (RFC 4861 §7.2) and pings (RFC 4443 §4.2). See host.ts. */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Claim, UNNAMED } from '../state/neighbors.js';
import { checksumOf, isRight, pseudoSumIpv6, sum } from '../wire/checksum.js';
import { Ethernet } from '../wire/ethernet.js';
import { checkIcmp, type } from '../wire/icmp.js';
import {
  advertisementFlags,
  AdvertisementFlag,
  checkNeighborDiscovery,
  HOP_LIMIT_NEIGHBORS,
  Icmpv6Type,
  isNeighborMessageValid,
  LinkLayerOption,
  linkLayerOptionAt,
  targetAt,
} from '../wire/icmpv6.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { addressOn, answerOn, echoOn, NOBODY } from './answer.js';
import type { Surroundings } from './answer.js';
import type { Plane } from './plane.js';

const ADVERTISEMENT_LENGTH = 24;
const LINK_LAYER_OPTION_LENGTH = 8;
const HOP_LIMIT = 64;

/** Makes the function by which the host hears an IPv6 packet, and answers if it is asked: the row of the address, or NOBODY. */
export function ipv6On(
  plane: Plane,
  around: Surroundings,
): (frame: Frame, iface: number) => number {
  const { start, length, wireLength, payload, flags, view } = plane.frames;
  const { interfaces, speak } = around;
  const find = addressOn(plane, interfaces);
  const advertise = advertiseOn(plane, around);
  const learn = learnOn(plane, around);
  const reply = echoOn(plane, interfaces);

  function rowOf(iface: number, addressAt: number): number {
    const word = (index: number): number => ipv6.addressWord(view, addressAt, index);
    return find(iface, word(0), word(1), word(2), word(3));
  }

  function echo(frame: Frame, iface: number, length: number, pseudoSum: number): number {
    const at = payload[frame];
    const row = rowOf(iface, ipv6.destinationAt(at));
    if (row < 0) return NOBODY;
    const header = Ipv6.HeaderLength;
    const answer = reply(frame, iface, length, header, header, Icmpv6Type.EchoReply, pseudoSum);
    if (answer < 0) return NOBODY;
    const into = payload[answer];
    view.setUint32(into, view.getUint32(at) & 0xfff00000);
    view.setUint8(into + 7, HOP_LIMIT);
    copyAddress(view, ipv6.destinationAt(at), ipv6.sourceAt(into));
    copyAddress(view, ipv6.sourceAt(at), ipv6.destinationAt(into));
    speak(answer, iface);
    return row;
  }

  /** `pseudoSum`: that of its message of neighbor discovery. */
  function isValid(frame: Frame, icmpAt: number, end: number, pseudoSum: number): boolean {
    if (checkNeighborDiscovery(view, icmpAt, end, end) !== Reason.Ok) return false;
    if (!isNeighborMessageValid(view, payload[frame], icmpAt, end)) return false;
    return (
      (flags[frame] & FrameFlag.Partial) !== 0 ||
      isRight(pseudoSum + sum(view, icmpAt, end - icmpAt))
    );
  }

  return (frame, iface) => {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    if (ipv6.checkIpv6(view, at, end, start[frame] + wireLength[frame]) !== Reason.Ok)
      return NOBODY;
    if (rowOf(iface, ipv6.sourceAt(at)) >= 0) return NOBODY;
    const icmpAt = at + Ipv6.HeaderLength;
    const packetEnd = icmpAt + ipv6.payloadLength(view, at);
    if (ipv6.nextHeader(view, at) !== Protocol.Icmpv6 || packetEnd > end) return NOBODY;
    if (checkIcmp(icmpAt, packetEnd, packetEnd) !== Reason.Ok) return NOBODY;
    const pseudoSum = pseudoSumIpv6(view, at, Protocol.Icmpv6, packetEnd - icmpAt);
    switch (type(view, icmpAt)) {
      case Icmpv6Type.EchoRequest:
        return echo(frame, iface, packetEnd - at, pseudoSum);
      case Icmpv6Type.NeighborSolicitation: {
        const row = rowOf(iface, targetAt(icmpAt));
        if (row < 0 || !isValid(frame, icmpAt, packetEnd, pseudoSum)) return NOBODY;
        const named = !ipv6.isUnspecified(view, ipv6.sourceAt(at));
        if (named) learn(frame, ipv6.sourceAt(at), icmpAt, packetEnd, iface);
        return advertise(frame, iface, row);
      }
      case Icmpv6Type.NeighborAdvertisement:
        if (rowOf(iface, targetAt(icmpAt)) < 0 && isValid(frame, icmpAt, packetEnd, pseudoSum))
          learn(frame, targetAt(icmpAt), icmpAt, packetEnd, iface);
        return NOBODY;
      default:
        return NOBODY;
    }
  };
}

/**
 * Makes the function that learns what a solicitation says of its source, or an advertisement of its target: the link-layer address in its
 * option (RFC 4861 §7.2.3, §7.2.5).
 */
function learnOn(
  { frames }: Plane,
  { hear }: Surroundings,
): (frame: Frame, addressAt: number, icmpAt: number, end: number, iface: number) => void {
  const { tick, view } = frames;
  const words = new Int32Array(4);

  function claimOf(icmpAt: number): number {
    if (type(view, icmpAt) === Icmpv6Type.NeighborSolicitation) return Claim.Asks | Claim.Overrides;
    const flags = advertisementFlags(view, icmpAt);
    return (
      ((flags & AdvertisementFlag.Solicited) === 0 ? 0 : Claim.Confirms) |
      ((flags & AdvertisementFlag.Override) === 0 ? 0 : Claim.Overrides)
    );
  }

  return (frame, addressAt, icmpAt, end, iface) => {
    const option = linkLayerOptionAt(view, icmpAt, end);
    const claim = claimOf(icmpAt);
    if (option < 0 && (claim & Claim.Asks) !== 0) return;
    const high = option < 0 ? UNNAMED : view.getUint16(option + 2);
    const low = option < 0 ? 0 : view.getUint32(option + 4);
    for (let i = 0; i < 4; i++) words[i] = ipv6.addressWord(view, addressAt, i);
    hear(iface, 6, words, high, low, claim, tick[frame]);
  };
}

/**
 * Makes the function that answers a neighbor solicitation: to who asked, or to all nodes where duplicates are looked for and nobody is
 * named as source (RFC 4861 §7.2.4). Who asks the host itself knows its link-layer address and is not told it again (Linux ndisc_recv_ns). The
 * host is a router.
 */
function advertiseOn(
  plane: Plane,
  { interfaces, speak }: Surroundings,
): (frame: Frame, iface: number, row: number) => number {
  const { payload, start, view } = plane.frames;
  const { macHigh, macLow } = interfaces;
  const answer = answerOn(plane, interfaces);
  return (frame, iface, row) => {
    const at = payload[frame];
    const icmpAt = at + Ipv6.HeaderLength;
    const wasToGroup = ipv6.isMulticast(view, ipv6.destinationAt(at));
    const length = ADVERTISEMENT_LENGTH + (wasToGroup ? LINK_LAYER_OPTION_LENGTH : 0);
    const reply = answer(frame, iface, Ethernet.HeaderLength + Ipv6.HeaderLength + length);
    if (reply < 0) return NOBODY;
    const into = payload[reply];
    const asked = ipv6.sourceAt(at);
    const named = !ipv6.isUnspecified(view, asked);
    view.setUint32(into, 0x6000_0000);
    view.setUint16(into + 4, length);
    view.setUint8(into + 6, Protocol.Icmpv6);
    view.setUint8(into + 7, HOP_LIMIT_NEIGHBORS);
    copyAddress(view, targetAt(icmpAt), ipv6.sourceAt(into));
    if (named) copyAddress(view, asked, ipv6.destinationAt(into));
    else addressAllNodes(view, start[reply], ipv6.destinationAt(into));
    const message = into + Ipv6.HeaderLength;
    const flags =
      AdvertisementFlag.Router |
      (named ? AdvertisementFlag.Solicited : 0) |
      (wasToGroup ? AdvertisementFlag.Override : 0);
    view.setUint32(message, Icmpv6Type.NeighborAdvertisement << 24);
    view.setUint32(message + 4, flags << 24);
    copyAddress(view, targetAt(icmpAt), targetAt(message));
    if (wasToGroup) {
      view.setUint16(message + 24, (LinkLayerOption.Target << 8) | 1);
      view.setUint16(message + 26, macHigh[iface]);
      view.setUint32(message + 28, macLow[iface]);
    }
    const pseudo = pseudoSumIpv6(view, into, Protocol.Icmpv6, length);
    view.setUint16(message + 2, checksumOf(pseudo + sum(view, message, length)));
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
