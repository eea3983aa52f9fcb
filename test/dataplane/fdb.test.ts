/**
 * The Fdb against a model that is written to be read: a Map, and searches through all of it.
 *
 * Which of several stations is evicted depends on the hash, so the model does not foretell it. It lets the Fdb choose and then judges the
 * choice: one that has aged, or one of the heaviest port, and of a port that has few the one that was silent longest.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { listFdb } from '../../dataplane/state/fdb-entries.js';
import { fdbBytes } from '../../dataplane/state/fdb-memory.js';
import { Fdb } from '../../dataplane/state/fdb.js';
import { Kind, Lesson } from '../../dataplane/state/fdb-kinds.js';

const HIGH = 0x0242;
const FIRST_PORT = 5;
const PORTS = 3;
/** Among at least so many entries of a port the Fdb chooses by the first it meets. */
const CANDIDATES = 8;

interface Station {
  readonly kind: Kind;
  readonly port: number;
  readonly serial: number;
  readonly taught: number;
  readonly heard: number;
}

interface Settings {
  readonly stationsMax: number;
  readonly ageing: number;
}

class Model {
  readonly stations = new Map<number, Station>();

  constructor(private readonly settings: Settings) {}

  declare(low: number, port: number, kind: Kind, serial: number): void {
    this.stations.set(low, { kind, port, serial, taught: -1, heard: -1 });
  }

  hasAged({ kind, heard }: Station, tick: number): boolean {
    return kind === Kind.Dynamic && tick - heard >= this.settings.ageing;
  }

  find(low: number, tick: number): Station | undefined {
    const station = this.stations.get(low);
    return station === undefined || this.hasAged(station, tick) ? undefined : station;
  }

  learn(low: number, port: number, serial: number, tick: number): Lesson {
    const taught = { kind: Kind.Dynamic, port, serial, taught: tick, heard: tick };
    const known = this.stations.get(low);
    if (known === undefined || this.hasAged(known, tick)) {
      this.stations.set(low, taught);
      return Lesson.Learned;
    }
    if (known.kind === Kind.Local) return Lesson.Kept;
    if (known.port === port) {
      if (known.kind === Kind.Dynamic) this.stations.set(low, { ...known, heard: tick });
      return Lesson.Refreshed;
    }
    if (known.kind === Kind.Sticky) return Lesson.Kept;
    this.stations.set(low, { ...taught, kind: known.kind });
    return Lesson.Moved;
  }

  get learned(): Station[] {
    return [...this.stations.values()].filter(({ kind }) => kind === Kind.Dynamic);
  }

  of(port: number): Station[] {
    return this.learned.filter((station) => station.port === port);
  }

  /** May this station be given up at this tick? */
  isFairVictim(low: number, tick: number): boolean {
    const victim = this.stations.get(low);
    if (victim?.kind !== Kind.Dynamic) return false;
    if (this.hasAged(victim, tick)) return true;
    const crowd = this.of(victim.port);
    const ports = Array.from({ length: PORTS }, (_, i) => this.of(FIRST_PORT + i).length);
    if (crowd.length < Math.max(...ports)) return false;
    return crowd.length > CANDIDATES || crowd.every(({ heard }) => heard >= victim.heard);
  }
}

const station = fc.integer({ min: 1, max: 24 });
const port = fc.integer({ min: FIRST_PORT, max: FIRST_PORT + PORTS - 1 });
const nailed = fc.record({
  low: station,
  port,
  kind: fc.constantFrom(Kind.Static, Kind.Sticky, Kind.Local),
});
const heard = fc.record({ low: station, port, wait: fc.constantFrom(0, 0, 1, 3, 10, 40) });
const history = fc.record({
  settings: fc.record({
    stationsMax: fc.integer({ min: 1, max: 12 }),
    ageing: fc.constantFrom(0, 5, 30, 1e9),
  }),
  declared: fc.array(nailed, { maxLength: 4 }),
  frames: fc.array(heard, { minLength: 1, maxLength: 200 }),
});

