/**
 * Run to completion: each frame of a burst is parsed, decided and queued before the next one is looked at, so that what one frame
 * teaches already counts for the one behind it, and the burst size changes nothing but speed.
 *
 * The shape of this folder: `xOn(plane)` makes function x for a plane. A Worker has one plane and makes each function once, so the
 * compiler takes the tables they close over for constants and folds their addresses into the code: 1.5 times as fast as handing the
 * plane from call to call (docs/decisions.md).
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { LinkUse, PortRole } from '../program/layout.js';
import { connectionsAheadOn, routesAheadOn, stationsAheadOn } from './ahead.js';
import { bridgeOn } from './bridge.js';
import type { Bridge } from './bridge.js';
import { emitOn } from './emit.js';
import { fastEntryOn } from './fast-entry.js';
import { Errand } from './frontier.js';
import type { Frontier } from './frontier.js';
import { ipvlanOn } from './ipvlan.js';
import { macvlanOn } from './macvlan.js';
import { parseOn } from './parse.js';
import { routes } from './plane.js';
import type { Plane } from './plane.js';
import { drop, up } from './verdict.js';
import type { Verdict } from './verdict.js';
import { watchedOn, witnessOn } from './witness.js';

/** How many frames are looked at ahead: what they need fits into the nearest cache together with them. */
const AHEAD = 64;

/** Makes the function that forwards a burst. */
export function forwardOn(plane: Plane): Forward {
  const { frames, claimedMax } = plane;
  const { inPort, wireLength, flags, holders, tick } = frames;
  const { framesIn, bytesIn } = plane.counters;
  const { role } = plane.program.ports;
  const areStations = role.every((one) => one === PortRole.Station);
  const mayAsk = routes(plane.program);
  const parse = parseOn(plane);
  const bridge = bridgeOn(plane);
  const watched = watchedOn(plane, bridge);
  const macvlan = macvlanOn(plane);
  const ipvlan = ipvlanOn(plane);
  const atHost = atHostOn(plane, { macvlan, ipvlan });
  const {
    carryOut: emit,
    interfaces,
    fibs,
    router,
    tunnels,
  } = emitOn(plane, { bridge: watched, macvlan, ipvlan });
  const enterFast = fastEntryOn(plane, interfaces, router, tunnels);

  function decide(frame: Frame, port: number, atBridge: Bridge): Verdict {
    const reason = parse(frame);
    if (reason !== Reason.Ok) return drop(reason);
    return areStations || role[port] === PortRole.Station
      ? atBridge(frame, port)
      : atHost(frame, port);
  }

  const [stationsAhead, connectionsAhead] = [stationsAheadOn(plane), connectionsAheadOn(plane)];
  const routesAhead = routesAheadOn(plane, interfaces, fibs);
  const witness = witnessOn(plane, (frame, port) => decide(frame, port, watched), emit);

  function lookAhead(burst: Int32Array, from: number, to: number): void {
    stationsAhead(burst, from, to);
    connectionsAhead(burst, from, to);
    routesAhead(burst, from, to);
  }

  function enter(frame: Frame): void {
    const port = inPort[frame];
    if (mayAsk && tick[frame] >= plane.due) plane.advance(tick[frame]);
    framesIn[port]++;
    bytesIn[port] += wireLength[frame];
    holders[frame] = 1;
    if ((flags[frame] & FrameFlag.Traced) !== 0) witness(frame, port);
    else if (!enterFast(frame, port)) emit(frame, port, decide(frame, port, bridge));
  }

  const forward: Forward = (burst, from, to) => {
    for (let next = from; next < to;) {
      const end = Math.min(to, next + AHEAD);
      lookAhead(burst, next, end);
      for (; next < end; next++) {
        if (plane.isFull || frames.claimed > claimedMax) {
          plane.isFull = false;
          plane.relieve();
        }
        enter(burst[next]);
      }
    }
  };
  return plane.frontier === undefined ? forward : dealOn(plane, plane.frontier, forward);
}

/** Forwards the frames `from` to `to` of a burst, those in between and not `to` itself, to the egress queues. */
export type Forward = (burst: Int32Array, from: number, to: number) => void;

/** Where Workers divide a topology: each frame goes to the one that has its port, when what is due before it has happened. */
function dealOn({ frames }: Plane, frontier: Frontier, forward: Forward): Forward {
  const { inPort, tick } = frames;
  return (burst, from, to) => {
    for (let i = from; i < to; i++) {
      const frame = burst[i];
      frontier.advance(tick[frame]);
      if (frontier.ownPorts[inPort[frame]] === 1) {
        forward(burst, i, i + 1);
      } else {
        frames.holders[frame] = 1;
        frontier.hand(Errand.In, inPort[frame], frame);
      }
    }
  };
}

/** Makes the function that decides about a parsed frame that comes in elsewhere than at a bridge: from a child, or by a NIC. */
function atHostOn(
  { frames, program }: Plane,
  stages: {
    readonly macvlan: ReturnType<typeof macvlanOn>;
    readonly ipvlan: ReturnType<typeof ipvlanOn>;
  },
): (frame: Frame, port: number) => Verdict {
  const { packetLength } = frames;
  const { role, link: linkOf, mtu } = program.ports;
  const { use } = program.links;
  return (frame, port) => {
    if (role[port] !== PortRole.Child) return up(linkOf[port]);
    if (packetLength[frame] > mtu[port]) return drop(Reason.MtuExceeded);
    return use[linkOf[port]] === LinkUse.Macvlan
      ? stages.macvlan.fromChild(frame, port)
      : stages.ipvlan.fromChild(frame, port);
  };
}
