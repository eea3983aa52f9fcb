/** Slots of the pool on the way through hosts, wires and VLANs: whatever comes in, each is given back once, and no frame takes more than it may. */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import type { Frames } from '../../dataplane/frame/frames.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { WAITING_MAX } from '../../dataplane/state/neighbors.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { labOf } from '../dataplane/lab.js';
import { sourceOf } from '../dataplane/scenario.js';
import type { Scripted } from '../dataplane/story.js';
import type { Topology } from './naive.js';
import { topologies, yamlOf } from './topologies.js';
import { drawn, pick, placesOf, reportOf, scripted, sent } from './traffic.js';
import type { Sent } from './traffic.js';

const RUNS = 100;
/** So far apart that questions are asked again, and given up, between the frames. */
const APART_NS = 0.4e9;

function scriptOf(topology: Topology, choices: readonly Sent[]) {
  const lab = labOf(yamlOf(topology));
  const places = placesOf(topology);
  const script = choices.map((choice, i): Scripted => {
    const place = pick(places, choice.port);
    return scripted(lab, place.port, drawn(topology, place, choice, i + 1), i * APART_NS);
  });
  return { lab, script };
}

/** Throws when a slot is given back that nobody had taken. */
function watch(frames: Frames): void {
  const taken = new Set<number>();
  const [claim, release] = [frames.claim.bind(frames), frames.release.bind(frames)];
  frames.claim = () => {
    const slot = claim();
    if (slot >= 0) taken.add(slot);
    return slot;
  };
  frames.release = (slot) => {
    assert(taken.delete(slot), `slot ${slot} is given back twice`);
    release(slot);
  };
}

/** Plays traffic with so many free slots; all must be free again at the end, and all frames accounted for. */
function playWith(topology: Topology, choices: readonly Sent[], free: number, most: number): void {
  const { lab, script } = scriptOf(topology, choices);
  const plane = new Plane(lab.program);
  const { frames, counters } = plane;
  watch(frames);
  let held = 0;
  for (; frames.claimed < frames.slots - most - free; held++) frames.claim();
  const sinks = lab.ports.map(() => nowhere);
  const source = sourceOf(plane, script, false);
  const receive = (into: Int32Array, wanted: number): number =>
    frames.slots - frames.claimed < most ? 0 : source.receive(into, wanted);
  const breath = breathOn(plane, { ...source, receive }, sinks, most);
  // What waits for neighbors may hold the last free slots, until it is given up.
  for (let last = 1; last > 0; last = breath()) {
    while (breath() > 0);
    plane.advance(Infinity);
  }
  assert.equal(counters.unaccounted(), 0, 'all frames are accounted for');
  assert.equal(frames.claimed, held, 'all slots are free again');
}

const traffic = fc.array(sent, { minLength: 20, maxLength: 60 });

test('property: where slots run out, frames are dropped, and no slot is lost or given back twice', (t) => {
  const free = fc.nat({ max: 6 });
  const most = fc.constantFrom(1, 3, 8);
  const run = fc.check(fc.property(topologies, traffic, free, most, playWith), { numRuns: RUNS });
  t.false(run.failed, reportOf(run));
});

test('property: no frame takes more slots than the steps of a burst leave it', (t) => {
  const check = (topology: Topology, choices: readonly Sent[]): void => {
    const { lab, script } = scriptOf(topology, choices);
    const plane = new Plane(lab.program);
    const { frames, stepMax } = plane;
    const share = Math.floor((frames.slots - BURST - WAITING_MAX) / stepMax);
    let taken = 0;
    const claim = frames.claim.bind(frames);
    frames.claim = () => (taken++, claim());
    const breath = breathOn(
      plane,
      sourceOf(plane, script, false),
      lab.ports.map(() => nowhere),
      1,
    );
    for (; breath() > 0; taken = 0) assert(taken - 1 <= share, `${taken - 1} of ${share}`);
  };
  const run = fc.check(fc.property(topologies, traffic, check), { numRuns: RUNS });
  t.false(run.failed, reportOf(run));
});
