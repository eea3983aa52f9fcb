/**
 * A host on which Docker runs, with bridges of all gateway modes, each twice, once with `enable_icc: "false"`; on each a container, of which TCP port 80
 * is published. And a host without Docker.
 */
import { firewallOn } from '../../dataplane/forward/firewall.js';
import type { Firewall } from '../../dataplane/forward/firewall.js';
import { Interfaces } from '../../dataplane/forward/interfaces.js';
import { Packet } from '../../dataplane/forward/packet.js';
import { Plane } from '../../dataplane/forward/plane.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { GatewayMode, HostFlag, NetworkFlag } from '../../dataplane/program/layout.js';
import { NatFlag, NatKind } from '../../dataplane/program/nat-layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';

export const modes = {
  nat: [GatewayMode.Nat, 0],
  'nat-unprotected': [GatewayMode.NatUnprotected, 0],
  routed: [GatewayMode.Routed, 0],
  internal: [GatewayMode.Nat, NetworkFlag.Internal],
  isolated: [GatewayMode.Isolated, NetworkFlag.Internal],
} as const;
export type Mode = keyof typeof modes;

export interface Bridge {
  readonly mode: Mode;
  readonly icc: boolean;
  readonly iface: number;
}

/** By interface. */
export const bridges: readonly Bridge[] = (Object.keys(modes) as Mode[])
  .flatMap((mode) => [true, false].map((icc) => ({ mode, icc })))
  .map((bridge, iface) => ({ ...bridge, iface }));

export const FAMILIES = [4, 6] as const;
export type Family = (typeof FAMILIES)[number];

/** Behind the bridges: two NICs of the host with Docker, and two of one without. */
export const ETH0 = bridges.length;
export const ETH1 = ETH0 + 1;
export const PLAIN0 = ETH0 + 2;
export const PLAIN1 = ETH0 + 3;

export const PORT = 80;
const CLOSED_PORT = 81;
export const CONTAINER = 2;
export const SIBLING = 3;

/** 10.network.0.0/24 and fd00:network::/64. */
export function addressOn(family: Family, network: number, last: number): readonly number[] {
  return family === 4
    ? [0, 0, 0, (10 << 24) | (network << 16) | last]
    : [0xfd00_0000 | network, 0, 0, last];
}

export const outside = (family: Family): readonly number[] =>
  family === 4 ? [0, 0, 0, 0xcb00_7109] : [0x2001_0db8, 0, 0, 9];

/** The row that publishes port 80 of the container on a bridge. */
export function publishes(family: Family, network: number): number {
  return FAMILIES.length * network + FAMILIES.indexOf(family);
}

function write(columns: readonly Uint32Array[], row: number, words: readonly number[]): void {
  for (const [i, column] of columns.entries()) column[row] = words[i] ?? 0;
}

export function programOf(): Program {
  const rows = FAMILIES.length * bridges.length;
  const program = allocateProgram(
    { hosts: 2, networks: bridges.length, links: 4, subnets: rows, natRules: rows },
    1,
  );
  const { hosts, networks, links, subnets, natRules } = program;
  hosts.flags.set([HostFlag.Forwards | HostFlag.Docker, HostFlag.Forwards]);
  links.host.set([0, 0, 1, 1]);
  networks.stationsMax.fill(1);
  natRules.kind.fill(NatKind.Published);
  natRules.protocol.fill(Protocol.Tcp);
  natRules.toCount.fill(1);
  natRules.toPortFirst.fill(PORT);
  natRules.toPortLast.fill(PORT);
  for (const { mode, icc, iface } of bridges) {
    const [gateway, flags] = modes[mode];
    networks.gatewayModeIpv4[iface] = gateway;
    networks.gatewayModeIpv6[iface] = gateway;
    networks.flags[iface] = flags | (icc ? 0 : NetworkFlag.InterContainerDisabled);
    for (const family of FAMILIES) {
      const row = publishes(family, iface);
      subnets.network[row] = iface;
      subnets.family[row] = family;
      subnets.prefix[row] = family === 4 ? 120 : 64;
      const { word0, word1, word2, word3 } = subnets;
      write([word0, word1, word2, word3], row, addressOn(family, iface, 0));
      natRules.network[row] = iface;
      natRules.family[row] = family;
      natRules.flags[row] = NatFlag.AnyLocal | (mode === 'routed' ? NatFlag.Routed : 0);
      natRules.portFirst[row] = 8000 + iface;
      natRules.portLast[row] = 8000 + iface;
      const { to0, to1, to2, to3 } = natRules;
      write([to0, to1, to2, to3], row, addressOn(family, iface, CONTAINER));
    }
  }
  return program;
}

export interface Told {
  readonly family: Family;
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly protocol: Protocol;
  readonly port: number;
}

export function packetOf({ family, source, destination, protocol, port }: Told): Packet {
  const packet = new Packet();
  packet.family = family;
  packet.source.set(source);
  packet.destination.set(destination);
  packet.protocol = family === 6 && protocol === Protocol.Icmp ? Protocol.Icmpv6 : protocol;
  packet.transport = 0;
  packet.ports = (50_000 << 16) | port;
  return packet;
}

/** How a packet comes to be for the container. */
export const ways = {
  /** It is addressed to a port of the container that is not published, ... */
  closed: { protocol: Protocol.Tcp, port: CLOSED_PORT, isDirect: true, isPublished: false },
  /** ... to one that is, ... */
  open: { protocol: Protocol.Tcp, port: PORT, isDirect: true, isPublished: false },
  /** ... or a ping. */
  icmp: { protocol: Protocol.Icmp, port: 0, isDirect: true, isPublished: false },
  /** It was addressed to a published port of the host, ... */
  published: { protocol: Protocol.Tcp, port: PORT, isDirect: false, isPublished: true },
  /** ... or translated otherwise: by a rule of one's own, or back to a container that had been masqueraded. */
  translated: { protocol: Protocol.Tcp, port: CLOSED_PORT, isDirect: false, isPublished: false },
} as const;
export type Way = keyof typeof ways;
export const wayNames = Object.keys(ways) as Way[];

/** What a program lets its hosts forward. */
export function judge(program: Program): Firewall {
  return firewallOn(new Plane(program), new Interfaces(program));
}

/** What the tables call a Reason. */
const verdicts = {
  ok: Reason.Ok,
  isolated: Reason.BridgeIsolated,
  internal: Reason.InternalNetwork,
  unpublished: Reason.PortNotPublished,
  direct: Reason.DirectRoutingDenied,
  policy: Reason.ForwardingDenied,
  icc: Reason.InterContainerDisabled,
} as const;

export const wordOf = (reason: Reason): string =>
  Object.entries(verdicts).find(([, verdict]) => verdict === reason)?.[0] ??
  reasonText(reason).name;
