/** Bytes put together from parts, in network order. */

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes from hexadecimal digits; blanks and colons do not count. */
export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(/[ :]/g, ''), 'hex'));
}

export function text(characters: string): Uint8Array {
  return new Uint8Array(Buffer.from(characters));
}

export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >>> 8, value & 0xff]));
}

export function u32(...values: readonly number[]): Uint8Array {
  return join(...values.map((value) => u16(value >>> 16, value & 0xffff)));
}

/** Bytes that tell their place: 0, 1, … 255, 0, … */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index & 0xff);
}

/** A copy in which a 16-bit field has another value. */
export function with16(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy.set(u16(value), at);
  return copy;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
