/**
 * Asking for neighbors: the way of a packet to its next hop at an interface (RFC 826; RFC 1122 §2.3.2.2; RFC 4861 §7.2).
 *
 * A packet for an address that is known leaves at once. For one that is not, ARP (or a neighbor solicitation) asks everybody; the newest
 * packets wait. Nobody is asked more than once a second for the same address. After three questions without an answer the packets that
 * wait are dropped, and the sources of those that were forwarded hear of it (RFC 1812 §5.2.7.1).
 *
 * Complication 1: who is believed. Any ARP packet or solicitation that the host hears renews an entry that exists; a new entry is made only of
 *   one that asks for an address of the host's own (RFC 826; Linux arp_accept 0).
 * Complication 2: time. Nothing here reads a clock: `plane.advance` fires what is due at a tick, before the first frame behind that tick is
 *   looked at, and after the last frame of all. What is sent then bears the time at which it was due, and a packet that waited the time
 *   of the answer. What is due at the same tick happens by the number of the host.
 * Complication 3: giving up. What is said about a packet may need the very neighbor that is given up, so its entry is left only when nothing
 *   waits there any more: such an error is dropped as well, and asks for nobody (Linux neigh_invalidate).
 */
import { FORWARDED } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Release, Speech, Step } from '../observe/trace.js';
import { NeighborState } from '../state/neighbors.js';
import type { Neighbors } from '../state/neighbors.js';
import { Operation } from '../wire/arp.js';
import { checksumOf, pseudoSumIpv6, sum } from '../wire/checksum.js';
import { EtherType, HEADER_LENGTH } from '../wire/ethernet.js';
import { Icmpv6Type } from '../wire/icmpv6.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';
import { originateOn } from './reply.js';

const TRIES_MAX = 3;
const RETRY_NS = 1e9;
const ARP_LENGTH = 28;
const SOLICITATION_LENGTH = 32;
const HOP_LIMIT = 255;
const NOBODY = -1;
const REACHED_BITS = 10;

export interface Resolver {
  /** Sends a frame to the MAC of `words` (IPv4 behind three of 0) by an interface, now or when that is known. Uses up a hold on the frame. */
  readonly send: (frame: Frame, iface: number, family: number, words: Int32Array) => void;
  /** The entry of an IPv4 address at an interface while its MAC is known, else -1. Good until somebody else is spoken to. */
  readonly reach: (iface: number, address: number) => number;
  /** Sends a frame, of which the caller has the only hold, to a neighbor that was reached. Uses it up. */
  readonly sendTo: (frame: Frame, iface: number, entry: number) => void;
  /** A neighbor at an interface has said which MAC it has; `asked`: when it asked for us. */
  readonly hear: (
    iface: number,
    family: number,
    words: Int32Array,
    high: number,
    low: number,
    asked: boolean,
    tick: number,
  ) => void;
  /** Asks again, or gives up, for the one entry of a host that is due first. */
  readonly fire: (host: number) => void;
}

/** What the resolver does its work with. */
export interface Roads {
  readonly interfaces: Interfaces;
  /** Sends a frame of the caller's own out by an interface. */
  readonly transmit: (frame: Frame, iface: number) => void;
  /** Gives up a hold and gives a frame that is the caller's alone, or -1. */
  readonly own: (frame: Frame) => Frame;
  readonly drop: (frame: Frame, reason: Reason) => void;
  /** Nobody has the next hop of a frame that was forwarded out by an interface; it is about to be dropped. */
  readonly unreachable: (frame: Frame, iface: number) => void;
}

