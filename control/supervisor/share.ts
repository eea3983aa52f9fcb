/** Which Worker of a replay has which hosts and wires. Unlike a live lab, a replay may be cut where a NIC meets its wire. */
import { NONE } from '../../dataplane/program/layout.js';
import type { Program } from '../../dataplane/program/program.js';
import type { Owners } from '../../dataplane/worker/crossing.js';
import type { Compiled } from '../compile/compile.js';
import { deal, isWire, joined, nodeOf } from './place.js';

/** Who has what; `note` says that more Workers were asked for than can be used. */
export interface Sharing {
  readonly owners: Owners;
  readonly note?: string;
}

/**
 * Deals the hosts and wires of a lab out to Workers: the host with the most ports first, each to the Worker with the fewest so far; a wire to
 * the Worker that has the first NIC on it. What frames can go through without a wire stays together.
 */
export function shareOut(compiled: Pick<Compiled, 'program' | 'ports'>, wanted: number): Sharing {
  const { program } = compiled;
  const unitOf = joined(program, { acrossWires: false });
  const partOf = joined(program, { acrossWires: true });
  const wires = wireUnits(program, unitOf);
  const weights = new Map<number, number>();
  for (let node = 0; node < program.networks.rows + program.links.rows; node++)
    if (!wires.has(unitOf(node))) weights.set(unitOf(node), 0);
  for (const [number, { isOpen }] of compiled.ports.entries()) {
    const unit = unitOf(nodeOf(program, number));
    if (isOpen && weights.has(unit)) weights.set(unit, (weights.get(unit) ?? 0) + 1);
  }
  const units = [...weights].map(([unit, weight]) => ({ unit, weight }));
  const workers = Math.max(1, Math.min(wanted, units.length));
  const ownerOfUnit = new Map<number, number>();
  for (const [owner, { parts }] of deal(units, workers).entries())
    for (const { unit } of parts) ownerOfUnit.set(unit, owner);
  for (const [unit, firstNic] of wires) ownerOfUnit.set(unit, ownerOfUnit.get(firstNic) ?? 0);
  const owners = ownersOf(program, workers, partOf, (node) => ownerOfUnit.get(unitOf(node)) ?? 0);
  if (workers >= wanted) return { owners };
  const has = units.length === 1 ? 'one host or network' : `${units.length} hosts and networks`;
  return {
    owners,
    note: `the lab has ${has} to share out: ${workers} of ${wanted} workers are used`,
  };
}

/** The units that are wires with NICs on them, each with the unit of its first NIC. */
function wireUnits(program: Program, unitOf: (node: number) => number): Map<number, number> {
  const { networks, ports } = program;
  const wires = new Map<number, number>();
  for (let port = 0; port < ports.rows; port++) {
    const [network = NONE, link = NONE] = [ports.network[port], ports.link[port]];
    if (network === NONE || link === NONE || !isWire(program, network)) continue;
    const unit = unitOf(network);
    if (!wires.has(unit)) wires.set(unit, unitOf(networks.rows + link));
  }
  return wires;
}

function ownersOf(
  program: Program,
  workers: number,
  partOf: (node: number) => number,
  ownerOf: (node: number) => number,
): Owners {
  const { networks, links, ports } = program;
  const ownersOfPart = new Map<number, Set<number>>();
  for (let node = 0; node < networks.rows + links.rows; node++) {
    const owners = ownersOfPart.get(partOf(node)) ?? new Set();
    ownersOfPart.set(partOf(node), owners.add(ownerOf(node)));
  }
  const isJoined = (node: number): number =>
    (ownersOfPart.get(partOf(node))?.size ?? 0) > 1 ? 1 : 0;
  const column = (rows: number, of: (row: number) => number): Uint8Array =>
    Uint8Array.from({ length: rows }, (_, row) => of(row));
  const ofLinks = Array.from(links.host, (host, link) => ({ host, node: networks.rows + link }));
  const ofNetworks = Array.from(networks.host, (host, node) => ({ host, node }));
  // A host is where its first link is, and one without links where its first bridge is.
  const places = [...ofLinks, ...ofNetworks].filter(({ host }) => host !== NONE).reverse();
  const ofHost = (of: (node: number) => number): Uint8Array => {
    const values = new Uint8Array(places.reduce((rows, { host }) => Math.max(rows, host + 1), 0));
    for (const { host, node } of places) values[host] = of(node);
    return values;
  };
  return {
    workers,
    networks: column(networks.rows, ownerOf),
    links: column(links.rows, (link) => ownerOf(networks.rows + link)),
    ports: column(ports.rows, (port) => ownerOf(nodeOf(program, port))),
    hosts: ofHost(ownerOf),
    joinedPorts: column(ports.rows, (port) => isJoined(nodeOf(program, port))),
    joinedHosts: ofHost(isJoined),
  };
}
