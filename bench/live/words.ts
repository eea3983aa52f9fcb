/** Results in words and figures for people. */
import type { Machine } from './machine.js';
import type { Row } from './result.js';
import type { Report } from './run.js';

/** The columns of the table that people read. */
export const COLUMNS = ['measure', 'forwarder', 'value', 'lowest..highest', 'ratio', 'bar', ''];

/** The value with its unit. */
export function figureOf({ value, unit }: Pick<Row, 'value' | 'unit'>): string {
  return `${scaled(value, unit)} ${nameOf(unit)}`;
}

function scaled(value: number, unit: Row['unit']): string {
  if (unit === 'bit/s') return (value / 1e9).toFixed(2);
  return unit === 'frames/s' ? (value / 1e6).toFixed(3) : value.toFixed(1);
}

function nameOf(unit: Row['unit']): string {
  if (unit === 'bit/s') return 'Gbit/s';
  return unit === 'frames/s' ? 'Mpps' : 'µs';
}

/** One line of the table. */
export function cellsOf(row: Row): string[] {
  return [
    row.title,
    row.forwarder,
    figureOf(row),
    `${scaled(row.min, row.unit)}..${scaled(row.max, row.unit)}`,
    row.ratio.toFixed(2),
    row.bar ?? '',
    [row.isMet === undefined ? '' : row.isMet ? 'met' : 'NOT MET', remarkOf(row)]
      .filter(Boolean)
      .join('; '),
  ];
}

function remarkOf({ broken, more, unit }: Row): string {
  const { lossless, lost = 0 } = more;
  const names = ['p50', 'p99', 'p99.9', 'max'].filter((name) => more[name] !== undefined);
  return [
    ...(broken === undefined ? [] : [`broken: ${broken}`]),
    ...(unit === 'µs' ? names.map((name) => `${name} ${(more[name] ?? NaN).toFixed(1)}`) : []),
    ...(lossless === undefined ? [] : [`half of ${scaled(lossless, 'frames/s')} Mpps`]),
    ...(lost === 0 ? [] : [`${lost} lost`]),
  ].join(', ');
}

/** On what and how was measured, in one line. */
export function factsOf({ machine, seconds, runs }: Report): string {
  return `${describe(machine)}; ${runs} ${runs === 1 ? 'round' : 'rounds'}, ${seconds} s each`;
}

function describe({ processor, cores, kernel, node }: Machine): string {
  return `${processor}, ${cores} cores, Linux ${kernel}, Node ${node}`;
}

/** What a reader must know to judge the figures. */
export function notesOf({ machine, runs, results, skipped }: Report): string[] {
  const yardstick = results.filter(({ forwarder }) => forwarder === 'kernel bridge');
  const noise = Math.max(...yardstick.map(({ min, max, value }) => (max - min) / value));
  return [
    ...skipped.map(({ what, why }) => `skipped: ${what}: ${why}`),
    runs === 1
      ? 'noise: one round tells nothing of it'
      : `noise: the kernel bridge itself differs by up to ${(noise * 100).toFixed(0)} % between rounds`,
    ...(machine.loadBefore > 0.5
      ? [
          `noise: other programs were running, load ${machine.loadBefore.toFixed(2)} before the start`,
        ]
      : []),
  ];
}
