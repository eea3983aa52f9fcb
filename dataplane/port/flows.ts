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
const ECHO = 0x0800;
const TICK_NS = 50;
/** So that 50,000 connections that nobody has answered live at a time, and have expired when their place is needed. */
const OPENING_TICK_NS = 600_000;

export function flowsOn(frames: Frames, { seed, kind, count, ports }: Flows): Source {
  const { start, length, wireLength, inPort, serial, tick, view } = frames;
  const isTwoWay = kind === 'snat' || kind === 'dnat' || kind === 'echo';
  const introductions = isTwoWay ? 2 * count : 0;
  const step = kind === 'opening' ? OPENING_TICK_NS : TICK_NS;
  const state = { dice: (seed << 1) | 1, sent: 0 };

  /** Everything up to the source address, in whole words: `to` and `from` are the last four bytes of the MACs. */
  function put(
    at: number,
    protocol: number,
    to: number,
    from: number,
    source: number,
    destination: number,
  ): void {
    const addresses = half(source) + half(destination);
    const sum = complement(0x4500 + TOTAL_LENGTH + ((TTL << 8) | protocol) + addresses);
    view.setInt32(at, (MAC_HIGH << 16) | (to >>> 16));
    view.setInt32(at + 4, (to << 16) | MAC_HIGH);
    view.setInt32(at + 8, from);
    view.setInt32(at + 12, (EtherType.Ipv4 << 16) | 0x4500);
    view.setInt32(at + 16, TOTAL_LENGTH << 16);
    view.setInt32(at + 20, (TTL << 8) | protocol);
    view.setInt32(at + 24, (sum << 16) | (source >>> 16));
    view.setInt32(at + 28, (source << 16) | (destination >>> 16));
  }

  function putUdp(
    at: number,
    to: number,
    from: number,
    source: number,
    destination: number,
    ports: number,
  ): void {
    put(at, Protocol.Udp, to, from, source, destination);
    const addresses = half(source) + half(destination);
    const sum = complement(addresses + Protocol.Udp + 2 * UDP_LENGTH + half(ports));
    view.setInt32(at + 32, (destination << 16) | (ports >>> 16));
    view.setInt32(at + 36, (ports << 16) | UDP_LENGTH);
    view.setInt32(at + 40, sum << 16);
  }

  function putEcho(
    at: number,
    to: number,
    from: number,
    source: number,
    destination: number,
    typeAndId: number,
  ): void {
    put(at, Protocol.Icmp, to, from, source, destination);
    const type = typeAndId >>> 16;
    view.setInt32(at + 32, (destination << 16) | type);
    view.setInt32(at + 36, (complement(half(typeAndId)) << 16) | (typeAndId & 0xffff));
    view.setInt32(at + 40, 0);
  }

  /** Gives the port of the station inside, which for `dnat` is always the same one. */
  function fromInside(at: number, flow: number): number {
    const inside = kind === 'dnat' ? INSIDE : INSIDE + (flow & (INSIDE_COUNT - 1));
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const port = PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
    if (kind === 'echo') putEcho(at, OWN_INSIDE, inside, inside, remote, (ECHO << 16) | port);
    else if (kind === 'dnat')
      putUdp(at, OWN_INSIDE, inside, inside, remote, (SERVER_PORT << 16) | port);
    else putUdp(at, OWN_INSIDE, inside, inside, remote, (port << 16) | SERVER_PORT);
    return inside & (ports - 1);
  }

  function fromOutside(at: number, flow: number): void {
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const port = PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
    if (kind === 'echo') putEcho(at, OUTSIDE, ROUTER, remote, OUTSIDE, port);
    else if (kind === 'dnat')
      putUdp(at, OUTSIDE, ROUTER, remote, OUTSIDE, (port << 16) | PUBLISHED_PORT);
    else putUdp(at, OUTSIDE, ROUTER, remote, OUTSIDE, (SERVER_PORT << 16) | port);
  }

  /** Who speaks first in this kind of flow? */
  function isFromInside(turn: number): boolean {
    return kind === 'dnat' ? turn === 1 : turn === 0;
  }

  function routed(at: number, dice: number): number {
    const inside = INSIDE + ((dice >>> 8) & (INSIDE_COUNT - 1));
    const to = (PREFIX_FIRST + below(dice, count) * 256 + (dice & 0xff)) | 0;
    putUdp(at, OWN_INSIDE, inside, inside, to, (PORT_FIRST << 16) | SERVER_PORT);
    return inside & (ports - 1);
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
      let port = ports;
      if (kind === 'routed') port = routed(at, dice);
      else if (!isTwoWay || isFromInside(sent & 1)) port = fromInside(at, flow & 0xf_ffff);
      else fromOutside(at, flow & 0xf_ffff);
      inPort[frame] = port;
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
