/** The rows of hosts, and of the learning bridges: networks, then wires. */
import {
  HostFlag,
  NetworkFlag,
  NONE,
  PortFlag,
  ReversePath,
} from '../../dataplane/program/layout.js';
import { NatOption } from '../../dataplane/program/nat-layout.js';
import type { Program } from '../../dataplane/program/program.js';
import { parseBlock } from '../address.js';
import { CONNECTIONS_DEFAULT } from '../model/nat.js';
import type { Nat } from '../model/nat.js';
import type { HostAddresses } from './addresses.js';
import { wordsOf, writeMac, writeOrigin } from './columns.js';
import type { Draft } from './compile.js';
import { MODES, PROFILES } from './nat.js';

const NANOSECONDS = 1e9;
/** What a switch on a wire is like: nobody can tell it anything else. */
const WIRE_AGEING_S = 300;
const WIRE_STATIONS_MAX = 8192;
const WIRE_GROUP_FORWARD_MASK = 0x0001;
export const WIRE_MTU_MIN = 1500;

export function writeHosts({ program, lab }: Draft): void {
  const table = program.hosts;
  for (const [
    row,
    { name, at, forward, arpIgnore, sendRedirects, rpFilter, nat, namespaceOf },
  ] of lab.hosts.entries()) {
    // Docker's rules stand in the namespace of the host itself.
    const isDocker =
      namespaceOf === undefined &&
      lab.networks.some(
        ({ host, driver: { value } }) => host === name && value !== 'host' && value !== 'none',
      );
    table.flags[row] =
      (forward.value ? HostFlag.Forwards : 0) |
      (sendRedirects.value ? HostFlag.Redirects : 0) |
      (isDocker ? HostFlag.Docker : 0);
    table.reversePath[row] = rpFilter.value satisfies ReversePath;
    table.natProfile[row] = PROFILES[nat?.profile.value ?? 'linux'];
    table.natOptions[row] = nat === undefined ? 0 : optionsOf(nat);
    table.connectionsMax[row] = nat?.connectionsMax.value ?? CONNECTIONS_DEFAULT;
    table.arpIgnore[row] = arpIgnore.value;
    for (const [key, column] of TIMEOUT_COLUMNS)
      table[column][row] = (nat?.timeouts[key]?.value ?? 0) * NANOSECONDS;
    writeOrigin(table, row, at);
  }
}

const TIMEOUT_COLUMNS = [
  ['udp', 'udpTimeout_ns'],
  ['icmp', 'icmpTimeout_ns'],
  ['tcp_established', 'tcpEstablishedTimeout_ns'],
  ['tcp_opening', 'tcpOpeningTimeout_ns'],
  ['tcp_closing', 'tcpClosingTimeout_ns'],
] as const;

function optionsOf({ protocolIndependent: { value: independent }, inboundRefresh }: Nat): number {
  return (
    (independent.includes('pooling') ? 0 : NatOption.PoolsApart) |
    (independent.includes('mapping') ? NatOption.SharedMappings : 0) |
    (independent.includes('filtering') ? NatOption.SharedFilters : 0) |
    (inboundRefresh.value ? NatOption.InboundRefresh : 0)
  );
}

export function writeSubnet(
  { subnets }: Program,
  row: number,
  network: number,
  text: string,
): void {
  const block = parseBlock(text)?.block;
  if (block === undefined) return;
  const [a, b, c, d] = wordsOf(block.first);
  subnets.network[row] = network;
  subnets.family[row] = block.family;
  subnets.word0[row] = a;
  subnets.word1[row] = b;
  subnets.word2[row] = c;
  subnets.word3[row] = d;
  subnets.prefix[row] = block.prefixLength + (block.family === 4 ? 96 : 0);
}

export function writeNetworks(
  { program, lab, networks, links }: Draft,
  hosts: HostAddresses,
): void {
  const table = program.networks;
  let firstStation = 0;
  for (const [row, network] of networks.entries()) {
    const { bridge } = network;
    const joints = links.filter(({ bridge }) => bridge === network).length;
    const tunnels = network.vteps?.length ?? 0;
    placePorts(program, row, network.endpoints.length + tunnels + joints);
    table.firstStation[row] = firstStation;
    table.stationCount[row] = bridge.stations.length;
    firstStation += bridge.stations.length;
    table.flags[row] =
      (bridge.icc.value ? 0 : NetworkFlag.InterContainerDisabled) |
      (bridge.vlanFiltering.value ? NetworkFlag.VlanFiltering : 0) |
      (network.internal.value ? NetworkFlag.Internal : 0) |
      (bridge.masquerade.value ? NetworkFlag.Masquerade : 0);
    table.gatewayModeIpv4[row] = MODES[bridge.gatewayModeIpv4.value];
    table.gatewayModeIpv6[row] = MODES[bridge.gatewayModeIpv6.value];
    table.host[row] = lab.hosts.findIndex(({ name }) => name === network.host);
    const own = hosts.ofBridge(network);
    table.firstOwn[row] = own.first;
    table.ownCount[row] = own.count;
    table.mtu[row] = network.mtu.value;
    table.ageing_ns[row] = bridge.ageing_s.value * NANOSECONDS;
    table.stationsMax[row] = bridge.stationsMax.value;
    table.groupForwardMask[row] = bridge.groupForwardMask.value;
    const { first, count } = hosts.ofHost(network.host);
    table.firstAddress[row] = first;
    table.addressCount[row] = count;
    writeMac(table, row, bridge.mac.value);
    writeOrigin(table, row, network.at);
  }
}

export function writeWires({ program, networks, wires, links }: Draft): void {
  const table = program.networks;
  for (const [index, wire] of wires.entries()) {
    const row = networks.length + index;
    const nics = links.flatMap(({ nic, vid }) =>
      vid === 0 && nic?.wire?.value === wire.name ? [nic] : [],
    );
    placePorts(program, row, wire.ports.length + nics.length);
    table.flags[row] = NetworkFlag.Wire;
    table.host[row] = NONE;
    table.mtu[row] = Math.max(WIRE_MTU_MIN, ...nics.map(({ mtu }) => mtu));
    table.ageing_ns[row] = WIRE_AGEING_S * NANOSECONDS;
    table.stationsMax[row] = WIRE_STATIONS_MAX;
    table.groupForwardMask[row] = WIRE_GROUP_FORWARD_MASK;
    writeOrigin(table, row, wire.at);
    if (!wire.reflectiveRelay.value) continue;
    const first = table.firstPort[row] ?? 0;
    const end = first + (table.portCount[row] ?? 0);
    program.ports.flags.fill(PortFlag.Hairpin, first, end);
  }
}

/** The ports of a bridge stand behind those of the one before it. */
function placePorts({ networks, ports }: Program, row: number, count: number): void {
  const before =
    row === 0 ? 0 : (networks.firstPort[row - 1] ?? 0) + (networks.portCount[row - 1] ?? 0);
  networks.firstPort[row] = before;
  networks.portCount[row] = count;
  if (row === 0) ports.network.fill(NONE);
  ports.network.fill(row, before, before + count);
}
