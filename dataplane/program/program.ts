/**
 * A Program: the Intent compiled to one buffer of typed arrays, adopted by any thread without parsing.
 *
 * The buffer begins with five words: magic, version, epoch, size in bytes, number of tables; then the row count of each table; then the
 * columns in the order of layout.ts, each aligned to eight bytes. `allocate` makes one to be filled, `revive` views one that arrived.
 * Never: a change after it was published. A new topology is a new Program with a higher epoch.
 */
import { layout } from './layout.js';

type Layout = typeof layout;
export type TableName = keyof Layout;
type Columns<T extends TableName> = {
  readonly [C in keyof Layout[T]]: Layout[T][C] extends new (...a: never[]) => infer A ? A : never;
};
export type Table<T extends TableName> = Columns<T> & { readonly rows: number };
export type Program = { readonly [T in TableName]: Table<T> } & {
  readonly epoch: number;
  readonly buffer: SharedArrayBuffer;
};

/** Any of the typed-array constructors that layout.ts uses. */
interface Column {
  new (buffer: SharedArrayBuffer, at: number, rows: number): unknown;
  readonly BYTES_PER_ELEMENT: number;
}

const MAGIC = 0x4c525445; // "ETRL"
const VERSION = 6;
const WORDS_BEFORE_COUNTS = 5;
const names = Object.keys(layout) as TableName[];
const aligned = (bytes: number): number => (bytes + 7) & ~7;
const headerBytes = aligned((WORDS_BEFORE_COUNTS + names.length) * 4);

/** An empty Program with room for these rows, none where nothing is said, to be filled by the compiler. */
export function allocateProgram(
  wanted: Readonly<Partial<Record<TableName, number>>>,
  epoch: number,
): Program {
  const rows = Object.fromEntries(names.map((name) => [name, wanted[name] ?? 0])) as Record<
    TableName,
    number
  >;
  const size = names.reduce((bytes, name) => bytes + tableBytes(name, rows[name]), headerBytes);
  const buffer = new SharedArrayBuffer(size);
  const header = new Uint32Array(buffer, 0, WORDS_BEFORE_COUNTS + names.length);
  header.set([MAGIC, VERSION, epoch, size, names.length, ...names.map((name) => rows[name])]);
  return reviveProgram(buffer);
}

/** Views a Program that came from another thread. Throws RangeError when the buffer is not one. */
export function reviveProgram(buffer: SharedArrayBuffer): Program {
  const header = new Uint32Array(buffer, 0, WORDS_BEFORE_COUNTS + names.length);
  const [magic, version, epoch, size, tables] = header;
  if (magic !== MAGIC || version !== VERSION || tables !== names.length)
    throw new RangeError('this buffer is not a Program of this version');
  if (size !== buffer.byteLength) throw new RangeError('this Program was cut');
  let at = headerBytes;
  const views = names.map((name, i) => {
    const rows = header[WORDS_BEFORE_COUNTS + i];
    const table: Record<string, unknown> = { rows };
    for (const [column, Type] of Object.entries<Column>(layout[name])) {
      table[column] = new Type(buffer, at, rows);
      at += aligned(rows * Type.BYTES_PER_ELEMENT);
    }
    // V8 turns an object that got many properties by computed names into a hash table, and then takes no column for a constant. A copy is none.
    return [name, { ...table }] as const;
  });
  return { ...Object.fromEntries(views), epoch, buffer } as unknown as Program;
}

function tableBytes(name: TableName, rows: number): number {
  return Object.values<Column>(layout[name]).reduce(
    (bytes, Type) => bytes + aligned(rows * Type.BYTES_PER_ELEMENT),
    0,
  );
}
