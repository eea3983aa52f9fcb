/** Who asks whether a frame of one reaches the other. */
import type { Link } from '../compile/links.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Network } from '../model/network.js';
import type { Position } from '../model/position.js';
import type { Sandbox } from '../model/sandbox.js';

/** One of the two: a container, and the endpoint by which it was tried; absent where it has none. Or a host, which has only its name and place. */
export interface Party {
  readonly sandbox: Pick<Sandbox, 'name' | 'host' | 'mode' | 'endpoints'> & {
    readonly at?: Position;
  };
  readonly isHost?: true;
  readonly endpoint?: Endpoint;
  readonly network?: Network;
  readonly link?: Link;
}

/** Paths of a key of `x-port`; the first one where none is written. Only the one port of a service may be described at the service itself. */
export function portPaths({ sandbox, network }: Party, key: string): (readonly string[])[] {
  const atService = ['services', sandbox.name, 'x-port', key];
  const atNetwork = ['services', sandbox.name, 'networks', network?.key ?? '', 'x-port', key];
  return sandbox.endpoints.length === 1 ? [atService, atNetwork] : [atNetwork];
}
