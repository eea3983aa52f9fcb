/**
 * What a host does with the options of an IPv4 packet (RFC 791 §3.1; RFC 1812 §5.3.13; Linux ip_options_compile, ip_forward_options,
 * ip_options_echo): it writes its address and the time where the packet asks for them, and echoes the question with an answer to a ping.
 * The time is that at which the packet came.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import type { Frame } from '../frame/frames.js';
import { checksumOf, sum } from '../wire/checksum.js';
import { Ipv4, headerLength } from '../wire/ipv4.js';
import {
  clearBehindEnd,
  isFull,
  namedAddress,
  Options,
  recordRoute,
  recordTime,
  size,
  takesTwo,
} from '../wire/ipv4-options.js';
import { addressOn } from './answer.js';
import type { Interfaces } from './interfaces.js';
import type { Plane } from './plane.js';

const DAY_S = 86_400;
const SECOND_MS = 1000;
const MILLISECOND_NS = 1e6;
const NO_ANSWER = -1;

export interface OptionsOfHosts {
  /** With which byte of the packet at `at`, counted from 0, its options cease to make sense; 0 where they do. */
  readonly read: (at: number) => number;
  /** Where the source route begins that the packet has which was read last; 0 where it has none. */
  readonly sourceRoute: () => number;
  /** Writes what the options of a packet ask of a host that sends it on by an interface. The frame is the caller's alone. */
  readonly fill: (frame: Frame, out: number) => void;
  /** Bytes of options that the answer to a ping has, which is at `at`; -1 where it gets none. */
  readonly echoedLength: (at: number) => number;
  /** Writes them into an answer of its own, `from` the address that was pinged at an interface. */
  readonly echo: (to: Frame, answer: Frame, from: number, iface: number) => void;
}

export function optionsOn(plane: Plane, interfaces: Interfaces): OptionsOfHosts {
  const { payload, seconds, nanoseconds, bytes, view } = plane.frames;
  const { word3 } = plane.program.addresses;
  const memory = memoryOf(bytes);
  const find = addressOn(plane, interfaces);
  const options = new Options();

  /** Milliseconds since midnight UT when a frame came. */
  function timeOf(frame: Frame): number {
    const ofDay = ((seconds[frame] % DAY_S) + DAY_S) % DAY_S;
    return Math.floor(ofDay) * SECOND_MS + Math.floor(nanoseconds[frame] / MILLISECOND_NS);
  }

  function stamp(at: number, address: number, iface: number, time_ms: number): void {
    const named = namedAddress(view, at) >>> 0;
    recordTime(view, at, address, named !== 0 && find(iface, 0, 0, 0, named) >= 0, time_ms);
  }

  function echoRoute(from: number, to: number, address: number): number {
    const length = size(view, from);
    copyBytes(memory, from, memory, to, length);
    recordRoute(view, to, address);
    recordRoute(view, to, address);
    return length;
  }

  /** Without room it was counted up when the question came, and is not again. */
  function echoTime(
    from: number,
    to: number,
    address: number,
    iface: number,
    time_ms: number,
  ): number {
    const length = size(view, from);
    copyBytes(memory, from, memory, to, length);
    stamp(to, address, iface, time_ms);
    if (!isFull(view, from) && !isFull(view, to)) stamp(to, address, iface, time_ms);
    return length;
  }

  return {
    read: (at) => options.read(view, at),
    sourceRoute: () => options.sourceRoute,
    fill: (frame, out) => {
      const at = payload[frame];
      options.read(view, at);
      const row = interfaces.speaker(out, 4);
      const address = row < 0 ? 0 : word3[row];
      if (options.recordRoute !== 0) recordRoute(view, at + options.recordRoute, address);
      if (options.timestamp !== 0) stamp(at + options.timestamp, address, out, timeOf(frame));
      clearBehindEnd(view, at);
      view.setUint16(at + 10, 0);
      view.setUint16(at + 10, checksumOf(sum(view, at, headerLength(view, at))));
    },
    echoedLength: (at) => {
      if (options.read(view, at) !== 0 || options.sourceRoute !== 0) return NO_ANSWER;
      const { recordRoute: route, timestamp: time } = options;
      if (route !== 0 && !takesTwo(view, at + route, false)) return NO_ANSWER;
      if (time !== 0 && !takesTwo(view, at + time, true)) return NO_ANSWER;
      const both =
        (route === 0 ? 0 : size(view, at + route)) + (time === 0 ? 0 : size(view, at + time));
      return (both + 3) & ~3;
    },
    echo: (asked, answer, from, iface) => {
      const at = payload[asked];
      options.read(view, at);
      const { recordRoute: route, timestamp: time } = options;
      const end = payload[answer] + headerLength(view, payload[answer]);
      let to = payload[answer] + Ipv4.HeaderLengthMin;
      if (route !== 0) to += echoRoute(at + route, to, from);
      if (time !== 0) to += echoTime(at + time, to, from, iface, timeOf(asked));
      for (; to < end; to++) view.setUint8(to, 0);
    },
  };
}
