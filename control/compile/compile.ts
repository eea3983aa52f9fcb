/**
 * Lab to Program: names become numbers. Bridge networks are numbered in the order of the topology, wires behind them; the ports of a bridge
 * or wire follow each other, then come the children of the links, and the NICs that lead out of the topology. `Compiled` is the way back
 * from the numbers to what the user wrote.
 */
import {
  LinkFlag,
  LinkUse,
  MacvlanMode,
  NONE,
  PortFlag,
  PortRole,
} from '../../dataplane/program/layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import type { Device } from '../model/device.js';
import type { Endpoint, VlanPort } from '../model/endpoint.js';
import type { Lab, Wire, WirePort } from '../model/lab.js';
import type { BridgeOptions, MacvlanMode as ModeName, Network, Station } from '../model/network.js';
import type { Position, Value } from '../model/position.js';
import type { Vtep } from '../model/vtep.js';
import { addressesOf } from './addresses.js';
import type { HostAddresses } from './addresses.js';
import { writeAddressWords, writeMac, writeOrigin } from './columns.js';
import { linkNamed, linksOf } from './links.js';
import type { Link } from './links.js';
import { natRulesOf, writeNatRules } from './nat.js';
import type { CompiledNatRule } from './nat.js';
import {
  writeHosts,
  writeNetworks,
  writeSubnet,
  writeWires,
  WIRE_MTU_MIN,
} from './network-rows.js';
import { routesOf, writeRoutes } from './routes.js';
import type { CompiledRoute } from './routes.js';
import { tunnelRows, tunnelsOf, vtepVlans, writeTunnels } from './vteps.js';
import type { CompiledTunnels } from './vteps.js';
import { VlanSets } from './vlan-sets.js';

const NOTHING = { kind: 'nothing' } as const;

/** A network of the `bridge` driver. */
export interface BridgeNetwork extends Network {
  readonly bridge: BridgeOptions;
}

/** A port of the Program. */
export interface CompiledPort {
  /** What the user calls it: `c1`, `c1.net`, `lan.uplink`, `node-1.eth1`; of a bridge's uplink `NETWORK.uplink`. */
  readonly port: string;
  readonly at?: Position;
  /** Frames enter and leave the topology here; not at a joint, behind which something of ours stands. */
  readonly isOpen: boolean;
  /** The container behind it. */
  readonly endpoint?: Endpoint;
  /** What it is joined to while the lab is up. */
  readonly device: Device | WirePort['device'];
  /** Path of the capture that is kept of what passes while the lab is up. */
  readonly record?: Value<string>;
  /** The link it leads to, or whose child it is. */
  readonly link?: Link;
  /** The tunnel end that it is. */
  readonly vtep?: Vtep;
}

/** A Program and what its rows stand for. */
export interface Compiled {
  readonly lab: Lab;
  readonly program: Program;
  /** By network number; the wires follow them. */
  readonly networks: readonly BridgeNetwork[];
  readonly wires: readonly Wire[];
  /** By port number. */
  readonly ports: readonly CompiledPort[];
  readonly links: readonly Link[];
  /** By row of `stations`. */
  readonly stations: readonly Station[];
  /** By row of `addresses`: those by which the hosts can be reached. */
  readonly addresses: readonly Value<string>[];
  readonly routes: readonly CompiledRoute[];
  /** By row of `natRules`. */
  readonly natRules: readonly CompiledNatRule[];
  readonly tunnels: CompiledTunnels;
}

/** Compiles a lab that has been checked. */
export function compile(lab: Lab, epoch = 1): Compiled {
  const networks = lab.networks.filter((network): network is BridgeNetwork => 'bridge' in network);
  const links = linksOf(lab);
  const ports = portsOf(lab, networks, links);
  const stations = networks.flatMap(({ bridge }) => bridge.stations);
  const hosts = addressesOf(lab, networks);
  const numbered = { networks, wires: lab.wires, links };
  const routes = routesOf(lab, numbered);
  const natRules = natRulesOf(lab, numbered);
  const tunnels = tunnelsOf(networks);
  const subnets = networks.flatMap(({ pools }, network) =>
    pools.map(({ subnet }) => ({ network, subnet })),
  );
  const sets = new VlanSets();
  const sources = ports.flatMap(({ endpoint }, port) =>
    (endpoint?.sources ?? []).map((mac) => ({ port, mac: mac.value })),
  );
  const childAddresses = ports.flatMap(({ endpoint, link }, port) =>
    link === undefined || !isIpvlan(link) || endpoint === undefined
      ? []
      : [endpoint.ipv4, endpoint.ipv6].flatMap((address) => (address ? [{ port, address }] : [])),
  );
  for (const port of ports) sets.add(vlanOf(port));
  const program = allocateProgram(
    {
      hosts: lab.hosts.length,
      networks: networks.length + lab.wires.length,
      subnets: subnets.length,
      addresses: hosts.addresses.length,
      ports: ports.length,
      vlanSets: sets.rows,
      links: links.length,
      childAddresses: childAddresses.length,
      sources: sources.length,
      stations: stations.length,
      natRules: natRules.length,
      routes: routes.length,
      ...tunnelRows(tunnels),
    },
    epoch,
  );
  const compiled = { lab, program, ...numbered, ports, stations, routes, natRules, tunnels };
  writeHosts(compiled);
  writeNetworks(compiled, hosts);
  writeWires(compiled);
  writePorts(compiled, sets);
  writeLinks(compiled, hosts);
  writeStations(compiled);
  writeRoutes(program, routes);
  writeNatRules(program, natRules);
  writeTunnels(compiled);
  for (const [row, address] of hosts.addresses.entries()) {
    writeAddressWords(program.addresses, row, address.value);
    program.addresses.prefix[row] = address.prefix;
    writeOrigin(program.addresses, row, address.at);
  }
  for (const [row, { network, subnet }] of subnets.entries())
    writeSubnet(program, row, network, subnet.value);
  for (const [row, { port, address }] of childAddresses.entries()) {
    program.childAddresses.port[row] = port;
    writeAddressWords(program.childAddresses, row, address.value);
  }
  for (const [row, { port, mac }] of sources.entries()) {
    program.sources.port[row] = port;
    writeMac(program.sources, row, mac);
  }
  sets.write(program);
  return { ...compiled, addresses: hosts.addresses };
}

