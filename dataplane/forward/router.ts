/**
 * A host as a router: what comes in for its MAC goes to its own stack, or on to where its routes lead (RFC 1812 §5; RFC 8200; Linux
 * net/ipv4/ip_input.c, ip_forward.c). Everything is decided before anything is changed, so that an error about a packet quotes it as it came.
 *
 * In the order of Linux: fragments find their first one; the connection, and with it where the packet really goes; is it for the host itself; the route, and
 * whether one leads back; the options; the hop limit; the MTU; the firewall; where it comes from for others; and only then is it written.
 *
 * Complication 1: what is for everybody. A packet in a frame to a group never comes here, so none is forwarded from one (RFC 1812 §5.3.4); and
 *   groups and broadcast addresses are for the own stack alone.
 * Complication 2: there may be loops. Routes of two hosts may lead to each other; a packet then passes both until its hop limit is used up, all in one
 *   pass. So nothing here is looked at after a packet was sent on: `packet` and `flow` are the next one's.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { HostFlag, NONE, RouteKind } from '../program/layout.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { Vlan, vlanId } from '../wire/vlan.js';
import { Complaint } from './complain.js';
import type { Complain, Draft } from './complain.js';
import type { Fibs } from './fibs.js';
import { fastPathOn, Passage } from './fast-path.js';
import { openingOn } from './fast-opening.js';
import { firewallOn, sureOn } from './firewall.js';
import { gatherOn } from './gather.js';
import type { Interfaces } from './interfaces.js';
import { ipForwardOn } from './ip-forward.js';
import type { LocalAddresses } from './local.js';
import { natOn } from './nat.js';
import { natRulesOf } from './nat-rules.js';
import { optionsOn } from './options.js';
import { copyAddress, Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';
import { redirectOn } from './redirect.js';
import type { Resolver } from './resolve.js';
import { astrayOn } from './reverse-path.js';
import type { Tunnels } from './tunnels.js';
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
  readonly tunnels: Tunnels;
  /** Gives up a hold and gives a frame that is the caller's alone, or -1. */
  readonly own: (frame: Frame) => Frame;
  /** The stack of the host hears a frame; the hold stays the caller's. */
  readonly hear: (frame: Frame, iface: number) => void;
  readonly end: (frame: Frame, verdict: Verdict) => void;
  /** Tells the sender of a packet what is wrong with it; the hold stays the caller's. */
  readonly complain: Complain;
  readonly draft: Draft;
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
  const rules = natRulesOf(plane.program, local);
  const firewall = firewallOn(plane, interfaces);
  const nat = natOn(plane, { packet, rules, local, interfaces, fibs });
  const { flow } = nat;
  const { findRoute, nextHop, hop } = routingOf(plane, fibs, packet);
  const isAstray = astrayOn(plane, around, packet);
  const options = optionsOn(plane, interfaces);
  const redirect = redirectOn(plane, { ...around, packet, nat, hop });
  const ways = { findRoute, nextHop, hop, isAstray, options, inadmissible, redirect, output };
  const forward = ipForwardOn(plane, { ...around, packet, firewall, nat, ...ways });
  /** The frame that the fast path has refused, and need not be asked about once more. */
  let refused = NOBODY;
  const isSure = sureOn(plane, interfaces);
  const open = openingOn(plane, { interfaces, rules, firewall });
  const fastPath = fastPathOn(plane, { ...around, isSure, open });
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
    const tagBytes = payload[frame] - start[frame] - Ethernet.HeaderLength;
    if (tagBytes === 0) return true;
    return (
      tagBytes === Vlan.TagLength &&
      vlanId(view.getUint16(start[frame] + Ethernet.HeaderLength)) === 0
    );
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
    const isUnsolicited = nat.isUnsolicited(iface, host);
    if (isUnsolicited || local.isLocal(host, packet)) {
      const against = isAstray(iface, host) ? Reason.ReversePath : inadmissible(frame, iface);
      if (against === Reason.Ok && !isUnsolicited) return deliver(frame, at);
      if (against === Reason.Ok) unsolicited.enter(frame, at, host);
      else drop(frame, against);
      return against;
    }
    if (!local.isConfined(packet)) return forward(frame, iface, host);
    drop(frame, Reason.MartianAddress);
    return Reason.MartianAddress;
  }

  /** What comes to a host that does not forward is for its own stack. */
  function keep(frame: Frame, at: number, host: number): void {
    if (read(frame) !== Reason.Ok) {
      consume(frame, at);
      return;
    }
    const iface = interfaces.plain(at);
    const against = isAstray(iface, host) ? Reason.ReversePath : inadmissible(frame, iface);
    if (against === Reason.Ok) consume(frame, at);
    else drop(frame, against);
  }

  /** Why a packet is dropped for its options; where they make no sense its sender is told. */
  function inadmissible(frame: Frame, iface: number): Reason {
    if (!packet.hasOptions) return Reason.Ok;
    const wrong = options.read(packet.at);
    if (wrong === 0) return options.sourceRoute() === 0 ? Reason.Ok : Reason.SourceRouted;
    around.complain(frame, iface, Complaint.ParameterProblem, wrong);
    return Reason.OptionsInvalid;
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

  function output(frame: Frame, host: number): void {
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
  }

  return {
    hurry,
    enter: (frame, at) => {
      const host = hostOf[at];
      if (host === NONE || !isPacket(frame)) {
        consume(frame, at);
        return;
      }
      if (around.tunnels.take(frame, host)) return;
      if (forwards[host] === 0) {
        keep(frame, at, host);
        return;
      }
      if (frame !== refused && hurry(frame, at, host)) return;
      refused = NOBODY;
      const reason = read(frame);
      if (reason !== Reason.Ok) drop(frame, reason);
      else if (local.isFromMartian(host, packet)) drop(frame, Reason.MartianAddress);
      else if (packet.fragment !== 0 && plane.fragments[host] !== undefined)
        gather.enter(frame, at, host);
      else process(frame, at, host);
    },
    output,
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

/** By host: 1 when it forwards packets. */
function forwardingHosts({ program }: Plane): Uint8Array {
  return Uint8Array.from(program.hosts.flags, (flags) =>
    (flags & HostFlag.Forwards) === 0 ? 0 : 1,
  );
}
