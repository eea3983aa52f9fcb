/**
 * Ports of a NAT that has few of them: never two connections on one, every answer to who asked, and each way to choose keeps what it promises.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { NatProfile, NatSelection } from '../../dataplane/program/nat-layout.js';
import { randomOf } from '../random.js';
import { frameOf } from './packets.js';
import type { Packet } from './packets.js';
import {
  answer,
  EXHAUSTED,
  insiders,
  natWith,
  open,
  opener,
  outsiders,
  passed,
  POOL,
  PORT_FIRST,
  portOfSecond,
  PORTS,
  range,
  selections,
} from './pool.js';
import { INSIDE, macOf, OWN, Router } from './router.js';
import type { Rule } from './router.js';

const OPENS = 1000;
const RUNS = 8;
const SECOND = 1e9;
/** Every connection lives at least so long after its last packet, and none of these here longer than that. */
const [ALIVE_NS, DEAD_NS] = [30 * SECOND, 120 * SECOND];

interface Opened {
  readonly inside: Packet;
  readonly outside: Packet;
  /** It lives until here at least, ... */
  sureUntil: number;
  /** ... and until here at most. */
  maybeUntil: number;
}

/** Are the answers to both for the same side, so that only the ports tell them apart? */
function isAlike({ inside }: Opened, { protocol, destination }: Packet): boolean {
  return inside.protocol === protocol && inside.destination === destination;
}

function isSame({ inside }: Opened, { source, port }: Packet): boolean {
  return inside.source === source && inside.port === port;
}

/** Who opens connections and is answered, at random. */
class Opener {
  refused = 0;
  private tick = 0;
  private readonly random: (below: number) => number;
  private readonly router: Router;
  private opened: Opened[] = [];

  constructor(selection: NatSelection, seed: number) {
    this.random = randomOf(seed);
    this.router = new Router(natWith({ ...range, selection, seed }));
  }

  play(): void {
    for (let i = 0; i < OPENS; i++) {
      this.wait();
      this.open();
      this.answer();
    }
    this.router.checkConservation();
  }

  private wait(): void {
    this.tick += this.random(150) === 0 ? this.random(150) * SECOND : this.random(SECOND / 20);
    this.opened = this.opened.filter(({ maybeUntil }) => maybeUntil > this.tick);
  }

  private open(): void {
    const { random, router, tick } = this;
    const protocol = (['udp', 'tcp', 'echo'] as const)[random(3)] ?? 'udp';
    const source = insiders[random(insiders.length)] ?? '';
    const port = random(3) === 0 ? PORT_FIRST + random(PORTS) : random(0x10000);
    const inside = opener(protocol, source, port, outsiders[random(outsiders.length)] ?? '');
    const outside = open(router, inside, tick);
    const alike = this.opened.filter((one) => isAlike(one, inside));
    if (outside === undefined) {
      this.refused++;
      assert.equal(new Set(alike.map((one) => one.outside.port)).size, PORTS, 'all are taken');
      return;
    }
    assert.equal(outside.source, POOL);
    assert.ok(outside.port >= range.toPortFirst && outside.port <= range.toPortLast);
    const same = alike.find((one) => isSame(one, inside) && one.outside.port === outside.port);
    const onPort = alike.filter((one) => one !== same && one.outside.port === outside.port);
    assert.ok(!onPort.some(({ sureUntil }) => sureUntil > tick), 'two on one port');
    // A SYN that comes again does not keep its connection alive.
    const isNew = same === undefined || protocol !== 'tcp';
    const sureUntil = isNew ? tick + ALIVE_NS : same.sureUntil;
    this.opened = this.opened.filter((one) => one !== same);
    this.opened.push({ inside, outside, sureUntil, maybeUntil: tick + DEAD_NS });
  }

  /** Of TCP every one is answered once: a second answer keeps nothing alive. */
  private answer(): void {
    const { tick } = this;
    const alive = this.opened.filter(({ sureUntil }) => sureUntil > tick);
    const lucky = alive[this.random(2 * alive.length + 1)];
    if (lucky === undefined) return;
    answer(this.router, lucky.inside, lucky.outside, tick);
    lucky.maybeUntil = tick + DEAD_NS;
    if (lucky.inside.protocol !== 'tcp') lucky.sureUntil = tick + ALIVE_NS;
  }
}

for (const [name, selection] of Object.entries(selections))
  test(`N4787-3 N5382-7: of 1,000 connections through 64 ports, chosen by ${name}, no two have one, each answer reaches who asked, and what finds none goes nowhere`, (t) => {
    let refused = 0;
    const property = fc.property(fc.integer({ min: 1 }), (seed) => {
      const who = new Opener(selection, seed);
      who.play();
      refused += who.refused;
    });
    t.notThrows(() => {
      fc.assert(property, { numRuns: RUNS });
    });
    t.true(refused > 0, 'ports have run out');
  });

