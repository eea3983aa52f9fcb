/**
 * Fragments: which ports has a fragment that does not carry them? (RFC 791 §3.2; RFC 8200 §4.5; RFC 4787 §11)
 *
 * Only the first fragment of a datagram has the transport header. Whoever translates or filters by ports does to all the others as was done
 * to it, so what was found out about it is kept here until the datagram is complete. Fragments that come before the first wait, in the slots
 * in which they came, and then go on in the order in which they came. No payload is copied, and nothing is put together: what came as a
 * fragment leaves as one. (Linux nf_defrag_ipv4 puts a datagram together, and cuts it again to the sizes it came in.)
 *
 * Complication 1: nobody may take it all. A datagram of which a fragment was lost stays until its time is up, and anybody can send such.
 *   There are DATAGRAMS_MAX rows, and WAITING_MAX frames wait; all that come from one source have a quarter of both at the most. Where there is no
 *   room, a source at its limit gives up its own oldest datagram, rather one whose ports are not known; else the oldest of those goes, of whomever.
 *   A datagram whose ports are known is never given up for that of another source. Quarters are counted by a hash of the source: two may share one.
 * Complication 2: overlaps. What was seen of the first fragment must not be written over by another: of IPv6 the whole datagram is dropped, with
 *   what is still to come of it (RFC 5722 §4), of IPv4 the fragment that came later (Linux ip_frag_queue drops all of both). What lies wholly within
 *   what has come is a duplicate and dropped alone, as in Linux (inet_frag_queue_insert), which does not ask either how it was cut before.
 * Complication 3: who is in the middle of something. Between `take`, which says First, and the last of `takeWaiting`, frames are on their way
 *   and may bring others to this very table. The row of their datagram stays theirs for so long, whatever comes.
 * Complication 4: time is an argument. `due` is the earliest tick at which frames have waited too long. Rows for which nothing waits have no
 *   such tick: an old one is no longer found, and its place is taken. The first fragment of what waits too long has never come, so nobody
 *   is told of it (RFC 792, Time Exceeded, code 1; Linux ip_expire, INET_FRAG_FIRST_IN).
 *
 * Writer: the Worker that owns the host. One table per host. Frames that wait, or are given up and not yet taken, are held by it and nobody else.
 * Never: a `take` without asking for all of `takeGone`; First without `settle` or `refuse`; `settle` without `takeWaiting` until it gives -1.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Lists } from './lists.js';
import { Ranges } from './ranges.js';
import { Waiting } from './waiting.js';

/** What `take` says of a fragment that it does not refuse. */
export const enum FragmentVerdict {
  /** It is a datagram of its own (RFC 6946 §4), and nothing is known or kept of it. */
  Whole,
  /** It is the first: the caller looks at its ports and says so with `settle`, or `refuse`. */
  First,
  /** The ports of its datagram are known. */
  Known,
  /** The table has it now. */
  Held,
}

/** Datagrams of which a host knows something at a time. */
export const DATAGRAMS_MAX = 1024;
/** Those from one source. */
export const SHARE_DATAGRAMS = DATAGRAMS_MAX / 4;
/** How long what has come of a datagram counts, from the first that came of it: ns (Linux net.ipv4.ipfrag_time, ip6frag_time is twice that). */
export const TIMEOUT_NS = 30e9;

const NOBODY = -1;
const SHARES = 1024;
const CHAINS = 1024;
const LENGTH_MAX = 0xffff;
const IPV4_HEADER = 20;
/** Source, destination, family and protocol, identification. */
const KEY_WORDS = 10;
const SOURCE_WORDS = 4;

/** What is to happen to a datagram; the list of its row by age. */
const enum State {
  Free,
  /** The first fragment has not come, others have. */
  Waiting,
  /** The first has come, and others are about to follow it: not to be touched. */
  Releasing,
  Settled,
  /** Whatever comes of it is dropped. */
  Refused,
  Count,
}

export class Fragments {
  /** The row of the datagram that `take` said First or Known of; its columns are right until the next `take`. */
  row = NOBODY;
  /** What `settle` said, by row: source port in the high half and destination port in the low one, ... */
  readonly ports = new Int32Array(DATAGRAMS_MAX);
  /** ... and what else the caller wants to know with the next fragment. */
  readonly facts = new Int32Array(DATAGRAMS_MAX);
  /** ... and the identification that all of it leaves with. */
  readonly identification = new Uint16Array(DATAGRAMS_MAX);

