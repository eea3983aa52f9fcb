/** The containers of a lab as stations: the stack that Docker would make for each. What they publish is served. */
import { defaultRoutes, withPrefix } from '../../control/sandbox/plan.js';
import type { Endpoint } from '../../control/model/endpoint.js';
import type { Lab } from '../../control/model/lab.js';
import type { Network } from '../../control/model/network.js';
import type { Sandbox } from '../../control/model/sandbox.js';
import type { NicPlan } from './nic.js';
import type { StationPlan } from './station.js';

/** One station for each sandbox that has a stack of its own. */
export function containers(lab: Lab): StationPlan[] {
  return lab.sandboxes
    .filter(({ mode, endpoints }) => mode === 'own' && endpoints.length > 0)
    .map((sandbox): StationPlan => ({
      name: sandbox.name,
      nics: sandbox.endpoints.map((endpoint) => nicOf(lab, endpoint)),
      routes: defaultRoutes(sandbox, lab.networks).map(({ via, family, nic }) => {
        const to = family === 4 ? '0.0.0.0/0' : '::/0';
        return via === undefined ? { to, port: portOf(sandbox, nic) } : { to, via };
      }),
      listens: (sandbox.published ?? []).map(({ protocol, containerPort }) => ({
        protocol,
        port: containerPort,
      })),
    }));
}

function portOf({ endpoints }: Sandbox, nic: string): string {
  const named = endpoints.find(({ device }) => device.kind === 'sandbox' && device.name === nic);
  return named?.port ?? nic;
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
