/**
 * What the sandboxes of a lab look like on the machine: a value, computed without touching anything.
 */
import { contains, parseAddress, parseBlock } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Lab } from '../model/lab.js';
import type { Network, Pool } from '../model/network.js';
import { hasStack, type Sandbox } from '../model/sandbox.js';
import { namespaceName } from './names.js';
import { hostsText, resolverText } from './texts.js';

/** A NIC of a sandbox: one end of one of our TAPs. */
export interface PlannedNic {
  /** Number of the port in the Program. */
  readonly port: number;
  readonly name: string;
  readonly mac: string;
  readonly mtu: number;
  /** With prefix length. */
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** Where a sandbox sends what is for nobody it knows. */
export interface DefaultRoute {
  readonly via: string;
  readonly nic: string;
}

export interface PlannedSandbox {
  readonly service: string;
  readonly namespace: string;
  readonly nics: readonly PlannedNic[];
  readonly routes: readonly DefaultRoute[];
  /** Contents of /etc/hosts and /etc/resolv.conf. */
  readonly hosts: string;
  readonly resolver: string;
}

/** A TAP that another program will hold. */
export interface PlannedTap {
  readonly name: string;
  readonly owner: string;
  readonly mtu: number;
}

export interface Plan {
  readonly sandboxes: readonly PlannedSandbox[];
  readonly taps: readonly PlannedTap[];
}

export function planLab(compiled: Compiled): Plan {
  const { lab } = compiled;
  return {
    sandboxes: lab.sandboxes.filter(hasStack).map((sandbox) => planSandbox(compiled, sandbox)),
    taps: compiled.networks.flatMap(({ endpoints, mtu }) =>
      endpoints.flatMap(({ device }) => {
        if (device.kind !== 'tap' || device.owner === undefined) return [];
        return [{ name: device.tap.value, owner: device.owner.value, mtu: mtu.value }];
      }),
    ),
  };
}

/** The namespace in which the programs of a service run; undefined for the host's own, and for a service that is somewhere else. */
export function namespaceOf(lab: Lab, service: string): string | undefined {
  let sandbox = lab.sandboxes.find(({ name }) => name === service);
  while (typeof sandbox?.mode === 'object') {
    const { shares } = sandbox.mode;
    sandbox = lab.sandboxes.find(({ name }) => name === shares);
  }
  return sandbox && hasStack(sandbox) ? namespaceName(lab.name, sandbox.name) : undefined;
}

function planSandbox({ lab, ports, networks }: Compiled, sandbox: Sandbox): PlannedSandbox {
  const nics = sandbox.endpoints.flatMap((endpoint): PlannedNic[] => {
    const network = networks.find(({ endpoints }) => endpoints.includes(endpoint));
    if (endpoint.device.kind !== 'sandbox' || network === undefined) return [];
    return [
      {
        port: ports.findIndex((port) => port.endpoint === endpoint),
        name: endpoint.device.name,
        mac: endpoint.mac.value,
        mtu: network.mtu.value,
        ...withPrefix('ipv4', endpoint, network),
        ...withPrefix('ipv6', endpoint, network),
      },
    ];
  });
  const routes = defaultRoutes(sandbox, networks);
  return {
    service: sandbox.name,
    namespace: namespaceName(lab.name, sandbox.name),
    nics,
    routes,
    hosts: hostsText(lab, sandbox, routes),
    resolver: resolverText(sandbox.settings),
  };
}

/** The address of an endpoint in one family, with the prefix length of its pool; nothing where it has none. */
export function withPrefix(
  family: 'ipv4' | 'ipv6',
  endpoint: Endpoint,
  network: Network,
): Partial<Record<'ipv4' | 'ipv6', string>> {
  const address = endpoint[family]?.value;
  const pool = address === undefined ? undefined : poolOf(network, address);
  if (address === undefined || pool === undefined) return {};
  return { [family]: `${address}/${pool.subnet.value.split('/')[1] ?? ''}` };
}

function poolOf({ pools }: Network, text: string): Pool | undefined {
  const address = parseAddress(text);
  return pools.find(({ subnet }) => {
    const block = parseBlock(subnet.value)?.block;
    return address !== undefined && block !== undefined && contains(block, address);
  });
}

/** Docker's choice, for each family by itself: the highest gw_priority, then the network whose name sorts first; never an internal one. */
export function defaultRoutes(
  { endpoints }: Sandbox,
  networks: readonly Network[],
): DefaultRoute[] {
  const inOrder = endpoints
    .flatMap((endpoint) => {
      const network = networks.find((candidate) => candidate.endpoints.includes(endpoint));
      return network === undefined || network.internal.value ? [] : [{ endpoint, network }];
    })
    .sort((one, other) => {
      const difference = other.endpoint.gatewayPriority - one.endpoint.gatewayPriority;
      return difference || (one.network.name < other.network.name ? -1 : 1);
    });
  return ([4, 6] as const).flatMap((family) => {
    for (const { endpoint, network } of inOrder) {
      const address = endpoint[family === 4 ? 'ipv4' : 'ipv6']?.value;
      const via = address === undefined ? undefined : poolOf(network, address)?.gateway?.value;
      if (endpoint.device.kind === 'sandbox' && via !== undefined)
        return [{ via, nic: endpoint.device.name }];
    }
    return [];
  });
}
