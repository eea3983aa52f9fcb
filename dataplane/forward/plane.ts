/**
 * Everything one Worker forwards with: the pool, the Program, the learned state, the egress queues, the counters and the trace.
 *
 * Egress queues hold slot numbers, at most QUEUE per port, because a frame of a burst enters a queue at most once, so does the host's
 * answer to it, and the Worker sends all of them before it receives again. `dirty` lists the ports with something queued, so that a breath costs what it sends, not what
 * exists.
 */
import { Frames } from '../frame/frames.js';
import { Counters } from '../observe/counters.js';
import { Trace } from '../observe/trace.js';
import type { Program } from '../program/program.js';
import { Fdb, Kind } from '../state/fdb.js';

/** The most frames a Worker receives before it sends. */
export const BURST = 256;

/** The most frames that can wait for a port. */
export const QUEUE = 2 * BURST;

/** Port number of the emulated host's own stack. */
export const LOCAL_PORT = 0xffff;

export class Plane {
  readonly frames: Frames;
  readonly counters: Counters;
  readonly trace = new Trace();
  /** One per network. */
  readonly fdbs: readonly Fdb[];
  /** Row per port, QUEUE slots each. */
  readonly queues: Int32Array;
  readonly queued: Int32Array;
  readonly dirty: Int32Array;
  dirtyCount = 0;
  /** Row of the address by which the host answered the newest frame it heard, or -1. */
  answered = -1;

  constructor(
    readonly program: Program,
    counters?: SharedArrayBuffer,
  ) {
    const { networks, ports } = program;
    this.frames = new Frames(
      4 * BURST,
      networks.mtu.reduce((a, b) => Math.max(a, b), 0),
    );
    this.counters = new Counters(ports.rows, counters);
    this.fdbs = Array.from({ length: networks.rows }, (_, network) => fdbFor(program, network));
    this.queues = new Int32Array(ports.rows * QUEUE);
    this.queued = new Int32Array(ports.rows);
    this.dirty = new Int32Array(ports.rows);
  }
}

function fdbFor({ networks, stations }: Program, network: number): Fdb {
  const first = networks.firstStation[network];
  const count = networks.stationCount[network];
  const fdb = new Fdb(
    networks.firstPort[network],
    networks.portCount[network],
    networks.stationsMax[network],
    count + 1,
    networks.ageing_ns[network],
  );
  const declare = (high: number, low: number, port: number, kind: Kind, serial: number): void => {
    if (!fdb.declare(high, low, port, kind, serial))
      throw new RangeError('too many declared stations hash alike');
  };
  for (let row = first; row < first + count; row++) {
    const kind = stations.sticky[row] === 1 ? Kind.Sticky : Kind.Static;
    declare(stations.macHigh[row], stations.macLow[row], stations.port[row], kind, row);
  }
  declare(networks.macHigh[network], networks.macLow[network], LOCAL_PORT, Kind.Local, 0);
  return fdb;
}
