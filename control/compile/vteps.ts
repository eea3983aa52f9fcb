/** The rows of VXLAN ports: the vteps, their VNIs, and what the topology says of the other ends. */
import { NONE } from '../../dataplane/program/layout.js';
import { VtepFlag, VtepFragments, VtepNeighbors } from '../../dataplane/program/vxlan-layout.js';
import type { Program } from '../../dataplane/program/program.js';
import { parseAddress } from '../address.js';
import type { VlanPort } from '../model/endpoint.js';
import type { RemoteStation, Vni, Vtep } from '../model/vtep.js';
import type { Value } from '../model/position.js';
import { wordsOf, writeAddressWords, writeMac, writeOrigin } from './columns.js';
import type { Draft } from './compile.js';
import { linkNamed } from './links.js';

const NANOSECONDS = 1e9;
const TTL_DEFAULT = 64;
const TTL_GROUP = 1;

/** What a Program has of VXLAN, by the rows of its tables. */
export interface CompiledTunnels {
  readonly vteps: readonly Vtep[];
  readonly vnis: readonly CompiledVni[];
  readonly remotes: readonly { readonly vni: number; readonly remote: Value<string> }[];
  readonly remoteStations: readonly { readonly vni: number; readonly station: RemoteStation }[];
  readonly remoteAddresses: readonly { readonly station: number; readonly address: string }[];
}

export interface CompiledVni extends Vni {
  readonly vtep: number;
}

export function tunnelsOf(
  networks: readonly { readonly vteps?: readonly Vtep[] }[],
): CompiledTunnels {
  const vteps = networks.flatMap((network) => network.vteps ?? []);
  const vnis = vteps.flatMap((vtep, row) => vtep.vnis.map((vni) => ({ ...vni, vtep: row })));
  const remotes = vnis.flatMap(({ remotes: ends }, vni) => ends.map((remote) => ({ vni, remote })));
  const remoteStations = vnis.flatMap(({ stations }, vni) =>
    stations.map((station) => ({ vni, station })),
  );
  const remoteAddresses = remoteStations.flatMap(({ station: { addresses } }, station) =>
    addresses.map((address) => ({ station, address })),
  );
  return { vteps, vnis, remotes, remoteStations, remoteAddresses };
}

/** How many rows there are in each table. */
export function tunnelRows(tunnels: CompiledTunnels) {
  const { vteps, vnis, remotes, remoteStations, remoteAddresses } = tunnels;
  return {
    vteps: vteps.length,
    vnis: vnis.length,
    remotes: remotes.length,
    remoteStations: remoteStations.length,
    remoteAddresses: remoteAddresses.length,
  };
}

/** The VLANs that the port of a vtep carries, where its bridge keeps VLANs apart. */
export function vtepVlans({ vnis }: Vtep): VlanPort | undefined {
  const trunks = vnis.flatMap(({ vlan }) => vlan ?? []);
  if (trunks.length === 0) return undefined;
  return {
    mode: { value: 'trunk' },
    tag: { value: 0 },
    trunks: { value: trunks },
    priorityTags: { value: 'never' },
    qinqType: { value: 0x88a8 },
  };
}

export function writeTunnels(draft: Draft): void {
  const { program, tunnels } = draft;
  for (const [row, vtep] of tunnels.vteps.entries()) writeVtep(draft, row, vtep);
  writeVnis(program, tunnels);
  for (const [row, { remote }] of tunnels.remotes.entries()) {
    writeAddressWords(program.remotes, row, remote.value);
    writeOrigin(program.remotes, row, remote.at);
  }
  for (const [row, { vni, station }] of tunnels.remoteStations.entries()) {
    program.remoteStations.vni[row] = vni;
    writeMac(program.remoteStations, row, station.mac);
    writeAddressWords(program.remoteStations, row, station.remote);
    writeOrigin(program.remoteStations, row, station.at);
  }
  for (const [row, { station, address }] of tunnels.remoteAddresses.entries()) {
    program.remoteAddresses.station[row] = station;
    program.remoteAddresses.family[row] = address.includes(':') ? 6 : 4;
    writeAddressWords(program.remoteAddresses, row, address);
  }
}

function writeVtep({ program, lab, ports, links, tunnels }: Draft, row: number, vtep: Vtep): void {
  const table = program.vteps;
  const { ttl, tos, dev } = vtep;
  const [a, b, c, d] = wordsOf(parseAddress(vtep.local?.value ?? '')?.value ?? 0n);
  table.host[row] = lab.hosts.findIndex(({ name }) => name === vtep.host);
  table.port[row] = ports.findIndex((port) => port.vtep === vtep);
  table.family[row] = vtep.family;
  table.local0[row] = a;
  table.local1[row] = b;
  table.local2[row] = c;
  table.local3[row] = d;
  table.link[row] = dev === undefined ? NONE : linkNamed(links, vtep.host, dev.value);
  table.udpPort[row] = vtep.udpPort.value;
  [table.sourceFirst[row], table.sourceLast[row]] = vtep.sourcePorts.value;
  table.flags[row] = flagsOf(vtep);
  table.neighbors[row] = NEIGHBORS[vtep.neighbors.value];
  table.ttl[row] =
    ttl.value === 'inherit' ? (dev === undefined ? TTL_DEFAULT : TTL_GROUP) : ttl.value;
  table.tos[row] = tos.value === 'inherit' ? 0 : tos.value & ~3;
  table.fragments[row] = FRAGMENTS[vtep.df.value];
  table.ageing_ns[row] = vtep.ageing_s.value * NANOSECONDS;
  table.stationsMax[row] = vtep.stationsMax.value;
  table.firstVni[row] = tunnels.vnis.findIndex((vni) => vni.vtep === row);
  table.vniCount[row] = vtep.vnis.length;
  writeOrigin(table, row, vtep.at);
}

const NEIGHBORS = {
  flood: VtepNeighbors.Flood,
  suppress: VtepNeighbors.Suppress,
  proxy: VtepNeighbors.Proxy,
} as const;

const FRAGMENTS = {
  unset: VtepFragments.Unset,
  set: VtepFragments.Set,
  inherit: VtepFragments.Inherit,
} as const;

function flagsOf(vtep: Vtep): number {
  return (
    (vtep.learning.value ? VtepFlag.Learns : 0) |
    (vtep.checksum.value === 'computed' ? VtepFlag.Checksum : 0) |
    (vtep.acceptZeroChecksum.value ? VtepFlag.ZeroAccepted : 0) |
    (vtep.innerTags.value ? VtepFlag.InnerTags : 0) |
    (vtep.reserved.value === 'linux' ? VtepFlag.ReservedEnds : 0) |
    (vtep.gbp.value ? VtepFlag.GroupPolicy : 0) |
    (vtep.ttl.value === 'inherit' ? VtepFlag.TtlInherits : 0) |
    (vtep.tos.value === 'inherit' ? VtepFlag.TosInherits : 0) |
    (vtep.ecn.value === 'zero' ? VtepFlag.EcnZero : 0)
  );
}

function writeVnis({ vnis }: Program, tunnels: CompiledTunnels): void {
  let firstRemote = 0;
  for (const [row, { vtep, vni, vlan, remotes, at }] of tunnels.vnis.entries()) {
    vnis.vtep[row] = vtep;
    vnis.vni[row] = vni;
    vnis.vlan[row] = vlan ?? 0;
    vnis.firstRemote[row] = firstRemote;
    vnis.remoteCount[row] = remotes.length;
    firstRemote += remotes.length;
    writeOrigin(vnis, row, at);
  }
}
