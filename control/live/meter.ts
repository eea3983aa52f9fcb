/**
 * What a running lab has counted so far, and how fast it counts.
 *
 * The Workers count in shared memory and never stop for us, so a Sample is not of one instant. What has left is read before what has come
 * in: a frame that passes meanwhile then counts as still waiting, never as one that left without having come.
 *
 * A rate is the difference between two Samples. A Meter takes one each second and keeps two, so that whoever asks once gets the rate of
 * the last full second without waiting for it.
 */
import { EventEmitter } from 'node:events';
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { ControlWord } from '../../dataplane/worker/control.js';
import type { RunningLab } from '../supervisor/running.js';

/** `down`: nobody listens at its other end, or somebody switched it off. `gone`: its device is not there; it is looked for. */
export type PortState = 'up' | 'down' | 'gone';

/** How often a Sample is taken. */
export const EVERY_MS = 1000;

export interface PortSample {
  readonly name: string;
  /** Frames enter and leave the topology here; not at a joint, behind which something of ours stands. */
  readonly isOpen: boolean;
  readonly state: PortState;
  /** Why it is in that state; empty while all is well. */
  readonly why: string;
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  /** By Reason. */
  readonly dropped: Float64Array;
  readonly consumed: Float64Array;
}

/** The control words of a Worker (dataplane/worker/control). */
export interface WorkerSample {
  readonly breaths: number;
  readonly waits: number;
  readonly waited_ns: number;
  readonly burstMax: number;
}

export interface Sample {
  /** When, in milliseconds of a clock that only goes forward. */
  readonly at_ms: number;
  /** By port number. */
  readonly ports: readonly PortSample[];
  /** By number of the Worker. */
  readonly workers: readonly WorkerSample[];
  readonly copied: number;
  readonly originated: number;
  readonly errorsKeptBack: number;
}

/** The tick of this moment: hrtime is the CLOCK_MONOTONIC from which ticks are counted. */
export function tickOf({ base_ns }: RunningLab): number {
  return Number(process.hrtime.bigint()) - base_ns;
}

interface MeterEvents {
  /** A second has passed; `last` and `previous` are new. */
  second: [];
}

export class Meter {
  readonly events = new EventEmitter<MeterEvents>().setMaxListeners(0);
  /** The Sample of the last second that began, and the one before it. */
  last: Sample;
  previous: Sample;

  private readonly counters: readonly Counters[];
  private readonly words: readonly Float64Array[];
  private readonly states: { state: PortState; why: string }[];
  /** By number of the Worker: the tick at which it began, anew after a crash. */
  private readonly began: { tick: number; restarts: number }[];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly running: RunningLab) {
    const { compiled, workers, events } = running;
    this.counters = workers.map(({ counters }) => new Counters(compiled.ports.length, counters));
    this.words = workers.map(({ control }) => new Float64Array(control));
    this.states = compiled.ports.map(({ device, record }) =>
      device.kind === 'nothing' && record === undefined
        ? { state: 'down', why: 'nothing is joined to it' }
        : { state: 'up', why: '' },
    );
    this.began = workers.map(({ restarts }) => ({ tick: 0, restarts }));
    events.on('worker', (number) => {
      const restarts = workers[number]?.restarts ?? 0;
      if (restarts !== this.began[number]?.restarts)
        this.began[number] = { tick: tickOf(running), restarts };
    });
    events.on('notice', (_, notice) => {
      if (notice.tells !== 'port') return;
      const { port, state, why } = notice;
      this.states[port] = { state, why: state === 'up' ? '' : why };
    });
    this.last = this.previous = this.sample();
    this.timer = setInterval(() => {
      this.previous = this.last;
      this.last = this.sample();
      this.events.emit('second');
    }, EVERY_MS).unref();
  }

  /** What is counted now. */
  sample(): Sample {
    const { compiled } = this.running;
    const column = (name: Column): Float64Array => this.summed(name);
    const framesOut = column('framesOut');
    const bytesOut = column('bytesOut');
    const dropped = column('dropped');
    const consumed = column('consumed');
    const copied = column('copied')[0] ?? 0;
    const originated = column('originated')[0] ?? 0;
    const errorsKeptBack = column('errorsKeptBack')[0] ?? 0;
    const framesIn = column('framesIn');
    const bytesIn = column('bytesIn');
    const row = (by: Float64Array, port: number): Float64Array =>
      by.subarray(port * Reason.Count, (port + 1) * Reason.Count);
    return {
      at_ms: performance.now(),
      ports: compiled.ports.map(({ port: name, isOpen }, port) => ({
        name,
        isOpen,
        ...(this.states[port] ?? { state: 'up', why: '' }),
        framesIn: framesIn[port] ?? 0,
        bytesIn: bytesIn[port] ?? 0,
        framesOut: framesOut[port] ?? 0,
        bytesOut: bytesOut[port] ?? 0,
        dropped: row(dropped, port),
        consumed: row(consumed, port),
      })),
      workers: this.words.map((words) => ({
        breaths: words[ControlWord.Breaths] ?? 0,
        waits: words[ControlWord.Waits] ?? 0,
        waited_ns: words[ControlWord.Waited_ns] ?? 0,
        burstMax: words[ControlWord.BurstMax] ?? 0,
      })),
      copied,
      originated,
      errorsKeptBack,
    };
  }

  /** Seconds since a Worker began, for the first time or after its last crash. */
  uptime_s(worker: number): number {
    return (tickOf(this.running) - (this.began[worker]?.tick ?? 0)) / 1e9;
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** A column of the Counters of all Workers together. */
  private summed(name: Column): Float64Array {
    const [first, ...others] = this.counters.map((counters) => counters[name]);
    const sum = Float64Array.from(first ?? []);
    for (const other of others)
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (other[i] ?? 0);
    return sum;
  }
}

type Column = Exclude<
  { [K in keyof Counters]: Counters[K] extends Float64Array ? K : never }[keyof Counters],
  undefined
>;

/** What passes in one direction of a port, to the nearest whole number. */
export interface Rate {
  readonly frames_per_s: number;
  readonly bits_per_s: number;
}

/** The rates of a port, in and out, and of its drops, between two Samples. */
export function ratesOf(
  before: Sample,
  after: Sample,
  port: number,
): { in: Rate; out: Rate; drops_per_s: number } {
  const seconds = (after.at_ms - before.at_ms) / 1000;
  const [was, is] = [before.ports[port], after.ports[port]];
  if (was === undefined || is === undefined || seconds <= 0) return STILL;
  const per = (grown: number): number => Math.round(grown / seconds);
  return {
    in: {
      frames_per_s: per(is.framesIn - was.framesIn),
      bits_per_s: per(8 * (is.bytesIn - was.bytesIn)),
    },
    out: {
      frames_per_s: per(is.framesOut - was.framesOut),
      bits_per_s: per(8 * (is.bytesOut - was.bytesOut)),
    },
    drops_per_s: per(total(is.dropped) - total(was.dropped)),
  };
}

const NOTHING: Rate = { frames_per_s: 0, bits_per_s: 0 };
const STILL = { in: NOTHING, out: NOTHING, drops_per_s: 0 };

export function total(column: Float64Array): number {
  return column.reduce((sum, value) => sum + value, 0);
}
