/**
 * ipvlan: children of one link that share its MAC and are told apart by their IP addresses (Linux drivers/net/ipvlan, Documentation
 * networking/ipvlan.rst). Mode and flag belong to the link.
 *
 * Whom a frame is for (ipvlan_get_L3_hdr, ipvlan_addr_lookup): IPv4 and IPv6 by the destination, ARP by the target, a neighbor solicitation
 * without source, by which a station looks for duplicates, by its target.
 *
 * L2, from a child: a frame to the MAC that they all have goes to the child it is for, else to the host; groups go to all other children and
 * out, not to the host; everything else goes out. From outside: groups to all children and the host, unless a child sent them and a
 * switch gave them back; unicast to the child it is for, else to the host.
 * L3, from a child: to a sibling as it stands, before any route; else by the routes of the host that leave by this link, without touching
 * the TTL. From outside: to the child it is for, also groups, else to the host. L3S is L3, but what comes in is looked at by the host first:
 * it must be for the host's MAC and a packet that the host would take.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { LinkFlag } from '../program/layout.js';
import { Exact } from '../state/exact.js';
import { checkArp, senderIpv4, targetIpv4 } from '../wire/arp.js';
import * as ethernet from '../wire/ethernet.js';
import { Ethernet, EtherType, isGroup } from '../wire/ethernet.js';
import { type } from '../wire/icmp.js';
import { Icmpv6Type, targetAt } from '../wire/icmpv6.js';
import * as ipv4 from '../wire/ipv4.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import type { Plane } from './plane.js';
import { Action, down, drop, route, send, toHost } from './verdict.js';
import type { Verdict } from './verdict.js';

const NOBODY = -1;
/** A neighbor solicitation with its target. */
const SOLICITATION_LENGTH = 24;

export interface Ipvlan {
  /** Decides about a frame that a child sends. */
  readonly fromChild: (frame: Frame, port: number) => Verdict;
  /** Decides about a frame that comes in by a link with children. */
  readonly fromBelow: (frame: Frame, link: number) => Verdict;
}

export function ipvlanOn(plane: Plane): Ipvlan {
  const { frames, program, fan } = plane;
  const { start, length, wireLength, etherType, payload, view } = frames;
  const { link: linkOf } = program.ports;
  const { flags, firstChild, childCount, macHigh, macLow } = program.links;
  const childFor = lookupOn(plane, 'destination');
  const childFrom = lookupOn(plane, 'source');

  function spread(link: number, except: number): void {
    const end = firstChild[link] + childCount[link];
    for (let port = firstChild[link]; port < end; port++) if (port !== except) fan.add(port);
  }

  /** The sibling a child's frame is for. One with a tag is for none: ipvlan looks behind no tag that a child puts on. */
  function siblingFor(frame: Frame, link: number): number {
    return payload[frame] === start[frame] + Ethernet.HeaderLength ? childFor(frame, link) : NOBODY;
  }

  function toSibling(link: number, sibling: number): Verdict {
    return (flags[link] & LinkFlag.Private) !== 0 ? drop(Reason.IpvlanPrivate) : send(sibling);
  }

  function sendL2(frame: Frame, port: number, link: number): Verdict {
    const at = start[frame];
    const toOwnMac =
      ethernet.destinationHigh(view, at) === ethernet.sourceHigh(view, at) &&
      ethernet.destinationLow(view, at) === ethernet.sourceLow(view, at);
    if (toOwnMac && (flags[link] & LinkFlag.Vepa) === 0) {
      const sibling = siblingFor(frame, link);
      return sibling < 0 ? toHost(link) : toSibling(link, sibling);
    }
    if (!isGroup(ethernet.destinationHigh(view, at))) return down(link);
    if (etherType[frame] === EtherType.MacControl) return drop(Reason.PauseFrame);
    fan.clear();
    spread(link, port);
    fan.down = link;
    return Action.Fan;
  }

  function sendL3(frame: Frame, link: number): Verdict {
    if ((flags[link] & LinkFlag.Vepa) === 0) {
      const sibling = siblingFor(frame, link);
      if (sibling >= 0) return toSibling(link, sibling);
    }
    if (isGroup(ethernet.destinationHigh(view, start[frame]))) return drop(Reason.IpvlanL3Group);
    const isIp = etherType[frame] === EtherType.Ipv4 || etherType[frame] === EtherType.Ipv6;
    if (!isIp || payload[frame] !== start[frame] + Ethernet.HeaderLength)
      return drop(Reason.IpvlanL3NotIp);
    return route(link);
  }

  /** Is it a frame that a child sent, and a switch gave back (ipvlan_external_frame)? */
  function isOwn(frame: Frame, link: number): boolean {
    const at = start[frame];
    return (
      ethernet.sourceHigh(view, at) === macHigh[link] &&
      ethernet.sourceLow(view, at) === macLow[link] &&
      childFrom(frame, link) >= 0
    );
  }

  /** Does the IP input of the host let it pass? L3S finds its children only behind that. */
  function isAcceptable(frame: Frame): boolean {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    const wireEnd = start[frame] + wireLength[frame];
    if (etherType[frame] === EtherType.Ipv4)
      return ipv4.checkIpv4(view, at, end, wireEnd) === Reason.Ok;
    return (
      etherType[frame] === EtherType.Ipv6 && ipv6.checkIpv6(view, at, end, wireEnd) === Reason.Ok
    );
  }

  function groupL2(frame: Frame, link: number): Verdict {
    fan.clear();
    fan.host = link;
    if (etherType[frame] !== EtherType.MacControl && !isOwn(frame, link)) spread(link, NOBODY);
    return Action.Fan;
  }

  return {
    fromChild: (frame, port) => {
      const link = linkOf[port];
      const isL3 = (flags[link] & (LinkFlag.L3 | LinkFlag.L3s)) !== 0;
      return isL3 ? sendL3(frame, link) : sendL2(frame, port, link);
    },
    fromBelow: (frame, link) => {
      const at = start[frame];
      const toGroup = isGroup(ethernet.destinationHigh(view, at));
      const toUs =
        ethernet.destinationHigh(view, at) === macHigh[link] &&
        ethernet.destinationLow(view, at) === macLow[link];
      if (!toGroup && !toUs) return toHost(link);
      const isL3s = (flags[link] & LinkFlag.L3s) !== 0;
      if (toGroup && (flags[link] & (LinkFlag.L3 | LinkFlag.L3s)) === 0)
        return groupL2(frame, link);
      if (isL3s && !isAcceptable(frame)) return toHost(link);
      const child = childFor(frame, link);
      return child < 0 ? toHost(link) : send(child);
    },
  };
}

