/**
 * The one place where a Verdict becomes true: queues, copies, drops, and counts them. Every frame that enters leaves it exactly once.
 *
 * A bridge's frames mostly leave by queues, and that is the short way. The long way (`links.ts`) leads through joints to NICs, their VLANs,
 * children and other bridges, all within the same pass.
 *
 * Who holds a frame: `holders` counts queues, and whoever still has something to do with it. Each function here that is given a frame uses up
 * one hold. A frame is only changed by who holds it alone; otherwise a copy is made first (`ownOn`).
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { NetworkFlag, NONE, PortFlag, PortRole } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { destinationHigh, destinationLow } from '../wire/ethernet.js';
import { vlanId } from '../wire/vlan.js';
import type { Bridge } from './bridge.js';
import { hostOn } from './host.js';
import { Interfaces } from './interfaces.js';
import type { Ipvlan } from './ipvlan.js';
import { linksOn } from './links.js';
import type { Macvlan } from './macvlan.js';
import { LOCAL_PORT, ownOn, QUEUE } from './plane.js';
import type { Plane } from './plane.js';
import { tagsOf } from './tag.js';
import { Action, ACTION_BITS, ARGUMENT_BITS } from './verdict.js';
import type { Verdict } from './verdict.js';
import { carries, tagFor } from './vlan.js';

/** The stages that are asked on a frame's way through hosts and wires. */
export interface Stages {
  readonly bridge: Bridge;
  readonly macvlan: Macvlan;
  readonly ipvlan: Ipvlan;
}

/** Carries out the verdict about a frame; `port` is the port of a bridge, or of a child, that it came by. */
export type CarryOut = (frame: Frame, port: number, verdict: Verdict) => void;

/** Makes the function that carries out verdicts. */
export function emitOn(plane: Plane, stages: Stages): CarryOut {
  const { frames, counters, program, trace } = plane;
  const { holders, inPort, start, tick, view } = frames;
  const { network: networkOf } = program.ports;
  const interfaces = new Interfaces(program);
  const queue = queueOn(plane);
  const toPort = toPortOn(plane, { queue, cross, end });
  const isPlain = plainNetworks(program);
  const flood = floodOn(plane, { isPlain, queue, toPort });
  const links = linksOn(plane, { interfaces, queue, end, stages, carryOut, host: hear });
  const host = hostOn(plane, { interfaces, speak, hear: links.hear });
  plane.advance = links.advance;

  /** Sends a frame of the host's own to where it is for. */
  function speak(frame: Frame, iface: number): void {
    holders[frame] = 1;
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Answer);
    if (interfaces.isRouted(iface)) links.answer(frame, interfaces.linkOf(iface));
    else if (interfaces.isBridge(iface)) speakToBridge(frame, iface);
    else links.down(frame, interfaces.linkOf(iface));
    if (plane.isTracing) trace.note(Step.Done);
  }

  /** To the station it is for, or everywhere. */
  function speakToBridge(frame: Frame, network: number): void {
    plane.vlan = 0;
    plane.vlanTag = 0;
    const fdb = plane.fdbs[network];
    const at = start[frame];
    const entry = fdb.find(destinationHigh(view, at), destinationLow(view, at) | 0, tick[frame]);
    if (entry >= 0 && fdb.portOf(entry) !== LOCAL_PORT) {
      toPort(frame, fdb.portOf(entry));
      return;
    }
    // Ports of a network exist, or nobody could have been heard; so somebody hears the host.
    const unheard = flood(frame, LOCAL_PORT, network);
    if (unheard !== Reason.Ok) end(frame, Action.Drop | unheard);
  }

  function hear(frame: Frame, iface: number): void {
    const row = host(frame, iface);
    if (row >= 0 && plane.isTracing) trace.note(Step.Answered, row, iface);
  }

  function end(frame: Frame, verdict: Verdict): void {
    const reason = verdict & ARGUMENT_BITS;
    if (plane.isTracing) trace.note(Step.Ended, verdict & ACTION_BITS, reason);
    if ((verdict & ACTION_BITS) === Action.Drop) counters.drop(inPort[frame], reason);
    else counters.consume(inPort[frame], reason);
    frames.letGo(frame);
  }

  /** A frame goes through a joint: from a wire up to a NIC, from a bridge down to its uplink. */
  function cross(frame: Frame, joint: number): void {
    const link = program.ports.link[joint];
    if ((program.networks.flags[networkOf[joint]] & NetworkFlag.Wire) !== 0) links.up(frame, link);
    else links.down(frame, link);
  }

  function floodAndHear(frame: Frame, port: number): void {
    const network = networkOf[port];
    if (isPlain[network] === 0) {
      floodFarAndHear(frame, port, network);
      return;
    }
    const unheard = flood(frame, port, network);
    hear(frame, network); // behind the flood, so that nobody hears an answer before the question
    if (unheard !== Reason.Ok) end(frame, Action.Drop | unheard);
  }

  /** Is the frame at hand in the VLAN of the host? A bridge that keeps VLANs apart has it in VLAN 0. */
  function isInReach(network: number): boolean {
    return !filters(program, network) || vlanId(plane.vlan) === 0;
  }

  /** Where the flood goes on behind joints, it may end before the host has heard it. */
  function floodFarAndHear(frame: Frame, port: number, network: number): void {
    const hears = isInReach(network);
    holders[frame]++;
    const unheard = flood(frame, port, network);
    if (hears) hear(frame, network);
    if (unheard !== Reason.Ok) end(frame, Action.Drop | unheard);
    frames.letGo(frame);
  }

  function carryOut(frame: Frame, port: number, verdict: Verdict): void {
    switch (verdict & ACTION_BITS) {
      case Action.Send:
        toPort(frame, verdict & ARGUMENT_BITS);
        return;
      case Action.Flood:
        floodAndHear(frame, port);
        return;
      case Action.Drop:
      case Action.Consume: {
        const reason = verdict & ARGUMENT_BITS;
        const network = networkOf[port];
        if (reachesHost(reason) && network !== NONE && isInReach(network)) hear(frame, network);
        end(frame, verdict);
        return;
      }
      default:
        links.carryOut(frame, verdict);
    }
  }

  return carryOut;
}

