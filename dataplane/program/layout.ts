/**
 * Names and types of every compiled table. A Program is these tables in one buffer (see program.ts); the control plane writes them,
 * the data plane reads them, and neither knows more of the other than this file.
 *
 * `originLine` and `originColumn` are the Origin of a row: where in the topology file it was declared, 0 where nobody declared it.
 */
import { vxlanTables } from './vxlan-layout.js';

export const layout = {
  /** One row per emulated machine, each with one IP stack. */
  hosts: {
    /** HostFlag bits. */
    flags: Uint8Array,
    /** ReversePath. */
    reversePath: Uint8Array,
    /** NatProfile. */
    natProfile: Uint8Array,
    /** NatOption bits. */
    natOptions: Uint8Array,
    /** Connections that it tracks at the most. */
    connectionsMax: Uint32Array,
    /** ArpIgnore. */
    arpIgnore: Uint8Array,
    /** How long it remembers what after its last packet; 0: as its profile has it. */
    udpTimeout_ns: Float64Array,
    icmpTimeout_ns: Float64Array,
    tcpEstablishedTimeout_ns: Float64Array,
    tcpOpeningTimeout_ns: Float64Array,
    tcpClosingTimeout_ns: Float64Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** One row per learning bridge: the bridge networks in the order of the topology, then the wires. */
  networks: {
    /** Of a bridge: the host whose it is; a wire has NONE. */
    host: Uint16Array,
    /** Docker's gateway modes: GatewayMode for each family. */
    gatewayModeIpv4: Uint8Array,
    gatewayModeIpv6: Uint8Array,
    /** Rows of `addresses` that are its own: those of the gateway. */
    firstOwn: Uint32Array,
    ownCount: Uint32Array,
    firstPort: Uint16Array,
    portCount: Uint16Array,
    firstStation: Uint32Array,
    stationCount: Uint32Array,
    /** NetworkFlag bits. */
    flags: Uint8Array,
    /** Bytes of the largest packet. */
    mtu: Uint32Array,
    /** Nanoseconds after which an unheard station is forgotten. */
    ageing_ns: Float64Array,
    /** Stations the Fdb learns at the most. */
    stationsMax: Uint32Array,
    /** Bit n set: 01-80-C2-00-00-0n is forwarded. */
    groupForwardMask: Uint16Array,
    /** The MAC of the bridge itself, which is the gateway's: first two bytes, last four. */
    macHigh: Uint16Array,
    macLow: Uint32Array,
    /** Rows of `addresses` that belong to the host of this network, also those on its other networks. */
    firstAddress: Uint32Array,
    addressCount: Uint32Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** The addresses of the hosts, those of one host together. IPv4 stands in the last word, behind three of 0. */
  addresses: {
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
    /** Leading bits of the four words that say which subnet it is in: an IPv4 prefix has 96 more. */
    prefix: Uint8Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** One row per Port; the ports of a network follow each other, and so do the children of a link. */
  ports: {
    /** PortRole. */
    role: Uint8Array,
    /** Of a port of a bridge: which; else NONE. */
    network: Uint16Array,
    /** Of a joint: the link it leads to; of a child: its parent; of the port of a NIC: that NIC; else NONE. */
    link: Uint16Array,
    /** PortFlag bits. */
    flags: Uint8Array,
    /** Of a child: its own address. */
    macHigh: Uint16Array,
    macLow: Uint32Array,
    /** Of a macvlan child: one MacvlanMode bit. */
    macvlanMode: Uint8Array,
    /** Bytes of the largest packet that a child sends or gets. */
    mtu: Uint32Array,
    /** Of a port of a bridge that filters VLANs: VlanMode; its own VLAN; PriorityTags; TPID of the tags a tunnel puts on. */
    vlanMode: Uint8Array,
    vlanTag: Uint16Array,
    priorityTags: Uint8Array,
    tunnelType: Uint16Array,
    /** Rows of `vlanSets`, or NONE for all VLANs: those it carries, and the inner ones that a tunnel takes. */
    trunks: Uint16Array,
    innerVlans: Uint16Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** Sets of VLANs, VLAN_SET_WORDS rows each: VLAN v is in set s when bit v & 31 of row s * VLAN_SET_WORDS + (v >> 5) is set. */
  vlanSets: {
    bits: Uint32Array,
  },
  /** The interfaces of the hosts: NICs, VLANs of NICs behind the NIC they belong to, and the dummies that stand in for a missing parent. */
  links: {
    /** Number of the host. */
    host: Uint16Array,
    /** Of a VLAN the link it is a part of, and its VID; a NIC has NONE and 0. */
    below: Uint16Array,
    vid: Uint16Array,
    /** Where a NIC sends to: its joint at a wire, or its own port; NONE for a dummy. */
    port: Uint16Array,
    /** LinkUse. */
    use: Uint8Array,
    /** Of a bridge's uplink: its joint at that bridge. */
    joint: Uint16Array,
    /** The ports that are its children. */
    firstChild: Uint16Array,
    childCount: Uint16Array,
    /** LinkFlag bits. */
    flags: Uint8Array,
    macHigh: Uint16Array,
    macLow: Uint32Array,
    mtu: Uint32Array,
    /** Rows of `addresses` of its host, and among them those that are its own. */
    firstAddress: Uint32Array,
    addressCount: Uint32Array,
    firstOwn: Uint32Array,
    ownCount: Uint32Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** The addresses that ipvlan children have. IPv4 stands in the last word, behind three of 0. */
  childAddresses: {
    port: Uint16Array,
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
  },
  /** macvlan children in source mode: whose frames they get. */
  sources: {
    port: Uint16Array,
    macHigh: Uint16Array,
    macLow: Uint32Array,
  },
  /** The subnets of the bridge networks. IPv4 stands in the last word, behind three of 0. */
  subnets: {
    network: Uint16Array,
    /** 4 or 6. */
    family: Uint8Array,
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
    /** Leading bits of the four words that count: an IPv4 prefix has 96 more. */
    prefix: Uint8Array,
  },
  /** What hosts translate, besides the masquerade of bridge networks: published ports, then the rules of `x-nat`, in the order of the topology. */
  natRules: {
    host: Uint16Array,
    /** NatKind. */
    kind: Uint8Array,
    /** NatFlag bits. */
    flags: Uint8Array,
    /** 4 or 6. */
    family: Uint8Array,
    /** IANA number; 0: any that has ports, and echoes. */
    protocol: Uint8Array,
    /** Of a published port: the bridge network of its container; else NONE. */
    network: Uint16Array,
    /** Of NatKind.Source: the interface by which packets leave, of NatKind.Destination: by which they come; a network or the number of networks and a link; NONE for any. */
    iface: Uint16Array,
    /** Which packets: the destination before translation, of NatKind.Source the source. NatFlag.AnyLocal stands for all addresses of the host. */
    match0: Uint32Array,
    match1: Uint32Array,
    match2: Uint32Array,
    match3: Uint32Array,
    /** Leading bits of the four words that count: an IPv4 prefix has 96 more. */
    matchPrefix: Uint8Array,
    /** Which ports, of NatKind.Source those of the source; 0 to 65535 is any. */
    portFirst: Uint16Array,
    portLast: Uint16Array,
    /** To what: the first of a range of addresses, and how many there are. */
    to0: Uint32Array,
    to1: Uint32Array,
    to2: Uint32Array,
    to3: Uint32Array,
    toCount: Uint32Array,
    /** To which ports; 0 to 0 keeps the port, or takes any where it is taken. */
    toPortFirst: Uint16Array,
    toPortLast: Uint16Array,
    /** NatSelection, and the seed of its Random. */
    selection: Uint8Array,
    seed: Uint32Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** The routes of the hosts, those with the longest prefix first, of equal ones that with the lowest metric: of two with one prefix the first counts. */
  routes: {
    host: Uint16Array,
    /** 4 or 6. */
    family: Uint8Array,
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
    /** Leading bits of the four words that count: an IPv4 prefix has 96 more. */
    prefix: Uint8Array,
    /** The router; all 0: the destination itself is on the link. */
    via0: Uint32Array,
    via1: Uint32Array,
    via2: Uint32Array,
    via3: Uint32Array,
    /** RouteKind. */
    kind: Uint8Array,
    /** The interface by which packets leave: a network, or the number of networks and a link. */
    iface: Uint16Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  ...vxlanTables,
  /** Stations that the topology nails to a port. */
  stations: {
    macHigh: Uint16Array,
    macLow: Uint32Array,
    port: Uint16Array,
    /** 1: refuses to move when heard elsewhere. */
    sticky: Uint8Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
} as const;

/** In a column that names a row: none. */
export const NONE = 0xffff;

export const VLAN_SET_WORDS = 128;

export const enum PortRole {
  /** A port of a bridge behind which something stands that is not ours: a container, the world outside. */
  Station,
  /** A port of a bridge that leads to a link: from a wire up to a NIC, or from a bridge down to its uplink. No frame enters or leaves here. */
  Joint,
  /** A container on a macvlan or ipvlan parent. */
  Child,
  /** A NIC that is plugged into no wire. */
  Nic,
  /** A VXLAN port of a bridge. No frame enters or leaves here. */
  Tunnel,
}

/** Who takes what comes in by a link (the rx_handler of Linux). */
export const enum LinkUse {
  /** The stack of the host. */
  Host,
  Macvlan,
  Ipvlan,
  /** A bridge, as its uplink. */
  Bridge,
}

export const enum LinkFlag {
  /** macvlan: one child, which gets everything. */
  Passthru = 1,
  /** ipvlan: modes; neither is L2. */
  L3 = 2,
  L3s = 4,
  /** ipvlan_flag. */
  Private = 8,
  Vepa = 16,
  /** Its host sends no ICMP errors by it (RFC 5508 REQ-9). */
  NoIcmpErrors = 32,
}

/** Bits, so that a set of them is a number (IFLA_MACVLAN_MODE). */
export const enum MacvlanMode {
  Private = 1,
  Vepa = 2,
  Bridge = 4,
  Passthru = 8,
  Source = 16,
}

/** The port modes of Open vSwitch (ovs-vswitchd.conf.db(5), vlan_mode). */
export const enum VlanMode {
  Trunk,
  Access,
  NativeTagged,
  NativeUntagged,
  Tunnel,
}

export const enum PriorityTags {
  Never,
  IfNonzero,
  Always,
}

export const enum HostFlag {
  /** Docker runs here: what its rules do not allow is not forwarded (policy DROP of its FORWARD chain). */
  Docker = 1,
  /** Packets are forwarded at all (ip_forward). */
  Forwards = 2,
  /** Whoever sends by way of it what has a shorter way hears of it (send_redirects). */
  Redirects = 4,
}

/** Whether the sources of IPv4 packets are checked against the routes (Linux rp_filter; RFC 3704 §2.2, §2.4). */
export const enum ReversePath {
  Unchecked,
  /** The best route to the source leaves by the interface by which the packet came. */
  Strict,
  /** A route leads to the source. */
  Loose,
}

/** Whose questions for one of its addresses a host leaves unanswered (Linux arp_ignore). */
export const enum ArpIgnore {
  Nobody = 0,
  /** Those that come by another interface than the one that has the address. */
  OtherInterface = 1,
  /** Those, and those of who is in another subnet than the address. */
  OtherSubnet = 2,
  Everybody = 8,
}

/** `com.docker.network.bridge.gateway_mode_ipv4` and `..._ipv6`. */
export const enum GatewayMode {
  Nat,
  NatUnprotected,
  Routed,
  Isolated,
}

/** Kinds of routes, which differ in what their packets meet (ip-route(8)). */
export const enum RouteKind {
  Unicast,
  /** Dropped in silence. */
  Blackhole,
  /** Dropped, and the sender hears that the host is unreachable ... */
  Unreachable,
  /** ... or that it is prohibited. */
  Prohibit,
}

export const enum NetworkFlag {
  /** `com.docker.network.bridge.enable_icc: "false"`: no IP packet passes from one port to another. */
  InterContainerDisabled = 1,
  /** It keeps VLANs apart. */
  VlanFiltering = 2,
  /** A wire: no host has an address on it. */
  Wire = 4,
  /** `internal: true`. */
  Internal = 8,
  /** `com.docker.network.bridge.enable_ip_masquerade`. */
  Masquerade = 16,
}

export const enum PortFlag {
  /** Frames may leave by the port they came from (reflective relay, IEEE 802.1Q §8.6.1). */
  Hairpin = 1,
  /** Isolated ports do not reach each other (Linux `bridge link set isolated on`). */
  Isolated = 2,
  /** macvlan in source mode: what it takes goes nowhere else. */
  TakesAlone = 4,
}
