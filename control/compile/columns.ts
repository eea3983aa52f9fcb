/** Values of the topology as columns of numbers. */
import { parseAddress } from '../address.js';
import type { Position } from '../model/position.js';

interface MacColumns {
  readonly macHigh: Uint16Array;
  readonly macLow: Uint32Array;
}

export function writeMac({ macHigh, macLow }: MacColumns, row: number, mac: string): void {
  const digits = mac.replaceAll(':', '');
  macHigh[row] = parseInt(digits.slice(0, 4), 16);
  macLow[row] = parseInt(digits.slice(4), 16);
}

interface OriginColumns {
  readonly originLine: Uint32Array;
  readonly originColumn: Uint32Array;
}

export function writeOrigin(columns: OriginColumns, row: number, at: Position | undefined): void {
  columns.originLine[row] = at?.line ?? 0;
  columns.originColumn[row] = at?.column ?? 0;
}

interface WordColumns {
  readonly word0: Uint32Array;
  readonly word1: Uint32Array;
  readonly word2: Uint32Array;
  readonly word3: Uint32Array;
}

/** An address of either family; IPv4 stands in the last word, behind three of 0. */
export function writeAddressWords(columns: WordColumns, row: number, text: string): void {
  const [a, b, c, d] = wordsOf(parseAddress(text)?.value ?? 0n);
  columns.word0[row] = a;
  columns.word1[row] = b;
  columns.word2[row] = c;
  columns.word3[row] = d;
}

/** The four words of an address, the first one with the highest bits. */
export function wordsOf(value: bigint): [number, number, number, number] {
  const word = (index: bigint): number => Number((value >> (96n - 32n * index)) & 0xffff_ffffn);
  return [word(0n), word(1n), word(2n), word(3n)];
}
