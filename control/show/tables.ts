/** The tables of `show conntrack`, `routes`, `neighbors` and `nat`. */
import { tableOf } from '../cli/table.js';
import { placeText } from '../explain/conntrack-words.js';
import type { TranslationRule } from '../explain/hops.js';
import type { Position } from '../model/position.js';
import type { ConnectionShown, HostConntrack, TupleShown } from './connections.js';
import type { HostNat } from './nat.js';
import type { HostNeighbors } from './neighbors.js';
import type { HostRoutes } from './routes.js';

type Row = readonly (string | number)[];

/** A table, or a sentence where there is nothing to put into it. */
function orNothing(head: readonly string[], rows: readonly Row[], nothing: string): string {
  return rows.length === 0 ? nothing : tableOf(head, rows);
}

/** `lab.yaml:7`, or nothing where nobody wrote it. */
function lineOf(file: string, at: Position | undefined): string {
  return at === undefined ? '' : `${file}:${at.line}`;
}

export function conntrackTable(file: string, hosts: readonly HostConntrack[]): string {
  const head = ['host', 'protocol', 'state', 'original', 'reply', 'left', 'first frame', 'rule'];
  const rows = hosts.flatMap(({ host, connections }) =>
    connections.map((one) => [
      host,
      one.protocol,
      progressText(one),
      wayText(one.original),
      wayText(one.reply),
      `${one.timeout_s.toFixed(3)} s`,
      `${one.openedBy.port}:${one.openedBy.number}`,
      [one.destinationRule, one.sourceRule]
        .flatMap((rule) => (rule === undefined ? [] : [ruleText(file, rule)]))
        .join(', '),
    ]),
  );
  return orNothing(head, rows, 'No host knows a connection.');
}

/** The words that conntrack(8) prints. */
function progressText({ state, replied, assured }: ConnectionShown): string {
  return [
    ...(state === undefined ? [] : [state]),
    ...(replied ? [] : ['UNREPLIED']),
    ...(assured ? ['ASSURED'] : []),
  ].join(' ');
}

function wayText({ source, destination }: TupleShown): string {
  return `${placeText(source)} → ${placeText(destination)}`;
}

/** `the published port of web (lab.yaml:7)`. */
function ruleText(file: string, { rule, at }: TranslationRule): string {
  return at === undefined ? rule : `${rule} (${lineOf(file, at)})`;
}

export function routesTable(file: string, hosts: readonly HostRoutes[]): string {
  const rows = hosts.flatMap(({ host, routes }) =>
    routes.map(({ route, at }) => [host, route, lineOf(file, at)]),
  );
  return orNothing(['host', 'route', 'line'], rows, 'No host has a route.');
}

export function neighborsTable(_file: string, hosts: readonly HostNeighbors[]): string {
  const head = ['host', 'interface', 'address', 'MAC', 'state', 'heard at'];
  const rows = hosts.flatMap(({ host, neighbors }) =>
    neighbors.map((one) => [
      host,
      one.interface,
      one.address,
      one.mac ?? '',
      one.state,
      one.asked === undefined
        ? `${one.heard_s.toFixed(3)} s`
        : `asked ${one.asked} ${one.asked === 1 ? 'time' : 'times'}, ${one.waiting ?? 0} waiting`,
    ]),
  );
  return orNothing(head, rows, 'No host knows a neighbor.');
}

export function natTable(file: string, hosts: readonly HostNat[]): string {
  const rules = hosts.flatMap(({ host, rules }) =>
    rules.map(({ kind, rule, at, connections }) => [
      host,
      kind,
      rule,
      lineOf(file, at),
      connections,
    ]),
  );
  const mappings = hosts.flatMap(({ host, mappings = [] }) =>
    mappings.map((one) => [
      host,
      one.protocol,
      placeText(one.inside),
      placeText(one.outside),
      `${one.timeout_s.toFixed(3)} s`,
      ruleText(file, one.rule),
    ]),
  );
  const head = ['host', 'kind', 'rule', 'line', 'connections'];
  const first = orNothing(head, rules, 'No host translates anything.');
  if (mappings.length === 0) return first;
  const mapped = tableOf(['host', 'protocol', 'inside', 'outside', 'left', 'mapped by'], mappings);
  return `${first}\n\n${mapped}`;
}
