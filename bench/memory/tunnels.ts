/**
 * The host as a tunnel end for `bench memory`: a bridge with containers and a VXLAN port, a NIC to the other ends, and for NAT one more NIC to the outside.
 * Neighbors and stations are known from the beginning, and so is behind which end they are.
 */
import type { Plane } from '../../dataplane/forward/plane.js';
import {
  INSIDE,
  INSIDE_COUNT,
  NEXT_HOP,
  OWN_INSIDE,
  OWN_OUTSIDE,
} from '../../dataplane/port/flows.js';
import { MAC_HIGH, VXLAN_PORT } from '../../dataplane/port/packets.js';
import { END, ENDS, OWN_UNDERLAY, STATION, VNI } from '../../dataplane/port/tunnel-flows.js';
import type { TunnelFlows } from '../../dataplane/port/tunnel-flows.js';
import { HostFlag, LinkUse, NONE, PortRole } from '../../dataplane/program/layout.js';
import { VtepFlag } from '../../dataplane/program/vxlan-layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import {
  AGEING_NS,
  CONNECTIONS_MIN,
  MTU,
  writeBridge,
  writeMasquerade,
  writeRoute,
} from './router.js';

const BRIDGE = 0;
/** Interfaces: the bridge, then the NICs. */
const [UNDERLAY, OUTSIDE] = [1, 2];
/** RFC 7348 §5, Source Port. */
export const SOURCE_PORTS = { first: 0xc000, count: 0x4000 };

export function tunnelProgram({ kind, count, ports }: TunnelFlows): Program {
  const translates = kind === 'vxlan nat';
  const nics = translates ? 2 : 1;
  const program = allocateProgram(
    {
      hosts: 1,
      networks: 1,
      ports: ports + 1 + nics,
      links: nics,
      addresses: 1 + nics,
      routes: 4,
      natRules: nics - 1,
      vteps: 1,
      vnis: 1,
      remotes: ENDS,
    },
    1,
  );
  program.hosts.flags[0] = HostFlag.Forwards;
  program.hosts.connectionsMax[0] = Math.max(CONNECTIONS_MIN, count);
  program.addresses.word3.set([OWN_INSIDE, OWN_UNDERLAY, OWN_OUTSIDE].slice(0, 1 + nics));
  program.ports.link.fill(NONE);
  writeBridge(program, BRIDGE, ports + 1, OWN_INSIDE);
  program.networks.stationsMax[BRIDGE] = INSIDE_COUNT + count;
  writeTunnel(program, ports, count);
  writeNic(program, 0, ports + 1, OWN_UNDERLAY);
  if (translates) {
    writeNic(program, 1, ports + 2, OWN_OUTSIDE);
    writeMasquerade(program, OUTSIDE);
  }
  const out = translates ? OUTSIDE : UNDERLAY;
  const via = translates ? NEXT_HOP : END;
  writeRoute(program, 0, { to: OWN_UNDERLAY, bits: 24, via: 0, iface: UNDERLAY });
  writeRoute(program, 1, { to: OWN_OUTSIDE, bits: 24, via: 0, iface: out });
  writeRoute(program, 2, { to: OWN_INSIDE, bits: 8, via: 0, iface: BRIDGE });
  writeRoute(program, 3, { to: 0, bits: 0, via, iface: out });
  return program;
}

/** Whom the host, its bridge and its tunnel end know: everybody. */
export function introduceTunnel(
  { neighbors: [neighbors], fdbs: [fdb], remotes: [remotes] }: Plane,
  { kind, count, ports }: TunnelFlows,
): void {
  const translates = kind === 'vxlan nat';
  const beNeighbor = (iface: number, address: number): void => {
    const entry = neighbors?.add(iface, 4, 0, 0, 0, address, 0) ?? -1;
    neighbors?.declare(entry, MAC_HIGH, address);
  };
  for (let end = END; end < END + ENDS; end++) beNeighbor(UNDERLAY, end);
  for (let here = INSIDE; here < INSIDE + INSIDE_COUNT; here++)
    fdb?.learn(MAC_HIGH, here, here % ports, 1, 0, here % ports);
  const stations = translates ? INSIDE_COUNT : count;
  for (let there = STATION; there < STATION + stations; there++) {
    fdb?.learn(MAC_HIGH, there, ports, 1, 0, ports + 1);
    const words = Int32Array.of(0, 0, 0, END + (there % ENDS));
    remotes?.learn(0, MAC_HIGH, there, words, { port: ports + 1, serial: 1, tick: 0 });
    if (translates) beNeighbor(BRIDGE, there);
  }
  if (translates) beNeighbor(OUTSIDE, NEXT_HOP);
}

function writeTunnel(program: Program, port: number, stations: number): void {
  const { vteps, vnis, remotes, ports } = program;
  ports.role[port] = PortRole.Tunnel;
  vteps.port[0] = port;
  vteps.family[0] = 4;
  vteps.link[0] = NONE;
  vteps.udpPort[0] = VXLAN_PORT;
  vteps.sourceFirst[0] = SOURCE_PORTS.first;
  vteps.sourceLast[0] = SOURCE_PORTS.first + SOURCE_PORTS.count - 1;
  vteps.flags[0] = VtepFlag.Learns;
  vteps.ttl[0] = 64;
  vteps.ageing_ns[0] = AGEING_NS;
  vteps.stationsMax[0] = stations;
  vteps.vniCount[0] = 1;
  vnis.vni[0] = VNI;
  vnis.remoteCount[0] = ENDS;
  remotes.word3.set(Array.from({ length: ENDS }, (_, i) => END + i));
}

/** A NIC without a wire: what leaves by it leaves by its own port. */
function writeNic(
  { links, ports, addresses }: Program,
  link: number,
  port: number,
  own: number,
): void {
  ports.role[port] = PortRole.Nic;
  ports.network[port] = NONE;
  ports.link[port] = link;
  links.below[link] = NONE;
  links.joint[link] = NONE;
  links.port[link] = port;
  links.use[link] = LinkUse.Host;
  links.macHigh[link] = MAC_HIGH;
  links.macLow[link] = own;
  links.mtu[link] = MTU;
  links.addressCount[link] = addresses.rows;
  links.firstOwn[link] = 1 + link;
  links.ownCount[link] = 1;
}
