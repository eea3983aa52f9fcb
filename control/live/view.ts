/**
 * The live lines of `up`: a line for every port, from two Samples. Nothing here knows a clock or a terminal; who calls it prints what it
 * returns, each second, over what it printed before.
 */
import { ratesOf, total } from './meter.js';
import type { PortSample, Sample } from './meter.js';
import { bits, count } from './units.js';

const HEAD = ['port', 'in', '', 'out', '', 'drops', ''];
/** As wide as what they usually show, so that lines do not jump from second to second. */
const WIDTHS = [
  0,
  '123M/s'.length,
  '1.23 Gbit/s'.length,
  '123M/s'.length,
  '1.23 Gbit/s'.length,
  0,
  0,
];

/**
 * The lines between two Samples.
 * @param most how many lines there is room for, 3 or more: of many ports the busiest are shown, and how many are not
 */
export function linesOf(before: Sample, after: Sample, most = Infinity): string[] {
  const rows = after.ports
    .map((port, number) => ({ port, number, ...ratesOf(before, after, number) }))
    .filter(({ port }) => port.isOpen);
  const room = rows.length < most ? rows.length : Math.max(1, most - 2);
  const busy = (row: (typeof rows)[number]): number => row.in.frames_per_s + row.out.frames_per_s;
  const shown = rows
    .toSorted((one, other) => busy(other) - busy(one))
    .slice(0, room)
    .toSorted((one, other) => one.number - other.number);
  const cells = shown.map((row) => [
    row.port.name,
    `${count(row.in.frames_per_s)}/s`,
    bits(row.in.bits_per_s),
    `${count(row.out.frames_per_s)}/s`,
    bits(row.out.bits_per_s),
    count(total(row.port.dropped)),
    remark(row.port, row.drops_per_s),
  ]);
  const left = rows.length - shown.length;
  return [...columns([HEAD, ...cells]), ...(left > 0 ? [`and ${left} more, less busy`] : [])];
}

function remark({ state, why }: PortSample, drops_per_s: number): string {
  if (state !== 'up') return why === '' ? state : `${state}: ${why}`;
  return drops_per_s > 0 ? `+${count(drops_per_s)}/s` : '';
}

/** Columns as wide as their widest cell, the first and the last to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = WIDTHS.map((least, column) =>
    Math.max(least, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === row.length - 1
          ? cell.padEnd(width)
          : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
