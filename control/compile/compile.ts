/**
 * Lab to Program: names become numbers. Networks and ports are numbered in the order of the topology, the ports of a network without
 * gaps; `Compiled` is the way back from the numbers to what the user wrote.
 */
import { NetworkFlag, PortFlag } from '../../dataplane/program/layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import type { Endpoint } from '../model/endpoint.js';
import type { Lab } from '../model/lab.js';
import type { BridgeOptions, Network, Station } from '../model/network.js';
import type { Position, Value } from '../model/position.js';
import { parseAddress } from '../address.js';

const NANOSECONDS = 1e9;

/** A network of the `bridge` driver: the only kind with a data plane so far. */
export interface BridgeNetwork extends Network {
  readonly bridge: BridgeOptions;
}

/** A Program and what its rows stand for. */
export interface Compiled {
  readonly lab: Lab;
  readonly program: Program;
  /** By network number. */
  readonly networks: readonly BridgeNetwork[];
  /** By port number. */
  readonly ports: readonly Endpoint[];
  /** By row of `stations`. */
  readonly stations: readonly Station[];
  /** By row of `addresses`: the gateway addresses, by which the hosts can be reached. */
  readonly addresses: readonly Value<string>[];
}

/** Compiles a lab that has been checked. */
export function compile(lab: Lab, epoch = 1): Compiled {
  const networks = lab.networks.filter((network): network is BridgeNetwork => 'bridge' in network);
  const ports = networks.flatMap((network) => network.endpoints);
  const stations = networks.flatMap((network) => network.bridge.stations);
  const hosts = addressesByHost(networks);
  const addresses = [...hosts.values()].flat();
  const program = allocateProgram(
    {
      networks: networks.length,
      addresses: addresses.length,
      ports: ports.length,
      stations: stations.length,
    },
    epoch,
  );
  let port = 0;
  let station = 0;
  for (const [row, network] of networks.entries()) {
    writeNetwork(program, row, network, port, station);
    const own = hosts.get(network.host) ?? [];
    program.networks.firstAddress[row] = own[0] === undefined ? 0 : addresses.indexOf(own[0]);
    program.networks.addressCount[row] = own.length;
    program.ports.network.fill(row, port, port + network.endpoints.length);
    port += network.endpoints.length;
    station += network.bridge.stations.length;
  }
  for (const [row, endpoint] of ports.entries()) {
    program.ports.flags[row] =
      (endpoint.hairpin.value ? PortFlag.Hairpin : 0) |
      (endpoint.isolated.value ? PortFlag.Isolated : 0);
    writeOrigin(program.ports, row, endpoint.at);
  }
  for (const [row, { mac, endpoint, sticky, at }] of stations.entries()) {
    writeMac(program.stations, row, mac);
    program.stations.port[row] = ports.indexOf(endpoint);
    program.stations.sticky[row] = sticky ? 1 : 0;
    writeOrigin(program.stations, row, at);
  }
  for (const [row, address] of addresses.entries()) writeAddress(program, row, address);
  return { lab, program, networks, ports, stations, addresses };
}

/** The addresses of each host: the gateways of its networks, which its bridges have. */
function addressesByHost(networks: readonly BridgeNetwork[]): Map<string, Value<string>[]> {
  const hosts = new Map<string, Value<string>[]>();
  for (const { host, pools } of networks) {
    const gateways = pools.flatMap(({ gateway }) => (gateway === undefined ? [] : [gateway]));
    hosts.set(host, [...(hosts.get(host) ?? []), ...gateways]);
  }
  return hosts;
}

function writeAddress(
  { addresses }: Program,
  row: number,
  { value: text, at }: Value<string>,
): void {
  const value = parseAddress(text)?.value ?? 0n;
  const word = (index: bigint): number => Number((value >> (96n - 32n * index)) & 0xffff_ffffn);
  addresses.word0[row] = word(0n);
  addresses.word1[row] = word(1n);
  addresses.word2[row] = word(2n);
  addresses.word3[row] = word(3n);
  writeOrigin(addresses, row, at);
}

function writeNetwork(
  { networks }: Program,
  row: number,
  network: BridgeNetwork,
  firstPort: number,
  firstStation: number,
): void {
  const { bridge } = network;
  networks.firstPort[row] = firstPort;
  networks.portCount[row] = network.endpoints.length;
  networks.firstStation[row] = firstStation;
  networks.stationCount[row] = bridge.stations.length;
  networks.flags[row] = bridge.icc.value ? 0 : NetworkFlag.InterContainerDisabled;
  networks.mtu[row] = network.mtu.value;
  networks.ageing_ns[row] = bridge.ageing_s.value * NANOSECONDS;
  networks.stationsMax[row] = bridge.stationsMax.value;
  networks.groupForwardMask[row] = bridge.groupForwardMask.value;
  writeMac(networks, row, bridge.mac.value);
  writeOrigin(networks, row, network.at);
}

interface MacColumns {
  readonly macHigh: Uint16Array;
  readonly macLow: Uint32Array;
}

function writeMac({ macHigh, macLow }: MacColumns, row: number, mac: string): void {
  const digits = mac.replaceAll(':', '');
  macHigh[row] = parseInt(digits.slice(0, 4), 16);
  macLow[row] = parseInt(digits.slice(4), 16);
}

interface OriginColumns {
  readonly originLine: Uint32Array;
  readonly originColumn: Uint32Array;
}

function writeOrigin(columns: OriginColumns, row: number, at: Position | undefined): void {
  columns.originLine[row] = at?.line ?? 0;
  columns.originColumn[row] = at?.column ?? 0;
}
