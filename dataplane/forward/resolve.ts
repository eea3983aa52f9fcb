/**
 * The way of a packet to its next hop at an interface (RFC 826; RFC 1122 §2.3.2; RFC 4861 §7.2, §7.3; Linux net/core/neighbour.c). What is asked: ask.ts.
 *
 * A packet for an address that is known leaves at once. For one that is not, ARP (or a neighbor solicitation) asks everybody; the newest
 * packets wait. Nobody is asked more than once a second for the same address. After three questions without an answer the packets that
 * wait are dropped, and the sources of those that were forwarded hear of it (RFC 1812 §5.2.7.1). A neighbor that has not confirmed for long where it is
 * has five seconds from the next packet on to do so; then it is asked itself, three times likewise, and forgotten if it keeps silent.
 *
 * Complication 1: who is believed. Any ARP packet or solicitation that the host hears renews an entry that exists; a new entry is made only of
 *   one that asks for an address of the host's own (RFC 826; Linux arp_accept 0). That somebody answered us says more: packets get there.
 * Complication 2: time. Nothing here reads a clock: `plane.advance` fires what is due at a tick, before the first frame behind that tick is
 *   looked at, and after the last frame of all. What is sent then bears the time at which it was due, and a packet that waited the time
 *   of the answer. What is due at the same tick happens by the number of the host.
 * Complication 3: giving up. What is said about a packet may need the very neighbor that is given up, so its entry is left only when nothing
 *   waits there any more: such an error is dropped as well, and asks for nobody (Linux neigh_invalidate).
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Release, Step } from '../observe/trace.js';
import { Claim, NeighborState } from '../state/neighbors.js';
import type { Neighbors } from '../state/neighbors.js';
import { askOn, postponeOn, rememberOn } from './ask.js';
import type { Hear } from './answer.js';
import type { Asking } from './ask.js';
import type { Plane } from './plane.js';

/** MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT, RETRANS_TIMER (RFC 4861 §10; Linux mcast_solicit, ucast_solicit, retrans_time). */
const TRIES_MAX = 3;
const RETRY_NS = 1e9;
const NOBODY = -1;
const REACHED_BITS = 10;

export interface Resolver {
  /** Sends a frame to the MAC of `words` (IPv4 behind three of 0) by an interface, now or when that is known. Uses up a hold on the frame. */
  readonly send: (frame: Frame, iface: number, family: number, words: Int32Array) => void;
  /** The entry of an IPv4 address at an interface to which a frame can be sent without a doubt arising, else -1. Good until somebody else is spoken to. */
  readonly reach: (iface: number, address: number, frame: Frame) => number;
  /** Sends a frame, of which the caller has the only hold, to a neighbor that was reached. Uses it up. */
  readonly sendTo: (frame: Frame, iface: number, entry: number) => void;
  /** A neighbor at an interface has said which MAC it has. */
  readonly hear: Hear;
  /** Asks for the one entry of a host that is due first, or gives it up. */
  readonly fire: (host: number) => void;
}

/** What the resolver does its work with. */
export interface Roads extends Asking {
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
  const remember = rememberOn(plane);
  const postpone = postponeOn(plane);
  // Where whom was found lately: to look there first costs less than to search a bucket.
  const reached = new Uint16Array(1 << REACHED_BITS);
  // Of a host that is alone the tables are known to the compiler.
  const sole = neighbors.length === 1 ? neighbors[0] : undefined;

  /** Asks at a tick, and once more a second later unless there is an answer. */
  function askAt(table: Neighbors, entry: number, tick: number): void {
    table.askedUntil(entry, tick + RETRY_NS);
    plane.expect(table.due);
    ask(table, entry, tick);
  }

  function address(frame: Frame, entry: number, iface: number, tick: number): void {
    const mine = own(frame);
    if (mine < 0) {
      drop(frame, Reason.PoolExhausted);
      return;
    }
    postpone(mine, tick);
    doubt(mine, entry, iface, tick);
    put(mine, entry, iface);
    transmit(mine, iface);
  }

