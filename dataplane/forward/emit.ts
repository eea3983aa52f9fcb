/**
 * The one place where a Verdict becomes true: queues, copies, drops, and counts them. Every frame that enters leaves it exactly once.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { PortFlag } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { destinationHigh, destinationLow } from '../wire/ethernet.js';
import { hostOn } from './host.js';
import { LOCAL_PORT, QUEUE } from './plane.js';
import type { Plane } from './plane.js';
import { Action, ACTION_BITS, ARGUMENT_BITS } from './verdict.js';
import type { Verdict } from './verdict.js';

type Queue = (frame: Frame, port: number) => void;

/** Makes the function that carries out the verdict about a frame that came in by `inPort`. */
export function emitOn(plane: Plane): (frame: Frame, inPort: number, verdict: Verdict) => void {
  const { frames, counters } = plane;
  const { holders, start, tick, view } = frames;
  const { network: networkOf } = plane.program.ports;
  const queue = queueOn(plane);
  const flood = floodOn(plane, queue);
  const host = hostOn(plane, speak);

  /** Sends a frame of the host's own to the station it is for, or everywhere. */
  function speak(frame: Frame, network: number): void {
    const fdb = plane.fdbs[network];
    const at = start[frame];
    const entry = fdb.find(destinationHigh(view, at), destinationLow(view, at) | 0, tick[frame]);
    if (entry >= 0 && fdb.portOf(entry) !== LOCAL_PORT) {
      holders[frame] = 1;
      queue(frame, fdb.portOf(entry));
    } else {
      // Ports of a network exist, or nobody could have been heard; so somebody hears the host.
      flood(frame, LOCAL_PORT, network);
    }
  }

  function end(frame: Frame, inPort: number, verdict: Verdict): void {
    const reason = verdict & ARGUMENT_BITS;
    if ((verdict & ACTION_BITS) === Action.Drop) counters.drop(inPort, reason);
    else counters.consume(inPort, reason);
    frames.release(frame);
  }

  return (frame, inPort, verdict) => {
    switch (verdict & ACTION_BITS) {
      case Action.Send:
        holders[frame] = 1;
        queue(frame, verdict & ARGUMENT_BITS);
        return;
      case Action.Flood: {
        const unheard = flood(frame, inPort, networkOf[inPort]);
        plane.answered = host(frame, inPort); // behind the flood, so that nobody hears an answer before the question
        if (unheard !== Reason.Ok) end(frame, inPort, Action.Drop | unheard);
        return;
      }
      default:
        if (reachesHost(verdict & ARGUMENT_BITS)) plane.answered = host(frame, inPort);
        end(frame, inPort, verdict);
    }
  };
}

/** Does a frame that ends for this Reason still go up to the host? What forbids containers to speak with each other does not bind it. */
function reachesHost(reason: Reason): boolean {
  return reason === Reason.GatewayAddress || reason === Reason.InterContainerDisabled;
}

/** Makes the function that queues a frame for every port of its network that may hear it; otherwise it says why nobody does. */
function floodOn(
  plane: Plane,
  queue: Queue,
): (frame: Frame, inPort: number, network: number) => Reason {
  const { counters, program } = plane;
  const { holders } = plane.frames;
  const { firstPort, portCount } = program.networks;
  return (frame, inPort, network) => {
    const first = firstPort[network];
    const end = first + portCount[network];
    let unheard = Reason.NoOtherPort;
    let copies = 0;
    for (let port = first; port < end; port++) {
      const against = objection(program, inPort, port);
      if (against === Reason.Ok) {
        queue(frame, port);
        copies++;
      } else if (against === Reason.PortIsolated) {
        unheard = against;
      }
    }
    if (copies === 0) return unheard;
    holders[frame] = copies;
    counters.copied[0] += copies - 1;
    return Reason.Ok;
  };
}

/** Why a flood from `inPort` passes `port` by; Ok when it does not (IEEE 802.1Q §8.6.1, Linux should_deliver). */
export function objection({ ports }: Program, inPort: number, port: number): Reason {
  const { flags } = ports;
  if (port === inPort && (flags[port] & PortFlag.Hairpin) === 0) return Reason.Reflection;
  return (flags[port] & flags[inPort] & PortFlag.Isolated) !== 0 ? Reason.PortIsolated : Reason.Ok;
}

/** Makes the function that puts a frame into the egress queue of a port. */
function queueOn(plane: Plane): Queue {
  const { queues, queued, dirty } = plane;
  return (frame, port) => {
    const waiting = queued[port];
    if (waiting === 0) dirty[plane.dirtyCount++] = port;
    queues[port * QUEUE + waiting] = frame;
    queued[port] = waiting + 1;
  };
}
