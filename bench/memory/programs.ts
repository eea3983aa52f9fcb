/** The topologies of `bench memory`, as Programs. In all of them the first `ports` ports are those that speak and are spoken to. */
import {
  LinkUse,
  MacvlanMode,
  NetworkFlag,
  NONE,
  PortRole,
} from '../../dataplane/program/layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import type { Traffic } from '../../dataplane/port/synth.js';

const MTU = 1500;
const AGEING_NS = 300e9;
const MAC_HIGH = 0x0242;
const VLAN = 50;

/** What is measured: a bridge; macvlan children of one NIC; the same on VLAN 50 of two hosts with a wire between them. */
export type Topology = 'bridge' | 'macvlan' | 'vlan';

export function programFor(topology: Topology, { hosts, ports }: Traffic): Program {
  switch (topology) {
    case 'bridge':
      return bridge(hosts, ports);
    case 'macvlan':
      return macvlan(ports);
    case 'vlan':
      return twoHosts(ports);
  }
}

function bridge(hosts: number, ports: number): Program {
  const program = allocateProgram({ networks: 1, ports }, 1);
  writeBridge(program, 0, ports, hosts);
  program.networks.macHigh[0] = MAC_HIGH;
  program.networks.macLow[0] = 0xffffffff;
  return program;
}

/** All frames stay on the host: from child to child. */
function macvlan(ports: number): Program {
  const program = allocateProgram({ ports: ports + 1, links: 1 }, 1);
  writeLink(program, 0, { port: ports, use: LinkUse.Macvlan });
  writeChildren(program, 0, 0, ports);
  program.ports.role[ports] = PortRole.Nic;
  program.ports.network[ports] = NONE;
  program.ports.link[ports] = 0;
  return program;
}

/** Half of the children are on one host, half on the other: every second frame crosses the wire, tagged. */
function twoHosts(ports: number): Program {
  const program = allocateProgram({ networks: 1, ports: ports + 2, links: 4 }, 1);
  writeBridge(program, ports, 2, 2 * ports);
  program.networks.flags[0] = NetworkFlag.Wire;
  for (const host of [0, 1]) {
    const nic = 2 * host;
    writeLink(program, nic, { port: ports + host, use: LinkUse.Host });
    program.links.firstVlan[nic] = nic + 1;
    program.links.vlanCount[nic] = 1;
    writeLink(program, nic + 1, { port: NONE, use: LinkUse.Macvlan });
    program.links.below[nic + 1] = nic;
    program.links.vid[nic + 1] = VLAN;
    const first = host === 0 ? 0 : ports >>> 1;
    writeChildren(program, nic + 1, first, host === 0 ? ports >>> 1 : ports - first);
    program.ports.role[ports + host] = PortRole.Joint;
    program.ports.link[ports + host] = nic;
  }
  return program;
}

function writeBridge(program: Program, firstPort: number, ports: number, hosts: number): void {
  const { networks } = program;
  networks.firstPort[0] = firstPort;
  networks.portCount[0] = ports;
  networks.mtu[0] = MTU;
  networks.ageing_ns[0] = AGEING_NS;
  networks.stationsMax[0] = hosts;
}

function writeLink(
  { links }: Program,
  row: number,
  { port, use }: { readonly port: number; readonly use: LinkUse },
): void {
  links.below[row] = NONE;
  links.joint[row] = NONE;
  links.port[row] = port;
  links.use[row] = use;
  links.mtu[row] = MTU;
}

function writeChildren(program: Program, link: number, first: number, count: number): void {
  const { ports, links } = program;
  links.firstChild[link] = first;
  links.childCount[link] = count;
  for (let port = first; port < first + count; port++) {
    ports.role[port] = PortRole.Child;
    ports.network[port] = NONE;
    ports.link[port] = link;
    ports.mtu[port] = MTU;
    ports.macvlanMode[port] = MacvlanMode.Bridge;
    ports.macHigh[port] = MAC_HIGH;
    ports.macLow[port] = port;
  }
}
