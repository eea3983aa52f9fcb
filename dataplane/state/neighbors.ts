/**
 * Neighbors: which MAC has the next hop, and is it still there? (RFC 826; RFC 1122 §2.3.2; RFC 4861 §7.2, §7.3; Linux net/core/neighbour.c)
 *
 * Buckets of WAYS entries, so that nothing is ever moved or removed: an entry is taken over when its bucket is full, the one that was silent
 * longest, but none for which frames still wait. An address is looked for by whoever sends (`forward/resolve`); here stands what is known of it.
 *
 * Complication 1: what waits. An entry that is looked for holds at most WAITING frames, the newest ones, in their order; together they hold
 *   no more than WAITING_MAX, so that the pool never runs dry for addresses that nobody has.
 * Complication 2: what is known grows old. A neighbor that has confirmed where it is is reachable until `reachableUntil`, and nothing happens when that has
 *   passed: it is stale then. So the way of most packets asks one column, and who never speaks again costs nothing. The random factor of
 *   reachable times (RFC 4861 §6.3.2) is left out, for nothing here is random.
 * Complication 3: time is an argument. `due` is the earliest tick at which something has to happen: to ask again, or to give up. It stands in a
 *   memory that the hosts share, so that whoever keeps the order of events sees those of all hosts, also of another Worker's.
 *
 * Writer: the Worker that owns the host. One table per host. Frames that wait are held by this table and nobody else.
 */
import type { Frame } from '../frame/frames.js';

/** RFC 4861 §7.3.2, by the names of Linux; what has failed there is Free here. */
export const enum NeighborState {
  Free,
  /** It has been asked for, and nobody has answered yet. */
  Incomplete,
  /** It has confirmed where it is, a short time ago. */
  Reachable,
  /** Where it is was said, but not confirmed, or long ago. */
  Stale,
  /** The same, and something was sent there: it may still confirm that by itself. */
  Delay,
  /** It is asked whether it is still there. */
  Probe,
  /** Where it is was declared: that is never doubted. */
  Permanent,
}

/** What somebody says of where it is: bits. */
export const enum Claim {
  /** It asked for us, so it is made an entry of. */
  Asks = 1,
  /** It was asked, and so has heard us (RFC 4861 §7.2.5: S). */
  Confirms = 2,
  /** Another address than the one that is known counts (O). */
  Overrides = 4,
}

/** Where an advertisement names no link-layer address. */
export const UNNAMED = -1;

/** ReachableTime without its random factor, and DELAY_FIRST_PROBE_TIME (RFC 4861 §10; Linux base_reachable_time, delay_first_probe_time). */
const REACHABLE_NS = 30e9;
const DELAY_NS = 5e9;

/** Frames that wait for one address. */
const WAITING = 3;
/** Frames that wait for all addresses of a host together. */
export const WAITING_MAX = 128;
const BUCKETS = 128;
const WAYS = 8;
const ENTRIES = BUCKETS * WAYS;
const NOBODY = -1;

export class Neighbors {
  /** Reachable and Permanent do not stand here: see `stateAt`. */
  private readonly state = new Uint8Array(ENTRIES);
  /** The last tick at which it counts as reachable; -Infinity of one that never confirmed, Infinity of a permanent one. */
  private readonly reachableUntil = new Float64Array(ENTRIES).fill(-Infinity);
  /** The interface at which it is (forward/interfaces). */
  readonly iface = new Int32Array(ENTRIES);
  /** The address: four words per entry, IPv4 in the last behind three of 0. */
  readonly words = new Int32Array(ENTRIES * 4);
  readonly family = new Uint8Array(ENTRIES);
  readonly macHigh = new Uint16Array(ENTRIES);
  readonly macLow = new Uint32Array(ENTRIES);
  /** How often it has been asked for, or whether it is still there. */
  readonly tries = new Uint8Array(ENTRIES);
  /** The packet on whose behalf it is asked: its port, its number there, its time. */
  readonly inPort = new Uint16Array(ENTRIES);
  readonly serial = new Uint32Array(ENTRIES);
  readonly tick = new Float64Array(ENTRIES);
  readonly seconds = new Float64Array(ENTRIES);
  readonly nanoseconds = new Uint32Array(ENTRIES);
  /** When it is to be asked again, or given up. */
  readonly dueAt = new Float64Array(ENTRIES).fill(Infinity);
  private readonly heardAt = new Float64Array(ENTRIES);
  private readonly waiting = new Int32Array(ENTRIES * WAITING);
  private readonly waitingCount = new Uint8Array(ENTRIES);
  private waitingTotal = 0;

