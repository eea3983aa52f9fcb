/**
 * The piscina task of one case: synthetic frames through the very functions that a replay runs, parse, forward and emit, into ports that
 * keep nothing. Each case has a worker of its own, so none inherits what the compiler learned from another.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { synthOn } from '../../dataplane/port/synth.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import type { Case, Samples } from './case.js';
import { programFor } from './programs.js';

const SAMPLE_MS = 20;
const WARM_FRAMES = 4_000_000;

export default async function measure({ name, traffic, seconds }: Case): Promise<Samples> {
  const plane = new Plane(programFor(name, traffic));
  const sinks = Array.from({ length: plane.program.ports.rows }, () => nowhere);
  const breath = breathOn(plane, synthOn(plane.frames, traffic), sinks, BURST);
  for (let frames = 0; frames < traffic.hosts + WARM_FRAMES;) frames += breath();

  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => {
    pauses.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = memoryInUse();
  const { nsPerFrame, frames } = sample(breath, seconds * 1000);
  const growth = memoryInUse() - before;
  await new Promise((resolve) => setTimeout(resolve, 10)); // the observer hears of pauses a little later
  observer.disconnect();
  if (plane.counters.unaccounted() !== plane.frames.claimed)
    throw new Error('frames are unaccounted for, so these figures mean nothing');
  return {
    nsPerFrame,
    frames,
    growth,
    gcPauses: pauses.length,
    gcPauseMax_ms: Math.max(0, ...pauses),
  };
}

function sample(breath: () => number, duration_ms: number): Pick<Samples, 'nsPerFrame' | 'frames'> {
  const nsPerFrame: number[] = [];
  let total = 0;
  const end = performance.now() + duration_ms;
  for (let now = performance.now(); now < end;) {
    const start = now;
    let frames = 0;
    while (now - start < SAMPLE_MS) {
      for (let i = 0; i < 64; i++) frames += breath();
      now = performance.now();
    }
    nsPerFrame.push(((now - start) * 1e6) / frames);
    total += frames;
  }
  return { nsPerFrame, frames: total };
}

function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
