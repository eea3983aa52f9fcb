/**
 * The host as a router for `bench memory`: a bridge inside, a bridge outside, and between them routes, and rules that translate. Neighbors are
 * known from the beginning, and so are stations.
 */
import type { Plane } from '../../dataplane/forward/plane.js';
import {
  INSIDE,
  INSIDE_COUNT,
  NEXT_HOP,
  OWN_INSIDE,
  OWN_OUTSIDE,
  PREFIX_FIRST,
  PUBLISHED_PORT,
  SERVER_PORT,
} from '../../dataplane/port/flows.js';
import type { Flows } from '../../dataplane/port/flows.js';
import { MAC_HIGH } from '../../dataplane/port/packets.js';
import { HostFlag, NONE } from '../../dataplane/program/layout.js';
import { NatFlag, NatKind } from '../../dataplane/program/nat-layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';

export const MTU = 1500;
export const AGEING_NS = 300e9;
const STATIONS_MAX = 8192;
const IPV4_BITS = 96;
export const CONNECTIONS_MIN = 65_536;
const [INSIDE_NETWORK, OUTSIDE_NETWORK] = [0, 1];
/** The prefixes of `routed` are behind so many routers. */
const ROUTERS = 32;

export function routerProgram({ kind, count, ports }: Flows): Program {
  const prefixes = kind === 'routed' ? count : 0;
  const program = allocateProgram(
    {
      hosts: 1,
      networks: 2,
      ports: 2 * ports,
      addresses: 2,
      routes: 3 + prefixes,
      natRules: kind === 'routed' ? 0 : 1,
    },
    1,
  );
  const { hosts, addresses } = program;
  hosts.flags[0] = HostFlag.Forwards;
  hosts.connectionsMax[0] = Math.max(CONNECTIONS_MIN, count);
  addresses.word3.set([OWN_INSIDE, OWN_OUTSIDE]);
  writeBridge(program, INSIDE_NETWORK, ports, OWN_INSIDE);
  writeBridge(program, OUTSIDE_NETWORK, ports, OWN_OUTSIDE);
  program.ports.link.fill(NONE);
  for (let prefix = 0; prefix < prefixes; prefix++)
    writeRoute(program, prefix, {
      to: PREFIX_FIRST + prefix * 256,
      bits: 24,
      via: NEXT_HOP + (prefix % ROUTERS),
      iface: OUTSIDE_NETWORK,
    });
  writeRoute(program, prefixes, { to: OWN_OUTSIDE, bits: 24, via: 0, iface: OUTSIDE_NETWORK });
  writeRoute(program, prefixes + 1, { to: OWN_INSIDE, bits: 16, via: 0, iface: INSIDE_NETWORK });
  writeRoute(program, prefixes + 2, { to: 0, bits: 0, via: NEXT_HOP, iface: OUTSIDE_NETWORK });
  if (kind === 'dnat') writePublished(program);
  else if (kind !== 'routed') writeMasquerade(program, OUTSIDE_NETWORK);
  return program;
}

/** Whom the host and its bridges know: everybody. */
export function introduce({ neighbors, fdbs }: Plane, ports: number): void {
  const add = (network: number, address: number, port: number): void => {
    const entry = neighbors[0]?.add(network, 4, 0, 0, 0, address, 0) ?? -1;
    neighbors[0]?.declare(entry, MAC_HIGH, address);
    fdbs[network]?.learn(MAC_HIGH, address | 0, port, 1, 0, port);
  };
  for (let i = 0; i < INSIDE_COUNT; i++) add(INSIDE_NETWORK, INSIDE + i, (INSIDE + i) % ports);
  for (let i = 0; i < ROUTERS; i++) add(OUTSIDE_NETWORK, NEXT_HOP + i, ports + (i % ports));
}

export function writeBridge(program: Program, network: number, ports: number, own: number): void {
  const { networks } = program;
  networks.firstPort[network] = network * ports;
  networks.portCount[network] = ports;
  networks.mtu[network] = MTU;
  networks.ageing_ns[network] = AGEING_NS;
  networks.stationsMax[network] = STATIONS_MAX;
  networks.macHigh[network] = MAC_HIGH;
  networks.macLow[network] = own;
  networks.addressCount[network] = program.addresses.rows;
  networks.firstOwn[network] = network;
  networks.ownCount[network] = 1;
  program.ports.network.fill(network, network * ports, (network + 1) * ports);
}

export function writeRoute(
  { routes }: Program,
  row: number,
  route: { to: number; bits: number; via: number; iface: number },
): void {
  routes.family[row] = 4;
  routes.word3[row] = route.to;
  routes.prefix[row] = IPV4_BITS + route.bits;
  routes.via3[row] = route.via;
  routes.iface[row] = route.iface;
}

function writePublished({ natRules }: Program): void {
  natRules.kind[0] = NatKind.Destination;
  natRules.flags[0] = NatFlag.AnyLocal;
  natRules.family[0] = 4;
  natRules.protocol[0] = Protocol.Udp;
  natRules.iface[0] = NONE;
  natRules.portFirst[0] = PUBLISHED_PORT;
  natRules.portLast[0] = PUBLISHED_PORT;
  natRules.to3[0] = INSIDE;
  natRules.toCount[0] = 1;
  natRules.toPortFirst[0] = SERVER_PORT;
  natRules.toPortLast[0] = SERVER_PORT;
}

export function writeMasquerade({ natRules }: Program, iface: number): void {
  natRules.kind[0] = NatKind.Source;
  natRules.flags[0] = NatFlag.Masquerade;
  natRules.family[0] = 4;
  natRules.iface[0] = iface;
  natRules.match3[0] = OWN_INSIDE;
  natRules.matchPrefix[0] = IPV4_BITS + 8;
  natRules.portLast[0] = 0xffff;
}
