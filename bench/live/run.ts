/**
 * `etherloom bench live`: real frames between two network namespaces, through etherloom and through what else this machine offers.
 *
 * Everything is measured in turn and all of it again in every round, next to the yardstick of the same round, so that what else happens
 * on the machine hits all alike. Each measurement has an empty stage: nobody inherits what another one broke.
 */
import { kernelBridge } from './forwarder-bridge.js';
import { etherloom } from './forwarder-etherloom.js';
import { openVswitch } from './forwarder-openvswitch.js';
import { tcpbridge } from './forwarder-tcpbridge.js';
import { vdeSwitch } from './forwarder-vde.js';
import type { Forwarder } from './forwarder.js';
import { halfLoad, roundTrip, roundTripOfPath } from './latency.js';
import { thisMachine } from './machine.js';
import type { Machine } from './machine.js';
import type { Measure, Sample } from './measure.js';
import { frameRate } from './rate.js';
import { Unavailable } from './requirements.js';
import { rowOf } from './result.js';
import type { Row } from './result.js';
import { removeStale, Stage } from './stage.js';
import { tcpIperf3 } from './iperf3.js';
import { tcp, tcpMtu } from './tcp.js';

/** All that can be put between the ends; the first is the yardstick. */
export const FORWARDERS: readonly Forwarder[] = [
  kernelBridge,
  etherloom('etherloom tap', 'tap'),
  etherloom('etherloom tap --busy-poll', 'tap', ['--busy-poll']),
  etherloom('etherloom packet', 'packet'),
  etherloom('etherloom capture', 'capture'),
  openVswitch('open vswitch', []),
  openVswitch('open vswitch, tso', ['other_config:userspace-tso-enable=true']),
  vdeSwitch,
  tcpbridge,
];

export const MEASURES: readonly Measure[] = [
  tcp,
  tcpIperf3,
  frameRate,
  tcpMtu,
  roundTrip,
  roundTripOfPath,
  halfLoad,
];

/** One measure of one forwarder. */
export interface Case {
  readonly forwarder: Forwarder;
  readonly measure: Measure;
}

export interface Report {
  readonly machine: Machine;
  readonly seconds: number;
  readonly runs: number;
  readonly results: readonly Row[];
  /** What was left out, and why. */
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly what: string;
  readonly why: string;
}

export interface Measuring {
  readonly seconds: number;
  readonly runs: number;
  /** Ends it soon, and in good order. */
  readonly signal: AbortSignal;
  /** Hears what is measured next. */
  readonly onProgress: (line: string) => void;
}

/** All there is to measure, each measure with the yardstick first. */
export function casesOf(): Case[] {
  return MEASURES.flatMap((measure) => FORWARDERS.map((forwarder) => ({ forwarder, measure })));
}

/** Those cases that this machine cannot do, one line for each reason. */
export function skippedOf(cases: readonly Case[]): Skipped[] {
  const whys = new Map<string, string>();
  for (const { forwarder, measure } of cases) {
    const noForwarder = forwarder.unavailable();
    const noMeasure = measure.unavailable();
    if (noForwarder !== undefined) whys.set(forwarder.name, noForwarder);
    if (noMeasure !== undefined) whys.set(measure.title, noMeasure);
  }
  return [...whys].map(([what, why]) => ({ what, why }));
}

/**
 * Measures the cases, and the yardstick of their measures.
 * @throws the reason of the signal when it is aborted; Unavailable when the yardstick cannot be measured
 */
export async function measureLive(chosen: readonly Case[], how: Measuring): Promise<Report> {
  const machine = thisMachine();
  await removeStale();
  const cases = withYardstick(chosen.filter(isPossible));
  const samples = new Map<Case, Sample[]>(cases.map((one) => [one, []]));
  for (let round = 1; round <= how.runs; round++)
    for (const [one, soFar] of samples) {
      const { forwarder, measure } = one;
      how.onProgress(`round ${round} of ${how.runs}: ${measure.title}: ${forwarder.name}`);
      soFar.push(await measureOne(one, how));
    }
  return {
    machine,
    seconds: how.seconds,
    runs: how.runs,
    results: cases.map((one) =>
      rowOf(
        one.forwarder.name,
        one.measure,
        samples.get(one) ?? [],
        samples.get(yardstickOf(one, cases)) ?? [],
      ),
    ),
    skipped: skippedOf(chosen),
  };
}

const isPossible = ({ forwarder, measure }: Case): boolean =>
  forwarder.unavailable() === undefined && measure.unavailable() === undefined;

function withYardstick(cases: readonly Case[]): Case[] {
  return MEASURES.flatMap((measure) => {
    const others = cases.filter((one) => one.measure === measure && one.forwarder !== kernelBridge);
    const isWanted = cases.some((one) => one.measure === measure);
    return isWanted ? [{ forwarder: kernelBridge, measure }, ...others] : [];
  });
}

function yardstickOf({ measure }: Case, cases: readonly Case[]): Case {
  const found = cases.find((one) => one.measure === measure && one.forwarder === kernelBridge);
  if (found === undefined) throw new Error(`${measure.title} has no yardstick`);
  return found;
}

async function measureOne({ forwarder, measure }: Case, how: Measuring): Promise<Sample> {
  const stage = await Stage.open();
  const close = (): void => void stage.close();
  how.signal.addEventListener('abort', close);
  try {
    how.signal.throwIfAborted();
    return await measure.run(stage, await forwarder.start(stage), how.seconds);
  } catch (cause) {
    how.signal.throwIfAborted();
    const broken = cause instanceof Error ? cause.message : String(cause);
    if (forwarder === kernelBridge)
      throw new Unavailable(`${measure.title} of the kernel bridge, the yardstick: ${broken}`);
    return { value: 0, broken };
  } finally {
    how.signal.removeEventListener('abort', close);
    await stage.close();
  }
}
