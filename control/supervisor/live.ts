/**
 * Brings a lab up and holds it: sandboxes, Workers, programs, in this order, and away with them in the other.
 *
 * Nothing half-made stays: whatever fails, or when the signal comes, what there is is taken away before the error is thrown. What
 * would survive even `kill -9` stands in the state file (state.ts) before it is made; TAPs in sandboxes vanish with this process.
 */
import { EventEmitter } from 'node:events';
import { fdbBytesFor } from '../../dataplane/forward/plane.js';
import type { LiveJob, LivePort } from '../../dataplane/worker/live-job.js';
import { loadNative } from '../../native-bindings/load.js';
import type { Native } from '../../native-bindings/native.js';
import { Refused } from '../cli/errors.js';
import type { Compiled } from '../compile/compile.js';
import { stepsFor } from '../sandbox/build.js';
import { planLab } from '../sandbox/plan.js';
import { remove } from '../sandbox/remove.js';
import { removeAll, takeSteps } from '../sandbox/steps.js';
import { clearDead } from './clear.js';
import { requireDevices } from './devices.js';
import { Keeper } from './keeper.js';
import { withLock } from './lock.js';
import { placeParts } from './place.js';
import { requireCapabilities } from './privileges.js';
import { Programs } from './programs.js';
import type { RunningEvents, RunningLab } from './running.js';
import { labFolder, StateFile } from './state.js';

export interface LiveOptions {
  /** How many Workers; default: one for each part (place.ts), but a core is left to the programs in the sandboxes. */
  readonly workers?: number;
  /** Never sleep: lowest latency, one busy core for each Worker. */
  readonly busyPoll?: boolean;
  /** Ends the start, or nothing once it is up: then call `stop`. */
  readonly signal?: AbortSignal;
  /** Called when the Workers exist and before their ports open, as to open the control socket; what it gives is closed at the end. */
  readonly opening?: (running: RunningLab) => Promise<{ close(): Promise<void> }>;
  /** Told what the user should know, one sentence each. */
  readonly note?: (sentence: string) => void;
}

/**
 * Brings a lab up.
 * @throws Refused when a privilege is missing, or a step fails; NativeMissing; LabTaken when somebody runs it already
 */
export async function startLive(
  compiled: Compiled,
  options: LiveOptions = {},
): Promise<RunningLab> {
  requireCapabilities();
  requireDevices(compiled);
  const native = loadNative();
  const { lab } = compiled;
  const state = await withLock(lab.name, async () => {
    const leftovers = await clearDead(lab.name);
    if (leftovers.length > 0) throw new Refused(leftovers.join('\n'));
    return StateFile.claim(lab.name, lab.file);
  });
  const live = new Live(compiled, options, native, state);
  try {
    await live.start();
  } catch (cause) {
    await live.stop();
    throw options.signal?.aborted === true ? new Refused('interrupted') : cause;
  }
  return live;
}

class Live implements RunningLab {
  readonly name: string;
  readonly lab;
  readonly folder: string;
  readonly fdbs: readonly SharedArrayBuffer[];
  readonly base_ns: number;
  readonly busyPoll: boolean;
  readonly events = new EventEmitter<RunningEvents>().setMaxListeners(0);
  workers: readonly Keeper[] = [];

  private readonly programs: Programs;
  /** Of our TAPs, by port number. */
  private readonly descriptors = new Map<number, number>();
  private closing: { close(): Promise<void> } | undefined;
  private stopped: Promise<void> | undefined;
  private id = 0;

  constructor(
    readonly compiled: Compiled,
    private readonly options: LiveOptions,
    private readonly native: Native,
    private readonly state: StateFile,
  ) {
    const { lab, program } = compiled;
    this.lab = lab;
    this.name = lab.name;
    this.folder = labFolder(lab.name);
    this.fdbs = Array.from(
      { length: program.networks.rows },
      (_, network) => new SharedArrayBuffer(fdbBytesFor(program, network)),
    );
    this.base_ns = native.now();
    this.busyPoll = options.busyPoll ?? false;
    this.programs = new Programs(lab, state, (name) => {
      if (this.stopped === undefined) this.events.emit('service', name);
    });
  }

  get services() {
    return this.programs.services;
  }

  ask: RunningLab['ask'] = (worker, request) => {
    this.workers[worker]?.ask(request);
  };

  nextId(): number {
    return ++this.id;
  }

  async kill(worker: number): Promise<void> {
    await this.workers[worker]?.kill();
  }

  /** @throws whatever fails; the caller then stops it */
  async start(): Promise<void> {
    const { compiled, options, native, state } = this;
    const steps = stepsFor(planLab(compiled), this.name, native, (port, descriptor) => {
      this.descriptors.set(port, descriptor);
    });
    await takeSteps(steps, state, remove, options.signal);
    this.workers = this.makeWorkers();
    this.closing = await options.opening?.(this);
    const abort = (): void => void this.stop();
    options.signal?.addEventListener('abort', abort);
    try {
      await Promise.all(this.workers.map((worker) => worker.start()));
      options.signal?.throwIfAborted();
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
    this.programs.startAll();
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    await Promise.all([this.programs.stopAll(), ...this.workers.map((worker) => worker.stop())]);
    await this.closing?.close();
    for (const descriptor of this.descriptors.values()) this.native.closeDescriptor(descriptor);
    this.descriptors.clear();
    const failures = await removeAll(this.state, 0, remove);
    failures.forEach((sentence) => this.options.note?.(sentence));
    if (failures.length === 0) this.state.discard();
    this.events.emit('stopped');
  }

  private makeWorkers(): Keeper[] {
    const { compiled, options, native } = this;
    const { workers, note } = placeParts(compiled, options.workers);
    if (note !== undefined) options.note?.(note);
    return workers.map(
      ({ networks, ports }, number) =>
        new Keeper({
          number,
          networks,
          ports: ports.map((port) => this.livePort(port)),
          portCount: compiled.ports.length,
          task: new URL('../live/task.js', import.meta.url),
          wrap: (job: LiveJob) => ({ job, lab: this.lab }),
          program: compiled.program.buffer,
          fdbs: this.fdbs,
          base_ns: this.base_ns,
          busyPoll: this.busyPoll,
          wake: (waker) => {
            native.wake(waker);
          },
          notice: (notice) => this.events.emit('notice', number, notice),
          changed: (why) => this.events.emit('worker', number, why),
        }),
    );
  }

  private livePort(port: number): LivePort {
    const compiled = this.compiled.ports[port];
    if (compiled === undefined) throw new RangeError(`there is no port ${port}`);
    const { port: name, record, device } = compiled;
    const common = { port, name, ...(record && { record: record.value }) };
    switch (device.kind) {
      case 'sandbox':
        return { ...common, kind: 'tap', descriptor: this.descriptors.get(port) ?? -1 };
      case 'interface':
        return { ...common, kind: device.driver, interface: device.interface.value };
      case 'tap':
        return { ...common, kind: 'packet', interface: device.tap.value };
      case 'play':
        return { ...common, kind: 'play', path: device.path.value, speed: device.speed };
      case 'nothing':
        return { ...common, kind: 'none' };
    }
  }
}