/** What the Fdb says of a station at a tick, as the model has it. */
function viewOf(fdb: Fdb, low: number, tick: number): Station | undefined {
  const entry = fdb.find(HIGH, low, tick);
  if (entry < 0) return undefined;
  return {
    kind: fdb.kindOf(entry),
    port: fdb.portOf(entry),
    serial: fdb.serialOf(entry),
    taught: fdb.taughtAt(entry),
    heard: fdb.heardAt(entry),
  };
}

/** Is it in the table, aged or not? */
function holds(fdb: Fdb, low: number): boolean {
  return fdb.find(HIGH, low, -Infinity) >= 0;
}

/** Asks the Fdb which station it gave up for `low`, and tells the model. */
function followEviction(t: ExecutionContext, fdb: Fdb, model: Model, low: number, tick: number) {
  const gone = [...model.stations.keys()].filter((other) => other !== low && !holds(fdb, other));
  for (const victim of gone) {
    t.true(model.isFairVictim(victim, tick), `station ${victim} is given up at ${tick}`);
    model.stations.delete(victim);
  }
  return gone.length;
}

test('B-4, B-8: the Fdb says what a model says, after any frames, moves, waits and evictions', (t) => {
  fc.assert(
    fc.property(history, ({ settings, declared, frames }) => {
      const { stationsMax, ageing } = settings;
      const fdb = new Fdb(FIRST_PORT, PORTS, stationsMax, declared.length, ageing);
      const model = new Model(settings);
      for (const [row, { low, port, kind }] of declared.entries()) {
        t.true(fdb.declare(HIGH, low, port, kind, row));
        model.declare(low, port, kind, row);
      }
      let tick = 0;
      let evicted = 0;
      for (const [serial, { low, port, wait }] of frames.entries()) {
        tick += wait;
        const lesson = fdb.learn(HIGH, low, port, serial, tick);
        evicted += followEviction(t, fdb, model, low, tick);
        t.is(lesson, model.learn(low, port, serial, tick));
        t.is(fdb.evicted, evicted);
        t.is(fdb.learned, model.learned.length);
        t.true(fdb.learned <= stationsMax);
        for (let other = 1; other <= 24; other++)
          t.deepEqual(viewOf(fdb, other, tick), model.find(other, tick));
      }
      t.is(fdb.refused, 0);
    }),
    { numRuns: 60 },
  );
});

test('an address is all of its 48 bits, and its low half may be given signed or unsigned', (t) => {
  const fdb = new Fdb(0, 2, 8, 0, 100);
  fdb.learn(0x0242, 0xfedcba98, 0, 1, 0);
  fdb.learn(0x0243, 0xfedcba98, 1, 2, 0);
  t.is(fdb.portOf(fdb.find(0x0242, 0xfedcba98 | 0, 1)), 0);
  t.is(fdb.portOf(fdb.find(0x0243, 0xfedcba98, 1)), 1);
  t.is(fdb.find(0x0244, 0xfedcba98, 1), -1);
  t.is(fdb.learn(0x0242, 0xfedcba98 | 0, 0, 3, 1), Lesson.Refreshed);
});

test('all zeros, at a port numbered zero, is a station like any other', (t) => {
  const fdb = new Fdb(0, 1, 8, 0, 100);
  t.is(fdb.find(0, 0, 0), -1);
  t.is(fdb.learn(0, 0, 0, 0, 0), Lesson.Learned);
  t.is(fdb.portOf(fdb.find(0, 0, 99)), 0);
  t.is(fdb.find(0, 0, 100), -1);
});

test('a port that floods forged addresses evicts its own, and no station of another port', (t) => {
  const fdb = new Fdb(0, 3, 1000, 0, 1e12);
  for (let low = 0; low < 300; low++) fdb.learn(1, low, 0, low, low);
  for (let low = 0; low < 200; low++) fdb.learn(2, low, 1, low, low);
  for (let low = 0; low < 20_000; low++) fdb.learn(3, low, 2, low, 1000 + low);
  for (let low = 0; low < 300; low++) t.true(fdb.find(1, low, 30_000) >= 0);
  for (let low = 0; low < 200; low++) t.true(fdb.find(2, low, 30_000) >= 0);
  t.is(fdb.learned, 1000);
  t.is(fdb.evicted, 300 + 200 + 20_000 - 1000);
});

