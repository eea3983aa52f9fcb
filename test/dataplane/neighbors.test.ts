import test from 'ava';
import fc from 'fast-check';
import {
  Claim,
  Neighbors,
  NeighborState,
  UNNAMED,
  WAITING_MAX,
} from '../../dataplane/state/neighbors.js';

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
  neighbors.hear(entry, 0x0242, 0xc0a8_0001, Claim.Confirms, 5);
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
        if (entry >= 0) neighbors.hear(entry, 1, address, Claim.Asks, tick);
        if (entry >= 0 && found(neighbors, address) !== entry) return false;
      }
      return (
        found(neighbors, 0xffff_0000) === asked &&
        neighbors.stateAt(asked, 3000) === NeighborState.Incomplete
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
  neighbors.hear(late, 1, 2, Claim.Confirms, 0);
  t.is(neighbors.nextDue(), -1);
  t.is(neighbors.due, Infinity);
});

test('an entry for which frames wait is never taken over, even when its neighbor has been heard', (t) => {
  const neighbors = new Neighbors();
  const entry = added(neighbors, 1);
  neighbors.hold(entry, 10);
  neighbors.hear(entry, 0, 0, Claim.Confirms, 0);
  for (let address = 2; address < 5000; address++) {
    const other = added(neighbors, address, address);
    neighbors.hear(other, 0, 0, Claim.Confirms, address);
  }
  t.is(found(neighbors, 1), entry);
  t.is(neighbors.takeWaiting(entry), 10);
});

const SECOND = 1e9;

/** A neighbor with MAC 1:1 in a state, at tick 0. */
function inState(state: NeighborState): { neighbors: Neighbors; entry: number } {
  const neighbors = new Neighbors();
  const entry = added(neighbors, 1);
  if (state === NeighborState.Reachable) neighbors.hear(entry, 1, 1, Claim.Confirms, 0);
  else if (state === NeighborState.Permanent) neighbors.declare(entry, 1, 1);
  else if (state !== NeighborState.Incomplete) neighbors.hear(entry, 1, 1, Claim.Asks, 0);
  if (state === NeighborState.Delay || state === NeighborState.Probe) neighbors.suspect(entry, 0);
  if (state === NeighborState.Probe) neighbors.askedUntil(entry, SECOND);
  return { neighbors, entry };
}

test('D-4: who has confirmed where it is is reachable for 30 s, and then stale, without anything being due', (t) => {
  const { neighbors, entry } = inState(NeighborState.Reachable);
  t.is(neighbors.stateAt(entry, 30 * SECOND), NeighborState.Reachable);
  t.true(neighbors.isReady(entry, LINK, 1, 30 * SECOND));
  t.is(neighbors.stateAt(entry, 30 * SECOND + 1), NeighborState.Stale);
  t.false(neighbors.isReady(entry, LINK, 1, 30 * SECOND + 1));
  t.is(neighbors.due, Infinity);
  neighbors.hear(entry, 1, 1, Claim.Confirms, 40 * SECOND);
  t.is(neighbors.stateAt(entry, 70 * SECOND), NeighborState.Reachable);
});

test('D-4: something can be sent without a doubt arising to whom it is known where he is, unless he is stale', (t) => {
  const readiness = [
    [NeighborState.Incomplete, false],
    [NeighborState.Reachable, true],
    [NeighborState.Stale, false],
    [NeighborState.Delay, true],
    [NeighborState.Probe, true],
    [NeighborState.Permanent, true],
  ] as const;
  for (const [state, isReady] of readiness) {
    const { neighbors, entry } = inState(state);
    t.is(neighbors.stateAt(entry, 0), state);
    t.is(neighbors.isReady(entry, LINK, 1, 0), isReady);
    t.false(neighbors.isReady(entry, LINK, 2, 0), 'somebody else');
    neighbors.forget(entry);
    t.false(neighbors.isReady(entry, LINK, 1, 0), 'he is gone');
  }
});

test('D-4: who was declared is never doubted, never overwritten, never taken over', (t) => {
  const { neighbors, entry } = inState(NeighborState.Permanent);
  neighbors.hear(entry, 9, 9, Claim.Asks | Claim.Confirms | Claim.Overrides, 0);
  t.is(neighbors.stateAt(entry, 1e18), NeighborState.Permanent);
  t.is(neighbors.macLow[entry], 1);
  for (let address = 2; address < 5000; address++)
    neighbors.hear(added(neighbors, address), 1, address, Claim.Asks, address);
  t.is(found(neighbors, 1), entry);
});

const STATES = {
  Incomplete: NeighborState.Incomplete,
  Reachable: NeighborState.Reachable,
  Stale: NeighborState.Stale,
  Delay: NeighborState.Delay,
  Probe: NeighborState.Probe,
} as const;
type Name = keyof typeof STATES;

/** What a neighbor says of where it is, known as MAC 1, and what that makes of each state: the state and the MAC from then on. */
const HEARD: readonly (readonly [says: string, claim: number, mac: number, becomes: string])[] = [
  ['S, unnamed', Claim.Confirms, UNNAMED, 'Incomplete Incomplete 0, Stale Reachable 1'],
  ['unnamed', 0, UNNAMED, 'Incomplete Incomplete 0, Reachable Reachable 1, Stale Stale 1'],
  ['1', 0, 1, 'Incomplete Stale 1, Reachable Reachable 1, Stale Stale 1, Probe Probe 1'],
  ['2', 0, 2, 'Incomplete Stale 2, Reachable Stale 1, Stale Stale 1, Delay Delay 1'],
  ['S 1', Claim.Confirms, 1, 'Stale Reachable 1, Delay Reachable 1, Probe Reachable 1'],
  ['S 2', Claim.Confirms, 2, 'Reachable Stale 1, Stale Stale 1, Delay Delay 1, Probe Probe 1'],
  ['O 1', Claim.Overrides, 1, 'Reachable Reachable 1, Stale Stale 1, Delay Delay 1'],
  ['O 2', Claim.Overrides, 2, 'Reachable Stale 2, Stale Stale 2, Delay Stale 2, Probe Stale 2'],
  [
    'SO 2',
    Claim.Confirms | Claim.Overrides,
    2,
    'Incomplete Reachable 2, Reachable Reachable 2, Stale Reachable 2, Probe Reachable 2',
  ],
];

for (const [says, claim, mac, becomes] of HEARD)
  test(`D-3: an advertisement that says ${says} makes of each state what RFC 4861 §7.2.5 says`, (t) => {
    for (const line of becomes.split(', ')) {
      const [from, to, low] = line.split(' ') as [Name, Name, string];
      const { neighbors, entry } = inState(STATES[from]);
      neighbors.hear(entry, mac, mac === UNNAMED ? 0 : mac, claim, 1);
      const found = [
        neighbors.stateAt(entry, 1),
        neighbors.macHigh[entry],
        neighbors.macLow[entry],
      ];
      t.deepEqual(found, [STATES[to], Number(low), Number(low)], line);
    }
  });

test('D-4: what a neighbor was to be asked for is due no more when it has confirmed where it is', (t) => {
  for (const state of [NeighborState.Delay, NeighborState.Probe]) {
    const { neighbors, entry } = inState(state);
    t.is(neighbors.dueAt[entry], state === NeighborState.Delay ? 5 * SECOND : SECOND);
    neighbors.hear(entry, 1, 1, Claim.Confirms, 1);
    t.is(neighbors.nextDue(), -1);
  }
});
