/**
 * The emulated host's own stack, as far as neighbors need it: it answers ARP (RFC 826), neighbor solicitations (RFC 4861 §7.2.4) and
 * pings (RFC 1122 §3.2.2.6, RFC 4443 §4.2) for its addresses. (host-ipv6.ts: the IPv6 half. answer.ts: what answers are made with.)
 *
 * Complication 1: all addresses of a host answer on all of its networks, as Linux does (the weak end system model of RFC 1122 §3.3.4.2): a
 *   container reaches the gateway address of a network it is not in. To ARP the host may keep silent about them (arp_ignore).
 * Complication 2: it listens to floods without being a port. Its copy of a flooded frame is never made, so nothing is counted for it; only
 *   an answer is a frame, and counts as originated. On a NIC it is who a frame ends with, which counts as consumed.
 * Complication 3: what it says must be the same in every replay, so IPv4 identifications count up from 1, for each
 *   address by itself, and nothing is random.
 *
 * It hears frames to its own MAC or to a group that have no tag but a priority tag. It keeps silent where Linux would: wrong checksums, wrong hop limits, echo
 * requests to groups, and whoever claims to have an address of the host's own. Left out, and also silent: pings with IPv6 extension
 * headers. Fragments are put together first (reassemble.ts). What it does not answer may be for nobody: see closed.ts.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { ArpIgnore } from '../program/layout.js';
import { Claim } from '../state/neighbors.js';
import * as arp from '../wire/arp.js';
import { checksumOf, sum } from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { checkIcmp, IcmpType, type } from '../wire/icmp.js';
import * as ipv4 from '../wire/ipv4.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { Vlan, vlanId } from '../wire/vlan.js';
import { addressOn, answerOn, echoOn, NOBODY } from './answer.js';
import type { Surroundings } from './answer.js';
import type { Interfaces } from './interfaces.js';
import type { Complain } from './complain.js';
import { ipv6On } from './host-ipv6.js';
import { optionsOn } from './options.js';
import type { Plane } from './plane.js';
import { reassembleOn } from './reassemble.js';
import type { Tunnels } from './tunnels.js';

const HOP_LIMIT = 64;

export interface Host {
  /** It hears a frame at one of its interfaces, and answers if it is asked. Gives the row of `addresses` that was asked for, or -1. */
  readonly hear: (frame: Frame, iface: number) => number;
  /** A host gives up the datagrams of which not all fragments have come in time. */
  readonly expire: (host: number, tick: number) => void;
}

/** Makes the stack of the hosts. */
export function hostOn(
  plane: Plane,
  around: Surroundings & { readonly complain: Complain; readonly tunnels: Tunnels },
): Host {
  const { frames } = plane;
  const { start, payload, etherType, view } = frames;
  const { interfaces, refuse } = around;
  const { macHigh, macLow, addressCount } = interfaces;
  const answerArp = arpOn(plane, around);
  const answerIpv4 = echoIpv4On(plane, around);
  const answerIpv6 = ipv6On(plane, around);
  const reassembler = reassembleOn(plane, around, hearPacket);
  const isFragment = fragmentsOn(plane);

  /** An untagged frame, or one with a mere priority tag, to this station or to a group. */
  function isFor(frame: Frame, iface: number): boolean {
    const at = start[frame];
    const tagBytes = payload[frame] - at - Ethernet.HeaderLength;
    if (tagBytes !== 0 && (tagBytes !== Vlan.TagLength || vlanId(view.getUint16(at + 14)) !== 0))
      return false;
    if (interfaces.isRouted(iface)) return true;
    const high = ethernet.destinationHigh(view, at);
    if (ethernet.isGroup(high)) return true;
    return high === macHigh[iface] && ethernet.destinationLow(view, at) === macLow[iface];
  }

  /** Hears a packet that is whole. */
  function hearPacket(frame: Frame, iface: number): number {
    if (around.tunnels.hear(frame, interfaces.host[iface])) return NOBODY;
    const isIpv4 = etherType[frame] === EtherType.Ipv4;
    const row = isIpv4 ? answerIpv4(frame, iface) : answerIpv6(frame, iface);
    if (row < 0) refuse(frame, iface);
    return row;
  }

  return {
    expire: reassembler.expire,
    hear: (frame, iface) => {
      if (addressCount[iface] === 0 || !isFor(frame, iface)) return NOBODY;
      switch (etherType[frame]) {
        case EtherType.Arp:
          return answerArp(frame, iface);
        case EtherType.Ipv4:
        case EtherType.Ipv6:
          return isFragment(frame) ? reassembler.take(frame, iface) : hearPacket(frame, iface);
        default:
          return NOBODY;
      }
    },
  };
}

