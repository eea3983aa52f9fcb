/**
 * Several Workers, each with whole hosts and wires of one topology, and how they do together what one would do alone.
 *
 * Every two of them have a ring in each direction (frame/ring.ts). An errand goes to whoever has what it is about. In a replay nothing else than the
 * order of events may decide, so whoever crosses waits until the other has done it, as if it had called a function; while it waits it does
 * what it is itself asked to. So all that happens to one frame happens in the order in which one Worker would do it, and the outputs are the
 * same bytes. Frames of parts that nothing joins do not wait for each other: only their order within the part can show.
 *
 * Complication 1: who waits looks at its rings for a while and then sleeps on its bell, a word that everybody rings who has put something in or is
 *   done with something. There may be more Workers than cores.
 * Complication 2: a Worker that fails says so in a word; all others then throw, too, instead of waiting for ever.
 * Complication 3: neither the frames handed over nor those taken are counted: the law of conservation holds for the sum of all Workers.
 */
import { roomFor } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { ringBytes, ringReaderOn, ringWriterOn } from '../frame/ring.js';
import type { RingReader, RingWriter } from '../frame/ring.js';
import { Errand, NO_FRAME } from '../forward/frontier.js';
import type { Frontier } from '../forward/frontier.js';
import { DUES_EACH, hostsOf, mtuMaxOf } from '../forward/plane.js';
import type { Plane, SharedState } from '../forward/plane.js';
import { Reason } from '../observe/reason.js';
import { TRACE_BYTES } from '../observe/trace.js';
import type { Program } from '../program/program.js';

/** Which Worker has what, by the numbers of the Program. */
export interface Owners {
  readonly workers: number;
  readonly networks: Uint8Array;
  readonly links: Uint8Array;
  readonly ports: Uint8Array;
  readonly hosts: Uint8Array;
  /** By port, by host: 1 when frames go from its part to that of another Worker. */
  readonly joinedPorts: Uint8Array;
  readonly joinedHosts: Uint8Array;
}

/**
 * Which errands are waited for: `all`, when whoever explains has to see everything in its order; `joined`, all but frames of parts that nothing
 * joins to others; or `none`, where only speed counts.
 */
export type Order = 'all' | 'joined' | 'none';

/** What one Worker needs to know of the others. */
export interface Cut {
  /** Its own number. Worker 0 reads the captures. */
  readonly worker: number;
  readonly owners: Owners;
  readonly order: Order;
  /** From this Worker to that, by both their numbers. */
  readonly rings: readonly (readonly SharedArrayBuffer[])[];
  /** Int32: the bell of each Worker, then 1 when one has failed. */
  readonly bells: SharedArrayBuffer;
  readonly shared: SharedState;
}

/** The cuts for all Workers. */
export function cutsFor(program: Program, owners: Owners, order: Order): Cut[] {
  const { workers } = owners;
  const bytes = ringBytes(roomFor(mtuMaxOf(program)));
  const numbers = Array.from({ length: workers }, (_, worker) => worker);
  const rings = numbers.map((from) =>
    numbers.map((to) => new SharedArrayBuffer(from === to ? 0 : bytes)),
  );
  const bells = new SharedArrayBuffer(4 * (workers + 1));
  const dues = new SharedArrayBuffer(8 * DUES_EACH * hostsOf(program));
  new Float64Array(dues).fill(Infinity);
  const shared = {
    dues,
    trace: new SharedArrayBuffer(TRACE_BYTES),
  };
  return numbers.map((worker) => ({ worker, owners, order, rings, bells, shared }));
}

/** Another Worker has failed, and says itself why. */
export class Abandoned extends Error {
  override readonly name = 'Abandoned';
}

/** Bits that go with an errand: the sender waits; what happens is to be noted in the trace. */
const WAITS = 1;
const TRACING = 2;

/** So often the rings are looked at before a Worker that waits goes to sleep, and so long it sleeps at the most. */
const LOOKS = 2000;
const SLEEP_MS = 50;

/** `Atomics.waitAsync` (ES2024), which Node 20 has and the library of ES2023 does not name. */
interface WaitsAsync {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
    timeout_ms: number,
  ): { readonly value: unknown };
}

export class Crossing implements Frontier {
  readonly ownNetworks: Uint8Array;
  readonly ownLinks: Uint8Array;
  readonly ownPorts: Uint8Array;
  /** Does an errand, and uses up the hold on its frame, if there is one. */
  perform: (errand: Errand, about: number, frame: Frame) => void = () => undefined;

  /** The first Worker has no more errands. */
  hasEnded = false;

  private readonly me: number;
  /** By Worker; those of this one itself are never used. */
  private readonly out: readonly RingWriter[];
  private readonly in: readonly RingReader[];
  private readonly others: readonly number[];
  /** Numbers in `plane.dues`. */
  private readonly joinedEvents: readonly number[];
  private readonly bells: Int32Array;
  private readonly failed: number;

  constructor(
    private readonly plane: Plane,
    private readonly cut: Cut,
  ) {
    const { worker, owners, rings } = cut;
    const mine = (owner: Uint8Array): Uint8Array =>
      Uint8Array.from(owner, (it) => (it === worker ? 1 : 0));
    this.me = worker;
    this.ownNetworks = mine(owners.networks);
    this.ownLinks = mine(owners.links);
    this.ownPorts = mine(owners.ports);
    this.out = rings[worker].map((memory) => ringWriterOn(memory, plane.frames));
    this.in = rings.map((to) => ringReaderOn(to[worker], plane.frames));
    this.others = rings.map((_, other) => other).filter((other) => other !== worker);
    // The order of all events is kept by the first Worker alone.
    const hosts = plane.dues.length / DUES_EACH;
    this.joinedEvents = plane.timed.filter(
      (event) => worker === 0 && owners.joinedHosts[event % hosts] === 1,
    );
    this.bells = new Int32Array(cut.bells);
    this.failed = owners.workers;
    plane.timed = plane.timed.filter(
      (event) => owners.hosts[event % hosts] === worker && owners.joinedHosts[event % hosts] === 0,
    );
    plane.frontier = this;
  }

