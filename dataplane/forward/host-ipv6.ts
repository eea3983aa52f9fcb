/** The stack of a host, as far as it speaks IPv6: neighbor discovery (RFC 4861 §7.2) and pings (RFC 4443 §4.2). See host.ts. */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Claim, UNNAMED } from '../state/neighbors.js';
import { isRight, pseudoSumIpv6, sum } from '../wire/checksum.js';
import { Ethernet } from '../wire/ethernet.js';
import { checkIcmp, type } from '../wire/icmp.js';
import {
  advertisementFlags,
  AdvertisementFlag,
  advertisementBytes,
  checkNeighborDiscovery,
  Icmpv6Type,
  isNeighborMessageValid,
  linkLayerOptionAt,
  targetAt,
  writeAdvertisement,
} from '../wire/icmpv6.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { addressOn, answerOn, echoOn, NOBODY } from './answer.js';
import type { Surroundings } from './answer.js';
import type { Plane } from './plane.js';

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
    ipv6.copyAddress(view, ipv6.destinationAt(at), ipv6.sourceAt(into));
    ipv6.copyAddress(view, ipv6.sourceAt(at), ipv6.destinationAt(into));
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
 * Makes the function that answers a neighbor solicitation. Who asks the host itself knows its link-layer address and is not told it again (Linux
 * ndisc_recv_ns). The host is a router.
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
    const isNamed = ipv6.isMulticast(view, ipv6.destinationAt(at));
    const reply = answer(frame, iface, Ethernet.HeaderLength + advertisementBytes(isNamed));
    if (reply < 0) return NOBODY;
    const [high, low] = [macHigh[iface], macLow[iface]];
    writeAdvertisement(view, start[reply], at, AdvertisementFlag.Router, isNamed, high, low);
    speak(reply, iface);
    return row;
  };
}
