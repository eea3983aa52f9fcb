import type { Endpoint } from './endpoint.js';
import type { Position } from './position.js';

/** The network stack of one container: its endpoints, or whose stack it shares. */
export interface Sandbox {
  readonly name: string;
  readonly at: Position;
  readonly host: string;
  /** `own`: endpoints of its own; `none`: no network at all; `host`: the host's stack; otherwise the sandbox it shares. */
  readonly mode: 'own' | 'none' | 'host' | { readonly shares: string };
  readonly endpoints: readonly Endpoint[];
}
