/** A live Worker in the thread of its test, over devices played in memory. */
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Compiled } from '../../../control/compile/compile.js';
import { fdbBytesFor } from '../../../dataplane/forward/plane.js';
import { Counters } from '../../../dataplane/observe/counters.js';
import { reasonText } from '../../../dataplane/observe/reasons.js';
import { Reason } from '../../../dataplane/observe/reason.js';
import { CONTROL_BYTES, askToStop } from '../../../dataplane/worker/control.js';
import { live } from '../../../dataplane/worker/live.js';
import type { LiveHooks, LiveReport } from '../../../dataplane/worker/live.js';
import type {
  LiveJob,
  LiveNotice,
  LivePort,
  LiveRequest,
} from '../../../dataplane/worker/live-job.js';
import { FakeNative } from './fake-native.js';

export interface Running {
  readonly native: FakeNative;
  readonly counters: Counters;
  readonly job: LiveJob;
  readonly notices: LiveNotice[];
  readonly finished: Promise<LiveReport>;
  ask(request: LiveRequest): void;
  /** Waits until this is true; throws when it never is. */
  until(what: string, condition: () => boolean): Promise<void>;
  stop(): Promise<LiveReport>;
}

/** What a test may set; by default every port of the lab is a TAP whose descriptor is its number. */
export interface Setting {
  readonly native?: FakeNative;
  readonly ports?: readonly LivePort[];
  readonly hooks?: Partial<LiveHooks>;
  readonly fdbs?: readonly SharedArrayBuffer[];
  readonly counters?: SharedArrayBuffer;
}

export function tapsOf({ ports }: Compiled): LivePort[] {
  return ports.map(({ port: name }, port) => ({ port, name, kind: 'tap', descriptor: port }));
}

export function fdbsOf({ program }: Compiled): SharedArrayBuffer[] {
  return Array.from(
    { length: program.networks.rows },
    (_, network) => new SharedArrayBuffer(fdbBytesFor(program, network)),
  );
}

/** Starts a Worker over this lab. */
export function start(lab: Compiled, setting: Setting = {}): Running {
  const native = setting.native ?? new FakeNative();
  const ports = setting.ports ?? tapsOf(lab);
  for (const live of ports) if (live.kind === 'tap') native.device(`tap${live.descriptor}`);
  const counters = new Counters(lab.ports.length, setting.counters);
  const { port1, port2 } = new MessageChannel();
  const job: LiveJob = {
    program: lab.program.buffer,
    counters: counters.memory,
    control: new SharedArrayBuffer(CONTROL_BYTES),
    fdbs: setting.fdbs ?? fdbsOf(lab),
    ports,
    base_ns: native.now(),
    busyPoll: false,
    messages: port2,
  };
  const notices = collect(port1);
  const finished = live(job, { native, ...setting.hooks });
  let ended = false;
  finished.then(
    () => (ended = true),
    () => (ended = true),
  );
  return {
    native,
    counters,
    job,
    notices,
    finished,
    ask: (request) => {
      port1.postMessage(request);
    },
    until: async (what, condition) => {
      for (let tries = 0; tries < 2000 && !condition(); tries++) {
        if (ended) await finished;
        await sleep(1);
      }
      if (!condition()) throw new Error(`it never came true that ${what}`);
    },
    stop: () => {
      askToStop(job.control, (waker) => {
        native.wake(waker);
      });
      return finished;
    },
  };
}

function collect(port: MessagePort): LiveNotice[] {
  const notices: LiveNotice[] = [];
  port.on('message', (notice: LiveNotice) => notices.push(notice));
  return notices;
}

/** How often frames were dropped for each Reason, all ports together. */
export function dropsOf({ dropped }: Counters): Record<string, number> {
  const drops: Record<string, number> = {};
  for (const [place, count] of dropped.entries()) {
    const { name } = reasonText(place % Reason.Count);
    if (count > 0) drops[name] = (drops[name] ?? 0) + count;
  }
  return drops;
}
