/**
 * A host as a router: what comes in for its MAC goes to its own stack, or on to where its routes lead (RFC 1812 §5; RFC 8200; Linux
 * net/ipv4/ip_input.c, ip_forward.c). Everything is decided before anything is changed, so that an error about a packet quotes it as it came.
 *
 * Complication 1: what is for everybody. A packet in a frame to a group never comes here, so none is forwarded from one (RFC 1812 §5.3.4); and
 *   groups and broadcast addresses are for the own stack alone.
 */
import { FORWARDED } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { HostFlag, NONE, RouteKind } from '../program/layout.js';
import { updateChecksum } from '../wire/checksum.js';
import { EtherType, HEADER_LENGTH } from '../wire/ethernet.js';
import { TAG_LENGTH, vlanId } from '../wire/vlan.js';
import type { Complain } from './complain.js';
import { Complaint } from './complain.js';
import type { Fibs } from './fibs.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import { Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';
import type { Resolver } from './resolve.js';
import { Action } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What a router works with. */
export interface RouterSurroundings {
  readonly interfaces: Interfaces;
  readonly local: LocalAddresses;
  readonly fibs: Fibs;
  readonly resolver: Resolver;
  /** Gives up a hold and gives a frame that is the caller's alone, or -1. */
  readonly own: (frame: Frame) => Frame;
  /** The stack of the host hears a frame; the hold stays the caller's. */
  readonly hear: (frame: Frame, iface: number) => void;
  readonly end: (frame: Frame, verdict: Verdict) => void;
  /** Tells the sender of a packet what is wrong with it; the hold stays the caller's. */
  readonly complain: Complain;
}

export interface Router {
  /** A frame for the MAC of a host, at one of its interfaces. Uses up a hold. */
  readonly enter: (frame: Frame, iface: number) => void;
  /** A packet that a host itself has made goes where its routes lead. Uses up the hold. */
  readonly output: (frame: Frame, host: number) => void;
}

export function routerOn(plane: Plane, around: RouterSurroundings): Router {
  const { frames, program, trace } = plane;
  const { payload, start, etherType, packetLength, flags, view } = frames;
  const { routes } = program;
  const { interfaces, local, fibs, resolver, own, hear, end, complain } = around;
  const { host: hostOf, mtu } = interfaces;
  const forwards = forwardingHosts(plane);
  const packet = new Packet();
  const read = readOn(plane, packet);
  const hop = new Int32Array(4);

  function drop(frame: Frame, reason: Reason): void {
    end(frame, Action.Drop | reason);
  }

  function consume(frame: Frame, iface: number): void {
    hear(frame, iface);
    const reason = interfaces.isBridge(iface) ? Reason.GatewayAddress : Reason.HostStack;
    end(frame, Action.Consume | reason);
  }

  /** An IP packet, in no VLAN: a tag that a bridge or NIC has left on is none of the stack's. */
  function isPacket(frame: Frame): boolean {
    const type = etherType[frame];
    if (type !== EtherType.Ipv4 && type !== EtherType.Ipv6) return false;
    const tagBytes = payload[frame] - start[frame] - HEADER_LENGTH;
    if (tagBytes === 0) return true;
    return tagBytes === TAG_LENGTH && vlanId(view.getUint16(start[frame] + HEADER_LENGTH)) === 0;
  }

  function findRoute(host: number): number {
    return packet.family === 4
      ? fibs.findIpv4(host, packet.destination[3])
      : fibs.findIpv6(host, packet.destination);
  }

  function nextHop(row: number): void {
    hop[0] = routes.via0[row];
    hop[1] = routes.via1[row];
    hop[2] = routes.via2[row];
    hop[3] = routes.via3[row];
    if ((hop[0] | hop[1] | hop[2] | hop[3]) === 0) hop.set(packet.destination);
  }

  /** Why a packet cannot take this route, with what is said about that; Ok if it can. */
  function objection(frame: Frame, iface: number, row: number): Reason {
    if (row < 0) {
      complain(frame, iface, Complaint.NetUnreachable, 0);
      return Reason.NoRoute;
    }
    switch (routes.kind[row]) {
      case RouteKind.Unicast:
        break;
      case RouteKind.Unreachable:
        complain(frame, iface, Complaint.HostUnreachable, 0);
        return Reason.RouteUnreachable;
      case RouteKind.Prohibit:
        complain(frame, iface, Complaint.Prohibited, 0);
        return Reason.RouteProhibited;
      default:
        return Reason.RouteBlackhole;
    }
    if (packet.hopLimit <= 1) {
      complain(frame, iface, Complaint.HopLimitExceeded, 0);
      return Reason.HopLimitExceeded;
    }
    return Reason.Ok;
  }

  function forward(frame: Frame, iface: number, host: number): void {
    const row = findRoute(host);
    const against = objection(frame, iface, row);
    if (against !== Reason.Ok) {
      drop(frame, against);
      return;
    }
    const out = routes.iface[row];
    if (packetLength[frame] > mtu[out]) {
      complain(frame, iface, Complaint.TooLong, mtu[out]);
      drop(frame, Reason.FragmentationNeeded);
      return;
    }
    if (plane.isTracing) trace.note(Step.Routed, row, out);
    nextHop(row);
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return;
    }
    passOn(mine);
    resolver.send(mine, out, packet.family, hop);
  }

  /** One router more has been passed. */
  function passOn(frame: Frame): void {
    const at = payload[frame];
    flags[frame] |= FORWARDED;
    if (packet.family === 6) {
      view.setUint8(at + 7, packet.hopLimit - 1);
      return;
    }
    const was = view.getUint16(at + 8);
    view.setUint8(at + 8, packet.hopLimit - 1);
    const sum = updateChecksum(view.getUint16(at + 10), was, view.getUint16(at + 8));
    view.setUint16(at + 10, sum);
  }

  function enter(frame: Frame, at: number): void {
    const iface = interfaces.plain(at);
    const host = hostOf[iface];
    if (host === NONE || forwards[host] === 0 || !isPacket(frame)) {
      consume(frame, at);
      return;
    }
    const reason = read(frame);
    if (reason !== Reason.Ok) {
      drop(frame, reason);
      return;
    }
    if (local.isLocal(host, packet)) {
      consume(frame, at);
      return;
    }
    if (local.isMartian(host, packet)) drop(frame, Reason.MartianAddress);
    else forward(frame, iface, host);
  }

  function output(frame: Frame, host: number): void {
    const reason = read(frame);
    const row = reason === Reason.Ok ? findRoute(host) : -1;
    if (row < 0 || routes.kind[row] !== RouteKind.Unicast) {
      drop(frame, reason === Reason.Ok ? Reason.NoRoute : reason);
      return;
    }
    if (plane.isTracing) trace.note(Step.Routed, row, routes.iface[row]);
    nextHop(row);
    resolver.send(frame, routes.iface[row], packet.family, hop);
  }

  return { enter, output };
}

/** By host: 1 when it forwards packets. */
function forwardingHosts({ program }: Plane): Uint8Array {
  return Uint8Array.from(program.hosts.flags, (flags) =>
    (flags & HostFlag.Forwards) === 0 ? 0 : 1,
  );
}
