/**
 * SYNs that nobody has asked for: each waits until it is known whether the inside opens the same connection, or 6 s are over (RFC 5382 §4.3,
 * REQ-4). Then one that crossed a SYN from inside has been answered by that, and the sender of any other is told.
 *
 * All wait equally long, so the order in which they came is that in which they are done with: a ring of SYNS_MAX. One more than that finds no
 * place, and neither does one of a connection for which another waits already, sent again because nobody answers.
 *
 * Writer: the Worker that owns the host. Frames that wait are held by this table and nobody else.
 */
import type { Frame } from '../frame/frames.js';

/** SYNs that wait at a host at a time. */
export const SYNS_MAX = 64;
/** How long one waits, in ns. */
export const PATIENCE_NS = 6e9;

const NOBODY = -1;
/** Source, destination, ports, the interface by which it came. */
const WORDS = 10;
const DESTINATION = 4;
const PORTS = 8;
const IFACE = 9;

export class UnsolicitedSyns {
  /** The interface by which the frame that `take` gave last came in, and whether its SYN has been answered from inside meanwhile. */
  iface = NOBODY;
  isAnswered = false;

  private readonly frames = new Int32Array(SYNS_MAX);
  private readonly words = new Int32Array(SYNS_MAX * WORDS);
  private readonly deadlines = new Float64Array(SYNS_MAX);
  private readonly answered = new Uint8Array(SYNS_MAX);
  private first = 0;
  private count = 0;

  /** @param dues the earliest tick at which one has waited long enough, Infinity when none waits; @param event where in `dues` that stands */
  constructor(
    private readonly dues: Float64Array,
    private readonly event: number,
  ) {}

  get due(): number {
    return this.dues[this.event];
  }

  /**
   * Lets a SYN wait, from one address, four words, to another; `ports` has the source port in its high half. False where it finds no place.
   */
  hold(
    frame: Frame,
    tick: number,
    source: Int32Array,
    destination: Int32Array,
    ports: number,
    iface: number,
  ): boolean {
    if (this.count === SYNS_MAX || this.find(source, destination, ports) >= 0) return false;
    const place = (this.first + this.count++) % SYNS_MAX;
    const at = place * WORDS;
    for (let i = 0; i < 4; i++) {
      this.words[at + i] = source[i];
      this.words[at + DESTINATION + i] = destination[i];
    }
    this.words[at + PORTS] = ports;
    this.words[at + IFACE] = iface;
    this.frames[place] = frame;
    this.deadlines[place] = tick + PATIENCE_NS;
    this.answered[place] = 0;
    this.schedule();
    return true;
  }

  /** The inside has opened a connection: the SYN from its other end, if one waits, has its answer. */
  answer(source: Int32Array, destination: Int32Array, ports: number): void {
    const place = this.find(source, destination, ports);
    if (place >= 0) this.answered[place] = 1;
  }

  /** The frame of a SYN that has waited long enough at this tick, which it does no more; -1 when there is none. */
  take(tick: number): Frame {
    const { first } = this;
    if (this.count === 0 || this.deadlines[first] > tick) return NOBODY;
    this.first = (first + 1) % SYNS_MAX;
    this.count--;
    this.iface = this.words[first * WORDS + IFACE];
    this.isAnswered = this.answered[first] === 1;
    this.schedule();
    return this.frames[first];
  }

  private find(source: Int32Array, destination: Int32Array, ports: number): number {
    for (let i = 0; i < this.count; i++) {
      const place = (this.first + i) % SYNS_MAX;
      if (this.isBetween(place * WORDS, source, destination, ports)) return place;
    }
    return NOBODY;
  }

  private isBetween(
    at: number,
    source: Int32Array,
    destination: Int32Array,
    ports: number,
  ): boolean {
    const { words } = this;
    if (words[at + PORTS] !== (ports | 0)) return false;
    for (let i = 0; i < 4; i++)
      if (words[at + i] !== source[i] || words[at + DESTINATION + i] !== destination[i])
        return false;
    return true;
  }

  private schedule(): void {
    this.dues[this.event] = this.count === 0 ? Infinity : this.deadlines[this.first];
  }
}
