/**
 * Everything one Worker forwards with: the pool, the Program, the learned state, the egress queues, the counters and the trace.
 *
 * Egress queues hold slot numbers. A slot enters a queue at most once before the Worker sends, so a queue with room for all SLOTS is never
 * full; only where one frame may take a hundred slots or more is the pool larger than that. `dirty` lists the ports with something queued, so that
 * a breath costs what it sends, not what exists.
 *
 * How many slots a frame takes besides its own (`slotsEach`) decides how many are forwarded before the queues are emptied. Left out is what happens
 * when its time has come, such as questions that are asked again: before FIRES of those the queues are emptied as well. Where Workers have parts of one
 * topology they are not, since one of them may be in the middle of a frame; there a question for which there is no slot is as good as lost on its wire.
 */
import { Frames } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Counters } from '../observe/counters.js';
import { Trace } from '../observe/trace.js';
import { HostFlag, LinkFlag, LinkUse, NetworkFlag } from '../program/layout.js';
import { NatProfile } from '../program/nat-layout.js';
import type { Program } from '../program/program.js';
import { fdbBytes } from '../state/fdb-memory.js';
import { Fdb } from '../state/fdb.js';
import { Kind } from '../state/fdb-kinds.js';
import { Fragments } from '../state/fragments.js';
import { SHARE_WAITING, WAITING_MAX as FRAGMENTS_MAX } from '../state/waiting.js';
import type { Frontier } from './frontier.js';
import { trackingsOf } from './tracking.js';
import { tunnelEndsOf } from './tunnel-ends.js';
import type { Tracking } from './tracking.js';
import { fixed } from '../state/fixed.js';
import type { History } from '../state/history.js';
import { Neighbors, WAITING_MAX } from '../state/neighbors.js';
import type { Remotes } from '../state/remotes.js';
import { SYNS_MAX } from '../state/unsolicited.js';
import { RateLimits } from '../state/rate-limits.js';

/** The most frames a Worker receives before it sends. */
export const BURST = 256;

const SLOTS = 4 * BURST;

/** Room for the frames that wait for a port; not a power of two, lest all queues begin in the same cache sets. */
export const QUEUE = SLOTS + 16;

/** Slots that a frame takes for each link besides, where it comes from another Worker: by the link, by its wire, and for what the host says to it. */
const CROSSINGS_EACH = 4;

/** Fragments that wait at a host, and those that go on while others begin to wait. */
const FRAGMENTS_WAITING = FRAGMENTS_MAX + SHARE_WAITING;

/** So many things happen in turn before what they have queued is sent. */
const FIRES = 64;

/** Slots of a packet that a host forwards: its own copy, an error about it or a redirect and what that quotes, and questions for their next hops. */
const ROUTED_EACH = 6;

/**
 * Numbers in `dues` of each host: for its neighbors, for fragments that wait, for datagrams that are not whole, and for SYNs that nobody asked for. Those
 * of all hosts for the first come first.
 */
export const DUES_EACH = 4;

/** Port number of the emulated host's own stack. */
export const LOCAL_PORT = 0xffff;

/** Where a frame goes that a Stage sends to more than one place (Action.Fan). There is one, and it is used up before another is filled. */
export class Fan {
  readonly ports: Int32Array;
  count = 0;
  /** Out by this link, or -1. */
  down = -1;
  /** Heard by the stack of the host at this link, or -1. */
  host = -1;

  constructor(ports: number) {
    this.ports = new Int32Array(ports + 1);
  }

  clear(): void {
    this.count = 0;
    this.down = -1;
    this.host = -1;
  }

  add(port: number): void {
    this.ports[this.count++] = port;
  }
}

/** The ways into the plane besides a port. */
export interface Doors {
  /** Lets the one thing happen that is due first of a number in `dues`. */
  readonly fire: (event: number) => void;
  /** A frame comes up by a NIC from its wire. */
  readonly up: (frame: Frame, link: number) => void;
  /** A frame comes from a NIC to the port of its wire. */
  readonly enter: (frame: Frame, port: number) => void;
}

/** What Workers that each have a part of the same topology write in turns. */
export interface SharedState {
  /** Memory of `dues`, Infinity each: other Workers may have begun to write it. */
  readonly dues: SharedArrayBuffer;
  /** Memory of the Trace. */
  readonly trace: SharedArrayBuffer;
}

/** What a Plane is given from outside; each is its own by default. */
export interface PlaneSettings {
  /** The memory of its Counters. */
  readonly counters?: SharedArrayBuffer | undefined;
  /** The memory of each network's Fdb, by network number. */
  readonly fdbs?: readonly SharedArrayBuffer[] | undefined;
  /** Bytes of the largest packet that can come in; default: the largest MTU. */
  readonly packetMax?: number | undefined;
  /** The topology is divided among Workers. */
  readonly shared?: SharedState | undefined;
}

