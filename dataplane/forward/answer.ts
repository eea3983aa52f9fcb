/**
 * What the stack of a host makes its answers with: a slot addressed back to who asked, the addresses that are its own, an echo request
 * turned round.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { isRight, sum, updateChecksum } from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import { Ethernet } from '../wire/ethernet.js';
import { CHECKSUM_OFFSET } from '../wire/icmp.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';

/** No address of ours, or no answer. */
export const NOBODY = -1;

/** Sends a frame of the host out by one of its interfaces. */
export type Speak = (frame: Frame, iface: number) => void;

/** Has learned on an interface that an address, four words of a family, has this MAC, or UNNAMED and 0. `claim`: bits of Claim (state/neighbors). */
export type Hear = (
  iface: number,
  family: number,
  words: Int32Array,
  high: number,
  low: number,
  claim: number,
  tick: number,
) => void;

/** What the stack of a host is made with. */
export interface Surroundings {
  readonly interfaces: Interfaces;
  readonly speak: Speak;
  readonly hear: Hear;
  /** Says of an IP packet that the host does not answer that nobody listens, where that is so; the hold stays the caller's. */
  readonly refuse: (frame: Frame, iface: number) => void;
}

/** Makes the function that claims a slot for an answer of `length` bytes to a frame and addresses it back; -1 when none is free. */
export function answerOn(
  { frames, counters }: Plane,
  interfaces: Interfaces,
): (to: Frame, iface: number, length: number) => Frame {
  const { start, length: lengths, wireLength, inPort, serial, tick, seconds, nanoseconds } = frames;
  const { etherType, payload, packetLength, view } = frames;
  const { macHigh, macLow } = interfaces;
  return (to, iface, length) => {
    const frame = frames.claim();
    if (frame < 0) return frame;
    counters.originated[0]++;
    lengths[frame] = length;
    wireLength[frame] = length;
    inPort[frame] = inPort[to];
    serial[frame] = serial[to];
    tick[frame] = tick[to];
    seconds[frame] = seconds[to];
    nanoseconds[frame] = nanoseconds[to];
    etherType[frame] = etherType[to];
    packetLength[frame] = length - Ethernet.HeaderLength;
    const at = start[frame];
    const asked = start[to];
    payload[frame] = at + Ethernet.HeaderLength;
    view.setUint16(at, ethernet.sourceHigh(view, asked));
    view.setUint32(at + 2, ethernet.sourceLow(view, asked));
    view.setUint16(at + 6, macHigh[iface]);
    view.setUint32(at + 8, macLow[iface]);
    view.setUint16(at + 12, etherType[to]);
    return frame;
  };
}

/** Makes the function that finds an address among those of an interface's host: its row, or -1. IPv4 has three words of 0 before it. */
export function addressOn(
  { program }: Plane,
  interfaces: Interfaces,
): (iface: number, a: number, b: number, c: number, d: number) => number {
  const { firstAddress, addressCount } = interfaces;
  const { word0, word1, word2, word3 } = program.addresses;
  return (iface, a, b, c, d) => {
    const end = firstAddress[iface] + addressCount[iface];
    for (let row = firstAddress[iface]; row < end; row++)
      if (word3[row] === d && word2[row] === c && word1[row] === b && word0[row] === a) return row;
    return NOBODY;
  };
}

/**
 * Makes the function that copies an echo request of `length` bytes, IP header included, into an answer of another type, whose IP header may be
 * shorter: its ICMP message begins behind `answerOffset` bytes. -1 when its checksum is wrong, or partial and not its own. A partial checksum stays partial: the pseudo sum is the same in both directions, and the type is summed later.
 */
export function echoOn(
  plane: Plane,
  interfaces: Interfaces,
): (
  frame: Frame,
  iface: number,
  length: number,
  icmpOffset: number,
  answerOffset: number,
  type: number,
  pseudoSum: number,
) => Frame {
  const { start, payload, flags, checksumStart, checksumOffset, view, bytes } = plane.frames;
  const answer = answerOn(plane, interfaces);
  const memory = memoryOf(bytes);
  return (frame, iface, length, icmpOffset, answerOffset, type, pseudoSum) => {
    const at = payload[frame];
    const partial = flags[frame] & FrameFlag.Partial;
    const sumAt = start[frame] + checksumStart[frame];
    if (partial !== 0 && (sumAt !== at + icmpOffset || checksumOffset[frame] !== CHECKSUM_OFFSET))
      return NOBODY;
    if (partial === 0 && !isRight(pseudoSum + sum(view, at + icmpOffset, length - icmpOffset)))
      return NOBODY;
    const message = length - icmpOffset;
    const echo = answer(frame, iface, Ethernet.HeaderLength + answerOffset + message);
    if (echo < 0) return NOBODY;
    const into = payload[echo];
    copyBytes(memory, at, memory, into, answerOffset);
    copyBytes(memory, at + icmpOffset, memory, into + answerOffset, message);
    const typeAndCode = into + answerOffset;
    const was = view.getUint16(typeAndCode);
    view.setUint8(typeAndCode, type);
    if (partial === 0) {
      const field = typeAndCode + CHECKSUM_OFFSET;
      view.setUint16(
        field,
        updateChecksum(view.getUint16(field), was, view.getUint16(typeAndCode)),
      );
    } else {
      flags[echo] |= FrameFlag.Partial;
      checksumStart[echo] = Ethernet.HeaderLength + answerOffset;
      checksumOffset[echo] = CHECKSUM_OFFSET;
    }
    return echo;
  };
}
