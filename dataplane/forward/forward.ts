/**
 * Run to completion: each frame of a burst is parsed, decided and queued before the next one is looked at, so that what one frame
 * teaches already counts for the one behind it, and the burst size changes nothing but speed.
 *
 * The shape of this folder: `xOn(plane)` makes function x for a plane. A Worker has one plane and makes each function once, so the
 * compiler takes the tables they close over for constants and folds their addresses into the code: 1.5 times as fast as handing the
 * plane from call to call (docs/decisions.md).
 */
import { TRACED } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { LinkUse, NONE, PortRole } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { keyOf } from '../state/tuple.js';
import { EtherType } from '../wire/ethernet.js';
import { bridgeOn } from './bridge.js';
import type { Bridge } from './bridge.js';
import { emitOn } from './emit.js';
import { Errand } from './frontier.js';
import type { Frontier } from './frontier.js';
import { Interfaces } from './interfaces.js';
import { ipvlanOn } from './ipvlan.js';
import { macvlanOn } from './macvlan.js';
import { parseOn } from './parse.js';
import { BURST, routes } from './plane.js';
import type { Plane } from './plane.js';
import type { Tracking } from './tracking.js';
import { drop, up } from './verdict.js';
import type { Verdict } from './verdict.js';
import { watchedOn, witnessOn } from './witness.js';

const CACHES = 16 << 20;

/** Makes the function that forwards a burst. */
export function forwardOn(plane: Plane): Forward {
  const { inPort, wireLength, flags, holders, tick } = plane.frames;
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
  const emit = emitOn(plane, { bridge: watched, macvlan, ipvlan });

  function decide(frame: Frame, port: number, atBridge: Bridge): Verdict {
    const reason = parse(frame);
    if (reason !== Reason.Ok) return drop(reason);
    return areStations || role[port] === PortRole.Station
      ? atBridge(frame, port)
      : atHost(frame, port);
  }

  const lookAhead = lookAheadOn(plane);
  const lookAheadFurther = connectionsAheadOn(plane);
  const witness = witnessOn(plane, (frame, port) => decide(frame, port, watched), emit);

  const forward: Forward = (burst, from, to) => {
    lookAhead(burst, from, to);
    lookAheadFurther(burst, from, to);
    for (let i = from; i < to; i++) {
      const frame = burst[i];
      const port = inPort[frame];
      if (mayAsk && tick[frame] >= plane.due) plane.advance(tick[frame]);
      framesIn[port]++;
      bytesIn[port] += wireLength[frame];
      holders[frame] = 1;
      if ((flags[frame] & TRACED) === 0) emit(frame, port, decide(frame, port, bridge));
      else witness(frame, port);
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

/**
 * Makes the function that touches the table entries a burst will need, so that the memory reads overlap instead of queueing up one
 * frame behind the other. It pays once a table is larger than what the caches hold, and costs below that.
 */
function lookAheadOn({
  fdbs,
  frames,
  program,
}: Plane): (burst: Int32Array, from: number, to: number) => void {
  const { start, inPort, view } = frames;
  const { network } = program.ports;
  const pays = fdbs.some((fdb) => fdb.bytes > CACHES);
  const touched = new Int32Array(1);
  return (burst, from, to) => {
    if (!pays) return;
    let words = 0;
    for (let i = from; i < to; i++) {
      // A frame without addresses touches wherever the bytes behind it lead: they are the slot's, and nothing is decided here.
      const at = start[burst[i]];
      const here = network[inPort[burst[i]]];
      if (here === NONE) continue;
      const fdb = fdbs[here];
      words ^= fdb.touch(view.getUint16(at), view.getInt32(at + 2));
      words ^= fdb.touch(view.getUint16(at + 6), view.getInt32(at + 8));
    }
    touched[0] = words;
  };
}

/** From so many connections on, what is known of them is not in the nearest caches. */
const CONNECTIONS = 2048;

/**
 * Makes the function that does the same for the connections of hosts that track them, as far as their packets stand where most do: first for where
 * a connection is looked for, of all frames, and then for what is found there.
 */
function connectionsAheadOn({ trackings, frames, program }: Plane): Forward {
  const { start, inPort, view } = frames;
  const interfaces = new Interfaces(program);
  const { host: hostOf, macHigh, macLow } = interfaces;
  const ifaceAt = interfacesAt(program, interfaces);
  const pays = trackings.some((tracking) => tracking !== undefined);
  const heads = new Int32Array(BURST);
  const touched = new Int32Array(1);

  /** The tracking of the host that will look for the connection of a frame, as far as can be said. */
  function trackingFor(frame: Frame): Tracking | undefined {
    const iface = ifaceAt[inPort[frame]];
    if (iface < 0) return undefined;
    const tracking = trackings[hostOf[iface]];
    if (tracking === undefined || tracking.table.count < CONNECTIONS) return undefined;
    const at = start[frame];
    if (view.getUint16(at) !== macHigh[iface] || view.getUint32(at + 2) !== macLow[iface])
      return undefined;
    return view.getUint16(at + 12) === EtherType.Ipv4 ? tracking : undefined;
  }

  function touchChains(burst: Int32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const table = trackingFor(burst[i])?.table;
      heads[i] = -1;
      if (table === undefined) continue;
      const at = start[burst[i]];
      const key = keyOf(0, view.getUint8(at + 23), false);
      heads[i] = table.headOf(
        key,
        view.getInt32(at + 26),
        view.getInt32(at + 30),
        view.getInt32(at + 34),
      );
    }
  }

  return (burst, from, to) => {
    if (!pays) return;
    touchChains(burst, from, to);
    let words = 0;
    for (let i = from; i < to; i++) {
      if (heads[i] < 0) continue;
      const tracking = trackings[hostOf[ifaceAt[inPort[burst[i]]]]];
      if (tracking !== undefined) words ^= tracking.table.touch(heads[i]);
    }
    touched[0] = words;
  };
}

/** By port: the interface by which a frame comes to a host, or -1. */
function interfacesAt({ ports, networks }: Program, interfaces: Interfaces): Int32Array {
  return Int32Array.from({ length: ports.rows }, (_, port) => {
    if (ports.network[port] !== NONE)
      return networks.host[ports.network[port]] === NONE ? -1 : ports.network[port];
    return ports.role[port] === PortRole.Child || ports.link[port] === NONE
      ? -1
      : interfaces.ofLink(ports.link[port]);
  });
}