/** What the writers of rows need to know. */
export type Draft = Omit<Compiled, 'addresses'>;

function isIpvlan({ networks }: Link): boolean {
  return networks.some(({ ipvlan }) => ipvlan !== undefined);
}

/** What a port of a bridge does with VLANs, if it minds them. */
function vlanOf({ endpoint, vtep, isOpen, link }: CompiledPort): VlanPort | undefined {
  if (vtep !== undefined) return vtepVlans(vtep);
  return endpoint?.vlan ?? (isOpen ? undefined : link?.bridge?.bridge?.uplink?.vlan);
}

/** All ports in the order of their numbers. */
function portsOf(
  lab: Lab,
  networks: readonly BridgeNetwork[],
  links: readonly Link[],
): CompiledPort[] {
  const container = (endpoint: Endpoint): CompiledPort => {
    const { port, at, device, record } = endpoint;
    return { port, at, isOpen: true, endpoint, device, ...(record && { record }) };
  };
  const atBridges = networks.flatMap((network) => [
    ...network.endpoints.map(container),
    ...(network.vteps ?? []).map((vtep): CompiledPort => {
      const { port, at } = vtep;
      return { port, at, isOpen: false, vtep, device: NOTHING };
    }),
    ...links
      .filter(({ bridge }) => bridge === network)
      .map((link) => jointTo(link, `${network.name}.uplink`, network.bridge.uplink?.at)),
  ]);
  const atWires = lab.wires.flatMap((wire) => [
    ...wire.ports.map(({ port, at, device, record }): CompiledPort => {
      return { port, at, isOpen: true, device, ...(record && { record }) };
    }),
    ...links
      .filter(({ nic, vid }) => vid === 0 && nic?.wire?.value === wire.name)
      .map((link) => jointTo(link, link.name, link.nic?.at)),
  ]);
  const children = links.flatMap((link) =>
    link.children.map((endpoint) => ({ ...container(endpoint), link })),
  );
  const nics = links
    .filter(({ nic, vid }) => vid === 0 && nic !== undefined && nic.wire === undefined)
    .map((link): CompiledPort => {
      const { at, device = NOTHING, record } = link.nic ?? {};
      const written = { ...(at && { at }), ...(record && { record }) };
      return { port: link.name, ...written, isOpen: true, link, device };
    });
  return [...atBridges, ...atWires, ...children, ...nics];
}

function jointTo(link: Link, port: string, at: Position | undefined): CompiledPort {
  return { port, ...(at && { at }), isOpen: false, link, device: NOTHING };
}

function writePorts({ program, ports, links }: Draft, sets: VlanSets): void {
  const table = program.ports;
  if (program.networks.rows === 0) table.network.fill(NONE);
  for (const [row, port] of ports.entries()) {
    const { endpoint, link, at } = port;
    table.link[row] = link === undefined ? NONE : links.indexOf(link);
    table.role[row] = roleOf(port);
    if (endpoint !== undefined) {
      const { hairpin, isolated, takesAlone } = endpoint;
      table.flags[row] =
        (hairpin.value ? PortFlag.Hairpin : 0) |
        (isolated.value ? PortFlag.Isolated : 0) |
        (takesAlone.value ? PortFlag.TakesAlone : 0);
      writeMac(table, row, endpoint.mac.value);
    }
    if (endpoint !== undefined && link !== undefined) writeChild(program, row, endpoint, link);
    sets.writePort(program, row, vlanOf(port));
    writeOrigin(table, row, at);
  }
}

function roleOf(port: CompiledPort): PortRole {
  if (port.vtep !== undefined) return PortRole.Tunnel;
  if (!port.isOpen) return PortRole.Joint;
  if (port.link === undefined) return PortRole.Station;
  return port.endpoint === undefined ? PortRole.Nic : PortRole.Child;
}

