/**
 * A host as a router: what comes in for its MAC goes to its own stack, or on to where its routes lead (RFC 1812 §5; RFC 8200; Linux
 * net/ipv4/ip_input.c, ip_forward.c). Everything is decided before anything is changed, so that an error about a packet quotes it as it came.
 *
 * In the order of Linux: fragments find their first one; the connection, and with it where the packet really goes; is it for the host itself; the route; the
 * hop limit; the MTU; the firewall; where it comes from for others; and only then is it written.
 *
 * Complication 1: what is for everybody. A packet in a frame to a group never comes here, so none is forwarded from one (RFC 1812 §5.3.4); and
 *   groups and broadcast addresses are for the own stack alone.
 * Complication 2: there may be loops. Routes of two hosts may lead to each other; a packet then passes both until its hop limit is used up, all in one
 *   pass. So nothing here is looked at after a packet was sent on: `packet` and `flow` are the next one's.
 */
import { FORWARDED } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { HostFlag, NONE, RouteKind } from '../program/layout.js';
import { updateChecksum } from '../wire/checksum.js';
import { EtherType, HEADER_LENGTH } from '../wire/ethernet.js';
import { dontFragment } from '../wire/ipv4.js';
import { TAG_LENGTH, vlanId } from '../wire/vlan.js';
import { Complaint } from './complain.js';
import type { Complain } from './complain.js';
import type { Fibs } from './fibs.js';
import { fastPathOn, Passage } from './fast-path.js';
import { firewallOn, sureOn } from './firewall.js';
import { fragmentOn } from './fragment.js';
import { gatherOn } from './gather.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import { natOn } from './nat.js';
import { noteConnectionOn } from './note-connection.js';
import { copyAddress, Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';
import type { Resolver } from './resolve.js';
import { unsolicitedOn } from './unsolicited.js';
import { Action } from './verdict.js';
import type { Verdict } from './verdict.js';

const NOBODY = -1;

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
  /** The same for one that is not known to be for a host that forwards, if the fast path takes it; else the frame is untouched, and false the answer. */
  readonly hurry: (frame: Frame, iface: number, host: number) => boolean;
  /** A packet that a host itself has made goes where its routes lead. Uses up the hold. */
  readonly output: (frame: Frame, host: number) => void;
  /** What has waited long enough at a host, for the first fragment of its datagram or as a SYN that nobody asked for, waits no more. */
  readonly expire: (host: number, tick: number) => void;
}

