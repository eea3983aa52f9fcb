/**
 * Which address and port of a range a new connection gets, so that no two are alike (Linux net/netfilter/nf_nat_core.c, get_unique_tuple;
 * RFC 4787 §4.2, §4.3).
 *
 * Nothing here is left to chance: hashes have no secret, and what is random is drawn from the seed of its rule, so a replay gives each connection
 * the port it had.
 */
import { NatFlag, NatSelection } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { Protocol } from '../wire/ipv4.js';
import { NO_RULE } from './nat-rules.js';
import type { Packet } from './packet.js';

/** So many ports are tried for one connection at the most. */
const TRIES_MAX = 1024;
/** Ports below stay below (RFC 4787 REQ-3 a), and those of the r-commands below 512 (nf_nat_l4proto_unique_tuple). */
const PRIVILEGED = 1024;
const LOW = 512;
const LOW_FIRST = 1;
const PRIVILEGED_FIRST = 600;
const PORT_MAX = 0xffff;

export interface Choosing {
  /** Gives a packet the destination that a rule says: its address, and the low half of its ports. */
  readonly destination: (row: number, packet: Packet) => void;
  /** Gives a packet the source address that a rule says. */
  readonly source: (row: number, packet: Packet) => void;
  /**
   * Finds a source port, or an identifier, that is free, and puts it into the high half of the packet's ports. `row`: the rule that says which there
   * are, or NO_RULE. What it has, whatever it is, is kept where it is free and no range is given. False when none is free.
   */
  readonly port: (
    row: number,
    packet: Packet,
    isFree: () => boolean,
    keepsParity: boolean,
  ) => boolean;
}

export function choosingOf({ natRules }: Program): Choosing {
  const next = new Uint32Array(natRules.rows);
  const dice = Uint32Array.from(natRules.seed, (seed) => (seed << 1) | 1);

  /** xorshift32 */
  function random(row: number): number {
    let x = dice[row];
    x ^= x << 13;
    x ^= x >>> 17;
    dice[row] = x ^ (x << 5);
    return dice[row];
  }

  function startOf(row: number, packet: Packet, isSticky: boolean): number {
    switch (row === NO_RULE ? NatSelection.Hash : (natRules.selection[row] as NatSelection)) {
      case NatSelection.Sequential:
        return next[row]++;
      case NatSelection.Random:
        return random(row);
      case NatSelection.Persistent:
        return isSticky ? hashOf(packet.source) : hashOfAll(packet);
      default:
        return hashOfAll(packet);
    }
  }

  /** One of the addresses of a rule, into `words`. */
  function putAddress(row: number, packet: Packet, words: Int32Array): void {
    const count = natRules.toCount[row];
    const index = count <= 1 ? 0 : startOf(row, packet, true) % count;
    words[0] = natRules.to0[row];
    words[1] = natRules.to1[row];
    words[2] = natRules.to2[row];
    words[3] = natRules.to3[row] + index;
  }

  function keeps(row: number): boolean {
    if (row === NO_RULE) return true;
    const selection: NatSelection = natRules.selection[row];
    return selection === NatSelection.Hash || selection === NatSelection.Persistent;
  }

  return {
    destination: (row, packet) => {
      putAddress(row, packet, packet.destination);
      const [first, last] = [natRules.toPortFirst[row], natRules.toPortLast[row]];
      if (first === 0) return;
      const count = last - first + 1;
      const asMany = natRules.portLast[row] - natRules.portFirst[row] + 1 === count;
      const port = packet.ports & 0xffff;
      const index = asMany ? port - natRules.portFirst[row] : startOf(row, packet, false) % count;
      packet.ports = (packet.ports & 0xffff_0000) | (first + index);
    },
    source: (row, packet) => {
      if ((natRules.flags[row] & NatFlag.Masquerade) === 0) putAddress(row, packet, packet.source);
    },
    port: (row, packet, isFree, keepsParity) => {
      if (!hasPorts(packet.protocol)) return isFree();
      const was = packet.ports >>> 16;
      const isGiven = row !== NO_RULE && natRules.toPortFirst[row] !== 0;
      const first = isGiven ? natRules.toPortFirst[row] : firstLike(was, packet.protocol);
      const last = isGiven ? natRules.toPortLast[row] : lastLike(was, packet.protocol);
      if (keeps(row) && (!isGiven || (was >= first && was <= last)) && isFree()) return true;
      const step = keepsParity && !isGiven ? 2 : 1;
      const count = Math.floor((last - first) / step) + 1;
      const start = startOf(row, packet, false);
      const base = step === 2 ? first + ((first ^ was) & 1) : first;
      for (let i = 0; i < count && i < TRIES_MAX; i++) {
        const port = base + ((start + i) % count) * step;
        if (port > last) continue;
        packet.ports = (port << 16) | (packet.ports & 0xffff);
        if (isFree()) return true;
      }
      packet.ports = (was << 16) | (packet.ports & 0xffff);
      return false;
    },
  };
}

/** The first and last port of the class that a port is in; identifiers have no classes. */
function firstLike(port: number, protocol: number): number {
  if (isEcho(protocol)) return 0;
  if (port >= PRIVILEGED) return PRIVILEGED;
  return port >= LOW ? PRIVILEGED_FIRST : LOW_FIRST;
}

function lastLike(port: number, protocol: number): number {
  if (isEcho(protocol) || port >= PRIVILEGED) return PORT_MAX;
  return port >= LOW ? PRIVILEGED - 1 : LOW - 1;
}

/** Ports, or an identifier: what has neither can only be told apart by its addresses. */
function hasPorts(protocol: number): boolean {
  return protocol === Protocol.Tcp || protocol === Protocol.Udp || isEcho(protocol);
}

function isEcho(protocol: number): boolean {
  return protocol === Protocol.Icmp || protocol === Protocol.Icmpv6;
}

function hashOf(words: Int32Array): number {
  const mixed =
    words[3] ^
    Math.imul(words[2], 0x85ebca6b) ^
    Math.imul(words[1], 0xc2b2ae35) ^
    Math.imul(words[0], 0x27d4eb2f);
  const spread = Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b9);
  return (spread ^ (spread >>> 16)) >>> 0;
}

function hashOfAll({ source, destination, ports, protocol }: Packet): number {
  const mixed = hashOf(source) ^ Math.imul(hashOf(destination), 0x165667b1) ^ ports ^ protocol;
  const spread = Math.imul(mixed ^ (mixed >>> 13), 0x85ebca6b);
  return (spread ^ (spread >>> 16)) >>> 0;
}
