/**
 * The filtering database of one Network: behind which Port does a station live? (IEEE 802.1Q §8.8)
 *
 * Open addressing with linear probing over 32-byte entries, two to a cache line, about a quarter full at the most (half, if large). All
 * of it stands in one memory (fdb-memory.ts), which may be given from outside and then outlives the Worker.
 *
 * Complication 1: time. Nothing sweeps. An entry that is `ageing_ns` old is no longer found, and its slot is taken over by the next
 *   frame of that station or by eviction; so the table says the same whatever the burst size.
 * Complication 2: who pays when it is full. The port with most entries gives one up, the one of a few candidates that was silent
 *   longest: a port that floods forged addresses evicts its own, and nobody else's conversation starts to flood.
 * Complication 3: hostile addresses that all hash alike. A probe never goes further than PROBES_MAX; what would stand further away is
 *   not learned (and therefore floods), and `refused` counts it.
 * Complication 4: declared stations. They do not age. A static one still moves when it is heard elsewhere, as in Linux; a sticky one
 *   refuses; a local one is the bridge itself, and frames that claim its address teach nothing.
 * Complication 5: a bridge that frames reach through a wire. An entry remembers also the port of origin, where its teacher was counted.
 * Complication 6: a Worker that ended in the middle of a write. Its successor revives what it left: every entry that is whole is entered
 *   anew and counted anew, the newer one of two for the same station. Half-written ones are as if they had not been heard.
 *
 * Writer: the Worker that owns the Network. Others may read along (fdb-entries.ts). Time is an argument; nothing here reads a clock.
 */
import { Kind, Lesson } from './fdb-kinds.js';
import {
  Place,
  EntryTick,
  EntryWord,
  FDB_MAGIC,
  FdbCount,
  FdbViews,
  FdbWord,
  fdbBytes,
  homeOf,
  kindIn,
  portIn,
  slotsFor,
} from './fdb-memory.js';

const WORDS = EntryWord.Count;
const HIGH = EntryWord.High;
const LOW = EntryWord.Low;
const PLACE = EntryWord.Place;
const SERIAL = EntryWord.Serial;
const TICKS = EntryTick.Count;
const TAUGHT = EntryTick.Taught;
const HEARD = EntryTick.Heard;

/** Stands for the tick of entries that no frame has taught. */
const DECLARED = -1;
const PROBES_MAX = 128;
const CANDIDATES = 8;
/** No complement of a slot. */
const NO_ROOM = -0x80000000;

export class Fdb {
  /** True when it goes on with what a predecessor left in its memory. */
  readonly revived: boolean;
  /** The entry that was given up last; see `evicted`. */
  readonly victim = { high: 0, low: 0, port: 0, heard: 0 };

  private readonly mask: number;
  private readonly shift: number;
  private readonly head: Int32Array;
  private readonly counts: Float64Array;
  private readonly words: Int32Array;
  private readonly ticks: Float64Array;
  private readonly perPort: Int32Array;

  /**
   * @param firstPort lowest port number of the network
   * @param portCount how many ports it has; they are numbered without gaps
   * @param stationsMax how many stations may be learned, 1..1,048,576; beyond that, one is evicted for each new one
   * @param declaredMax how many stations will be declared with `declare`
   * @param ageing_ns age at which an unheard station is forgotten
   * @param memory of `fdbBytes` bytes, zeros or what another Fdb of the same network left; default: its own
   * @throws RangeError when the memory is that of another network
   */
  constructor(
    private readonly firstPort: number,
    portCount: number,
    readonly stationsMax: number,
    declaredMax: number,
    readonly ageing_ns: number,
    readonly memory = new SharedArrayBuffer(fdbBytes(portCount, stationsMax, declaredMax)),
  ) {
    if (memory.byteLength !== fdbBytes(portCount, stationsMax, declaredMax))
      throw new RangeError('this memory has another size than the Fdb of this network');
    const slots = slotsFor(stationsMax + declaredMax);
    this.mask = slots - 1;
    this.shift = Math.clz32(slots / 2 - 1);
    const { head, counts, perPort, words, ticks } = new FdbViews(memory, portCount, slots);
    this.head = head;
    this.counts = counts;
    this.perPort = perPort;
    this.words = words;
    this.ticks = ticks;
    this.revived = head[FdbWord.Magic] === FDB_MAGIC;
    if (this.revived) this.revive(portCount);
    else this.clear();
    head[FdbWord.FirstPort] = firstPort;
    head[FdbWord.PortCount] = portCount;
    head[FdbWord.Slots] = slots;
  }

