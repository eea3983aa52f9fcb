/**
 * The packet at hand, as a router sees it: read once, decided about, and only then changed. There is one, and it is used up before another is
 * read: whoever sends something on may meet another router within the same pass.
 */
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { EtherType } from '../wire/ethernet.js';
import {
  checkIcmp,
  code,
  IcmpType,
  identifier,
  isError as isIcmpError,
  type,
} from '../wire/icmp.js';
import { Icmpv6Type, isError as isIcmpv6Error } from '../wire/icmpv6.js';
import * as ipv4 from '../wire/ipv4.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { checkPorts } from '../wire/tcp.js';
import type { Plane } from './plane.js';

/** It has no header of TCP, UDP or ICMP that could be read: a later fragment, or another protocol. */
export const NO_TRANSPORT = -1;

/** Word by word: to call `set` of so short an array costs ten times as much. */
export function copyAddress(from: Int32Array, to: Int32Array): void {
  to[0] = from[0];
  to[1] = from[1];
  to[2] = from[2];
  to[3] = from[3];
}

export class Packet {
  /** 4 or 6. */
  family = 4;
  /** Where it begins in the pool. */
  at = 0;
  /** Bytes of it, as its header says. */
  length = 0;
  /** Four words each, IPv4 in the last behind three of 0. */
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  /** IANA number of what it carries behind extension headers. */
  protocol = 0;
  /** Where that begins in the pool, whatever it is. */
  upper = 0;
  /** Where its TCP, UDP or ICMP header begins in the pool, or NO_TRANSPORT. */
  transport = NO_TRANSPORT;
  /** Of TCP and UDP the source port in the high half and the destination port; of a question or answer of ICMP its identifier, type and code; else 0. */
  ports = 0;
  /** Routers that it may still pass. */
  hopLimit = 0;
  /** Of IPv4: that of its datagram, which a translated one may have another of from here on (identification.ts). */
  identification = 0;
  /** Where its fragment header begins, of IPv4 that of the packet, or 0 if it is whole. */
  fragment = 0;
  /** Bytes of the datagram before this fragment, and whether more come. */
  fragmentOffset = 0;
  moreFragments = false;
  /** It has options (IPv4). */
  hasOptions = false;
  /** Its checksum holds the pseudo sum only: a network card was to complete it. */
  isPartial = false;

  /** Takes over what says whose packet another one is. */
  become(other: Packet): void {
    this.family = other.family;
    copyAddress(other.source, this.source);
    copyAddress(other.destination, this.destination);
    this.protocol = other.protocol;
    this.ports = other.ports;
  }

  /** IPv4 stands in the last word of the addresses. */
  setIpv4(source: number, destination: number): void {
    if (this.family !== 4) {
      this.source.fill(0);
      this.destination.fill(0);
      this.family = 4;
    }
    this.source[3] = source;
    this.destination[3] = destination;
  }
}

/** Reads the IP packet of a family, 4 or 6, at `at` in the pool; `end` and `wireEnd` are those of what it stands in. */
export type ReadAt = (family: number, at: number, end: number, wireEnd: number) => Reason;

/** Makes the function that reads the IP packet of a frame into `packet`, or says why a router does not forward such a one. */
export function readOn(plane: Plane, packet: Packet): (frame: Frame) => Reason {
  const { start, length, wireLength, payload, etherType } = plane.frames;
  const readAt = readAtOn(plane, packet);
  return (frame) => {
    const family = etherType[frame] === EtherType.Ipv4 ? 4 : 6;
    const begin = start[frame];
    return readAt(family, payload[frame], begin + length[frame], begin + wireLength[frame]);
  };
}

