/** Whom the hosts of a plane know beside them, as data for `show neighbors`. */
import type { Plane } from '../../dataplane/forward/plane.js';
import { NeighborState } from '../../dataplane/state/neighbors.js';
import type { Neighbors } from '../../dataplane/state/neighbors.js';
import { parseAddress } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import { wordsText } from '../explain/conntrack-words.js';
import { macText } from '../explain/text.js';
import { interfaceView, shortName } from '../explain/views.js';

export interface NeighborShown {
  readonly interface: string;
  readonly address: string;
  /** Absent while nobody has answered. */
  readonly mac?: string;
  readonly state: 'REACHABLE' | 'INCOMPLETE';
  /** When it was last heard, in seconds since the first frame; of an incomplete one, when it was first asked for. */
  readonly heard_s: number;
  /** Of an incomplete one: how often it was asked for, and how many frames wait for it. */
  readonly asked?: number;
  readonly waiting?: number;
}

export interface HostNeighbors {
  readonly host: string;
  readonly neighbors: readonly NeighborShown[];
}

/** All hosts that send packets by routes, with their neighbors by interface and address. */
export function neighborsOf(compiled: Compiled, plane: Plane): HostNeighbors[] {
  return compiled.lab.hosts.flatMap(({ name }, host) => {
    const table = plane.neighbors[host];
    if (table === undefined) return [];
    const entries = Array.from({ length: table.entries }, (_, entry) => entry).filter(
      (entry) => stateOf(table, entry) !== NeighborState.Free,
    );
    const ifaceOf = (entry: number): number => table.iface[entry] ?? 0;
    const sorted = entries
      .map((entry) => ({ iface: ifaceOf(entry), shown: shownOf(compiled, table, entry) }))
      .toSorted((one, other) => one.iface - other.iface || byAddress(one.shown, other.shown));
    return [{ host: name, neighbors: sorted.map(({ shown }) => shown) }];
  });
}

function stateOf({ state }: Neighbors, entry: number): NeighborState {
  return state[entry] as NeighborState;
}

function byAddress(one: NeighborShown, other: NeighborShown): number {
  const [a, b] = [one, other].map(({ address }) => parseAddress(address));
  if (a === undefined || b === undefined) return 0;
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : 1;
}

function shownOf(compiled: Compiled, table: Neighbors, entry: number): NeighborShown {
  const link = interfaceView(compiled, table.iface[entry] ?? 0);
  const isReachable = stateOf(table, entry) === NeighborState.Reachable;
  const words = [...table.words.slice(entry * 4, entry * 4 + 4)];
  const known = {
    interface: link === undefined ? '' : shortName(link),
    address: wordsText(table.family[entry] === 4 ? 4 : 6, words),
    heard_s: table.heardAtOf(entry) / 1e9,
  };
  return isReachable
    ? {
        ...known,
        mac: macText(table.macHigh[entry] ?? 0, table.macLow[entry] ?? 0),
        state: 'REACHABLE',
      }
    : {
        ...known,
        state: 'INCOMPLETE',
        asked: table.tries[entry] ?? 0,
        waiting: table.waitingFor(entry),
      };
}
