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
import { fdbBytes } from '../state/fdb-memory.js';
import { Fdb, Kind } from '../state/fdb.js';

/** The most frames a Worker receives before it sends. */
export const BURST = 256;

/** The most frames that can wait for a port. */
export const QUEUE = 2 * BURST;

/** Port number of the emulated host's own stack. */
export const LOCAL_PORT = 0xffff;

/** What a Plane is given from outside; each is its own by default. */
export interface PlaneSettings {
  /** The memory of its Counters. */
  readonly counters?: SharedArrayBuffer | undefined;
  /** The memory of each network's Fdb, by network number. */
  readonly fdbs?: readonly SharedArrayBuffer[] | undefined;
  /** Bytes of the largest packet that can come in; default: the largest MTU. */
  readonly packetMax?: number | undefined;
}

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
    { counters, fdbs, packetMax }: PlaneSettings = {},
  ) {
    const { networks, ports } = program;
    const mtuMax = networks.mtu.reduce((a, b) => Math.max(a, b), 0);
    this.frames = new Frames(4 * BURST, packetMax ?? mtuMax);
    this.counters = new Counters(ports.rows, counters);
    this.fdbs = Array.from({ length: networks.rows }, (_, network) =>
      fdbFor(program, network, fdbs?.[network]),
    );
    this.queues = new Int32Array(ports.rows * QUEUE);
    this.queued = new Int32Array(ports.rows);
    this.dirty = new Int32Array(ports.rows);
  }
}

/** Bytes of a network's Fdb, for whoever keeps its memory. */
export function fdbBytesFor({ networks }: Program, network: number): number {
  const { portCount, stationsMax, stationCount } = networks;
  return fdbBytes(portCount[network], stationsMax[network], stationCount[network] + 1);
}

function fdbFor(program: Program, network: number, memory?: SharedArrayBuffer): Fdb {
  const { networks } = program;
  const fdb = new Fdb(
    networks.firstPort[network],
    networks.portCount[network],
    networks.stationsMax[network],
    networks.stationCount[network] + 1,
    networks.ageing_ns[network],
    memory,
  );
  declareStations(program, network, fdb);
  return fdb;
}

/** Declares what the topology nails to a port, and the bridge itself; a static one that a revived Fdb still has may have moved. */
function declareStations({ networks, stations }: Program, network: number, fdb: Fdb): void {
  const declare = (high: number, low: number, port: number, kind: Kind, serial: number): void => {
    if (fdb.revived && fdb.find(high, low, -Infinity) >= 0) return;
    if (!fdb.declare(high, low, port, kind, serial))
      throw new RangeError('too many declared stations hash alike');
  };
  const first = networks.firstStation[network];
  for (let row = first; row < first + networks.stationCount[network]; row++) {
    const kind = stations.sticky[row] === 1 ? Kind.Sticky : Kind.Static;
    declare(stations.macHigh[row], stations.macLow[row], stations.port[row], kind, row);
  }
  declare(networks.macHigh[network], networks.macLow[network], LOCAL_PORT, Kind.Local, 0);
  fdb.open();
}
