/**
 * The connection table against a model that is written to be read: a list, and searches through all of it.
 *
 * The table may hold connections that have expired, which the model forgets at once: it does not matter, for nobody can see them.
 */
import test from 'ava';
import fc from 'fast-check';
import { Direction, Mark } from '../../dataplane/state/connections.js';
import { connectionOf, Conntrack, directionOf } from '../../dataplane/state/conntrack.js';
import { Interned } from '../../dataplane/state/interned.js';
import { keyOf, Protocol } from '../../dataplane/state/tuple.js';
import { added, KEY, SEED, tableOf } from './connection-tables.js';

type Tuple = readonly [key: number, source: number, destination: number, ports: number];

interface Connection {
  readonly number: number;
  readonly original: Tuple;
  readonly reply: Tuple;
  expiry: number;
  isAssured: boolean;
  readonly rule: number;
}

class Model {
  /** In the order of creation. */
  connections: Connection[] = [];

  constructor(private readonly capacity: number) {}

  forgetExpired(tick: number): void {
    this.connections = this.connections.filter(({ expiry }) => expiry > tick);
  }

  find(tuple: Tuple): number {
    const name = tuple.join();
    const met = this.connections.find((it) => [it.original.join(), it.reply.join()].includes(name));
    if (met === undefined) return -1;
    return (met.number << 1) | (met.original.join() === name ? 0 : 1);
  }

  remove(number: number): void {
    this.connections = this.connections.filter((it) => it.number !== number);
  }

  get isFull(): boolean {
    return this.connections.length === this.capacity;
  }

  /** Which one has to go for a new one; undefined when none may. */
  get leastUseful(): Connection | undefined {
    const mayGo = this.connections.filter(({ isAssured }) => !isAssured);
    const expiry = Math.min(...mayGo.map((it) => it.expiry));
    return mayGo.find((it) => it.expiry === expiry);
  }
}

const tuple: fc.Arbitrary<Tuple> = fc.tuple(
  fc.constantFrom(KEY, keyOf(1, Protocol.Udp, false), keyOf(0, Protocol.Tcp, false)),
  fc.constantFrom(1, 0xffff_ffff | 0),
  fc.constantFrom(1, 2),
  fc.constantFrom(0x0001_0002, 0x0002_0001, 0xffff_0001 | 0),
);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: tuple, reply: tuple, life: fc.integer({ max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ find: tuple }) },
  fc.record({ remove: tuple }),
  fc.record({ assure: tuple }),
  fc.record({ renew: tuple, life: fc.integer({ max: 40 }) }),
  fc.record({ wait: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ rule: fc.integer({ min: 0, max: 3 }) }),
);

/** The table and its model, side by side. */
class Both {
  readonly table: Conntrack;
  readonly model: Model;
  tick = 0;
  private earlyDropped = 0;
  private refused = 0;
  private clashed = 0;
  private added = 0;

  constructor(capacity: number, seed: number) {
    this.table = new Conntrack(capacity, seed, new Interned(1, seed));
    this.model = new Model(capacity);
  }

  find(tuple: Tuple): number {
    this.model.forgetExpired(this.tick);
    const side = this.table.find(this.tick, ...tuple);
    const expected = this.model.find(tuple);
    if (side !== expected) throw new Error(`found ${side} instead of ${expected}`);
    if (this.table.isTaken(this.tick, ...tuple) !== side >= 0) throw new Error('taken or not?');
    return connectionOf(side);
  }

  add(original: Tuple, [, source, destination, ports]: Tuple, life: number): void {
    const { table, model, tick } = this;
    model.forgetExpired(tick);
    const reply: Tuple = [original[0], source, destination, ports];
    const number = table.add(tick, ...original, source, destination, ports);
    if (number >= 0) this.noteAdded(number, original, reply, life);
    else if (model.find(original) >= 0 || model.find(reply) >= 0) this.clashed++;
    else if (model.isFull && model.leastUseful === undefined) this.refused++;
    else throw new Error('there was room for it');
    const counts = [table.earlyDropped, table.refused, table.clashed];
    const expected = [this.earlyDropped, this.refused, this.clashed];
    if (counts.join() !== expected.join()) throw new Error(`${counts.join()}: ${expected.join()}`);
  }

  private noteAdded(number: number, original: Tuple, reply: Tuple, life: number): void {
    const { table, model, tick } = this;
    if (model.find(original) >= 0 || model.find(reply) >= 0) throw new Error('it is another’s');
    if (model.isFull) {
      const expiry = model.leastUseful?.expiry;
      const gone = model.connections.find((it) => it.number === number);
      if (gone === undefined || gone.isAssured || gone.expiry !== expiry)
        throw new Error('not the least useful one had to go');
      model.remove(number);
      this.earlyDropped++;
    }
    const rule = this.added++ % 4;
    const expiry = tick + life;
    model.connections.push({ number, original, reply, expiry, isAssured: false, rule });
    table.setExpiry(number, expiry);
    table.setRule(number, rule);
  }

