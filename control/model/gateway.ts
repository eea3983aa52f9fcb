import type { Endpoint } from './endpoint.js';
import type { Network } from './network.js';
import type { Sandbox } from './sandbox.js';

/** An endpoint and the network that it stands in. */
export interface Standing {
  readonly endpoint: Endpoint;
  readonly network: Network;
}

/**
 * In the order in which Docker looks for the way out of a sandbox: the highest gw_priority, then a network with a router before one without
 * (ipvlan in an L3 mode), then the network whose name sorts first; never an internal one, nor one that has no parent, nor an overlay.
 */
export function inGatewayOrder(
  { endpoints }: Pick<Sandbox, 'endpoints'>,
  networks: readonly Network[],
): Standing[] {
  return endpoints
    .flatMap((endpoint) => {
      const network = networks.find((candidate) => candidate.endpoints.includes(endpoint));
      return network === undefined || !leadsOut(network) ? [] : [{ endpoint, network }];
    })
    .sort((one, other) => {
      const byPriority = other.endpoint.gatewayPriority - one.endpoint.gatewayPriority;
      const byRouter = Number(isL3(one.network)) - Number(isL3(other.network));
      return byPriority || byRouter || (one.network.name < other.network.name ? -1 : 1);
    });
}

/** ipvlan in a mode in which its parent routes. */
export function isL3({ ipvlan }: Network): boolean {
  return ipvlan !== undefined && ipvlan.mode.value !== 'l2';
}

function leadsOut({ driver, internal, macvlan, ipvlan }: Network): boolean {
  if (internal.value || driver.value === 'overlay') return false;
  const isParented = macvlan !== undefined || ipvlan !== undefined;
  return !isParented || (macvlan ?? ipvlan)?.parent !== undefined;
}
