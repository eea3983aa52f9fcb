/**
 * What the sandboxes of a lab look like on the machine: a value, computed without touching anything.
 */
import { NONE } from '../../dataplane/program/layout.js';
import { contains, parseAddress, parseBlock } from '../address.js';
import type { Compiled, CompiledPort } from '../compile/compile.js';
import { macText } from '../explain/text.js';
import type { Endpoint } from '../model/endpoint.js';
import { inGatewayOrder, isL3 } from '../model/gateway.js';
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
  /** It shares its MAC with others (ipvlan), so it makes no IPv6 address of it. */
  readonly sharesMac?: true;
  /** It asks nobody for MACs and answers nobody (ipvlan in an L3 mode). */
  readonly noArp?: true;
}

/** Where a sandbox sends what is for nobody it knows. */
export interface DefaultRoute {
  /** The router; absent in the L3 modes of ipvlan, where the host is told by the NIC alone. */
  readonly via?: string;
  readonly family: 4 | 6;
  readonly nic: string;
}

/** How a sandbox reaches another subnet of an overlay. */
export interface SubnetRoute {
  readonly to: string;
  readonly via: string;
  readonly nic: string;
}

export interface PlannedSandbox {
  readonly service: string;
  readonly namespace: string;
  readonly nics: readonly PlannedNic[];
  readonly routes: readonly DefaultRoute[];
  readonly subnetRoutes: readonly SubnetRoute[];
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
    taps: compiled.ports.flatMap((port, number) => {
      const { device } = port;
      if (device.kind !== 'tap' || device.owner === undefined) return [];
      const mtu = mtuOf(compiled, number);
      return [{ name: device.tap.value, owner: device.owner.value, mtu }];
    }),
  };
}

/** Bytes of the largest packet that passes a port. */
function mtuOf({ program }: Compiled, port: number): number {
  const { networks, ports } = program;
  const network = ports.network[port] ?? NONE;
  return (network === NONE ? ports.mtu[port] : networks.mtu[network]) ?? 0;
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

function planSandbox(compiled: Compiled, sandbox: Sandbox): PlannedSandbox {
  const { lab, ports } = compiled;
  const nics = sandbox.endpoints.flatMap((endpoint): PlannedNic[] => {
    const network = lab.networks.find(({ endpoints }) => endpoints.includes(endpoint));
    const port = ports.findIndex((candidate) => candidate.endpoint === endpoint);
    if (endpoint.device.kind !== 'sandbox' || network === undefined || port < 0) return [];
    return [
      {
        port,
        name: endpoint.device.name,
        mac: macOf(compiled, ports[port], endpoint, network),
        mtu: mtuOf(compiled, port),
        ...withPrefix('ipv4', endpoint, network),
        ...withPrefix('ipv6', endpoint, network),
        ...(network.ipvlan && { sharesMac: true }),
        ...(isL3(network) && { noArp: true }),
      },
    ];
  });
  const routes = defaultRoutes(sandbox, lab.networks);
  return {
    service: sandbox.name,
    namespace: namespaceName(lab.name, sandbox.name),
    nics,
    routes,
    subnetRoutes: subnetRoutes(sandbox, lab.networks),
    hosts: hostsText(lab, sandbox, routes),
    resolver: resolverText(sandbox.settings),
  };
}

/** The children of an ipvlan parent all have its address. */
function macOf(
  { links, program }: Compiled,
  port: CompiledPort | undefined,
  endpoint: Endpoint,
  { ipvlan }: Network,
): string {
  const link = port?.link === undefined ? -1 : links.indexOf(port.link);
  if (ipvlan === undefined || link < 0) return endpoint.mac.value;
  const { macHigh, macLow } = program.links;
  return macText(macHigh[link] ?? 0, macLow[link] ?? 0);
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

/** Docker's choice, for each family by itself. */
export function defaultRoutes(sandbox: Sandbox, networks: readonly Network[]): DefaultRoute[] {
  const standings = inGatewayOrder(sandbox, networks);
  return ([4, 6] as const).flatMap((family) => {
    for (const { endpoint, network } of standings) {
      const { device } = endpoint;
      const address = endpoint[family === 4 ? 'ipv4' : 'ipv6']?.value;
      if (device.kind !== 'sandbox' || address === undefined) continue;
      if (isL3(network)) return [{ family, nic: device.name }];
      const via = poolOf(network, address)?.gateway?.value;
      if (via !== undefined) return [{ via, family, nic: device.name }];
    }
    return [];
  });
}

/** The subnets of one overlay are reached by way of the gateway of one's own (libnetwork, overlay Join). */
export function subnetRoutes(sandbox: Sandbox, networks: readonly Network[]): SubnetRoute[] {
  return sandbox.endpoints.flatMap((endpoint) => {
    const { device } = endpoint;
    const own = networks.find(({ endpoints }) => endpoints.includes(endpoint));
    const via = own?.pools[0]?.gateway?.value;
    if (own?.driver.value !== 'overlay' || device.kind !== 'sandbox' || via === undefined)
      return [];
    const others = networks.filter((network) => network.host === own.host && network !== own);
    return others.flatMap(({ pools }) =>
      pools.map(({ subnet }) => ({ to: subnet.value, via, nic: device.name })),
    );
  });
}