export function routerOn(plane: Plane, around: RouterSurroundings): Router {
  const { interfaces, local, fibs, resolver, hear, end } = around;
  const { payload, start, etherType, view } = plane.frames;
  const { host: hostOf } = interfaces;
  const forwards = forwardingHosts(plane);
  const packet = new Packet();
  const read = readOn(plane, packet);
  const nat = natOn(plane, { packet, interfaces, local, fibs });
  const { flow } = nat;
  const { findRoute, nextHop, hop } = routingOf(plane, fibs, packet);
  const forward = forwardOn(plane, { ...around, packet, nat, findRoute, nextHop, hop });
  /** The frame that the fast path has refused, and need not be asked about once more. */
  let refused = NOBODY;
  const fastPath = fastPathOn(plane, { ...around, isSure: sureOn(plane, interfaces) });
  const gather = gatherOn(plane, { packet, flow, drop, process });
  const unsolicited = unsolicitedOn(plane, { packet, drop, complain: around.complain });

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

  /** For the own stack, which may be called otherwise outside. */
  function deliver(frame: Frame, iface: number): Reason {
    const mine = flow.isChanged ? around.own(frame) : frame;
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return Reason.PoolExhausted;
    }
    if (flow.isChanged) nat.write(mine);
    consume(mine, iface);
    return Reason.Ok;
  }

  /** Does with the packet at hand what is to be done with it. Says why it was dropped, if it was. */
  function process(frame: Frame, at: number, host: number): Reason {
    const iface = interfaces.plain(at);
    const against = nat.arrive(frame, iface, host);
    if (against !== Reason.Ok) {
      drop(frame, against);
      return against;
    }
    return proceed(frame, at, iface, host);
  }

  /** To the own stack or on, when it is known whose packet it is. */
  function proceed(frame: Frame, at: number, iface: number, host: number): Reason {
    if (nat.isUnsolicited(iface, host)) {
      unsolicited.enter(frame, at, host);
      return Reason.Ok;
    }
    if (local.isLocal(host, packet)) return deliver(frame, at);
    if (!local.isConfined(packet)) return forward(frame, iface, host);
    drop(frame, Reason.MartianAddress);
    return Reason.MartianAddress;
  }

  function hurry(frame: Frame, iface: number, host: number): boolean {
    const passage = fastPath(frame, iface, host);
    if (passage === Passage.Invalid) {
      read(frame);
      nat.disown(frame, iface, host);
      proceed(frame, iface, iface, host);
    }
    refused = passage === Passage.Refused ? frame : NOBODY;
    return passage !== Passage.Refused;
  }

  return {
    hurry,
    enter: (frame, at) => {
      const host = hostOf[at];
      if (host === NONE || forwards[host] === 0 || !isPacket(frame)) {
        consume(frame, at);
        return;
      }
      if (frame !== refused && hurry(frame, at, host)) return;
      refused = NOBODY;
      const reason = read(frame);
      if (reason !== Reason.Ok) drop(frame, reason);
      else if (packet.isSourceRouted) drop(frame, Reason.SourceRouted);
      else if (local.isFromMartian(host, packet)) drop(frame, Reason.MartianAddress);
      else if (packet.fragment !== 0 && plane.fragments[host] !== undefined)
        gather.enter(frame, at, host);
      else process(frame, at, host);
    },
    output: (frame, host) => {
      const reason = read(frame);
      if (reason === Reason.Ok) {
        nat.speak(frame, host);
        if (flow.isChanged) nat.write(frame);
      }
      const row = reason === Reason.Ok ? findRoute(host) : -1;
      if (row < 0 || (plane.program.routes.kind[row] as RouteKind) !== RouteKind.Unicast) {
        drop(frame, reason === Reason.Ok ? Reason.NoRoute : reason);
        return;
      }
      const out = plane.program.routes.iface[row];
      if (plane.isTracing) plane.trace.note(Step.Routed, row, out);
      nextHop(row);
      resolver.send(frame, out, packet.family, hop);
    },
    expire: (host, tick) => {
      gather.expire(host, tick);
      unsolicited.expire(host, tick);
    },
  };
}

/** Where a packet goes: its route, and the next hop of that. */
interface Routing {
  readonly findRoute: (host: number) => number;
  /** Writes the next hop of a route into `hop`. */
  readonly nextHop: (row: number) => void;
  readonly hop: Int32Array;
}

function routingOf({ program }: Plane, fibs: Fibs, packet: Packet): Routing {
  const { routes } = program;
  const hop = new Int32Array(4);
  return {
    hop,
    findRoute: (host) =>
      packet.family === 4
        ? fibs.findIpv4(host, packet.destination[3])
        : fibs.findIpv6(host, packet.destination),
    nextHop: (row) => {
      hop[0] = routes.via0[row];
      hop[1] = routes.via1[row];
      hop[2] = routes.via2[row];
      hop[3] = routes.via3[row];
      if ((hop[0] | hop[1] | hop[2] | hop[3]) === 0) copyAddress(packet.destination, hop);
    },
  };
}

interface ForwardSurroundings extends RouterSurroundings, Routing {
  readonly packet: Packet;
  readonly nat: ReturnType<typeof natOn>;
}

