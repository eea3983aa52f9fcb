/** What an IP packet says to a station, as far as a station of a lab understands it. Everything that has a checksum has to have the right one. */
import { isRight, pseudoSumIpv4, pseudoSumIpv6, sum } from '../../dataplane/wire/checksum.js';
import { Reason } from '../../dataplane/observe/reason.js';
import * as icmp from '../../dataplane/wire/icmp.js';
import { isError as isError6 } from '../../dataplane/wire/icmpv6.js';
import * as ipv4 from '../../dataplane/wire/ipv4.js';
import { Ipv4, Protocol } from '../../dataplane/wire/ipv4.js';
import * as ipv6 from '../../dataplane/wire/ipv6.js';
import { Ipv6 } from '../../dataplane/wire/ipv6.js';
import * as tcp from '../../dataplane/wire/tcp.js';
import * as udp from '../../dataplane/wire/udp.js';
import { Udp } from '../../dataplane/wire/udp.js';
import { viewOf } from '../../pcaps/build/bytes.js';
import { textOf } from './addresses.js';

/** An IP packet, and what is in it if a station understands it. */
export interface PacketMessage {
  readonly kind: 'packet';
  readonly bytes: Uint8Array;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  /** TTL, or hop limit. */
  readonly ttl: number;
  /** Routers may cut it, or its sender has. */
  readonly mayBeCut: boolean;
  /** Of a fragment of IPv4, where it stands; what is in it is not read. */
  readonly fragment?: Fragment;
  readonly icmp?: IcmpMessage;
  readonly segment?: Segment;
  readonly datagram?: Datagram;
}

export interface Fragment {
  readonly identification: number;
  /** Where its first byte stands in the whole, whose header does not count. */
  readonly offset: number;
  readonly more: boolean;
}

export interface IcmpMessage {
  readonly type: number;
  readonly code: number;
  readonly identifier: number;
  readonly sequence: number;
  readonly dataBytes: number;
  /** Of an error that says how much the next link takes. */
  readonly mtu: number;
  /** The packet that an error is about. */
  readonly about?: Quoted;
}

/** The beginning of a packet that an error quotes. */
export interface Quoted {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Of an echo. */
  readonly sequence: number;
}

export interface Datagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Uint8Array;
}

export interface Segment extends Datagram {
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
}

/** Reads an IPv4 packet; undefined where it is damaged. */
export function ipv4Of(payload: Uint8Array): PacketMessage | undefined {
  const view = viewOf(payload);
  if (ipv4.checkIpv4(view, 0, payload.length, payload.length) !== Reason.Ok) return undefined;
  const bytes = payload.slice(0, ipv4.totalLength(view, 0));
  const packet: PacketMessage = {
    kind: 'packet',
    bytes,
    source: textOf(bytes.slice(12, 16)),
    destination: textOf(bytes.slice(16, 20)),
    protocol: ipv4.protocol(view, 0),
    ttl: ipv4.timeToLive(view, 0),
    mayBeCut: !ipv4.dontFragment(view, 0),
  };
  const at = ipv4.headerLength(view, 0);
  if (ipv4.isFragment(view, 0)) return { ...packet, fragment: fragmentOf(view) };
  if (packet.protocol !== Protocol.Icmp) return withPorts(packet, at, pseudoSumIpv4);
  return withIcmp(packet, at, 0, icmp.isError);
}

/** The same of IPv6, without extension headers. */
export function ipv6Of(payload: Uint8Array): PacketMessage | undefined {
  const view = viewOf(payload);
  if (ipv6.checkIpv6(view, 0, payload.length, payload.length) !== Reason.Ok) return undefined;
  const bytes = payload.slice(0, Ipv6.HeaderLength + ipv6.payloadLength(view, 0));
  const packet: PacketMessage = {
    kind: 'packet',
    bytes,
    source: textOf(bytes.slice(8, 24)),
    destination: textOf(bytes.slice(24, 40)),
    protocol: ipv6.nextHeader(view, 0),
    ttl: ipv6.hopLimit(view, 0),
    mayBeCut: false,
  };
  const at = Ipv6.HeaderLength;
  if (packet.protocol !== Protocol.Icmpv6) return withPorts(packet, at, pseudoSumIpv6);
  const pseudoSum = pseudoSumIpv6(viewOf(bytes), 0, packet.protocol, bytes.length - at);
  return withIcmp(packet, at, pseudoSum, isError6);
}

