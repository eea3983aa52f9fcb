import type { Position } from './position.js';

/**
 * A part of the file as the user wrote it: its plain value and where it stands. A `Written<T>` is a `Value<T>` that can be
 * entered: `written.get('driver')` is again a value with a position. Behind an alias or a merge key the position is that of
 * the text it repeats. Never changed after it is made: aliases share parts.
 */
export class Written<T = unknown> {
  constructor(
    readonly value: T,
    readonly at: Position,
    private readonly parts: ReadonlyMap<string | number, Part> = new Map(),
  ) {}

  /** What stands under a key; undefined also where the key is there but empty (YAML null), as Compose has it. */
  get<K extends keyof T & string>(key: K): Written<NonNullable<T[K]>> | undefined {
    const part = this.parts.get(key);
    if (part === undefined || part.written.value === null) return undefined;
    return part.written as Written<NonNullable<T[K]>>;
  }

  /** Where a key itself stands. */
  keyAt(key: string | number): Position {
    return this.parts.get(key)?.keyAt ?? this.at;
  }

  /** The part with that key, whatever it is. */
  part(key: string | number): Written | undefined {
    return this.parts.get(key)?.written;
  }

  /** All parts, in file order. */
  allParts(): ReadonlyMap<string | number, Part> {
    return this.parts;
  }
}

export interface Part {
  readonly keyAt: Position;
  readonly written: Written;
}

/** An entry of a mapping whose keys the user chose. */
export interface Entry<V> {
  readonly key: string;
  readonly keyAt: Position;
  readonly written: Written<V>;
}

/** The value of an entry, or undefined where only its key is written. */
export function present<T>(written: Written<T | null>): Written<T> | undefined {
  return written.value === null ? undefined : (written as Written<T>);
}

export function entries<V>(mapping: Written<Readonly<Record<string, V>>> | undefined): Entry<V>[] {
  if (mapping === undefined) return [];
  return Array.from(mapping.allParts(), ([key, { keyAt, written }]) => {
    return { key: String(key), keyAt, written: written as Written<V> };
  });
}

export function items<E>(list: Written<readonly E[]> | undefined): Written<E>[] {
  if (list === undefined) return [];
  return Array.from(list.allParts().values(), ({ written }) => written as Written<E>);
}

/** Compose often takes a list or a mapping for the same thing: one of the two answers is empty. */
export function itemsOrEntries<E, V>(
  written: Written<readonly E[] | Readonly<Record<string, V>>> | undefined,
): { items: Written<E>[]; entries: Entry<V>[] } {
  const isList = Array.isArray(written?.value);
  return {
    items: isList ? items(written as Written<readonly E[]>) : [],
    entries: isList ? [] : entries(written as Written<Readonly<Record<string, V>>> | undefined),
  };
}

/** A mapping made of parts that stand somewhere already. Its value has no prototype: `__proto__` is a key like others. */
export function writtenMapping(at: Position, parts: ReadonlyMap<string, Part>): Written {
  const value = Object.create(null) as Record<string, unknown>;
  for (const [key, part] of parts) value[key] = part.written.value;
  return new Written<unknown>(value, at, parts);
}

/** A list made of parts that stand somewhere already. */
export function writtenList(at: Position, list: readonly Written[]): Written {
  const parts = new Map(list.map((written, index) => [index, { keyAt: written.at, written }]));
  return new Written<unknown>(
    list.map(({ value }) => value),
    at,
    parts,
  );
}

/** The same, with each part replaced by what `change` makes of it; parts it answers undefined for are left out. */
export function withParts(
  whole: Written,
  change: (part: Written, key: string | number) => Written | undefined,
): Written {
  if (typeof whole.value !== 'object' || whole.value === null) return whole;
  const parts = new Map<string | number, Part>();
  for (const [key, { keyAt, written }] of whole.allParts()) {
    const changed = change(written, key);
    if (changed !== undefined) parts.set(key, { keyAt, written: changed });
  }
  if (!Array.isArray(whole.value)) {
    return writtenMapping(whole.at, parts as ReadonlyMap<string, Part>);
  }
  return writtenList(
    whole.at,
    Array.from(parts.values(), ({ written }) => written),
  );
}
