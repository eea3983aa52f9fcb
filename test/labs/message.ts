/** What a frame says to a station, as far as a station of a lab understands it. */
import { Reason } from '../../dataplane/observe/reason.js';
import * as arp from '../../dataplane/wire/arp.js';
import { Ethernet, EtherType } from '../../dataplane/wire/ethernet.js';
import { checkNeighborDiscovery, Icmpv6Type, targetAt } from '../../dataplane/wire/icmpv6.js';
import { Ipv6 } from '../../dataplane/wire/ipv6.js';
import { Vlan, vlanId } from '../../dataplane/wire/vlan.js';
import { join, viewOf } from '../../pcaps/build/bytes.js';
import { textOf } from './addresses.js';
import { ipv4Of, ipv6Of } from './packet.js';
import type { PacketMessage } from './packet.js';

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

/** Takes an 802.1Q tag off; VID 0 is a priority, not a VLAN. */
export function untagged(frame: Uint8Array): { vlan: number; frame: Uint8Array } {
  const view = viewOf(frame);
  if (frame.length < Ethernet.HeaderLength + Vlan.TagLength) return { vlan: 0, frame };
  if (view.getUint16(Ethernet.TypeOffset) !== EtherType.VlanTag) return { vlan: 0, frame };
  const vlan = vlanId(view.getUint16(Ethernet.TypeOffset + 2));
  const rest = frame.slice(Ethernet.TypeOffset + Vlan.TagLength);
  return { vlan, frame: join(frame.slice(0, Ethernet.TypeOffset), rest) };
}

/** Reads a frame without tags. What is damaged, or nothing that a station of a lab speaks, is `other`. */
export function messageOf(frame: Uint8Array): Message {
  if (frame.length < Ethernet.HeaderLength) return OTHER;
  const payload = frame.slice(Ethernet.HeaderLength);
  switch (viewOf(frame).getUint16(Ethernet.TypeOffset)) {
    case EtherType.Arp:
      return arpOf(payload);
    case EtherType.Ipv4:
      return ipv4Of(payload) ?? OTHER;
    case EtherType.Ipv6:
      return neighborOf(payload, frame.slice(6, 12)) ?? ipv6Of(payload) ?? OTHER;
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

/** Neighbor discovery, which is the ARP of IPv6. */
function neighborOf(payload: Uint8Array, mac: Uint8Array): Message | undefined {
  const { icmp, bytes, source } = ipv6Of(payload) ?? {};
  const asks = icmp?.type === Icmpv6Type.NeighborSolicitation;
  if (bytes === undefined || source === undefined) return undefined;
  if (!asks && icmp?.type !== Icmpv6Type.NeighborAdvertisement) return undefined;
  const at = Ipv6.HeaderLength;
  const { length } = bytes;
  if (checkNeighborDiscovery(viewOf(bytes), at, length, length) !== Reason.Ok) return OTHER;
  const target = textOf(bytes.slice(targetAt(at), targetAt(at) + 16));
  return { kind: 'neighbor', asks, mac, source, target };
}