/** Does a frame that ends for this Reason still go up to the host? What forbids containers to speak with each other does not bind it. */
function reachesHost(reason: Reason): boolean {
  return reason === Reason.GatewayAddress || reason === Reason.InterContainerDisabled;
}

type Queue = (frame: Frame, port: number) => void;

/** Makes the function that puts a frame into the egress queue of a port. */
function queueOn(plane: Plane): Queue {
  const { queues, queued, dirty, counters, frames } = plane;
  return (frame, port) => {
    const waiting = queued[port];
    if (waiting === 0) dirty[plane.dirtyCount++] = port;
    if (waiting === QUEUE) {
      counters.drop(frames.inPort[frame], Reason.DeviceQueueFull);
      frames.letGo(frame);
      return;
    }
    queues[port * QUEUE + waiting] = frame;
    queued[port] = waiting + 1;
  };
}

/** Does this bridge keep VLANs apart? */
function filters({ networks }: Program, network: number): boolean {
  return (networks.flags[network] & NetworkFlag.VlanFiltering) !== 0;
}

/** Ports whose frames only have to be queued: nothing stands behind them that is ours, and their bridge does not touch tags. */
function plainPorts(program: Program): Uint8Array {
  const { ports } = program;
  return Uint8Array.from({ length: ports.rows }, (_, port) => {
    const network = ports.network[port];
    const touchesTags = network !== NONE && filters(program, network);
    return ports.role[port] === PortRole.Joint || touchesTags ? 0 : 1;
  });
}

/** Makes the function that sends a frame out by a port of the bridge that has decided about it, or to a child. */
function toPortOn(
  plane: Plane,
  {
    queue,
    cross,
    end,
  }: { queue: Queue; cross: Queue; end: (frame: Frame, verdict: Verdict) => void },
): Queue {
  const { frames, program, trace } = plane;
  const { network: networkOf, role } = program.ports;
  const plain = plainPorts(program);
  const own = ownOn(plane);
  const tags = tagsOf(frames);

  /** Gives a frame the tag with which it leaves by the port, on a copy where others hold it too; -1 when it has ended. */
  function retag(frame: Frame, port: number): Frame {
    const control = tagFor(program, port, plane.vlan);
    const had = plane.vlanTag;
    if (control < 0 ? had === 0 : had === plane.vlanType && isTaggedSo(frame, control))
      return frame;
    const mine = own(frame);
    if (mine < 0) {
      end(frame, Action.Drop | Reason.PoolExhausted);
      return mine;
    }
    if (plane.isTracing) trace.note(Step.Retagged, port, control);
    if (control < 0) tags.pop(mine);
    else if (had !== 0) tags.change(mine, plane.vlanType, control);
    else tags.push(mine, plane.vlanType, control);
    return mine;
  }

  function isTaggedSo(frame: Frame, control: number): boolean {
    return frames.view.getUint16(frames.start[frame] + 14) === control;
  }

  return (frame, port) => {
    if (plain[port] === 1) {
      queue(frame, port);
      return;
    }
    const leaving = filters(program, networkOf[port]) ? retag(frame, port) : frame;
    if (leaving < 0) return;
    if (role[port] === PortRole.Joint) cross(leaving, port);
    else queue(leaving, port);
  };
}