  /** @param dues the earliest tick at which an entry is to be looked at, Infinity when none is, by host; @param host the number of this one */
  constructor(
    private readonly dues: Float64Array = new Float64Array(1).fill(Infinity),
    private readonly host = 0,
  ) {}

  get due(): number {
    return this.dues[this.host];
  }

  /** The entry of an address at an interface, or -1. */
  find(iface: number, a: number, b: number, c: number, d: number): number {
    const first = bucketOf(iface, a, b, c, d);
    for (let entry = first; entry < first + WAYS; entry++)
      if (this.state[entry] !== NeighborState.Free && this.isAbout(entry, iface, a, b, c, d))
        return entry;
    return NOBODY;
  }

  /** Is this the entry of an IPv4 address at an interface, and such that something sent there at a tick raises no doubt that was not there before? */
  isReady(entry: number, iface: number, address: number, tick: number): boolean {
    return (
      this.words[entry * 4 + 3] === address &&
      this.iface[entry] === iface &&
      (this.reachableUntil[entry] >= tick || this.isDoubted(entry)) &&
      this.family[entry] === 4
    );
  }

  private isDoubted(entry: number): boolean {
    const state: NeighborState = this.state[entry];
    return state === NeighborState.Delay || state === NeighborState.Probe;
  }

  stateAt(entry: number, tick: number): NeighborState {
    const until = this.reachableUntil[entry];
    if (until === Infinity) return NeighborState.Permanent;
    return until >= tick ? NeighborState.Reachable : this.state[entry];
  }

  /**
   * The entry that a new address is to have; -1 where frames wait for all of its bucket. What it held before is forgotten. It is incomplete,
   * nobody has been asked yet.
   */
  add(
    iface: number,
    family: number,
    a: number,
    b: number,
    c: number,
    d: number,
    tick: number,
  ): number {
    const entry = this.victim(bucketOf(iface, a, b, c, d));
    if (entry < 0) return entry;
    this.become(entry, NeighborState.Incomplete, -Infinity);
    this.iface[entry] = iface;
    this.family[entry] = family;
    this.words[entry * 4] = a;
    this.words[entry * 4 + 1] = b;
    this.words[entry * 4 + 2] = c;
    this.words[entry * 4 + 3] = d;
    this.tries[entry] = 0;
    this.heardAt[entry] = tick;
    return entry;
  }

  /**
   * A neighbor has said which MAC it has, or UNNAMED and 0 (RFC 4861 §7.2.5; Linux neigh_update): `claim` says how far that counts. What waits is
   * the caller's to take, unless the entry is still incomplete.
   */
  hear(entry: number, high: number, low: number, claim: number, tick: number): void {
    const state = this.stateAt(entry, tick);
    if (state === NeighborState.Permanent) return;
    const isNew = state === NeighborState.Incomplete;
    if (isNew && high === UNNAMED) return;
    this.heardAt[entry] = tick;
    const isOther =
      high !== UNNAMED && (high !== this.macHigh[entry] || low !== this.macLow[entry]);
    if (!isNew && isOther && (claim & Claim.Overrides) === 0) {
      if (state === NeighborState.Reachable) this.become(entry, NeighborState.Stale, -Infinity);
      return;
    }
    if (isNew || isOther) this.setMac(entry, high, low);
    if ((claim & Claim.Confirms) !== 0)
      this.become(entry, NeighborState.Stale, tick + REACHABLE_NS);
    else if (isNew || isOther) this.become(entry, NeighborState.Stale, -Infinity);
  }

  /** Declares where a neighbor is. */
  declare(entry: number, high: number, low: number): void {
    this.setMac(entry, high, low);
    this.become(entry, NeighborState.Stale, Infinity);
  }

