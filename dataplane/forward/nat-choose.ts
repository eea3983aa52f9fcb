/**
 * Which address and port of a range a new connection gets, so that no two are alike (Linux net/netfilter/nf_nat_core.c, get_unique_tuple;
 * RFC 4787 §4.1 to §4.3).
 *
 * Nothing here is left to chance: hashes have no secret, and what is random is drawn from the seed of its rule, so a replay gives each connection
 * the port it had.
 *
 * In the profile rfc4787 a source has the same address of a range for everything, which also a way to choose ports does not change ("Paired", RFC 4787
 * REQ-2): where that has no port left, there is none. And a port that cannot be kept is replaced by one drawn at random, an even one by an even one
 * (RFC 7857 §9; RFC 6056 §3.3.1, §4).
 */
import { NatFlag, NatOption, NatProfile, NatSelection } from '../program/nat-layout.js';
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
  /** Gives a packet the source address that a rule says; before, it has the one that it came with. */
  readonly source: (row: number, packet: Packet) => void;
  /**
   * Finds a source port, or an identifier, that is free, and puts it into the high half of the packet's ports. `row`: the rule of a host that says
   * which there are, or NO_RULE. What it has, whatever it is, is kept where it is free and no range is given. False when none is free.
   */
  readonly port: (host: number, row: number, packet: Packet, isFree: () => boolean) => boolean;
}

export function choosingOf({ natRules, hosts }: Program): Choosing {
  const next = new Uint32Array(natRules.rows);
  /** By rule, and behind those by host, for what no rule is about. */
  const dice = new Uint32Array(natRules.rows + hosts.rows).map(
    (_, die) => ((die < natRules.rows ? natRules.seed[die] : 0) << 1) | 1,
  );

  /** xorshift32 */
  function random(die: number): number {
    let x = dice[die];
    x ^= x << 13;
    x ^= x >>> 17;
    dice[die] = x ^ (x << 5);
    return dice[die];
  }

  function isRfc(host: number): boolean {
    return (hosts.natProfile[host] as NatProfile) === NatProfile.Rfc4787;
  }

  function selectionOf(row: number): NatSelection {
    return row === NO_RULE ? NatSelection.Hash : natRules.selection[row];
  }

  function startOf(row: number, packet: Packet, isSticky: boolean): number {
    switch (selectionOf(row)) {
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

  /** Which of the addresses of a rule a packet gets; `isSource`: it is to be its source. */
  function indexFor(row: number, packet: Packet, isSource: boolean): number {
    const count = natRules.toCount[row];
    if (count <= 1) return 0;
    const isPaired = isSource && isRfc(natRules.host[row]);
    return (isPaired ? poolHash(natRules.host[row], packet) : startOf(row, packet, true)) % count;
  }

  /** By it a source has its address of a pool. */
  function poolHash(host: number, { source, protocol }: Packet): number {
    const isApart = (hosts.natOptions[host] & NatOption.PoolsApart) !== 0;
    return (hashOf(source) ^ (isApart ? Math.imul(protocol, 0x9e3779b9) >>> 8 : 0)) >>> 0;
  }

  function putAddress(row: number, index: number, words: Int32Array): void {
    words[0] = natRules.to0[row];
    words[1] = natRules.to1[row];
    words[2] = natRules.to2[row];
    words[3] = natRules.to3[row] + index;
  }

  /** Is the port that a source has kept, if it can be? */
  function keeps(row: number): boolean {
    const selection = selectionOf(row);
    return selection === NatSelection.Hash || selection === NatSelection.Persistent;
  }

  /** Where among the ports of a rule the search for another one begins. */
  function portStart(host: number, row: number, packet: Packet): number {
    return isRfc(host) && keeps(row)
      ? random(row === NO_RULE ? natRules.rows + host : row)
      : startOf(row, packet, false);
  }

  return {
    destination: (row, packet) => {
      putAddress(row, indexFor(row, packet, false), packet.destination);
      const [first, last] = [natRules.toPortFirst[row], natRules.toPortLast[row]];
      if (first === 0) return;
      const count = last - first + 1;
      const asMany = natRules.portLast[row] - natRules.portFirst[row] + 1 === count;
      const port = packet.ports & 0xffff;
      const index = asMany ? port - natRules.portFirst[row] : startOf(row, packet, false) % count;
      packet.ports = (packet.ports & 0xffff_0000) | (first + index);
    },
    source: (row, packet) => {
      if ((natRules.flags[row] & NatFlag.Masquerade) !== 0) return;
      putAddress(row, indexFor(row, packet, true), packet.source);
    },
    port: (host, row, packet, isFree) => {
      if (!hasPorts(packet.protocol)) return isFree();
      const was = packet.ports >>> 16;
      const isGiven = row !== NO_RULE && natRules.toPortFirst[row] !== 0;
      const first = isGiven ? natRules.toPortFirst[row] : firstLike(was, packet.protocol);
      const last = isGiven ? natRules.toPortLast[row] : lastLike(was, packet.protocol);
      if (keeps(row) && (!isGiven || (was >= first && was <= last)) && isFree()) return true;
      const step = isRfc(host) && !isGiven ? 2 : 1;
      const count = Math.floor((last - first) / step) + 1;
      const start = portStart(host, row, packet);
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
