/**
 * Neighbors: which MAC has the next hop? (RFC 826; RFC 1122 §2.3.2; RFC 4861 §7.2)
 *
 * Buckets of WAYS entries, so that nothing is ever moved or removed: an entry is taken over when its bucket is full, the one that was silent
 * longest, but none for which frames still wait. An address is looked for by whoever sends (`forward/resolve`); here stands what is known of it.
 *
 * Complication 1: what waits. An entry that is looked for holds at most WAITING frames, the newest ones, in their order; together they hold
 *   no more than WAITING_MAX, so that the pool never runs dry for addresses that nobody has.
 * Complication 2: time is an argument. `due` is the earliest tick at which something has to happen: to ask again, or to give up. It stands in a
 *   memory that the hosts share, so that whoever keeps the order of events sees those of all hosts, also of another Worker's.
 *
 * Writer: the Worker that owns the host. One table per host. Frames that wait are held by this table and nobody else.
 */
import type { Frame } from '../frame/frames.js';

export const enum NeighborState {
  Free,
  /** It has been asked for, and nobody has answered yet. */
  Incomplete,
  Reachable,
}

/** Frames that wait for one address. */
const WAITING = 3;
/** Frames that wait for all addresses of a host together. */
export const WAITING_MAX = 128;
const BUCKETS = 128;
const WAYS = 8;
const ENTRIES = BUCKETS * WAYS;
const NOBODY = -1;

export class Neighbors {
  readonly state = new Uint8Array(ENTRIES);
  /** The interface at which it is (forward/interfaces). */
  readonly iface = new Int32Array(ENTRIES);
  /** The address: four words per entry, IPv4 in the last behind three of 0. */
  readonly words = new Int32Array(ENTRIES * 4);
  readonly family = new Uint8Array(ENTRIES);
  readonly macHigh = new Uint16Array(ENTRIES);
  readonly macLow = new Uint32Array(ENTRIES);
  /** How often it has been asked for. */
  readonly tries = new Uint8Array(ENTRIES);
  /** When an incomplete entry is to be looked at again. */
  readonly dueAt = new Float64Array(ENTRIES);
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

  /** Is this the entry of an IPv4 address at an interface, and its MAC known? */
  isReachable(entry: number, iface: number, address: number): boolean {
    return (
      this.words[entry * 4 + 3] === address &&
      this.iface[entry] === iface &&
      this.state[entry] === NeighborState.Reachable &&
      this.family[entry] === 4
    );
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
    this.state[entry] = NeighborState.Incomplete;
    this.iface[entry] = iface;
    this.family[entry] = family;
    this.words[entry * 4] = a;
    this.words[entry * 4 + 1] = b;
    this.words[entry * 4 + 2] = c;
    this.words[entry * 4 + 3] = d;
    this.tries[entry] = 0;
    this.heardAt[entry] = tick;
    this.dueAt[entry] = Infinity;
    return entry;
  }

  /** The neighbor has said where it is. What waits is the caller's to take. */
  resolve(entry: number, high: number, low: number, tick: number): void {
    this.state[entry] = NeighborState.Reachable;
    this.macHigh[entry] = high;
    this.macLow[entry] = low;
    this.heardAt[entry] = tick;
    this.dueAt[entry] = Infinity;
  }

  /** It was asked for, and will be looked at again at this tick. */
  askedUntil(entry: number, tick: number): void {
    this.tries[entry]++;
    this.dueAt[entry] = tick;
    if (tick < this.due) this.dues[this.host] = tick;
  }

  /** Nobody has this address. What waits is the caller's to take. */
  forget(entry: number): void {
    this.state[entry] = NeighborState.Free;
    this.dueAt[entry] = Infinity;
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

  /** The incomplete entry that is due first, or -1. Brings `due` up to date. */
  nextDue(): number {
    let next = NOBODY;
    let due = Infinity;
    for (let entry = 0; entry < ENTRIES; entry++)
      if (this.dueAt[entry] < due && this.state[entry] === NeighborState.Incomplete) {
        due = this.dueAt[entry];
        next = entry;
      }
    this.dues[this.host] = due;
    return next;
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
      if (victim < 0 || this.heardAt[entry] < this.heardAt[victim]) victim = entry;
    }
    return victim;
  }
}

function bucketOf(iface: number, a: number, b: number, c: number, d: number): number {
  const mixed = d ^ Math.imul(c, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(a, 0x27d4eb2f);
  return (Math.imul(mixed ^ Math.imul(iface + 1, 0x165667b1), 0x9e3779b9) >>> 25) * WAYS;
}