function fragmentOf(view: DataView): Fragment {
  return {
    identification: ipv4.identification(view, 0),
    offset: ipv4.fragmentOffset(view, 0),
    more: ipv4.moreFragments(view, 0),
  };
}

function withIcmp(
  packet: PacketMessage,
  at: number,
  pseudoSum: number,
  isError: (type: number) => boolean,
): PacketMessage | undefined {
  const { bytes } = packet;
  const view = viewOf(bytes);
  if (icmp.checkIcmp(at, bytes.length, bytes.length) !== Reason.Ok) return undefined;
  if (icmp.checkIcmpChecksum(view, at, bytes.length - at, pseudoSum) !== Reason.Ok)
    return undefined;
  const type = icmp.type(view, at);
  const said: IcmpMessage = {
    type,
    code: icmp.code(view, at),
    identifier: icmp.identifier(view, at),
    sequence: icmp.sequence(view, at),
    dataBytes: bytes.length - at - icmp.HEADER_LENGTH,
    mtu: view.getUint32(at + 4) & 0xffff,
  };
  const about = isError(type) ? quotedOf(bytes.slice(icmp.quotedAt(at))) : undefined;
  return { ...packet, icmp: about ? { ...said, about } : said };
}

/** What an error quotes need not be whole. */
function quotedOf(bytes: Uint8Array): Quoted | undefined {
  const isIpv4 = (bytes[0] ?? 0) >> 4 === 4;
  const at = isIpv4 ? Ipv4.HeaderLengthMin : Ipv6.HeaderLength;
  if (bytes.length < at + 8) return undefined;
  const view = viewOf(bytes);
  return {
    source: textOf(isIpv4 ? bytes.slice(12, 16) : bytes.slice(8, 24)),
    destination: textOf(isIpv4 ? bytes.slice(16, 20) : bytes.slice(24, 40)),
    protocol: isIpv4 ? ipv4.protocol(view, 0) : ipv6.nextHeader(view, 0),
    sourcePort: view.getUint16(at),
    destinationPort: view.getUint16(at + 2),
    sequence: icmp.sequence(view, at),
  };
}

function withPorts(
  packet: PacketMessage,
  at: number,
  pseudoSumOf: typeof pseudoSumIpv4,
): PacketMessage | undefined {
  const { bytes, protocol } = packet;
  const view = viewOf(bytes);
  const end = bytes.length;
  const isTcp = protocol === Protocol.Tcp;
  if (!isTcp && protocol !== Protocol.Udp) return packet;
  const reason = isTcp ? tcp.checkTcp(view, at, end, end) : udp.checkUdp(view, at, end, end);
  if (reason !== Reason.Ok) return undefined;
  const pseudoSum = pseudoSumOf(view, 0, protocol, end - at);
  if (!isRight(pseudoSum + sum(view, at, end - at))) return undefined;
  const dataAt = at + (isTcp ? tcp.headerLength(view, at) : Udp.HeaderLength);
  const datagram: Datagram = {
    sourcePort: udp.sourcePort(view, at),
    destinationPort: udp.destinationPort(view, at),
    data: bytes.slice(dataAt),
  };
  if (!isTcp) return { ...packet, datagram };
  const segment: Segment = {
    ...datagram,
    sequence: tcp.sequence(view, at),
    acknowledgment: tcp.acknowledgment(view, at),
    flags: tcp.flags(view, at),
  };
  return { ...packet, segment };
}
