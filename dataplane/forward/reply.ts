/**
 * Packets that a host makes about one it got: from one of its addresses, back to the source of that packet, in a slot of their own. Where they
 * go the routes of the host say, so the Ethernet header is left to the resolver.
 */
import type { Frame } from '../frame/frames.js';
import { checksumOf, pseudoSumIpv4, pseudoSumIpv6, sum, updateChecksum } from '../wire/checksum.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';

const HOP_LIMIT = 64;
const DONT_FRAGMENT = 0x4000;

/** Bytes of the IP header that such a packet has. */
export function replyHeader(family: number): number {
  return family === 4 ? Ipv4.HeaderLengthMin : Ipv6.HeaderLength;
}

/**
 * Makes the function that claims a slot for a packet of `length` bytes of a host's own, with room for an Ethernet header; -1 when none is free. It has one
 * hold, but no port and no time yet.
 */
export function blankOn({ frames, counters }: Plane): (type: EtherType, length: number) => Frame {
  const {
    start,
    length: lengths,
    wireLength,
    etherType,
    payload,
    packetLength,
    holders,
    view,
  } = frames;
  return (type, length) => {
    const frame = frames.claim();
    if (frame < 0) return frame;
    counters.originated[0]++;
    holders[frame] = 1;
    lengths[frame] = Ethernet.HeaderLength + length;
    wireLength[frame] = Ethernet.HeaderLength + length;
    payload[frame] = start[frame] + Ethernet.HeaderLength;
    packetLength[frame] = length;
    etherType[frame] = type;
    view.setUint16(start[frame] + Ethernet.HeaderLength - 2, type);
    return frame;
  };
}

/** Makes the function that does the same for a packet which a host makes because of a frame, whose port and time it bears. */
export function originateOn(
  plane: Plane,
): (because: Frame, type: EtherType, length: number) => Frame {
  const { inPort, serial, tick, seconds, nanoseconds } = plane.frames;
  const blank = blankOn(plane);
  return (because, type, length) => {
    const frame = blank(type, length);
    if (frame < 0) return frame;
    inPort[frame] = inPort[because];
    serial[frame] = serial[because];
    tick[frame] = tick[because];
    seconds[frame] = seconds[because];
    nanoseconds[frame] = nanoseconds[because];
    return frame;
  };
}

/** Begins a packet, see `replyFromOn` and `replyOn`. */
type Reply<From> = (
  because: Frame,
  packet: Packet,
  from: From,
  protocol: Protocol,
  trafficClass: number,
  mayFragment: boolean,
  length: number,
) => Frame;

/**
 * Makes the function that begins a packet to the source of `packet`, which a frame carries: `length` bytes of `protocol` behind an IP header of
 * `replyHeader` bytes, from the address in row `from`. What may be fragmented has an identification, the others have 0 (RFC 6864 §4.1).
 * -1 when no slot is free.
 */
export function replyOn(plane: Plane): Reply<number> {
  const { addresses } = plane.program;
  const { identification } = plane;
  const { payload, view } = plane.frames;
  const begin = replyFromOn(plane);
  const source = new Int32Array(4);
  return (because, packet, from, protocol, trafficClass, mayFragment, length) => {
    source[0] = addresses.word0[from];
    source[1] = addresses.word1[from];
    source[2] = addresses.word2[from];
    source[3] = addresses.word3[from];
    const isNumbered = mayFragment && packet.family === 4;
    const frame = begin(because, packet, source, protocol, trafficClass, mayFragment, length);
    if (frame < 0 || !isNumbered) return frame;
    const at = payload[frame];
    const number = ++identification[from];
    view.setUint16(at + 4, number);
    view.setUint16(at + 10, updateChecksum(view.getUint16(at + 10), 0, number));
    return frame;
  };
}

/** Makes the function that does the same from an address, four words, that need not be the host's; its identification is 0. */
export function replyFromOn(plane: Plane): Reply<Int32Array> {
  const { payload, view } = plane.frames;
  const originate = originateOn(plane);

  function writeIpv4(at: number, from: Int32Array, to: Packet): void {
    view.setInt32(at + 12, from[3]);
    view.setInt32(at + 16, to.source[3]);
    view.setUint16(at + 10, checksumOf(sum(view, at, Ipv4.HeaderLengthMin)));
  }

  function writeIpv6(at: number, from: Int32Array, to: Packet): void {
    for (let i = 0; i < 4; i++) {
      view.setInt32(ipv6.sourceAt(at) + 4 * i, from[i]);
      view.setInt32(ipv6.destinationAt(at) + 4 * i, to.source[i]);
    }
  }

  return (because, packet, from, protocol, trafficClass, mayFragment, length) => {
    const isIpv4 = packet.family === 4;
    const whole = replyHeader(packet.family) + length;
    const frame = originate(because, isIpv4 ? EtherType.Ipv4 : EtherType.Ipv6, whole);
    if (frame < 0) return frame;
    const at = payload[frame];
    if (isIpv4) {
      view.setUint32(at, 0x4500_0000 | (trafficClass << 16) | whole);
      view.setUint32(at + 4, mayFragment ? 0 : DONT_FRAGMENT);
      view.setUint32(at + 8, (HOP_LIMIT << 24) | (protocol << 16));
      writeIpv4(at, from, packet);
    } else {
      view.setUint32(at, 0x6000_0000 | (trafficClass << 20));
      view.setUint32(at + 4, (length << 16) | (protocol << 8) | HOP_LIMIT);
      writeIpv6(at, from, packet);
    }
    return frame;
  };
}

/**
 * Makes the function that writes the checksum of such a packet, once everything else stands there, `offset` bytes into what its IP header
 * is followed by.
 */
export function sealOn({
  frames,
}: Plane): (frame: Frame, protocol: Protocol, offset: number) => void {
  const { payload, packetLength, etherType, view } = frames;

  function pseudoSum(at: number, isIpv4: boolean, protocol: Protocol, length: number): number {
    if (!isIpv4) return pseudoSumIpv6(view, at, protocol, length);
    return protocol === Protocol.Icmp ? 0 : pseudoSumIpv4(view, at, protocol, length);
  }

  return (frame, protocol, offset) => {
    const at = payload[frame];
    const isIpv4 = etherType[frame] === EtherType.Ipv4;
    const header = isIpv4 ? Ipv4.HeaderLengthMin : Ipv6.HeaderLength;
    const length = packetLength[frame] - header;
    view.setUint16(at + header + offset, 0);
    const total = pseudoSum(at, isIpv4, protocol, length) + sum(view, at + header, length);
    view.setUint16(at + header + offset, checksumOf(total));
  };
}
