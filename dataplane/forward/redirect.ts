/**
 * Redirects: a host that sends a packet out by the interface by which it came tells its source of the shorter way (RFC 1812 §5.2.7.2; RFC 4861 §8.2;
 * Linux ip_rt_send_redirect, ndisc_send_redirect). It sends the packet on all the same.
 *
 * Linux holds all on a link to be one subnet (shared_media 1), so of the addresses it only asks that the source is on the link itself.
 *
 * Complication 1: translation. Who calls a port of a container from the container's own bridge is not routed by Linux at all but switched, by a bridge that
 *   knows the new destination (br_netfilter, which Docker loads where it does without its proxy; br_nf_pre_routing_finish, bridged_dnat): so there is
 *   no redirect. At a NIC the destination has been translated where it comes to the forwarding of a packet, and that is what Linux quotes and names; of the first packet of a connection, which nobody knows yet. IPv4 redirects about the later ones are not sent (nf_nat_icmp_reply_translation); of
 *   IPv6 nobody tracks them, and they are. In the profile rfc4787 no error may tell what stands behind a name outside, and none of them is sent.
 * Complication 2: the limits. IPv4 counts for each source, IPv6 for destination and source. Neither is counted as an error (icmp_ratemask).
 * Complication 3: IPv6 redirects come from the link-local address of the interface, which Linux makes of its MAC (RFC 4291 App. A), and name no other
 *   router than by such an address (RFC 4861 §8.1).
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import type { Frame } from '../frame/frames.js';
import { HostFlag, RouteKind } from '../program/layout.js';
import { NeighborState } from '../state/neighbors.js';
import { PERIOD_NS } from '../state/rate-limits.js';
import * as icmp from '../wire/icmp.js';
import { Icmpv6Type, targetAt } from '../wire/icmpv6.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { Complaint } from './complain.js';
import type { Draft } from './complain.js';
import type { Fibs } from './fibs.js';
import type { Interfaces } from './interfaces.js';
import { passOn } from './ip-forward.js';
import { isLinkLocal } from './local.js';
import type { Nat } from './nat.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';
import { replyOn, sealOn } from './reply.js';

/** A redirect about the packet at hand, which came in by an interface of a host and is to leave by it to `hop`; -1 where nothing is said. Not sent yet. */
export type Redirects = (frame: Frame, iface: number, host: number) => Frame;

/** What redirects are made with. */
export interface RedirectSurroundings {
  readonly interfaces: Interfaces;
  readonly fibs: Fibs;
  readonly draft: Draft;
  readonly packet: Packet;
  readonly nat: Nat;
  /** The next hop of the packet at hand. */
  readonly hop: Int32Array;
}

const NOBODY = -1;
/** Before the options of a redirect (RFC 4861 §4.5). */
const FIXED_LENGTH = 40;
const LINK_LAYER_OPTION = 2;
const LINK_LAYER_LENGTH = 8;
const REDIRECTED_OPTION = 4;
const REDIRECTED_HEADER = 8;
const MTU_MIN_IPV6 = 1280;
const HOP_LIMIT_NEIGHBORS = 255;

/** Makes the function that drafts redirects. */
export function redirectOn(plane: Plane, around: RedirectSurroundings): Redirects {
  const { frames, program, rateLimits } = plane;
  const { tick } = frames;
  const { via0, via1, via2, via3, kind } = program.routes;
  const { interfaces, fibs, draft, packet, nat, hop } = around;
  const { flow } = nat;
  const write = writeOn(plane, around);
  const tells = Uint8Array.from(program.hosts.flags, (flags) => flags & HostFlag.Redirects);

  /** Does a route lead to the link itself, and not to a router? */
  function isOnLink(row: number): boolean {
    if (row < 0 || (kind[row] as RouteKind) !== RouteKind.Unicast) return false;
    return (via0[row] | via1[row] | via2[row] | via3[row]) === 0;
  }

  /** A copy of the packet as it goes on, but for its source; IPv4 has one hop less by now. */
  function quoted(frame: Frame): Frame {
    const seen = frames.copy(frame);
    if (seen < 0) return seen;
    if (flow.isChanged) nat.write(seen);
    if (packet.family === 4) passOn(frames, seen);
    return seen;
  }

  function isWorthIpv4(frame: Frame, iface: number, host: number): boolean {
    const { source } = packet;
    if (!isOnLink(fibs.findBy(iface, 4, source))) return false;
    const now = tick[frame];
    const isDue = rateLimits[host].redirects(source[0], source[1], source[2], source[3], now);
    return isDue && !(flow.isChanged && flow.side >= 0);
  }

  function spares(words: Int32Array, host: number, now: number): boolean {
    return rateLimits[host].spares(words[0], words[1], words[2], words[3], PERIOD_NS, now);
  }

  function isWorthIpv6(frame: Frame, host: number): boolean {
    const { source, destination } = packet;
    if (!spares(destination, host, tick[frame])) return false;
    if (!isSame(hop, destination) && !isLinkLocal(hop)) return false;
    return isOnLink(fibs.findIpv6(host, source)) && spares(source, host, tick[frame]);
  }

  return (frame, iface, host) => {
    if (!(tells[host] > 0)) return NOBODY;
    if (!flow.isDirect && interfaces.isBridge(iface)) return NOBODY;
    if (flow.isChanged && flow.tracking?.mappings !== undefined) return NOBODY;
    const isIpv4 = packet.family === 4;
    if (!(isIpv4 ? isWorthIpv4(frame, iface, host) : isWorthIpv6(frame, host))) return NOBODY;
    const seen = quoted(frame);
    if (seen < 0) return NOBODY;
    const said = isIpv4 ? draft(seen, iface, Complaint.Redirect, hop[3]) : write(seen, iface, host);
    frames.release(seen);
    return said;
  };
}

