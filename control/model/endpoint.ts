import type { Device } from './device.js';
import type { Position, Value } from './position.js';

/** What a port of a bridge that filters VLANs does with tags, in the words of Open vSwitch. */
export interface VlanPort {
  readonly mode: Value<'access' | 'trunk' | 'native-tagged' | 'native-untagged' | 'dot1q-tunnel'>;
  /** The VLAN of untagged frames; of a tunnel, that of all frames. 0 for a trunk: untagged frames belong to no VLAN. */
  readonly tag: Value<number>;
  /** The VLANs of a trunk; absent: all. */
  readonly trunks?: Value<readonly number[]>;
  /** The inner VLANs that a tunnel takes; absent: all. */
  readonly cvlans?: Value<readonly number[]>;
  /** When an untagged VLAN leaves with a tag of VID 0 that keeps the priority. */
  readonly priorityTags: Value<'never' | 'if-nonzero' | 'always'>;
  /** TPID of the outer tag that a tunnel puts on. */
  readonly qinqType: Value<0x88a8 | 0x8100>;
}

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
  /** Present where its bridge filters VLANs. */
  readonly vlan?: VlanPort;
  /** macvlan in source mode: the MACs whose frames it gets. */
  readonly sources: readonly Value<string>[];
  /** macvlan in source mode: those frames go nowhere else (`nodst`). */
  readonly takesAlone: Value<boolean>;
  /** What the port is joined to while the lab is up. */
  readonly device: Device;
  /** Path of the capture that is kept of what passes the port while the lab is up. */
  readonly record?: Value<string>;
  /** Docker gives the default route to the endpoint with the highest (`gw_priority`). */
  readonly gatewayPriority: number;
}
