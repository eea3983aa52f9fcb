/**
 * Names and types of every compiled table. A Program is these tables in one buffer (see program.ts); the control plane writes them,
 * the data plane reads them, and neither knows more of the other than this file.
 *
 * `originLine` and `originColumn` are the Origin of a row: where in the topology file it was declared, 0 where nobody declared it.
 */
export const layout = {
  /** One row per Network, in the order of the topology. */
  networks: {
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
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
  /** One row per Port; the ports of a network follow each other. */
  ports: {
    network: Uint16Array,
    /** PortFlag bits. */
    flags: Uint8Array,
    originLine: Uint32Array,
    originColumn: Uint32Array,
  },
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

export const enum NetworkFlag {
  /** `com.docker.network.bridge.enable_icc: "false"`: no IP packet passes from one port to another. */
  InterContainerDisabled = 1,
}

export const enum PortFlag {
  /** Frames may leave by the port they came from (reflective relay, IEEE 802.1Q §8.6.1). */
  Hairpin = 1,
  /** Isolated ports do not reach each other (Linux `bridge link set isolated on`). */
  Isolated = 2,
}
