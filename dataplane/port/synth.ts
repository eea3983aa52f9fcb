/**
 * Seeded synthetic traffic: the same seed sends the same frames. Host h lives behind port h mod ports and has the MAC 02:42 and h.
 *
 * It begins with one broadcast from every host, so that a bridge has heard them all, and then never ends: the ports take turns, each
 * speaks to every other port in turn, and the two hosts of a frame are drawn anew for each. A frame is 14 written bytes in a slot and
 * its columns: what a NIC would have put there.
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
}

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
  const { ports, frameBytes } = traffic;
  const perPort = Math.floor(traffic.hosts / ports);
  const introductions = perPort * ports;
  const every = BROADCAST_EVERY[traffic.pattern];
  let state = traffic.seed | 1;
  let sent = 0;
  let port = 0;
  let towards = 1;
  let untilBroadcast = every;

  /** xorshift32. */
  function random(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  }

  const sizes = new Uint16Array(SIZES).map(
    () => frameBytes[scale(random() >>> 16, frameBytes.length)] - FCS,
  );

  function address(at: number, dice: number): void {
    if (sent < introductions || --untilBroadcast === 0) {
      untilBroadcast = every;
      view.setUint16(at, 0xffff);
      view.setUint32(at + 2, 0xffffffff);
      return;
    }
    const outPort = port + towards < ports ? port + towards : port + towards - ports;
    view.setUint16(at, MAC_HIGH);
    view.setUint32(at + 2, outPort + ports * scale(dice & 0xffff, perPort));
  }

  function takeTurns(): void {
    if (++port < ports) return;
    port = 0;
    towards = towards + 1 < ports ? towards + 1 : 1;
  }

  function fill(frame: number): void {
    const dice = random();
    const at = start[frame];
    address(at, dice);
    view.setUint16(at + 6, MAC_HIGH);
    view.setUint32(
      at + 8,
      sent < introductions ? sent : port + ports * scale(dice >>> 16, perPort),
    );
    view.setUint16(at + 12, EtherType.Ipv4);
    const bytes = sizes[sent & (SIZES - 1)];
    length[frame] = bytes;
    wireLength[frame] = bytes;
    inPort[frame] = port;
    serial[frame] = ++sent;
    tick[frame] = sent * NANOSECONDS_PER_FRAME;
    takeTurns();
  }

  return {
    receive(into, most) {
      for (let i = 0; i < most; i++) {
        const frame = frames.claim();
        if (frame < 0) return i;
        fill(frame);
        into[i] = frame;
      }
      return most;
    },
    refill: () => Promise.resolve(true),
  };
}

/** 16 random bits to 0..below-1, for `below` up to 65,536. */
function scale(bits: number, below: number): number {
  return Math.imul(bits, below) >>> 16;
}