const MODES: Readonly<Record<ModeName, MacvlanMode>> = {
  private: MacvlanMode.Private,
  vepa: MacvlanMode.Vepa,
  bridge: MacvlanMode.Bridge,
  passthru: MacvlanMode.Passthru,
  source: MacvlanMode.Source,
};

function writeChild({ ports }: Program, row: number, endpoint: Endpoint, link: Link): void {
  const network = link.networks.find(({ endpoints }) => endpoints.includes(endpoint));
  const mode = network?.macvlan?.mode.value;
  if (mode !== undefined) ports.macvlanMode[row] = MODES[mode];
  const mtu = network?.mtu.value ?? WIRE_MTU_MIN;
  ports.mtu[row] = Math.min(mtu, link.nic?.mtu ?? mtu);
}

function writeLinks({ program, links, ports, lab }: Draft, hosts: HostAddresses): void {
  const table = program.links;
  for (const [row, link] of links.entries()) {
    const { nic, vid, children } = link;
    const isNic = nic !== undefined && vid === 0;
    const own = (wanted: CompiledPort): boolean => wanted.link === link;
    const below = isNic || nic === undefined ? NONE : linkNamed(links, link.host, nic.name);
    table.host[row] = lab.hosts.findIndex(({ name }) => name === link.host);
    table.below[row] = below;
    table.vid[row] = vid;
    table.port[row] = isNic
      ? ports.findIndex((port) => own(port) && port.endpoint === undefined && !isUplink(port))
      : NONE;
    table.use[row] = useOf(link);
    table.joint[row] = link.bridge ? ports.findIndex((port) => own(port) && isUplink(port)) : NONE;
    table.firstChild[row] = Math.max(
      0,
      ports.findIndex((port) => own(port) && port.endpoint !== undefined),
    );
    table.childCount[row] = children.length;
    table.flags[row] = flagsOf(link) | (isSilent(lab, link) ? LinkFlag.NoIcmpErrors : 0);
    table.mtu[row] = nic?.mtu ?? Math.max(...link.networks.map(({ mtu }) => mtu.value));
    writeMac(table, row, macOf(link, links));
    const all = hosts.ofHost(link.host);
    table.firstAddress[row] = all.first;
    table.addressCount[row] = all.count;
    const ownAddresses = isNic ? hosts.ofNic(nic) : { first: 0, count: 0 };
    table.firstOwn[row] = ownAddresses.first;
    table.ownCount[row] = ownAddresses.count;
    writeOrigin(table, row, nic?.at ?? link.networks[0]?.at);
  }
}

/** Does this joint lead from a bridge to its uplink, and not from a wire to a NIC? */
function isUplink({ isOpen, port, link }: CompiledPort): boolean {
  return !isOpen && link?.bridge !== undefined && port === `${link.bridge.name}.uplink`;
}

function useOf({ networks, bridge }: Link): LinkUse {
  if (bridge !== undefined) return LinkUse.Bridge;
  if (networks.some(({ macvlan }) => macvlan !== undefined)) return LinkUse.Macvlan;
  return networks.length > 0 ? LinkUse.Ipvlan : LinkUse.Host;
}

function flagsOf({ networks }: Link): number {
  const [network] = networks;
  const { mode, flag } = network?.ipvlan ?? {};
  return (
    (network?.macvlan?.mode.value === 'passthru' ? LinkFlag.Passthru : 0) |
    (mode?.value === 'l3' ? LinkFlag.L3 : 0) |
    (mode?.value === 'l3s' ? LinkFlag.L3s : 0) |
    (flag?.value === 'private' ? LinkFlag.Private : 0) |
    (flag?.value === 'vepa' ? LinkFlag.Vepa : 0)
  );
}

/** Is this a NIC, or VLAN, by which its host sends no errors? */
function isSilent({ hosts }: Lab, { host, name }: Link): boolean {
  const silent = hosts.find((one) => one.name === host)?.nat?.suppressIcmpErrors ?? [];
  return silent.some(({ value }) => `${host}.${value}` === name);
}

/** A VLAN has the MAC of its NIC; below a passthru child the parent takes the child's; the dummy of ipvlan has that of its children. */
function macOf(link: Link, links: readonly Link[]): string {
  const [child] = link.children;
  if (child !== undefined && (flagsOf(link) & LinkFlag.Passthru) !== 0) return child.mac.value;
  if (link.nic === undefined) return isIpvlan(link) ? (child?.mac.value ?? NO_MAC) : NO_MAC;
  if (link.vid === 0) return link.nic.mac.value;
  const nic = links.find((other) => other.nic === link.nic && other.vid === 0);
  return nic === undefined ? link.nic.mac.value : macOf(nic, links);
}

/** Of a dummy, which nobody addresses. */
const NO_MAC = '02:00:00:00:00:00';

function writeStations({ program, stations, ports }: Draft): void {
  for (const [row, { mac, endpoint, sticky, at }] of stations.entries()) {
    writeMac(program.stations, row, mac);
    program.stations.port[row] = ports.findIndex((port) => port.endpoint === endpoint);
    program.stations.sticky[row] = sticky ? 1 : 0;
    writeOrigin(program.stations, row, at);
  }
}
