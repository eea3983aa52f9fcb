/**
 * The piscina task of one case: synthetic frames through the very functions that a replay runs, parse, forward and emit, into ports that
 * keep nothing. Each case has a worker of its own, so none inherits what the compiler learned from another.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { flowsOn } from '../../dataplane/port/flows.js';
import type { Source } from '../../dataplane/port/port.js';
import { synthOn } from '../../dataplane/port/synth.js';
import { tunnelFlowsOn } from '../../dataplane/port/tunnel-flows.js';
import type { Program } from '../../dataplane/program/program.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import type { Case, Samples } from './case.js';
import { programFor } from './programs.js';
import type { Topology } from './programs.js';
import { introduce, routerProgram } from './router.js';
import { sourcePortsOf } from './source-ports.js';
import { introduceTunnel, tunnelProgram } from './tunnels.js';

const SAMPLE_MS = 20;
const WARM_FRAMES = 4_000_000;

/** The piscina task. */
export default async function measure(what: Case): Promise<Samples> {
  const plane = new Plane(programOf(what));
  const { traffic, flows, tunnel, seconds } = what;
  const sinks = Array.from({ length: plane.program.ports.rows }, () => nowhere);
  if (flows) introduce(plane, flows.ports);
  if (tunnel) introduceTunnel(plane, tunnel);
  const source = sourceOf(plane, what);
  const breath = breathOn(plane, source, sinks, BURST);
  for (let frames = 0; frames < 2 * traffic.hosts + WARM_FRAMES;) frames += breath();
  const samples = await sample(breath, seconds * 1000);
  if (plane.counters.unaccounted() !== plane.frames.claimed)
    throw new Error('frames are unaccounted for, so these figures mean nothing');
  if (tunnel?.kind === 'vxlan encapsulate')
    return { ...samples, sourcePorts: sourcePortsOf(tunnel) };
  return samples;
}

function sourceOf({ frames }: Plane, { traffic, flows, tunnel }: Case): Source {
  if (flows) return flowsOn(frames, flows);
  return tunnel ? tunnelFlowsOn(frames, tunnel) : synthOn(frames, traffic);
}

function programOf({ name, traffic, workers, children, flows, tunnel }: Case): Program {
  if (flows) return routerProgram(flows);
  if (tunnel) return tunnelProgram(tunnel);
  const size = { hosts: traffic.hosts, ports: children };
  return programFor(name as Topology, size, Math.max(workers, 2));
}

/** Takes breaths for so long, and sees what the garbage collector does meanwhile. */
export async function sample(breath: () => number, duration_ms: number): Promise<Samples> {
  const pauses: number[] = [];
  const observer = new PerformanceObserver((list) => {
    pauses.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = memoryInUse();
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
  const growth = memoryInUse() - before;
  await new Promise((resolve) => setTimeout(resolve, 10)); // the observer hears of pauses a little later
  observer.disconnect();
  const gcPauseMax_ms = Math.max(0, ...pauses);
  return { nsPerFrame, frames: total, growth, gcPauses: pauses.length, gcPauseMax_ms };
}

function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
