/** Frames that need copies of their own on their way, and the slots those take. */
import test from 'ava';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { labOf } from './lab.js';
import { sourceOf } from './scenario.js';
import { readStory } from './story.js';

const HOSTS = 48;

/** Every host has a macvlan network on VLAN 50 of the same wire, so that a broadcast is tagged once and untagged everywhere. */
const lab = labOf(`
x-wires: { lan: {} }
x-hosts:
${numbers((i) => `  h${i}: { nics: { eth0: { wire: lan } } }`)}
networks:
${numbers((i) => `  n${i}: { driver: macvlan, x-host: h${i}, driver_opts: { parent: eth0.50 }, ipam: { config: [ { subnet: 10.${i}.0.0/16 } ] } }`)}
services:
${numbers((i) => `  c${i}: { image: x, x-host: h${i}, networks: [n${i}] }`)}
`);

function numbers(line: (i: number) => string): string {
  return Array.from({ length: HOSTS }, (_, i) => line(i)).join('\n');
}

function broadcasts(count: number) {
  return readStory(Array.from({ length: count }, () => 'c0: A>*').join('\n'), lab);
}

test('a burst in which every frame needs many copies loses none: the queues are emptied in time', (t) => {
  const plane = new Plane(lab.program);
  t.true(BURST * HOSTS > plane.frames.slots, 'all at once would not fit');
  const sinks = lab.ports.map(() => nowhere);
  const breath = breathOn(plane, sourceOf(plane, broadcasts(BURST), false), sinks, BURST);
  t.is(breath(), BURST);
  t.is(
    plane.counters.dropped.reduce((a, b) => a + b, 0),
    0,
  );
  t.is(
    plane.counters.framesOut.reduce((a, b) => a + b, 0),
    BURST * (HOSTS - 1),
  );
  t.is(plane.counters.unaccounted(), 0);
  t.is(plane.frames.claimed, 0);
});

const TRUNKS = 12;
/** Broadcasts from the access port leave by all others with a tag; by one with a priority tag at that. */
const office = labOf(`
networks: { net: { x-bridge: { vlan_filtering: true } } }
services:
  a1: { image: x, networks: [net], x-port: { tag: 10 } }
  a2: { image: x, networks: [net], x-port: { tag: 10 } }
  p1: { image: x, networks: [net], x-port: { tag: 10, priority_tags: always } }
${Array.from({ length: TRUNKS }, (_, i) => `  t${i}: { image: x, networks: [net], x-port: {} }`).join('\n')}
`);

test('ports of a bridge that want the same tag share a slot, so a burst of floods from an access port loses nothing', (t) => {
  const plane = new Plane(office.program);
  const sinks = office.ports.map(() => nowhere);
  const floods = readStory(Array.from({ length: BURST }, () => 'a1: A>*').join('\n'), office);
  const breath = breathOn(plane, sourceOf(plane, floods, false), sinks, BURST);
  t.is(breath(), BURST);
  t.is(
    plane.counters.dropped.reduce((a, b) => a + b, 0),
    0,
  );
  t.is(
    plane.counters.framesOut.reduce((a, b) => a + b, 0),
    BURST * (TRUNKS + 2),
  );
  t.is(plane.counters.unaccounted(), 0);
  t.is(plane.frames.claimed, 0);
});

test('where no slot is left for a copy, the copy is dropped with a reason and nothing else suffers', (t) => {
  const plane = new Plane(lab.program);
  const held: number[] = [];
  while (plane.frames.claimed < plane.frames.slots - 3) held.push(plane.frames.claim());
  const sinks = lab.ports.map(() => nowhere);
  const breath = breathOn(plane, sourceOf(plane, broadcasts(1), false), sinks, 1);
  t.is(breath(), 1);
  const exhausted = lab.ports.reduce(
    (sum, _, port) =>
      sum + (plane.counters.dropped[port * Reason.Count + Reason.PoolExhausted] ?? 0),
    0,
  );
  t.is(exhausted, HOSTS - 4);
  t.is(
    plane.counters.framesOut.reduce((a, b) => a + b, 0),
    3,
  );
  t.is(plane.counters.unaccounted(), 0);
  t.is(plane.frames.claimed, held.length);
});
