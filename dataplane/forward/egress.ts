/**
 * How frames leave a bridge: by one port or by all, with the tags that each port wants, into egress queues or through joints.
 *
 * A flood sends one slot to everybody, counted in `holders`. Where a bridge filters VLANs, a frame may have to leave with its tag, with a mere
 * priority tag, or with none: each of these is made once, and the ports that want it share the slot. So a flood takes no more than three slots,
 * however many ports there are.
 *
 * Most bridges have neither joints nor VLANs. Where no bridge has, the functions made here are those that only queue: to ask each time whether
 * there is more to do would cost them a twentieth of their time (docs/decisions.md).
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Step } from '../observe/trace.js';
import { NetworkFlag, NONE, PortFlag, PortRole } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { fixed } from '../state/fixed.js';
import { ownOn, QUEUE } from './plane.js';
import type { Plane } from './plane.js';
import { tagsOf } from './tag.js';
import { Action } from './verdict.js';
import type { Verdict } from './verdict.js';
import { TagBits, carries, tagFor } from './vlan.js';

/** Sends a frame out by a port. */
export type Queue = (frame: Frame, port: number) => void;

/** Makes the function that puts a frame into the egress queue of a port. */
export function queueOn(plane: Plane): Queue {
  const { queues, queued, dirty, counters, frames } = plane;
  const { queuedMax } = plane;
  const canBeFull = frames.slots > QUEUE;
  return (frame, port) => {
    const waiting = queued[port];
    if (waiting === 0) dirty[plane.dirtyCount++] = port;
    if (canBeFull && waiting >= queuedMax) {
      plane.isFull = true;
      if (waiting === QUEUE) {
        counters.drop(frames.inPort[frame], Reason.DeviceQueueFull);
        frames.letGo(frame);
        return;
      }
    }
    queues[port * QUEUE + waiting] = frame;
    queued[port] = waiting + 1;
  };
}

/** Does this bridge keep VLANs apart? */
export function filters({ networks }: Program, network: number): boolean {
  return (networks.flags[network] & NetworkFlag.VlanFiltering) !== 0;
}

/** Ports whose frames only have to be queued: nothing stands behind them that is ours, and their bridge does not touch tags. */
function plainPorts(program: Program): Uint8Array {
  const { ports } = program;
  const plain = Uint8Array.from({ length: ports.rows }, (_, port) => {
    const network = ports.network[port];
    const touchesTags = network !== NONE && filters(program, network);
    const role: PortRole = ports.role[port];
    return role === PortRole.Joint || role === PortRole.Tunnel || touchesTags ? 0 : 1;
  });
  return fixed(plain);
}

/** Where a frame goes that leaves a bridge, and how it ends if it cannot. */
export interface Exits {
  readonly queue: Queue;
  /** Through a joint. */
  readonly cross: Queue;
  /** Into a tunnel. */
  readonly tunnel: Queue;
  readonly end: (frame: Frame, verdict: Verdict) => void;
}

/** Makes the function that sends a frame out by a port of the bridge that has decided about it, or to a child. */
export function toPortOn(plane: Plane, exits: Exits): Queue {
  const { program, trace } = plane;
  const { network: networkOf } = program.ports;
  const { queue, end } = exits;
  const plain = plainPorts(program);
  if (plain.every(Boolean)) return queue;
  const leave = leaveOn(plane, exits);
  const tagging = taggingOn(plane);
  return (frame, port) => {
    if (plain[port] === 1) {
      queue(frame, port);
      return;
    }
    if (!filters(program, networkOf[port])) {
      leave(frame, port);
      return;
    }
    const control = tagFor(program, port, plane.vlan);
    if (tagging.has(frame, control)) {
      leave(frame, port);
      return;
    }
    const mine = tagging.give(frame, control, 1);
    if (mine < 0) {
      end(frame, Action.Drop | Reason.PoolExhausted);
      return;
    }
    if (plane.isTracing) trace.note(Step.Retagged, port, control);
    leave(mine, port);
  };
}

/** Makes the function that sends a frame, as it is, out by a port of a bridge. */
function leaveOn({ program }: Plane, { queue, cross, tunnel }: Exits): Queue {
  const { role } = program.ports;
  return (frame, port) => {
    if (role[port] === PortRole.Joint) cross(frame, port);
    else if (role[port] === PortRole.Tunnel) tunnel(frame, port);
    else queue(frame, port);
  };
}

/** Tags of the frame at hand, of which `plane.vlanTag` and `plane.vlanType` say what it has and what it may get. */
interface Tagging {
  /** Does it have this tag control information already, or no tag if that is negative? */
  readonly has: (frame: Frame, control: number) => boolean;
  /** Gives it to so many of the holds, on a copy where there are more; -1 when there is no slot, and they are still the caller's. */
  readonly give: (frame: Frame, control: number, holds: number) => Frame;
}

function taggingOn(plane: Plane): Tagging {
  const { start, view } = plane.frames;
  const own = ownOn(plane);
  const tags = tagsOf(plane.frames);
  return {
    has: (frame, control) => {
      if (control < 0) return plane.vlanTag === 0;
      return plane.vlanTag === plane.vlanType && view.getUint16(start[frame] + 14) === control;
    },
    give: (frame, control, holds) => {
      const mine = own(frame, holds);
      if (mine < 0) return mine;
      if (control < 0) tags.pop(mine);
      else if (plane.vlanTag !== 0) tags.change(mine, plane.vlanType, control);
      else tags.push(mine, plane.vlanType, control);
      return mine;
    },
  };
}

