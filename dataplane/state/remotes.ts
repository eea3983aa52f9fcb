/**
 * What a VXLAN tunnel end knows of the stations behind others: in which VNI a MAC lives behind which remote end (RFC 7348 §4.1; Linux drivers/net/vxlan).
 *
 * An Fdb (fdb.ts) in which the place of a port is taken by a remote end, and the filtering id is the VNI: the same MAC in two VNIs is two stations. The
 * ends are addresses with numbers (interned.ts). Those that the topology names are there for good.
 *
 * Complication 1: hostile ends. Anybody can send from any address, so there are at most ENDS_LEARNED_MAX others. When they are all taken, a few are looked at
 *   for one behind which no station is left, which gives up its number; else the station is not learned.
 * Complication 2: declared stations. They do not move, and what claims to come from one of them by another end is dropped (Linux vxlan_snoop).
 * Complication 3: who knows. `history` keeps why entries change.
 *
 * Writer: the Worker that owns the host.
 */
import { Fdb } from './fdb.js';
import { Kind, Lesson } from './fdb-kinds.js';
import { Change } from './history.js';
import type { History } from './history.js';
import { Interned } from './interned.js';

/** Ends that a tunnel end learns of at the most; there are as many numbers besides those that are declared. */
const ENDS_LEARNED_MAX = 1024;
/** Ends that are looked at for one that is not needed. */
const CANDIDATES = 16;
/** It is no secret: ends hash alike only for who may name them. */
const SEED = 7348;
const NOBODY = -1;
const FID_SHIFT = 16;

/** The frame that teaches. */
export interface Teacher {
  port: number;
  serial: number;
  tick: number;
}

export class Remotes {
  readonly fdb: Fdb;
  readonly ends: Interned;
  /** Numbers of ends are below this. */
  readonly endsMax: number;
  /** Stations that were not learned because there was no number for their end. */
  refused = 0;
  private declaredEnds = 0;
  private hand = 0;

  /**
   * @param firstVni row of its first VNI in `vnis`
   * @param endsDeclared how many ends will be declared
   * @param stationsDeclared how many stations will be
   */
  constructor(
    private readonly firstVni: number,
    stationsMax: number,
    endsDeclared: number,
    stationsDeclared: number,
    ageing_ns: number,
    private readonly history: History,
  ) {
    this.endsMax = endsDeclared + ENDS_LEARNED_MAX;
    this.ends = new Interned(this.endsMax, SEED);
    this.fdb = new Fdb(0, this.endsMax, stationsMax, stationsDeclared, ageing_ns);
  }

  /** The number of an end that the topology names. All are declared before anything is learned. */
  declareEnd(a: number, b: number, c: number, d: number): number {
    const known = this.ends.find(a, b, c, d);
    if (known >= 0) return known;
    this.declaredEnds++;
    return this.ends.intern(a, b, c, d);
  }

  /** Nails a station to an end; `row` is that of `remoteStations`. */
  declareStation(vni: number, high: number, low: number, end: number, row: number): void {
    if (!this.fdb.declare(this.key(vni, high), low | 0, end, Kind.Sticky, row))
      throw new RangeError('too many declared stations hash alike');
  }

  /** The entry of a station, or -1; `fdb` knows more of it. */
  find(vni: number, high: number, low: number, tick: number): number {
    return this.fdb.find(this.key(vni, high), low | 0, tick);
  }

  /** Asks memory for the entry's home ahead of `find`; the result means nothing. */
  touch(vni: number, high: number, low: number): number {
    return this.fdb.touch(this.key(vni, high), low | 0);
  }

  /** Is this number that of the end with this address, four words? */
  isEnd(end: number, words: Int32Array): boolean {
    const { ends } = this;
    return (
      ends.word(end, 3) === words[3] &&
      ends.word(end, 2) === words[2] &&
      ends.word(end, 1) === words[1] &&
      ends.word(end, 0) === words[0]
    );
  }

  /**
   * A station was heard behind an end that is not the one at which it is known, if it is known. Gives the number of that end if it is new, so that the
   * way to it must be found, else NOBODY. Declared stations stay where they are.
   */
  learn(
    vni: number,
    high: number,
    low: number,
    words: Int32Array,
    { port, serial, tick }: Teacher,
  ): number {
    const [a, b, c, d] = words;
    const { fdb, ends } = this;
    const key = this.key(vni, high);
    const was = fdb.find(key, low | 0, -Infinity);
    if (was >= 0 && fdb.kindOf(was) !== Kind.Dynamic) return NOBODY;
    const known = ends.find(a, b, c, d);
    const end = known >= 0 ? known : this.newEnd(a, b, c, d);
    if (end < 0) {
      this.refused++;
      return NOBODY;
    }
    const before = was >= 0 ? fdb.portOf(was) : NOBODY;
    const heard = was >= 0 ? fdb.heardAt(was) : 0;
    const { evicted } = fdb;
    const lesson = fdb.learn(key, low | 0, end, serial, tick, port);
    if (fdb.evicted !== evicted) this.noteVictim(port, serial, tick);
    if (lesson === Lesson.Learned || lesson === Lesson.Moved)
      this.noteLesson(lesson, vni, high, low, before, heard, end, port, serial, tick);
    return known >= 0 ? NOBODY : end;
  }

  private noteLesson(
    lesson: Lesson,
    vni: number,
    high: number,
    low: number,
    before: number,
    heard: number,
    end: number,
    port: number,
    serial: number,
    tick: number,
  ): void {
    const { history, fdb } = this;
    if (lesson === Lesson.Learned && before >= 0) {
      history.note(Change.Aged, heard + fdb.ageing_ns, vni, high, low, port, serial);
      this.writeBefore(before);
    }
    const change = lesson === Lesson.Moved ? Change.Moved : Change.Learned;
    history.note(change, tick, vni, high, low, port, serial);
    if (lesson === Lesson.Moved) this.writeBefore(before);
    const { ends } = this;
    history.after(ends.word(end, 0), ends.word(end, 1), ends.word(end, 2), ends.word(end, 3));
  }

  private noteVictim(port: number, serial: number, tick: number): void {
    const { victim, ageing_ns } = this.fdb;
    const vni = this.firstVni + (victim.high >>> FID_SHIFT);
    const isAged = tick - victim.heard >= ageing_ns;
    const at = isAged ? victim.heard + ageing_ns : tick;
    const change = isAged ? Change.Aged : Change.Evicted;
    this.history.note(change, at, vni, victim.high & 0xffff, victim.low, port, serial);
    this.writeBefore(victim.port);
  }

  private writeBefore(end: number): void {
    const { ends, history } = this;
    history.before(ends.word(end, 0), ends.word(end, 1), ends.word(end, 2), ends.word(end, 3));
  }

  /** A number for an end that has none, or NOBODY. */
  private newEnd(a: number, b: number, c: number, d: number): number {
    const { ends } = this;
    if (ends.count === this.endsMax) this.giveUpEnd();
    return ends.intern(a, b, c, d);
  }

  /** Declared ends have the lowest numbers. */
  private giveUpEnd(): void {
    const learned = this.endsMax - this.declaredEnds;
    for (let met = 0; met < CANDIDATES; met++) {
      const end = this.declaredEnds + this.hand;
      this.hand = (this.hand + 1) % learned;
      if (this.fdb.countAt(end) > 0) continue;
      this.ends.release(end);
      return;
    }
  }

  /** The first word of its stations in the Fdb: the VNI and two bytes of the MAC. */
  private key(vni: number, high: number): number {
    return ((vni - this.firstVni) << FID_SHIFT) | high;
  }
}
