/** Which Worker serves which part of a lab. */
import { availableParallelism } from 'node:os';
import { HostFlag, LinkFlag, LinkUse, NetworkFlag, NONE } from '../../dataplane/program/layout.js';
import type { Program } from '../../dataplane/program/program.js';
import type { Compiled, CompiledPort } from '../compile/compile.js';

/** What one Worker serves. */
export interface Share {
  /** Numbers of the networks and wires it owns, ascending. */
  readonly networks: readonly number[];
  /** Numbers of the ports where frames enter and leave it, ascending. */
  readonly ports: readonly number[];
}

export interface Placement {
  readonly workers: readonly Share[];
  /** What the user should know: more Workers were asked for than can be used. */
  readonly note?: string;
}

/**
 * Deals what has ports out to Workers: the largest part first, each to the Worker with the fewest ports so far. A part is what a frame can
 * cross in one pass, or what shares the neighbors and connections of a host; it is never divided, because its tables have one writer. Bridge networks
 * of a host that does not forward are a part each.
 * @param wanted number of Workers; default: one for each part, but a core is left to the programs in the sandboxes
 */
export function placeParts(
  compiled: Pick<Compiled, 'program' | 'ports'>,
  wanted?: number,
  cores = availableParallelism(),
): Placement {
  const used = partsOf(compiled).filter(({ ports }) => ports.length > 0);
  const busy = used.filter(({ weight }) => weight > 0).length;
  const count = Math.min(busy, wanted ?? Math.max(cores - 1, 1));
  const dealt = deal(used, count).map(({ parts }) => ({
    networks: parts.flatMap(({ networks }) => networks).sort((one, other) => one - other),
    ports: parts.flatMap(({ ports }) => ports).sort((one, other) => one - other),
  }));
  if (wanted === undefined || wanted <= Math.max(busy, 1)) return { workers: dealt };
  const { links, hosts } = compiled.program;
  const joins = links.rows > 0 || hosts.flags.some((flags) => (flags & HostFlag.Forwards) !== 0);
  return {
    workers: dealt,
    note: `${joins ? partsText(busy) : networksText(busy)}: ${count} of ${wanted} workers are used`,
  };
}

function networksText(count: number): string {
  const networks = count === 1 ? 'one network has' : `${count} networks have`;
  return `${networks} ports, and a network is served by one worker`;
}

function partsText(count: number): string {
  const parts = count === 1 ? 'one part' : `${count} parts`;
  return `the lab has ${parts}, and what wires, uplinks and hosts join is served by one worker`;
}

/** What cannot be divided. */
interface Part {
  readonly networks: number[];
  readonly ports: number[];
  /** Of the ports those by which frames can come. */
  weight: number;
}

interface Load<Part> {
  readonly parts: Part[];
  weight: number;
}

/** Deals parts out: the heaviest first, each to the one who has the least so far, among equals to the first. */
export function deal<Part extends { readonly weight: number }>(
  parts: readonly Part[],
  count: number,
): readonly Load<Part>[] {
  const loads = Array.from({ length: count }, (): Load<Part> => ({ parts: [], weight: 0 }));
  for (const part of parts.toSorted((one, other) => other.weight - one.weight)) {
    const [first, ...others] = loads;
    if (first === undefined) break;
    const lightest = others.reduce(
      (best, load) => (load.weight < best.weight ? load : best),
      first,
    );
    lightest.parts.push(part);
    lightest.weight += part.weight;
  }
  return loads;
}

/** All parts of a lab, in the order of their first networks, behind them those that are only links. */
function partsOf({ program, ports }: Pick<Compiled, 'program' | 'ports'>): Part[] {
  const rootOf = joined(program, { acrossWires: true });
  const parts = new Map<number, Part>();
  const partOf = (node: number): Part => {
    const root = rootOf(node);
    const part = parts.get(root) ?? { networks: [], ports: [], weight: 0 };
    parts.set(root, part);
    return part;
  };
  for (let network = 0; network < program.networks.rows; network++)
    partOf(network).networks.push(network);
  for (const [number, port] of ports.entries()) {
    if (!port.isOpen) continue;
    const part = partOf(nodeOf(program, number));
    part.ports.push(number);
    if (!isUnplugged(port)) part.weight++;
  }
  return [...parts.values()];
}

