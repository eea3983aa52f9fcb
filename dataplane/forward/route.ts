/**
 * Routing what comes from a child of an ipvlan link in an L3 mode, and what the host answers it: longest prefix first, then the next hop
 * (RFC 1812 §5.2.4.3). The packet itself stays as it is: ipvlan sends it as a local one, whose TTL nobody decrements.
 *
 * Complication 1: a child's packets leave by its parent link and no other, so only routes with that way out count for them (Linux
 * ip_route_output_flow with flowi_oif). What the host answers may leave by any.
 * Complication 2: Linux sends them as packets of its own, and writes their IPv4 header checksum anew, right or wrong as it was.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { checksumOf, sum } from '../wire/checksum.js';
import { EtherType } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import type { Fibs } from './fibs.js';
import type { Plane } from './plane.js';
import type { Resolver } from './resolve.js';

/** No link in particular. */
export const ANY_LINK = -1;

/** What a packet is routed with. */
export interface Crossroads {
  readonly fibs: Fibs;
  readonly resolver: Resolver;
  /** Gives up a hold and gives a frame that is the caller's alone, or -1. */
  readonly own: (frame: Frame) => Frame;
  readonly drop: (frame: Frame, reason: Reason) => void;
  /** The stack of the host at a link hears a frame that goes no further. */
  readonly toOwnStack: (frame: Frame, link: number) => void;
}

/**
 * Makes the function that routes a frame of a host to where it is for, by `out` or, if that is ANY_LINK, by any of its interfaces. `link` is one
 * of the host. Uses up a hold on the frame.
 */
export function routeOn(
  plane: Plane,
  { fibs, resolver, own, drop, toOwnStack }: Crossroads,
): (frame: Frame, link: number, out: number) => void {
  const { frames, program, trace } = plane;
  const { links, routes, networks } = program;
  const { start, length, wireLength, payload, etherType, view } = frames;
  const to = new Int32Array(4);
  const hop = new Int32Array(4);
  let isMendable = false;
  const isOwn = ownAddressOn(plane);

  /** Writes the checksum of an IPv4 header anew, on a copy where others hold the frame too; -1 when it has ended. */
  function mend(frame: Frame): Frame {
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return mine;
    }
    const at = payload[mine];
    view.setUint16(at + 10, 0);
    view.setUint16(at + 10, checksumOf(sum(view, at, ipv4.headerLength(view, at))));
    return mine;
  }

  /** Reads the destination into `to`. */
  function readDestination(frame: Frame): Reason {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    const wireEnd = start[frame] + wireLength[frame];
    if (etherType[frame] === EtherType.Ipv4) {
      const reason = ipv4.checkIpv4(view, at, end, wireEnd);
      const isBad = reason === Reason.Ipv4BadChecksum && ipv4.hasLengths(view, at, end, wireEnd);
      isMendable = isBad;
      if (reason !== Reason.Ok && !isBad) return reason;
      to.fill(0);
      to[3] = ipv4.destination(view, at);
      return isIpv4Group(to[3]) ? Reason.IpvlanL3Group : Reason.Ok;
    }
    isMendable = false;
    const reason = ipv6.checkIpv6(view, at, end, wireEnd);
    if (reason !== Reason.Ok) return reason;
    for (let i = 0; i < 4; i++) to[i] = ipv6.addressWord(view, ipv6.destinationAt(at), i);
    return to[0] >>> 24 === 0xff ? Reason.IpvlanL3Group : Reason.Ok;
  }

  function nextHop(row: number): void {
    hop[0] = routes.via0[row];
    hop[1] = routes.via1[row];
    hop[2] = routes.via2[row];
    hop[3] = routes.via3[row];
    if ((hop[0] | hop[1] | hop[2] | hop[3]) === 0) hop.set(to);
  }

  function find(link: number, out: number, family: number): number {
    if (out !== ANY_LINK) return fibs.findBy(networks.rows + out, family, to);
    const host = links.host[link];
    return family === 4 ? fibs.findIpv4(host, to[3]) : fibs.findIpv6(host, to);
  }

  return (frame, link, out) => {
    const reason = readDestination(frame);
    if (reason !== Reason.Ok) {
      drop(frame, reason);
      return;
    }
    if (out !== ANY_LINK && isOwn(out, to)) {
      toOwnStack(frame, out);
      return;
    }
    const family = etherType[frame] === EtherType.Ipv4 ? 4 : 6;
    const row = find(link, out, family);
    if (row < 0) {
      drop(frame, Reason.NoRoute);
      return;
    }
    if (plane.isTracing) trace.note(Step.Routed, row, routes.iface[row]);
    nextHop(row);
    const mine = isMendable ? mend(frame) : frame;
    if (mine >= 0) resolver.send(mine, routes.iface[row], family, hop);
  };
}

/** Multicast, or the limited broadcast (RFC 1112 §4, RFC 919 §7). */
function isIpv4Group(address: number): boolean {
  return address >>> 28 === 0xe || address === -1;
}

/** Makes the function that says whether an address is one of a link's own. */
function ownAddressOn({ program }: Plane): (link: number, to: Int32Array) => boolean {
  const { links, addresses } = program;
  const { word0, word1, word2, word3 } = addresses;
  return (link, to) => {
    const end = links.firstOwn[link] + links.ownCount[link];
    for (let row = links.firstOwn[link]; row < end; row++)
      if (
        (word3[row] | 0) === to[3] &&
        (word2[row] | 0) === to[2] &&
        (word1[row] | 0) === to[1] &&
        (word0[row] | 0) === to[0]
      )
        return true;
    return false;
  };
}
