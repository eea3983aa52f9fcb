/**
 * Through the hosts: up from a wire by a NIC, to one of its VLANs, to the children of macvlan and ipvlan, a bridge or the stack of the
 * host; and down again (Linux net/core/dev.c, __netif_receive_skb_core; net/8021q).
 *
 * What comes up: a tag of a VLAN that has a sub-interface is taken off, and the frame is that sub-interface's. A priority tag (VID 0) says
 * nothing about VLANs and stays. Any other tag ends the frame, but for a passthru child, which gets all its parent gets, and for a bridge.
 * What goes down: a sub-interface puts its tag on, and the NIC sends it to its wire, where the switch decides next.
 *
 * Complication 1: there are no loops. Wires and bridges form a forest (control/model refuses anything else), a switch does not send back by the
 *   port it got a frame from, and where it does (reflective relay) no host sends on what it got back. So a pass ends.
 * Complication 2: whose frame it is. See emit.ts: each function uses up one hold.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { LinkFlag, LinkUse, NONE, PortRole } from '../program/layout.js';
import { Exact } from '../state/exact.js';
import { Ethernet, destinationHigh, destinationLow, EtherType, isGroup } from '../wire/ethernet.js';
import { Vlan, isTag, vlanId } from '../wire/vlan.js';
import type { CarryOut, Stages } from './emit.js';
import { Errand } from './frontier.js';
import type { Interfaces } from './interfaces.js';
import { ownOn } from './plane.js';
import type { Plane } from './plane.js';
import type { Fibs } from './fibs.js';
import type { Resolver } from './resolve.js';
import { ANY_LINK, routeOn } from './route.js';
import { tagsOf } from './tag.js';
import { VerdictBits, Action } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What stands around the links. */
export interface LinkSurroundings {
  readonly interfaces: Interfaces;
  readonly queue: (frame: Frame, port: number) => void;
  readonly end: (frame: Frame, verdict: Verdict) => void;
  readonly stages: Stages;
  readonly carryOut: CarryOut;
  readonly fibs: Fibs;
  readonly resolver: Resolver;
  /** A frame for the MAC of a host, at one of its interfaces: for its stack, or to be forwarded. */
  readonly enterHost: (frame: Frame, iface: number) => void;
  /** The stack of the host hears a frame at an interface; the hold stays the caller's. */
  readonly host: (frame: Frame, iface: number) => void;
}

export interface Links {
  /** A frame comes in by a NIC from its wire, or is given back to it as if it did. */
  readonly up: (frame: Frame, link: number) => void;
  /** A frame goes out by a link. */
  readonly down: (frame: Frame, link: number) => void;
  /** An answer of the host at a link goes where its routes lead. */
  readonly answer: (frame: Frame, link: number) => void;
  /** Carries out a verdict that only links know. */
  readonly carryOut: (frame: Frame, verdict: Verdict) => void;
  /** A frame comes in by a port of a bridge or wire at which something of ours stands. */
  readonly enter: (frame: Frame, port: number) => void;
}

