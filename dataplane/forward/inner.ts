/**
 * What an outer header takes from the frame that it is put around: a number for its flow (RFC 7348 §5, Source Port; RFC 6438), type of service, TTL, and
 * whether it may be fragmented. A frame that carries no IP packet, or not a whole header of one, has none of the latter.
 */
import type { Frame } from '../frame/frames.js';
import { EtherType } from '../wire/ethernet.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import { Ipv6 } from '../wire/ipv6.js';
import type { Plane } from './plane.js';

const PORTS = 4;
/** More fragments, or not the first one; and DF: in the word of flags and offset. */
const FRAGMENT = 0x3fff;
const DONT_FRAGMENT = 0x4000;

export interface Inner {
  /** 32 bits, the same for all frames of a flow: addresses, and ports where all its packets have them. */
  flow: number;
  /** 4 or 6 where it carries an IP packet whose fixed header is here, else 0. */
  family: number;
  /** Type of service, or traffic class; 0 where there is none. */
  tos: number;
  /** TTL, or hop limit; 0 where there is none. */
  ttl: number;
  /** It forbids to be fragmented, as all packets of IPv6 do. */
  isWhole: boolean;
  /** Looks at a frame: the above is about it from then on. */
  readonly look: (frame: Frame) => void;
}

export function innerOn({ frames }: Plane): Inner {
  const { start, length, payload, etherType, view } = frames;

  function lookAtIpv4(at: number, end: number): void {
    const first = view.getInt32(at);
    const fragment = view.getUint16(at + 6);
    const protocol = view.getUint8(at + 9);
    const ports = at + ((first >>> 22) & 0x3c);
    inner.family = 4;
    inner.tos = (first >>> 16) & 0xff;
    inner.ttl = view.getUint8(at + 8);
    inner.isWhole = (fragment & DONT_FRAGMENT) !== 0;
    const hosts = mix(view.getInt32(at + 12), view.getInt32(at + 16));
    const isWithPorts = hasPorts(protocol) && (fragment & FRAGMENT) === 0 && ports + PORTS <= end;
    inner.flow = mix(hosts, isWithPorts ? view.getInt32(ports) ^ protocol : protocol);
  }

  function lookAtIpv6(at: number, end: number): void {
    const protocol = view.getUint8(at + 6);
    const ports = at + Ipv6.HeaderLength;
    inner.family = 6;
    inner.tos = (view.getUint16(at) >>> 4) & 0xff;
    inner.ttl = view.getUint8(at + 7);
    inner.isWhole = true;
    let h = 0;
    for (let word = at + 8; word < at + Ipv6.HeaderLength; word += 4)
      h = mix(h, view.getInt32(word));
    const isWithPorts = hasPorts(protocol) && ports + PORTS <= end;
    inner.flow = mix(h, isWithPorts ? view.getInt32(ports) ^ protocol : protocol);
  }

  function lookAtOther(frame: Frame): void {
    const at = start[frame];
    inner.family = 0;
    inner.tos = 0;
    inner.ttl = 0;
    inner.isWhole = false;
    const h = mix(view.getInt32(at), view.getInt32(at + 4));
    inner.flow = mix(mix(h, view.getInt32(at + 8)), etherType[frame]);
  }

  const inner = {
    flow: 0,
    family: 0,
    tos: 0,
    ttl: 0,
    isWhole: false,
    look: (frame: Frame): void => {
      const at = payload[frame];
      const end = start[frame] + length[frame];
      const type = etherType[frame];
      if (type === EtherType.Ipv4 && at + Ipv4.HeaderLengthMin <= end) lookAtIpv4(at, end);
      else if (type === EtherType.Ipv6 && at + Ipv6.HeaderLength <= end) lookAtIpv6(at, end);
      else lookAtOther(frame);
    },
  };
  return inner;
}

/** Do all packets of a flow have its ports in the first four bytes behind the header of IP? */
function hasPorts(protocol: number): boolean {
  return protocol === Protocol.Tcp || protocol === Protocol.Udp || protocol === SCTP;
}

const SCTP = 132;

/** One round of a multiplicative hash; the high bits are the well mixed ones. */
function mix(h: number, word: number): number {
  const mixed = Math.imul(h ^ word, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}
