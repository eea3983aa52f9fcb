/**
 * Seeded synthetic traffic: the same seed sends the same frames. Host h lives behind port h mod ports and has the MAC 02:42 and h.
 *
 * It begins with one frame from every host, so that a bridge has heard them all, and then never ends. A frame is 12 written bytes in a
 * slot and its columns: what a NIC would have put there.
 */
import type { Frames } from '../frame/frames.js';
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
const ETHERTYPE_IPV4 = 0x0800;
const NANOSECONDS_PER_FRAME = 50;
const SIZES = 1024;
const BROADCAST_SHARE: Readonly<Record<Pattern, number>> = {
  unicast: 0,
  broadcast1: 0.01,
  flood: 1,
};

/** Makes the source for a pool of frames. */
export function synthOn(frames: Frames, traffic: Traffic): Source {
  const { start, length, wireLength, inPort, serial, tick, view } = frames;
  const { ports, frameBytes } = traffic;
  const perPort = Math.floor(traffic.hosts / ports);
  const broadcasts = Math.round(65536 * BROADCAST_SHARE[traffic.pattern]);
  let state = traffic.seed | 1;
  let sent = 0;

  function random(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  }

  const sizes = new Uint16Array(SIZES).map(
    () => frameBytes[scale(random(), frameBytes.length)] - FCS,
  );

  function destination(at: number, port: number, dice: number): void {
    if (sent < perPort * ports || (dice & 0xffff) < broadcasts) {
      view.setUint16(at, 0xffff);
      view.setUint32(at + 2, 0xffffffff);
      return;
    }
    const more = random();
    let outPort = port + 1 + scale(more << 16, ports - 1);
    if (outPort >= ports) outPort -= ports;
    view.setUint16(at, MAC_HIGH);
    view.setUint32(at + 2, outPort + ports * scale(more, perPort));
  }

  function fill(frame: number): void {
    const dice = random();
    const port = sent % ports;
    const at = start[frame];
    destination(at, port, dice);
    view.setUint16(at + 6, MAC_HIGH);
    view.setUint32(at + 8, sent < perPort * ports ? sent : port + ports * scale(dice, perPort));
    view.setUint16(at + 12, ETHERTYPE_IPV4);
    const bytes = sizes[sent & (SIZES - 1)];
    length[frame] = bytes;
    wireLength[frame] = bytes;
    inPort[frame] = port;
    serial[frame] = ++sent;
    tick[frame] = sent * NANOSECONDS_PER_FRAME;
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

/** 32 random bits to 0..below-1. */
function scale(bits: number, below: number): number {
  return ((bits >>> 0) * (1 / 4294967296) * below) | 0;
}