  /** Something is sent to a stale neighbor: if it does not confirm where it is, it will be asked. */
  suspect(entry: number, tick: number): void {
    this.become(entry, NeighborState.Delay, -Infinity);
    this.tries[entry] = 0;
    this.waitUntil(entry, tick + DELAY_NS);
  }

  /** It was asked for, or whether it is still there, and will be looked at again at this tick. */
  askedUntil(entry: number, tick: number): void {
    if (this.state[entry] === NeighborState.Delay) this.state[entry] = NeighborState.Probe;
    this.tries[entry]++;
    this.waitUntil(entry, tick);
  }

  /** Nobody has this address. What waits is the caller's to take. */
  forget(entry: number): void {
    this.become(entry, NeighborState.Free, -Infinity);
  }

  /** Lets a frame wait. Gives a frame that no longer may, the oldest of the same address or this one itself; else -1. */
  hold(entry: number, frame: Frame): Frame {
    let gone = NOBODY;
    if (this.waitingCount[entry] === WAITING) gone = this.takeWaiting(entry);
    else if (this.waitingTotal === WAITING_MAX) return frame;
    this.waiting[entry * WAITING + this.waitingCount[entry]++] = frame;
    this.waitingTotal++;
    return gone;
  }

  /** The frame that waited longest for this address, which it does no more; -1 when there is none. */
  takeWaiting(entry: number): Frame {
    const count = this.waitingCount[entry];
    if (count === 0) return NOBODY;
    const at = entry * WAITING;
    const frame = this.waiting[at];
    for (let i = 1; i < count; i++) this.waiting[at + i - 1] = this.waiting[at + i];
    this.waitingCount[entry] = count - 1;
    this.waitingTotal--;
    return frame;
  }

  /** When it was last heard, or first asked for. */
  heardAtOf(entry: number): number {
    return this.heardAt[entry];
  }

  /** How many frames wait for it. */
  waitingFor(entry: number): number {
    return this.waitingCount[entry];
  }

  /** How many entries there may be, by number from 0; those that are Free are none. */
  get entries(): number {
    return ENTRIES;
  }

  /** The frame that has waited longest, which goes on waiting; -1 when there is none. */
  firstWaiting(entry: number): Frame {
    return this.waitingCount[entry] === 0 ? NOBODY : this.waiting[entry * WAITING];
  }

  /** The entry that is due first, or -1. Brings `due` up to date. */
  nextDue(): number {
    let next = NOBODY;
    let due = Infinity;
    for (let entry = 0; entry < ENTRIES; entry++)
      if (this.dueAt[entry] < due) {
        due = this.dueAt[entry];
        next = entry;
      }
    this.dues[this.host] = due;
    return next;
  }

  /** Nothing more is due of an entry that becomes another. */
  private become(entry: number, state: NeighborState, reachableUntil: number): void {
    this.state[entry] = state;
    this.reachableUntil[entry] = reachableUntil;
    this.dueAt[entry] = Infinity;
  }

  private setMac(entry: number, high: number, low: number): void {
    this.macHigh[entry] = high;
    this.macLow[entry] = low;
  }

  private waitUntil(entry: number, tick: number): void {
    this.dueAt[entry] = tick;
    if (tick < this.due) this.dues[this.host] = tick;
  }

  private isAbout(
    entry: number,
    iface: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ): boolean {
    const { words } = this;
    const at = entry * 4;
    return (
      words[at + 3] === (d | 0) &&
      words[at + 2] === (c | 0) &&
      words[at + 1] === (b | 0) &&
      words[at] === (a | 0) &&
      this.iface[entry] === iface
    );
  }

  private victim(first: number): number {
    let victim = NOBODY;
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.state[entry] === NeighborState.Free) return entry;
      if (this.state[entry] === NeighborState.Incomplete || this.waitingCount[entry] > 0) continue;
      if (this.reachableUntil[entry] === Infinity) continue;
      if (victim < 0 || this.heardAt[entry] < this.heardAt[victim]) victim = entry;
    }
    return victim;
  }
}

function bucketOf(iface: number, a: number, b: number, c: number, d: number): number {
  const mixed = d ^ Math.imul(c, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(a, 0x27d4eb2f);
  return (Math.imul(mixed ^ Math.imul(iface + 1, 0x165667b1), 0x9e3779b9) >>> 25) * WAYS;
}
