import type { Device } from './device.js';
import type { Nat } from './nat.js';
import type { Network } from './network.js';
import type { Position, Value } from './position.js';
import type { Sandbox } from './sandbox.js';

/** An emulated machine (`x-hosts`). */
export interface Host {
  readonly name: string;
  readonly at?: Position;
  /** Those that `x-hosts` declares, then those that only a network names as its parent. */
  readonly nics: readonly Nic[];
  /** The router of the default routes, IPv4 or IPv6. */
  readonly gateway?: Value<string>;
  readonly routes: readonly Route[];
  /** It passes on packets that are for others (`ip_forward`). */
  readonly forward: Value<boolean>;
  /** Whose questions for its addresses it leaves unanswered: 0, 1, 2 or 8, as `arp_ignore` of Linux. */
  readonly arpIgnore: Value<number>;
  /** It tells of shorter ways (`send_redirects`). */
  readonly sendRedirects: Value<boolean>;
  /** Whether a route has to lead back to where IPv4 packets come from: 0 no, 1 by the interface by which they came, 2 by any (`rp_filter`). */
  readonly rpFilter: Value<0 | 1 | 2>;
  /** Absent where `x-nat` does not name it: as Linux, and without rules. */
  readonly nat?: Nat;
  /** It is no machine, but the network namespace of an overlay on one: there the gateways of its bridges are. */
  readonly namespaceOf?: { readonly network: string; readonly host: string };
}

/** `x-hosts.*.routes`. At least one of `type`, `via` and `dev` is there, and no other beside `type`. */
export interface Route {
  readonly at: Position;
  /** A block in canonical form; `default` has become 0.0.0.0/0 or ::/0. */
  readonly to: Value<string>;
  /** Packets go nowhere: they are dropped in silence, or their sender hears of it. */
  readonly type?: Value<'blackhole' | 'unreachable' | 'prohibit'>;
  readonly via?: Value<string>;
  /** A NIC of the host, or a VLAN of one: `eth0.50`. */
  readonly dev?: Value<string>;
  /** Of routes to one block the one with the lowest counts; absent: as Linux has it by default. */
  readonly metric?: Value<number>;
}

export interface Nic {
  readonly name: string;
  /** Absent where no `x-hosts` declares it. */
  readonly at?: Position;
  /** The segment it is plugged into; one without leads out of the topology: it is a port. */
  readonly wire?: Value<string>;
  readonly mac: Value<string>;
  /** With prefix length: `192.168.99.1/24`. */
  readonly addresses: readonly Value<string>[];
  /** Bytes of the largest packet, 68..65535. */
  readonly mtu: number;
  /** What a NIC without a wire is joined to while the lab is up. */
  readonly device: WirePort['device'];
  /** Path of the capture that is kept of what passes such a NIC while the lab is up. */
  readonly record?: Value<string>;
}

/** A physical segment between hosts (`x-wires`): a learning switch that takes VLAN tags for payload. */
export interface Wire {
  readonly name: string;
  readonly at: Position;
  /** Where it leads out of the topology. */
  readonly ports: readonly WirePort[];
  /** Its ports give frames back to where they came from, as the switch of a VEPA does (IEEE 802.1Q §8.6.1). */
  readonly reflectiveRelay: Value<boolean>;
}

export interface WirePort {
  readonly name: string;
  readonly at: Position;
  /** How the user names it: `lan.uplink`. */
  readonly port: string;
  /** What it is joined to while the lab is up; `nothing` where the topology does not say. */
  readonly device: Exclude<Device, { kind: 'sandbox' }> | { readonly kind: 'nothing' };
  /** Path of the capture that is kept of what passes while the lab is up. */
  readonly record?: Value<string>;
}

/** A topology file, understood: everything the data plane is compiled from. */
export interface Lab {
  /** The path as the user gave it. */
  readonly file: string;
  /** The project name of Compose: `name`, or the name of the folder the file stands in. */
  readonly name: string;
  readonly hosts: readonly Host[];
  readonly wires: readonly Wire[];
  /** Networks in file order, the implicit ones last. */
  readonly networks: readonly Network[];
  /** Services in file order. */
  readonly sandboxes: readonly Sandbox[];
  /** What is accepted but has no effect on frames yet, one sentence each. */
  readonly notes: readonly string[];
}
