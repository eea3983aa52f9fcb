/**
 * Seeded synthetic traffic: the same seed sends the same frames. Host h lives behind port h mod ports and has the MAC 02:42 and h.
 *
 * It begins with one broadcast from every host, so that a bridge has heard them all, and then never ends: the ports take turns, each
 * speaks to every other port in turn, and the two hosts of a frame are drawn anew for each. A frame is 14 written bytes in a slot and
 * its columns: what a NIC would have put there. Children of NICs are known without a word, so they do not begin with broadcasts.
 */
import type { Frames } from '../frame/frames.js';
import { EtherType } from '../wire/ethernet.js';
import type { Source } from './port.js';

/** Who is spoken to. */
export type Pattern = 'unicast' | 'broadcast1' | 'flood';

export interface Traffic {
  readonly seed: number;
  readonly hosts: number;
  readonly ports: number;
  /** Bytes per frame with FCS, as benchmarks count them; one is drawn for each frame. The pool holds them without FCS. */
  readonly frameBytes: readonly number[];
  readonly pattern: Pattern;
  /** `children` of one parent know each other's addresses; those of ipvlan share its MAC and have 10.0.0.0 and the port. Default: stations. */
  readonly speakers?: 'stations' | 'children' | 'ipvlan children';
  /** TPID << 16 | TCI: the second half of the ports are trunks, whose frames bear this tag, and the halves speak to each other only. */
  readonly trunkTag?: number;
  /** The ports that send, where others send elsewhere; default: all. */
  readonly senders?: { readonly first: number; readonly count: number };
}

const ADDRESS_FIRST = 0x0a00_0000;
/** Of the IPv4 packets, which fill a frame of 64 bytes: no checksum is looked at on their way. */
const TOTAL_LENGTH = 46;

const FCS = 4;
const MAC_HIGH = 0x0242;
const NANOSECONDS_PER_FRAME = 50;
const SIZES = 1024;
const BROADCAST_EVERY: Readonly<Record<Pattern, number>> = {
  unicast: 0,
  broadcast1: 100,
  flood: 1,
};

/** Makes the source for a pool of frames. At most 65,536 hosts stand behind one port. */
export function synthOn(frames: Frames, traffic: Traffic): Source {
  const { start, length, wireLength, inPort, serial, tick, view } = frames;
  const { ports } = traffic;
  const perPort = Math.floor(traffic.hosts / ports);
  const isIpvlan = traffic.speakers === 'ipvlan children';
  const introductions = (traffic.speakers ?? 'stations') === 'stations' ? perPort * ports : 0;
  const tag = traffic.trunkTag ?? 0;
  const half = ports >>> 1;
  const every = BROADCAST_EVERY[traffic.pattern];
  const sizes = sizesOf(traffic);
  const first = traffic.senders?.first ?? 0;
  const end = first + (traffic.senders?.count ?? ports);
  const state = { dice: seedOf(traffic), sent: 0, port: first, towards: 1, untilBroadcast: every };

  /** Whom a port speaks to: the others in turn, or its counterpart in the other half. */
  function receiverOf(port: number, towards: number): number {
    if (tag !== 0) return port < half ? port + half : port - half;
    return port + towards < ports ? port + towards : port + towards - ports;
  }

  /** Puts a tag behind the addresses, and the type behind the tag. */
  function putTag(at: number): void {
    view.setUint32(at + 12, tag);
    view.setUint16(at + 16, EtherType.Ipv4);
  }

  /** From one child of ipvlan to another. */
  function putPacket(at: number, from: number, to: number): void {
    view.setUint32(at + 2, 0);
    view.setUint32(at + 8, 0);
    view.setUint32(at + 14, (0x4500 << 16) | TOTAL_LENGTH);
    view.setUint32(at + 26, ADDRESS_FIRST + from);
    view.setUint32(at + 30, ADDRESS_FIRST + to);
  }

  function receive(into: Int32Array, most: number): number {
    // The state lives in locals for the length of a burst: as fields it costs a third of the generator's time.
    let { dice, sent, port, towards, untilBroadcast } = state;
    let count = 0;
    for (; count < most; count++) {
      const frame = frames.claim();
      if (frame < 0) break;
      dice = nextRandom(dice);
      const at = start[frame];
      const outPort = receiverOf(port, towards);
      const introducing = sent < introductions;
      if (introducing || --untilBroadcast === 0) {
        untilBroadcast = every;
        view.setUint16(at, 0xffff);
        view.setUint32(at + 2, 0xffffffff);
      } else {
        view.setUint16(at, MAC_HIGH);
        view.setUint32(at + 2, outPort + ports * scale(dice & 0xffff, perPort));
      }
      view.setUint16(at + 6, MAC_HIGH);
      view.setUint32(at + 8, introducing ? sent : port + ports * scale(dice >>> 16, perPort));
      view.setUint16(at + 12, EtherType.Ipv4);
      if (tag !== 0 && port >= half) putTag(at);
      if (isIpvlan) putPacket(at, port, outPort);
      const bytes = sizes[sent & (SIZES - 1)];
      sent++;
      length[frame] = bytes;
      wireLength[frame] = bytes;
      inPort[frame] = port;
      serial[frame] = sent;
      tick[frame] = sent * NANOSECONDS_PER_FRAME;
      into[count] = frame;
      if (++port === end) {
        port = first;
        towards = towards + 1 < ports ? towards + 1 : 1;
      }
    }
    state.dice = dice;
    state.sent = sent;
    state.port = port;
    state.towards = towards;
    state.untilBroadcast = untilBroadcast;
    return count;
  }

  return { receive, refill: () => Promise.resolve(true) };
}

/** The sizes of frames in the pool, one drawn from `frameBytes` for each of SIZES frames in turn. */
function sizesOf({ frameBytes, seed }: Traffic): Uint16Array {
  let dice = seedOf({ seed });
  return new Uint16Array(SIZES).map(() => {
    dice = nextRandom(dice);
    return frameBytes[scale(dice >>> 16, frameBytes.length)] - FCS;
  });
}

/** A start for nextRandom, which must not be 0; no two seeds below 2^31 share one. */
function seedOf({ seed }: Pick<Traffic, 'seed'>): number {
  return (seed << 1) | 1;
}

/** xorshift32. */
function nextRandom(state: number): number {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  return x ^ (x << 5);
}

/** 16 random bits to 0..below-1, for `below` up to 65,536. */
function scale(bits: number, below: number): number {
  return Math.imul(bits, below) >>> 16;
}
