/** What the columns of a Program about address translation hold: see layout.ts. */

/** How connections are mapped, filtered and timed. */
export const enum NatProfile {
  Linux,
  /** RFC 4787, 5382, 5508, 7857: endpoint-independent mapping and filtering. */
  Rfc4787,
}

/** What a host with the profile rfc4787 does otherwise than by default. */
export const enum NatOption {
  /** A source may have another address of a pool for each protocol (RFC 7857 §4). */
  PoolsApart = 1,
  /** TCP and UDP from one port have one port outside (RFC 7857 §5) ... */
  SharedMappings = 2,
  /** ... and who speaks to that by the one reaches it though only the other was spoken (RFC 7857 §6). */
  SharedFilters = 4,
  /** What comes in unasked keeps a mapping alive (RFC 7857 §7). */
  InboundRefresh = 8,
}

export const enum NatKind {
  /** A published port of a container. */
  Published,
  Destination,
  Source,
}

export const enum NatFlag {
  /** The rule is about all addresses of the host. */
  AnyLocal = 1,
  /** Docker opens the port of the container, and translates nothing (gateway mode `routed`). */
  Routed = 2,
  /** To the address of the interface by which it leaves. */
  Masquerade = 4,
}

/** Which address and port of a range a new connection gets. */
export const enum NatSelection {
  /** The port it has, and else by a hash of its addresses (Linux). */
  Hash,
  Sequential,
  Random,
  /** The address by a hash of the source alone, so that one source keeps it (Linux --persistent). */
  Persistent,
}