  /** Something is sent to a neighbor: if it is a stale one, it will be asked whether it is still there. */
  function doubt(frame: Frame, entry: number, iface: number, tick: number): void {
    const table = neighborsAt(iface);
    if (table.stateAt(entry, tick) !== NeighborState.Stale) return;
    remember(table, entry, frame);
    table.suspect(entry, tick);
    plane.due = Math.min(plane.due, table.due);
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
    const known = neighborsAt(iface);
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

  function lookAgain(table: Neighbors, entry: number): void {
    const now = table.dueAt[entry];
    const isWanted =
      table.stateAt(entry, now) !== NeighborState.Incomplete || table.waitingFor(entry) > 0;
    if (table.tries[entry] < TRIES_MAX && isWanted) askAt(table, entry, now);
    else giveUp(table, entry, now);
  }

  function giveUp(table: Neighbors, entry: number, now: number): void {
    for (let frame = table.takeWaiting(entry); frame >= 0; frame = table.takeWaiting(entry)) {
      if ((flags[frame] & FrameFlag.Forwarded) !== 0) {
        postpone(frame, now);
        unreachable(frame, table.iface[entry]);
      }
      drop(frame, Reason.NeighborUnresolved);
    }
    // It may have answered after all, asked on behalf of an error: then nothing is due any more.
    if (table.dueAt[entry] === now) table.forget(entry);
  }

  return {
    send: (frame, iface, family, words) => {
      const table = neighborsAt(iface);
      const known = table.find(iface, words[0], words[1], words[2], words[3]);
      const tick = tickOf[frame];
      if (known >= 0 && table.stateAt(known, tick) !== NeighborState.Incomplete) {
        address(frame, known, iface, tick);
        return;
      }
      if (plane.isTracing) trace.note(Step.Waiting, iface, frame);
      // It waits before the question leaves: the answer may come within this very pass, from another host on the wire.
      const entry =
        known >= 0 ? known : table.add(iface, family, words[0], words[1], words[2], words[3], tick);
      const gone = entry < 0 ? frame : table.hold(entry, frame);
      if (known < 0 && entry >= 0) {
        remember(table, entry, frame);
        askAt(table, entry, tick);
      }
      if (gone < 0) return;
      const isOther = plane.isTracing && gone !== frame;
      if (isOther)
        trace.note(Step.Resumed, gone, frames.inPort[gone], frames.serial[gone], Release.GivenUp);
      drop(gone, Reason.NeighborQueueFull);
      if (isOther) trace.note(Step.Done);
    },
    reach: (iface, address, frame) => {
      const table = neighborsAt(iface);
      const tick = tickOf[frame];
      const slot = Math.imul(address, 0x9e37_79b9) >>> (32 - REACHED_BITS);
      if (table.isReady(reached[slot], iface, address, tick)) return reached[slot];
      const known = table.find(iface, 0, 0, 0, address);
      if (known < 0 || !table.isReady(known, iface, address, tick)) return NOBODY;
      reached[slot] = known;
      return known;
    },
    sendTo: (frame, iface, entry) => {
      put(frame, entry, iface);
      transmit(frame, iface);
    },
    hear: (iface, family, words, high, low, claim, tick) => {
      if (neighbors.length === 0) return;
      const table = neighborsAt(iface);
      let entry = table.find(iface, words[0], words[1], words[2], words[3]);
      if (entry < 0 && (claim & Claim.Asks) !== 0)
        entry = table.add(iface, family, words[0], words[1], words[2], words[3], tick);
      if (entry < 0) return;
      table.hear(entry, high, low, claim, tick);
      if (table.stateAt(entry, tick) !== NeighborState.Incomplete) flush(entry, iface, tick);
    },
    fire: (host) => {
      const table = neighbors[host];
      const { due } = table;
      const entry = table.nextDue();
      // What was due may have been settled meanwhile; then what is due next is due later.
      if (entry < 0 || table.due > due) return;
      lookAgain(table, entry);
      table.nextDue();
    },
  };
}
