/** The topologies of `bench memory`, as Programs. In all of them the first `ports` ports are those that speak and are spoken to. */
import {
  LinkFlag,
  LinkUse,
  MacvlanMode,
  NetworkFlag,
  NONE,
  PortRole,
  VlanMode,
} from '../../dataplane/program/layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import type { Traffic } from '../../dataplane/port/synth.js';
import type { Owners } from '../../dataplane/worker/crossing.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';

const MTU = 1500;
const AGEING_NS = 300e9;
const MAC_HIGH = 0x0242;
const VLAN = 50;

/**
 * What is measured. `access-trunk`: a bridge that keeps VLANs apart, access ports of one VLAN on one side and trunks on the other; `qinq`: the
 * same with tunnel ports, so that a tag is put on and taken off in turns. `macvlan`, `ipvlan l2`, `ipvlan l3`: children of one NIC.
 * `vlan wire`: macvlan children on VLAN 50 of two hosts, or as many as there are workers, with a wire between them.
 */
export type Topology =
  'bridge' | 'access-trunk' | 'qinq' | 'macvlan' | 'ipvlan l2' | 'ipvlan l3' | 'vlan wire';

/** How those speak who stand in such a topology. */
export function mannersOf(topology: Topology): Pick<Traffic, 'speakers' | 'trunkTag'> {
  switch (topology) {
    case 'bridge':
      return {};
    case 'access-trunk':
      return { trunkTag: ((EtherType.VlanTag << 16) | VLAN) >>> 0 };
    case 'qinq':
      return { trunkTag: ((EtherType.ServiceTag << 16) | VLAN) >>> 0 };
    case 'macvlan':
    case 'vlan wire':
      return { speakers: 'children' };
    case 'ipvlan l2':
    case 'ipvlan l3':
      return { speakers: 'ipvlan children' };
  }
}

export function programFor(
  topology: Topology,
  { hosts, ports }: Pick<Traffic, 'hosts' | 'ports'>,
  machines = 2,
): Program {
  switch (topology) {
    case 'bridge':
      return bridge(hosts, ports);
    case 'access-trunk':
      return vlanBridge(hosts, ports, VlanMode.Access);
    case 'qinq':
      return vlanBridge(hosts, ports, VlanMode.Tunnel);
    case 'macvlan':
      return children(ports, LinkUse.Macvlan, 0);
    case 'ipvlan l2':
      return children(ports, LinkUse.Ipvlan, 0);
    case 'ipvlan l3':
      return children(ports, LinkUse.Ipvlan, LinkFlag.L3);
    case 'vlan wire':
      return hostsOnWire(ports, machines);
  }
}

function bridge(hosts: number, ports: number): Program {
  const program = allocateProgram({ networks: 1, ports }, 1);
  writeBridge(program, 0, ports, hosts);
  program.networks.macHigh[0] = MAC_HIGH;
  program.networks.macLow[0] = 0xffffffff;
  return program;
}

/** The first half of the ports are in one VLAN, in this mode; the others are trunks of all. */
function vlanBridge(hosts: number, ports: number, mode: VlanMode): Program {
  const program = bridge(hosts, ports);
  program.networks.flags[0] = NetworkFlag.VlanFiltering;
  program.ports.trunks.fill(NONE);
  program.ports.innerVlans.fill(NONE);
  program.ports.tunnelType.fill(EtherType.ServiceTag);
  program.ports.vlanMode.fill(mode, 0, ports >>> 1);
  program.ports.vlanTag.fill(VLAN, 0, ports >>> 1);
  return program;
}

/** All frames stay on the host: from child to child. */
function children(ports: number, use: LinkUse, flags: number): Program {
  const ipvlan = use === LinkUse.Ipvlan;
  const rows = { ports: ports + 1, links: 1, childAddresses: ipvlan ? ports : 0 };
  const program = allocateProgram(rows, 1);
  writeLink(program, 0, { port: ports, use });
  program.links.flags[0] = flags;
  program.links.macHigh[0] = MAC_HIGH;
  writeChildren(program, 0, 0, ports);
  if (ipvlan) {
    program.ports.macvlanMode.fill(0);
    program.childAddresses.port.set(Array.from({ length: ports }, (_, port) => port));
    program.childAddresses.word3.set(Array.from({ length: ports }, (_, i) => 0x0a00_0000 + i));
  }
  program.ports.role[ports] = PortRole.Nic;
  program.ports.network[ports] = NONE;
  program.ports.link[ports] = 0;
  return program;
}

/** The children that are on a host: as many as on each other. */
export function childrenOf(
  host: number,
  ports: number,
  hosts: number,
): { readonly first: number; readonly count: number } {
  const first = Math.floor((host * ports) / hosts);
  return { first, count: Math.floor(((host + 1) * ports) / hosts) - first };
}

/** Each host has its share of the children, and what goes to one of another crosses the wire, tagged. */
function hostsOnWire(ports: number, hosts: number): Program {
  const program = allocateProgram({ networks: 1, ports: ports + hosts, links: 2 * hosts }, 1);
  writeBridge(program, ports, hosts, 2 * ports);
  program.networks.flags[0] = NetworkFlag.Wire;
  for (let host = 0; host < hosts; host++) {
    const nic = 2 * host;
    writeLink(program, nic, { port: ports + host, use: LinkUse.Host });
    writeLink(program, nic + 1, { port: NONE, use: LinkUse.Macvlan });
    program.links.host.fill(host, nic, nic + 2);
    program.links.below[nic + 1] = nic;
    program.links.vid[nic + 1] = VLAN;
    const { first, count } = childrenOf(host, ports, hosts);
    writeChildren(program, nic + 1, first, count);
    program.ports.role[ports + host] = PortRole.Joint;
    program.ports.link[ports + host] = nic;
  }
  return program;
}

/** One host for each worker; the wire is the first one's. */
export function ownersOfHosts({ links, networks, ports }: Program, hosts: number): Owners {
  const ownerOfPort = Array.from(ports.link, (link, port) =>
    ports.role[port] === PortRole.Joint ? 0 : links.host[link],
  );
  return {
    workers: hosts,
    networks: new Uint8Array(networks.rows),
    links: Uint8Array.from(links.host),
    ports: Uint8Array.from(ownerOfPort),
    hosts: Uint8Array.from({ length: hosts }, (_, host) => host),
    joinedPorts: new Uint8Array(ports.rows).fill(1),
    joinedHosts: new Uint8Array(hosts).fill(1),
  };
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