  /** All stations are declared: from now on a successor may go on with what stands here. */
  open(): void {
    this.head[FdbWord.Magic] = FDB_MAGIC;
  }

  /** Entries that were given up for new ones. */
  get evicted(): number {
    return this.counts[FdbCount.Evicted];
  }

  /** Stations that were not learned because too many others hash alike. */
  get refused(): number {
    return this.counts[FdbCount.Refused];
  }

  /** Learned entries, aged ones included until their slot is taken. */
  get learned(): number {
    return this.head[FdbWord.Learned];
  }

  /** The entry of a station, or -1. `high` holds the filtering id and two bytes of the MAC, `low` the other four. */
  find(high: number, low: number, tick: number): number {
    const slot = this.seek(high, low);
    return slot < 0 || this.aged(slot, tick) ? -1 : slot;
  }

  /** Renews what is known of a station if it is just what a frame by this port says, and was heard lately; else changes nothing. */
  refresh(high: number, low: number, port: number, tick: number): boolean {
    return this.renew(this.seek(high, low), port, tick);
  }

  /** The frame `serial` of port `origin` was sent by this station and came in by `port`. */
  learn(
    high: number,
    low: number,
    port: number,
    serial: number,
    tick: number,
    origin = port,
  ): Lesson {
    const slot = this.seek(high, low);
    if (this.renew(slot, port, tick)) return Lesson.Refreshed;
    if (slot >= 0) return this.relearn(slot, port, serial, tick, origin);
    if (slot !== NO_ROOM) return this.add(high, low | 0, port, serial, tick, origin);
    this.counts[FdbCount.Refused]++;
    return Lesson.Refused;
  }

  /** The station of a slot was heard again, there where it is known. */
  renewAt(slot: number, tick: number): void {
    if (this.kindOf(slot) === Kind.Dynamic) this.ticks[slot * TICKS + HEARD] = tick;
  }

  /** How many stations were learned behind a port. */
  countAt(port: number): number {
    return this.perPort[port - this.firstPort];
  }

  /** Nails a station to a port, also one that was learned. Declared twice: the later word counts. Returns false when there is no room within reach of its hash. */
  declare(high: number, low: number, port: number, kind: Kind, serial: number): boolean {
    const found = this.seek(high, low);
    if (found === NO_ROOM) return false;
    const slot = found < 0 ? ~found : found;
    if (this.kindOf(slot) === Kind.Dynamic) this.uncount(slot);
    this.write(slot, high, low | 0, port, kind, serial, DECLARED, port);
    return true;
  }

  /** Size of the table in memory. */
  get bytes(): number {
    return this.words.byteLength;
  }

  /** Asks memory for the entry's home ahead of `find` or `learn`; the result means nothing. */
  touch(high: number, low: number): number {
    return this.words[homeOf(high, low, this.shift) * WORDS];
  }

  /** Its place word: see portIn, kindIn, originIn. */
  placeOf(slot: number): number {
    return this.words[slot * WORDS + PLACE];
  }

  portOf(slot: number): number {
    return this.words[slot * WORDS + PLACE] & 0xffff;
  }

  kindOf(slot: number): Kind {
    return kindIn(this.words[slot * WORDS + PLACE]);
  }

  /** Which frame of its origin taught the entry; for a declared one that never moved, the number it was declared with. */
  serialOf(slot: number): number {
    return this.words[slot * WORDS + SERIAL] >>> 0;
  }

