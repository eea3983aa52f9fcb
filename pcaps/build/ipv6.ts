/** IPv6 and ICMPv6, with checksums. */
import { checksumOf, pseudoSumIpv6, sum } from '../../dataplane/wire/checksum.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { AdvertisementFlag, Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { HEADER_LENGTH } from '../../dataplane/wire/ipv6.js';
import { counting, hex, join, u16, u8, viewOf, with16 } from './bytes.js';
import { ethernet } from './ethernet.js';
import type { Station } from './ethernet.js';

/** Who has `asked`? To the solicited-node address of it (RFC 4861 §4.3, RFC 4291 §2.7.1, RFC 2464 §7). */
export function solicitation(from: Station, asked: Station): Uint8Array {
  const tail = asked.ip6.slice(13);
  const group = {
    mac: join(hex('33 33 ff'), tail),
    ip: asked.ip,
    ip6: join(hex('ff02 0000 0000 0000 0000 0001 ff'), tail),
  };
  const body = join(new Uint8Array(4), asked.ip6, hex('01 01'), from.mac);
  return icmpv6(from, group, Icmpv6Type.NeighborSolicitation, body, 255);
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
): Uint8Array {
  const body = join(u16(7, sequence), counting(56));
  return icmpv6(from, to, type, body, 64);
}

function icmpv6(
  from: Station,
  to: Station,
  type: Icmpv6Type,
  body: Uint8Array,
  hopLimit: number,
): Uint8Array {
  const message = join(u8(type, 0), u16(0), body);
  const head = join(hex('60000000'), u16(message.length), u8(Protocol.Icmpv6, hopLimit));
  const packet = join(head, from.ip6, to.ip6, message);
  const view = viewOf(packet);
  const pseudoSum = pseudoSumIpv6(view, 0, Protocol.Icmpv6, message.length);
  const checksum = checksumOf(pseudoSum + sum(view, HEADER_LENGTH, message.length));
  return ethernet(from, to, EtherType.Ipv6, with16(packet, HEADER_LENGTH + 2, checksum));
}
