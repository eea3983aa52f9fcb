/**
 * A Stage: a compiled lab, the Plane that forwards its frames, and the stations that stand at its ports.
 *
 * A frame that a station sends goes in by its port, is forwarded to the end, and what leaves is heard by the stations at the ports where
 * it leaves, which may send more: until nothing is left to say. Time is data: each frame is a microsecond later than the one before, and
 * `advance` goes on to the next full second, at which the timers of the Plane and of the stations fire. So the order of the frames is the
 * order of their times, and captures of them replay to the same bytes.
 */
import { Plane } from '../../dataplane/forward/plane.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { NO_REFUSALS } from '../../dataplane/port/port.js';
import type { Sink, Source } from '../../dataplane/port/port.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import type { Compiled } from '../../control/compile/compile.js';
import type { Captured } from '../../pcaps/build/capture.js';
import type { Call, Transport } from './call.js';
import { containers } from './containers.js';
import { TIME_EXCEEDED } from './ping.js';
import type { EchoSaid } from './ping.js';
import { Station } from './station.js';
import type { StationPlan } from './station.js';

/** The moment 0 of every lab: 2 March 2026, 09:00 UTC. */
const START_S = 1_772_442_000;
const SECOND_NS = 1e9;
const BETWEEN_FRAMES_NS = 1000;
/** Where more frames than this follow from one, they go round in circles. */
const FRAMES_MAX = 10_000;
/** A neighbor is asked for three times, a second apart, before it is given up. */
const PATIENCE_S = 4;

/** A frame that passed a port: into the lab, or out of it. */
export interface Passed extends Captured {
  readonly port: string;
  readonly way: 'in' | 'out';
}

/** What `ping` says at its end. */
export interface Pinged {
  readonly sent: number;
  /** Per cent. */
  readonly loss: number;
  /** Of each reply, the time to live that was left. */
  readonly ttls: readonly number[];
  /** Of each error, who reported it, and what. */
  readonly errors: readonly { readonly from: string; readonly what: string }[];
}

export class Stage {
  readonly plane: Plane;
  /** Every frame that passed a port, in order. */
  readonly passed: Passed[] = [];
  private readonly stations: ReadonlyMap<string, Station>;
  private readonly listeners = new Map<string, Station>();
  private readonly waiting: { readonly port: string; readonly frame: Uint8Array }[] = [];
  private readonly left: { readonly port: string; readonly frame: Uint8Array }[] = [];
  private readonly breath: () => number;
  private readonly entered = new Map<number, number>();
  private tick = 0;

  /** @param others the stations that are not containers of the lab */
  constructor(
    readonly compiled: Compiled,
    others: readonly StationPlan[] = [],
  ) {
    this.plane = new Plane(compiled.program);
    const put = (port: string, frame: Uint8Array): void => {
      this.waiting.push({ port, frame });
    };
    const plans = [...containers(compiled.lab), ...others];
    this.stations = new Map(
      plans.map((plan) => [plan.name, new Station(plan, put, () => this.tick)]),
    );
    for (const station of this.stations.values())
      for (const { port } of station.nics) {
        this.portNumber(port);
        this.listeners.set(port, station);
      }
    const sinks = compiled.ports.map(({ port }) => this.sinkOf(port));
    this.breath = breathOn(this.plane, this.source(), sinks, 1);
  }

  /** Where frames enter and leave the lab. */
  get openPorts(): readonly string[] {
    return this.compiled.ports.filter(({ isOpen }) => isOpen).map(({ port }) => port);
  }

  station(name: string): Station {
    const station = this.stations.get(name);
    if (station === undefined) throw new Error(`nobody here is called ${name}`);
    return station;
  }

  /** Sends an echo request a second, and waits as long as an answer can take. */
  ping(from: string, address: string, count = 2, said: EchoSaid = {}): Pinged {
    const station = this.station(from);
    const numbers: number[] = [];
    for (let i = 0; i < count; i++) {
      numbers.push(station.ask(address, said));
      this.run();
      this.advance();
    }
    for (let i = 0; i < PATIENCE_S && station.asking; i++) this.advance();
    const { replies, errors } = station.echoes;
    const answered = numbers.flatMap((number) => replies.get(number) ?? []);
    return {
      sent: count,
      loss: Math.round((100 * (count - answered.length)) / count),
      ttls: answered.map(({ ttl }) => ttl),
      errors: numbers.flatMap((number) => errors.get(number) ?? []),
    };
  }

  /** Calls a server, and waits as long as an answer can take. */
  call(from: string, over: Transport, address: string, port: number, localPort?: number): Call {
    const call = this.station(from).call(over, address, port, localPort);
    this.run();
    for (let i = 0; i < PATIENCE_S && call.outcome === 'waiting'; i++) this.advance();
    return call;
  }