/**
 * Makes the function that finds the child of a link whose address is the destination (or the source) of a frame's packet: its port, or -1.
 */
function lookupOn(
  plane: Plane,
  side: 'destination' | 'source',
): (frame: Frame, link: number) => number {
  const { frames, program } = plane;
  const { start, length, wireLength, payload, etherType, view } = frames;
  const { childAddresses, ports } = program;
  const children = new Exact(childAddresses.rows);
  for (let row = 0; row < childAddresses.rows; row++) {
    const { port, word0, word1, word2, word3 } = childAddresses;
    const link = ports.link[port[row]];
    children.put(link, word0[row], word1[row], word2[row], word3[row], port[row]);
  }
  const wanted = side === 'destination';

  function byAddress(link: number, at: number): number {
    const word = (index: number): number => ipv6.addressWord(view, at, index);
    return children.find(link, word(0), word(1), word(2), word(3));
  }

  /** A solicitation from nobody looks for duplicates, and is about its target. */
  function byIpv6(link: number, at: number, end: number): number {
    const icmpAt = at + Ipv6.HeaderLength;
    const looksForDuplicates =
      ipv6.nextHeader(view, at) === Protocol.Icmpv6 &&
      icmpAt + SOLICITATION_LENGTH <= end &&
      type(view, icmpAt) === Icmpv6Type.NeighborSolicitation &&
      ipv6.isUnspecified(view, ipv6.sourceAt(at));
    if (looksForDuplicates) return byAddress(link, targetAt(icmpAt));
    return byAddress(link, wanted ? ipv6.destinationAt(at) : ipv6.sourceAt(at));
  }

  return (frame, link) => {
    const at = payload[frame];
    const end = start[frame] + length[frame];
    const wireEnd = start[frame] + wireLength[frame];
    switch (etherType[frame]) {
      case EtherType.Arp:
        if (checkArp(view, at, end, wireEnd) !== Reason.Ok) return NOBODY;
        return children.find(link, 0, 0, 0, wanted ? targetIpv4(view, at) : senderIpv4(view, at));
      case EtherType.Ipv4:
        // Its checksum is none of ipvlan's business.
        if (!ipv4.hasLengths(view, at, end, wireEnd)) return NOBODY;
        return children.find(
          link,
          0,
          0,
          0,
          wanted ? ipv4.destination(view, at) : ipv4.source(view, at),
        );
      case EtherType.Ipv6:
        if (ipv6.checkIpv6(view, at, end, wireEnd) !== Reason.Ok) return NOBODY;
        return byIpv6(link, at, end);
      default:
        return NOBODY;
    }
  };
}