export function resolverOn(plane: Plane, roads: Roads): Resolver {
  const { interfaces, transmit, own, drop, unreachable } = roads;
  const { frames, neighbors, trace } = plane;
  const { start, flags, view, tick: tickOf } = frames;
  const { macHigh, macLow, host: hostOf } = interfaces;
  const ask = askOn(plane, roads);
  const postpone = postponeOn(plane);
  // Where whom was found lately: to look there first costs less than to search a bucket.
  const reached = new Uint16Array(1 << REACHED_BITS);
  // Of a host that is alone the tables are known to the compiler.
  const sole = neighbors.length === 1 ? neighbors[0] : undefined;

  function askedUntil(host: number, entry: number, tick: number): void {
    neighbors[host].askedUntil(entry, tick);
    plane.expect(tick);
  }

  function address(frame: Frame, entry: number, iface: number, tick: number): void {
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return;
    }
    postpone(mine, mine, tick);
    put(mine, entry, iface);
    transmit(mine, iface);
  }

  /** Puts the MACs of a neighbor and of an interface before a packet. */
  function put(frame: Frame, entry: number, iface: number): void {
    const at = start[frame];
    const known = neighborsAt(iface);
    view.setUint16(at, known.macHigh[entry]);
    view.setInt32(at + 2, known.macLow[entry]);
    view.setUint16(at + 6, macHigh[iface]);
    view.setInt32(at + 8, macLow[iface]);
    if (plane.isTracing)
      trace.note(Step.Addressed, view.getUint16(at), view.getUint32(at + 2), iface);
  }

  function neighborsAt(iface: number): Neighbors {
    return sole ?? neighbors[hostOf[iface]];
  }

  function flush(entry: number, iface: number, tick: number): void {
    const known = neighbors[hostOf[iface]];
    for (let frame = known.takeWaiting(entry); frame >= 0; frame = known.takeWaiting(entry)) {
      if (plane.isTracing)
        trace.note(
          Step.Resumed,
          frame,
          frames.inPort[frame],
          frames.serial[frame],
          Release.NextHop,
        );
      address(frame, entry, iface, tick);
      if (plane.isTracing) trace.note(Step.Done);
    }
  }

  function lookAgain(host: number, entry: number): void {
    const known = neighbors[host];
    const now = known.dueAt[entry];
    const first = known.firstWaiting(entry);
    if (known.tries[entry] < TRIES_MAX && first >= 0) {
      askedUntil(host, entry, now + RETRY_NS);
      ask(known, entry, first, now);
      return;
    }
    giveUp(known, entry, now);
  }

  function giveUp(known: Neighbors, entry: number, now: number): void {
    for (let frame = known.takeWaiting(entry); frame >= 0; frame = known.takeWaiting(entry)) {
      if ((flags[frame] & FORWARDED) !== 0) {
        postpone(frame, frame, now);
        unreachable(frame, known.iface[entry]);
      }
      drop(frame, Reason.NeighborUnresolved);
    }
    // It may have answered after all, asked on behalf of an error.
    if (known.state[entry] === NeighborState.Incomplete) known.forget(entry);
  }

  return {
    send: (frame, iface, family, words) => {
      const host = hostOf[iface];
      const table = neighbors[host];
      const known = table.find(iface, words[0], words[1], words[2], words[3]);
      if (known >= 0 && table.state[known] === NeighborState.Reachable) {
        address(frame, known, iface, tickOf[frame]);
        return;
      }
      if (plane.isTracing) trace.note(Step.Waiting, iface, frame);
      // It waits before the question leaves: the answer may come within this very pass, from another host on the wire.
      const entry =
        known >= 0
          ? known
          : table.add(iface, family, words[0], words[1], words[2], words[3], tickOf[frame]);
      const gone = entry < 0 ? frame : table.hold(entry, frame);
      if (known < 0 && entry >= 0) {
        askedUntil(host, entry, tickOf[frame] + RETRY_NS);
        ask(table, entry, frame, tickOf[frame]);
      }
      if (gone < 0) return;
      const isOther = plane.isTracing && gone !== frame;
      if (isOther)
        trace.note(Step.Resumed, gone, frames.inPort[gone], frames.serial[gone], Release.GivenUp);
      drop(gone, Reason.NeighborQueueFull);
      if (isOther) trace.note(Step.Done);
    },
    reach: (iface, address) => {
      const table = neighborsAt(iface);
      const slot = Math.imul(address, 0x9e37_79b9) >>> (32 - REACHED_BITS);
      if (table.isReachable(reached[slot], iface, address)) return reached[slot];
      const known = table.find(iface, 0, 0, 0, address);
      if (known < 0 || !table.isReachable(known, iface, address)) return NOBODY;
      reached[slot] = known;
      return known;
    },
    sendTo: (frame, iface, entry) => {
      put(frame, entry, iface);
      transmit(frame, iface);
    },
    hear: (iface, family, words, high, low, asked, tick) => {
      if (neighbors.length === 0) return;
      const table = neighbors[hostOf[iface]];
      let entry = table.find(iface, words[0], words[1], words[2], words[3]);
      if (entry < 0 && asked)
        entry = table.add(iface, family, words[0], words[1], words[2], words[3], tick);
      if (entry < 0) return;
      table.resolve(entry, high, low, tick);
      flush(entry, iface, tick);
    },
    fire: (host) => {
      const entry = neighbors[host].nextDue();
      if (entry < 0) return;
      lookAgain(host, entry);
      neighbors[host].nextDue();
    },
  };
}

/** Makes the function that asks for the address of an entry, on behalf of a frame that waits for it. */
function askOn(
  plane: Plane,
  { interfaces, transmit }: Roads,
): (neighbors: Neighbors, entry: number, onBehalf: Frame, tick: number) => void {
  const { trace } = plane;
  const question = questionOn(plane);
  const arp = arpRequestOn(plane, interfaces);
  const solicit = solicitationOn(plane, interfaces);

  return (neighbors, entry, onBehalf, tick) => {
    const iface = neighbors.iface[entry];
    const family = neighbors.family[entry];
    const row = interfaces.speaker(iface, family);
    if (row < 0) return;
    const length = family === 4 ? ARP_LENGTH : ipv6.HEADER_LENGTH + SOLICITATION_LENGTH;
    const frame = question(onBehalf, tick, family === 4 ? EtherType.Arp : EtherType.Ipv6, length);
    if (frame < 0) return;
    if (family === 4) arp(frame, neighbors, entry, row);
    else solicit(frame, neighbors, entry, row);
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Question);
    transmit(frame, iface);
    if (plane.isTracing) trace.note(Step.Done);
  };
}

