/** What the tracker of connections needs to know of a packet beyond its tuple, and whether its checksum is right. */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { isPartialAt } from '../frame/offload.js';
import { isPartial, isRight, pseudoSumIpv4, pseudoSumIpv6, sum } from '../wire/checksum.js';
import { Protocol } from '../wire/ipv4.js';
import * as tcp from '../wire/tcp.js';
import { Tcp } from '../wire/tcp.js';
import * as udp from '../wire/udp.js';
import { NO_TRANSPORT } from './packet.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';

export interface Segment {
  /** Of TCP, else 0. */
  flags: number;
  sequence: number;
  acknowledgment: number;
  window: number;
  payloadBytes: number;
  /** The window scale option of a SYN, or -1. */
  scale: number;
  /** Reads the packet at hand. False when it cannot be one of a connection: it has no such header as its protocol has, or a wrong checksum. */
  readonly read: (frame: Frame) => boolean;
}

export function segmentOn({ frames }: Plane, packet: Packet): Segment {
  const { start, length, flags: frameFlags, view } = frames;

  /** Where the packet ends in the pool; less where the capture has cut it. */
  function endOf(frame: Frame): number {
    return Math.min(packet.at + packet.length, start[frame] + length[frame]);
  }

  function readTcp(end: number): boolean {
    const at = packet.transport;
    if (at + Tcp.HeaderLengthMin > end) return false;
    const header = tcp.headerLength(view, at);
    const bytes = packet.at + packet.length - at;
    if (header < Tcp.HeaderLengthMin || header > bytes) return false;
    segment.flags = tcp.flags(view, at);
    segment.sequence = tcp.sequence(view, at);
    segment.acknowledgment = tcp.acknowledgment(view, at);
    segment.window = view.getUint16(at + 14);
    segment.payloadBytes = bytes - header;
    const isSyn = (segment.flags & tcp.Flag.Syn) !== 0;
    segment.scale = isSyn
      ? tcp.windowScale(view, at + Tcp.HeaderLengthMin, Math.min(at + header, end))
      : Tcp.NoScale;
    return true;
  }

  /** Where the checksum stands, or -1 where there is none to be checked. */
  function checksumAt(): number {
    switch (packet.protocol as Protocol) {
      case Protocol.Tcp:
        return packet.transport + 16;
      case Protocol.Udp:
        return udp.checksum(view, packet.transport) === 0 && packet.family === 4
          ? -1
          : packet.transport + 6;
      default:
        return packet.transport + 2;
    }
  }

  /** Of a whole packet that is here. One that a network card was to complete has the pseudo sum, and is right as well. */
  function isIntact(frame: Frame): boolean {
    packet.isPartial = isPartialAt(frames, frame, packet.transport);
    // What is left to a card may be in a tunnel.
    if ((frameFlags[frame] & FrameFlag.Partial) !== 0 || packet.fragment !== 0) return true;
    const end = packet.at + packet.length;
    const at = checksumAt();
    if (at < 0 || end > start[frame] + length[frame]) return true;
    const bytes = end - packet.transport;
    const pseudo = pseudoSumOf(bytes);
    if (isRight(pseudo + sum(view, packet.transport, bytes))) return true;
    packet.isPartial = pseudo !== 0 && isPartial(view.getUint16(at), pseudo);
    return packet.isPartial;
  }

  function pseudoSumOf(bytes: number): number {
    if (packet.family === 6) return pseudoSumIpv6(view, packet.at, packet.protocol, bytes);
    const isIcmp = packet.protocol === Protocol.Icmp;
    return isIcmp ? 0 : pseudoSumIpv4(view, packet.at, packet.protocol, bytes);
  }

  const segment = {
    flags: 0,
    sequence: 0,
    acknowledgment: 0,
    window: 0,
    payloadBytes: 0,
    scale: Tcp.NoScale,
    read: (frame: Frame): boolean => {
      packet.isPartial = false;
      segment.flags = 0;
      segment.scale = Tcp.NoScale;
      if (!hasTransport(packet.protocol)) return true;
      if (packet.transport === NO_TRANSPORT) return false;
      if (packet.protocol === Protocol.Tcp && !readTcp(endOf(frame))) return false;
      return isIntact(frame);
    },
  };
  return segment;
}

function hasTransport(protocol: number): boolean {
  switch (protocol as Protocol) {
    case Protocol.Tcp:
    case Protocol.Udp:
    case Protocol.Icmp:
    case Protocol.Icmpv6:
      return true;
    default:
      return false;
  }
}
