/** The tables of `show fdb`. */
import { grouped, tableOf } from '../cli/table.js';
import { duration } from '../live/units.js';
import type { RemoteChange, RemoteShown } from './remotes.js';
import type { Station } from './stations.js';

export function stationsTable(stations: readonly Station[]): string {
  const hasVlans = stations.some(({ vlan }) => vlan !== undefined);
  return tableOf(
    ['network', ...(hasVlans ? ['VLAN'] : []), 'MAC', 'port', 'kind', 'last heard', 'taught by'],
    stations.map(({ network, vlan, mac, port, kind, heard_s, taughtBy, at }) => [
      network,
      ...(hasVlans ? [vlan ?? '-'] : []),
      mac,
      port,
      kind,
      heardText(heard_s),
      taughtText(taughtBy, at),
    ]),
  );
}

function heardText(heard_s: number | undefined): string {
  return heard_s === undefined ? '-' : `${duration(heard_s)} ago`;
}

function taughtText(taughtBy: Station['taughtBy'], at: string | undefined): string {
  if (taughtBy === undefined) return at ?? 'the topology';
  const { number, port, ago_s } = taughtBy;
  return `frame ${grouped(number)} of ${port}, ${duration(ago_s)} ago`;
}

export function remotesTable(remotes: readonly RemoteShown[]): string {
  return tableOf(
    ['tunnel end', 'VNI', 'MAC', 'remote', 'kind', 'last heard', 'taught by'],
    remotes.map(({ port, vni, mac, remote, kind, heard_s, taughtBy, at }) => [
      port,
      String(vni),
      mac,
      remote,
      kind,
      heardText(heard_s),
      taughtText(taughtBy, at),
    ]),
  );
}

export function historyTable(changes: readonly RemoteChange[]): string {
  if (changes.length === 0) return 'No tunnel end has learned or forgotten anything.';
  return tableOf(
    ['time', 'tunnel end', 'VNI', 'MAC', 'change', 'from', 'to', 'because of'],
    changes.map((one) => [
      one.at_s === undefined ? '-' : `${one.at_s.toFixed(3)} s`,
      one.port,
      String(one.vni),
      one.mac,
      one.change,
      one.from ?? '-',
      one.to ?? '-',
      causeText(one),
    ]),
  );
}

function causeText({ change, frame, silent_s, at }: RemoteChange): string {
  if (silent_s !== undefined) return `${duration(silent_s)} of silence`;
  if (frame === undefined) return at ?? 'the topology';
  const cause = `frame ${grouped(frame.number)} of ${frame.port}`;
  return change === 'evicted' ? `room for that of ${cause}` : cause;
}
