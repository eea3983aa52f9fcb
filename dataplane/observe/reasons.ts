/**
 * What each Reason is called, what it says to a person, and who says so. With `reasons-packet.ts` the only place under
 * `dataplane` with sentences.
 *
 * `says` completes "the frame was dropped because …" (for reasons of `wire`: "… is malformed because …"). Names are stable
 * between versions: reports, tests and scripts may rely on them.
 */
import { Reason } from './reason.js';
import { packetReasons } from './reasons-packet.js';
import { vxlanReasons } from './reasons-vxlan.js';

export interface ReasonText {
  /** Kebab-case, stable. */
  readonly name: string;
  /** A part of a sentence that a person could say aloud. */
  readonly says: string;
  /** The clause of a standard, or the behaviour of Linux or Docker that it follows; empty for Reason.Ok. */
  readonly see: string;
}

/** One entry per Reason; a forgotten one does not compile. */
export const reasons: Readonly<Record<Exclude<Reason, Reason.Count>, ReasonText>> = {
  [Reason.Ok]: { name: 'ok', says: 'nothing is wrong with it', see: '' },

  [Reason.Runt]: {
    name: 'runt',
    says: 'it is shorter than the 14 bytes of an Ethernet header',
    see: 'IEEE 802.3 §3.1.1',
  },
  [Reason.SnappedHeader]: {
    name: 'snapped-header',
    says: 'the capture kept fewer bytes of it than its headers take',
    see: 'the snapshot length of the capture (pcap-savefile(5))',
  },
  [Reason.VlanTagTruncated]: {
    name: 'vlan-tag-truncated',
    says: 'it ends inside a VLAN tag',
    see: 'IEEE 802.1Q §9.3',
  },
  [Reason.MtuExceeded]: {
    name: 'mtu-exceeded',
    says: 'it is longer than the MTU of its network allows',
    see: 'Docker com.docker.network.driver.mtu; IEEE 802.1Q §6.5.8',
  },
  [Reason.OffloadInvalid]: {
    name: 'offload-invalid',
    says: 'what it leaves to the network card (segments, a checksum) does not fit its headers',
    see: 'virtio 1.2 §5.1.6.2; Linux include/linux/virtio_net.h',
  },
  [Reason.PoolExhausted]: {
    name: 'pool-exhausted',
    says: 'no slot of the pool was free for a copy of it',
    see: 'docs/life-of-a-frame.md',
  },

  [Reason.KernelQueueFull]: {
    name: 'kernel-queue-full',
    says: 'it came faster than it was fetched, and the queue of the kernel was full',
    see: 'packet(7), PACKET_STATISTICS; Linux drivers/net/tun.c, tun_net_xmit',
  },
  [Reason.SnappedFrame]: {
    name: 'snapped-frame',
    says: 'the capture kept only a part of it, and a device takes whole frames',
    see: 'the snapshot length of the capture (pcap-savefile(5))',
  },
  [Reason.PortMtuExceeded]: {
    name: 'port-mtu-exceeded',
    says: 'it is longer than the MTU of the interface it would leave by',
    see: 'packet(7), EMSGSIZE; IEEE 802.1Q §6.5.8',
  },
  [Reason.DeviceQueueFull]: {
    name: 'device-queue-full',
    says: 'the queue of the interface it would leave by is full',
    see: 'packet(7), ENOBUFS',
  },
  [Reason.DeviceDown]: {
    name: 'device-down',
    says: 'the interface it would leave by is down',
    see: 'packet(7), ENETDOWN; Linux drivers/net/tun.c, tun_get_user: EIO',
  },
  [Reason.NoCarrier]: {
    name: 'no-carrier',
    says: 'nobody is connected to the interface it would leave by',
    see: 'Linux Documentation/networking/operstates.rst, IFF_LOWER_UP',
  },
  [Reason.DeviceGone]: {
    name: 'device-gone',
    says: 'the interface it would leave by no longer exists',
    see: 'packet(7), ENXIO; Linux drivers/net/tun.c: EBADFD',
  },
  [Reason.DeviceRefused]: {
    name: 'device-refused',
    says: 'the kernel does not accept what it leaves to the network card',
    see: 'Linux include/linux/virtio_net.h, virtio_net_hdr_to_skb: EINVAL',
  },
  [Reason.WorkerLost]: {
    name: 'worker-lost',
    says: 'the worker that held it ended',
    see: 'docs/life-of-a-frame.md',
  },

  [Reason.SourceAddressInvalid]: {
    name: 'source-address-invalid',
    says: 'its source is a group address or all zeros, which no station can have',
    see: 'IEEE 802.1Q §8.7; Linux br_handle_frame',
  },
  [Reason.PauseFrame]: {
    name: 'pause-frame',
    says: 'it is a MAC control frame, which speaks to the next device only',
    see: 'IEEE 802.3 Annex 31B',
  },
  [Reason.ReservedAddress]: {
    name: 'reserved-address',
    says: 'its destination is reserved for the neighbouring device, and group_fwd_mask does not let it pass',
    see: 'IEEE 802.1Q §8.6.3, Table 8-1',
  },
  [Reason.GatewayAddress]: {
    name: 'gateway-address',
    says: 'it is for the gateway of the network, which is the bridge itself',
    see: 'IEEE 802.1Q §8.13',
  },
  [Reason.Reflection]: {
    name: 'reflection',
    says: 'its destination lives behind the port it came from',
    see: 'IEEE 802.1Q §8.6.1',
  },
  [Reason.PortIsolated]: {
    name: 'port-isolated',
    says: 'both the port it came from and the port it would leave by are isolated',
    see: 'Linux br_skb_isolated; bridge(8), isolated',
  },
  [Reason.InterContainerDisabled]: {
    name: 'inter-container-disabled',
    says: 'the network does not let its containers talk IP to each other',
    see: 'Docker com.docker.network.bridge.enable_icc=false: iptables FORWARD -i BRIDGE -o BRIDGE -j DROP',
  },
  [Reason.NoOtherPort]: {
    name: 'no-other-port',
    says: 'nobody else is on the network to flood it to',
    see: 'IEEE 802.1Q §8.6.1',
  },
  [Reason.VlanNotAdmitted]: {
    name: 'vlan-not-admitted',
    says: 'the port does not carry its VLAN, or does not take frames with such a tag',
    see: 'IEEE 802.1Q §6.9, §8.6.2, §8.6.4; ovs-vswitchd.conf.db(5), vlan_mode',
  },

  [Reason.VlanReserved]: {
    name: 'vlan-reserved',
    says: 'it is tagged with VLAN 4095, which is reserved',
    see: 'IEEE 802.1Q §9.6, Table 9-2',
  },
  [Reason.VlanUnknown]: {
    name: 'vlan-unknown',
    says: 'it is tagged with a VLAN for which the NIC has no sub-interface',
    see: 'Linux net/core/dev.c, __netif_receive_skb_core: PACKET_OTHERHOST',
  },
  [Reason.NotForThisHost]: {
    name: 'not-for-this-host',
    says: 'its destination is no address of this host, nor of a container on this NIC',
    see: 'Linux eth_type_trans: PACKET_OTHERHOST; RFC 1122 §2.3',
  },
  [Reason.HostStack]: {
    name: 'host-stack',
    says: 'it is for the stack of the host itself',
    see: 'Linux net/core/dev.c, RX_HANDLER_PASS',
  },
  [Reason.NoWire]: {
    name: 'no-wire',
    says: 'its parent is an internal dummy, behind which nothing is',
    see: 'Docker macvlan and ipvlan without a parent: dm-ID, di-ID; Linux drivers/net/dummy.c',
  },

  [Reason.IpvlanPrivate]: {
    name: 'ipvlan-private',
    says: 'the children of a private ipvlan parent never reach each other',
    see: 'Linux drivers/net/ipvlan/ipvlan_core.c, ipvlan_is_private',
  },
  [Reason.IpvlanL3Group]: {
    name: 'ipvlan-l3-group',
    says: 'ipvlan in an L3 mode sends nothing to groups',
    see: 'Linux drivers/net/ipvlan/ipvlan_core.c, ipvlan_process_outbound',
  },
  [Reason.IpvlanL3NotIp]: {
    name: 'ipvlan-l3-not-ip',
    says: 'ipvlan in an L3 mode sends nothing but untagged IP packets',
    see: 'Linux drivers/net/ipvlan/ipvlan_core.c, ipvlan_process_outbound',
  },
  [Reason.NoRoute]: {
    name: 'no-route',
    says: 'the host has no route by which it could go to its destination',
    see: 'RFC 1812 §5.2.4.3; Linux ip_route_output_flow, ip_route_input_noref',
  },
  [Reason.NeighborUnresolved]: {
    name: 'neighbor-unresolved',
    says: 'nobody answered when the next hop was asked for three times',
    see: 'RFC 1122 §2.3.2.2; RFC 4861 §7.2.2',
  },
  [Reason.NeighborQueueFull]: {
    name: 'neighbor-queue-full',
    says: 'newer packets wait for the same next hop to be found',
    see: 'RFC 1122 §2.3.2.2',
  },

  [Reason.RouteBlackhole]: {
    name: 'route-blackhole',
    says: 'its route is a blackhole, which drops in silence',
    see: 'ip-route(8), blackhole',
  },
  [Reason.RouteUnreachable]: {
    name: 'route-unreachable',
    says: 'its route says that its destination is unreachable',
    see: 'ip-route(8), unreachable',
  },
  [Reason.RouteProhibited]: {
    name: 'route-prohibited',
    says: 'its route says that it is prohibited',
    see: 'ip-route(8), prohibit',
  },
  [Reason.MartianAddress]: {
    name: 'martian-address',
    says: 'it has an address that no packet on a network can have',
    see: 'RFC 1812 §5.3.7; RFC 4291 §2.5',
  },
  [Reason.ReversePath]: {
    name: 'reverse-path',
    says: 'the way back to its source leads elsewhere, or nowhere, and its host checks that',
    see: 'RFC 3704 §2; Linux net.ipv4.conf.*.rp_filter',
  },
  [Reason.OptionsInvalid]: {
    name: 'options-invalid',
    says: 'its IPv4 options make no sense, as its sender is told',
    see: 'RFC 791 §3.1; RFC 1812 §4.3.3.5; Linux ip_options_compile',
  },
  [Reason.SourceRouted]: {
    name: 'source-routed',
    says: 'it wants to go by routers that it names itself, which is off by default',
    see: 'RFC 1812 §5.2.4.1; Linux accept_source_route 0',
  },
  [Reason.HopLimitExceeded]: {
    name: 'hop-limit-exceeded',
    says: 'it has passed as many routers as it may',
    see: 'RFC 1812 §5.3.1; RFC 8200 §3',
  },
  [Reason.NatPortsExhausted]: {
    name: 'nat-ports-exhausted',
    says: 'every port that its source may have outside is taken',
    see: 'RFC 4787 REQ-3, REQ-11; RFC 5508 REQ-8',
  },
  [Reason.NatUntranslatable]: {
    name: 'nat-untranslatable',
    says: 'it belongs to no connection and begins none, so that its source, which has to be translated, cannot be',
    see: 'RFC 5508 §7, REQ-11; RFC 5508 §4.2, REQ-5',
  },
  [Reason.ConnectionsExceeded]: {
    name: 'connections-exceeded',
    says: 'it opens a connection, and its host tracks as many as it can',
    see: 'Linux nf_conntrack: table full, dropping packet',
  },
  [Reason.SynUnsolicited]: {
    name: 'syn-unsolicited',
    says: 'nobody inside had asked for the TCP connection that it would open',
    see: 'RFC 5382 §4.3, REQ-4',
  },

  [Reason.FragmentOverlap]: {
    name: 'fragment-overlap',
    says: 'it overlaps a fragment that came before, or contradicts where the datagram ends; of an IPv6 datagram, one of its fragments does',
    see: 'RFC 791 §3.2; RFC 5722 §4; RFC 8200 §4.5; Linux inet_frag_queue_insert',
  },
  [Reason.FragmentDuplicate]: {
    name: 'fragment-duplicate',
    says: 'all bytes of this fragment have come before',
    see: 'RFC 815 §3; RFC 8200 §4.5; Linux inet_frag_queue_insert, IPFRAG_DUP',
  },
  [Reason.FragmentTooLong]: {
    name: 'fragment-too-long',
    says: 'it ends behind the 65,535 bytes that its datagram can have',
    see: 'RFC 791 §3.1, Total Length; RFC 8200 §4.5',
  },
  [Reason.FragmentsExceeded]: {
    name: 'fragments-exceeded',
    says: 'too many fragments wait for the first one of their datagram, or too many datagrams have fragments to come',
    see: 'RFC 4787 §11; Linux net.ipv4.ipfrag_high_thresh',
  },
  [Reason.FragmentTimeout]: {
    name: 'fragment-timeout',
    says: 'the first fragment of its datagram, which alone has the ports, did not come within 30 seconds',
    see: 'RFC 1122 §3.3.2; Linux net.ipv4.ipfrag_time',
  },
  [Reason.FragmentTiny]: {
    name: 'fragment-tiny',
    says: 'it begins or ends inside the transport header, which the first fragment has to hold',
    see: 'RFC 1858 §3; RFC 3128',
  },
  [Reason.FragmentBadLength]: {
    name: 'fragment-bad-length',
    says: 'it carries nothing, or is not the last fragment and its length is not a multiple of 8',
    see: 'RFC 791 §3.2; RFC 8200 §4.5',
  },
  [Reason.FragmentationNeeded]: {
    name: 'fragmentation-needed',
    says: 'it is longer than the MTU of its way out and may not be fragmented',
    see: "RFC 791 §3.1, Don't Fragment; RFC 1191 §4; RFC 8200 §5",
  },

  [Reason.BridgeIsolated]: {
    name: 'bridge-isolated',
    says: 'it comes from another network, and Docker keeps its networks apart except for published ports',
    see: 'Docker: moby iptabler/endpoint.go, filterDirectAccess; iptabler/network.go, setDefaultForwardRule',
  },
  [Reason.InternalNetwork]: {
    name: 'internal-network',
    says: 'nothing enters or leaves an internal network',
    see: 'Docker: moby iptabler/network.go, setupInternalNetworkRules; iptables DOCKER-INTERNAL',
  },
  [Reason.PortNotPublished]: {
    name: 'port-not-published',
    says: 'it is for no port that its container publishes to the outside',
    see: 'Docker: moby iptabler/network.go, setDefaultForwardRule; iptabler/port.go, filterPortMappedOnLoopback',
  },
  [Reason.DirectRoutingDenied]: {
    name: 'direct-routing-denied',
    says: 'it comes from outside for the address of a container itself, which gateway mode nat keeps to the host',
    see: 'Docker: moby iptabler/endpoint.go, filterDirectAccess; iptables -t raw PREROUTING',
  },
  [Reason.ForwardingDenied]: {
    name: 'forwarding-denied',
    says: 'no rule of Docker lets it from this interface to that one, and what no rule allows is not forwarded',
    see: 'Docker: moby iptabler/iptabler.go, FilterForwardDrop; iptables -P FORWARD DROP',
  },

  ...vxlanReasons,

  ...packetReasons,
};

const inOrder: readonly ReasonText[] = Object.values(reasons);

/** The text of a Reason that the data plane gave as a bare number: an index of a counter, a part of a verdict. */
export function reasonText(reason: number): ReasonText {
  // Integer keys come in ascending order, whatever order they were written in.
  return inOrder[reason];
}
