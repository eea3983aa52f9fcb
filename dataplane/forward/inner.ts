/**
 * What an outer header takes from the frame that it is put around: a number for its flow (RFC 7348 §5, Source Port; RFC 6438), type of service, TTL, and
 * whether it may be fragmented. A frame that carries no IP packet, or not a whole header of one, has none of the latter.
 */
import type { Frame } from '../frame/frames.js';
import { EtherType } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import { Ipv6 } from '../wire/ipv6.js';
import type { Plane } from './plane.js';

const PORTS = 4;

export interface Inner {
  /** 32 bits, the same for all frames of a flow: addresses, and ports where all its packets have them. */
  readonly flow: (frame: Frame) => number;
  /** 4 or 6 where it carries an IP packet whose fixed header is here, else 0. */
  readonly family: (frame: Frame) => number;
  /** Type of service, or traffic class; 0 where there is none. */
  readonly tos: (frame: Frame) => number;
  /** TTL, or hop limit; 0 where there is none. */
  readonly ttl: (frame: Frame) => number;
  /** Does it forbid to be fragmented, as all packets of IPv6 do? */
  readonly isWhole: (frame: Frame) => boolean;
}

export function innerOn({ frames }: Plane): Inner {
  const { start, length, payload, etherType, view } = frames;

  function family(frame: Frame): number {
    const bytes = start[frame] + length[frame] - payload[frame];
    if (etherType[frame] === EtherType.Ipv4) return bytes >= Ipv4.HeaderLengthMin ? 4 : 0;
    if (etherType[frame] === EtherType.Ipv6) return bytes >= Ipv6.HeaderLength ? 6 : 0;
    return 0;
  }

  function flowIpv4(frame: Frame): number {
    const at = payload[frame];
    const h = mix(view.getInt32(at + 12), view.getInt32(at + 16));
    const protocol = view.getUint8(at + 9);
    const ports = at + ((view.getUint8(at) & 0xf) << 2);
    if (!hasPorts(protocol) || ipv4.isFragment(view, at)) return mix(h, protocol);
    if (ports + PORTS > start[frame] + length[frame]) return mix(h, protocol);
    return mix(h, view.getInt32(ports) ^ protocol);
  }

  function flowIpv6(frame: Frame): number {
    const at = payload[frame];
    let h = 0;
    for (let word = at + 8; word < at + Ipv6.HeaderLength; word += 4)
      h = mix(h, view.getInt32(word));
    const protocol = view.getUint8(at + 6);
    const ports = at + Ipv6.HeaderLength;
    if (!hasPorts(protocol) || ports + PORTS > start[frame] + length[frame])
      return mix(h, protocol);
    return mix(h, view.getInt32(ports) ^ protocol);
  }

  function flowEthernet(frame: Frame): number {
    const at = start[frame];
    const h = mix(view.getInt32(at), view.getInt32(at + 4));
    return mix(mix(h, view.getInt32(at + 8)), etherType[frame]);
  }

  return {
    family,
    flow: (frame) => {
      const kind = family(frame);
      return kind === 4 ? flowIpv4(frame) : kind === 6 ? flowIpv6(frame) : flowEthernet(frame);
    },
    tos: (frame) => {
      const at = payload[frame];
      const kind = family(frame);
      if (kind === 4) return view.getUint8(at + 1);
      return kind === 6 ? (view.getUint16(at) >>> 4) & 0xff : 0;
    },
    ttl: (frame) => {
      const kind = family(frame);
      return kind === 0 ? 0 : view.getUint8(payload[frame] + (kind === 4 ? 8 : 7));
    },
    isWhole: (frame) => {
      const kind = family(frame);
      return kind === 6 || (kind === 4 && ipv4.dontFragment(view, payload[frame]));
    },
  };
}

/** What every packet of a flow tells apart by its first four bytes. */
function hasPorts(protocol: number): boolean {
  return protocol === Protocol.Tcp || protocol === Protocol.Udp || protocol === SCTP;
}

const SCTP = 132;

/** One round of a multiplicative hash; the high bits are the well mixed ones. */
function mix(h: number, word: number): number {
  const mixed = Math.imul((h ^ word) | 0, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}