test('an aged station is given up before one that still counts, where the hand comes past both', (t) => {
  const fdb = new Fdb(0, 2, 8, 0, 50);
  fdb.learn(2, 1, 0, 1, 10);
  for (let low = 0; low < 7; low++) fdb.learn(1, low, 1, low, 60);
  t.is(fdb.learn(3, 1, 1, 2, 60), Lesson.Learned);
  t.is(fdb.find(2, 1, -Infinity), -1);
  for (let low = 0; low < 7; low++) t.true(fdb.find(1, low, 60) >= 0);
});

/** So far from its home a station is still looked for. */
const PROBES_MAX = 128;

test('stations that hash alike are refused beyond the reach of a probe, and never found wrong', (t) => {
  const oracle = new Fdb(0, 1, 200, 0, 1e12);
  oracle.learn(HIGH, 0, 0, 0, 0);
  const alike: number[] = [];
  // Only at the home of station 0 does this table hold anything to touch.
  for (let low = 0; alike.length < PROBES_MAX + 20; low++)
    if (oracle.touch(HIGH, low) === HIGH) alike.push(low);
  const fdb = new Fdb(0, 1, 200, 0, 1e12);
  const lessons = alike.map((low) => fdb.learn(HIGH, low, 0, low, 0));
  t.deepEqual(
    lessons,
    alike.map((_, i) => (i < PROBES_MAX ? Lesson.Learned : Lesson.Refused)),
  );
  t.is(fdb.refused, 20);
  for (const [i, low] of alike.entries()) {
    const entry = fdb.find(HIGH, low, 1);
    t.is(entry < 0 ? -1 : fdb.serialOf(entry), i < PROBES_MAX ? low : -1);
  }
  t.true(fdb.declare(HIGH, alike[0] ?? -1, 0, Kind.Sticky, 7));
  t.false(fdb.declare(HIGH, alike.at(-1) ?? -1, 0, Kind.Sticky, 8));
});

test('a station that was learned and is then declared is no longer one of the learned', (t) => {
  const fdb = new Fdb(0, 2, 2, 1, 1e12);
  fdb.learn(HIGH, 1, 0, 1, 0);
  fdb.learn(HIGH, 2, 1, 2, 0);
  t.true(fdb.declare(HIGH, 1, 1, Kind.Static, 0));
  t.is(fdb.learned, 1);
  t.is(fdb.learn(HIGH, 3, 0, 3, 1), Lesson.Learned);
  t.is(fdb.evicted, 0);
  t.is(fdb.learn(HIGH, 4, 0, 4, 2), Lesson.Learned);
  t.true(fdb.find(HIGH, 1, 3) >= 0);
});

/** An Fdb of three ports in a memory that is kept outside. */
function keptFdb(memory = new SharedArrayBuffer(fdbBytes(PORTS, 100, 4))): {
  memory: SharedArrayBuffer;
  fdb: Fdb;
} {
  return { memory, fdb: new Fdb(FIRST_PORT, PORTS, 100, 4, 1e6, memory) };
}

test('a successor goes on with what was learned, declared, counted and given up', (t) => {
  fc.assert(
    fc.property(history, ({ frames }) => {
      const { memory, fdb } = keptFdb();
      t.false(fdb.revived);
      fdb.declare(HIGH, 99, FIRST_PORT, Kind.Sticky, 3);
      fdb.open();
      let tick = 0;
      for (const [serial, { low, port, wait }] of frames.entries())
        fdb.learn(HIGH, low, port, serial, (tick += wait));
      const next = keptFdb(memory).fdb;
      t.true(next.revived);
      t.is(next.learned, fdb.learned);
      for (let low = 1; low <= 99; low++)
        t.deepEqual(viewOf(next, low, tick), viewOf(fdb, low, tick));
      const { entries, learned } = listFdb(memory);
      t.is(learned, fdb.learned);
      t.is(entries.length, fdb.learned + 1);
    }),
    { numRuns: 40 },
  );
});