/** Sends a frame to every port of its network that may hear it; otherwise says why nobody does, and the hold is still the caller's. */
type Flood = (frame: Frame, inPort: number, network: number) => Reason;

/** Makes the function that floods. */
export function floodOn(plane: Plane, exits: Exits): Flood {
  const { program } = plane;
  const isPlain = plainNetworks(program);
  const short = shortFloodOn(plane, exits);
  if (isPlain.every(Boolean)) return short;
  const far = farFloodOn(plane, exits);
  const tagged = taggedFloodOn(plane, exits);
  return (frame, inPort, network) => {
    if (isPlain[network] === 1) return short(frame, inPort, network);
    return filters(program, network) ? tagged(frame, inPort, network) : far(frame, inPort, network);
  };
}

/** Where every port is a mere queue, so that nobody looks at `holders` before all have the frame. */
function shortFloodOn({ counters, program, frames }: Plane, { queue }: Exits): Flood {
  const { holders } = frames;
  const { firstPort, portCount } = program.networks;
  return (frame, inPort, network) => {
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
  };
}

/** Where something of ours stands behind a joint or in a tunnel, which may change the frame or let it go before all have it. */
function farFloodOn(plane: Plane, exits: Exits): Flood {
  const { counters, program } = plane;
  const { holders } = plane.frames;
  const { firstPort, portCount } = program.networks;
  const leave = leaveOn(plane, exits);
  return (frame, inPort, network) => {
    const first = firstPort[network];
    const end = first + portCount[network];
    let unheard = Reason.NoOtherPort;
    let copies = 0;
    for (let port = first; port < end; port++) {
      const against = separation(program, inPort, port);
      if (against === Reason.Ok) copies++;
      else if (against === Reason.PortIsolated) unheard = against;
    }
    if (copies === 0) return unheard;
    holders[frame] += copies - 1;
    counters.copied[0] += copies - 1;
    for (let port = first; port < end; port++)
      if (separation(program, inPort, port) === Reason.Ok) leave(frame, port);
    return Reason.Ok;
  };
}

/** Where the bridge filters VLANs. */
function taggedFloodOn(plane: Plane, exits: Exits): Flood {
  const { counters, program } = plane;
  const { holders } = plane.frames;
  const { firstPort, portCount } = program.networks;
  const share = shareOn(plane, exits);

  /** Turns back to the frame at hand: what stands behind a joint may be a bridge with VLANs of its own. */
  function turnTo(vlan: number, vlanTag: number, vlanType: number): void {
    plane.vlan = vlan;
    plane.vlanTag = vlanTag;
    plane.vlanType = vlanType;
  }

  return (frame, inPort, network) => {
    const { vlan, vlanTag, vlanType } = plane;
    const end = firstPort[network] + portCount[network];
    let unheard = Reason.NoOtherPort;
    let bare = 0;
    let priority = 0;
    let whole = 0;
    for (let port = firstPort[network]; port < end; port++) {
      const against = objection(program, inPort, port, vlan);
      if (against === Reason.PortIsolated) unheard = against;
      if (against !== Reason.Ok) continue;
      const control = tagFor(program, port, vlan);
      if (control < 0) bare++;
      else if (control === (vlan & TagBits.Control)) whole++;
      else priority++;
    }
    const copies = bare + priority + whole;
    if (copies === 0) return unheard;
    holders[frame] += copies - 1;
    counters.copied[0] += copies - 1;
    share(frame, inPort, network, -1, bare);
    turnTo(vlan, vlanTag, vlanType);
    share(frame, inPort, network, vlan & TagBits.Priority, priority);
    turnTo(vlan, vlanTag, vlanType);
    share(frame, inPort, network, vlan & TagBits.Control, whole);
    return Reason.Ok;
  };
}

/** Makes the function that sends a frame to those ports of a flood, `count` of them, that want this tag control information. */
function shareOn(
  plane: Plane,
  exits: Exits,
): (frame: Frame, inPort: number, network: number, control: number, count: number) => void {
  const { program, trace } = plane;
  const { firstPort, portCount } = program.networks;
  const leave = leaveOn(plane, exits);
  const tagging = taggingOn(plane);
  return (frame, inPort, network, control, count) => {
    if (count === 0) return;
    const { vlan } = plane;
    const changes = !tagging.has(frame, control);
    const mine = changes ? tagging.give(frame, control, count) : frame;
    if (mine < 0) {
      for (let i = 0; i < count; i++) exits.end(frame, Action.Drop | Reason.PoolExhausted);
      return;
    }
    const end = firstPort[network] + portCount[network];
    for (let port = firstPort[network]; port < end; port++) {
      if (objection(program, inPort, port, vlan) !== Reason.Ok) continue;
      if (tagFor(program, port, vlan) !== control) continue;
      if (changes && plane.isTracing) trace.note(Step.Retagged, port, control);
      leave(mine, port);
    }
  };
}

export function plainNetworks(program: Program): Uint8Array {
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
