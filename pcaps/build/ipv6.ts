/** IPv6 and what it carries, with checksums. */
import { checksumOf, pseudoSumIpv6, sum, udpChecksumOf } from '../../dataplane/wire/checksum.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { AdvertisementFlag, Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { Ipv6 } from '../../dataplane/wire/ipv6.js';
import { counting, hex, join, u16, u8, viewOf, with16 } from './bytes.js';
import { ethernet } from './ethernet.js';
import type { Station } from './ethernet.js';
import { IDENTIFIER, tcpSegment } from './ipv4.js';

/**
 * Who has `asked`? To the solicited-node address of it (RFC 4861 §4.3, RFC 4291 §2.7.1, RFC 2464 §7), or, of a probe, to itself. Who has no
 * address yet names no link-layer address either.
 */
export function solicitation(from: Station, asked: Station, to = solicitedNode(asked)): Uint8Array {
  const option = from.ip6.some((byte) => byte !== 0) ? join(hex('01 01'), from.mac) : hex('');
  const body = join(new Uint8Array(4), asked.ip6, option);
  return icmpv6(from, to, Icmpv6Type.NeighborSolicitation, body, 255);
}

function solicitedNode({ ip, ip6 }: Station): Station {
  const tail = ip6.slice(13);
  return {
    mac: join(hex('33 33 ff'), tail),
    ip,
    ip6: join(hex('ff02 0000 0000 0000 0000 0001 ff'), tail),
  };
}

/** I have it (RFC 4861 §4.4). */
export function advertisement(
  from: Station,
  to: Station,
  flags: number = AdvertisementFlag.Solicited | AdvertisementFlag.Override,
): Uint8Array {
  const body = join(u8(flags, 0, 0, 0), from.ip6, hex('02 01'), from.mac);
  return icmpv6(from, to, Icmpv6Type.NeighborAdvertisement, body, 255);
}

export function echo6(
  from: Station,
  to: Station,
  sequence: number,
  type = Icmpv6Type.EchoRequest,
  identifier = IDENTIFIER,
): Uint8Array {
  const body = join(u16(identifier, sequence), counting(56));
  return icmpv6(from, to, type, body, 64);
}

/** What a host says of a datagram for a port at which nobody listens (RFC 4443 §3.1). */
export function portUnreachable6(from: Station, to: Station, packet: Uint8Array): Uint8Array {
  const body = join(new Uint8Array(4), packet);
  return icmpv6(from, to, Icmpv6Type.DestinationUnreachable, body, 64, 4);
}

export function udp6(
  from: Station,
  to: Station,
  ports: readonly [source: number, destination: number],
  data: Uint8Array,
): Uint8Array {
  const datagram = join(u16(...ports, 8 + data.length, 0), data);
  return ipv6(from, to, Protocol.Udp, datagram, 6, 64);
}

/** A TCP segment, as `tcp` makes it for IPv4. */
export function tcp6(
  from: Station,
  to: Station,
  ports: readonly [source: number, destination: number],
  numbers: readonly [sequence: number, acknowledged: number],
  flags: number,
  data = '',
): Uint8Array {
  return ipv6(from, to, Protocol.Tcp, tcpSegment(ports, numbers, flags, data), 16, 64);
}

function icmpv6(
  from: Station,
  to: Station,
  type: Icmpv6Type,
  body: Uint8Array,
  hopLimit: number,
  code = 0,
): Uint8Array {
  const message = join(u8(type, code), u16(0), body);
  return ipv6(from, to, Protocol.Icmpv6, message, 2, hopLimit);
}

/** A packet whose payload has its checksum, of all of it and the pseudo-header, at `checksumAt`. */
function ipv6(
  from: Station,
  to: Station,
  protocol: Protocol,
  payload: Uint8Array,
  checksumAt: number,
  hopLimit: number,
): Uint8Array {
  const head = join(hex('60000000'), u16(payload.length), u8(protocol, hopLimit));
  const packet = join(head, from.ip6, to.ip6, payload);
  const view = viewOf(packet);
  const pseudoSum = pseudoSumIpv6(view, 0, protocol, payload.length);
  const finish = protocol === Protocol.Udp ? udpChecksumOf : checksumOf;
  const checksum = finish(pseudoSum + sum(view, Ipv6.HeaderLength, payload.length));
  const whole = with16(packet, Ipv6.HeaderLength + checksumAt, checksum);
  return ethernet(from, to, EtherType.Ipv6, whole);
}
