/**
 * Keeps one Worker alive: starts it, starts it again when it crashes, stops it.
 *
 * States: starting → running ⇄ restarting; any → stopped, by `stop`; restarting → failed, after CRASHES_MAX crashes within CRASHES_WITHIN_MS:
 * what crashes at once again will not get better by itself. Programs, counters, Fdbs and the descriptors of TAPs are not the Worker's and
 * outlive it. The frames that a crashed Worker held are gone; they are booked as lost, so that the law of conservation holds.
 */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { Counters } from '../../dataplane/observe/counters.js';
import { askToStop, CONTROL_BYTES, ControlWord } from '../../dataplane/worker/control.js';
import type {
  LiveJob,
  LiveNotice,
  LivePort,
  LiveRequest,
} from '../../dataplane/worker/live-job.js';
import { startInWorker } from '../../dataplane/worker/pool.js';
import type { InWorker } from '../../dataplane/worker/pool.js';
import { Refused } from '../cli/errors.js';
import { wordsOf } from '../sandbox/steps.js';
import type { RunningWorker, WorkerState } from './running.js';

const CRASHES_MAX = 5;
const CRASHES_WITHIN_MS = 10_000;
/** After this long without an answer a Worker that was asked to stop is ended. */
const STOP_PATIENCE_MS = 1000;

/** What a Worker works on, and how it is reached. */
export interface Keeping {
  readonly number: number;
  readonly networks: readonly number[];
  readonly ports: readonly LivePort[];
  /** How many ports the Program has. */
  readonly portCount: number;
  /** The module of the piscina task. */
  readonly task: URL;
  /** Wraps the job for the task. */
  readonly wrap: (job: LiveJob) => object;
  readonly program: SharedArrayBuffer;
  readonly fdbs: readonly SharedArrayBuffer[];
  readonly base_ns: number;
  readonly busyPoll: boolean;
  /** Wakes a thread that waits in the kernel, by its waker. */
  readonly wake: (waker: number) => void;
  readonly notice: (notice: LiveNotice) => void;
  readonly changed: (why: string) => void;
}

export class Keeper implements RunningWorker {
  readonly number: number;
  readonly networks: readonly number[];
  readonly ports: readonly LivePort[];
  readonly counters: SharedArrayBuffer;
  readonly control = new SharedArrayBuffer(CONTROL_BYTES);
  state: WorkerState = 'starting';
  restarts = 0;
  outage_ms = 0;
  lastCrash: string | undefined;

  private thread: InWorker<unknown> | undefined;
  private messages: MessagePort | undefined;
  /** Requests that a Worker serves, by id: they end with it. */
  private readonly served = new Set<number>();
  private waiting: LiveRequest[] = [];
  private crashes: number[] = [];
  private stopping: Promise<void> | undefined;
  private opened: { resolve(): void; reject(cause: unknown): void } | undefined;

  constructor(private readonly keeping: Keeping) {
    ({ number: this.number, networks: this.networks, ports: this.ports } = keeping);
    this.counters = new Counters(keeping.portCount).memory;
  }

  /** Resolves when all ports are open. @throws Refused when that fails the first time: it would fail again */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.opened = { resolve, reject };
      this.launch();
    });
  }

  ask(request: LiveRequest): void {
    const { state } = this;
    if (state === 'stopped' || state === 'failed')
      this.refuse(request.id, `worker ${this.number} has ${state}`);
    else if (state === 'running') this.send(request);
    else this.waiting.push(request);
  }

  async kill(): Promise<void> {
    new Int32Array(this.control)[ControlWord.Waker] = 0;
    await this.thread?.kill();
  }

  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private launch(): void {
    const { program, fdbs, base_ns, busyPoll, ports, task, wrap } = this.keeping;
    const { port1, port2 } = new MessageChannel();
    const { counters, control } = this;
    const words = new Int32Array(control);
    words[ControlWord.Stop] = 0;
    words[ControlWord.Waker] = 0;
    const job: LiveJob = {
      program,
      counters,
      control,
      fdbs,
      ports,
      base_ns,
      busyPoll,
      messages: port2,
    };
    port1.on('message', (notice: LiveNotice) => {
      this.hear(notice);
    });
    this.messages = port1;
    const thread = startInWorker(task, wrap(job), [port2]);
    this.thread = thread;
    thread.finished.then(
      () => {
        this.ended(thread, 'it ended by itself');
      },
      (cause: unknown) => {
        this.ended(thread, wordsOf(cause));
      },
    );
  }

  private hear(notice: LiveNotice): void {
    if (notice.tells === 'ready') this.ready();
    else this.keeping.notice(notice);
  }

  private ready(): void {
    if (this.state === 'stopped') return;
    const wasRestarted = this.state === 'restarting';
    if (wasRestarted) this.outage_ms += performance.now() - (this.crashes.at(-1) ?? 0);
    this.state = 'running';
    this.opened?.resolve();
    this.opened = undefined;
    for (const request of this.waiting.splice(0)) this.send(request);
    if (wasRestarted) this.keeping.changed(`worker ${this.number} runs again`);
  }

  private ended(thread: InWorker<unknown>, why: string): void {
    if (thread !== this.thread) return;
    this.thread = undefined;
    new Int32Array(this.control)[ControlWord.Waker] = 0;
    this.messages?.close();
    new Counters(this.keeping.portCount, this.counters).bookLost(this.ports[0]?.port ?? 0);
    if (this.stopping !== undefined) return;
    if (this.opened !== undefined) {
      this.state = 'failed';
      this.opened.reject(new Refused(why));
      return;
    }
    this.crashed(why);
  }

  private crashed(why: string): void {
    const now = performance.now();
    // A crash before it was ready again belongs to the same outage.
    if (this.state === 'restarting') this.outage_ms += now - (this.crashes.at(-1) ?? now);
    this.state = 'restarting';
    this.lastCrash = why;
    this.crashes = [...this.crashes.filter((at) => now - at < CRASHES_WITHIN_MS), now];
    for (const id of this.served) this.refuse(id, `worker ${this.number} crashed: ${why}`);
    this.served.clear();
    if (this.crashes.length > CRASHES_MAX) {
      this.state = 'failed';
      for (const { id } of this.waiting.splice(0))
        this.refuse(id, `worker ${this.number} has failed`);
      this.keeping.changed(
        `worker ${this.number} crashed ${this.crashes.length} times in ${CRASHES_WITHIN_MS / 1000} seconds and is given up: ${why}`,
      );
      return;
    }
    this.restarts++;
    this.keeping.changed(`worker ${this.number} crashed and is started again: ${why}`);
    this.launch();
  }

  private send(request: LiveRequest): void {
    if (request.ask === 'end') this.served.delete(request.id);
    else this.served.add(request.id);
    this.messages?.postMessage(request);
  }

  private refuse(id: number, why: string): void {
    this.keeping.notice({ tells: 'refused', id, why });
  }

  private async end(): Promise<void> {
    this.state = 'stopped';
    this.opened?.reject(new Refused('interrupted'));
    this.opened = undefined;
    const { thread } = this;
    if (thread === undefined) return;
    const words = new Int32Array(this.control);
    askToStop(this.control);
    const waker = Atomics.load(words, ControlWord.Waker);
    if (waker !== 0) this.keeping.wake(waker);
    const finished = thread.finished.then(
      () => undefined,
      () => undefined,
    );
    const timer = setTimeout(() => {
      void thread.kill();
    }, STOP_PATIENCE_MS);
    await finished;
    clearTimeout(timer);
  }
}