  private readonly keys = new Int32Array(DATAGRAMS_MAX * KEY_WORDS);
  private readonly deadline = new Float64Array(DATAGRAMS_MAX);
  /** Bytes of the payload of the whole datagram; 0 until the last fragment has come. */
  private readonly total = new Uint16Array(DATAGRAMS_MAX);
  /** Why nothing of it goes on; Ok if it does. */
  private readonly refusedFor = new Uint16Array(DATAGRAMS_MAX);
  private readonly shareOf = new Uint16Array(DATAGRAMS_MAX);
  private readonly seen = new Ranges(DATAGRAMS_MAX);
  /** Rows by State, the oldest first; but Settled and Refused in the order in which they came to be that. */
  private readonly byAge = new Lists(DATAGRAMS_MAX, State.Count);
  /** The same for each source: see `ofSource`. */
  private readonly bySource = new Lists(DATAGRAMS_MAX, State.Count * SHARES);
  /** Rows whose keys hash alike; those that are free in the first list. */
  private readonly chains = new Lists(DATAGRAMS_MAX, 1 + CHAINS);

  private readonly waiting = new Waiting(DATAGRAMS_MAX, SHARES);
  /** The key that is looked for. */
  private readonly key = new Int32Array(KEY_WORDS);

  /** @param dues the earliest tick at which frames have waited too long, Infinity when none wait, by host; @param host the number of this one */
  constructor(
    private readonly dues: Float64Array = new Float64Array(1).fill(Infinity),
    private readonly host = 0,
  ) {}

  get due(): number {
    return this.dues[this.host];
  }

  /** Datagrams of which something is known. */
  get size(): number {
    return DATAGRAMS_MAX - this.byAge.count(State.Free);
  }

  /**
   * Says what to do with a fragment: a FragmentVerdict, or the negative of the Reason for which the caller drops it.
   *
   * @param source four words, IPv4 in the last behind three of 0, and so `destination`
   * @param protocol of IPv4; 0 for IPv6, whose fragments may differ in it (RFC 8200 §4.5)
   * @param offset bytes of the datagram before those of this fragment, a multiple of 8
   * @param length bytes of the datagram in it, as they were on the wire
   * @param more more fragments follow
   */
  take(
    frame: Frame,
    tick: number,
    family: number,
    source: Int32Array,
    destination: Int32Array,
    protocol: number,
    identification: number,
    offset: number,
    length: number,
    more: boolean,
  ): number {
    const end = offset + length;
    if (offset === 0 && !more) return FragmentVerdict.Whole;
    if (end > (family === 4 ? LENGTH_MAX - IPV4_HEADER : LENGTH_MAX))
      return -Reason.FragmentTooLong;
    if (length === 0 || (more && (length & 7) !== 0)) return -Reason.FragmentBadLength;
    this.expire(tick);
    this.key.set(source);
    this.key.set(destination, 4);
    this.key[8] = (family << 8) | protocol;
    this.key[9] = identification;
    const chain = this.chain();
    const known = this.find(chain, tick);
    const row = known >= 0 ? known : this.add(chain, tick);
    this.row = row;
    if (row < 0) return -Reason.FragmentsExceeded;
    if (this.refusedFor[row] !== Reason.Ok) return -this.refusedFor[row];
    const reason = this.see(row, offset, end, more);
    if (reason === Reason.Ok) return offset === 0 ? this.begin(row) : this.follow(row, frame);
    const isSpoiled = reason === Reason.FragmentOverlap && family !== 4;
    if (isSpoiled || reason === Reason.FragmentsExceeded) this.spoil(row, reason);
    return -reason;
  }

  /** The ports of a datagram whose first fragment has come are known. What waits is the caller's to take. */
  settle(row: number, ports: number, facts: number, identification: number): void {
    this.ports[row] = ports;
    this.facts[row] = facts;
    this.identification[row] = identification;
  }

  /**
   * A datagram goes nowhere: what waits of it is gone, and what comes of it will be refused for the same reason. The row is no longer the
   * caller's.
   */
  refuse(row: number, reason: Reason): void {
    this.drop(row, reason);
    this.finish(row);
  }

