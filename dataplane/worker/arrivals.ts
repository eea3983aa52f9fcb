/**
 * The ports of a live Worker as one source: whoever has frames gets one breath each, in turn, so that a port that never runs dry takes
 * its share and no more.
 *
 * A round begins with `look`, which asks the kernel and the players who has something, and waits if nobody has. Then `receive` gives one burst of
 * each of them and 0 when the round is over.
 */
import type { Native } from '../../native-bindings/native.js';
import type { Receiver, Source } from '../port/port.js';

/** The most frames of one port in one breath. */
const SHARE = 64;

/** A receiver that no device stands behind: it knows itself when it has something. */
export interface Timed {
  /** The tick from which on it has something to give; Infinity when it has nothing. */
  readonly due: number;
  /** Its place among the receivers. */
  readonly port: number;
}

export class Arrivals implements Source {
  /** Called once, before the next frames are received: those of the last breath have left, and their slots are as they were. */
  afterBreath: (() => void) | undefined;
  /** The largest burst received. */
  burstMax = 0;

  /** By port; those of other Workers are missing. */
  private readonly receivers: (Receiver | undefined)[] = [];
  private readonly portOf: number[] = [];
  private readonly timed: Timed[] = [];
  private readonly ready: Int32Array;
  /** Ports of this round, and whose turn it is. */
  private readonly round: Int32Array;
  private count = 0;
  private turn = 0;

  /** @param ports how many there are in the Program */
  constructor(
    private readonly native: Native,
    ports: number,
  ) {
    this.ready = new Int32Array(ports);
    this.round = new Int32Array(2 * ports);
  }

  /** From now on this is where frames of `port` come from. */
  set(port: number, receiver: Receiver): void {
    this.receivers[port] = receiver;
  }

  /** `native.wait` calls this port so. */
  setHandle(port: number, handle: number): void {
    this.portOf[handle] = port;
  }

  addTimed(timed: Timed): void {
    this.timed.push(timed);
  }

  /** The tick at which the next of the timed has something. */
  get due(): number {
    let due = Infinity;
    for (const timed of this.timed) if (timed.due < due) due = timed.due;
    return due;
  }

  /**
   * Begins a round. Waits until a device has something, at most `most_us` microseconds; 0 only looks.
   * @param now the present tick
   */
  look(most_us: number, now: number): void {
    const handles = this.native.wait(this.ready, most_us);
    for (let i = 0; i < handles; i++) this.round[i] = this.portOf[this.ready[i]];
    this.count = handles;
    this.turn = 0;
    for (const timed of this.timed) if (timed.due <= now) this.round[this.count++] = timed.port;
  }

  receive(into: Int32Array, most: number): number {
    if (this.afterBreath !== undefined) this.endBreath(this.afterBreath);
    while (this.turn < this.count) {
      const receiver = this.receivers[this.round[this.turn++]];
      if (receiver === undefined) continue;
      const count = receiver.receive(into, most < SHARE ? most : SHARE);
      if (count > this.burstMax) this.burstMax = count;
      if (count > 0) return count;
    }
    return 0;
  }

  private endBreath(act: () => void): void {
    this.afterBreath = undefined;
    act();
  }

  /** A live source never ends by itself. */
  refill(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
