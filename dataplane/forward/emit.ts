/**
 * The one place where a Verdict becomes true: queues, copies, drops, and counts them. Every frame that enters leaves it exactly once.
 *
 * A bridge's frames mostly leave by queues (`egress.ts`), and that is the short way. The long way (`links.ts`) leads through joints to NICs, their VLANs,
 * children and other bridges, all within the same pass.
 *
 * Who holds a frame: `holders` counts queues, and whoever still has something to do with it. Each function here that is given a frame uses up
 * one hold. A frame is only changed by who holds it alone; otherwise a copy is made first (`ownOn`).
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { NetworkFlag, NONE } from '../program/layout.js';
import { destinationHigh, destinationLow, EtherType } from '../wire/ethernet.js';
import { vlanId } from '../wire/vlan.js';
import type { Bridge } from './bridge.js';
import { closedOn } from './closed.js';
import { Complaint, complainOn } from './complain.js';
import { filters, floodOn, plainNetworks, queueOn, toPortOn } from './egress.js';
import { Errand } from './frontier.js';
import { Fibs } from './fibs.js';
import { hostOn } from './host.js';
import { Interfaces } from './interfaces.js';
import type { Ipvlan } from './ipvlan.js';
import { linksOn } from './links.js';
import { localAddressesOf } from './local.js';
import type { Macvlan } from './macvlan.js';
import { DUES_EACH, LOCAL_PORT, ownOn } from './plane.js';
import type { Plane } from './plane.js';
import { resolverOn } from './resolve.js';
import { routerOn } from './router.js';
import { tunnelsOn } from './tunnels.js';
import type { Tunnels } from './tunnels.js';
import type { Router } from './router.js';
import { VerdictBits, Action } from './verdict.js';
import type { Verdict } from './verdict.js';
import { noteSpoken } from './witness.js';

/** The stages that are asked on a frame's way through hosts and wires. */
export interface Stages {
  readonly bridge: Bridge;
  readonly macvlan: Macvlan;
  readonly ipvlan: Ipvlan;
}

/** Carries out the verdict about a frame; `port` is the port of a bridge, or of a child, that it came by. */
export type CarryOut = (frame: Frame, port: number, verdict: Verdict) => void;

/** Where verdicts become true, and what stands behind it. */
export interface Emit {
  readonly carryOut: CarryOut;
  readonly interfaces: Interfaces;
  readonly fibs: Fibs;
  readonly router: Router;
  readonly tunnels: Tunnels;
}