  /**
   * The frame that waited longest for the first fragment of a datagram, which it does no more; -1 when there is none, and the row is no longer
   * the caller's.
   */
  takeWaiting(row: number): Frame {
    const frame = this.waiting.take(row, this.shareOf[row]);
    if (frame < 0 && this.byAge.of(row) === State.Releasing) this.finish(row);
    return frame;
  }

  /** A frame that waited and is to be dropped now, for the reason in `goneFor`; -1 when there is none. */
  takeGone(): Frame {
    return this.waiting.takeGone();
  }

  /** Why the frame that `takeGone` gave last is to be dropped. */
  get goneFor(): Reason {
    return this.waiting.goneFor;
  }

  /** Gives up what has waited too long at this tick. */
  expire(tick: number): void {
    if (tick >= this.due) {
      const { byAge } = this;
      for (
        let row = byAge.first(State.Waiting);
        row >= 0 && this.deadline[row] <= tick;
        row = byAge.first(State.Waiting)
      )
        this.end(row, Reason.FragmentTimeout);
    }
    this.forgetOld(State.Settled, tick);
    this.forgetOld(State.Refused, tick);
  }

  private forgetOld(state: State, tick: number): void {
    const { byAge } = this;
    for (
      let row = byAge.first(state);
      row >= 0 && this.deadline[row] <= tick;
      row = byAge.first(state)
    )
      this.forget(row);
  }

  /** Notes the bytes of a fragment. FragmentOverlap also where it contradicts what is known of the end. */
  private see(row: number, offset: number, end: number, more: boolean): Reason {
    const total = this.total[row];
    const isBeyond = total === 0 ? !more && end < this.seen.end(row) : end > total;
    const isOtherEnd = total !== 0 && more === (end === total);
    if (isBeyond || isOtherEnd) return Reason.FragmentOverlap;
    const reason = this.seen.add(row, offset, end);
    if (reason === Reason.Ok && !more) this.total[row] = end;
    return reason;
  }

  private begin(row: number): FragmentVerdict {
    this.move(row, State.Releasing);
    return FragmentVerdict.First;
  }

  /** What becomes of a fragment that is not the first. */
  private follow(row: number, frame: Frame): number {
    const state = this.byAge.of(row);
    if (state === State.Waiting) return this.hold(row, frame);
    if (state === State.Settled && this.isComplete(row)) this.forget(row);
    return FragmentVerdict.Known;
  }

  private isComplete(row: number): boolean {
    return this.total[row] !== 0 && this.seen.isWhole(row, this.total[row]);
  }

  /** Lets a frame wait. The datagram that gives way to it, or cannot, is lost without what is given up, so the rest of it is refused. */
  private hold(row: number, frame: Frame): number {
    const { waiting, byAge, bySource } = this;
    const share = this.shareOf[row];
    let victim = NOBODY;
    if (waiting.isShareFull(share)) victim = bySource.first(ofSource(share, State.Waiting));
    else if (waiting.isFull) victim = byAge.first(State.Waiting);
    if (victim >= 0) this.spoil(victim, Reason.FragmentsExceeded);
    if (victim !== row && waiting.hold(row, share, frame)) return FragmentVerdict.Held;
    if (victim !== row) this.spoil(row, Reason.FragmentsExceeded);
    return -Reason.FragmentsExceeded;
  }

  /** Nothing of a datagram goes on, but its row stays that of whoever is in the middle of releasing it. */
  private spoil(row: number, reason: Reason): void {
    this.drop(row, reason);
    if (this.byAge.of(row) !== State.Releasing) this.finish(row);
  }

  private drop(row: number, reason: Reason): void {
    this.waiting.giveUp(row, this.shareOf[row], reason);
    this.refusedFor[row] = reason;
  }

  /** Brings a row into the state that it has while no frame is about to go on. */
  private finish(row: number): void {
    if (this.isComplete(row)) this.forget(row);
    else this.move(row, this.refusedFor[row] === Reason.Ok ? State.Settled : State.Refused);
  }

  /** Gives up a datagram and forgets it. */
  private end(row: number, reason: Reason): void {
    this.waiting.giveUp(row, this.shareOf[row], reason);
    this.forget(row);
  }

