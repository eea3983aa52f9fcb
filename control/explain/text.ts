/** Addresses and numbers as people write them. */
import { addressWord } from '../../dataplane/wire/ipv6.js';

/** `02:42:ac:12:00:02`, from the first two and the last four bytes. */
export function macText(high: number, low: number): string {
  const digits = high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0');
  return digits.replace(/..(?=.)/g, '$&:');
}

/** Dotted decimal, from 0..0xffffffff. */
export function ipv4Text(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** The canonical text of RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
export function ipv6Text(bytes: DataView, addressAt: number): string {
  const groups = [0, 1, 2, 3].flatMap((index) => {
    const word = addressWord(bytes, addressAt, index);
    return [(word >>> 16).toString(16), (word & 0xffff).toString(16)];
  });
  const text = groups.join(':');
  const runs = text.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  // Groups have no leading zeros, so a run of zero groups matches at a group boundary only.
  const before = text.slice(0, text.search(new RegExp(`\\b${longest}\\b`)));
  const after = text.slice(before.length + longest.length);
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

/** `0x88b5`: at least `digits` hexadecimal digits. */
export function hex(value: number, digits = 4): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
