/** What the tunnel ends of a plane know of stations behind others, and how they came to know it, as data for `show fdb`. */
import type { Plane } from '../../dataplane/forward/plane.js';
import { listFdb } from '../../dataplane/state/fdb-entries.js';
import type { FdbEntry } from '../../dataplane/state/fdb-entries.js';
import { Kind } from '../../dataplane/state/fdb-kinds.js';
import { Change } from '../../dataplane/state/history.js';
import type { HistoryRecord } from '../../dataplane/state/history.js';
import type { Remotes } from '../../dataplane/state/remotes.js';
import type { Compiled } from '../compile/compile.js';
import { wordsText } from '../explain/conntrack-words.js';
import type { FrameName } from '../explain/hops.js';
import { macText } from '../explain/text.js';
import type { RemoteStation } from '../model/vtep.js';
import { ago } from './stations.js';

/** Which station, and where it is known. */
interface Known {
  /** The tunnel end: `blue.vxlan42`. */
  readonly port: string;
  readonly vni: number;
  readonly mac: string;
}

export interface RemoteShown extends Known {
  /** The address of the end behind which it lives. */
  readonly remote: string;
  readonly kind: 'dynamic' | 'declared';
  /** As of a station of a network (stations.ts). */
  readonly heard_s?: number;
  readonly taughtBy?: FrameName & { readonly ago_s: number };
  readonly at?: string;
}

/** One change of what is known. */
export interface RemoteChange extends Known {
  readonly change: 'declared' | 'learned' | 'moved' | 'aged' | 'evicted';
  /** Seconds since the first frame; absent for what the topology declares. */
  readonly at_s?: number;
  /** Behind which end it was before, and is from then on; absent where it was, or is, unknown. */
  readonly from?: string;
  readonly to?: string;
  /** The frame that taught it, or whose station took its room. */
  readonly frame?: FrameName;
  /** It was forgotten for not having been heard for so long. */
  readonly silent_s?: number;
  readonly at?: string;
}

/** The stations behind other ends at a tick, by tunnel end, VNI and MAC; without those that are too old to be found. */
export function remotesOf(compiled: Compiled, plane: Plane, now: number): RemoteShown[] {
  return plane.remotes.flatMap((remotes, vtep) =>
    entriesOf(remotes)
      .filter((entry) => !isAged(remotes, entry, now))
      .map((entry) => shownOf(compiled, remotes, vtep, entry, now)),
  );
}

function entriesOf({ fdb }: Remotes): FdbEntry[] {
  return listFdb(fdb.memory).entries.toSorted(
    (one, other) => one.high - other.high || one.low - other.low,
  );
}

function isAged({ fdb }: Remotes, { kind, heardAt }: FdbEntry, now: number): boolean {
  return kind === Kind.Dynamic && now - heardAt >= fdb.ageing_ns;
}

function shownOf(
  compiled: Compiled,
  remotes: Remotes,
  vtep: number,
  entry: FdbEntry,
  now: number,
): RemoteShown {
  const { ports, tunnels } = compiled;
  const { origin, taughtBy, taughtAt, heardAt } = entry;
  const known = knownOf(compiled, vtep, entry);
  const declared = taughtAt < 0 ? tunnels.remoteStations[taughtBy]?.station : undefined;
  if (declared !== undefined)
    return {
      ...known,
      remote: declared.remote,
      kind: 'declared',
      at: lineOf(compiled, declared),
    };
  return {
    ...known,
    remote: endText(compiled, remotes, vtep, entry.port),
    kind: 'dynamic',
    heard_s: ago(now, heardAt),
    taughtBy: {
      port: ports[origin]?.port ?? 'another port',
      number: taughtBy,
      ago_s: ago(now, taughtAt),
    },
  };
}

/** The first word of an entry holds the VNI, as a row behind the first one of its tunnel end. */
function knownOf({ program, tunnels }: Compiled, vtep: number, { high, low }: FdbEntry): Known {
  const row = (program.vteps.firstVni[vtep] ?? 0) + (high >>> 16);
  return {
    port: tunnels.vteps[vtep]?.port ?? '',
    vni: tunnels.vnis[row]?.vni ?? 0,
    mac: macText(high & 0xffff, low),
  };
}

function endText({ tunnels }: Compiled, { ends }: Remotes, vtep: number, end: number): string {
  const words = [0, 1, 2, 3].map((word) => ends.word(end, word));
  return wordsText(tunnels.vteps[vtep]?.family ?? 4, words);
}

function lineOf({ lab }: Compiled, { at }: RemoteStation): string {
  return `${lab.file}:${at.line}`;
}

/** How they came to know it, up to a tick: what the topology declares first, then in the order of time. */
export function remoteHistoryOf(compiled: Compiled, plane: Plane, now: number): RemoteChange[] {
  const recorded = plane.history?.records() ?? [];
  const changes = [
    ...recorded.map((record) => changeOf(compiled, record)),
    ...plane.remotes.flatMap((remotes, vtep) => agedOf(compiled, remotes, vtep, now)),
  ];
  return [
    ...declaredOf(compiled),
    ...changes.toSorted((one, other) => (one.at_s ?? 0) - (other.at_s ?? 0)),
  ];
}

function declaredOf(compiled: Compiled): RemoteChange[] {
  const { vteps, vnis, remoteStations } = compiled.tunnels;
  return remoteStations.map(({ vni: row, station }) => ({
    port: vteps[vnis[row]?.vtep ?? -1]?.port ?? '',
    vni: vnis[row]?.vni ?? 0,
    mac: station.mac,
    change: 'declared',
    to: station.remote,
    at: lineOf(compiled, station),
  }));
}

const CHANGES = {
  [Change.Learned]: 'learned',
  [Change.Moved]: 'moved',
  [Change.Aged]: 'aged',
  [Change.Evicted]: 'evicted',
} as const;

function changeOf(compiled: Compiled, record: HistoryRecord): RemoteChange {
  const { ports, tunnels, program } = compiled;
  const { change, tick, vni: row, macHigh, macLow, before, after, port, serial } = record;
  const { vtep = 0, vni = 0 } = tunnels.vnis[row] ?? {};
  const family = tunnels.vteps[vtep]?.family ?? 4;
  const has = {
    from: change !== Change.Learned,
    to: change === Change.Learned || change === Change.Moved,
  };
  return {
    port: tunnels.vteps[vtep]?.port ?? '',
    vni,
    mac: macText(macHigh, macLow >>> 0),
    change: CHANGES[change],
    at_s: tick / 1e9,
    ...(has.from && { from: wordsText(family, before) }),
    ...(has.to && { to: wordsText(family, after) }),
    ...(change === Change.Aged
      ? { silent_s: (program.vteps.ageing_ns[vtep] ?? 0) / 1e9 }
      : { frame: { port: ports[port]?.port ?? '', number: serial } }),
  };
}

/** Those that nobody has looked up since they were too old; no record says so yet. */
function agedOf(compiled: Compiled, remotes: Remotes, vtep: number, now: number): RemoteChange[] {
  const { ageing_ns } = remotes.fdb;
  return entriesOf(remotes)
    .filter((entry) => isAged(remotes, entry, now))
    .map((entry) => ({
      ...knownOf(compiled, vtep, entry),
      change: 'aged',
      at_s: (entry.heardAt + ageing_ns) / 1e9,
      from: endText(compiled, remotes, vtep, entry.port),
      silent_s: ageing_ns / 1e9,
    }));
}
