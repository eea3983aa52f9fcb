/** The interfaces of the hosts with what a packet's length depends on, by their numbers in the Program. */
import { parseAddress, parseBlock } from '../address.js';
import type { Address } from '../address.js';
import type { BridgeNetwork, Compiled } from '../compile/compile.js';
import type { Link } from '../compile/links.js';
import type { Position } from '../model/position.js';

/** A bridge, or a NIC or a VLAN of one. */
export interface Interface {
  /** `node-1.eth1`, or the name of a network. */
  readonly name: string;
  /** Number of its host. */
  readonly host: number;
  /** Bytes of the largest packet. */
  readonly mtu_bytes: number;
  /** Where the MTU stands, or what has it by default. */
  readonly at?: Position;
  /** Those that the host has on it. */
  readonly addresses: readonly Address[];
  /** What it shares with the interfaces that it reaches: a wire, VXLAN segments. */
  readonly segments: readonly string[];
  /** The network whose bridge it is. */
  readonly network?: BridgeNetwork;
}

/** Those of wires are left out: a wire is no interface of a host. */
export function interfacesOf(compiled: Compiled): ReadonlyMap<number, Interface> {
  const { networks, wires, links } = compiled;
  const firstLink = networks.length + wires.length;
  return new Map([
    ...networks.map((network, number) => [number, bridgeOf(compiled, network)] as const),
    ...links.map((link, number) => [firstLink + number, linkOf(compiled, link)] as const),
  ]);
}

function bridgeOf({ lab, links }: Compiled, network: BridgeNetwork): Interface {
  const { name, mtu, pools, vteps = [] } = network;
  const at = mtu.at ?? network.at;
  const uplink = links.find(({ bridge }) => bridge === network);
  const tunnels = vteps.flatMap(({ vnis, udpPort, family }) =>
    vnis.map(({ vni }) => `VXLAN ${family} ${udpPort.value} ${vni}`),
  );
  return {
    name,
    host: lab.hosts.findIndex((host) => host.name === network.host),
    mtu_bytes: mtu.value,
    ...(at && { at }),
    addresses: pools.flatMap(({ gateway }) => parseAddress(gateway?.value ?? '') ?? []),
    segments: [...wireOf(uplink), ...tunnels],
    network,
  };
}

function linkOf({ lab }: Compiled, link: Link): Interface {
  const { name, host, nic, vid, networks } = link;
  return {
    name,
    host: lab.hosts.findIndex((one) => one.name === host),
    mtu_bytes: nic?.mtu ?? Math.max(...networks.map(({ mtu }) => mtu.value)),
    ...(nic?.at && { at: nic.at }),
    addresses:
      vid === 0
        ? (nic?.addresses ?? []).flatMap(({ value }) => parseBlock(value)?.address ?? [])
        : [],
    segments: wireOf(link),
  };
}

function wireOf(link: Link | undefined): string[] {
  const wire = link?.nic?.wire?.value;
  return wire === undefined ? [] : [`wire ${wire} ${link?.vid ?? 0}`];
}
