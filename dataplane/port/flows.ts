/**
 * Seeded conversations for a router: UDP packets, or echoes, between 128 stations inside and others outside, with right checksums. Flow f has the
 * inside address 10.0.1.0 + f mod 128 and a port of its own towards its remote address, so that a NAT can keep every port.
 *
 * It begins with the two first packets of every flow, one in each direction, so that all connections are established, and then never ends: flows are
 * drawn at random, and directions take turns. `opening` has no such beginning: each packet opens a flow nobody has seen.
 */
import type { Frames } from '../frame/frames.js';
import { EtherType } from '../wire/ethernet.js';
import { Protocol } from '../wire/ipv4.js';
import type { Source } from './port.js';

/** `routed`: one way, nothing is translated. `snat`: opened from inside. `dnat`: opened from outside, to a published port. */
export type FlowKind = 'routed' | 'snat' | 'dnat' | 'echo' | 'opening';

export interface Flows {
  readonly seed: number;
  readonly kind: FlowKind;
  /** How many connections there are, 1..2^20; `routed`: how many prefixes. */
  readonly count: number;
  /** How many ports are inside, a power of two; as many behind them are outside. */
  readonly ports: number;
}

export const INSIDE = 0x0a00_0100;
export const INSIDE_COUNT = 128;
export const OWN_INSIDE = 0x0a00_0001;
export const OWN_OUTSIDE = 0xcb00_7101;
/** The router outside behind which every remote is, and the first of those to which `routed` goes. */
export const NEXT_HOP = 0xcb00_7102;
/** `routed`: prefix n is this address + n * 256, 24 bits. */
export const PREFIX_FIRST = 0x1000_0000;
export const PUBLISHED_PORT = 8080;
export const SERVER_PORT = 80;
const REMOTE = 0xc633_6400 | 0;
// As the bits of a word: what is above 2^31 would be a double.
const OUTSIDE = OWN_OUTSIDE | 0;
const ROUTER = NEXT_HOP | 0;
const PORT_FIRST = 1024;
const PORT_BITS = 15;
const MAC_HIGH = 0x0242;
const FRAME_LENGTH = 60;
const TOTAL_LENGTH = 46;
const UDP_LENGTH = 26;
const TTL = 64;
const TICK_NS = 50;
/** So that 50,000 connections that nobody has answered live at a time, and have expired when their place is needed. */
const OPENING_TICK_NS = 600_000;

export function flowsOn(frames: Frames, { seed, kind, count, ports }: Flows): Source {
  const { start, length, wireLength, inPort, serial, tick, view } = frames;
  const isTwoWay = kind === 'snat' || kind === 'dnat' || kind === 'echo';
  const introductions = isTwoWay ? 2 * count : 0;
  const step = kind === 'opening' ? OPENING_TICK_NS : TICK_NS;
  const state = { dice: (seed << 1) | 1, sent: 0 };

  function put(at: number, protocol: number, source: number, destination: number): void {
    view.setUint16(at + 12, EtherType.Ipv4);
    view.setInt32(at + 14, (0x4500 << 16) | TOTAL_LENGTH);
    view.setInt32(at + 18, 0);
    view.setInt32(at + 22, ((TTL << 8) | protocol) << 16);
    view.setInt32(at + 26, source);
    view.setInt32(at + 30, destination);
    const addresses = half(source) + half(destination);
    view.setUint16(
      at + 24,
      complement(0x4500 + TOTAL_LENGTH + ((TTL << 8) | protocol) + addresses),
    );
  }

  function putUdp(at: number, source: number, destination: number, from: number, to: number): void {
    put(at, Protocol.Udp, source, destination);
    view.setInt32(at + 34, (from << 16) | to);
    const pseudo = half(source) + half(destination) + Protocol.Udp + UDP_LENGTH;
    view.setInt32(at + 38, (UDP_LENGTH << 16) | complement(pseudo + from + to + UDP_LENGTH));
  }

  function putEcho(
    at: number,
    source: number,
    destination: number,
    type: number,
    id: number,
  ): void {
    put(at, Protocol.Icmp, source, destination);
    view.setInt32(at + 34, (type << 24) | complement((type << 8) + id));
    view.setInt32(at + 38, id << 16);
  }

  function fromInside(at: number, flow: number): void {
    const inside = INSIDE + (flow & (INSIDE_COUNT - 1));
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const port = PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
    view.setInt32(at + 8, inside);
    if (kind === 'echo') putEcho(at, inside, remote, 8, port);
    else if (kind === 'dnat') putUdp(at, INSIDE, remote, SERVER_PORT, port);
    else putUdp(at, inside, remote, port, SERVER_PORT);
  }

  function fromOutside(at: number, flow: number): void {
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const port = PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
    view.setInt32(at + 8, ROUTER);
    if (kind === 'echo') putEcho(at, remote, OUTSIDE, 0, port);
    else if (kind === 'dnat') putUdp(at, remote, OUTSIDE, port, PUBLISHED_PORT);
    else putUdp(at, remote, OUTSIDE, SERVER_PORT, port);
  }

  /** Who speaks first in this kind of flow? */
  function isFromInside(turn: number): boolean {
    return kind === 'dnat' ? turn === 1 : turn === 0;
  }

  function putRouted(at: number, dice: number): void {
    const inside = INSIDE + ((dice >>> 8) & (INSIDE_COUNT - 1));
    view.setInt32(at + 8, inside);
    const prefix = below(dice, count);
    putUdp(at, inside, PREFIX_FIRST + prefix * 256 + (dice & 0xff), PORT_FIRST, SERVER_PORT);
  }

  function receive(into: Int32Array, most: number): number {
    let { dice, sent } = state;
    let filled = 0;
    for (; filled < most; filled++) {
      const frame = frames.claim();
      if (frame < 0) break;
      dice ^= dice << 13;
      dice ^= dice >>> 17;
      dice ^= dice << 5;
      const at = start[frame];
      const isIntroduced = sent >= introductions;
      const flow = isIntroduced ? (kind === 'opening' ? sent : below(dice, count)) : sent >>> 1;
      const inside = !isTwoWay || isFromInside(sent & 1);
      view.setUint16(at, MAC_HIGH);
      view.setInt32(at + 2, inside ? OWN_INSIDE : OUTSIDE);
      view.setUint16(at + 6, MAC_HIGH);
      if (kind === 'routed') putRouted(at, dice);
      else if (inside) fromInside(at, flow & 0xf_ffff);
      else fromOutside(at, flow & 0xf_ffff);
      inPort[frame] = inside ? view.getUint32(at + 8) & (ports - 1) : ports;
      sent++;
      length[frame] = FRAME_LENGTH;
      wireLength[frame] = FRAME_LENGTH;
      serial[frame] = sent;
      tick[frame] = sent * step;
      into[filled] = frame;
    }
    state.dice = dice;
    state.sent = sent;
    return filled;
  }

  return { receive, refill: () => Promise.resolve(true) };
}

/** 31 random bits to 0..most-1, for `most` up to 2^20. */
function below(dice: number, most: number): number {
  if (most <= 1 << 15) return Math.imul(dice >>> 16, most) >>> 16;
  return (Math.imul(dice >>> 16, most >>> 4) >>> 12) + (dice & 15);
}

/** Both halves of a word, for a checksum. */
function half(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

function complement(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}
