/** Addresses as bytes, as frames carry them, and as text, as labs write them. */
import { addressText, parseAddress, parseBlock } from '../../control/address.js';
import type { Block } from '../../control/address.js';
import { hex } from '../../pcaps/build/bytes.js';

/** An address of a NIC and the block it says is on the link. */
export interface Prefixed {
  readonly text: string;
  readonly block: Block;
}

/** Reads `172.16.69.1/24` or `fd00::1/64`. */
export function prefixed(cidr: string): Prefixed {
  const read = parseBlock(cidr);
  if (read === undefined) throw new Error(`not an address with prefix length: ${cidr}`);
  const { family, value } = read.address;
  return { text: addressText(family, value), block: read.block };
}

/** Four bytes, or sixteen. */
export function bytesOf(address: string): Uint8Array {
  const read = parseAddress(address);
  if (read === undefined) throw new Error(`not an address: ${address}`);
  return hex(read.value.toString(16).padStart(read.family === 4 ? 8 : 32, '0'));
}

export function textOf(bytes: Uint8Array): string {
  const family = bytes.length === 4 ? 4 : 6;
  return addressText(family, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** `52:54:00:00:00:01`. */
export function macTextOf(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function isIpv6(address: string): boolean {
  return address.includes(':');
}