export class Plane {
  readonly frames: Frames;
  readonly counters: Counters;
  readonly trace: Trace;
  /** One per network. */
  readonly fdbs: readonly Fdb[];
  /** Row per port, QUEUE slots each. */
  readonly queues: Int32Array;
  readonly queued: Int32Array;
  readonly dirty: Int32Array;
  dirtyCount = 0;
  /** What the next hops of the hosts are, by the number of the host; empty where no host routes. */
  readonly neighbors: readonly Neighbors[];
  /** How many ICMP errors each host may still send, like `neighbors`. */
  readonly rateLimits: readonly RateLimits[];
  /** The newest identification of IPv4 packets from each address: they count up from 1, for nothing here is random. */
  readonly identification: Uint16Array;
  /** When something is due at each host: see DUES_EACH. */
  readonly dues: Float64Array;
  /** Nothing is due before this tick of `timed`. */
  due = Infinity;
  /** The numbers in `dues` of what `advance` lets happen. */
  timed: readonly number[];
  /** What the hosts know of their connections, by the number of the host. */
  readonly trackings: readonly (Tracking | undefined)[];
  /** By frame: the side of its connection as looking ahead has guessed it, + 1; 0 none. To be asked about (`isAlive`), not to be believed. */
  readonly guesses: Int32Array;
  /** The datagrams of which fragments pass, by the number of the host; undefined where nobody looks at ports. */
  readonly fragments: readonly (Fragments | undefined)[];
  /** What the tunnel ends know of each other, by vtep, and why. */
  readonly remotes: readonly Remotes[];
  readonly history: History | undefined;
  /** By row of `remotes`: the number that its tunnel end has for it. */
  readonly floodEnds: Int32Array;
  /** By port: the vtep that it is, or -1. */
  readonly vtepAt: Int32Array;
  readonly fan: Fan;
  /** Of the frame that a bridge which filters VLANs decides about: its VLAN and priority as tag control information, ... */
  vlan = 0;
  /** ... the TPID of the tag in it that says so, 0 if none does, ... */
  vlanTag = 0;
  /** ... and the TPID of the tag it gets where it leaves with one. */
  vlanType = 0;
  /** The frame at hand has its TRACED bit set: what happens to it is noted. */
  isTracing = false;
  /** So many frames can be forwarded before the queues must be emptied, lest slots run out; where Workers divide a topology. */
  readonly stepMax: number;
  /** With more slots in use, or when a queue is full as far as one frame may fill it, the queues must be emptied before another frame is forwarded. */
  readonly claimedMax: number;
  readonly queuedMax: number;
  isFull = false;
  /** Sends what is queued; whoever has sinks sets it. */
  relieve: () => void = nothing;
  /** What others may call; `forwardOn` sets them. */
  doors: Doors = { fire: nothing, up: nothing, enter: nothing };
  /** The way to what other Workers have of the topology; whoever has one sets it before `forwardOn`. */
  frontier: Frontier | undefined;

  constructor(
    readonly program: Program,
    { counters, fdbs, packetMax, shared }: PlaneSettings = {},
  ) {
    const { networks, ports, links } = program;
    const hosts = routes(program) ? hostsOf(program) : 0;
    const each = slotsEach(program) + (shared === undefined ? 0 : CROSSINGS_EACH * links.rows);
    const waiting =
      Math.max(hosts, 1) * (WAITING_MAX + FRAGMENTS_WAITING) + SYNS_MAX * rfcHosts(program);
    const slots = Math.max(SLOTS, 2 * BURST + waiting + 2 * each);
    this.stepMax = Math.floor((slots - BURST - waiting) / each);
    this.claimedMax = slots - each;
    this.queuedMax = Math.max(0, QUEUE - each);
    this.frames = new Frames(slots, packetMax ?? mtuMaxOf(program));
    this.guesses = new Int32Array(slots);
    this.fan = new Fan(ports.rows);
    const tunnels = tunnelEndsOf(program);
    this.remotes = tunnels.remotes;
    this.history = tunnels.history;
    this.floodEnds = tunnels.floodEnds;
    this.vtepAt = tunnels.vtepAt;
    this.counters = new Counters(ports.rows, counters);
    this.trace = new Trace(shared?.trace);
    this.dues =
      shared === undefined
        ? new Float64Array(DUES_EACH * hosts).fill(Infinity)
        : new Float64Array(shared.dues);
    this.neighbors = Array.from({ length: hosts }, (_, host) => new Neighbors(this.dues, host));
    this.trackings = trackingsOf(program, this.dues, 3 * hosts);
    this.fragments = this.trackings.map((tracking, host) =>
      tracking === undefined ? undefined : new Fragments(this.dues, hosts + host),
    );
    this.timed = Array.from(this.dues, (_, event) => event);
    this.rateLimits = this.neighbors.map(() => new RateLimits());
    this.identification = new Uint16Array(program.addresses.rows);
    this.fdbs = Array.from({ length: networks.rows }, (_, network) =>
      fdbFor(program, network, fdbs?.[network]),
    );
    this.queues = new Int32Array(ports.rows * QUEUE);
    this.queued = fixed(new Int32Array(ports.rows));
    this.dirty = fixed(new Int32Array(ports.rows));
  }

