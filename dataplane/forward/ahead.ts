/**
 * Looking ahead: asks memory for what a burst will need, so that the reads overlap instead of queueing up one frame behind the other. It pays once a
 * table is larger than what the caches hold, and costs below that. Nothing is decided here.
 */
import type { Frame } from '../frame/frames.js';
import { NONE } from '../program/layout.js';
import type { Conntrack } from '../state/conntrack.js';
import { keyOf } from '../state/tuple.js';
import { EtherType } from '../wire/ethernet.js';
import type { Fibs } from './fibs.js';
import { Interfaces } from './interfaces.js';
import { BURST } from './plane.js';
import type { Plane } from './plane.js';

const CACHES = 16 << 20;

/** Looks at the frames `from` to `to` of a burst, those in between and not `to` itself. */
type LookAhead = (burst: Int32Array, from: number, to: number) => void;

/** Makes the function that touches the stations that a burst comes from and goes to. */
export function stationsAheadOn({ fdbs, frames, program }: Plane): LookAhead {
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

/** From here on the places of routes are not in the near caches. */
const NEAR_CACHES = 1 << 20;

/** Makes the function that looks up the next hops of packets that hosts forward, as far as nothing translates them. */
export function routesAheadOn(
  { frames, program, trackings }: Plane,
  interfaces: Interfaces,
  fibs: Fibs,
): LookAhead {
  const { start, inPort, view } = frames;
  const { host: hostOf } = interfaces;
  const ifaceAt = interfaces.behindPorts(program);
  const pays = fibs.hopBytes > NEAR_CACHES;
  const touched = new Int32Array(1);
  return (burst, from, to) => {
    if (!pays) return;
    let words = 0;
    for (let i = from; i < to; i++) {
      const iface = ifaceAt[inPort[burst[i]]];
      if (iface < 0 || trackings[hostOf[iface]] !== undefined) continue;
      // Whatever it is: where a packet without tag and of IPv4 has its destination.
      words ^= fibs.hopIpv4(hostOf[iface], view.getInt32(start[burst[i]] + 30));
    }
    touched[0] = words;
  };
}

/** From so many connections on, what is known of them is not in the nearest caches. */
const CONNECTIONS = 2048;

/**
 * Makes the function that does the same for the connections of hosts that track them, as far as their packets stand where most do. What is read
 * depends on what was read before it, so the burst is gone through once for each step: the less a loop does besides, the more reads overlap.
 */
export function connectionsAheadOn({ trackings, guesses, frames, program }: Plane): LookAhead {
  const { start, inPort, view } = frames;
  const interfaces = new Interfaces(program);
  const { host: hostOf, macHigh, macLow } = interfaces;
  const ifaceAt = interfaces.behindPorts(program);
  const pays = trackings.some((tracking) => tracking !== undefined);
  const sole = trackings.length === 1 ? trackings[0] : undefined;
  /** Of those at hand: the frame, and the hash of its tuple. */
  const known = new Int32Array(BURST);
  const hashes = new Int32Array(BURST);
  const touched = new Int32Array(1);

  /** The table in which the connection of a frame is looked for, if it is for a host that tracks. */
  function tableOf(frame: Frame): Conntrack | undefined {
    return (sole ?? trackings[hostOf[ifaceAt[inPort[frame]]]])?.table;
  }

  /** Will that be done, as far as can be said, and does it pay? */
  function isTracked(frame: Frame): boolean {
    const iface = ifaceAt[inPort[frame]];
    if (iface < 0) return false;
    const at = start[frame];
    if (view.getUint16(at) !== macHigh[iface] || view.getUint32(at + 2) !== macLow[iface])
      return false;
    const table = tableOf(frame);
    return (
      table !== undefined &&
      table.count >= CONNECTIONS &&
      view.getUint16(at + 12) === EtherType.Ipv4
    );
  }

  /** Gives how many there are. */
  function hashTuples(burst: Int32Array, from: number, to: number): number {
    let count = 0;
    for (let i = from; i < to; i++) {
      const frame = burst[i];
      guesses[frame] = 0;
      if (!isTracked(frame)) continue;
      const at = start[frame];
      const key = keyOf(0, view.getUint8(at + 23), false);
      const [source, destination] = [view.getInt32(at + 26), view.getInt32(at + 30)];
      known[count] = frame;
      hashes[count++] =
        tableOf(frame)?.hashOf(key, source, destination, view.getInt32(at + 34)) ?? 0;
    }
    return count;
  }

  function touchSlots(count: number): number {
    let words = 0;
    for (let i = 0; i < count; i++) words ^= tableOf(known[i])?.touchSlot(hashes[i]) ?? 0;
    return words;
  }

  /** Gives how many seem to be of no connection. */
  function guessSides(count: number): number {
    let unknown = 0;
    for (let i = 0; i < count; i++) {
      const link = (tableOf(known[i])?.guess(hashes[i]) ?? -1) + 1;
      guesses[known[i]] = link;
      if (link === 0) unknown++;
    }
    return unknown;
  }

  function touchConnections(count: number): number {
    let words = 0;
    for (let i = 0; i < count; i++) {
      const side = guesses[known[i]] - 1;
      if (side >= 0) words ^= tableOf(known[i])?.touch(side) ?? 0;
    }
    return words;
  }

  return (burst, from, to) => {
    if (!pays || (sole !== undefined && sole.table.count < CONNECTIONS)) return;
    const count = hashTuples(burst, from, to);
    const words = touchSlots(count);
    const unknown = guessSides(count);
    touched[0] = words ^ touchConnections(count) ^ (sole?.table.touchOldest(unknown) ?? 0);
  };
}
