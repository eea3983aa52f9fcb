/** Where something stands in the topology file. Line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A value together with where the user wrote it; `at` is absent where the value is a default or was chosen by IPAM. */
export interface Value<T> {
  readonly value: T;
  readonly at?: Position;
}
