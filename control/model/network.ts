import type { Endpoint, VlanPort } from './endpoint.js';
import type { Position, Value } from './position.js';
import type { Vtep } from './vtep.js';

export type DriverName = 'bridge' | 'macvlan' | 'ipvlan' | 'overlay' | 'host' | 'none';

/** One subnet of a network, as IPAM settled it. Addresses are text in the canonical form of RFC 5952 or dotted decimal. */
export interface Pool {
  readonly subnet: Value<string>;
  readonly range?: Value<string>;
  readonly gateway?: Value<string>;
  readonly aux: ReadonlyMap<string, string>;
}

/** A station nailed to a port (`x-bridge.stations`). A static entry never ages; a sticky one also refuses to move. */
export interface Station {
  readonly mac: string;
  readonly endpoint: Endpoint;
  readonly sticky: boolean;
  readonly at: Position;
}

/** What becomes of packets between the containers of a network and the world beyond their host. */
export type GatewayMode = 'nat' | 'nat-unprotected' | 'routed' | 'isolated';

/** How the host stands between a bridge network and the world beyond it. */
export interface GatewayOptions {
  /** What leaves gets an address of the host. */
  readonly masquerade: Value<boolean>;
  readonly gatewayModeIpv4: Value<GatewayMode>;
  readonly gatewayModeIpv6: Value<GatewayMode>;
  /** The address of the host on which ports are published that name none; 0.0.0.0: all addresses, of IPv6 too. */
  readonly hostBindingIpv4: Value<string>;
}

/** What the bridge driver hands to the data plane. */
export interface BridgeOptions extends GatewayOptions {
  readonly mac: Value<string>;
  readonly icc: Value<boolean>;
  /** Seconds, 0 (forget at once: a hub) or 10..1,000,000 (IEEE 802.1Q §8.8.3). */
  readonly ageing_s: Value<number>;
  /** Bit n set: 01-80-C2-00-00-0n is forwarded. */
  readonly groupForwardMask: Value<number>;
  /** How many stations the Fdb of this network holds at the most. */
  readonly stationsMax: Value<number>;
  readonly stations: readonly Station[];
  /** It keeps VLANs apart (`vlan_filtering`); otherwise tags are payload to it. */
  readonly vlanFiltering: Value<boolean>;
  /** The NIC, or VLAN of a NIC, of its host that is one more port of it. */
  readonly uplink?: Uplink;
}

/** `x-bridge.uplink`. */
export interface Uplink {
  /** `eth0`, or `eth0.50`. */
  readonly nic: Value<string>;
  readonly at: Position;
  /** Present where the bridge filters VLANs. */
  readonly vlan?: VlanPort;
}

export type MacvlanMode = 'bridge' | 'private' | 'vepa' | 'passthru' | 'source';

/** What the macvlan driver hands to the data plane. */
export interface MacvlanOptions {
  /** `eth0`, or `eth0.50`; absent: a dummy of its own, behind which nothing is. */
  readonly parent?: Value<string>;
  readonly mode: Value<MacvlanMode>;
}

/** What the ipvlan driver hands to the data plane. */
export interface IpvlanOptions {
  /** `eth0`, or `eth0.50`; absent: a dummy of its own, behind which nothing is. */
  readonly parent?: Value<string>;
  readonly mode: Value<'l2' | 'l3' | 'l3s'>;
  readonly flag: Value<'bridge' | 'private' | 'vepa'>;
}

/** A Network of Docker's Container Network Model, with everything settled: driver, addresses, endpoints in file order. */
export interface Network {
  /** What the file calls it. */
  readonly key: string;
  /** What Docker calls it: `name`, or the key. Networks of several hosts may have the same. */
  readonly name: string;
  /** Absent for the networks nobody declares: `default` and Docker's own `bridge`. */
  readonly at?: Position;
  readonly host: string;
  readonly driver: Value<DriverName>;
  readonly internal: Value<boolean>;
  readonly attachable: Value<boolean>;
  /** Bytes of the largest packet, 68..65535. */
  readonly mtu: Value<number>;
  readonly pools: readonly Pool[];
  /** Present when the driver is `bridge`, and for each part of an `overlay`. */
  readonly bridge?: BridgeOptions;
  /** Present when the driver is `macvlan`. */
  readonly macvlan?: MacvlanOptions;
  /** Present when the driver is `ipvlan`. */
  readonly ipvlan?: IpvlanOptions;
  /** Of an `overlay`: its packets are to be encrypted between the hosts, which only its MTU shows. */
  readonly isEncrypted?: boolean;
  /** VXLAN ports of its bridge. */
  readonly vteps?: readonly Vtep[];
  readonly endpoints: readonly Endpoint[];
}