  removeByRule(rule: number): void {
    this.model.forgetExpired(this.tick);
    const before = this.model.connections.length;
    this.model.connections = this.model.connections.filter((it) => it.rule !== rule);
    const removed = this.table.removeByRule(rule);
    if (removed < before - this.model.connections.length) throw new Error('some are left');
  }

  take(step: Step): void {
    const { table, model } = this;
    if ('add' in step) this.add(step.add, step.reply, step.life);
    else if ('wait' in step) this.tick += step.wait;
    else if ('rule' in step) this.removeByRule(step.rule);
    else {
      const tuple = Object.values(step)[0] as Tuple;
      const number = this.find(tuple);
      const met = model.connections.find((it) => it.number === number);
      if (met === undefined) return;
      if ('remove' in step) {
        table.remove(number);
        model.remove(number);
      } else if ('assure' in step) {
        table.mark(number, Mark.Assured);
        met.isAssured = true;
      } else if ('renew' in step) {
        met.expiry = this.tick + step.life;
        table.setExpiry(number, met.expiry);
      }
    }
  }

  /** All that are alive, as `show` sees them. */
  get shown(): number[] {
    const shown: number[] = [];
    for (let it = this.table.first(this.tick); it >= 0; it = this.table.newerThan(it, this.tick))
      shown.push(it);
    return shown;
  }
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test('NCT-2: the table says what a model says, after any adding, finding, waiting, removing and early dropping', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer(),
      fc.array(step, { maxLength: 120 }),
      (capacity, seed, steps) => {
        const both = new Both(capacity, seed);
        for (const step of steps) {
          both.take(step);
          both.model.forgetExpired(both.tick);
          t.deepEqual(
            both.shown,
            both.model.connections.map(({ number }) => number),
          );
          t.true(both.table.count >= both.model.connections.length);
          t.true(both.table.count <= capacity);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('NCT-2: of all tuples that were added, those that are alive have one connection each, whatever was tried', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(tuple, tuple), { maxLength: 60 }), (pairs) => {
      const both = new Both(6, SEED);
      for (const [original, reply] of pairs) both.add(original, reply, 100);
      const tuples = both.model.connections.flatMap(({ number, original, reply }) => [
        { number, name: original.join() },
        { number, name: reply.join() },
      ]);
      for (const { number, name } of tuples)
        t.true(tuples.every((other) => other.name !== name || other.number === number));
    }),
  );
});

test('a connection is found by both of its tuples, which say in which direction a packet goes', (t) => {
  const table = tableOf(4);
  const connection = table.add(0, KEY, 1, 2, 0x0003_0004, 2, 5, 0x0004_0006);
  table.setExpiry(connection, 1);
  const original = table.find(0, KEY, 1, 2, 0x0003_0004);
  const reply = table.find(0, KEY, 2, 5, 0x0004_0006);
  t.deepEqual([connectionOf(original), connectionOf(reply)], [connection, connection]);
  t.deepEqual([directionOf(original), directionOf(reply)], [Direction.Original, Direction.Reply]);
  t.is(table.find(0, KEY, 2, 1, 0x0004_0003), -1);
});

test('every field of a connection keeps its value, and none disturbs another', (t) => {
  const table = tableOf(2);
  const [connection, other] = [added(table, 1), added(table, 2)];
  table.setState(connection, 15);
  table.mark(connection, Mark.Assured | Mark.DestinationTranslated);
  table.setFirstFrame(connection, 0xffff, 0xffff_fffe);
  table.setRule(connection, 7);
  table.setState(connection, 9);
  t.is(table.stateOf(connection), 9);
  t.is(table.marksOf(connection), Mark.Assured | Mark.DestinationTranslated);
  t.true(table.has(connection, Mark.Assured));
  t.false(table.has(connection, Mark.SeenReply));
  t.deepEqual(
    [table.firstPortOf(connection), table.firstSerialOf(connection)],
    [0xffff, 0xffff_fffe],
  );
  t.is(table.ruleOf(connection), 7);
  t.deepEqual([table.zoneOf(connection), table.protocolOf(connection)], [0, Protocol.Udp]);
  t.deepEqual([table.sourceOf(connection, 0), table.destinationOf(connection, 1)], [1, 1]);
  t.deepEqual([table.destinationOf(connection, 0), table.sourceOf(connection, 1)], [9, 9]);
  t.deepEqual(
    [table.portsOf(connection, 0), table.portsOf(connection, 1)],
    [0x0001_0002, 0x0002_0001],
  );
  t.deepEqual([table.stateOf(other), table.marksOf(other), table.ruleOf(other)], [0, 0, -1]);
  t.deepEqual([table.firstPortOf(other), table.firstSerialOf(other)], [0, 0]);
});

test('tuples of another zone, protocol or family are others', (t) => {
  const table = tableOf(8);
  added(table, 1);
  for (const key of [
    keyOf(1, Protocol.Udp, false),
    keyOf(0, Protocol.Tcp, false),
    keyOf(0, Protocol.Udp, true),
  ])
    t.is(table.find(0, key, 1, 9, 0x0001_0002), -1);
});