  hand(errand: Errand, about: number, frame: Frame): void {
    const other = this.ownerOf(errand, about);
    const waits = this.waitsFor(errand, about);
    this.send(other, errand, about, frame, waits);
    if (frame >= 0) this.plane.frames.letGo(frame);
  }

  advance(tick: number): void {
    const { plane, joinedEvents } = this;
    for (let event = plane.firstDue(joinedEvents, tick); event >= 0;) {
      if (this.ownerOf(Errand.Fire, event) === this.me) plane.doors.fire(event);
      else this.hand(Errand.Fire, event, NO_FRAME);
      event = plane.firstDue(joinedEvents, tick);
    }
  }

  /** Frames that nobody waits for are on their way. */
  publish(): void {
    for (const other of this.others) this.out[other].publish();
  }

  /** All others send what they have queued. */
  flush(): void {
    for (const other of this.others)
      this.send(other, Errand.Flush, 0, NO_FRAME, this.cut.order === 'all');
  }

  /** All others come to their end. */
  end(): void {
    for (const other of this.others) this.send(other, Errand.End, 0, NO_FRAME, true);
  }

  /** This Worker cannot go on; nobody is to wait for it. */
  fail(): void {
    Atomics.store(this.bells, this.failed, 1);
    for (const other of this.others) this.ring(other);
  }

  /** Does what others ask for, until nobody has asked for a while, or at most so many errands. Returns how many it did. */
  serve(most: number): number {
    let done = 0;
    for (let looks = 0; looks < LOOKS && done < most; looks++) {
      const now = this.serveOnce();
      if (now > 0) looks = 0;
      done += now;
    }
    return done;
  }

  /** Does one errand of each of the others, if there is one. Returns how many there were. */
  serveOnce(): number {
    let done = 0;
    for (const other of this.others) {
      if (this.in[other].waiting() === 0) continue;
      this.do(other, this.in[other].take());
      done++;
    }
    return done;
  }

  /** Resolves when somebody asks for something, or after a while. */
  async asked(): Promise<void> {
    const rung = Atomics.load(this.bells, this.me);
    if (this.serveOnce() > 0) return;
    await (Atomics as unknown as WaitsAsync).waitAsync(this.bells, this.me, rung, SLEEP_MS).value;
    this.throwIfAbandoned();
  }

  private do(other: number, entry: number): void {
    const { plane } = this;
    const ring = this.in[other];
    const marks = ring.marksOf(entry);
    const errand = ring.errandOf(entry);
    const about = ring.aboutOf(entry);
    let frame = NO_FRAME;
    if (ring.hasFrame(entry)) {
      frame = ring.frameOf(entry);
      if (frame < 0) plane.counters.drop(ring.inPortOf(entry), Reason.PoolExhausted);
    }
    if ((marks & WAITS) === 0) ring.free(entry, false);
    const { isTracing } = plane;
    plane.isTracing = (marks & TRACING) !== 0;
    if (frame >= 0 || errand >= Errand.Fire) this.perform(errand, about, frame);
    plane.isTracing = isTracing;
    if ((marks & WAITS) === 0) return;
    ring.free(entry, true);
    this.ring(other);
  }

  private send(other: number, errand: Errand, about: number, frame: Frame, waits: boolean): void {
    const ring = this.out[other];
    const marks = (waits ? WAITS : 0) | (this.plane.isTracing ? TRACING : 0);
    let entry = ring.put(errand, about, marks, frame);
    while (entry < 0) {
      ring.publish();
      this.ring(other);
      this.pause();
      entry = ring.put(errand, about, marks, frame);
    }
    if (frame >= 0 && !waits) return;
    ring.publish();
    this.ring(other);
    if (waits) this.untilDone(ring, entry);
  }

  private untilDone(ring: RingWriter, entry: number): void {
    for (let looks = 0; !ring.isDone(entry); looks++) {
      if (this.serveOnce() > 0) looks = 0;
      if (looks < LOOKS) continue;
      const rung = Atomics.load(this.bells, this.me);
      if (ring.isDone(entry) || this.serveOnce() > 0) continue;
      Atomics.wait(this.bells, this.me, rung, SLEEP_MS);
      this.throwIfAbandoned();
    }
  }

  /** Lets time pass while a ring is full. */
  private pause(): void {
    const rung = Atomics.load(this.bells, this.me);
    if (this.serveOnce() === 0 && this.cut.order !== 'none')
      Atomics.wait(this.bells, this.me, rung, 1);
    this.throwIfAbandoned();
  }

  private ring(other: number): void {
    Atomics.add(this.bells, other, 1);
    Atomics.notify(this.bells, other);
  }

  private throwIfAbandoned(): void {
    if (Atomics.load(this.bells, this.failed) !== 0) throw new Abandoned('another worker failed');
  }

  private ownerOf(errand: Errand, about: number): number {
    const { owners } = this.cut;
    switch (errand) {
      case Errand.In:
        return owners.ports[about];
      case Errand.Enter:
        return owners.ports[about];
      case Errand.Up:
        return owners.links[about];
      default:
        return owners.hosts[about % (this.plane.dues.length / DUES_EACH)];
    }
  }

  private waitsFor(errand: Errand, about: number): boolean {
    const { order, owners } = this.cut;
    if (order !== 'joined') return order === 'all';
    return errand !== Errand.In || owners.joinedPorts[about] === 1;
  }
}
