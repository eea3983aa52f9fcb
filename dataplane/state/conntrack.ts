/**
 * The connection table of one host: which conversation does a packet belong to, and in which direction does it go?
 *
 * A connection has two tuples: as packets of its opener come in, and as the answers come in. Address translation makes the second more than
 * the first turned round, so each is entered for itself, by its hash (slots.ts). A lookup gives the *side* that was met: connection << 1 |
 * direction, where direction 0 is the opener's (`original`), 1 is the answerer's (`reply`).
 *
 * Complication 1: time. Nothing sweeps. A connection that has expired is not found, and is removed by whoever looks for it. It counts (`count`)
 *   until then.
 * Complication 2: who pays when it is full. A hand goes round the table, a bounded way for each new connection: what has expired goes first;
 *   else, of those the hand has met, the one that is not assured and would have expired first (`earlyDropped`; nf_conntrack_core.c,
 *   early_drop). Assured ones have been used from both sides and are never given up for a newcomer; where the hand meets no others it is
 *   `refused`. The hand strides, so that connections which were made one after another are not met one after another; it comes to
 *   every connection before it comes to one again. So a flood of first packets evicts itself.
 * Complication 3: one tuple, one connection. Whoever adds has looked first (`find`, `isTaken`). `add` looks again, which costs little since
 *   the slots are in the cache by then, and enters no tuple twice (`clashed`). Only the two tuples of one connection may be equal: a host
 *   that talks to itself from a port to the same port. Then its side is `original`.
 * Complication 4: hostile tuples that all hash alike. The hash is drawn from a seed (hashing.ts).
 * Complication 5: IPv6 addresses are ids of a table beside this one (interned.ts). A connection holds those of its four until it is removed.
 *
 * Never: keep a connection's number beyond the packet at hand. It is given to another after `remove`, which also `find`, `isTaken` and `add`
 * may call.
 *
 * Writer: the Worker that owns the host. Time is an argument, in ns, and does not go back.
 */
import { Connections, Direction, Mark, Size, Tick, Tuple, Word } from './connections.js';
import { Hand } from './hand.js';
import { Hashing } from './hashing.js';
import type { Interned } from './interned.js';
import { isIpv6In, Protocol, protocolIn } from './tuple.js';

/** How many connections the hand passes at most for a new one, */
const HAND_REACH = 32;
/** and among how many that are not assured it chooses. */
const CANDIDATES = 8;
const CAPACITY_MAX = 2 ** 24;
const NONE = -1;

export const connectionOf = (side: number): number => side >> 1;
export const directionOf = (side: number): Direction => side & 1;

export class Conntrack extends Connections {
  /** Connections that were given up for new ones before they had expired. */
  earlyDropped = 0;
  /** Connections that were not taken because the table was full of assured ones. */
  refused = 0;
  /** Connections that were not taken because one of their tuples is another's. */
  clashed = 0;

  private readonly hashing: Hashing;
  private used = 0;
  /** Connections from here on have never been used. */
  private fresh = 0;
  /** The first of those that are free again, + 1; chained by Newer. */
  private free = 0;
  private oldest = 0;
  private newest = 0;
  private readonly hand: Hand;

