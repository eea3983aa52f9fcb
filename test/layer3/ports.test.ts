/**
 * Ports of a NAT that has few of them: never two connections on one, every answer to who asked, and each way to choose keeps what it promises.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { NatKind, NatProfile, NatSelection } from '../../dataplane/program/layout.js';
import { randomOf } from '../random.js';
import { answerTo, frameOf, ip, portIn, u32 } from './packets.js';
import type { Packet } from './packets.js';
import { INSIDE, macOf, OUTSIDE, OWN, portOf, Router, wordOf } from './router.js';
import type { Rule, Wanted } from './router.js';

const PORTS = 64;
const PORT_FIRST = 40_000;
const POOL = ip('203.0.113.64');
const OPENS = 1000;
const RUNS = 8;
const SECOND = 1e9;
/** Every connection lives at least so long after its last packet, and none of these here longer than that. */
const [ALIVE_NS, DEAD_NS] = [30 * SECOND, 120 * SECOND];
const EXHAUSTED = `dropped: ${reasonText(Reason.NatPortsExhausted).name}`;

const insiders = [2, 3, 4, 5].map((last) => ip(`10.0.0.${last}`));
const outsiders = [7, 8].map((last) => ip(`203.0.113.${last}`));

function natWith(rule: Rule, profile = NatProfile.Linux): Wanted {
  const toPool: Rule = { kind: NatKind.Source, iface: OUTSIDE, to3: wordOf(POOL) };
  return {
    routes: [
      { to: ip('10.0.0.0'), bits: 24, iface: INSIDE },
      { to: ip('203.0.113.0'), bits: 24, iface: OUTSIDE },
    ],
    rules: [{ ...toPool, ...rule }],
    neighbors: [
      ...insiders.map((address) => [INSIDE, address] as const),
      ...outsiders.map((address) => [OUTSIDE, address] as const),
    ],
    profile,
  };
}

const range = { toPortFirst: PORT_FIRST, toPortLast: PORT_FIRST + PORTS - 1 };

/** The first packet of a connection. */
function opener(protocol: Packet['protocol'], source: string, port: number, to: string): Packet {
  const segment = `${u32(1000)}${u32(0)}5002faf0`;
  const toPort = protocol === 'echo' ? 8 : 53;
  const data = '00010203';
  return { source, destination: to, protocol, port, toPort, hopLimit: 64, segment, data };
}

/** The same packet one router further, with another source. */
function passed(packet: Packet, source: string, port: number): Packet {
  return { ...packet, source, port, hopLimit: packet.hopLimit - 1 };
}

/** Sends what opens a connection. Gives the packet as it is outside, undefined where it did not leave; throws unless only its source has changed. */
function open(router: Router, packet: Packet, tick = 0): Packet | undefined {
  const { left, ended } = router.send(packet, INSIDE, tick);
  const [frame] = left;
  if (frame === undefined) {
    assert.equal(ended, EXHAUSTED);
    return undefined;
  }
  const outside = passed(packet, frame.digits.slice(52, 60), portIn(frame.digits));
  const link = { to: macOf(packet.destination), from: macOf(OWN[1]) };
  const port = portOf(OUTSIDE, packet.destination);
  assert.deepEqual(left, [{ port, digits: frameOf(outside, link) }]);
  return outside;
}

/** The answer to a packet, which is refused where that was a SYN: nobody is kept waiting. */
function answerOf(packet: Packet): Packet {
  return { ...answerTo(packet), segment: `${u32(5000)}${u32(1001)}5012faf0`, hopLimit: 64 };
}

/** Somebody outside answers; throws unless it reaches whoever opened the connection, and nobody else. */
function answer(router: Router, inside: Packet, outside: Packet, tick: number): void {
  const { left } = router.send(answerOf(outside), OUTSIDE, tick);
  const { destination, toPort, port } = answerTo(inside);
  const wanted = { ...answerOf(outside), destination, toPort, port, hopLimit: 63 };
  const link = { to: macOf(inside.source), from: macOf(OWN[0]) };
  assert.deepEqual(left, [{ port: portOf(INSIDE, inside.source), digits: frameOf(wanted, link) }]);
}

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

const selections = {
  hash: NatSelection.Hash,
  sequential: NatSelection.Sequential,
  random: NatSelection.Random,
  persistent: NatSelection.Persistent,
};

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

test('N4787-2: a source keeps its address, whoever it speaks to: with the profile rfc4787 in every way to choose, with Linux persistent only', (t) => {
  const addressesOf = (selection: NatSelection, profile?: NatProfile): number[] => {
    const router = new Router(natWith({ toCount: 16, selection }, profile));
    return insiders.map((source) => {
      const found = Array.from({ length: 40 }, (_, i) =>
        open(router, opener('udp', source, 50_000 + i, outsiders[i % 2] ?? '')),
      );
      return new Set(found.map((one) => one?.source)).size;
    });
  };
  t.deepEqual(addressesOf(NatSelection.Persistent), [1, 1, 1, 1]);
  t.true(addressesOf(NatSelection.Hash).every((count) => count > 1));
  for (const selection of Object.values(selections))
    t.deepEqual(addressesOf(selection, NatProfile.Rfc4787), [1, 1, 1, 1]);
});

