/**
 * The piscina task of a live Worker: forwards between devices until it is told to stop. Everything it needs to know crosses the thread
 * boundary as a LiveJob; counters, control words and Fdbs are shared memory, requests and notices pass on a MessagePort (live-job.ts).
 *
 * Spells of forwarding (spell.ts) alternate with turns of the event loop, between which the Worker does what is not about single frames:
 * looks at its devices, writes what recorders have, takes requests.
 */
import { setImmediate } from 'node:timers/promises';
import { loadNative } from '../../native-bindings/load.js';
import type { Native } from '../../native-bindings/native.js';
import { Plane } from '../forward/plane.js';
import { reviveProgram } from '../program/program.js';
import { Arrivals } from './arrivals.js';
import { breathOn } from './breathe.js';
import { ControlWord } from './control.js';
import type { LiveJob, LiveNotice } from './live-job.js';
import { LivePorts } from './live-ports.js';
import { spellOn } from './spell.js';

/** The longest packet that a device gives: a super-frame. */
const PACKET_MAX = 65_535;
/** The most frames in one breath; the arrivals give fewer. */
const BREATH = 256;

export interface LiveReport {
  /** Nanoseconds from tick 0 to the end. */
  readonly tick: number;
  readonly breaths: number;
}

/** What a caller in the same thread brings along. */
export interface LiveHooks {
  /** Stands in for the addon. */
  readonly native?: Native;
}

/**
 * Forwards until it is told to stop. Whatever happens, all handles are closed when this returns or throws.
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
  const ports = new LivePorts(native, plane, arrivals, tell);
  const words = new Int32Array(control, 0, ControlWord.Waker + 1);
  try {
    for (const port of job.ports) if (port.kind !== 'play') ports.open(port);
    Atomics.store(words, ControlWord.Waker, native.waker());
    const breath = breathOn(plane, arrivals, ports.sinks, BREATH);
    const spell = spellOn({ plane, native, arrivals, breath, control, base_ns, busyPoll });
    tell({ tells: 'ready' });
    while (Atomics.load(words, ControlWord.Stop) === 0) {
      spell(Infinity);
      ports.look();
      await setImmediate();
    }
  } finally {
    Atomics.store(words, ControlWord.Waker, 0);
    ports.close();
    messages.close();
  }
  const report = new Float64Array(control);
  return { tick: report[ControlWord.Tick], breaths: report[ControlWord.Breaths] };
}

export default (job: LiveJob): Promise<LiveReport> => live(job);