test('evictions go on to be fair and counted after a revival', (t) => {
  const { memory, fdb } = keptFdb();
  fdb.open();
  for (let low = 0; low < 30; low++) fdb.learn(1, low, FIRST_PORT, low, low);
  for (let low = 0; low < 200; low++) fdb.learn(2, low, FIRST_PORT + 1, low, 100 + low);
  const next = keptFdb(memory).fdb;
  t.is(next.evicted, 130);
  for (let low = 200; low < 400; low++) next.learn(2, low, FIRST_PORT + 1, low, 100 + low);
  for (let low = 0; low < 30; low++) t.true(next.find(1, low, 500) >= 0);
  t.is(next.learned, 100);
  t.is(next.evicted, 330);
});

test('whatever a crash left, a revived Fdb has one whole entry for a station, counts them, and goes on', (t) => {
  const damage = fc.array(fc.tuple(fc.nat(4095), fc.integer()), { maxLength: 60 });
  fc.assert(
    fc.property(history, damage, ({ frames }, changes) => {
      const { memory, fdb } = keptFdb();
      fdb.open();
      for (const [serial, { low, port }] of frames.entries())
        fdb.learn(HIGH, low, port, serial, serial);
      const words = new Int32Array(memory);
      // The head stays: its few words are written one by one, and each is right before and after.
      for (const [at, value] of changes) words[32 + (at % (words.length - 32))] = value;
      const next = keptFdb(memory).fdb;
      const { entries } = listFdb(memory);
      t.is(new Set(entries.map(({ high, low }) => `${high} ${low}`)).size, entries.length);
      t.is(next.learned, entries.filter(({ kind }) => kind === Kind.Dynamic).length);
      for (const { high, low, port } of entries)
        t.is(next.portOf(next.find(high, low, -Infinity)), port);
      for (let low = 0; low < 300; low++) next.learn(1, low, FIRST_PORT, low, 1e5 + low);
      t.true(next.learned <= 100);
    }),
    { numRuns: 60 },
  );
});

test('the memory of another network is refused, and one that was never opened begins anew', (t) => {
  const { memory, fdb } = keptFdb();
  fdb.learn(HIGH, 1, FIRST_PORT, 1, 1);
  t.deepEqual(listFdb(memory).entries, []);
  const anew = keptFdb(memory).fdb;
  t.false(anew.revived);
  t.is(anew.find(HIGH, 1, 1), -1);
  anew.open();
  t.throws(() => new Fdb(FIRST_PORT + 1, PORTS, 100, 4, 1e6, memory), {
    message: /another network/,
  });
  t.throws(() => new Fdb(FIRST_PORT, PORTS, 1000, 4, 1e6, memory), { message: /another size/ });
});

test('an entry tells another thread its station, where it lives, and which frame said so', (t) => {
  const { memory, fdb } = keptFdb();
  fdb.declare(HIGH, 7, FIRST_PORT + 2, Kind.Static, 4);
  fdb.open();
  fdb.learn(HIGH, 0xfedcba98, FIRST_PORT + 1, 12, 50);
  fdb.learn(HIGH, 0xfedcba98, FIRST_PORT + 1, 13, 60);
  const { entries, evicted, refused } = listFdb(memory);
  const [declared, learned] = entries.toSorted((a, b) => a.low - b.low);
  t.like(declared, { high: HIGH, low: 7, kind: Kind.Static, port: FIRST_PORT + 2, taughtBy: 4 });
  t.deepEqual(learned, {
    origin: FIRST_PORT + 1,
    high: HIGH,
    low: 0xfedcba98,
    kind: Kind.Dynamic,
    port: FIRST_PORT + 1,
    taughtBy: 12,
    taughtAt: 50,
    heardAt: 60,
  });
  t.deepEqual([evicted, refused], [0, 0]);
});