/** Makes the function that says whether a frame carries a fragment, as far as can be seen at a glance. */
function fragmentsOn({ frames }: Plane): (frame: Frame) => boolean {
  const { start, length, payload, etherType, view } = frames;
  return (frame) => {
    const at = payload[frame];
    const here = start[frame] + length[frame] - at;
    if (etherType[frame] === EtherType.Ipv4)
      return here >= Ipv4.HeaderLengthMin && ipv4.isFragment(view, at);
    return here >= Ipv6.HeaderLength && ipv6.nextHeader(view, at) === ipv6.Extension.Fragment;
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
  const ignores = ignoresOn(plane, interfaces);
  const sender = new Int32Array(4);

  /** A reply to everybody answers nobody (Linux arp_process). */
  function isAnswer(frame: Frame): boolean {
    if (arp.operation(view, payload[frame]) !== arp.Operation.Reply) return false;
    return !ethernet.isGroup(ethernet.destinationHigh(view, start[frame]));
  }

  return (frame, iface) => {
    const at = payload[frame];
    const begin = start[frame];
    if (arp.checkArp(view, at, begin + length[frame], begin + wireLength[frame]) !== Reason.Ok)
      return NOBODY;
    const target = arp.targetIpv4(view, at);
    const row = find(iface, 0, 0, 0, target);
    const asks = row >= 0 && arp.operation(view, at) === arp.Operation.Request;
    if (find(iface, 0, 0, 0, arp.senderIpv4(view, at)) >= 0) return NOBODY;
    sender[3] = arp.senderIpv4(view, at);
    if (asks && ignores(iface, sender[3], target)) {
      if (plane.isTracing) plane.trace.note(Step.Ignored, row, iface, interfaces.host[iface]);
      return NOBODY;
    }
    const claim = Claim.Overrides | (asks ? Claim.Asks : isAnswer(frame) ? Claim.Confirms : 0);
    // RFC 826: what the sender says of itself is merged before anything else; a probe has no address (RFC 5227 §1.1).
    if (sender[3] !== 0)
      hear(iface, 4, sender, arp.senderHigh(view, at), arp.senderLow(view, at), claim, tick[frame]);
    if (!asks) return NOBODY;
    const reply = answer(frame, iface, Ethernet.HeaderLength + arp.PACKET_LENGTH);
    if (reply < 0) return NOBODY;
    arp.writeReply(view, payload[reply], at, macHigh[iface], macLow[iface]);
    speak(reply, iface);
    return row;
  };
}

/**
 * Makes the function that says whether a host does as if it had not heard who asks at an interface for an address that it has (Linux arp_ignore,
 * inet_confirm_addr). Who names no address is in every subnet.
 */
function ignoresOn(
  { program }: Plane,
  { host, firstOwn, ownCount }: Interfaces,
): (iface: number, sender: number, target: number) => boolean {
  const { word0, word1, word2, word3, prefix } = program.addresses;
  const { arpIgnore } = program.hosts;

  function isNear(row: number, sender: number): boolean {
    const size = 2 ** (128 - prefix[row]);
    return Math.floor(word3[row] / size) === Math.floor((sender >>> 0) / size);
  }

  return (iface, sender, target) => {
    const ignored: ArpIgnore = arpIgnore[host[iface]];
    if (ignored !== ArpIgnore.OtherInterface && ignored !== ArpIgnore.OtherSubnet)
      return ignored === ArpIgnore.Everybody;
    const end = firstOwn[iface] + ownCount[iface];
    for (let row = firstOwn[iface]; row < end; row++) {
      if (word3[row] !== target || (word0[row] | word1[row] | word2[row]) !== 0) continue;
      if (ignored === ArpIgnore.OtherInterface || sender === 0 || isNear(row, sender)) return false;
    }
    return true;
  };
}

function echoIpv4On(
  plane: Plane,
  { interfaces, speak }: Surroundings,
): (frame: Frame, iface: number) => number {
  const { start, length, wireLength, payload, view } = plane.frames;
  const find = addressOn(plane, interfaces);
  const reply = echoOn(plane, interfaces);
  const options = optionsOn(plane, interfaces);
  const { identification } = plane;
  return (frame, iface) => {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    if (ipv4.checkIpv4(view, at, end, start[frame] + wireLength[frame]) !== Reason.Ok)
      return NOBODY;
    const total = ipv4.totalLength(view, at);
    const header = ipv4.headerLength(view, at);
    const icmpAt = at + header;
    if (ipv4.protocol(view, at) !== Protocol.Icmp || ipv4.isFragment(view, at)) return NOBODY;
    if (at + total > end) return NOBODY;
    if (checkIcmp(icmpAt, at + total, at + total) !== Reason.Ok) return NOBODY;
    const row = find(iface, 0, 0, 0, ipv4.destination(view, at));
    if (row < 0 || type(view, icmpAt) !== IcmpType.EchoRequest) return NOBODY;
    if (find(iface, 0, 0, 0, ipv4.source(view, at)) >= 0) return NOBODY;
    const echoed = header === Ipv4.HeaderLengthMin ? 0 : options.echoedLength(at);
    if (echoed < 0) return NOBODY;
    const answerHeader = Ipv4.HeaderLengthMin + echoed;
    const echo = reply(frame, iface, total, header, answerHeader, IcmpType.EchoReply, 0);
    if (echo < 0) return NOBODY;
    const into = payload[echo];
    view.setUint8(into, 0x40 | (answerHeader >>> 2));
    view.setUint16(into + 2, total - header + answerHeader);
    if (echoed > 0) options.echo(frame, echo, ipv4.destination(view, at), iface);
    identification[row]++;
    view.setUint32(into + 4, identification[row] << 16);
    view.setUint8(into + 8, HOP_LIMIT);
    view.setUint16(into + 10, 0);
    view.setUint32(into + 12, ipv4.destination(view, at));
    view.setUint32(into + 16, ipv4.source(view, at));
    view.setUint16(into + 10, checksumOf(sum(view, into, answerHeader)));
    speak(echo, iface);
    return row;
  };
}