  /** The tick of that frame; negative for a declared one that never moved. */
  taughtAt(slot: number): number {
    return this.ticks[slot * TICKS + TAUGHT];
  }

  heardAt(slot: number): number {
    return this.ticks[slot * TICKS + HEARD];
  }

  /** Where a station stands; else, as its complement, the free slot it would take; NO_ROOM when too many others hash alike. */
  private seek(high: number, lowBits: number): number {
    const low = lowBits | 0;
    const words = this.words;
    let slot = homeOf(high, low, this.shift);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const at = slot * WORDS;
      if (words[at + PLACE] === 0) return ~slot;
      if (words[at + LOW] === low && words[at + HIGH] === high) return slot;
      slot = (slot + 1) & this.mask;
    }
    return NO_ROOM;
  }

  private renew(slot: number, port: number, tick: number): boolean {
    if (slot < 0 || this.aged(slot, tick)) return false;
    if ((this.placeOf(slot) & Place.WhereBits) !== ((Kind.Dynamic << Place.KindShift) | port))
      return false;
    this.ticks[slot * TICKS + HEARD] = tick;
    return true;
  }

  private aged(slot: number, tick: number): boolean {
    return (
      tick - this.ticks[slot * TICKS + HEARD] >= this.ageing_ns &&
      this.kindOf(slot) === Kind.Dynamic
    );
  }

  /** The station is there, but elsewhere, aged, or declared. */
  private relearn(
    slot: number,
    port: number,
    serial: number,
    tick: number,
    origin: number,
  ): Lesson {
    const kind = this.kindOf(slot);
    const was = this.portOf(slot);
    if (kind === Kind.Local) return Lesson.Kept;
    if (was === port && kind !== Kind.Dynamic) return Lesson.Refreshed;
    if (kind === Kind.Sticky) return Lesson.Kept;
    const lesson = kind === Kind.Dynamic && this.aged(slot, tick) ? Lesson.Learned : Lesson.Moved;
    if (kind === Kind.Dynamic) {
      this.perPort[was - this.firstPort]--;
      this.perPort[port - this.firstPort]++;
    }
    const at = slot * WORDS;
    this.write(slot, this.words[at + HIGH], this.words[at + LOW], port, kind, serial, tick, origin);
    return lesson;
  }

  private add(
    high: number,
    low: number,
    port: number,
    serial: number,
    tick: number,
    origin: number,
  ): Lesson {
    if (this.learned >= this.stationsMax) this.makeRoom(tick);
    // An eviction may have shifted entries towards their homes, so the free slot is looked for only now.
    let slot = homeOf(high, low, this.shift);
    while (this.words[slot * WORDS + PLACE] !== 0) slot = (slot + 1) & this.mask;
    this.write(slot, high, low, port, Kind.Dynamic, serial, tick, origin);
    this.perPort[port - this.firstPort]++;
    this.head[FdbWord.Learned]++;
    return Lesson.Learned;
  }

  private write(
    slot: number,
    high: number,
    low: number,
    port: number,
    kind: Kind,
    serial: number,
    tick: number,
    origin: number,
  ): void {
    const at = slot * WORDS;
    this.words[at + PLACE] = 0;
    this.words[at + HIGH] = high;
    this.words[at + LOW] = low;
    this.words[at + SERIAL] = serial;
    this.ticks[slot * TICKS + TAUGHT] = tick;
    this.ticks[slot * TICKS + HEARD] = tick;
    const from = origin < Place.OriginUnknown ? origin : Place.OriginUnknown;
    this.words[at + PLACE] = (from << Place.OriginShift) | (kind << Place.KindShift) | port;
  }

  /** Evicts one learned entry: an aged one if the hand meets it, else the longest silent of a few of the heaviest port. */
  private makeRoom(tick: number): void {
    const heaviest = this.heaviestPort();
    let victim = -1;
    let hand = this.head[FdbWord.Hand] & this.mask;
    for (let met = 0; met < CANDIDATES; hand = (hand + 1) & this.mask) {
      const slot = hand;
      if (this.kindOf(slot) !== Kind.Dynamic) continue;
      if (this.aged(slot, tick)) {
        victim = slot;
        break;
      }
      if (this.portOf(slot) !== heaviest) continue;
      if (victim < 0 || this.heardAt(slot) < this.heardAt(victim)) victim = slot;
      met++;
    }
    this.head[FdbWord.Hand] = hand;
    this.victim.high = this.words[victim * WORDS + HIGH];
    this.victim.low = this.words[victim * WORDS + LOW];
    this.victim.port = this.portOf(victim);
    this.victim.heard = this.heardAt(victim);
    this.remove(victim);
    this.counts[FdbCount.Evicted]++;
  }

  private heaviestPort(): number {
    let heaviest = 0;
    for (let i = 1; i < this.perPort.length; i++)
      if (this.perPort[i] > this.perPort[heaviest]) heaviest = i;
    return this.firstPort + heaviest;
  }

  /** The learned entry of this slot is to be one no longer. */
  private uncount(slot: number): void {
    this.perPort[this.portOf(slot) - this.firstPort]--;
    this.head[FdbWord.Learned]--;
  }

  /** Frees a slot and closes the gap: entries behind it that would no longer be found move up. */
  private remove(slot: number): void {
    const words = this.words;
    this.uncount(slot);
    let gap = slot;
    for (let next = (gap + 1) & this.mask; words[next * WORDS + PLACE] !== 0;) {
      const home = homeOf(words[next * WORDS + HIGH], words[next * WORDS + LOW], this.shift);
      if (((next - home) & this.mask) >= ((next - gap) & this.mask)) {
        words.copyWithin(gap * WORDS, next * WORDS, (next + 1) * WORDS);
        gap = next;
      }
      next = (next + 1) & this.mask;
    }
    words[gap * WORDS + PLACE] = 0;
  }

  private clear(): void {
    this.head.fill(0);
    this.perPort.fill(0);
    this.words.fill(0);
  }

  /** Enters every whole entry of the memory anew. */
  private revive(portCount: number): void {
    if (this.head[FdbWord.FirstPort] !== this.firstPort || this.perPort.length !== portCount)
      throw new RangeError('this memory holds the Fdb of another network');
    const words = new Int32Array(this.words);
    const ticks = new Float64Array(words.buffer);
    this.head[FdbWord.Magic] = 0;
    this.words.fill(0);
    this.perPort.fill(0);
    this.head[FdbWord.Learned] = 0;
    for (let slot = 0; slot <= this.mask; slot++) this.restore(words, ticks, slot);
    this.head[FdbWord.Magic] = FDB_MAGIC;
  }

  /** Enters what stands in this slot of an older table, unless it cannot be, or a newer entry for the station is here already. */
  private restore(words: Int32Array, ticks: Float64Array, slot: number): void {
    const at = slot * WORDS;
    const kind = kindIn(words[at + PLACE]);
    const port = portIn(words[at + PLACE]);
    const isPort = port >= this.firstPort && port < this.firstPort + this.perPort.length;
    if (kind === Kind.Free || kind > Kind.Local || (kind !== Kind.Local && !isPort)) return;
    const heard = ticks[slot * TICKS + HEARD];
    if (!(ticks[slot * TICKS + TAUGHT] <= heard)) return;
    const high = words[at + HIGH];
    const low = words[at + LOW];
    const present = this.find(high, low, -Infinity);
    if (present >= 0 && this.heardAt(present) >= heard) return;
    if (!this.declare(high, low, port, kind, words[at + SERIAL])) return;
    const now = this.find(high, low, -Infinity);
    this.ticks[now * TICKS + TAUGHT] = ticks[slot * TICKS + TAUGHT];
    this.ticks[now * TICKS + HEARD] = heard;
    this.words[now * WORDS + PLACE] = words[at + PLACE];
    if (kind !== Kind.Dynamic) return;
    this.perPort[port - this.firstPort]++;
    this.head[FdbWord.Learned]++;
  }
}
