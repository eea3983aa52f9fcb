import type { Plane } from '../../dataplane/forward/plane.js';
import { parseMac } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import { historyTable, remotesTable, stationsTable } from '../show/fdb-tables.js';
import { remoteHistoryOf, remotesOf } from '../show/remotes.js';
import { stationsOf } from '../show/stations.js';
import { CallError } from './errors.js';

export interface ShowFdbOptions {
  readonly json?: true;
  readonly mac?: string;
  readonly history?: true;
}

/**
 * The MAC that `--mac` names, as it is written everywhere.
 * @throws CallError when it is none
 */
export function macOf({ mac }: ShowFdbOptions): string | undefined {
  if (mac === undefined) return undefined;
  const known = parseMac(mac);
  if (known === undefined)
    throw new CallError(`--mac ${mac}: write six bytes, as 02:42:ac:12:00:02`);
  return known;
}

/** `show fdb` of a topology: who lives where at a moment of a replay, or how tunnel ends came to know it. */
export function fdbText(
  compiled: Compiled,
  plane: Plane,
  tick: number,
  options: ShowFdbOptions,
): string {
  const wanted = macOf(options);
  const only = <T extends { readonly mac: string }>(all: readonly T[]): T[] =>
    all.filter(({ mac }) => wanted === undefined || mac === wanted);
  const head = { what: 'fdb', topology: compiled.lab.file, at_s: tick / 1e9 };
  if (options.history) {
    const changes = only(remoteHistoryOf(compiled, plane, tick));
    const forgotten = plane.history?.lost ?? 0;
    if (options.json) return JSON.stringify({ ...head, changes, forgotten }, null, 2);
    const older = forgotten === 0 ? '' : `\n\n${forgotten} older changes are not kept.`;
    return `${historyTable(changes)}${older}`;
  }
  const memories = plane.fdbs.map(({ memory }) => memory);
  const stations = only(stationsOf(compiled, memories, tick));
  const remotes = only(remotesOf(compiled, plane, tick));
  if (options.json) return JSON.stringify({ ...head, stations, remotes }, null, 2);
  const tables = [
    ...(stations.length > 0 ? [stationsTable(stations)] : []),
    ...(remotes.length > 0 ? [remotesTable(remotes)] : []),
  ];
  return tables.length === 0 ? 'No network knows such a station.' : tables.join('\n\n');
}
