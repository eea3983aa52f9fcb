/** IPv4 and what it carries, with checksums. */
import { checksumOf, pseudoSumIpv4, sum, udpChecksumOf } from '../../dataplane/wire/checksum.js';
import { Ethernet, EtherType } from '../../dataplane/wire/ethernet.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { Ipv4, dontFragment, Protocol } from '../../dataplane/wire/ipv4.js';
import { counting, hex, join, text, u16, u32, u8, viewOf, with16 } from './bytes.js';
import { ethernet, everybody } from './ethernet.js';
import type { Station } from './ethernet.js';

const nobody = { mac: new Uint8Array(6) };

/** Who has `asked`? RFC 826. */
export function arpRequest(from: Station, asked: Station): Uint8Array {
  return arp(from, everybody, 1, nobody.mac, asked.ip);
}

export function arpReply(from: Station, to: Station): Uint8Array {
  return arp(from, to, 2, to.mac, to.ip);
}

/** Here I am: an ARP announcement (RFC 5227 §2.3). */
export function announcement(from: Station): Uint8Array {
  return arp(from, everybody, 1, nobody.mac, from.ip);
}

function arp(
  from: Station,
  to: Station,
  operation: number,
  targetMac: Uint8Array,
  targetIp: Uint8Array,
): Uint8Array {
  const head = join(hex('0001 0800 06 04'), u16(operation));
  return ethernet(from, to, EtherType.Arp, join(head, from.mac, from.ip, targetMac, targetIp));
}

/** Identification, then flags and fragment offset. */
type Fragmentation = readonly [identification: number, flags: number];

/** What a container says: must not be fragmented. */
const WHOLE: Fragmentation = [0x1c46, 0x4000];

/** An IPv4 packet (RFC 791 §3.1), which must not be fragmented unless it is said. */
export function ipv4(
  from: Station,
  to: Station,
  protocol: Protocol,
  payload: Uint8Array,
  fragmentation = WHOLE,
): Uint8Array {
  const head = join(
    hex('45 00'),
    u16(Ipv4.HeaderLengthMin + payload.length, ...fragmentation),
    u8(64, protocol),
    u16(0),
    from.ip,
    to.ip,
  );
  const checksum = checksumOf(sum(viewOf(head), 0, head.length));
  return join(with16(head, 10, checksum), payload);
}

/** The packet, without Ethernet header, with another time to live and the checksum that goes with it. */
export function withTimeToLive(packet: Uint8Array, timeToLive: number): Uint8Array {
  const head = with16(packet.slice(0, Ipv4.HeaderLengthMin), 10, 0);
  head[8] = timeToLive;
  const checksum = checksumOf(sum(viewOf(head), 0, head.length));
  return join(with16(head, 10, checksum), packet.slice(Ipv4.HeaderLengthMin));
}

/** What a router says of a packet whose time is up (RFC 792). */
export function timeExceeded(from: Station, to: Station, packet: Uint8Array): Uint8Array {
  return icmpError(from, to, IcmpType.TimeExceeded, 0, packet);
}

/** What a host says of a datagram for a port at which nobody listens (RFC 1122 §4.1.3.1). */
export function portUnreachable(from: Station, to: Station, packet: Uint8Array): Uint8Array {
  return icmpError(from, to, IcmpType.DestinationUnreachable, 3, packet);
}

/** The header of the packet and 8 bytes more come back (RFC 792). */
function icmpError(
  from: Station,
  to: Station,
  type: IcmpType,
  code: number,
  packet: Uint8Array,
): Uint8Array {
  const quoted = packet.slice(0, Ipv4.HeaderLengthMin + 8);
  const message = join(u8(type, code), new Uint8Array(6), quoted);
  const checksum = checksumOf(sum(viewOf(message), 0, message.length));
  const answer = ipv4(from, to, Protocol.Icmp, with16(message, 2, checksum));
  return ethernet(from, to, EtherType.Ipv4, answer);
}

/** The identifier of a ping that nobody has translated. */
export const IDENTIFIER = 7;

