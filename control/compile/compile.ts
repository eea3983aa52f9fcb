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
import type { Position } from '../model/position.js';

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
}

/** Compiles a lab that has been checked. */
export function compile(lab: Lab, epoch = 1): Compiled {
  const networks = lab.networks.filter((network): network is BridgeNetwork => 'bridge' in network);
  const ports = networks.flatMap((network) => network.endpoints);
  const stations = networks.flatMap((network) => network.bridge.stations);
  const rows = { networks: networks.length, ports: ports.length, stations: stations.length };
  const program = allocateProgram(rows, epoch);
  let port = 0;
  let station = 0;
  for (const [row, network] of networks.entries()) {
    writeNetwork(program, row, network, port, station);
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
  return { lab, program, networks, ports, stations };
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
