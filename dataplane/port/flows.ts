/**
 * Seeded conversations for a router: UDP packets, or echoes, between 128 stations inside and others outside, with right checksums. Flow f has the
 * inside address 10.0.1.0 + f mod 128 and a port of its own towards its remote address, so that a NAT can keep every port.
 *
 * It begins with the two first packets of every flow, one in each direction, so that all connections are established, and then never ends: flows are
 * drawn at random, and directions take turns. `opening` has no such beginning: each packet opens a flow nobody has seen.
 */
import type { Frames } from '../frame/frames.js';
import { below, drawnOn } from './drawn.js';
import { packetsOn } from './packets.js';
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
export const REMOTE = 0xc633_6400 | 0;
// As the bits of a word: what is above 2^31 would be a double.
const OUTSIDE = OWN_OUTSIDE | 0;
const ROUTER = NEXT_HOP | 0;
const PORT_FIRST = 1024;
export const PORT_BITS = 15;
const FRAME_LENGTH = 60;
const ECHO = 0x0800;
const TICK_NS = 50;
/** So that 50,000 connections that nobody has answered live at a time, and have expired when their place is needed. */
const OPENING_TICK_NS = 600_000;

export function flowsOn(frames: Frames, { seed, kind, count, ports }: Flows): Source {
  const { start, length, wireLength } = frames;
  const packets = packetsOn(frames, FRAME_LENGTH);
  const isTwoWay = kind === 'snat' || kind === 'dnat' || kind === 'echo';
  const introductions = isTwoWay ? 2 * count : 0;
  const step = kind === 'opening' ? OPENING_TICK_NS : TICK_NS;

  /** Gives the port of the station inside, which for `dnat` is always the same one. */
  function fromInside(at: number, flow: number): number {
    const inside = kind === 'dnat' ? INSIDE : INSIDE + (flow & (INSIDE_COUNT - 1));
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const port = PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
    if (kind === 'echo') packets.echo(at, OWN_INSIDE, inside, inside, remote, (ECHO << 16) | port);
    else if (kind === 'dnat')
      packets.udp(at, OWN_INSIDE, inside, inside, remote, (SERVER_PORT << 16) | port);
    else packets.udp(at, OWN_INSIDE, inside, inside, remote, (port << 16) | SERVER_PORT);
    return inside & (ports - 1);
  }

  function fromOutside(at: number, flow: number): void {
    const remote = (REMOTE + (flow >>> PORT_BITS)) | 0;
    const port = PORT_FIRST + (flow & ((1 << PORT_BITS) - 1));
    if (kind === 'echo') packets.echo(at, OUTSIDE, ROUTER, remote, OUTSIDE, port);
    else if (kind === 'dnat')
      packets.udp(at, OUTSIDE, ROUTER, remote, OUTSIDE, (port << 16) | PUBLISHED_PORT);
    else packets.udp(at, OUTSIDE, ROUTER, remote, OUTSIDE, (SERVER_PORT << 16) | port);
  }

  /** Who speaks first in this kind of flow? */
  function isFromInside(turn: number): boolean {
    return kind === 'dnat' ? turn === 1 : turn === 0;
  }

  function routed(at: number, dice: number): number {
    const inside = INSIDE + ((dice >>> 8) & (INSIDE_COUNT - 1));
    const to = (PREFIX_FIRST + below(dice, count) * 256 + (dice & 0xff)) | 0;
    packets.udp(at, OWN_INSIDE, inside, inside, to, (PORT_FIRST << 16) | SERVER_PORT);
    return inside & (ports - 1);
  }

  return drawnOn(frames, seed, step, (frame, dice, sent) => {
    const at = start[frame];
    length[frame] = FRAME_LENGTH;
    wireLength[frame] = FRAME_LENGTH;
    if (kind === 'routed') return routed(at, dice);
    const isIntroduced = sent >= introductions;
    const flow = isIntroduced ? (kind === 'opening' ? sent : below(dice, count)) : sent >>> 1;
    if (!isTwoWay || isFromInside(sent & 1)) return fromInside(at, flow & 0xf_ffff);
    fromOutside(at, flow & 0xf_ffff);
    return ports;
  });
}