/** A ping, 98 bytes as Linux sends it unless another number of data bytes is wanted; `type` makes it the answer. */
export function echo(
  from: Station,
  to: Station,
  sequence: number,
  type = IcmpType.EchoRequest,
  dataBytes = 56,
  fragmentation = WHOLE,
  identifier = IDENTIFIER,
): Uint8Array {
  const message = join(u8(type, 0), u16(0, identifier, sequence), counting(dataBytes));
  const checksum = checksumOf(sum(viewOf(message), 0, message.length));
  const packet = ipv4(from, to, Protocol.Icmp, with16(message, 2, checksum), fragmentation);
  return ethernet(from, to, EtherType.Ipv4, packet);
}

/** How an emulated host answers a ping: its packets count up from 1 and may be fragmented. */
export function echoAnswer(
  from: Station,
  to: Station,
  sequence: number,
  identification: number,
): Uint8Array {
  return echo(from, to, sequence, IcmpType.EchoReply, 56, [identification, 0]);
}

export function udp(
  from: Station,
  to: Station,
  ports: readonly [source: number, destination: number],
  data: Uint8Array,
): Uint8Array {
  const datagram = join(u16(...ports, 8 + data.length, 0), data);
  return transport(from, to, Protocol.Udp, datagram, 6, udpChecksumOf);
}

/** A TCP segment without options; `flags` as in RFC 9293 §3.1: 2 SYN, 16 ACK, 18 both, 24 ACK with data to be pushed. */
export function tcp(
  from: Station,
  to: Station,
  ports: readonly [source: number, destination: number],
  numbers: readonly [sequence: number, acknowledged: number],
  flags: number,
  data = '',
): Uint8Array {
  const segment = tcpSegment(ports, numbers, flags, data);
  return transport(from, to, Protocol.Tcp, segment, 16, checksumOf);
}

/** The same without a checksum, which depends on what carries it. */
export function tcpSegment(
  ports: readonly [source: number, destination: number],
  [sequence, acknowledged]: readonly [sequence: number, acknowledged: number],
  flags: number,
  data: string,
): Uint8Array {
  const numbers = u32(sequence, acknowledged);
  return join(u16(...ports), numbers, u8(0x50, flags), u16(0xfaf0, 0, 0), text(data));
}

function transport(
  from: Station,
  to: Station,
  protocol: Protocol,
  segment: Uint8Array,
  checksumAt: number,
  finish: (sum: number) => number,
): Uint8Array {
  const packet = ipv4(from, to, protocol, segment);
  const view = viewOf(packet);
  const pseudoSum = pseudoSumIpv4(view, 0, protocol, segment.length);
  const checksum = finish(pseudoSum + sum(view, Ipv4.HeaderLengthMin, segment.length));
  const whole = with16(packet, Ipv4.HeaderLengthMin + checksumAt, checksum);
  return ethernet(from, to, EtherType.Ipv4, whole);
}

/** The frame as it is sent over a link that takes packets of `mtu` bytes: in pieces, where it is longer and may be cut (RFC 791 §3.2). */
export function inPieces(frame: Uint8Array, mtu: number): readonly Uint8Array[] {
  const view = viewOf(frame);
  const at = Ethernet.HeaderLength;
  if (frame.length - at <= mtu || view.getUint16(at - 2) !== EtherType.Ipv4) return [frame];
  if (dontFragment(view, at)) return [frame];
  const head = frame.slice(0, at + Ipv4.HeaderLengthMin);
  const data = frame.slice(head.length);
  const step = (mtu - Ipv4.HeaderLengthMin) & ~7;
  return Array.from({ length: Math.ceil(data.length / step) }, (_, i) => {
    const part = data.slice(i * step, (i + 1) * step);
    const more = (i + 1) * step < data.length ? Ipv4.MoreFragments : 0;
    const lengths = with16(head, at + 2, Ipv4.HeaderLengthMin + part.length);
    const cut = with16(with16(lengths, at + 6, more | ((i * step) >> 3)), at + 10, 0);
    const checksum = checksumOf(sum(viewOf(cut), at, Ipv4.HeaderLengthMin));
    return join(with16(cut, at + 10, checksum), part);
  });
}
