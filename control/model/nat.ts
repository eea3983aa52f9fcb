import type { Position, Value } from './position.js';

/** What a host is told about translating (`x-nat`). */
export interface Nat {
  readonly at: Position;
  /** How connections are mapped, filtered and timed: as Linux does, or as RFC 4787 wants it. */
  readonly profile: Value<'linux' | 'rfc4787'>;
  /** How many connections it tracks at the most. */
  readonly connectionsMax: Value<number>;
  /** How long what is remembered after its last packet: seconds; absent: as the profile has it. */
  readonly timeouts: Readonly<Partial<Record<Timeout, Value<number>>>>;
  /** Of the profile rfc4787: what makes no difference between protocols. */
  readonly protocolIndependent: Value<readonly Independent[]>;
  /** Of the same: also what comes in unasked keeps a mapping alive. */
  readonly inboundRefresh: Value<boolean>;
  /** NICs, and VLANs of NICs, by which it sends no ICMP errors of its own (RFC 5508 REQ-9). */
  readonly suppressIcmpErrors: readonly Value<string>[];
  /** In file order: of those that are about a packet, the first one counts. */
  readonly rules: readonly NatRule[];
}

/** What is remembered for a time that can be said; in the profile rfc4787 not for less than the RFCs allow. */
export const TIMEOUTS = [
  { key: 'udp', leastOfRfc_s: 120, source: 'RFC 4787 REQ-5' },
  { key: 'icmp', leastOfRfc_s: 60, source: 'RFC 5508 REQ-2' },
  { key: 'tcp_established', leastOfRfc_s: 7440, source: 'RFC 5382 REQ-5' },
  // RFC 7857 §2.1: it may be less than 4 minutes.
  { key: 'tcp_opening', leastOfRfc_s: 0, source: 'RFC 7857 §2.1' },
  { key: 'tcp_closing', leastOfRfc_s: 240, source: 'RFC 5382 REQ-5' },
] as const;
export type Timeout = (typeof TIMEOUTS)[number]['key'];
export const TIMEOUT_MIN_S = 1;
/** More than twice the five days of an established connection of Linux. */
export const TIMEOUT_MAX_S = 1_000_000;

/**
 * What can be done for all protocols alike (RFC 7857 §4, §5, §6): which address of a pool a source has; whether TCP and UDP from one port have one
 * outside; whether who speaks to that by the one reaches it though only the other was spoken.
 */
export const INDEPENDENT = ['pooling', 'mapping', 'filtering'] as const;
export type Independent = (typeof INDEPENDENT)[number];

export type NatRule = SourceNat | DestinationNat;

/** Which address and port of a range a new connection gets. */
export type Selection = 'hash' | 'sequential' | 'random' | 'persistent';

interface CommonNat {
  readonly at: Position;
  readonly family: 4 | 6;
  /** Absent: any. */
  readonly protocol?: Value<'tcp' | 'udp' | 'icmp'>;
  readonly select: Value<Selection>;
  /** Of `random`. */
  readonly seed: Value<number>;
}

/** `snat`: packets from here go on as if they came from there. */
export interface SourceNat extends CommonNat {
  readonly kind: 'source';
  /** A block in canonical form. */
  readonly from: Value<string>;
  /** Absent: any. */
  readonly sourcePorts?: Value<PortRange>;
  /** The interface by which they leave: a NIC of the host, or a VLAN of one. Absent: any. */
  readonly out?: Value<string>;
  /** `masquerade`: the first address of that interface. */
  readonly to: Value<AddressRange> | 'masquerade';
  /** Absent: the port they have, and another where it is taken. */
  readonly ports?: Value<PortRange>;
}

/** `dnat`: packets to here go there. */
export interface DestinationNat extends CommonNat {
  readonly kind: 'destination';
  /** An address; `local`: all addresses of the host. */
  readonly address: Value<string>;
  /** Absent: any. */
  readonly port?: Value<PortRange>;
  /** The interface by which they come: a NIC of the host, or a VLAN of one. Absent: any. */
  readonly in?: Value<string>;
  readonly to: Value<AddressRange>;
  /** As many as `port`, one for one, or a single one for all; with `select` sequential or random any. Absent: the port they have. */
  readonly toPort?: Value<PortRange>;
}

/** `first` and `last` included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Addresses of one family, in canonical form, `first` and `last` included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

export const CONNECTIONS_MIN = 16;
export const CONNECTIONS_MAX = 4_194_304;
/** What nf_conntrack_max is on a machine of one GiB. */
export const CONNECTIONS_DEFAULT = 65_536;
