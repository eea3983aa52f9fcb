/**
 * The one place where a Verdict becomes true: queues, copies, drops, and counts them. Every frame that enters leaves it exactly once.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { PortFlag } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { BURST } from './plane.js';
import type { Plane } from './plane.js';
import { Action, ACTION_BITS, ARGUMENT_BITS } from './verdict.js';
import type { Verdict } from './verdict.js';

type Queue = (frame: Frame, port: number) => void;

/** Makes the function that carries out the verdict about a frame that came in by `inPort`. */
export function emitOn(plane: Plane): (frame: Frame, inPort: number, verdict: Verdict) => void {
  const { frames, counters } = plane;
  const { holders } = frames;
  const queue = queueOn(plane);
  const flood = floodOn(plane, queue);

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
        const unheard = flood(frame, inPort);
        if (unheard !== Reason.Ok) end(frame, inPort, Action.Drop | unheard);
        return;
      }
      default:
        end(frame, inPort, verdict);
    }
  };
}

/** Makes the function that queues a frame for every port of its network that may hear it; otherwise it says why nobody does. */
function floodOn(plane: Plane, queue: Queue): (frame: Frame, inPort: number) => Reason {
  const { counters, program } = plane;
  const { holders } = plane.frames;
  const { network: networkOf } = program.ports;
  const { firstPort, portCount } = program.networks;
  return (frame, inPort) => {
    const first = firstPort[networkOf[inPort]];
    const end = first + portCount[networkOf[inPort]];
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
    queues[port * BURST + waiting] = frame;
    queued[port] = waiting + 1;
  };
}
