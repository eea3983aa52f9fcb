/** A running lab without devices, Workers or privileges: shared memory that a test fills, and requests that it answers. */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { compile } from '../../control/compile/compile.js';
import { loadLab } from '../../control/model/load.js';
import type { RunningEvents, RunningLab, RunningWorker } from '../../control/supervisor/running.js';
import { Plane, fdbBytesFor } from '../../dataplane/forward/plane.js';
import { Counters } from '../../dataplane/observe/counters.js';
import { CONTROL_BYTES } from '../../dataplane/worker/control.js';
import type { LiveNotice, LivePort, LiveRequest } from '../../dataplane/worker/live-job.js';

/** c1, c2 and c3 on net, c3 also on other; each network has a Worker of its own. */
export const LAB = `name: fake
services:
  c1: { networks: { net: {} } }
  c2: { networks: { net: { x-port: { interface: eth9 } } } }
  c3: { networks: { net: {}, other: {} } }
networks:
  net: { x-bridge: { stations: [ { mac: "02:42:00:00:00:99", port: c2 } ] } }
  other: {}
`;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Fake extends RunningLab {
  readonly workers: readonly Mutable<RunningWorker>[];
  /** The Counters of each Worker. */
  readonly counters: readonly Counters[];
  /** What its networks know; frames can be learned here. */
  readonly plane: Plane;
  /** What the Workers were asked, in order. */
  readonly asked: { readonly worker: number; readonly request: LiveRequest }[];
  /** Answers a request; to be replaced. */
  answer: (request: LiveRequest) => void;
  tell(worker: number, notice: LiveNotice): void;
}

/** Its folder is removed after the test. */
export async function fakeLab(
  t: ExecutionContext,
  folder = tempFolder(t),
  lab = LAB,
): Promise<Fake> {
  writeFileSync(join(folder, 'lab.yaml'), lab);
  const compiled = compile(await loadLab(join(folder, 'lab.yaml')));
  const counters = [0, 1].map(() => new Counters(compiled.ports.length));
  const fdbs = Array.from(
    { length: compiled.program.networks.rows },
    (_, network) => new SharedArrayBuffer(fdbBytesFor(compiled.program, network)),
  );
  const events = new EventEmitter<RunningEvents>();
  const fake: Fake = {
    name: 'fake',
    lab: compiled.lab,
    compiled,
    folder,
    workers: counters.map(({ memory }, number) => ({
      number,
      counters: memory,
      control: new SharedArrayBuffer(CONTROL_BYTES),
      networks: [number],
      ports: compiled.ports.flatMap((_, port): LivePort[] =>
        compiled.program.ports.network[port] === number ? [portOf(port)] : [],
      ),
      state: 'running',
      restarts: 0,
      outage_ms: 0,
      lastCrash: undefined,
    })),
    fdbs,
    base_ns: Number(process.hrtime.bigint()) - 100e9,
    busyPoll: false,
    services: [],
    events,
    counters,
    plane: new Plane(compiled.program, { fdbs }),
    asked: [],
    answer: () => undefined,
    ask: (worker, request) => {
      fake.asked.push({ worker, request });
      fake.answer(request);
    },
    nextId: () => ++id,
    tell: (worker, notice) => events.emit('notice', worker, notice),
    kill: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
  let id = 0;
  function portOf(port: number): LivePort {
    const compiledPort = compiled.ports[port];
    const { port: name = '', device } = compiledPort ?? { device: undefined };
    return device?.kind === 'interface'
      ? { port, name, kind: 'packet', interface: device.interface.value }
      : { port, name, kind: 'tap', descriptor: -1 };
  }
  return fake;
}

export function tempFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'etherloom-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
