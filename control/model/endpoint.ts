import type { Device } from './device.js';
import type { Position, Value } from './position.js';

/** Where a Sandbox joins a Network: one NIC. */
export interface Endpoint {
  readonly sandbox: string;
  readonly network: string;
  readonly at: Position;
  /** How the user names this port: `c1`, or `c1.net` where the sandbox has several endpoints. */
  readonly port: string;
  /** Six bytes, `02:42:ac:12:00:02`. */
  readonly mac: Value<string>;
  readonly ipv4?: Value<string>;
  readonly ipv6?: Value<string>;
  readonly aliases: readonly string[];
  /** The bridge may send a frame back out of the port it came from (reflective relay). */
  readonly hairpin: Value<boolean>;
  /** Isolated ports never reach each other, only the others. */
  readonly isolated: Value<boolean>;
  /** What the port is joined to while the lab is up. */
  readonly device: Device;
  /** Path of the capture that is kept of what passes the port while the lab is up. */
  readonly record?: Value<string>;
  /** Docker gives the default route to the endpoint with the highest (`gw_priority`). */
  readonly gatewayPriority: number;
}
