/** How connections are found in advance, and how much room they take. */
import test from 'ava';
import { Direction } from '../../dataplane/state/connections.js';
import { added, KEY, tableOf } from './connection-tables.js';

test('a guess is right where one is possible, and whether it is can be asked', (t) => {
  const table = tableOf(2);
  const connection = added(table, 1);
  const hash = table.hashOf(KEY, 9, 1, 0x0002_0001);
  table.touchSlot(hash);
  const side = table.guess(hash);
  t.is(side, (connection << 1) | Direction.Reply);
  table.touch(side);
  t.true(table.isAlive(side, 99, KEY, 9, 1, 0x0002_0001));
  t.false(table.isAlive(side, 100, KEY, 9, 1, 0x0002_0001), 'it has expired');
  t.false(table.isAlive(side, 0, KEY, 1, 9, 0x0001_0002), 'it is the other side');
  table.remove(connection);
  t.is(table.guess(hash), -1);
  t.false(table.isAlive(side, 0, KEY, 9, 1, 0x0002_0001), 'it is gone');
});

test('a connection takes 128 bytes, with all that finds it', (t) => {
  for (const capacity of [1, 2, 3, 1000, 1023, 1024, 1025, 65_536, 100_000])
    t.is(tableOf(capacity).bytes, capacity * 128);
});

test('NCT-2: a full table still finds what is there, and says what is not', (t) => {
  const table = tableOf(1000);
  const all = Array.from({ length: 1000 }, (_, source) => added(table, source));
  for (const [source, connection] of all.entries())
    t.is(table.find(0, KEY, source, 9, 0x0001_0002), connection << 1);
  t.is(table.find(0, KEY, 1000, 9, 0x0001_0002), -1);
});

test('there is room where the table is not full, or where the oldest connection has expired', (t) => {
  const table = tableOf(2);
  t.true(table.hasRoom(0));
  added(table, 1, 100);
  t.true(table.hasRoom(0));
  added(table, 2, 500);
  t.false(table.hasRoom(99));
  t.true(table.hasRoom(100));
});

test('to touch what newcomers will push out changes nothing', (t) => {
  const table = tableOf(2);
  t.is(table.touchOldest(3), 0);
  added(table, 1);
  added(table, 2);
  table.touchOldest(3);
  t.is(table.count, 2);
  t.is(table.find(0, KEY, 1, 9, 0x0001_0002), 0);
});
