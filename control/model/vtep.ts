import type { Position, Value } from './position.js';

/** A VXLAN network identifier has 24 bits (RFC 7348 §5). */
export const VNI_MAX = 0xff_ffff;

/** A VXLAN tunnel end point: a port of a bridge, as `x-vxlan` declares it or the overlay driver makes it. */
export interface Vtep {
  /** As `ip link` would call it: `vxlan42`. */
  readonly name: string;
  /** How the user names it: `blue.vxlan42`. */
  readonly port: string;
  readonly at: Position;
  /** The host whose stack sends and hears the outer packets. */
  readonly host: string;
  /** One, or one for each VLAN of a bridge that keeps VLANs apart. */
  readonly vnis: readonly Vni[];
  /** Of the outer packets. */
  readonly family: 4 | 6;
  /** Their source; absent: the address that the route to the remote has. */
  readonly local?: Value<string>;
  /** The NIC of the host, or VLAN of one, by which a group is spoken to and heard; present exactly where a VNI has a group. */
  readonly dev?: Value<string>;
  readonly udpPort: Value<number>;
  /** First and last UDP port that it sends from. */
  readonly sourcePorts: Value<readonly [number, number]>;
  readonly ttl: Value<number | 'inherit'>;
  /** Type of service, 0..255, of which the two bits of ECN do not count. */
  readonly tos: Value<number | 'inherit'>;
  readonly ecn: Value<'inherit' | 'zero'>;
  readonly df: Value<'unset' | 'set' | 'inherit'>;
  readonly checksum: Value<'zero' | 'computed'>;
  /** Over IPv6: what has no checksum is accepted. */
  readonly acceptZeroChecksum: Value<boolean>;
  readonly learning: Value<boolean>;
  readonly neighbors: Value<'flood' | 'suppress' | 'proxy'>;
  readonly innerTags: Value<boolean>;
  readonly gbp: Value<boolean>;
  readonly reserved: Value<'rfc' | 'linux'>;
  readonly ageing_s: Value<number>;
  readonly stationsMax: Value<number>;
}

/** A VXLAN segment. */
export interface Vni {
  readonly vni: number;
  readonly at: Position;
  /** The VLAN of the bridge that it carries; absent on a bridge that does not keep VLANs apart. */
  readonly vlan?: number;
  /** Where frames for everybody and for unknown stations go: addresses of other ends, or one group. */
  readonly remotes: readonly Value<string>[];
  readonly stations: readonly RemoteStation[];
}

/** A station that the topology says lives behind another end. */
export interface RemoteStation {
  readonly mac: string;
  /** The address of that end. */
  readonly remote: string;
  /** Addresses of the station, for whoever answers questions about it. */
  readonly addresses: readonly string[];
  readonly at: Position;
}
