/** Which addresses are a host's own, everybody's, or nobody's (RFC 1812 §5.3.7, §5.3.5; RFC 1122 §3.2.1.3; Linux net/ipv4/route.c). */
import { RouteKind } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { Exact } from '../state/exact.js';
import type { Packet } from './packet.js';

export interface LocalAddresses {
  /** The row of an address, four words, if it is one of this host's, else -1. */
  readonly rowOf: (host: number, words: Int32Array) => number;
  /** Is it for more than one host: a group, or everybody in one of the subnets of this host? */
  readonly isForMany: (host: number, packet: Packet) => boolean;
  /** Is its source one host, and not this one, to which something can be sent (RFC 1812 §4.3.2.7)? */
  readonly hasOneSender: (host: number, packet: Pick<Packet, 'family' | 'source'>) => boolean;
  /** Is it for the stack of this host: one of its addresses, a group, or the broadcast address of one of its subnets? */
  readonly isLocal: (host: number, packet: Packet) => boolean;
  /** Does it come from an address that no packet on a network can come from, or from one of the host's own? */
  readonly isFromMartian: (host: number, packet: Packet) => boolean;
  /** Does it go to an address that no packet on a network can go to, or is one of its addresses good on its own link only? */
  readonly isConfined: (packet: Packet) => boolean;
  /** Is an IPv4 address surely one of another station's alone? False for those of all hosts here, and for some others. */
  readonly isElsewhere: (address: number) => boolean;
  /** Is it an address of the host itself? */
  readonly isOwn: (host: number, words: Int32Array) => boolean;
}

export function localAddressesOf(program: Program): LocalAddresses {
  const own = ownAddresses(program);
  const broadcasts = broadcastsOf(program);
  const isKnown = sieveOf(own.keys, broadcasts.keys);

  function isGroup({ family, destination }: Packet): boolean {
    if (family === 6) return destination[0] >>> 24 === 0xff;
    return destination[3] >>> 28 === 0xe || destination[3] === -1;
  }

  function rowOf(host: number, words: Int32Array): number {
    if (isKnown[sieveAt(words[3])] === 0) return NOT_OURS;
    return own.table.find(host, words[0], words[1], words[2], words[3]);
  }

  function isBroadcast(host: number, family: number, words: Int32Array): boolean {
    if (family === 6 || isKnown[sieveAt(words[3])] === 0) return false;
    return broadcasts.table.find(host, 0, 0, 0, words[3]) >= 0;
  }

  function isOwn(host: number, words: Int32Array): boolean {
    return rowOf(host, words) >= 0;
  }

  function isForMany(host: number, packet: Packet): boolean {
    return isGroup(packet) || isBroadcast(host, packet.family, packet.destination);
  }

  return {
    rowOf,
    isForMany,
    isOwn,
    isElsewhere: (address) => isKnown[sieveAt(address)] === 0 && !isMartianIpv4(address, true),
    hasOneSender: (host, { family, source }) => {
      if (isOwn(host, source) || isBroadcast(host, family, source)) return false;
      return !(family === 4 ? isMartianIpv4(source[3], true) : isMartianIpv6(source, true));
    },
    isLocal: (host, packet) => isOwn(host, packet.destination) || isForMany(host, packet),
    isFromMartian: (host, { family, source }) =>
      (family === 4 ? isMartianIpv4(source[3], true) : isMartianIpv6(source, true)) ||
      isOwn(host, source),
    isConfined: ({ family, source, destination }) =>
      family === 4
        ? isMartianIpv4(destination[3], false)
        : isMartianIpv6(destination, false) || isLinkLocal(source) || isLinkLocal(destination),
  };
}

/** Addresses by host, and the last words of all of them. */
interface Addresses {
  readonly table: Exact;
  readonly keys: Uint32Array;
}

const SIEVE_BITS = 12;
export const NOT_OURS = -1;

function sieveAt(word: number): number {
  return Math.imul(word, 0x9e3779b9) >>> (32 - SIEVE_BITS);
}

/** Most addresses are nobody's here, and so found out without a look into a table: 1 where one may be in it. */
function sieveOf(...keys: readonly Uint32Array[]): Uint8Array {
  const sieve = new Uint8Array(1 << SIEVE_BITS);
  for (const words of keys) for (const word of words) sieve[sieveAt(word)] = 1;
  return sieve;
}

/** The addresses by host: those of all interfaces that have the same rows are one host's. */
function ownAddresses(program: Program): Addresses {
  const { networks, links, addresses } = program;
  const own = new Exact(addresses.rows);
  const add = (host: number, first: number, count: number): void => {
    for (let row = first; row < first + count; row++)
      own.put(
        host,
        addresses.word0[row],
        addresses.word1[row],
        addresses.word2[row],
        addresses.word3[row],
        row,
      );
  };
  for (let row = 0; row < networks.rows; row++)
    add(networks.host[row], networks.firstAddress[row], networks.addressCount[row]);
  for (let row = 0; row < links.rows; row++)
    add(links.host[row], links.firstAddress[row], links.addressCount[row]);
  return { table: own, keys: addresses.word3 };
}

/** 0/8 and 127/8 are never on a wire, 240/4 is reserved, and a packet comes from no group (RFC 1812 §5.3.7, RFC 6890). */
function isMartianIpv4(address: number, isSource: boolean): boolean {
  const first = address >>> 24;
  if (first === 127 || first === 0) return true;
  return first >= 0xf0 || (isSource && first >= 0xe0);
}

/** :: and ::1 are never on a wire, and a packet comes from no group (RFC 4291 §2.5.2, §2.5.3, §2.7). */
function isMartianIpv6(words: Int32Array, isSource: boolean): boolean {
  if ((words[0] | words[1] | words[2]) === 0 && words[3] >>> 1 === 0) return true;
  return isSource && words[0] >>> 24 === 0xff;
}

/** fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocal(words: Int32Array): boolean {
  return words[0] >>> 22 === 0x3fa;
}

/** The addresses that stand for everybody in a subnet of the host (RFC 1812 §5.3.5.2, RFC 2644). */
function broadcastsOf({ routes }: Program): Addresses {
  const table = new Exact(2 * routes.rows);
  const keys = new Uint32Array(2 * routes.rows);
  for (let row = 0; row < routes.rows; row++) {
    const isConnected =
      (routes.via0[row] | routes.via1[row] | routes.via2[row] | routes.via3[row]) === 0 &&
      routes.kind[row] === RouteKind.Unicast;
    const hostBits = 128 - routes.prefix[row];
    if (routes.family[row] !== 4 || !isConnected || hostBits < 2 || hostBits >= 32) continue;
    const mask = -1 << hostBits;
    keys[2 * row] = (routes.word3[row] & mask) | ~mask;
    keys[2 * row + 1] = routes.word3[row] & mask;
    table.put(routes.host[row], 0, 0, 0, keys[2 * row], row);
    table.put(routes.host[row], 0, 0, 0, keys[2 * row + 1], row);
  }
  return { table, keys };
}