  /** Lets happen of `timed` what is due at this tick or before. */
  advance(tick: number): void {
    if (tick < this.due) return;
    let fires = 0;
    for (let event = this.firstDue(this.timed, tick); event >= 0; fires++) {
      if (this.frontier === undefined && fires % FIRES === 0) this.relieve();
      this.doors.fire(event);
      event = this.firstDue(this.timed, tick);
    }
    this.due = this.timed.reduce((due, event) => Math.min(due, this.dues[event]), Infinity);
  }

  /** Something is due at this tick. */
  expect(tick: number): void {
    if (tick < this.due) this.due = tick;
  }

  /** That of these numbers in `dues` which is due first, at `tick` or before; the first of them where it is at the same tick. -1 when none is. */
  firstDue(events: readonly number[], tick: number): number {
    let first = -1;
    for (const event of events) {
      const due = this.dues[event];
      if (due <= tick && due < Infinity && (first < 0 || due < this.dues[first])) first = event;
    }
    return first;
  }
}

const nothing = (): void => undefined;

/**
 * The most slots that a frame takes besides its own. A bridge without links: one, for the answer of its host. A flood with VLANs: three, see
 * egress.ts. A link: one each for a copy without its tag, a copy with it, an answer of its host, and the hold of a host that hears a flood first. And
 * a packet to an unknown neighbor may ask for it, which is a frame that spreads as well.
 */
function slotsEach(program: Program): number {
  const { networks, links } = program;
  const filtering = networks.flags.filter((flags) => (flags & NetworkFlag.VlanFiltering) !== 0);
  const tunneled = program.remotes.rows + 2 * program.vteps.rows;
  const flooded = 3 * filtering.length + (routes(program) ? ROUTED_EACH : 0) + tunneled;
  return links.rows === 0 ? 1 + flooded : 2 + 2 * flooded + 4 * links.rows;
}

/**
 * Makes the function that turns so many holds on a frame into all of those there are on one that nobody else has; -1 where there is no slot for
 * it, and the holds are as they were.
 */
export function ownOn({ frames }: Plane): (frame: Frame, holds?: number) => Frame {
  const { holders } = frames;
  return (frame, holds = 1) => {
    if (holders[frame] === holds) return frame;
    const copy = frames.copy(frame);
    if (copy < 0) return copy;
    holders[frame] -= holds;
    holders[copy] = holds;
    return copy;
  };
}

/** Bytes of the largest packet that some interface takes. */
export function mtuMaxOf({ networks, ports, links }: Program): number {
  const mtus = [networks.mtu, ports.mtu, links.mtu];
  return mtus.reduce((max, column) => column.reduce((a, b) => Math.max(a, b), max), 0);
}

/** How many hosts translate as RFC 4787 asks for. */
function rfcHosts({ hosts }: Program): number {
  return hosts.natProfile.filter((profile) => profile === NatProfile.Rfc4787).length;
}

/** How many hosts there are. */
export function hostsOf({ hosts, links }: Program): number {
  return links.host.reduce((count, host) => Math.max(count, host + 1), hosts.rows);
}

/** Does a host send packets by routes of its own? */
export function routes({ hosts, links, vteps }: Program): boolean {
  if (vteps.rows > 0) return true;
  if (hosts.flags.some((flags) => (flags & HostFlag.Forwards) !== 0)) return true;
  const l3 = LinkFlag.L3 | LinkFlag.L3s;
  return links.use.some((use, link) => use === LinkUse.Ipvlan && (links.flags[link] & l3) !== 0);
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
  if ((networks.flags[network] & NetworkFlag.Wire) === 0)
    declare(networks.macHigh[network], networks.macLow[network], LOCAL_PORT, Kind.Local, 0);
  fdb.open();
}
