/** The part of `reasons.ts` about packets inside frames: what `dataplane/wire` finds malformed. */
import { Reason } from './reason.js';
import type { ReasonText } from './reasons.js';

export const packetReasons = {
  [Reason.ArpTruncated]: {
    name: 'arp-truncated',
    says: 'its ARP packet ends before the last address',
    see: 'RFC 826, Packet format',
  },
  [Reason.ArpBadLengths]: {
    name: 'arp-bad-lengths',
    says: 'its ARP packet gives addresses other lengths than 6 and 4',
    see: 'RFC 826, Packet Reception',
  },
  [Reason.Ipv4Truncated]: {
    name: 'ipv4-truncated',
    says: 'it ends inside the IPv4 header',
    see: 'RFC 1812 §5.2.2 (1)',
  },
  [Reason.Ipv4BadVersion]: {
    name: 'ipv4-bad-version',
    says: 'its type says IPv4, but the version in the header is another',
    see: 'RFC 1812 §5.2.2 (3)',
  },
  [Reason.Ipv4BadHeaderLength]: {
    name: 'ipv4-bad-header-length',
    says: 'its IPv4 header claims to be shorter than 20 bytes or longer than the frame',
    see: 'RFC 1812 §5.2.2 (4)',
  },
  [Reason.Ipv4TotalLengthTooShort]: {
    name: 'ipv4-total-length-too-short',
    says: 'its IPv4 packet claims to be shorter than its own header',
    see: 'RFC 1812 §5.2.2 (5)',
  },
  [Reason.Ipv4LongerThanFrame]: {
    name: 'ipv4-longer-than-frame',
    says: 'its IPv4 packet claims to be longer than the frame',
    see: 'RFC 1812 §5.2.2 (1)',
  },
  [Reason.Ipv4BadChecksum]: {
    name: 'ipv4-bad-checksum',
    says: 'the checksum of its IPv4 header is wrong',
    see: 'RFC 1812 §5.2.2 (2)',
  },
  [Reason.Ipv6Truncated]: {
    name: 'ipv6-truncated',
    says: 'it ends inside the IPv6 header',
    see: 'RFC 8200 §3',
  },
  [Reason.Ipv6BadVersion]: {
    name: 'ipv6-bad-version',
    says: 'its type says IPv6, but the version in the header is another',
    see: 'RFC 8200 §3',
  },
  [Reason.Ipv6LongerThanFrame]: {
    name: 'ipv6-longer-than-frame',
    says: 'its IPv6 packet claims to be longer than the frame',
    see: 'RFC 8200 §3, Payload Length',
  },
  [Reason.Ipv6ExtensionTruncated]: {
    name: 'ipv6-extension-truncated',
    says: 'it ends inside an IPv6 extension header',
    see: 'RFC 8200 §4',
  },
  [Reason.Ipv6ExtensionsTooMany]: {
    name: 'ipv6-extensions-too-many',
    says: 'it has more IPv6 extension headers than anyone has a use for',
    see: 'RFC 8883, Too many extension headers',
  },
  [Reason.Ipv6HopByHopNotFirst]: {
    name: 'ipv6-hop-by-hop-not-first',
    says: 'its hop-by-hop options do not stand directly behind the IPv6 header',
    see: 'RFC 8200 §4.1',
  },
  [Reason.IcmpTruncated]: {
    name: 'icmp-truncated',
    says: 'it ends inside the ICMP header',
    see: 'RFC 792; RFC 4443 §2.1',
  },
  [Reason.IcmpBadChecksum]: {
    name: 'icmp-bad-checksum',
    says: 'the checksum of its ICMP message is wrong',
    see: 'RFC 792; RFC 4443 §2.3',
  },
  [Reason.UdpTruncated]: {
    name: 'udp-truncated',
    says: 'it ends inside the UDP header',
    see: 'RFC 768',
  },
  [Reason.UdpBadLength]: {
    name: 'udp-bad-length',
    says: 'its UDP length is less than 8 or more than the packet carries',
    see: 'RFC 768, Length',
  },
  [Reason.UdpBadChecksum]: {
    name: 'udp-bad-checksum',
    says: 'the checksum of its UDP datagram is wrong',
    see: 'RFC 768, Checksum; RFC 8200 §8.1',
  },
  [Reason.TcpTruncated]: {
    name: 'tcp-truncated',
    says: 'it ends inside the TCP header',
    see: 'RFC 9293 §3.1',
  },
  [Reason.TcpBadDataOffset]: {
    name: 'tcp-bad-data-offset',
    says: 'its TCP header claims to be shorter than 20 bytes or longer than the packet',
    see: 'RFC 9293 §3.1, Data Offset',
  },
  [Reason.TcpBadChecksum]: {
    name: 'tcp-bad-checksum',
    says: 'the checksum of its TCP segment is wrong',
    see: 'RFC 9293 §3.1, Checksum',
  },
  [Reason.LlcTruncated]: {
    name: 'llc-truncated',
    says: 'its length field leaves no room for an LLC header',
    see: 'IEEE 802.2 §3; RFC 1042',
  },
  [Reason.LlcLongerThanFrame]: {
    name: 'llc-longer-than-frame',
    says: 'its length field counts more bytes than the frame has',
    see: 'IEEE 802.3 §3.2.6',
  },
  [Reason.ArpOtherProtocol]: {
    name: 'arp-other-protocol',
    says: 'its ARP packet is not about IPv4 addresses on Ethernet',
    see: 'RFC 826, Packet Reception',
  },
  [Reason.NeighborDiscoveryTruncated]: {
    name: 'neighbor-discovery-truncated',
    says: 'its neighbor discovery message is too short for its type',
    see: 'RFC 4861 §6.1, §7.1, §8.1',
  },
  [Reason.NeighborDiscoveryBadOption]: {
    name: 'neighbor-discovery-bad-option',
    says: 'its neighbor discovery message has an option of length 0, or one longer than the message',
    see: 'RFC 4861 §6.1, §7.1, §8.1',
  },
  [Reason.VxlanTruncated]: {
    name: 'vxlan-truncated',
    says: 'its UDP datagram ends inside the VXLAN header',
    see: 'RFC 7348 §5',
  },
} as const satisfies Partial<Record<Reason, ReasonText>>;
