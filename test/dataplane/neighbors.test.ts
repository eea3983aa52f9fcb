import test from 'ava';
import fc from 'fast-check';
import { Neighbors, NeighborState, WAITING_MAX } from '../../dataplane/state/neighbors.js';

const LINK = 3;
const IPV4 = 4;

function added(neighbors: Neighbors, address: number, tick = 0): number {
  return neighbors.add(LINK, IPV4, 0, 0, 0, address, tick);
}

function found(neighbors: Neighbors, address: number): number {
  return neighbors.find(LINK, 0, 0, 0, address);
}

test('an address is found on its own link only, until another takes its place', (t) => {
  const neighbors = new Neighbors();
  const entry = added(neighbors, 0xc0a8_0001);
  t.is(found(neighbors, 0xc0a8_0001 | 0), entry);
  t.is(neighbors.find(LINK + 1, 0, 0, 0, 0xc0a8_0001), -1);
  neighbors.resolve(entry, 0x0242, 0xc0a8_0001, 5);
  t.deepEqual([neighbors.macHigh[entry], neighbors.macLow[entry]], [0x0242, 0xc0a8_0001]);
  neighbors.forget(entry);
  t.is(found(neighbors, 0xc0a8_0001), -1);
});

test('A-4: of the frames that wait for one address the newest three stay, in their order', (t) => {
  const neighbors = new Neighbors();
  const entry = added(neighbors, 1);
  const gone = [10, 11, 12, 13, 14].map((frame) => neighbors.hold(entry, frame));
  t.deepEqual(gone, [-1, -1, -1, 10, 11]);
  const left = [1, 2, 3, 4].map(() => neighbors.takeWaiting(entry));
  t.deepEqual(left, [12, 13, 14, -1]);
});

test('no more than a bounded number of frames wait for all addresses together', (t) => {
  const neighbors = new Neighbors();
  let held = 0;
  for (let address = 0; address < WAITING_MAX + 50; address++) {
    const entry = added(neighbors, address);
    if (entry >= 0 && neighbors.hold(entry, address) === -1) held++;
  }
  t.is(held, WAITING_MAX);
});

test('who waits for an answer is not forgotten for a new address, who was silent longest is', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 3000 }), (addresses) => {
      const neighbors = new Neighbors();
      const asked = added(neighbors, 0xffff_0000, 0);
      for (const [tick, address] of addresses.entries()) {
        if (found(neighbors, address) >= 0) continue;
        const entry = added(neighbors, address, tick);
        if (entry >= 0) neighbors.resolve(entry, 1, address, tick);
        if (entry >= 0 && found(neighbors, address) !== entry) return false;
      }
      return (
        found(neighbors, 0xffff_0000) === asked &&
        neighbors.state[asked] === NeighborState.Incomplete
      );
    }),
  );
  t.pass();
});

test('what is due comes in the order in which it is due', (t) => {
  const neighbors = new Neighbors();
  const [late, early] = [added(neighbors, 1), added(neighbors, 2)];
  neighbors.askedUntil(late, 2e9);
  neighbors.askedUntil(early, 1e9);
  t.is(neighbors.due, 1e9);
  t.is(neighbors.nextDue(), early);
  neighbors.forget(early);
  t.is(neighbors.nextDue(), late);
  neighbors.resolve(late, 1, 2, 0);
  t.is(neighbors.nextDue(), -1);
  t.is(neighbors.due, Infinity);
});

test('an entry for which frames wait is never taken over, even when its neighbor has been heard', (t) => {
  const neighbors = new Neighbors();
  const entry = added(neighbors, 1);
  neighbors.hold(entry, 10);
  neighbors.resolve(entry, 0, 0, 0);
  for (let address = 2; address < 5000; address++) {
    const other = added(neighbors, address, address);
    neighbors.resolve(other, 0, 0, address);
  }
  t.is(found(neighbors, 1), entry);
  t.is(neighbors.takeWaiting(entry), 10);
});
