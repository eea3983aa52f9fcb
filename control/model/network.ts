import type { Endpoint } from './endpoint.js';
import type { Position, Value } from './position.js';

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

/** What the bridge driver hands to the data plane. */
export interface BridgeOptions {
  readonly mac: Value<string>;
  readonly icc: Value<boolean>;
  /** Seconds, 0 (forget at once: a hub) or 10..1,000,000 (IEEE 802.1Q §8.8.3). */
  readonly ageing_s: Value<number>;
  /** Bit n set: 01-80-C2-00-00-0n is forwarded. */
  readonly groupForwardMask: Value<number>;
  /** How many stations the Fdb of this network holds at the most. */
  readonly stationsMax: Value<number>;
  readonly stations: readonly Station[];
}

/** A Network of Docker's Container Network Model, with everything settled: driver, addresses, endpoints in file order. */
export interface Network {
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
  /** Present when the driver is `bridge`. */
  readonly bridge?: BridgeOptions;
  readonly endpoints: readonly Endpoint[];
}
