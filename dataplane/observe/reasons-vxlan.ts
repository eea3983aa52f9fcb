/** The part of `reasons.ts` about VXLAN. */
import { Reason } from './reason.js';
import type { ReasonText } from './reasons.js';

export const vxlanReasons = {
  [Reason.VxlanMtu]: {
    name: 'vxlan-mtu',
    says: 'with the headers of VXLAN around it, it is longer than the MTU of the way to the other end, and no tunnel end fragments',
    see: 'RFC 7348 §4.3',
  },
  [Reason.VxlanWithoutRemote]: {
    name: 'vxlan-without-remote',
    says: 'the tunnel end does not know behind which other end its destination is, and has nobody to send to what it does not know',
    see: 'RFC 7348 §4.2; Linux vxlan_xmit, without an entry for 00:00:00:00:00:00',
  },
  [Reason.VxlanNeighborKnown]: {
    name: 'vxlan-neighbor-known',
    says: 'it asks for a MAC that the tunnel end knows, and answers itself',
    see: 'RFC 7432 §10; Linux neigh_suppress, vxlan proxy',
  },
  [Reason.VxlanNeighborUnknown]: {
    name: 'vxlan-neighbor-unknown',
    says: 'it asks for a MAC that the tunnel end does not know, or says one, and such frames do not go through the tunnel',
    see: 'Linux vxlan proxy: arp_reduce, neigh_reduce',
  },
  [Reason.VxlanTooDeep]: {
    name: 'vxlan-too-deep',
    says: 'it is in more tunnels at once than are looked into: 4',
    see: 'Linux: recursion limits of net/core/dev.c',
  },
  [Reason.VxlanWithoutVni]: {
    name: 'vxlan-without-vni',
    says: 'its VXLAN header says that it has no VNI',
    see: 'RFC 7348 §5, I flag',
  },
  [Reason.VxlanVniUnknown]: {
    name: 'vxlan-vni-unknown',
    says: 'no tunnel end of its host has this VNI at this UDP port',
    see: 'RFC 7348 §4.1; Linux vxlan_rcv, vxlan_vs_find_vni',
  },
  [Reason.VxlanReservedBits]: {
    name: 'vxlan-reserved-bits',
    says: 'a bit of its VXLAN header is set that nobody has given a meaning, and its tunnel end is told to mind (reserved: linux)',
    see: 'Linux vxlan_rcv; RFC 7348 §5 has it ignored',
  },
  [Reason.VxlanChecksumMissing]: {
    name: 'vxlan-checksum-missing',
    says: 'it has no UDP checksum, which over IPv6 both ends have to agree on (accept_zero_checksum)',
    see: 'RFC 8200 §8.1; RFC 6935 §5; Linux udp6zerocsumrx',
  },
  [Reason.VxlanInnerTag]: {
    name: 'vxlan-inner-tag',
    says: 'the frame in the tunnel has a VLAN tag, and its tunnel end takes none (inner_tags)',
    see: 'RFC 7348 §6.1',
  },
  [Reason.VxlanStationElsewhere]: {
    name: 'vxlan-station-elsewhere',
    says: 'its source is declared to be behind another tunnel end than it came from',
    see: 'Linux vxlan_snoop: static entries do not migrate',
  },
  [Reason.VxlanCongested]: {
    name: 'vxlan-congested',
    says: 'it met congestion in the tunnel, and the packet inside cannot say so',
    see: 'RFC 6040 §4.2',
  },
} as const satisfies Partial<Record<Reason, ReasonText>>;
