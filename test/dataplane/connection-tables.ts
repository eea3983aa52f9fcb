/** Connection tables for tests, and connections of UDP in them. */
import { Conntrack } from '../../dataplane/state/conntrack.js';
import { Interned } from '../../dataplane/state/interned.js';
import { keyOf, Protocol } from '../../dataplane/state/tuple.js';

export const KEY = keyOf(0, Protocol.Udp, false);
export const SEED = 0x5eed;

export function tableOf(capacity: number): Conntrack {
  return new Conntrack(capacity, SEED, new Interned(8, SEED));
}

/** Adds a connection that differs from others by `source`, and lives for `life` ns. */
export function added(table: Conntrack, source: number, life = 100, tick = 0): number {
  const connection = table.add(tick, KEY, source, 9, 0x0001_0002, 9, source, 0x0002_0001);
  if (connection >= 0) table.setExpiry(connection, tick + life);
  return connection;
}
