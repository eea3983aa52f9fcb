/**
 * A lab that runs, as others in its process see it: what serves the control socket, the live lines of `up`, the benchmark, tests.
 *
 * Counters, control words and Fdbs are shared memory with one writer each (the Worker); everybody else only reads them. They stay the same
 * memory when a Worker is restarted, so whoever made views of them once may keep them.
 */
import type { EventEmitter } from 'node:events';
import { Counters } from '../../dataplane/observe/counters.js';
import type { LiveNotice, LivePort, LiveRequest } from '../../dataplane/worker/live-job.js';
import type { Compiled } from '../compile/compile.js';
import type { Lab } from '../model/lab.js';

/** `starting` until all its ports are open; `restarting` after a crash; `failed` when it crashed too often and was given up. */
export type WorkerState = 'starting' | 'running' | 'restarting' | 'stopped' | 'failed';

export interface RunningWorker {
  /** 0, 1, ...: its place in `workers`. */
  readonly number: number;
  /** Memory of its Counters, all ports of the Program; those it does not serve stay 0. */
  readonly counters: SharedArrayBuffer;
  /** Its control words (dataplane/worker/control). */
  readonly control: SharedArrayBuffer;
  /** Numbers of the networks it owns, ascending. */
  readonly networks: readonly number[];
  /** The ports it serves, by ascending number. */
  readonly ports: readonly LivePort[];
  readonly state: WorkerState;
  /** How often it crashed and was started again. */
  readonly restarts: number;
  /** Milliseconds, in all, in which it forwarded nothing because it had crashed. */
  readonly outage_ms: number;
  /** What the last crash said; undefined when there was none. */
  readonly lastCrash: string | undefined;
}

/** A program that `command:` of a service asked for. */
export interface RunningService {
  readonly name: string;
  /** In a namespace of ours, in the host's own stack, or behind an interface or a TAP, where we cannot run anything. */
  readonly place: 'sandbox' | 'host' | 'elsewhere';
  /** Name of the network namespace (`etherloom-lab-c1`), for a sandbox. */
  readonly namespace: string | undefined;
  /** The words of the command; undefined where the service has none and only its sandbox exists. */
  readonly command: readonly string[] | undefined;
  /** Process id while it runs. */
  readonly pid: number | undefined;
  /** Undefined while it runs, or when it was never started; 128 + signal when a signal ended it. */
  readonly exitStatus: number | undefined;
  /** File with what it printed; undefined when there is no command. */
  readonly log: string | undefined;
}

/** What `events` of a RunningLab tells. */
export interface RunningEvents {
  /** A Worker reported something; `worker` is its number. */
  notice: [worker: number, notice: LiveNotice];
  /** A Worker changed its state; read it from `workers`. `why` says what happened in one sentence. */
  worker: [worker: number, why: string];
  /** A service's program ended; read it from `services`. */
  service: [name: string];
  /** The lab is no longer running, nothing of it is left. */
  stopped: [];
}

export interface RunningLab {
  /** Name of the lab: the project name of Compose. */
  readonly name: string;
  readonly lab: Lab;
  readonly compiled: Compiled;
  /** Folder of what belongs to this run: state.json, control.sock, logs. */
  readonly folder: string;
  readonly workers: readonly RunningWorker[];
  /** Memory of each network's Fdb, by network number. */
  readonly fdbs: readonly SharedArrayBuffer[];
  /** CLOCK_MONOTONIC at tick 0, ns. */
  readonly base_ns: number;
  readonly busyPoll: boolean;
  readonly services: readonly RunningService[];
  readonly events: EventEmitter<RunningEvents>;
  /**
   * Asks a Worker; what it answers comes as `notice`, with the id of the request. A request to a Worker that is being restarted is given
   * to its successor; one to a Worker that has stopped or failed is refused by a notice. Ids must be unique in the lab; take them from `nextId`.
   */
  ask(worker: number, request: LiveRequest): void;
  /** A number that no request of this lab had yet. */
  nextId(): number;
  /** Ends a Worker's thread as a crash would; the lab restarts it. */
  kill(worker: number): Promise<void>;
  /** Stops the Workers and programs and removes everything that was made. May be called again. */
  stop(): Promise<void>;
}

/** What all Workers of a lab have counted, together, as of now. */
export function sumOfCounters({
  compiled,
  workers,
}: Pick<RunningLab, 'compiled' | 'workers'>): Counters {
  const ports = compiled.ports.length;
  const sum = new Counters(ports);
  sum.setToSumOf(workers.map(({ counters }) => new Counters(ports, counters)));
  return sum;
}
