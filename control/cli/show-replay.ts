import type { Until } from '../../dataplane/port/replay.js';
import type { Plane } from '../../dataplane/forward/plane.js';
import { compile } from '../compile/compile.js';
import type { Compiled } from '../compile/compile.js';
import { loadLab } from '../model/load.js';
import { inputsFrom } from '../replay/inputs.js';
import { watchReplay } from '../replay/watched.js';
import { conntrackOf } from '../show/connections.js';
import { natOf } from '../show/nat.js';
import { neighborsOf } from '../show/neighbors.js';
import { routesShown } from '../show/routes.js';
import { conntrackTable, natTable, neighborsTable, routesTable } from '../show/tables.js';
import { CallError } from './errors.js';
import { fdbText, macOf } from './show-fdb.js';
import type { ShowFdbOptions } from './show-fdb.js';
import type { Replayed } from './show-words.js';

export interface ShowReplayOptions extends ShowFdbOptions {
  readonly in?: readonly string[];
  readonly at?: string;
}

/**
 * `etherloom show conntrack|routes|neighbors|nat|fdb`: what hosts and networks know at a moment of a replay. Routes are what they are without one.
 * @throws CallError, TopologyErrors, CaptureError
 */
export async function showReplayed(
  what: Replayed,
  topology: string | undefined,
  options: ShowReplayOptions,
): Promise<void> {
  const needs = what === 'routes' ? 'a topology' : 'a topology and captures';
  const example = what === 'routes' ? '' : ' --in c1=a.pcap';
  if (topology === undefined || (what !== 'routes' && options.in === undefined))
    throw new CallError(`show ${what} needs ${needs}: show ${what} lab.yaml${example}`);
  const given = what === 'routes' ? (['in', 'at'] as const).find((it) => options[it]) : undefined;
  if (given !== undefined)
    throw new CallError(`show routes: --${given} is not for routes, which no frame changes`);
  const forFdb = (['mac', 'history'] as const).find((it) => options[it]);
  if (forFdb !== undefined && what !== 'fdb')
    throw new CallError(`show ${what}: --${forFdb} is for fdb`);
  macOf(options);
  const until = untilOf(options.at);
  const compiled = compile(await loadLab(topology));
  if (what === 'routes') {
    print(compiled, what, routesShown(compiled), routesTable, options);
    return;
  }
  await watchReplay(compiled, inputsFrom(options.in ?? [], compiled), {
    tracing: 'none',
    until,
    finished: (plane, tick) => {
      tell(compiled, what, { plane, tick }, options);
    },
  });
}

function tell(
  compiled: Compiled,
  what: Exclude<Replayed, 'routes'>,
  { plane, tick }: { readonly plane: Plane; readonly tick: number },
  options: ShowReplayOptions,
): void {
  switch (what) {
    case 'conntrack':
      print(compiled, what, conntrackOf(compiled, plane, tick), conntrackTable, options, tick);
      return;
    case 'neighbors':
      print(compiled, what, neighborsOf(compiled, plane, tick), neighborsTable, options, tick);
      return;
    case 'nat':
      print(compiled, what, natOf(compiled, plane, tick), natTable, options, tick);
      return;
    case 'fdb':
      process.stdout.write(`${fdbText(compiled, plane, tick, options)}\n`);
  }
}

function print<T>(
  { lab }: Compiled,
  what: Replayed,
  hosts: readonly T[],
  tableFor: (file: string, hosts: readonly T[]) => string,
  { json }: ShowReplayOptions,
  tick?: number,
): void {
  const shown = {
    what,
    topology: lab.file,
    ...(tick !== undefined && { at_s: tick / 1e9 }),
    hosts,
  };
  const text = json ? JSON.stringify(shown, null, 2) : tableFor(lab.file, hosts);
  process.stdout.write(`${text}\n`);
}

const UNITS_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/**
 * The moment of `--at`: `3.5s` after the first frame, or a time as captures have it, `2026-05-04T09:08:07.123456789Z`; UTC where it does not say.
 * @throws CallError when it is neither
 */
function untilOf(word: string | undefined): Until {
  if (word === undefined) return () => Infinity;
  const { amount, unit = '' } =
    /^(?<amount>\d+(?:\.\d+)?)(?<unit>[nuµm]?s)$/.exec(word)?.groups ?? {};
  if (amount !== undefined) {
    const tick = Math.round(Number(amount) * (UNITS_NS[unit] ?? 0));
    return () => tick;
  }
  const parts =
    /^(?<whole>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?<part>\d{1,9}))?(?<zone>Z|[+-]\d\d:\d\d)?$/.exec(
      word,
    )?.groups;
  const whole_ms = Date.parse(`${parts?.['whole'] ?? ''}${parts?.['zone'] ?? 'Z'}`);
  if (Number.isNaN(whole_ms))
    throw new CallError(
      `--at ${word}: write how long after the first frame, as 3.5s or 250ms, or a time as 2026-05-04T09:08:07.5Z`,
    );
  const part_ns = Number((parts?.['part'] ?? '').padEnd(9, '0'));
  return ({ seconds, nanoseconds }) => (whole_ms / 1000 - seconds) * 1e9 + (part_ns - nanoseconds);
}
