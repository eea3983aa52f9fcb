/** The packet that a tunnel is made of, as far as its receiver must know it: read once, and used up before another is read. */
import type { Frame } from '../frame/frames.js';
import { FrameFlag } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { EcnField } from '../wire/ecn.js';
import { EtherType } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import { Udp } from '../wire/udp.js';
import { NO_TRANSPORT, Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';

export interface OuterPacket {
  family: number;
  /** Where it begins in the pool. */
  at: number;
  /** Where the VXLAN header begins, if it has one: behind a UDP header that is here. */
  vxlanAt: number;
  /** UDP port that it is for. */
  port: number;
  /** Four words each. */
  readonly source: Int32Array<ArrayBuffer>;
  readonly destination: Int32Array<ArrayBuffer>;
  readonly isToGroup: () => boolean;
  /** Its ECN field. */
  ecn: number;
  /** Where the packet ends, and what is here of it. */
  packetEnd: number;
  packetHere: number;
  /** The same of the datagram, when that is known (`setEnd`). */
  wireEnd: number;
  end: number;
  /** Reads a frame if it carries UDP over IPv4 without options, or over IPv6, whole and with a right header. */
  readonly read: (frame: Frame) => boolean;
  /** The same whatever its options. */
  readonly readAny: (frame: Frame) => boolean;
  readonly setEnd: (wireEnd: number) => void;
  /** The frame has become a copy, whose bytes stand so much further on. */
  readonly shift: (by: number) => void;
}

/** Makes it. `isPort`: the UDP ports at which somebody listens; packets to others are not read by `read`. */
export function outerPacketOn(plane: Plane, isPort: Uint8Array): OuterPacket {
  const { start, length, wireLength, payload, etherType, flags, view } = plane.frames;
  const packet = new Packet();
  const readPacket = readOn(plane, packet);

  /** Several packets in one frame, each with a frame of its own inside? */
  function isTrain(frame: Frame): boolean {
    return (flags[frame] & (FrameFlag.Super | FrameFlag.Tunneled)) === FrameFlag.Super;
  }

  function readAny(frame: Frame): boolean {
    const type = etherType[frame];
    if (type !== EtherType.Ipv4 && type !== EtherType.Ipv6) return false;
    if (isTrain(frame) || readPacket(frame) !== Reason.Ok) return false;
    if (packet.protocol !== Protocol.Udp || packet.transport === NO_TRANSPORT) return false;
    const here = Math.min(packet.at + packet.length, start[frame] + length[frame]);
    if (packet.fragment !== 0 || packet.transport + Udp.HeaderLength > here) return false;
    outer.family = packet.family;
    outer.at = packet.at;
    outer.vxlanAt = packet.transport + Udp.HeaderLength;
    outer.port = packet.ports & 0xffff;
    for (let i = 0; i < 4; i++) {
      outer.source[i] = packet.source[i];
      outer.destination[i] = packet.destination[i];
    }
    outer.packetEnd = packet.at + packet.length;
    outer.packetHere = here;
    outer.ecn =
      packet.family === 4
        ? view.getUint8(packet.at + 1) & EcnField.Bits
        : (view.getUint8(packet.at + 1) >>> 4) & EcnField.Bits;
    return true;
  }

  /** The same, for what most packets are. */
  function readPlain(frame: Frame): boolean {
    const at = payload[frame];
    const here = start[frame] + length[frame];
    const udpAt = at + Ipv4.HeaderLengthMin;
    if (udpAt + Udp.HeaderLength > here || view.getUint8(at) !== 0x45) return false;
    if (view.getUint8(at + 9) !== Protocol.Udp || isPort[view.getUint16(udpAt + 2)] === 0)
      return false;
    if (ipv4.isFragment(view, at)) return false;
    const wireEnd = start[frame] + wireLength[frame];
    if (ipv4.checkIpv4(view, at, here, wireEnd) !== Reason.Ok) return false;
    outer.packetEnd = at + ipv4.totalLength(view, at);
    if (udpAt + Udp.HeaderLength > outer.packetEnd) return false;
    outer.packetHere = Math.min(here, outer.packetEnd);
    if (outer.family !== 4) {
      outer.source.fill(0);
      outer.destination.fill(0);
      outer.family = 4;
    }
    outer.at = at;
    outer.vxlanAt = udpAt + Udp.HeaderLength;
    outer.port = view.getUint16(udpAt + 2);
    outer.source[3] = view.getInt32(at + 12);
    outer.destination[3] = view.getInt32(at + 16);
    outer.ecn = view.getUint8(at + 1) & EcnField.Bits;
    return true;
  }

  const outer = {
    family: 0,
    at: 0,
    vxlanAt: 0,
    port: 0,
    source: new Int32Array(4),
    destination: new Int32Array(4),
    ecn: 0,
    packetEnd: 0,
    packetHere: 0,
    wireEnd: 0,
    end: 0,
    isToGroup: (): boolean => {
      const { family, destination } = outer;
      return family === 4 ? destination[3] >>> 28 === 0xe : destination[0] >>> 24 === 0xff;
    },
    read: (frame: Frame): boolean => {
      if (isTrain(frame)) return false;
      return etherType[frame] === EtherType.Ipv4 ? readPlain(frame) : readAny(frame);
    },
    readAny,
    setEnd: (wireEnd: number): void => {
      outer.wireEnd = wireEnd;
      outer.end = Math.min(wireEnd, outer.packetHere);
    },
    shift: (by: number): void => {
      outer.at += by;
      outer.vxlanAt += by;
      outer.packetEnd += by;
      outer.packetHere += by;
      outer.wireEnd += by;
      outer.end += by;
    },
  };
  return outer;
}
