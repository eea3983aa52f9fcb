/**
 * The questions of a host for its neighbors: for the MAC of an address, to everybody, and whether a neighbor is still where it was, to itself (RFC 826;
 * RFC 1122 §2.3.2.1; RFC 4861 §7.2.2, §7.3.3; Linux arp_solicit, ndisc_solicit).
 */
import type { Frame } from '../frame/frames.js';
import { Speech, Step } from '../observe/trace.js';
import { NeighborState } from '../state/neighbors.js';
import type { Neighbors } from '../state/neighbors.js';
import { Operation } from '../wire/arp.js';
import { checksumOf, pseudoSumIpv6, sum } from '../wire/checksum.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { HOP_LIMIT_NEIGHBORS, Icmpv6Type } from '../wire/icmpv6.js';
import { Protocol } from '../wire/ipv4.js';
import { Ipv6 } from '../wire/ipv6.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';
import { blankOn } from './reply.js';

const ARP_LENGTH = 28;
const SOLICITATION_LENGTH = 32;

/** What questions are sent with. */
export interface Asking {
  readonly interfaces: Interfaces;
  /** Sends a frame of the caller's own out by an interface. */
  readonly transmit: (frame: Frame, iface: number) => void;
}

/** Makes the function that asks for the MAC of an entry at a tick, or, where that is known, whether it is still there. */
export function askOn(
  plane: Plane,
  { interfaces, transmit }: Asking,
): (neighbors: Neighbors, entry: number, tick: number) => void {
  const { trace } = plane;
  const question = questionOn(plane);
  const arp = arpRequestOn(plane, interfaces);
  const solicit = solicitationOn(plane, interfaces);

  return (neighbors, entry, tick) => {
    const iface = neighbors.iface[entry];
    const family = neighbors.family[entry];
    const row = interfaces.speaker(iface, family);
    if (row < 0) return;
    const frame = question(neighbors, entry, tick);
    if (frame < 0) return;
    const toAll = neighbors.stateAt(entry, tick) === NeighborState.Incomplete;
    if (family === 4) arp(frame, neighbors, entry, row, toAll);
    else solicit(frame, neighbors, entry, row, toAll);
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Question);
    transmit(frame, iface);
    if (plane.isTracing) trace.note(Step.Done);
  };
}

/** Makes the function that notes of an entry on whose behalf it is asked. */
export function rememberOn({
  frames,
}: Plane): (neighbors: Neighbors, entry: number, frame: Frame) => void {
  const { inPort, serial, tick, seconds, nanoseconds } = frames;
  return (neighbors, entry, frame) => {
    neighbors.inPort[entry] = inPort[frame];
    neighbors.serial[entry] = serial[frame];
    neighbors.tick[entry] = tick[frame];
    neighbors.seconds[entry] = seconds[frame];
    neighbors.nanoseconds[entry] = nanoseconds[frame];
  };
}

/** Makes the function that claims a slot for a question, sent at a tick on behalf of the packet that an entry remembers; -1 when none is free. */
function questionOn(plane: Plane): (neighbors: Neighbors, entry: number, at: number) => Frame {
  const { inPort, serial, tick, seconds, nanoseconds } = plane.frames;
  const blank = blankOn(plane);
  const postpone = postponeOn(plane);
  return (neighbors, entry, at) => {
    const isIpv4 = neighbors.family[entry] === 4;
    const frame = isIpv4
      ? blank(EtherType.Arp, ARP_LENGTH)
      : blank(EtherType.Ipv6, Ipv6.HeaderLength + SOLICITATION_LENGTH);
    if (frame < 0) return frame;
    inPort[frame] = neighbors.inPort[entry];
    serial[frame] = neighbors.serial[entry];
    tick[frame] = neighbors.tick[entry];
    seconds[frame] = neighbors.seconds[entry];
    nanoseconds[frame] = neighbors.nanoseconds[entry];
    postpone(frame, at);
    return frame;
  };
}

/** Makes the function that gives a frame another tick, and the time that it has then. */
export function postponeOn({ frames }: Plane): (frame: Frame, tick: number) => void {
  const { tick: tickOf, seconds, nanoseconds } = frames;
  return (frame, tick) => {
    if (tick === tickOf[frame]) return;
    const time = nanoseconds[frame] + (tick - tickOf[frame]);
    seconds[frame] += Math.floor(time / 1e9);
    nanoseconds[frame] = time % 1e9;
    tickOf[frame] = tick;
  };
}

function arpRequestOn({ frames, program }: Plane, { macHigh, macLow }: Interfaces) {
  const { start, view } = frames;
  return (frame: Frame, neighbors: Neighbors, entry: number, row: number, toAll: boolean): void => {
    const iface = neighbors.iface[entry];
    const at = start[frame];
    const arp = at + Ethernet.HeaderLength;
    view.setUint16(at, toAll ? 0xffff : neighbors.macHigh[entry]);
    view.setUint32(at + 2, toAll ? 0xffffffff : neighbors.macLow[entry]);
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

/** To the solicited-node group of the target (RFC 4291 §2.7.1, RFC 2464 §7), or to itself; with our address as an option (RFC 4861 §4.3). */
function solicitationOn({ frames, program }: Plane, { macHigh, macLow }: Interfaces) {
  const { start, view } = frames;
  const { word0, word1, word2, word3 } = program.addresses;
  return (frame: Frame, neighbors: Neighbors, entry: number, row: number, toAll: boolean): void => {
    const iface = neighbors.iface[entry];
    const { words } = neighbors;
    const target = entry * 4;
    const low24 = words[target + 3] & 0x00ff_ffff;
    const at = start[frame];
    const packet = at + Ethernet.HeaderLength;
    const message = packet + Ipv6.HeaderLength;
    view.setUint16(at, toAll ? 0x3333 : neighbors.macHigh[entry]);
    view.setUint32(at + 2, toAll ? 0xff00_0000 | low24 : neighbors.macLow[entry]);
    view.setUint16(at + 6, macHigh[iface]);
    view.setUint32(at + 8, macLow[iface]);
    view.setUint32(packet, 0x6000_0000);
    view.setUint32(
      packet + 4,
      (SOLICITATION_LENGTH << 16) | (Protocol.Icmpv6 << 8) | HOP_LIMIT_NEIGHBORS,
    );
    putWords(view, packet + 8, word0[row], word1[row], word2[row], word3[row]);
    const to = packet + 24;
    if (toAll) putWords(view, to, 0xff02_0000, 0, 1, 0xff00_0000 | low24);
    else putWords(view, to, words[target], words[target + 1], words[target + 2], words[target + 3]);
    view.setUint32(message, Icmpv6Type.NeighborSolicitation << 24);
    view.setUint32(message + 4, 0);
    for (let i = 0; i < 4; i++) view.setInt32(message + 8 + 4 * i, words[target + i]);
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