  /** Who answers on the way to an address, hop by hop, as `traceroute` finds out; `*` is nobody. */
  trace(from: string, address: string, hopsMax = 5): string[] {
    const station = this.station(from);
    const hops: string[] = [];
    for (let hop = 1; hop <= hopsMax; hop++) {
      const number = station.ask(address, { timeToLive: hop });
      this.run();
      this.advance();
      const reply = station.echoes.replies.get(number);
      const error = station.echoes.errors.get(number);
      hops.push(reply?.from ?? (error?.what === TIME_EXCEEDED ? error.from : '*'));
      if (reply !== undefined) break;
    }
    return hops;
  }

  /** A frame of a station, as it stands. */
  send(port: string, frame: Uint8Array): void {
    this.waiting.push({ port, frame });
    this.run();
  }

  announce(name: string): void {
    this.station(name).announce();
    this.run();
  }

  /** The frames that left by a port, which is what a station there hears. */
  leftBy(port: string): readonly Captured[] {
    return this.passedAt(port, 'out');
  }

  /** The frames that passed a port one way. */
  passedAt(port: string, way: Passed['way']): readonly Captured[] {
    this.portNumber(port);
    return this.passed.filter((frame) => frame.port === port && frame.way === way);
  }

  /** How many frames were dropped for a reason. */
  dropped(reason: Reason): number {
    const { dropped } = this.plane.counters;
    return dropped.reduce((sum, count, i) => sum + (i % Reason.Count === reason ? count : 0), 0);
  }

  /** Goes on to the next full second, and lets happen what is due till then. */
  advance(): void {
    this.tick = (Math.floor(this.tick / SECOND_NS) + 1) * SECOND_NS;
    this.plane.advance(this.tick);
    this.breath();
    this.deliver();
    for (const station of this.stations.values()) station.wake();
    this.run();
  }

  /** Nothing is said for so long. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) this.advance();
  }

  /** Ends the lab as a replay ends: nobody says any more, and what still waits for somebody gets its answer or is given up. */
  end(): void {
    this.plane.advance(Infinity);
    this.breath();
    this.left.splice(0);
  }

  private run(): void {
    let count = 0;
    while (this.waiting.length > 0) {
      if (++count > FRAMES_MAX) throw new Error('the frames go round in circles');
      this.tick += BETWEEN_FRAMES_NS;
      this.breath();
      this.deliver();
    }
  }

  private deliver(): void {
    for (const { port, frame } of this.left.splice(0)) this.listeners.get(port)?.hear(port, frame);
  }

  private source(): Source {
    const { frames } = this.plane;
    return {
      receive: (into) => {
        const next = this.waiting.shift();
        if (next === undefined) return 0;
        const { port: name, frame } = next;
        const port = this.portNumber(name);
        const slot = frames.claim();
        const serial = (this.entered.get(port) ?? 0) + 1;
        this.entered.set(port, serial);
        frames.bytes.set(frame, frames.start[slot]);
        frames.length[slot] = frame.length;
        frames.wireLength[slot] = frame.length;
        frames.inPort[slot] = port;
        frames.serial[slot] = serial;
        frames.tick[slot] = this.tick;
        frames.seconds[slot] = START_S + Math.floor(this.tick / SECOND_NS);
        frames.nanoseconds[slot] = this.tick % SECOND_NS;
        frames.flags[slot] = 0;
        this.note(name, 'in', frame, slot);
        into[0] = slot;
        return 1;
      },
      refill: () => Promise.resolve(false),
    };
  }

  private sinkOf(port: string): Sink {
    const { frames } = this.plane;
    return {
      send: (from, at, count) => {
        for (const slot of from.slice(at, at + count)) {
          const start = frames.start[slot] ?? 0;
          const frame = frames.bytes.slice(start, start + (frames.length[slot] ?? 0));
          this.note(port, 'out', frame, slot);
          this.left.push({ port, frame });
        }
        return 0;
      },
      refusals: NO_REFUSALS,
    };
  }

  private note(port: string, way: Passed['way'], bytes: Uint8Array, slot: number): void {
    const { seconds, nanoseconds } = this.plane.frames;
    const time_ns = BigInt(seconds[slot] ?? 0) * 1_000_000_000n + BigInt(nanoseconds[slot] ?? 0);
    this.passed.push({ port, way, time_ns, bytes, wireLength: bytes.length });
  }

  private portNumber(name: string): number {
    const { ports } = this.compiled;
    const number = ports.findIndex(({ port, isOpen }) => isOpen && port === name);
    if (number >= 0) return number;
    const known = this.openPorts.join(', ');
    throw new Error(`there is no port ${name}; the ports are ${known}`);
  }
}
