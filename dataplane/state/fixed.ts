/** Typed arrays as the compiler likes them. */

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array;

/**
 * The same array where it stays for good. V8 keeps those of up to 64 bytes among its objects, which the garbage collector moves, so that compiled code
 * looks up at each use where they are and how long; one on a buffer of its own is a constant.
 */
export function fixed<A extends Column>(array: A): A {
  const Kind = array.constructor as new (buffer: ArrayBuffer) => A;
  const copy = new Kind(new ArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
