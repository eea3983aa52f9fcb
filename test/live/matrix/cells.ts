/** What is tried in the matrix, and what came of it. */
import { MTUS } from './bench.js';
import type { Station } from './bench.js';
import { converse, PROBES } from './traffic.js';
import type { Heard, Probe } from './traffic.js';

export interface Cell {
  readonly one: Station;
  readonly other: Station;
  readonly network: number;
  /** In the VLAN. */
  readonly tagged: boolean;
  readonly version: 4 | 6;
  readonly probes: readonly Probe[];
}

export interface Answer extends Heard {
  readonly cell: Cell;
}

/** Each station with each. One that is small in a large network understands what TCP agrees on and short datagrams, as on any Ethernet. */
export function cellsOf(stations: readonly Station[]): Cell[] {
  return stations.flatMap((one, i) =>
    stations.slice(i + 1).flatMap((other) => {
      const areSmall = [one, other].map(({ variant }) => variant.twist === 'small');
      const isMixed = areSmall.includes(true);
      const probes: readonly Probe[] = isMixed ? ['train', 'tcp'] : PROBES;
      const networks = isMixed ? [1] : [...MTUS.keys()];
      return networks.flatMap((network) =>
        [false, true].flatMap((tagged) =>
          ([4, 6] as const).map((version) => ({ one, other, network, tagged, version, probes })),
        ),
      );
    }),
  );
}

/** Tries all of them. @throws Error when the program that makes the traffic does not end well */
export async function tryAll(cells: readonly Cell[], tcpBytes: number): Promise<Answer[]> {
  const talks = cells.map(({ one, other, network, tagged, version, probes }) => ({
    mtu: MTUS[network] ?? MTUS[0],
    one: { namespace: one.path, address: one.address(network, tagged, version) },
    other: { namespace: other.path, address: other.address(network, tagged, version) },
    probes,
  }));
  const heard = await converse(talks, tcpBytes);
  return cells.flatMap((cell, id) => {
    const answer = heard[id];
    return answer === undefined ? [] : [{ cell, ...answer }];
  });
}

/** A line for each cell that failed, after a head; nothing when none did. */
export function tableOf(answers: readonly Answer[]): string {
  const failed = answers.filter(({ failures }) => Object.keys(failures).length > 0);
  const untried = answers.filter((answer) => answer.untried).length;
  if (failed.length + untried === 0) return '';
  const rows = failed.map(({ cell, failures }) => {
    const { one, other, network, tagged, version } = cell;
    return [
      one.name,
      other.name,
      String(MTUS[network]),
      tagged ? 'tagged' : '-',
      `IPv${version}`,
      Object.entries(failures)
        .map(([probe, why]) => `${probe}: ${why}`)
        .join(' | '),
    ];
  });
  const table = [['one', 'other', 'MTU', 'VLAN', 'IP', 'what did not pass'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  const lines = table.map((row) => row.map((word, i) => word.padEnd(widths[i] ?? 0)).join('  '));
  return `${failed.length} of ${answers.length} cells failed, ${untried} were not tried:\n${lines.join('\n')}`;
}
