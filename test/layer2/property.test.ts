/**
 * Layer 2 against the models on paper (naive.ts): whatever the topology and whatever comes in, the same leaves by the same ports, byte
 * for byte, in bursts of any size, traced or not; and a frame never leaves the VLAN it came in by.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { labOf } from '../dataplane/lab.js';
import { digitsOfFrame, frameOf, packetOf } from './frames.js';
import type { Frame } from './frames.js';
import { Naive } from './naive.js';
import type { Topology } from './naive.js';
import { byPort, play } from './play.js';
import type { Breath } from './play.js';
import { topologies, yamlOf } from './topologies.js';
import { drawn, LAST, pick, placesOf, reportOf, scripted, sent } from './traffic.js';
import type { Place, Sent } from './traffic.js';

const RUNS = 50;
const TICK_LATE = 10e9;
/** The VLAN of a frame at a port: the one the port is in, else that of the outermost tag. */
function vlanAt({ network }: Place, { tags: [tag = ''] }: Frame): string {
  const vid = network?.parent?.split('.')[1] ?? '0';
  if (vid !== '0') return vid;
  const control = parseInt(tag.slice(4), 16) & 0xfff;
  return tag.startsWith('88a8') ? `service ${control}` : String(tag === '' ? 0 : control);
}

function checkVlans(places: readonly Place[], entered: string, left: readonly string[]): void {
  for (const line of left) {
    const [port = '', digits = ''] = line.split(' ');
    const place = places.find((one) => one.port === port) ?? { port };
    assert.equal(vlanAt(place, frameOf(digits)), entered, `VLAN of what leaves by ${port}`);
  }
}

/** Throws unless the data plane does with the topology what is written on paper. */
function check(topology: Topology, choices: readonly Sent[]): void {
  const lab = labOf(yamlOf(topology));
  const places = placesOf(topology);
  const naive = new Naive(topology);
  const frames = choices.map((choice, i) => {
    const outside = places.filter(({ self }) => self === undefined);
    const place = pick(choice.fromOutside ? outside : places, choice.port);
    return { place, frame: drawn(topology, place, choice, i + 1), tick: 0 };
  });
  frames.push({ place: pick(places, 0), frame: LAST, tick: TICK_LATE });
  const script = frames.map(({ place, frame, tick }) => scripted(lab, place.port, frame, tick));
  const breaths = play(lab, script);
  for (const [i, { place, frame, tick }] of frames.entries()) {
    const before = tick === 0 ? [] : naive.patienceEnds();
    const expected = [...before, ...naive.outcome(place.port, frame)].sort();
    const left = (breaths[i]?.left ?? []).map(({ port, digits }) => `${port} ${digits}`).sort();
    const ended = breaths[i]?.ended.join(' ') ?? '';
    const said = `frame ${i + 1}: ${place.port} ${digitsOfFrame(frame)} => ${ended}`;
    assert.deepEqual({ said, left }, { said, left: expected });
    if (packetOf(frame) === undefined) checkVlans(places, vlanAt(place, frame), left);
  }
  const leftOf = (some: readonly Breath[]) => some.map(({ left }) => left);
  assert.deepEqual(leftOf(play(lab, script, { traced: true })), leftOf(breaths));
  for (const most of [7, 256])
    assert.deepEqual(byPort(play(lab, script, { most })), byPort(breaths));
}

test('whatever the topology and the traffic, what leaves is what the delivery matrices say, and it stays in its VLAN', (t) => {
  const traffic = fc.array(sent, { minLength: 20, maxLength: 60 });
  const run = fc.check(fc.property(topologies, traffic, check), { numRuns: RUNS });
  t.false(run.failed, reportOf(run));
});