test('a host that talks to itself from a port to the same port is the opener', (t) => {
  const table = tableOf(4);
  const connection = table.add(0, KEY, 1, 1, 0x0005_0005, 1, 1, 0x0005_0005);
  table.setExpiry(connection, 1);
  t.is(directionOf(table.find(0, KEY, 1, 1, 0x0005_0005)), Direction.Original);
  table.remove(connection);
  t.is(table.find(0, KEY, 1, 1, 0x0005_0005), -1);
  t.is(table.count, 0);
});

test('the tick of its expiry is the first at which a connection is not found; whoever looks then removes it', (t) => {
  const table = tableOf(4);
  added(table, 1, 100);
  t.not(table.find(99, KEY, 1, 9, 0x0001_0002), -1);
  t.is(table.count, 1);
  t.is(table.find(100, KEY, 9, 1, 0x0002_0001), -1);
  t.is(table.count, 0);
});

test('an expired connection keeps no new one out: neither by its tuple nor by its place', (t) => {
  const table = tableOf(1);
  added(table, 1, 100);
  t.true(added(table, 1, 100, 100) >= 0);
  t.true(added(table, 2, 100, 200) >= 0);
  t.deepEqual([table.earlyDropped, table.refused, table.clashed], [0, 0, 0]);
});

test('NCT-3: when the table is full an expired connection goes first, then one that is not assured, and never an assured one', (t) => {
  const table = tableOf(3);
  const kept = added(table, 1, 10);
  added(table, 2, 500);
  const brief = added(table, 3, 400);
  table.mark(kept, Mark.Assured);
  t.is(added(table, 4, 900), brief, 'it would have expired first of those that are not assured');
  t.is(table.earlyDropped, 1);
  t.is(added(table, 5, 900, 10), kept, 'assured, but expired');
  t.is(table.earlyDropped, 1);
  for (let it = table.first(10); it >= 0; it = table.newerThan(it, 10))
    table.mark(it, Mark.Assured);
  t.is(added(table, 6, 900, 10), -1);
  t.deepEqual([table.earlyDropped, table.refused], [1, 1]);
});

test('NCT-3: a flood of first packets evicts itself, and no assured connection', (t) => {
  const table = tableOf(1000);
  for (let source = 0; source < 500; source++) table.mark(added(table, source, 1e12), Mark.Assured);
  for (let source = 500; source < 20_000; source++) t.true(added(table, source, 1e9 + source) >= 0);
  for (let source = 0; source < 500; source++)
    t.not(table.find(0, KEY, source, 9, 0x0001_0002), -1);
  t.deepEqual([table.count, table.earlyDropped, table.refused], [1000, 19_000, 0]);
});

test('connections are shown in the order of their creation, which looking does not change', (t) => {
  const table = tableOf(4);
  const first = added(table, 1, 100);
  const [second, third] = [added(table, 2, 50), added(table, 3, 100)];
  table.remove(first);
  const fourth = added(table, 4, 100);
  const shown = (tick: number): number[] => {
    const all: number[] = [];
    for (let it = table.first(tick); it >= 0; it = table.newerThan(it, tick)) all.push(it);
    return all;
  };
  t.deepEqual(shown(0), [second, third, fourth]);
  t.deepEqual(shown(50), [third, fourth]);
  t.deepEqual(shown(0), [second, third, fourth]);
  t.deepEqual(shown(100), []);
  t.is(table.count, 3);
});

test('D5: with a rule go all its connections, and no others', (t) => {
  const table = tableOf(8);
  for (let source = 0; source < 8; source++) table.setRule(added(table, source), source % 2);
  t.is(table.removeByRule(1), 4);
  for (let source = 0; source < 8; source++)
    t.is(table.find(0, KEY, source, 9, 0x0001_0002) >= 0, source % 2 === 0);
});

test('a table of no connection, or of too many, cannot be made', (t) => {
  for (const capacity of [0, -1, 1.5, 2 ** 24 + 1])
    t.throws(() => tableOf(capacity), { instanceOf: RangeError });
});

test('a connection holds its IPv6 addresses until it is removed', (t) => {
  const addresses = new Interned(8, SEED);
  const table = new Conntrack(2, SEED, addresses);
  const key = keyOf(0, Protocol.Udp, true);
  const [inside, outside, translated] = [0, 1, 2] as const;
  const ids = [inside, outside, translated].map((id) =>
    addresses.intern(0xfd00_0000, 0, 0, id + 1),
  );
  t.deepEqual(ids, [0, 1, 2]);
  const connection = table.add(0, key, inside, outside, 1, outside, translated, 1 << 16);
  table.setExpiry(connection, 100);
  for (const id of [inside, outside, translated]) addresses.release(id);
  t.is(addresses.count, 3);
  t.is(addresses.find(0xfd00_0000, 0, 0, outside + 1), outside);
  t.is(table.find(0, key, inside, outside, 1), connection << 1);
  t.is(table.find(100, key, inside, outside, 1), -1);
  t.is(addresses.count, 0);
});