/** The sources outside of so many connections from one source to one destination, in order. */
function sourcesFor(rule: Rule, count = PORTS, profile = NatProfile.Linux): Packet[] {
  const router = new Router(natWith(rule, profile));
  const found = Array.from({ length: count }, (_, i) =>
    open(router, opener('udp', insiders[i % 4] ?? '', 50_000 + i, outsiders[0] ?? '')),
  );
  router.checkConservation();
  return found.filter((one) => one !== undefined);
}

const portsFor = (rule: Rule): number[] => sourcesFor(rule).map(({ port }) => port);

for (const [name, selection] of Object.entries(selections))
  test(`N4787-11: the same connections get the same ports again, chosen by ${name}, and all 64 of them`, (t) => {
    const ports = portsFor({ ...range, selection, seed: 1 });
    t.deepEqual(portsFor({ ...range, selection, seed: 1 }), ports);
    t.is(new Set(ports).size, PORTS);
  });

test('N7857-9: chosen at random, the ports are others with another seed', (t) => {
  const rule = { ...range, selection: NatSelection.Random };
  t.notDeepEqual(portsFor({ ...rule, seed: 1 }), portsFor({ ...rule, seed: 2 }));
});

test('ports that are chosen one after another follow each other', (t) => {
  const ports = portsFor({ ...range, selection: NatSelection.Sequential });
  t.deepEqual(
    ports,
    ports.map((_, i) => PORT_FIRST + i),
  );
});

const port = fc.integer({ min: 1, max: 0xffff });

test('N4787-3a: who has to take another port gets one of the same kind: below 512, below 1024, or above', (t) => {
  const kindOf = (some: number): number => (some < 512 ? 0 : some < 1024 ? 1 : 2);
  const property = fc.property(
    port,
    fc.constantFrom(NatProfile.Linux, NatProfile.Rfc4787),
    (p, profile) => {
      const other = portOfSecond(p, profile);
      assert.notEqual(other, p);
      assert.equal(kindOf(other), kindOf(p));
    },
  );
  t.notThrows(() => {
    fc.assert(property);
  });
});

test('a host that tracks as many connections as it may takes no more, where both sides of all of them have been heard', (t) => {
  const router = new Router({ ...natWith(range), connections: 1 });
  const mine = opener('udp', insiders[0] ?? '', 5000, outsiders[0] ?? '');
  const outside = open(router, mine);
  t.notThrows(() => {
    for (const seconds of [1, 3, 4]) {
      if (outside !== undefined) answer(router, mine, outside, seconds * SECOND);
      open(router, mine, seconds * SECOND);
    }
  });
  const theirs = opener('udp', insiders[1] ?? '', 5000, outsiders[0] ?? '');
  const { left, ended } = router.send(theirs, INSIDE, 5 * SECOND);
  t.deepEqual(left, []);
  t.is(ended, 'dropped: connections-exceeded');
  router.checkConservation();
});

test('a port that no class is made for, 0 or 550, is kept where it is free', (t) => {
  for (const profile of [NatProfile.Linux, NatProfile.Rfc4787])
    for (const odd of [0, 550]) {
      const router = new Router(natWith({}, profile));
      t.is(open(router, opener('udp', insiders[0] ?? '', odd, outsiders[0] ?? ''))?.port, odd);
    }
});

test('N5508-1: an echo with the identifier 0 is answered with it, though it has another one outside', (t) => {
  const router = new Router(natWith(range));
  const ping = opener('echo', insiders[0] ?? '', 0, outsiders[0] ?? '');
  const outside = open(router, ping);
  t.not(outside?.port ?? 0, 0);
  t.notThrows(() => {
    if (outside !== undefined) answer(router, ping, outside, SECOND);
  });
});

test('N3022-4.1: a protocol without ports is translated as well, one conversation with each destination', (t) => {
  for (const rule of [{}, range, { selection: NatSelection.Random }]) {
    const router = new Router(natWith(rule));
    const [mine, theirs] = insiders.map((source) => opener('other', source, 0, outsiders[0] ?? ''));
    if (mine === undefined || theirs === undefined) return t.fail();
    const outside = { ...passed(mine, POOL, 0) };
    const leaves = router.send(mine, INSIDE, 0).left.map(({ digits }) => digits);
    t.deepEqual(leaves, [frameOf(outside, { to: macOf(mine.destination), from: macOf(OWN[1]) })]);
    t.notThrows(() => {
      answer(router, mine, outside, SECOND);
    });
    t.deepEqual(router.send(theirs, INSIDE, 2 * SECOND), { left: [], ended: EXHAUSTED });
    router.checkConservation();
  }
});