function isUnplugged({ device }: CompiledPort): boolean {
  return device.kind === 'nothing';
}

/** Networks are nodes by their number, links behind them. */
export function nodeOf({ networks, ports }: Program, port: number): number {
  const network = ports.network[port] ?? NONE;
  return network === NONE ? networks.rows + (ports.link[port] ?? 0) : network;
}

/**
 * Joins what belongs together, and gives the function from a node to the one that stands for its part. Unless it goes across wires, a wire belongs
 * to none of the NICs on it.
 */
export function joined(
  program: Program,
  { acrossWires }: { readonly acrossWires: boolean },
): (node: number) => number {
  const { networks, ports, links, vteps } = program;
  const parents = Array.from({ length: networks.rows + links.rows }, (_, node) => node);
  const rootOf = (node: number): number => {
    const parent = parents[node] ?? node;
    return parent === node ? node : rootOf(parent);
  };
  const join = (one: number, other: number): void => {
    const [a, b] = [rootOf(one), rootOf(other)];
    parents[Math.max(a, b)] = Math.min(a, b);
  };
  const nodeOfLink = (link: number): number => networks.rows + link;
  for (let port = 0; port < ports.rows; port++) {
    const [network = NONE, link = NONE] = [ports.network[port], ports.link[port]];
    if (network === NONE || link === NONE) continue;
    if (acrossWires || !isWire(program, network)) join(network, nodeOfLink(link));
  }
  const routing = hostsThatRoute(program);
  const joinHost = (host: number, node: number): void => {
    const first = routing.get(host);
    if (first !== undefined) join(node, first);
  };
  for (let network = 0; network < networks.rows; network++)
    joinHost(networks.host[network] ?? NONE, network);
  for (let link = 0; link < links.rows; link++) {
    const below = links.below[link] ?? NONE;
    if (below !== NONE) join(nodeOfLink(link), nodeOfLink(below));
    joinHost(links.host[link] ?? NONE, nodeOfLink(link));
  }
  // The bridge of an overlay is in a namespace, and its tunnel end on the host itself.
  for (let vtep = 0; vtep < vteps.rows; vtep++)
    joinHost(vteps.host[vtep] ?? NONE, ports.network[vteps.port[vtep] ?? NONE] ?? NONE);
  return rootOf;
}

export function isWire({ networks }: Program, network: number): boolean {
  return ((networks.flags[network] ?? 0) & NetworkFlag.Wire) !== 0;
}

/**
 * The hosts that forward packets between all of their interfaces, or whose routes decide about those of ipvlan children in an L3 mode or of tunnel ends;
 * each with one node of it.
 */
function hostsThatRoute({ hosts, networks, links, vteps }: Program): Map<number, number> {
  const routing = new Map<number, number>();
  const tunneling = new Set(vteps.host);
  const forwards = (host: number): boolean =>
    tunneling.has(host) || ((hosts.flags[host] ?? 0) & HostFlag.Forwards) !== 0;
  for (let network = 0; network < networks.rows; network++) {
    const host = networks.host[network] ?? NONE;
    if (forwards(host) && !routing.has(host)) routing.set(host, network);
  }
  for (let link = 0; link < links.rows; link++) {
    const host = links.host[link] ?? NONE;
    const isL3 = ((links.flags[link] ?? 0) & (LinkFlag.L3 | LinkFlag.L3s)) !== 0;
    const routes = forwards(host) || (isL3 && links.use[link] === LinkUse.Ipvlan);
    if (routes && !routing.has(host)) routing.set(host, networks.rows + link);
  }
  return routing;
}
