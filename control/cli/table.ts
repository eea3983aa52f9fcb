import Table from 'cli-table3';

/**
 * A plain table without colours or boxes; numbers stand to the right.
 * @param widths of columns whose words are to be wrapped; the others are as wide as they need
 */
export function tableOf(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  widths: readonly (number | null)[] = [],
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (isNumber(rows[0]?.[column]) ? 'right' : 'left')),
    colWidths: [...widths],
    wordWrap: true,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(CHARACTERS.map((name) => [name, ''])),
  });
  table.push(
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell))),
  );
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function isNumber(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || /^[±-]?\d[\d,]*(\.\d+)?( (%|s|ms|KiB))?$/.test(cell ?? '');
}

const CHARACTERS = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left',
  'left-mid',
  'mid',
  'mid-mid',
  'right',
  'right-mid',
  'middle',
] as const;

/** 1234567 as 1,234,567. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** What counters say of errors that were not sent; nothing where all were. */
export function keptBackText(errors: number): string[] {
  if (errors === 0) return [];
  return [`${grouped(errors)} ICMP ${errors === 1 ? 'error' : 'errors'} kept back by the limit`];
}
