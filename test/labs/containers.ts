/** The containers of a lab as stations: the stack that Docker would make for each. */
import { defaultRoutes, withPrefix } from '../../control/sandbox/plan.js';
import type { Endpoint } from '../../control/model/endpoint.js';
import type { Lab } from '../../control/model/lab.js';
import type { Network } from '../../control/model/network.js';
import type { NicPlan } from './nic.js';
import type { StationPlan } from './station.js';

/** One station for each sandbox that has a stack of its own. */
export function containers(lab: Lab): StationPlan[] {
  return lab.sandboxes
    .filter(({ mode, endpoints }) => mode === 'own' && endpoints.length > 0)
    .map((sandbox): StationPlan => {
      const joined = lab.networks.filter(({ name }) =>
        sandbox.endpoints.some(({ network }) => network === name),
      );
      const routed = joined.filter((network) => !isLayer3(network));
      const routes = defaultRoutes(sandbox, routed).map(({ via }) => ({
        to: via.includes(':') ? '::/0' : '0.0.0.0/0',
        via,
      }));
      const straight = sandbox.endpoints.find(({ network }) =>
        joined.some((candidate) => candidate.name === network && isLayer3(candidate)),
      );
      return {
        name: sandbox.name,
        nics: sandbox.endpoints.map((endpoint) => nicOf(lab, endpoint)),
        routes:
          routes.length === 0 && straight !== undefined
            ? [{ to: '0.0.0.0/0', port: straight.port }]
            : routes,
      };
    });
}

function nicOf(lab: Lab, endpoint: Endpoint): NicPlan {
  const network = lab.networks.find(({ endpoints }) => endpoints.includes(endpoint));
  if (network === undefined) throw new Error(`${endpoint.port} is on no network`);
  const { ipv4, ipv6 } = {
    ...withPrefix('ipv4', endpoint, network),
    ...withPrefix('ipv6', endpoint, network),
  };
  return {
    port: endpoint.port,
    mac: endpoint.mac.value,
    addresses: [ipv4, ipv6].filter((address) => address !== undefined),
    withoutArp: isLayer3(network),
  };
}

/** Do its containers have no neighbors, only the route out of their NIC? */
function isLayer3({ ipvlan }: Network): boolean {
  return ipvlan !== undefined && ipvlan.mode.value !== 'l2';
}