  private forget(row: number): void {
    this.move(row, State.Free);
    this.chains.move(row, 0);
  }

  /** Brings a row into another state, and `due` up to date. */
  private move(row: number, state: State): void {
    this.byAge.move(row, state);
    this.bySource.move(row, state === State.Free ? 0 : ofSource(this.shareOf[row], state));
    const first = this.byAge.first(State.Waiting);
    this.dues[this.host] = first < 0 ? Infinity : this.deadline[first];
  }

  /** The row of the key in its chain, or -1. */
  private find(chain: number, tick: number): number {
    const { chains } = this;
    for (let row = chains.first(chain); row >= 0; row = chains.next(row)) {
      if (!this.isAlike(row, KEY_WORDS)) continue;
      if (this.deadline[row] > tick || this.byAge.of(row) === State.Releasing) return row;
      this.forget(row);
      return NOBODY;
    }
    return NOBODY;
  }

  /** A row for the key, of which nothing has come yet; -1 where there is none. */
  private add(chain: number, tick: number): number {
    const share = this.share();
    const victim = this.victim(share);
    if (victim >= 0) this.end(victim, Reason.FragmentsExceeded);
    const row = this.byAge.first(State.Free);
    if (row < 0 || this.datagramsOf(share) >= SHARE_DATAGRAMS) return NOBODY;
    this.keys.set(this.key, row * KEY_WORDS);
    this.shareOf[row] = share;
    this.deadline[row] = tick + TIMEOUT_NS;
    this.total[row] = 0;
    this.refusedFor[row] = Reason.Ok;
    this.seen.clear(row);
    this.chains.move(row, chain);
    this.move(row, State.Waiting);
    return row;
  }

  /** Who makes room for a new datagram of a source; -1 where nobody has to or nobody can. Of those refused nothing is lost. */
  private victim(share: number): number {
    const { byAge, bySource } = this;
    if (this.datagramsOf(share) >= SHARE_DATAGRAMS)
      return firstOf(
        bySource.first(ofSource(share, State.Refused)),
        bySource.first(ofSource(share, State.Waiting)),
        this.oldestSettled(share),
      );
    if (byAge.count(State.Free) > 0) return NOBODY;
    return firstOf(byAge.first(State.Refused), byAge.first(State.Waiting), NOBODY);
  }

  /** The oldest datagram whose ports are known of the very source in the key, not of one that only has the same share; -1 if there is none. */
  private oldestSettled(share: number): number {
    const { bySource } = this;
    let row = bySource.first(ofSource(share, State.Settled));
    while (row >= 0 && !this.isAlike(row, SOURCE_WORDS)) row = bySource.next(row);
    return row;
  }

  /** Are so many first words of a row those of the key? */
  private isAlike(row: number, count: number): boolean {
    const { keys, key } = this;
    const at = row * KEY_WORDS;
    let word = 0;
    while (word < count && keys[at + word] === key[word]) word++;
    return word === count;
  }

  private datagramsOf(share: number): number {
    let datagrams = 0;
    for (let state = State.Waiting; state < State.Count; state++)
      datagrams += this.bySource.count(ofSource(share, state));
    return datagrams;
  }

  /** The share of the source in the key. */
  private share(): number {
    return mix(this.key, SOURCE_WORDS) % SHARES;
  }

  /** The list in `chains` of the key. */
  private chain(): number {
    return 1 + (mix(this.key, KEY_WORDS) % CHAINS);
  }
}

/** The list in `bySource` of the rows of a source in a state. Those of State.Free all stand in list 0. */
function ofSource(share: number, state: State): number {
  return state * SHARES + share;
}

/** The first of three rows that is one, else -1. */
function firstOf(a: number, b: number, c: number): number {
  if (a >= 0) return a;
  return b >= 0 ? b : c;
}

/** A hash of so many first words, 0..2^24-1 (Fibonacci hashing, word by word). */
function mix(words: Int32Array, count: number): number {
  let hash = 0;
  for (let at = 0; at < count; at++) hash = Math.imul(hash ^ words[at], 0x9e3779b9) ^ (hash >>> 15);
  return (Math.imul(hash, 0x85ebca6b) >>> 8) & 0xffffff;
}
