/**
 * The piscina task of a replay: captures in, captures out. Everything it needs to know crosses the thread boundary as a ReplayJob, and what
 * happened comes back as a ReplayReport; the counters and the control words are shared and may be read while it runs. The topology may be
 * divided among several such tasks (crossing.ts).
 */
import { setImmediate } from 'node:timers/promises';
import { forwardOn } from '../forward/forward.js';
import type { Forward } from '../forward/forward.js';
import { Errand } from '../forward/frontier.js';
import { Plane } from '../forward/plane.js';
import { CaptureReader } from '../port/file/reader.js';
import type { Damage } from '../port/file/reader.js';
import { CaptureWriter } from '../port/file/writer.js';
import type { Sink } from '../port/port.js';
import { nowhere, Recorder } from '../port/recorder.js';
import type { Annotate } from '../port/recorder.js';
import { Replay } from '../port/replay.js';
import type { Input, Tracing, Until } from '../port/replay.js';
import { reviveProgram } from '../program/program.js';
import { breathe, exhaleOn } from './breathe.js';
import { askedToStop, ControlWord } from './control.js';
import { Crossing } from './crossing.js';
import type { Cut } from './crossing.js';

export type CaptureFormat = 'pcap' | 'pcapng';

export interface ReplayJob {
  /** The buffer of the Program. */
  readonly program: SharedArrayBuffer;
  /** The memory of the Counters. */
  readonly counters: SharedArrayBuffer;
  /** The control words (worker/control). */
  readonly control: SharedArrayBuffer;
  readonly inputs: readonly { readonly port: number; readonly path: string }[];
  readonly outputs: readonly {
    readonly port: number;
    readonly path: string;
    readonly name: string;
  }[];
  readonly format: CaptureFormat;
  /** Frames per burst, 1..BURST. */
  readonly burst: number;
  /** Which part of the topology this Worker has; absent: all of it. */
  readonly cut?: Cut;
}

/** The most errands a Worker does before its event loop has a turn. */
const ERRANDS = 4096;

export interface InputReport {
  readonly path: string;
  readonly frames: number;
  readonly damage: Damage | undefined;
  readonly notes: readonly string[];
}

export interface ReplayReport {
  readonly inputs: readonly InputReport[];
  /** True when the stop word ended it, not the end of the captures. */
  readonly interrupted: boolean;
  /** Frames whose capture time lies before that of a frame that came earlier. */
  readonly backwards: number;
  /** Frames whose time the output format cannot hold. */
  readonly timesClamped: number;
  /** Per network: stations given up for others, and stations that were never learned because too many hash alike. */
  readonly evicted: readonly number[];
  readonly refused: readonly number[];
  /** Nanoseconds from the first frame to the last. */
  readonly tick: number;
}

/** Puts words beside what leaves. */
export interface Annotating {
  /** What came in by this breath has been forwarded; nothing has left yet. */
  readonly passed: () => void;
  readonly comment: Annotate;
}

/** What a caller in the same thread may watch. */
export interface Watching {
  readonly tracing: Tracing;
  /** Makes the comments of the outputs; called once, before the first frame. */
  readonly annotate?: (plane: Plane) => Annotating;
  /** Where it ends, and time with it; absent: at the end of the captures, when nothing is due any more. */
  readonly until?: Until;
  /** Sees the plane after the last frame, whose tick it is; with `until`, at the last moment. */
  readonly finished?: (plane: Plane, tick: number) => void;
}

/**
 * Replays to the end or until it is told to stop. Whatever happens, the outputs are complete files when this returns or throws. Of several
 * Workers the first reads the captures, and the others do what they are asked to.
 * @throws CaptureError when a capture cannot be opened, read or written; Abandoned when another Worker failed
 */
export async function replay(
  job: ReplayJob,
  watching: Watching = { tracing: 'none' },
): Promise<ReplayReport> {
  const { counters, cut } = job;
  const plane = new Plane(reviveProgram(job.program), { counters, shared: cut?.shared });
  const crossing = cut && new Crossing(plane, cut);
  const writers: CaptureWriter[] = [];
  try {
    const annotating = watching.annotate?.(plane);
    const sendAll = exhaleOn(plane, sinksFor(plane, job, writers, annotating?.comment));
    const exhale = (): void => {
      annotating?.passed();
      sendAll();
    };
    const forward = forwardOn(plane);
    if (crossing) crossing.perform = performOn({ plane, forward, exhale, crossing });
    const read =
      crossing === undefined || cut?.worker === 0
        ? await conduct({ job, watching, plane, forward, exhale, crossing })
        : await follow(crossing);
    return {
      ...read,
      timesClamped: writers.reduce((sum, writer) => sum + writer.timesClamped, 0),
      evicted: plane.fdbs.map((fdb) => fdb.evicted),
      refused: plane.fdbs.map((fdb) => fdb.refused),
    };
  } catch (cause) {
    crossing?.fail();
    throw cause;
  } finally {
    await closeAll(writers);
  }
}