/** Makes the function that forwards the packet at hand, which came in by an interface of a host, and says why it was dropped, if it was. */
function forwardOn(
  plane: Plane,
  around: ForwardSurroundings,
): (frame: Frame, iface: number, host: number) => Reason {
  const { frames, counters, program, trace } = plane;
  const { payload, packetLength, flags, view } = frames;
  const { routes } = program;
  const { interfaces, resolver, own, end, complain, packet, nat } = around;
  const { findRoute, nextHop, hop } = around;
  const { mtu } = interfaces;
  const { flow } = nat;
  const firewall = firewallOn(plane, interfaces);
  const cut = fragmentOn(plane);
  const noteConnection = noteConnectionOn(plane, packet, flow);

  function refuse(frame: Frame, reason: Reason): Reason {
    end(frame, Action.Drop | reason);
    return reason;
  }

  /** Why a packet cannot take a route; its sender is told. */
  function objection(frame: Frame, iface: number, row: number): Reason {
    if (row < 0) {
      complain(frame, iface, Complaint.NetUnreachable, 0);
      return Reason.NoRoute;
    }
    const kind: RouteKind = routes.kind[row];
    if (kind === RouteKind.Blackhole) return Reason.RouteBlackhole;
    if (kind === RouteKind.Unreachable) {
      complain(frame, iface, Complaint.HostUnreachable, 0);
      return Reason.RouteUnreachable;
    }
    if (kind === RouteKind.Prohibit) {
      complain(frame, iface, Complaint.Prohibited, 0);
      return Reason.RouteProhibited;
    }
    if (packet.hopLimit > 1) return Reason.Ok;
    complain(frame, iface, Complaint.HopLimitExceeded, 0);
    return Reason.HopLimitExceeded;
  }

  function isTooLong(frame: Frame, out: number): boolean {
    if (packetLength[frame] <= mtu[out]) return false;
    return packet.family === 6 || dontFragment(view, packet.at);
  }

  /** One router more has been passed. */
  function passOn(frame: Frame): void {
    const at = payload[frame];
    flags[frame] |= FORWARDED;
    if (packet.family === 6) {
      view.setUint8(at + 7, packet.hopLimit - 1);
      return;
    }
    // The word is written and not read again: a read of two bytes behind a write of one would wait for it.
    const was = view.getUint16(at + 8);
    const now = was - 0x100;
    view.setUint16(at + 8, now);
    view.setUint16(at + 10, updateChecksum(view.getUint16(at + 10), was, now));
  }

  /** Sends what is written, in pieces where it has to be. */
  function send(frame: Frame, out: number): Reason {
    if (packetLength[frame] > mtu[out]) return sendPieces(frame, out);
    resolver.send(frame, out, packet.family, hop);
    return Reason.Ok;
  }

  function sendPieces(frame: Frame, out: number): Reason {
    // The next hop is kept: on its way a piece may meet this router again.
    const [a, b, c, d] = hop;
    let pieces = 0;
    const reason = cut(frame, mtu[out], (piece) => {
      hop[0] = a;
      hop[1] = b;
      hop[2] = c;
      hop[3] = d;
      counters.copied[0]++;
      pieces++;
      if (plane.isTracing) trace.note(Step.Cut, pieces, out);
      resolver.send(piece, out, 4, hop);
    });
    if (reason !== Reason.Ok) return refuse(frame, reason);
    counters.copied[0]--;
    frames.letGo(frame);
    return Reason.Ok;
  }

  return (frame, iface, host) => {
    const row = findRoute(host);
    if (plane.isTracing && row >= 0) trace.note(Step.Routed, row, routes.iface[row]);
    const against = objection(frame, iface, row);
    if (against !== Reason.Ok) return refuse(frame, against);
    const out = routes.iface[row];
    if (isTooLong(frame, out)) {
      complain(frame, iface, Complaint.TooLong, mtu[out]);
      return refuse(frame, Reason.FragmentationNeeded);
    }
    const denied = firewall(iface, out, packet, flow.filterState, flow.rule, flow.isDirect);
    if (denied !== Reason.Ok) {
      if (plane.isTracing) noteConnection(host);
      return refuse(frame, denied);
    }
    nextHop(row);
    const unnamed = nat.leave(frame, host, out, hop);
    if (plane.isTracing) noteConnection(host);
    if (unnamed !== Reason.Ok) {
      // RFC 5508 REQ-8 is about new connections.
      if (unnamed !== Reason.NatUntranslatable) complain(frame, iface, Complaint.Prohibited, 0);
      return refuse(frame, unnamed);
    }
    const mine = own(frame);
    if (mine < 0) return refuse(frame, Reason.PoolExhausted);
    if (flow.isChanged) nat.write(mine);
    passOn(mine);
    return send(mine, out);
  };
}

/** By host: 1 when it forwards packets. */
function forwardingHosts({ program }: Plane): Uint8Array {
  return Uint8Array.from(program.hosts.flags, (flags) =>
    (flags & HostFlag.Forwards) === 0 ? 0 : 1,
  );
}
