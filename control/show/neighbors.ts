/** Whom the hosts of a plane know beside them, as data for `show neighbors`. */
import type { Plane } from '../../dataplane/forward/plane.js';
import { NeighborState } from '../../dataplane/state/neighbors.js';
import type { Neighbors } from '../../dataplane/state/neighbors.js';
import { parseAddress } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import { wordsText } from '../explain/conntrack-words.js';
import { macText } from '../explain/text.js';
import { interfaceView, shortName } from '../explain/views.js';

type Known = Exclude<NeighborState, NeighborState.Free>;

/** As ip-neighbour(8) prints them. */
const STATES = {
  [NeighborState.Incomplete]: 'INCOMPLETE',
  [NeighborState.Reachable]: 'REACHABLE',
  [NeighborState.Stale]: 'STALE',
  [NeighborState.Delay]: 'DELAY',
  [NeighborState.Probe]: 'PROBE',
  [NeighborState.Permanent]: 'PERMANENT',
} as const satisfies Readonly<Record<Known, string>>;

export interface NeighborShown {
  readonly interface: string;
  readonly address: string;
  /** Absent while nobody has answered. */
  readonly mac?: string;
  readonly state: (typeof STATES)[Known];
  /** When it was last heard, in seconds since the first frame; of an incomplete one, when it was first asked for. */
  readonly heard_s: number;
  /** Of one that is being asked for, or whether it is still there: how often, and how many frames wait for it. */
  readonly asked?: number;
  readonly waiting?: number;
}

export interface HostNeighbors {
  readonly host: string;
  readonly neighbors: readonly NeighborShown[];
}

/** All hosts that send packets by routes, with their neighbors at a tick by interface and address. */
export function neighborsOf(compiled: Compiled, plane: Plane, tick: number): HostNeighbors[] {
  return compiled.lab.hosts.flatMap(({ name }, host) => {
    const table = plane.neighbors[host];
    if (table === undefined) return [];
    const known = Array.from({ length: table.entries }, (_, entry) => {
      const state = table.stateAt(entry, tick);
      if (state === NeighborState.Free) return [];
      const iface = table.iface[entry] ?? 0;
      return [{ iface, shown: shownOf(compiled, table, entry, state) }];
    });
    const sorted = known
      .flat()
      .toSorted((one, other) => one.iface - other.iface || byAddress(one.shown, other.shown));
    return [{ host: name, neighbors: sorted.map(({ shown }) => shown) }];
  });
}

function byAddress(one: NeighborShown, other: NeighborShown): number {
  const [a, b] = [one, other].map(({ address }) => parseAddress(address));
  if (a === undefined || b === undefined) return 0;
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : 1;
}

function shownOf(compiled: Compiled, table: Neighbors, entry: number, state: Known): NeighborShown {
  const link = interfaceView(compiled, table.iface[entry] ?? 0);
  const words = [...table.words.slice(entry * 4, entry * 4 + 4)];
  const isIncomplete = state === NeighborState.Incomplete;
  return {
    interface: link === undefined ? '' : shortName(link),
    address: wordsText(table.family[entry] === 4 ? 4 : 6, words),
    heard_s: table.heardAtOf(entry) / 1e9,
    ...(!isIncomplete && { mac: macText(table.macHigh[entry] ?? 0, table.macLow[entry] ?? 0) }),
    state: STATES[state],
    ...((isIncomplete || state === NeighborState.Probe) && {
      asked: table.tries[entry] ?? 0,
      waiting: table.waitingFor(entry),
    }),
  };
}
