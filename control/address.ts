import { createHash } from 'node:crypto';

import { Address4, Address6 } from 'ip-address';

/** An IP address as a number: what text says about its family and what arithmetic needs. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A block of addresses, `first` and `last` included. */
export interface Block {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefixLength: number;
}

/** Reads `192.168.0.1` or `fd00::2`; undefined for all else, `010.0.0.1` and `fe80::1%eth0` included. */
export function parseAddress(text: string): Address | undefined {
  if (/[/%\s]/.test(text)) return undefined;
  if (Address4.isValid(text)) return { family: 4, value: new Address4(text).bigInt() };
  if (Address6.isValid(text)) return { family: 6, value: new Address6(text).bigInt() };
  return undefined;
}

/** Reads `10.0.0.5/24` as the block it lies in and the address it is; undefined without a prefix length. */
export function parseBlock(text: string): { block: Block; address: Address } | undefined {
  const [head, length, ...more] = text.split('/');
  if (head === undefined || length === undefined || more.length > 0) return undefined;
  const address = parseAddress(head);
  const width = address?.family === 4 ? 32 : 128;
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > width) {
    return undefined;
  }
  return { block: blockAround(address, Number(length)), address };
}

export function blockAround({ family, value }: Address, prefixLength: number): Block {
  const hostBits = BigInt((family === 4 ? 32 : 128) - prefixLength);
  const first = (value >> hostBits) << hostBits;
  return { family, first, last: first + (1n << hostBits) - 1n, prefixLength };
}

export function contains(block: Block, { family, value }: Address): boolean {
  return block.family === family && block.first <= value && value <= block.last;
}

export function overlaps(one: Block, other: Block): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** Dotted decimal, or the canonical form of RFC 5952. */
export function addressText(family: 4 | 6, value: bigint): string {
  if (family === 6) return Address6.fromBigInt(value).correctForm();
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
}

export function blockText({ family, first, prefixLength }: Block): string {
  return `${addressText(family, first)}/${prefixLength}`;
}

/** Docker's rule up to version 27: 02:42 and the four bytes of the IPv4 address. */
export function macOfIpv4(value: bigint): string {
  return `02:42:${macTail(value.toString(16).padStart(8, '0'))}`;
}

/** Where Docker would throw dice, the same name always gives the same MAC: 02:42 and four bytes of its SHA-256. */
export function macOfName(name: string): string {
  return `02:42:${macTail(digestOf(name))}`;
}

function macTail(hex: string): string {
  return [0, 2, 4, 6].map((at) => hex.slice(at, at + 2)).join(':');
}

/** 64 hex digits: the ids Docker gives to things are of this form; ours follow from the name. */
export function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** Reads a MAC in either notation; `undefined` unless it is six bytes. The answer is in lower case with colons. */
export function parseMac(text: string): string | undefined {
  if (!/^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text)) return undefined;
  return text.toLowerCase().replaceAll('-', ':');
}

/** Group addresses and all zeros are no station's own (IEEE 802-2014 §8.2). */
export function isIndividual(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
}
