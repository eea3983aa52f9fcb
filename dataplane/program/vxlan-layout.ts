/** The part of `layout.ts` about VXLAN: the tables of tunnel ends, and what their columns say. */
export const vxlanTables = {
  /** VXLAN ports of bridges, each a VXLAN tunnel end point (RFC 7348 §3; a vxlan device of Linux that a bridge has for a port). */
  vteps: {
    /** The host whose stack sends and hears the outer packets. */
    host: Uint16Array,
    /** The port of a bridge that it is. */
    port: Uint16Array,
    /** Of the outer packets: 4 or 6. */
    family: Uint8Array,
    /** Their source; all 0: the address that the route to the remote has. */
    local0: Uint32Array,
    local1: Uint32Array,
    local2: Uint32Array,
    local3: Uint32Array,
    /** The link by which a group is spoken to and heard; else NONE. */
    link: Uint16Array,
    /** UDP port that it listens at and sends to. */
    udpPort: Uint16Array,
    /** UDP ports that it sends from. */
    sourceFirst: Uint16Array,
    sourceLast: Uint16Array,
    /** VtepFlag bits. */
    flags: Uint16Array,
    /** VtepNeighbors. */
    neighbors: Uint8Array,
    /** TTL of outer packets, 1..255. */
    ttl: Uint8Array,
    /** Their type of service, without ECN. */
    tos: Uint8Array,
    /** VtepFragments. */
    fragments: Uint8Array,
    /** Nanoseconds after which an unheard station is forgotten. */
    ageing_ns: Float64Array,
    /** Stations it learns at the most, in all its VNIs. */
    stationsMax: Uint32Array,
    /** Rows of `vnis`. */
    firstVni: Uint16Array,
    vniCount: Uint16Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** The VXLAN segments of the vteps, those of one together. */
  vnis: {
    vtep: Uint16Array,
    /** 24 bits. */
    vni: Uint32Array,
    /** The VLAN of the bridge that it carries; 0: what comes without a tag. */
    vlan: Uint16Array,
    /** Rows of `remotes`: where frames for everybody and for unknown stations go. */
    firstRemote: Uint32Array,
    remoteCount: Uint32Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** Other ends, or one group of them. IPv4 stands in the last word, behind three of 0. */
  remotes: {
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** Stations that the topology says live behind a remote end: permanent entries of its Fdb. */
  remoteStations: {
    /** Row of `vnis`. */
    vni: Uint16Array,
    macHigh: Uint16Array,
    macLow: Uint32Array,
    /** The address of that end. */
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** The addresses of such stations, for which a vtep answers ARP and neighbor solicitations. */
  remoteAddresses: {
    /** Row of `remoteStations`. */
    station: Uint32Array,
    /** 4 or 6. */
    family: Uint8Array,
    word0: Uint32Array,
    word1: Uint32Array,
    word2: Uint32Array,
    word3: Uint32Array,
  },
} as const;

export const enum VtepFlag {
  /** Behind which remote a station lives is learned from what comes in (Linux `learning`). */
  Learns = 1,
  /** The outer UDP checksum is computed; else it is 0. */
  Checksum = 2,
  /** Over IPv6: a checksum of 0 is accepted (Linux `udp6zerocsumrx`; RFC 6935 §5). */
  ZeroAccepted = 4,
  /** Frames keep their VLAN tags in the tunnel (RFC 7348 §6.1). */
  InnerTags = 8,
  /** Bits that RFC 7348 reserves end what has them, as in Linux; else they are ignored. */
  ReservedEnds = 16,
  /** The Group Policy extension: the policy of a frame is kept from tunnel to tunnel (draft-smith-vxlan-group-policy). */
  GroupPolicy = 32,
  /** Outer TTL, outer type of service as those of what is inside. */
  TtlInherits = 64,
  TosInherits = 128,
  /** The outer ECN field is 0 (RFC 6040 §4.1, compatibility mode); else that of what is inside. */
  EcnZero = 256,
}

/** What becomes of questions for the MAC of an address that go into a tunnel. */
export const enum VtepNeighbors {
  /** They go where other frames for everybody go. */
  Flood,
  /** The vtep answers for stations that it knows (Linux `neigh_suppress`). */
  Suppress,
  /** The same, and nobody else is asked either (Linux `proxy`). */
  Proxy,
}

/** The DF bit of outer IPv4 packets (Linux `df`). */
export const enum VtepFragments {
  Unset,
  Set,
  /** As that of what is inside; of IPv6 it is set. */
  Inherit,
}