test('N4787-2: with the profile rfc4787 a source has the same address for every protocol, and none where that has no port left, though another has', (t) => {
  const one = { toCount: 16, toPortFirst: PORT_FIRST, toPortLast: PORT_FIRST };
  const router = new Router(natWith(one, NatProfile.Rfc4787));
  const address = (protocol: Packet['protocol'], source: string, port: number) =>
    open(router, opener(protocol, source, port, outsiders[0] ?? ''))?.source;
  const mine = insiders.map((source) => address('udp', source, 5000));
  t.is(new Set(mine).size, 4, 'they have several');
  for (const [i, source] of insiders.entries()) {
    t.is(address('tcp', source, 5000), mine[i]);
    t.is(address('echo', source, 5000), mine[i]);
    t.is(address('udp', source, 5001), undefined, 'it is not given one that others could have');
  }
  router.checkConservation();
});

test('N7857-9: with the profile rfc4787 the port of a source is kept where it is free, and else replaced by one drawn at random: the same again in a replay, another with another seed', (t) => {
  const portsOf = (seed: number, rule: Rule = {}): number[] => {
    const router = new Router(natWith({ ...rule, seed }, NatProfile.Rfc4787));
    return Array.from({ length: 40 }, (_, i) => {
      const [kept, other] = insiders.map(
        (source) => open(router, opener('udp', source, 5000 + i, outsiders[0] ?? ''))?.port,
      );
      t.is(rule.toPortFirst ?? kept, rule.toPortFirst ?? 5000 + i);
      return other ?? 0;
    });
  };
  const drawn = portsOf(1);
  t.deepEqual(portsOf(1), drawn);
  t.notDeepEqual(portsOf(2), drawn);
  // Neither do they follow each other nor does one say where the next is.
  const steps = new Set(drawn.slice(1).map((other, i) => other - (drawn[i] ?? 0)));
  t.true(steps.size > 35, `${steps.size} distances`);
  t.true(Math.max(...drawn) - Math.min(...drawn) > 0x8000, 'from all over the range');
  const some = { toPortFirst: PORT_FIRST, toPortLast: PORT_FIRST + 255 };
  t.deepEqual(portsOf(1, some), portsOf(1, some));
  t.notDeepEqual(portsOf(1, some), portsOf(2, some));
});

/** The port that the second of two sources gets which both want this one. */
function portOfSecond(port: number, profile: NatProfile): number {
  const router = new Router(natWith({}, profile));
  const [first, second] = insiders.map((source) =>
    open(router, opener('udp', source, port, outsiders[0] ?? '')),
  );
  assert.equal(first?.port, port, 'the first one keeps its port');
  return second?.port ?? -1;
}

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

test('N4787-4 N7857-8: with the profile rfc4787 an even port becomes an even one, an odd port an odd one', (t) => {
  const property = fc.property(port, (p) => {
    assert.equal(portOfSecond(p, NatProfile.Rfc4787) % 2, p % 2);
  });
  t.notThrows(() => {
    fc.assert(property);
  });
});

test('N4787-1: with the profile rfc4787 a source has one port for all whom it speaks to', (t) => {
  const router = new Router(natWith(range, NatProfile.Rfc4787));
  const of = (to: string | undefined): string => {
    const outside = open(router, opener('udp', insiders[0] ?? '', 5000, to ?? ''));
    return `${outside?.source} ${outside?.port}`;
  };
  t.is(of(outsiders[0]), of(outsiders[1]));
});

test('N4787-1 N4787-3: with the profile rfc4787 no two of 200 sources have one port, however few they speak to, and each has always the same', (t) => {
  const property = fc.property(fc.integer({ min: 1 }), (seed) => {
    const random = randomOf(seed);
    const router = new Router(natWith(range, NatProfile.Rfc4787));
    const [inside, outside] = [new Map<string, string>(), new Map<string, string>()];
    for (let i = 0; i < 200; i++) {
      const to = outsiders[random(outsiders.length)] ?? '';
      const one = opener('udp', insiders[random(4)] ?? '', 5000 + random(30), to);
      const found = open(router, one, i);
      if (found === undefined) continue;
      const [mine, theirs] = [one, found].map(({ source, port }) => `${source} ${port}`);
      if (mine === undefined || theirs === undefined) continue;
      assert.equal(outside.get(mine) ?? theirs, theirs);
      assert.equal(inside.get(theirs) ?? mine, mine);
      outside.set(mine, theirs);
      inside.set(theirs, mine);
    }
    assert.equal(inside.size, PORTS, 'all are taken');
    router.checkConservation();
  });
  t.notThrows(() => {
    fc.assert(property, { numRuns: RUNS });
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