  /**
   * @param capacity how many connections there may be, 1..16,777,216
   * @param seed of the hash, 32 bits
   * @param addresses the IPv6 addresses that tuples of this table name
   * @throws RangeError when the capacity is none of these
   */
  constructor(
    capacity: number,
    seed: number,
    private readonly addresses: Interned,
  ) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY_MAX)
      throw new RangeError('a connection table holds 1 to 16,777,216 connections');
    super(capacity);
    this.hashing = new Hashing(seed);
    this.hand = new Hand(capacity);
  }

  /** Connections in the table, those included that have expired and that nobody has met since. */
  get count(): number {
    return this.used;
  }

  /** The side that has this tuple and is alive at this tick, or -1. */
  find(tick: number, key: number, source: number, destination: number, ports: number): number {
    const side = this.sideOf(key, source, destination, ports);
    if (side < 0 || this.expiryOf(side >> 1) > tick) return side;
    this.remove(side >> 1);
    return NONE;
  }

  /** Has a connection that is alive this tuple, in either direction? So that another must not. */
  isTaken(tick: number, key: number, source: number, destination: number, ports: number): boolean {
    return this.find(tick, key, source, destination, ports) !== NONE;
  }

  /** Has a connection this tuple, in either direction, alive or not? */
  hasTuple(key: number, source: number, destination: number, ports: number): boolean {
    return this.sideOf(key, source, destination, ports) !== NONE;
  }

  /** What `touchSlot` and `guess` want to be told of a tuple. */
  hashOf(key: number, source: number, destination: number, ports: number): number {
    return this.hashing.of(key, source, destination, ports);
  }

  /** Asks memory for where a side with this hash is looked for, ahead of `guess` or `find`; the result means nothing. */
  touchSlot(hash: number): number {
    return this.slots.touch(hash);
  }

  /** A side with this hash, or -1: most likely the right one, which `isAlive` says. */
  guess(hash: number): number {
    const slot = this.slots.first(hash);
    return slot < 0 ? NONE : this.slots.at(slot);
  }

  /** Asks memory for what is known of a side that was guessed; the result means nothing. */
  touch(side: number): number {
    const connection = side >> 1;
    const key = this.words[connection * Word.Count + Word.Key];
    return protocolIn(key) === Protocol.Tcp ? this.windows[connection * Size.WindowWords] : key;
  }

  /** Asks memory for where the oldest of a full table are looked for, since so many new ones will take their places; the result means nothing. */
  touchOldest(count: number): number {
    let words = 0;
    let link = this.used === this.capacity ? this.oldest : 0;
    for (let i = 0; i < count && link !== 0; i++) {
      const at = (link - 1) * Word.Count;
      words ^=
        this.slots.touch(this.hashAt(at, at)) ^ this.slots.touch(this.hashAt(at, at + Word.Reply));
      link = this.words[at + Word.Newer];
    }
    return words;
  }

  /** Is this the side that has this tuple, and alive? */
  isAlive(
    side: number,
    tick: number,
    key: number,
    source: number,
    destination: number,
    ports: number,
  ): boolean {
    return this.isSide(side, key, source, destination, ports) && this.expiryOf(side >> 1) > tick;
  }

  /**
   * Enters a connection, both tuples of it; -1 when there is no room (`refused`) or one of its tuples is another's (`clashed`). Its state is
   * 0, it has no marks and no rule, its windows are 0, and it has expired: whoever adds it says how long it lives, before anybody looks.
   * IPv6 addresses the caller holds meanwhile, since room for this one is made by removing others.
   */
  add(
    tick: number,
    key: number,
    source: number,
    destination: number,
    ports: number,
    replySource: number,
    replyDestination: number,
    replyPorts: number,
  ): number {
    if (
      this.isTaken(tick, key, source, destination, ports) ||
      this.isTaken(tick, key, replySource, replyDestination, replyPorts)
    ) {
      this.clashed++;
      return NONE;
    }
    if (!this.hasRoom(tick) && !this.makeRoom(tick)) {
      this.refused++;
      return NONE;
    }
    return this.enter(key, source, destination, ports, replySource, replyDestination, replyPorts);
  }

  /** The same for tuples that nobody has, where there is room (`hasRoom`), as the caller knows. */
  enter(
    key: number,
    source: number,
    destination: number,
    ports: number,
    replySource: number,
    replyDestination: number,
    replyPorts: number,
  ): number {
    if (this.used === this.capacity) this.remove(this.oldest - 1);
    const connection = this.claim();
    const { words } = this;
    const at = connection * Word.Count;
    words[at + Tuple.Source] = source;
    words[at + Tuple.Destination] = destination;
    words[at + Tuple.Ports] = ports;
    words[at + Word.Reply + Tuple.Source] = replySource;
    words[at + Word.Reply + Tuple.Destination] = replyDestination;
    words[at + Word.Reply + Tuple.Ports] = replyPorts;
    words[at + Word.Key] = key;
    words[at + Word.Status] = 0;
    words[at + Word.Own] = 0;
    words[at + Word.Own + 1] = 0;
    words[at + Word.Rule] = NONE;
    words[at + Word.Serial] = 0;
    this.ticks[connection * Tick.Count + Tick.Expiry] = 0;
    if (protocolIn(key) === Protocol.Tcp) this.clearWindows(connection);
    if (isIpv6In(key)) this.holdAddresses(at);
    // Where both tuples are equal, the first is met.
    this.slots.enter(this.hashAt(at, at), (connection << 1) | Direction.Original);
    this.slots.enter(this.hashAt(at, at + Word.Reply), (connection << 1) | Direction.Reply);
    this.append(connection);
    return connection;
  }

  /** Is there room for one more, or surely one that has expired and can go? */
  hasRoom(tick: number): boolean {
    return this.used < this.capacity || !(this.expiryOf(this.oldest - 1) > tick);
  }

  remove(connection: number): void {
    const { words } = this;
    const at = connection * Word.Count;
    this.slots.leave(this.hashAt(at, at), (connection << 1) | Direction.Original);
    this.slots.leave(this.hashAt(at, at + Word.Reply), (connection << 1) | Direction.Reply);
    const older = words[at + Word.Older];
    const newer = words[at + Word.Newer];
    if (older === 0) this.oldest = newer;
    else words[(older - 1) * Word.Count + Word.Newer] = newer;
    if (newer === 0) this.newest = older;
    else words[(newer - 1) * Word.Count + Word.Older] = older;
    if (isIpv6In(words[at + Word.Key])) this.releaseAddresses(at);
    words[at + Word.Key] = NONE;
    words[at + Word.Newer] = this.free;
    this.free = connection + 1;
    this.used--;
  }

  /** Removes every connection that this rule made; gives how many. It looks at all there are. */
  removeByRule(rule: number): number {
    let removed = 0;
    for (let link = this.oldest; link !== 0;) {
      const connection = link - 1;
      link = this.words[connection * Word.Count + Word.Newer];
      if (this.ruleOf(connection) !== rule) continue;
      this.remove(connection);
      removed++;
    }
    return removed;
  }

  /** The oldest connection that is alive at this tick, or -1. With `newerThan` all of them, in the order of creation; nothing is changed. */
  first(tick: number): number {
    return this.aliveFrom(this.oldest, tick);
  }

  /** The next one that was created after this one and is alive, or -1. */
  newerThan(connection: number, tick: number): number {
    return this.aliveFrom(this.words[connection * Word.Count + Word.Newer], tick);
  }

  /** The side that has this tuple, alive or not, or -1. */
  private sideOf(key: number, source: number, destination: number, ports: number): number {
    const { slots } = this;
    const hash = this.hashOf(key, source, destination, ports);
    for (let slot = slots.first(hash); slot >= 0; slot = slots.next(hash, slot)) {
      const side = slots.at(slot);
      if (this.isSide(side, key, source, destination, ports)) return side;
    }
    return NONE;
  }

  /** Has this side this tuple? None has that is of no connection. */
  private isSide(
    side: number,
    key: number,
    source: number,
    destination: number,
    ports: number,
  ): boolean {
    const { words } = this;
    const at = (side >> 1) * Word.Count;
    const tuple = at + (side & 1) * Word.Reply;
    return (
      words[tuple + Tuple.Ports] === (ports | 0) &&
      words[tuple + Tuple.Source] === (source | 0) &&
      words[tuple + Tuple.Destination] === (destination | 0) &&
      words[at + Word.Key] === key
    );
  }

  /** The hash of one of a connection's tuples; `tuple` is where that one begins. */
  private hashAt(at: number, tuple: number): number {
    const { words } = this;
    return this.hashOf(
      words[at + Word.Key],
      words[tuple + Tuple.Source],
      words[tuple + Tuple.Destination],
      words[tuple + Tuple.Ports],
    );
  }

  private aliveFrom(first: number, tick: number): number {
    let link = first;
    while (link !== 0 && !(this.expiryOf(link - 1) > tick))
      link = this.words[(link - 1) * Word.Count + Word.Newer];
    return link - 1;
  }

  private claim(): number {
    this.used++;
    if (this.free === 0) return this.fresh++;
    const connection = this.free - 1;
    this.free = this.words[connection * Word.Count + Word.Newer];
    return connection;
  }

  /** Removes one that has expired, or else the least useful one, of those within reach of the hand. False when all of these are assured. */
  private makeRoom(tick: number): boolean {
    const reach = Math.min(HAND_REACH, this.capacity);
    let victim = NONE;
    for (let passed = 0, candidates = 0; passed < reach && candidates < CANDIDATES; passed++) {
      const connection = this.hand.next();
      if (!(this.expiryOf(connection) > tick)) {
        this.remove(connection);
        return true;
      }
      if (this.has(connection, Mark.Assured)) continue;
      candidates++;
      if (victim < 0 || this.expiryOf(connection) < this.expiryOf(victim)) victim = connection;
    }
    if (victim < 0) return false;
    this.remove(victim);
    this.earlyDropped++;
    return true;
  }

  /** Puts a connection at the end of the order of creation. */
  private append(connection: number): void {
    const at = connection * Word.Count;
    this.words[at + Word.Older] = this.newest;
    this.words[at + Word.Newer] = 0;
    if (this.newest === 0) this.oldest = connection + 1;
    else this.words[(this.newest - 1) * Word.Count + Word.Newer] = connection + 1;
    this.newest = connection + 1;
  }

  private clearWindows(connection: number): void {
    const { windows } = this;
    const end = (connection + 1) * Size.WindowWords;
    // Word by word: to call `fill` for so few costs more than all the rest.
    for (let at = connection * Size.WindowWords; at < end; at++) windows[at] = 0;
  }

  private holdAddresses(at: number): void {
    const { words, addresses } = this;
    addresses.hold(words[at + Tuple.Source]);
    addresses.hold(words[at + Tuple.Destination]);
    addresses.hold(words[at + Word.Reply + Tuple.Source]);
    addresses.hold(words[at + Word.Reply + Tuple.Destination]);
  }

  private releaseAddresses(at: number): void {
    const { words, addresses } = this;
    addresses.release(words[at + Tuple.Source]);
    addresses.release(words[at + Tuple.Destination]);
    addresses.release(words[at + Word.Reply + Tuple.Source]);
    addresses.release(words[at + Word.Reply + Tuple.Destination]);
  }
}
