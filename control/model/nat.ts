import type { Position, Value } from './position.js';

/** What a host is told about translating (`x-nat`). */
export interface Nat {
  readonly at: Position;
  /** How connections are mapped, filtered and timed: as Linux does, or as RFC 4787 wants it. */
  readonly profile: Value<'linux' | 'rfc4787'>;
  /** How many connections it tracks at the most. */
  readonly connectionsMax: Value<number>;
  /** In file order: of those that are about a packet, the first one counts. */
  readonly rules: readonly NatRule[];
}

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