/**
 * Makes the function that sends a frame to every port of its network that may hear it; otherwise it says why nobody does, and the hold is
 * still the caller's.
 */
function floodOn(
  plane: Plane,
  { isPlain, queue, toPort }: { isPlain: Uint8Array; queue: Queue; toPort: Queue },
): (frame: Frame, port: number, network: number) => Reason {
  const { counters, program, frames } = plane;
  const { holders } = frames;
  const { firstPort, portCount } = program.networks;

  /** Every port of these is a mere queue, so nobody looks at `holders` before all have the frame. */
  function short(frame: Frame, inPort: number, network: number): Reason {
    const first = firstPort[network];
    const end = first + portCount[network];
    let unheard = Reason.NoOtherPort;
    let copies = 0;
    for (let port = first; port < end; port++) {
      const against = separation(program, inPort, port);
      if (against === Reason.Ok) {
        queue(frame, port);
        copies++;
      } else if (against === Reason.PortIsolated) {
        unheard = against;
      }
    }
    if (copies === 0) return unheard;
    holders[frame] += copies - 1;
    counters.copied[0] += copies - 1;
    return Reason.Ok;
  }

  function long(frame: Frame, inPort: number, network: number): Reason {
    const first = firstPort[network];
    const end = first + portCount[network];
    const { vlan: control, vlanTag, vlanType } = plane;
    const vlan = filters(program, network) ? control : -1;
    let copies = 0;
    let unheard = Reason.NoOtherPort;
    for (let port = first; port < end; port++) {
      const against = objection(program, inPort, port, vlan);
      if (against === Reason.Ok) copies++;
      else if (against === Reason.PortIsolated) unheard = against;
    }
    if (copies === 0) return unheard;
    holders[frame] += copies - 1;
    counters.copied[0] += copies - 1;
    for (let port = first; port < end; port++) {
      if (objection(program, inPort, port, vlan) !== Reason.Ok) continue;
      // What stands behind a joint may be a bridge with VLANs of its own.
      plane.vlan = control;
      plane.vlanTag = vlanTag;
      plane.vlanType = vlanType;
      toPort(frame, port);
    }
    return Reason.Ok;
  }

  return (frame, inPort, network) =>
    isPlain[network] === 1 ? short(frame, inPort, network) : long(frame, inPort, network);
}

function plainNetworks(program: Program): Uint8Array {
  const { networks } = program;
  const plain = plainPorts(program);
  return Uint8Array.from({ length: networks.rows }, (_, network) => {
    const first = networks.firstPort[network];
    const end = first + networks.portCount[network];
    return plain.every((isPlain, port) => isPlain === 1 || port < first || port >= end) ? 1 : 0;
  });
}

/**
 * Why a flood from `inPort` passes `port` by; Ok when it does not (IEEE 802.1Q §8.6.1, Linux should_deliver). `vlan` is the tag control
 * information of its VLAN where the bridge filters VLANs, else negative.
 */
export function objection(program: Program, inPort: number, port: number, vlan: number): Reason {
  const against = separation(program, inPort, port);
  if (against !== Reason.Ok || vlan < 0) return against;
  return carries(program, port, vlan) ? Reason.Ok : Reason.VlanNotAdmitted;
}

/** The same for a bridge that does not look at VLANs. */
function separation({ ports }: Program, inPort: number, port: number): Reason {
  const { flags } = ports;
  if (port === inPort && (flags[port] & PortFlag.Hairpin) === 0) return Reason.Reflection;
  return (flags[port] & flags[inPort] & PortFlag.Isolated) !== 0 ? Reason.PortIsolated : Reason.Ok;
}
