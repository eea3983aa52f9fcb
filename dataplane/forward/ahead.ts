/**
 * Looking ahead: asks memory for what a burst will need, so that the reads overlap instead of queueing up one frame behind the other. It pays once a
 * table is larger than what the caches hold, and costs below that. Nothing is decided here.
 */
import type { Frame } from '../frame/frames.js';
import { NONE } from '../program/layout.js';
import { keyOf } from '../state/tuple.js';
import { EtherType } from '../wire/ethernet.js';
import { Interfaces } from './interfaces.js';
import { BURST } from './plane.js';
import type { Plane } from './plane.js';
import type { Tracking } from './tracking.js';

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

/** From so many connections on, what is known of them is not in the nearest caches. */
const CONNECTIONS = 2048;

/**
 * Makes the function that does the same for the connections of hosts that track them, as far as their packets stand where most do: first for where
 * a connection is looked for, of all frames, and then for what is found there.
 */
export function connectionsAheadOn({ trackings, frames, program }: Plane): LookAhead {
  const { start, inPort, view } = frames;
  const interfaces = new Interfaces(program);
  const { host: hostOf, macHigh, macLow } = interfaces;
  const ifaceAt = interfaces.behindPorts(program);
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