type ReadReport = Omit<ReplayReport, 'timesClamped' | 'evicted' | 'refused'>;

interface Conducting {
  readonly job: ReplayJob;
  readonly watching: Watching;
  readonly plane: Plane;
  readonly forward: Forward;
  readonly exhale: () => void;
  readonly crossing: Crossing | undefined;
}

/** Reads the captures, and forwards what comes from them. */
async function conduct(conducting: Conducting): Promise<ReadReport> {
  const { job, watching, plane, forward, crossing } = conducting;
  const inputs: Input[] = [];
  try {
    for (const { port, path } of job.inputs)
      inputs.push({ port, reader: await CaptureReader.open(path) });
    const source = new Replay(plane.frames, inputs, watching.tracing, watching.until);
    const control = new Float64Array(job.control);
    const refill = unlessStopped(job.control, () => source.refill());
    const progress = {
      receive: (into: Int32Array, most: number) => source.receive(into, most),
      refill: () => {
        control[ControlWord.BytesRead] = inputs.reduce(
          (sum, { reader }) => sum + reader.bytesRead,
          0,
        );
        return refill();
      },
    };
    const exhale = (): void => {
      conducting.exhale();
      crossing?.flush();
    };
    const end = watching.until && (() => source.end);
    const lungs = {
      plane,
      source: progress,
      forward,
      exhale,
      most: job.burst,
      ...(end && { end }),
    };
    const ended = await breathe(lungs, new Int32Array(job.control));
    crossing?.end();
    watching.finished?.(plane, watching.until ? source.end : source.now);
    return {
      inputs: inputs.map(({ reader }, i) => ({
        path: job.inputs[i].path,
        frames: reader.number,
        damage: reader.damage,
        notes: reader.notes,
      })),
      interrupted: !ended,
      backwards: source.backwards,
      tick: source.now,
    };
  } finally {
    const closing = closeAll(inputs.map(({ reader }) => reader));
    if (Atomics.load(new Int32Array(job.control), ControlWord.Stop) === 0) await closing;
    else closing.catch(() => undefined); // a read from a silent pipe would hold it up
  }
}

/** Does what the first Worker asks for until the end; writes to files go on in between. */
async function follow(crossing: Crossing): Promise<ReadReport> {
  while (!crossing.hasEnded) {
    if (crossing.serve(ERRANDS) > 0) await setImmediate();
    else await crossing.asked();
  }
  return { inputs: [], interrupted: false, backwards: 0, tick: 0 };
}

/** Makes the function that does errands for other Workers. */
function performOn({
  plane,
  forward,
  exhale,
  crossing,
}: {
  readonly plane: Plane;
  readonly forward: Forward;
  readonly exhale: () => void;
  readonly crossing: Crossing;
}): Crossing['perform'] {
  const { doors } = plane;
  const one = new Int32Array(1);
  return (errand, about, frame) => {
    switch (errand) {
      case Errand.In:
        one[0] = frame;
        forward(one, 0, 1);
        return;
      case Errand.Enter:
        doors.enter(frame, about);
        return;
      case Errand.Up:
        doors.up(frame, about);
        return;
      case Errand.Fire:
        doors.fire(about);
        return;
      case Errand.Flush:
        exhale();
        return;
      case Errand.End:
        plane.advance(Infinity);
        exhale();
        crossing.hasEnded = true;
    }
  };
}

/**
 * Makes `wait` end early, with true, when the Worker is asked to stop: a pipe may say nothing for ever. Not by Promise.race, which would leave
 * something behind at the stop's promise for every megabyte that is read.
 */
function unlessStopped(
  control: SharedArrayBuffer,
  wait: () => Promise<boolean>,
): () => Promise<boolean> {
  let wake: (more: true) => void = () => undefined;
  void askedToStop(control).then(() => {
    wake(true);
  });
  return () =>
    new Promise((resolve, reject) => {
      wake = resolve;
      wait().then(resolve, reject);
    });
}

/** Closes every one of them, and only then throws what the first failure was. */
async function closeAll(files: readonly { close(): Promise<void> }[]): Promise<void> {
  const ends = await Promise.allSettled(files.map((file) => file.close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function sinksFor(
  plane: Plane,
  job: ReplayJob,
  writers: CaptureWriter[],
  annotate: Annotate | undefined,
): Sink[] {
  const sinks: Sink[] = Array.from({ length: plane.program.ports.rows }, () => nowhere);
  for (const { port, path, name } of job.outputs) {
    const writer =
      job.format === 'pcap' ? CaptureWriter.pcap(path) : CaptureWriter.pcapng(path, name);
    writers.push(writer);
    sinks[port] = new Recorder(plane.frames, writer, annotate);
  }
  return sinks;
}

export default replay;