export function linksOn(plane: Plane, around: LinkSurroundings): Links {
  const { frames, program, trace, fan, counters, frontier } = plane;
  const { holders, start, length, etherType, packetLength, view } = frames;
  const { links, ports } = program;
  const { interfaces, queue, end, stages, carryOut: carryOutAtPort, host } = around;
  const { fibs, resolver, enterHost } = around;
  const { bridge, macvlan, ipvlan } = stages;
  const own = ownOn(plane);
  const tags = tagsOf(frames);
  const vlans = vlansOf(plane);
  const drop = (frame: Frame, reason: Reason): void => {
    end(frame, Action.Drop | reason);
  };
  const route = routeOn(plane, { fibs, resolver, own, drop, toOwnStack });

  function note(step: Step, what: number): void {
    if (plane.isTracing) trace.note(step, what);
  }

  function up(frame: Frame, nic: number): void {
    note(Step.Up, nic);
    if (packetLength[frame] > links.mtu[nic]) {
      drop(frame, Reason.MtuExceeded);
      return;
    }
    if (etherType[frame] === EtherType.MacControl && !takesTags(nic)) {
      drop(frame, Reason.PauseFrame);
      return;
    }
    const typeAt = start[frame] + Ethernet.TypeOffset;
    const type = view.getUint16(typeAt);
    if (isTag(type)) untag(frame, nic, type, vlanId(view.getUint16(typeAt + 2)));
    else use(frame, nic);
  }

  /** Does whoever uses this NIC take frames as they are, tagged or not? */
  function takesTags(nic: number): boolean {
    return links.use[nic] === LinkUse.Bridge || (links.flags[nic] & LinkFlag.Passthru) !== 0;
  }

  function untag(frame: Frame, nic: number, type: number, vid: number): void {
    if (type === EtherType.VlanTag) {
      if (vid === Vlan.VidPriority) {
        use(frame, nic);
        return;
      }
      const vlan = vlans.find(nic, 0, 0, 0, vid);
      if (vlan >= 0) {
        popTo(frame, vlan);
        return;
      }
    }
    if (takesTags(nic)) use(frame, nic);
    else
      drop(
        frame,
        type === EtherType.VlanTag && vid === Vlan.VidReserved
          ? Reason.VlanReserved
          : Reason.VlanUnknown,
      );
  }

  function popTo(frame: Frame, vlan: number): void {
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return;
    }
    tags.pop(mine);
    note(Step.Popped, vlan);
    use(mine, vlan);
  }

  /** Gives a frame to who takes what comes in by this link. */
  function use(frame: Frame, link: number): void {
    switch (links.use[link]) {
      case LinkUse.Macvlan:
        carryOut(frame, macvlan.fromBelow(frame, link));
        return;
      case LinkUse.Ipvlan:
        carryOut(frame, ipvlan.fromBelow(frame, link));
        return;
      case LinkUse.Bridge:
        enterBridge(frame, links.joint[link]);
        return;
      default:
        toStack(frame, link);
    }
  }

  function enterBridge(frame: Frame, port: number): void {
    carryOutAtPort(frame, port, bridge(frame, port));
  }

  function down(frame: Frame, from: number): void {
    let mine = frame;
    let link = from;
    note(Step.Down, link);
    if (packetLength[frame] > links.mtu[link]) {
      drop(frame, Reason.MtuExceeded);
      return;
    }
    if (links.below[link] !== NONE) {
      mine = own(frame);
      if (mine < 0) {
        drop(frame, Reason.PoolExhausted);
        return;
      }
      tags.push(mine, EtherType.VlanTag, links.vid[link]);
      note(Step.Pushed, link);
      link = links.below[link];
    }
    const port = links.port[link];
    if (port === NONE) drop(mine, Reason.NoWire);
    else if (ports.role[port] === PortRole.Joint) enterWire(mine, port);
    else leave(mine, port);
  }

  function enterWire(frame: Frame, port: number): void {
    if (frontier === undefined || frontier.ownNetworks[ports.network[port]] === 1)
      enterBridge(frame, port);
    else frontier.hand(Errand.Enter, port, frame);
  }

  function leave(frame: Frame, port: number): void {
    note(Step.Sent, port);
    queue(frame, port);
  }

  /** To the stack of the host, if it is for it: to a group or to its own address. */
  function toStack(frame: Frame, link: number): void {
    const at = start[frame];
    const high = destinationHigh(view, at);
    const isOwn = high === links.macHigh[link] && destinationLow(view, at) === links.macLow[link];
    if (!isOwn && !isGroup(high)) {
      drop(frame, Reason.NotForThisHost);
      return;
    }
    if (isInVlan(at + Ethernet.TypeOffset, at + length[frame])) {
      drop(frame, Reason.VlanUnknown);
      return;
    }
    note(Step.Heard, link);
    if (isOwn) {
      enterHost(frame, interfaces.ofLink(link));
      return;
    }
    host(frame, interfaces.ofLink(link));
    end(frame, Action.Consume | Reason.HostStack);
  }

  /** Is there still a tag, and one of a VLAN? Of a third tag, which parse has not looked at, the end may be missing. */
  function isInVlan(typeAt: number, end: number): boolean {
    const type = view.getUint16(typeAt);
    if (!isTag(type)) return false;
    if (type !== EtherType.VlanTag || typeAt + Vlan.TagLength > end) return true;
    return vlanId(view.getUint16(typeAt + 2)) !== Vlan.VidPriority;
  }

  /** A child of an L3 link speaks to its own host. */
  function toOwnStack(frame: Frame, link: number): void {
    note(Step.Heard, link);
    host(frame, interfaces.ofLinkRouted(link));
    end(frame, Action.Consume | Reason.HostStack);
  }

  function spread(frame: Frame): void {
    const { count, down: out, host: listener } = fan;
    const copies = count + (out >= 0 ? 1 : 0);
    holders[frame] += copies; // one more than places to go to: until the host has heard it
    for (let i = 0; i < count; i++) leave(frame, fan.ports[i]);
    if (listener >= 0) {
      note(Step.Heard, listener);
      host(frame, interfaces.ofLink(listener));
    }
    if (copies === 0) {
      if (listener >= 0) end(frame, Action.Consume | Reason.HostStack);
      else drop(frame, Reason.NoOtherPort);
      return;
    }
    counters.copied[0] += copies - 1;
    frames.letGo(frame);
    if (out >= 0) down(frame, out);
  }

  function carryOut(frame: Frame, verdict: Verdict): void {
    const argument = verdict & VerdictBits.Argument;
    switch (verdict & VerdictBits.Action) {
      case Action.Send:
        leave(frame, argument);
        return;
      case Action.Fan:
        spread(frame);
        return;
      case Action.Down:
        down(frame, argument);
        return;
      case Action.Up:
        if (links.below[argument] === NONE) up(frame, argument);
        else use(frame, argument);
        return;
      case Action.Host:
        toStack(frame, argument);
        return;
      case Action.Route:
        route(frame, argument, argument);
        return;
      default:
        end(frame, verdict);
    }
  }

  return {
    up,
    down,
    answer: (frame, link) => {
      route(frame, link, ANY_LINK);
    },
    carryOut,
    enter: enterBridge,
  };
}

/** The VLANs of the NICs: their links by NIC and VID. */
function vlansOf({ program }: Plane): Exact {
  const { links } = program;
  const vlans = new Exact(links.rows);
  for (let link = 0; link < links.rows; link++)
    if (links.below[link] !== NONE) vlans.put(links.below[link], 0, 0, 0, links.vid[link], link);
  return vlans;
}