/** Makes the function that carries out verdicts. */
export function emitOn(plane: Plane, stages: Stages): Emit {
  const { frames, counters, program, trace, frontier } = plane;
  const { holders, inPort, start, tick, view } = frames;
  const { network: networkOf } = program.ports;
  const { addressCount } = program.networks;
  const interfaces = new Interfaces(program);
  const queue = queueOn(plane);
  const exits = { queue, cross, tunnel: enterTunnel, end };
  const toPort = toPortOn(plane, exits);
  const flood = floodOn(plane, exits);
  const isPlain = plainNetworks(program);
  const areAllPlain = isPlain.every(Boolean);
  const anyFilters = isPlain.some((_, network) => filters(program, network));
  const fibs = new Fibs(program);
  const own = ownOn(plane);
  const resolver = resolverOn(plane, { interfaces, transmit, own, drop, unreachable });
  const output = (frame: Frame, host: number): void => {
    router.output(frame, host);
  };
  const around = { interfaces, fibs, local: localAddressesOf(program), output };
  const passing = { bridge: stages.bridge, carryOut, queue, transmit, own, drop, end };
  const tunnels = tunnelsOn(plane, { ...around, resolver, ...passing });
  const { complain, draft } = complainOn(plane, around);
  const refuse = closedOn(plane, { ...around, complain });
  const router = routerOn(plane, { ...around, resolver, tunnels, own, hear, end, complain, draft });
  const paths = { ...around, resolver, queue, end, stages, carryOut, host: hear };
  const links = linksOn(plane, { ...paths, enterHost: router.enter });
  const host = hostOn(plane, { interfaces, tunnels, speak, hear: learn, refuse, complain });
  plane.doors = { fire, up: links.up, enter: links.enter };

  function fire(event: number): void {
    const hosts = plane.dues.length / DUES_EACH;
    const due = plane.dues[event];
    if (event < hosts) resolver.fire(event);
    else if (event >= 2 * hosts && event < 3 * hosts) host.expire(event - 2 * hosts, due);
    else router.expire(event % hosts, due);
  }

  function drop(frame: Frame, reason: Reason): void {
    end(frame, Action.Drop | reason);
  }

  function enterTunnel(frame: Frame, port: number): void {
    tunnels.enter(frame, port);
  }

  /** The next hop of a packet that was forwarded does not answer. */
  function unreachable(frame: Frame, iface: number): void {
    complain(frame, iface, Complaint.HostUnreachable, 0);
  }

  /** Out by an interface of a host. */
  function transmit(frame: Frame, iface: number): void {
    if (interfaces.isBridge(iface)) speakToBridge(frame, iface);
    else links.down(frame, interfaces.linkOf(iface));
  }

  /** A host hears at an interface which MAC a neighbor has. */
  function learn(
    iface: number,
    family: number,
    words: Int32Array,
    high: number,
    low: number,
    claim: number,
    now: number,
  ): void {
    resolver.hear(interfaces.plain(iface), family, words, high, low, claim, now);
  }

  /** Sends a frame of the host's own to where it is for. */
  function speak(frame: Frame, iface: number): void {
    holders[frame] = 1;
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Answer);
    if (interfaces.isRouted(iface)) links.answer(frame, interfaces.linkOf(iface));
    else transmit(frame, iface);
    if (plane.isTracing) trace.note(Step.Done);
  }

  /** To the station it is for, or everywhere. */
  function speakToBridge(frame: Frame, network: number): void {
    if (anyFilters) {
      plane.vlan = 0;
      plane.vlanTag = 0;
      plane.vlanType = EtherType.VlanTag;
    }
    const fdb = plane.fdbs[network];
    const at = start[frame];
    const entry = fdb.find(destinationHigh(view, at), destinationLow(view, at) | 0, tick[frame]);
    const port = entry < 0 ? LOCAL_PORT : fdb.portOf(entry);
    if (plane.isTracing) noteSpoken(plane, network, port === LOCAL_PORT ? -1 : port);
    if (port !== LOCAL_PORT) {
      toPort(frame, port);
      return;
    }
    // Ports of a network exist, or nobody could have been heard; so somebody hears the host.
    const unheard = flood(frame, LOCAL_PORT, network);
    if (unheard !== Reason.Ok) end(frame, Action.Drop | unheard);
  }

  function hear(frame: Frame, iface: number): void {
    const row = host.hear(frame, iface);
    if (row >= 0 && plane.isTracing) trace.note(Step.Answered, row, iface);
  }

  function end(frame: Frame, verdict: Verdict): void {
    const reason = verdict & VerdictBits.Argument;
    if (plane.isTracing) trace.note(Step.Ended, verdict & VerdictBits.Action, reason);
    if ((verdict & VerdictBits.Action) === Action.Drop) counters.drop(inPort[frame], reason);
    else counters.consume(inPort[frame], reason);
    frames.letGo(frame);
  }

  /** A frame goes through a joint: from a wire up to a NIC, from a bridge down to its uplink. */
  function cross(frame: Frame, joint: number): void {
    const link = program.ports.link[joint];
    if ((program.networks.flags[networkOf[joint]] & NetworkFlag.Wire) === 0)
      links.down(frame, link);
    else if (frontier === undefined || frontier.ownLinks[link] === 1) links.up(frame, link);
    else frontier.hand(Errand.Up, link, frame);
  }

  function floodAndHear(frame: Frame, port: number): void {
    const network = networkOf[port];
    if (!areAllPlain && isPlain[network] === 0) {
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

  /** Where the flood goes on behind joints, it may end before the host has heard it, if there is one that hears. */
  function floodFarAndHear(frame: Frame, port: number, network: number): void {
    const hears = addressCount[network] > 0 && isInReach(network);
    if (hears) holders[frame]++;
    const unheard = flood(frame, port, network);
    if (hears) hear(frame, network);
    if (unheard !== Reason.Ok) end(frame, Action.Drop | unheard);
    if (hears) frames.letGo(frame);
  }

  function carryOut(frame: Frame, port: number, verdict: Verdict): void {
    switch (verdict & VerdictBits.Action) {
      case Action.Send:
        toPort(frame, verdict & VerdictBits.Argument);
        return;
      case Action.Flood:
        floodAndHear(frame, port);
        return;
      case Action.Drop:
      case Action.Consume: {
        const reason = verdict & VerdictBits.Argument;
        const network = networkOf[port];
        if (reachesHost(reason) && network !== NONE && isInReach(network)) {
          if (reason === Reason.GatewayAddress) {
            router.enter(frame, network);
            return;
          }
          hear(frame, network);
        }
        end(frame, verdict);
        return;
      }
      default:
        links.carryOut(frame, verdict);
    }
  }

  return { carryOut, interfaces, fibs, router, tunnels };
}

/** Does a frame that ends for this Reason still go up to the host? What forbids containers to speak with each other does not bind it. */
function reachesHost(reason: Reason): boolean {
  return reason === Reason.GatewayAddress || reason === Reason.InterContainerDisabled;
}
