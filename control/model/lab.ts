import type { Network } from './network.js';
import type { Position } from './position.js';
import type { Sandbox } from './sandbox.js';

/** An emulated machine (`x-hosts`). */
export interface Host {
  readonly name: string;
  readonly at?: Position;
  readonly nics: readonly Nic[];
}

export interface Nic {
  readonly name: string;
  readonly at: Position;
  readonly wire: string;
  readonly mac: string;
  /** With prefix length: `192.168.99.1/24`. */
  readonly addresses: readonly string[];
  /** Bytes of the largest packet, 68..65535. */
  readonly mtu: number;
}

/** A physical segment between hosts (`x-wires`). */
export interface Wire {
  readonly name: string;
  readonly at: Position;
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
