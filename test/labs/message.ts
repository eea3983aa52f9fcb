/** What a frame says to a station, as far as a station of a lab understands it. */
import { Reason } from '../../dataplane/observe/reason.js';
import * as arp from '../../dataplane/wire/arp.js';
import { EtherType, HEADER_LENGTH, TYPE_OFFSET } from '../../dataplane/wire/ethernet.js';
import { sequence, type } from '../../dataplane/wire/icmp.js';
import * as icmp from '../../dataplane/wire/icmp.js';
import { checkNeighborDiscovery, Icmpv6Type, targetAt } from '../../dataplane/wire/icmpv6.js';
import * as ipv4 from '../../dataplane/wire/ipv4.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import * as ipv6 from '../../dataplane/wire/ipv6.js';
import { TAG_LENGTH, vlanId } from '../../dataplane/wire/vlan.js';
import { join, viewOf } from '../../pcaps/build/bytes.js';
import { textOf } from './addresses.js';

/** An IP packet, and the ICMP message in it if there is one. */
export interface PacketMessage {
  readonly kind: 'packet';
  readonly bytes: Uint8Array;
  readonly source: string;
  readonly destination: string;
  /** TTL, or hop limit. */
  readonly ttl: number;
  readonly icmp?: { readonly type: number; readonly sequence: number; readonly dataBytes: number };
  /** Of an ICMP error: the number of the echo it is about. */
  readonly about?: number;
}

export type Message =
  | {
      readonly kind: 'arp';
      readonly asks: boolean;
      readonly mac: Uint8Array;
      readonly sender: string;
      readonly target: string;
    }
  | {
      readonly kind: 'neighbor';
      readonly asks: boolean;
      readonly mac: Uint8Array;
      readonly source: string;
      readonly target: string;
    }
  | PacketMessage
  | { readonly kind: 'other' };

const OTHER: Message = { kind: 'other' };
const ICMPV6_AT = ipv6.HEADER_LENGTH;

/** Takes an 802.1Q tag off; VID 0 is a priority, not a VLAN. */
export function untagged(frame: Uint8Array): { vlan: number; frame: Uint8Array } {
  const view = viewOf(frame);
  if (frame.length < HEADER_LENGTH + TAG_LENGTH) return { vlan: 0, frame };
  if (view.getUint16(TYPE_OFFSET) !== EtherType.VlanTag) return { vlan: 0, frame };
  const vlan = vlanId(view.getUint16(TYPE_OFFSET + 2));
  const rest = frame.slice(TYPE_OFFSET + TAG_LENGTH);
  return { vlan, frame: join(frame.slice(0, TYPE_OFFSET), rest) };
}

/** Reads a frame without tags. What is damaged, or nothing that a station of a lab speaks, is `other`. */
export function messageOf(frame: Uint8Array): Message {
  if (frame.length < HEADER_LENGTH) return OTHER;
  const payload = frame.slice(HEADER_LENGTH);
  switch (viewOf(frame).getUint16(TYPE_OFFSET)) {
    case EtherType.Arp:
      return arpOf(payload);
    case EtherType.Ipv4:
      return ipv4Of(payload);
    case EtherType.Ipv6:
      return ipv6Of(payload, frame.slice(6, 12));
    default:
      return OTHER;
  }
}

function arpOf(payload: Uint8Array): Message {
  const view = viewOf(payload);
  if (arp.checkArp(view, 0, payload.length, payload.length) !== Reason.Ok) return OTHER;
  return {
    kind: 'arp',
    asks: arp.operation(view, 0) === arp.Operation.Request,
    mac: payload.slice(8, 14),
    sender: textOf(payload.slice(14, 18)),
    target: textOf(payload.slice(24, 28)),
  };
}

function ipv4Of(payload: Uint8Array): Message {
  const view = viewOf(payload);
  if (ipv4.checkIpv4(view, 0, payload.length, payload.length) !== Reason.Ok) return OTHER;
  const bytes = payload.slice(0, ipv4.totalLength(view, 0));
  const packet = {
    kind: 'packet' as const,
    bytes,
    source: textOf(bytes.slice(12, 16)),
    destination: textOf(bytes.slice(16, 20)),
    ttl: ipv4.timeToLive(view, 0),
  };
  if (ipv4.protocol(view, 0) !== Protocol.Icmp) return packet;
  const at = ipv4.headerLength(view, 0);
  const length = bytes.length - at;
  if (icmp.checkIcmp(at, bytes.length, bytes.length) !== Reason.Ok) return OTHER;
  if (icmp.checkIcmpChecksum(view, at, length, 0) !== Reason.Ok) return OTHER;
  const dataBytes = length - icmp.HEADER_LENGTH;
  const said = { type: type(view, at), sequence: sequence(view, at), dataBytes };
  if (!icmp.isError(said.type)) return { ...packet, icmp: said };
  const quoted = icmp.quotedAt(at) + ipv4.HEADER_LENGTH_MIN;
  return { ...packet, icmp: said, about: sequence(view, quoted) };
}

function ipv6Of(payload: Uint8Array, mac: Uint8Array): Message {
  const view = viewOf(payload);
  if (ipv6.checkIpv6(view, 0, payload.length, payload.length) !== Reason.Ok) return OTHER;
  const end = ICMPV6_AT + ipv6.payloadLength(view, 0);
  const bytes = payload.slice(0, end);
  const source = textOf(bytes.slice(8, 24));
  const packet = {
    kind: 'packet' as const,
    bytes,
    source,
    destination: textOf(bytes.slice(24, 40)),
    ttl: ipv6.hopLimit(view, 0),
  };
  if (ipv6.nextHeader(view, 0) !== Protocol.Icmpv6) return packet;
  if (icmp.checkIcmp(ICMPV6_AT, end, end) !== Reason.Ok) return OTHER;
  const kind = type(view, ICMPV6_AT);
  const asks = kind === Icmpv6Type.NeighborSolicitation;
  if (asks || kind === Icmpv6Type.NeighborAdvertisement) {
    if (checkNeighborDiscovery(view, ICMPV6_AT, end, end) !== Reason.Ok) return OTHER;
    const at = targetAt(ICMPV6_AT);
    return { kind: 'neighbor', asks, mac, source, target: textOf(bytes.slice(at, at + 16)) };
  }
  const dataBytes = end - ICMPV6_AT - icmp.HEADER_LENGTH;
  return { ...packet, icmp: { type: kind, sequence: sequence(view, ICMPV6_AT), dataBytes } };
}