function isSame(one: Int32Array, other: Int32Array): boolean {
  const differs = (one[0] ^ other[0]) | (one[1] ^ other[1]) | (one[2] ^ other[2]);
  return (differs | (one[3] ^ other[3])) === 0;
}

/** Makes the function that writes an IPv6 redirect about a frame, which is quoted as it is; -1 when no slot is free, or the host has no address. */
function writeOn(
  plane: Plane,
  { interfaces, packet, hop }: RedirectSurroundings,
): (frame: Frame, iface: number, host: number) => Frame {
  const { frames, neighbors } = plane;
  const { start, length, payload, tick, view } = frames;
  const { macHigh, macLow } = interfaces;
  const memory = memoryOf(frames.bytes);
  const reply = replyOn(plane);
  const seal = sealOn(plane);

  function putLinkLocal(at: number, iface: number): void {
    const [high, low] = [macHigh[iface], macLow[iface]];
    view.setUint32(at, 0xfe80_0000);
    view.setUint32(at + 4, 0);
    view.setUint16(at + 8, high ^ 0x0200);
    view.setUint16(at + 10, ((low >>> 16) & 0xff00) | 0xff);
    view.setUint16(at + 12, 0xfe00 | ((low >>> 16) & 0xff));
    view.setUint16(at + 14, low & 0xffff);
  }

  /** The entry of the next hop, or -1 while its MAC is not known. */
  function knownAt(iface: number, host: number, now: number): number {
    const table = neighbors[host];
    const entry = table.find(iface, hop[0], hop[1], hop[2], hop[3]);
    return entry >= 0 && table.stateAt(entry, now) !== NeighborState.Incomplete ? entry : NOBODY;
  }

  function putOptions(at: number, frame: Frame, host: number, entry: number, option: number): void {
    let to = at;
    if (entry >= 0) {
      view.setUint16(to, (LINK_LAYER_OPTION << 8) | 1);
      view.setUint16(to + 2, neighbors[host].macHigh[entry]);
      view.setInt32(to + 4, neighbors[host].macLow[entry]);
      to += LINK_LAYER_LENGTH;
    }
    view.setUint32(to, (REDIRECTED_OPTION << 24) | (option << 13));
    view.setUint32(to + 4, 0);
    copyBytes(memory, payload[frame], memory, to + REDIRECTED_HEADER, option - REDIRECTED_HEADER);
  }

  return (frame, iface, host) => {
    const from = interfaces.speaker(iface, 6);
    if (from < 0) return NOBODY;
    const entry = knownAt(iface, host, tick[frame]);
    const fixed = FIXED_LENGTH + (entry < 0 ? 0 : LINK_LAYER_LENGTH);
    const here = Math.min(packet.length, start[frame] + length[frame] - payload[frame]);
    const room = MTU_MIN_IPV6 - Ipv6.HeaderLength - fixed;
    const option = Math.min(room, here + REDIRECTED_HEADER) & ~7;
    const said = reply(frame, packet, from, Protocol.Icmpv6, 0, false, fixed + option);
    if (said < 0) return said;
    const at = payload[said];
    view.setUint8(at + 7, HOP_LIMIT_NEIGHBORS);
    putLinkLocal(ipv6.sourceAt(at), iface);
    const message = at + Ipv6.HeaderLength;
    view.setUint32(message, Icmpv6Type.Redirect << 24);
    view.setUint32(message + 4, 0);
    for (let i = 0; i < 4; i++) {
      view.setInt32(targetAt(message) + 4 * i, hop[i]);
      view.setInt32(targetAt(message) + 16 + 4 * i, packet.destination[i]);
    }
    putOptions(message + FIXED_LENGTH, frame, host, entry, option);
    seal(said, Protocol.Icmpv6, icmp.CHECKSUM_OFFSET);
    return said;
  };
}