/** Makes the function that reads an IP packet wherever it stands. */
export function readAtOn({ frames }: Plane, packet: Packet): ReadAt {
  const { view } = frames;

  /** Reads what stands at `transport`, of which the packet has the bytes up to `end`. */
  function readTransport(transport: number, end: number): void {
    packet.upper = transport;
    packet.transport = NO_TRANSPORT;
    packet.ports = 0;
    switch (packet.protocol as Protocol) {
      case Protocol.Tcp:
      case Protocol.Udp:
        if (checkPorts(transport, end, end) !== Reason.Ok) return;
        packet.ports = view.getInt32(transport);
        break;
      case Protocol.Icmp:
      case Protocol.Icmpv6:
        if (checkIcmp(transport, end, end) !== Reason.Ok) return;
        if (hasIdentifier(packet.family, type(view, transport)))
          packet.ports =
            (identifier(view, transport) << 16) |
            (type(view, transport) << 8) |
            code(view, transport);
        break;
      default:
        return;
    }
    packet.transport = transport;
  }

  function readIpv4(at: number, end: number, wireEnd: number): Reason {
    const reason = ipv4.checkIpv4(view, at, end, wireEnd);
    if (reason !== Reason.Ok) return reason;
    packet.hasOptions = ipv4.headerLength(view, at) > Ipv4.HeaderLengthMin;
    packet.setIpv4(view.getInt32(at + 12), view.getInt32(at + 16));
    packet.length = ipv4.totalLength(view, at);
    packet.protocol = ipv4.protocol(view, at);
    packet.hopLimit = ipv4.timeToLive(view, at);
    packet.identification = ipv4.identification(view, at);
    packet.fragment = ipv4.isFragment(view, at) ? at : 0;
    packet.fragmentOffset = ipv4.fragmentOffset(view, at);
    packet.moreFragments = ipv4.moreFragments(view, at);
    if (packet.fragmentOffset === 0)
      readTransport(at + ipv4.headerLength(view, at), Math.min(end, at + packet.length));
    else {
      packet.upper = at + ipv4.headerLength(view, at);
      packet.transport = NO_TRANSPORT;
      packet.ports = 0;
    }
    return Reason.Ok;
  }

  function readIpv6(at: number, end: number, wireEnd: number): Reason {
    const reason = ipv6.checkIpv6(view, at, end, wireEnd);
    if (reason !== Reason.Ok) return reason;
    packet.family = 6;
    packet.hasOptions = false;
    for (let i = 0; i < 4; i++) {
      packet.source[i] = view.getInt32(ipv6.sourceAt(at) + 4 * i);
      packet.destination[i] = view.getInt32(ipv6.destinationAt(at) + 4 * i);
    }
    packet.length = Ipv6.HeaderLength + ipv6.payloadLength(view, at);
    packet.hopLimit = ipv6.hopLimit(view, at);
    packet.fragment = 0;
    packet.fragmentOffset = 0;
    packet.moreFragments = false;
    const packetEnd = Math.min(end, at + packet.length);
    const upper = ipv6.upperOf(view, at, packetEnd, at + packet.length);
    if (upper < 0) return -upper;
    packet.protocol = ipv6.upperProtocol(upper);
    const upperAt = at + ipv6.upperOffset(upper);
    if (packet.protocol !== ipv6.Extension.Fragment) {
      readTransport(upperAt, packetEnd);
      return Reason.Ok;
    }
    return readFragment(upperAt, packetEnd, at + packet.length);
  }

  function readFragment(at: number, end: number, wireEnd: number): Reason {
    packet.fragment = at;
    packet.upper = at + Ipv6.FragmentHeaderLength;
    packet.fragmentOffset = ipv6.fragmentOffset(view, at);
    packet.moreFragments = ipv6.moreFragments(view, at);
    packet.transport = NO_TRANSPORT;
    packet.ports = 0;
    packet.protocol = view.getUint8(at);
    if (packet.fragmentOffset !== 0) return Reason.Ok;
    const upper = ipv6.upperOfFragment(view, at, end, wireEnd);
    if (upper < 0) return -upper;
    packet.protocol = ipv6.upperProtocol(upper);
    readTransport(at + ipv6.upperOffset(upper), end);
    // A fragment that is the whole datagram is treated as if it were none (RFC 6946).
    if (!packet.moreFragments) packet.fragment = 0;
    return Reason.Ok;
  }

  return (family, at, end, wireEnd) => {
    packet.at = at;
    packet.isPartial = false;
    return family === 4 ? readIpv4(at, end, wireEnd) : readIpv6(at, end, wireEnd);
  };
}

/** Has this type of ICMP, or of ICMPv6, an identifier: is it a question or an answer (RFC 792; RFC 950; RFC 4443 §4)? */
export function hasIdentifier(family: number, kind: number): boolean {
  if (family === 6) return kind === Icmpv6Type.EchoRequest || kind === Icmpv6Type.EchoReply;
  if (kind === IcmpType.EchoRequest || kind === IcmpType.EchoReply) return true;
  return kind >= IcmpType.Timestamp && kind <= IcmpType.AddressMaskReply;
}

/** Does it carry ICMP, and something that is no query and no answer: an error, a redirect, or what could be one if it could be read? */
export function isAboutAnother({ frames }: Plane, packet: Packet): boolean {
  const { family, protocol, transport } = packet;
  if (family === 4 ? protocol !== Protocol.Icmp : protocol !== Protocol.Icmpv6) return false;
  if (transport === NO_TRANSPORT) return true;
  const kind = type(frames.view, transport);
  if (family === 4) return isIcmpError(kind);
  return isIcmpv6Error(kind) || kind === Icmpv6Type.Redirect;
}
