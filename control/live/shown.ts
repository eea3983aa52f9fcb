/**
 * What `show` says about a running lab, as data: these objects cross the control socket and are what `--json` prints, so their keys are
 * a promise. Tables are made of them in tables.ts.
 */
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { LivePort } from '../../dataplane/worker/live-job.js';
import type { Compiled } from '../compile/compile.js';
import type { ByReason } from '../replay/summary.js';
import { stationsOf } from '../show/stations.js';
import type { Station } from '../show/stations.js';
import type { RunningLab, WorkerState } from '../supervisor/running.js';
import { ratesOf, tickOf, total } from './meter.js';
import type { Meter, PortSample, PortState, Rate, Sample } from './meter.js';
import { networkName, networkOfPort } from './names.js';
import type { What } from './protocol.js';

export interface PortShown {
  readonly port: string;
  readonly network: string;
  /** Number of the Worker that serves it. */
  readonly worker: number;
  readonly kind: LivePort['kind'];
  /** What it is joined to: an interface, a TAP, the path of a capture. */
  readonly device: string;
  readonly state: PortState;
  /** Why it is not up. */
  readonly why?: string;
  /** Of the last full second. */
  readonly in: Rate;
  readonly out: Rate;
  /** Since the lab is up. */
  readonly framesIn: number;
  readonly bytesIn: number;
  readonly framesOut: number;
  readonly bytesOut: number;
  readonly dropped: number;
}

export interface PortCounters {
  readonly port: string;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly dropped: ByReason;
  readonly consumed: ByReason;
}

export interface CountersShown {
  readonly ports: readonly PortCounters[];
  /** received + originated + copied = sent + dropped + consumed + waiting. */
  readonly frames: {
    readonly received: number;
    readonly originated: number;
    readonly copied: number;
    readonly sent: number;
    readonly dropped: number;
    readonly consumed: number;
    readonly waiting: number;
  };
  /** ICMP errors that hosts did not send because there had been too many (RFC 1812 §4.3.2.8). */
  readonly icmpErrorsKeptBack: number;
}

export interface WorkerShown {
  readonly worker: number;
  readonly networks: readonly string[];
  readonly ports: readonly string[];
  readonly state: WorkerState;
  readonly restarts: number;
  /** How long it forwarded nothing because it had crashed, in all. */
  readonly outage_s: number;
  /** What its last crash said. */
  readonly lastCrash?: string;
  /** Of the last full second: how often it received and sent, and for how much of that time it did not wait, 0..1. */
  readonly breaths_per_s: number;
  readonly busy: number;
  /** How often it waited for frames, in all, and the most frames it ever received at once. */
  readonly waits: number;
  readonly burstMax: number;
  readonly uptime_s: number;
}

export type Shown =
  | { readonly what: 'ports'; readonly lab: string; readonly ports: readonly PortShown[] }
  | { readonly what: 'fdb'; readonly lab: string; readonly stations: readonly Station[] }
  | { readonly what: 'counters'; readonly lab: string; readonly counters: CountersShown }
  | { readonly what: 'workers'; readonly lab: string; readonly workers: readonly WorkerShown[] };

/** What there is to say now. */
export function shownOf(what: What, running: RunningLab, meter: Meter): Shown {
  const lab = running.name;
  switch (what) {
    case 'ports':
      return { what, lab, ports: portsOf(running, meter) };
    case 'fdb':
      return { what, lab, stations: stationsOf(running.compiled, running.fdbs, tickOf(running)) };
    case 'counters':
      return { what, lab, counters: countersOf(meter.sample()) };
    case 'workers':
      return { what, lab, workers: workersOf(running, meter) };
  }
}

function portsOf({ compiled, workers }: RunningLab, meter: Meter): PortShown[] {
  const now = meter.sample();
  const served = workers.flatMap(({ number, ports }) => ports.map((port) => ({ number, port })));
  return served
    .toSorted((one, other) => one.port.port - other.port.port)
    .flatMap(({ number, port }) => {
      const counted = now.ports[port.port];
      if (counted === undefined) return [];
      const { name, state, why, framesIn, bytesIn, framesOut, bytesOut, dropped } = counted;
      const rates = ratesOf(meter.previous, meter.last, port.port);
      return {
        port: name,
        network: networkOfPort(compiled, port.port),
        worker: number,
        kind: port.kind,
        device: deviceOf(port, compiled),
        state,
        ...(why !== '' && { why }),
        in: rates.in,
        out: rates.out,
        framesIn,
        bytesIn,
        framesOut,
        bytesOut,
        dropped: total(dropped),
      };
    });
}

function deviceOf(port: LivePort, { ports }: Compiled): string {
  switch (port.kind) {
    case 'packet':
    case 'capture':
      return port.interface;
    case 'play':
      return port.path;
    case 'none':
      return '';
    case 'tap': {
      const { endpoint, device } = ports[port.port] ?? {};
      return device?.kind === 'sandbox' ? `${device.name} of ${endpoint?.sandbox ?? ''}` : '';
    }
  }
}

export function countersOf(sample: Sample): CountersShown {
  const sum = (of: (port: PortSample) => number): number =>
    sample.ports.reduce((sum, port) => sum + of(port), 0);
  const { copied, originated } = sample;
  const received = sum(({ framesIn }) => framesIn);
  const sent = sum(({ framesOut }) => framesOut);
  const dropped = sum((port) => total(port.dropped));
  const consumed = sum((port) => total(port.consumed));
  const waiting = received + originated + copied - sent - dropped - consumed;
  return {
    ports: sample.ports.filter(isListed).map((port) => ({
      port: port.name,
      framesIn: port.framesIn,
      framesOut: port.framesOut,
      dropped: byReason(port.dropped),
      consumed: byReason(port.consumed),
    })),
    frames: { received, originated, copied, sent, dropped, consumed, waiting },
    icmpErrorsKeptBack: sample.errorsKeptBack,
  };
}

/** At a joint nothing enters or leaves; what ends there all the same is shown, so that the sums come out. */
function isListed({ isOpen, dropped, consumed }: PortSample): boolean {
  return isOpen || total(dropped) + total(consumed) > 0;
}

function byReason(counts: Float64Array): ByReason {
  const entries = Array.from(counts, (count, reason) => [reasonText(reason).name, count] as const);
  return Object.fromEntries(entries.filter(([, count], reason) => count > 0 && reason > Reason.Ok));
}

function workersOf(running: RunningLab, meter: Meter): WorkerShown[] {
  const { previous, last } = meter;
  const seconds = (last.at_ms - previous.at_ms) / 1000;
  const now = meter.sample();
  return running.workers.map((worker) => {
    const { number, networks, ports, state, restarts, outage_ms, lastCrash } = worker;
    const [was, is] = [previous.workers[number], last.workers[number]];
    const per = (of: 'breaths' | 'waited_ns'): number =>
      was === undefined || is === undefined || seconds <= 0 ? 0 : (is[of] - was[of]) / seconds;
    const counted = now.workers[number];
    return {
      worker: number,
      networks: networks.map((network) => networkName(running.compiled, network)),
      ports: ports.map(({ name }) => name),
      state,
      restarts,
      outage_s: outage_ms / 1000,
      ...(lastCrash !== undefined && { lastCrash }),
      breaths_per_s: per('breaths'),
      busy: state === 'running' && seconds > 0 ? clamp(1 - per('waited_ns') / 1e9) : 0,
      waits: counted?.waits ?? 0,
      burstMax: counted?.burstMax ?? 0,
      uptime_s: meter.uptime_s(number),
    };
  });
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