/** Makes the function that claims a slot for a question with a payload of so many bytes, at a tick; -1 when none is free. */
function questionOn(
  plane: Plane,
): (onBehalf: Frame, tick: number, type: EtherType, length: number) => Frame {
  const originate = originateOn(plane);
  const postpone = postponeOn(plane);
  return (onBehalf, tick, type, length) => {
    const frame = originate(onBehalf, type, length);
    if (frame >= 0) postpone(frame, onBehalf, tick);
    return frame;
  };
}

/** Makes the function that gives a frame a tick, and the time that another, or itself, would have had then. */
export function postponeOn({ frames }: Plane): (frame: Frame, like: Frame, tick: number) => void {
  const { tick: tickOf, seconds, nanoseconds } = frames;
  return (frame, like, tick) => {
    if (frame === like && tick === tickOf[like]) return;
    const time = nanoseconds[like] + (tick - tickOf[like]);
    seconds[frame] = seconds[like] + Math.floor(time / 1e9);
    nanoseconds[frame] = time % 1e9;
    tickOf[frame] = tick;
  };
}

function arpRequestOn({ frames, program }: Plane, { macHigh, macLow }: Interfaces) {
  const { start, view } = frames;
  return (frame: Frame, neighbors: Neighbors, entry: number, row: number): void => {
    const iface = neighbors.iface[entry];
    const at = start[frame];
    const arp = at + HEADER_LENGTH;
    view.setUint16(at, 0xffff);
    view.setUint32(at + 2, 0xffffffff);
    view.setUint16(at + 6, macHigh[iface]);
    view.setUint32(at + 8, macLow[iface]);
    view.setUint32(arp, 0x0001_0800);
    view.setUint32(arp + 4, (0x0604 << 16) | Operation.Request);
    view.setUint16(arp + 8, macHigh[iface]);
    view.setUint32(arp + 10, macLow[iface]);
    view.setUint32(arp + 14, program.addresses.word3[row]);
    view.setUint16(arp + 18, 0);
    view.setUint32(arp + 20, 0);
    view.setInt32(arp + 24, neighbors.words[entry * 4 + 3]);
  };
}

/** To the solicited-node group of the target (RFC 4291 §2.7.1, RFC 2464 §7), with our address as an option (RFC 4861 §4.3). */
function solicitationOn({ frames, program }: Plane, { macHigh, macLow }: Interfaces) {
  const { start, view } = frames;
  const { word0, word1, word2, word3 } = program.addresses;
  return (frame: Frame, neighbors: Neighbors, entry: number, row: number): void => {
    const iface = neighbors.iface[entry];
    const target = entry * 4;
    const low24 = neighbors.words[target + 3] & 0x00ff_ffff;
    const at = start[frame];
    const packet = at + HEADER_LENGTH;
    const message = packet + ipv6.HEADER_LENGTH;
    view.setUint16(at, 0x3333);
    view.setUint32(at + 2, 0xff00_0000 | low24);
    view.setUint16(at + 6, macHigh[iface]);
    view.setUint32(at + 8, macLow[iface]);
    view.setUint32(packet, 0x6000_0000);
    view.setUint32(packet + 4, (SOLICITATION_LENGTH << 16) | (Protocol.Icmpv6 << 8) | HOP_LIMIT);
    putWords(view, packet + 8, word0[row], word1[row], word2[row], word3[row]);
    putWords(view, packet + 24, 0xff02_0000, 0, 1, 0xff00_0000 | low24);
    view.setUint32(message, Icmpv6Type.NeighborSolicitation << 24);
    view.setUint32(message + 4, 0);
    for (let i = 0; i < 4; i++) view.setInt32(message + 8 + 4 * i, neighbors.words[target + i]);
    view.setUint16(message + 24, 0x0101);
    view.setUint16(message + 26, macHigh[iface]);
    view.setUint32(message + 28, macLow[iface]);
    const pseudo = pseudoSumIpv6(view, packet, Protocol.Icmpv6, SOLICITATION_LENGTH);
    view.setUint16(message + 2, checksumOf(pseudo + sum(view, message, SOLICITATION_LENGTH)));
  };
}

function putWords(view: DataView, at: number, a: number, b: number, c: number, d: number): void {
  view.setUint32(at, a);
  view.setUint32(at + 4, b);
  view.setUint32(at + 8, c);
  view.setUint32(at + 12, d);
}
