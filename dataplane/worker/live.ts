/**
 * The piscina task of a live Worker: forwards between devices until it is told to stop. Everything it needs to know crosses the thread
 * boundary as a LiveJob; counters, control words and Fdbs are shared memory, requests and notices pass on a MessagePort (live-job.ts).
 *
 * Spells of forwarding (spell.ts) alternate with turns of the event loop, between which the Worker does what is not about single frames:
 * looks at its devices (live-ports.ts), writes what recordings have, takes requests (requests.ts).
 */
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { loadNative } from '../../native-bindings/load.js';
import type { Native } from '../../native-bindings/native.js';
import { BURST, Plane } from '../forward/plane.js';
import type { Clock } from '../port/player.js';
import { reviveProgram } from '../program/program.js';
import { Arrivals } from './arrivals.js';
import { breathOn } from './breathe.js';
import { ControlWord } from './control.js';
import type { LiveJob, LiveNotice, LiveRequest } from './live-job.js';
import { LivePorts } from './live-ports.js';
import { Requests } from './requests.js';
import { spellOn } from './spell.js';

/** The longest packet that a device gives: a super-frame. */
const PACKET_MAX = 65_535;
/** While a player waits for its file, the event loop gets its turn after so many microseconds without frames. */
const IMPATIENCE_US = 50;

export interface LiveReport {
  /** Nanoseconds from tick 0 to the end. */
  readonly tick: number;
  readonly breaths: number;
}

/** What a caller in the same thread brings along. */
export interface LiveHooks {
  /** Makes the function that explains, as data, the frame that was traced last; its slot is still as it was. */
  readonly explain?: (plane: Plane) => () => unknown;
  /** Stands in for the addon. */
  readonly native?: Native;
}

/**
 * Forwards until it is told to stop. Whatever happens, recordings are complete and all handles closed when this returns or throws.
 * @throws Error that names the port, when one cannot be opened at the start
 */
export async function live(job: LiveJob, hooks: LiveHooks = {}): Promise<LiveReport> {
  const native = hooks.native ?? loadNative();
  const { counters, fdbs, messages, base_ns, control, busyPoll } = job;
  const program = reviveProgram(job.program);
  const plane = new Plane(program, { counters, fdbs, packetMax: PACKET_MAX });
  native.attachPool(plane.frames, plane.frames.room, base_ns);
  const tell = (notice: LiveNotice): void => {
    messages.postMessage(notice);
  };
  const arrivals = new Arrivals(native, program.ports.rows);
  const ports = new LivePorts(native, plane, arrivals, clockOf(native, base_ns), tell);
  const explain = hooks.explain?.(plane);
  const requests = new Requests({ native, plane, arrivals, ports, tell, explain });
  const words = new Int32Array(control, 0, ControlWord.Waker + 1);
  try {
    for (const port of job.ports) await ports.open(port);
    await startRecordings(job, requests);
    messages.on('message', (request: LiveRequest) => {
      requests.take(request);
    });
    Atomics.store(words, ControlWord.Waker, native.waker());
    const breath = breathOn(plane, arrivals, ports.sinks, BURST);
    const spell = spellOn({ native, plane, arrivals, breath, control, base_ns, busyPoll });
    tell({ tells: 'ready' });
    while (Atomics.load(words, ControlWord.Stop) === 0) {
      spell(ports.isWaiting ? IMPATIENCE_US : Infinity);
      ports.look();
      requests.tend();
      await setImmediate();
    }
  } finally {
    Atomics.store(words, ControlWord.Waker, 0);
    await requests.close();
    await ports.close();
    messages.close();
  }
  const report = new Float64Array(control);
  return { tick: report[ControlWord.Tick], breaths: report[ControlWord.Breaths] };
}

/** @throws Error that names the port */
async function startRecordings({ ports }: LiveJob, requests: Requests): Promise<void> {
  for (const { port, name, record } of ports) {
    if (record === undefined) continue;
    try {
      await requests.record(port, record);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`port ${name}: ${why}`, { cause });
    }
  }
}

function clockOf(native: Native, base_ns: number): Clock {
  const now = (): number => native.now() - base_ns;
  const atZero_ms = performance.timeOrigin + performance.now() - now() / 1e6;
  const seconds = Math.floor(atZero_ms / 1000);
  return { now, seconds, nanoseconds: Math.round((atZero_ms - seconds * 1000) * 1e6) };
}

export default (job: LiveJob): Promise<LiveReport> => live(job);
