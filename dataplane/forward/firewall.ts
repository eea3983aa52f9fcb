/**
 * What a host on which Docker runs forwards: the decisions of its iptables rules, not the rules. docs/docker-forwarding.md has them in words.
 *
 * Followed: moby 29, daemon/libnetwork/drivers/bridge/internal/iptabler, and what it says there of its own rules
 * (integration/network/bridge/iptablesdoc/generated: new-daemon.md, usernet-portmap.md and its variants, usernet-internal.md). In Docker's order:
 * raw PREROUTING, which knows no connections and no translation yet; of the FORWARD chain DOCKER-CT, which lets answers in; DOCKER-INTERNAL;
 * DOCKER, which lets in what is published; what a bridge sends; the policy, which is to drop.
 *
 * Complication 1: from bridge to bridge. Up to moby 28 the chains DOCKER-ISOLATION-STAGE-1 and -2 stood before DOCKER and dropped what went from
 *   one bridge to another that is not routed. A port published on an address of the host was reached all the same, because the packet was not
 *   translated (nat DOCKER: -i BRIDGE -j RETURN) and docker-proxy took it; with the proxy off it was dropped. moby 29 has no such chains: it
 *   translates and forwards the packet, and another bridge may do what the outside may. This is followed; who can reach whom is the same as in
 *   28 with its proxy, but for networks in nat-unprotected mode, which 28 closed to other bridges.
 * Complication 2: a rule about the same bridge on both sides sees also what is switched there (br_netfilter); that is decided in bridge.ts.
 * Complication 3: the profile rfc4787, which Docker does not know. Whoever speaks to a mapped source is let in as to a published port.
 * Complication 4: what a host itself sends is not forwarded, and what children of macvlan and ipvlan send and get passes these rules by.
 */
import { Reason } from '../observe/reason.js';
import { GatewayMode, HostFlag, NetworkFlag, NONE } from '../program/layout.js';
import { NatKind } from '../program/nat-layout.js';
import type { Program } from '../program/program.js';
import { Exact } from '../state/exact.js';
import { fixed } from '../state/fixed.js';
import { Protocol } from '../wire/ipv4.js';
import { ConnectionState } from './connection.js';
import type { Interfaces } from './interfaces.js';
import { NO_TRANSPORT } from './packet.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';

/**
 * Says why a host does not forward a packet from one of its interfaces to another; Ok when it does.
 *
 * The packet is as it is after its destination was translated, if it was: by `published`, a row of `natRules`, which is -1 when it was by none. A packet
 * `isDirect` whose destination is still the one that it came with, neither translated nor translated back.
 */
export type Firewall = (
  inIface: number,
  outIface: number,
  packet: Packet,
  state: ConnectionState,
  published: number,
  isDirect: boolean,
) => Reason;

/**
 * Does whatever belongs to an established connection go from one interface to another, wherever it comes from and goes to? `published` and
 * `isDirect` as above. Where the answer is no, `Firewall` knows more.
 */
export type Sure = (
  inIface: number,
  outIface: number,
  published: number,
  isDirect: boolean,
) => boolean;

/** What an interface is to Docker's rules for one family. Those from Nat on are bridges that exchange packets with others. */
const enum Side {
  /** Docker does not run on its host. */
  Free,
  /** No bridge of Docker's: a NIC, a VLAN, or a bridge that has no subnet of this family. */
  Outside,
  /** The bridge of an internal network, which also an isolated one is. */
  Internal,
  Nat,
  NatUnprotected,
  Routed,
}

/** Makes the function that says for IPv4 what the firewall says of every packet of an established connection. */
export function sureOn({ program }: Plane, interfaces: Interfaces): Sure {
  const sides = sidesOf(program, interfaces);
  const onLoopback = loopbackRules(program);
  return (inIface, outIface, published, isDirect) => {
    const from: Side = sides[sideAt(inIface, 4)];
    if (from === Side.Free) return true;
    if (published >= 0 && onLoopback[published] === 1) return false;
    const to: Side = sides[sideAt(outIface, 4)];
    if (inIface === outIface || from === Side.Internal || to === Side.Internal) return false;
    if (to === Side.Nat) return !isDirect;
    return to > Side.Nat || from >= Side.Nat;
  };
}

export function firewallOn({ program }: Plane, interfaces: Interfaces): Firewall {
  const { flags } = program.networks;
  const { network: networkOf } = program.natRules;
  const sides = sidesOf(program, interfaces);
  const isIn = subnetsOf(program);
  const isOpen = openPortsOf(program);
  const onLoopback = loopbackRules(program);

  /** Between two containers on one bridge. What is published is no exception: its rules say ! -i BRIDGE (usernet-portmap-noicc.md). */
  function within(iface: number, side: Side, packet: Packet, state: ConnectionState): Reason {
    if (side === Side.Outside) return Reason.ForwardingDenied;
    if (side >= Side.Nat) {
      if (isAnswer(state) || (side === Side.Routed && isIcmp(packet))) return Reason.Ok;
    } else if (packet.family === 4) {
      // For IPv6 Docker lets siblings use any address, since theirs may be link-local.
      if (!isIn(iface, packet.family, packet.source)) return Reason.InternalNetwork;
      if (!isIn(iface, packet.family, packet.destination)) return Reason.InternalNetwork;
    }
    return (flags[iface] & NetworkFlag.InterContainerDisabled) === 0
      ? Reason.Ok
      : Reason.InterContainerDisabled;
  }

  /** Into a bridge that is not internal, from anywhere else. */
  function into(
    out: number,
    from: Side,
    to: Side,
    packet: Packet,
    state: ConnectionState,
    published: number,
  ): Reason {
    if (to === Side.NatUnprotected || state === ConnectionState.Expected) return Reason.Ok;
    if (published >= 0 && networkOf[published] === out) return Reason.Ok;
    if (isOpen(out, packet) || (to === Side.Routed && isIcmp(packet))) return Reason.Ok;
    return from === Side.Outside ? Reason.PortNotPublished : Reason.BridgeIsolated;
  }

  return (inIface, outIface, packet, state, published, isDirect) => {
    const { family } = packet;
    const from: Side = sides[sideAt(inIface, family)];
    if (from === Side.Free) return Reason.Ok;
    if (published >= 0 && onLoopback[published] === 1) return Reason.PortNotPublished;
    if (inIface === outIface) return within(inIface, from, packet, state);
    const to: Side = sides[sideAt(outIface, family)];
    // Docker has this rule for each container, but nobody else has such an address. Answers are not excepted: they are translated back, unless
    // the network does without masquerade.
    if (to === Side.Nat && isDirect && isIn(outIface, family, packet.destination))
      return from === Side.Outside ? Reason.DirectRoutingDenied : Reason.BridgeIsolated;
    if (to >= Side.Nat && isAnswer(state)) return Reason.Ok;
    if (from === Side.Internal && !isIn(inIface, family, packet.destination))
      return Reason.InternalNetwork;
    if (to === Side.Internal && !isIn(outIface, family, packet.source))
      return Reason.InternalNetwork;
    if (to >= Side.Nat) return into(outIface, from, to, packet, state, published);
    return from >= Side.Nat ? Reason.Ok : Reason.ForwardingDenied;
  };
}

function isAnswer(state: ConnectionState): boolean {
  return state === ConnectionState.Established || state === ConnectionState.Related;
}

/** All types of it (usernet-portmap-routed.md); each family has its own. */
function isIcmp({ family, protocol }: Packet): boolean {
  const icmp: number = family === 4 ? Protocol.Icmp : Protocol.Icmpv6;
  return protocol === icmp;
}

/** Where what concerns an interface and a family stands. */
function sideAt(iface: number, family: number): number {
  return 2 * iface + (family === 4 ? 0 : 1);
}

/** By interface and family. */
function sidesOf({ hosts, networks, subnets }: Program, interfaces: Interfaces): Uint8Array {
  const sides = fixed(new Uint8Array(2 * interfaces.count).fill(Side.Free));
  const runsDocker = (iface: number): boolean => {
    const host = interfaces.host[iface];
    return host !== NONE && (hosts.flags[host] & HostFlag.Docker) !== 0;
  };
  for (let iface = 0; iface < interfaces.count; iface++)
    if (runsDocker(iface)) sides.fill(Side.Outside, 2 * iface, 2 * iface + 2);
  for (let row = 0; row < subnets.rows; row++) {
    const network = subnets.network[row];
    const family = subnets.family[row];
    const modes = family === 4 ? networks.gatewayModeIpv4 : networks.gatewayModeIpv6;
    if (runsDocker(network))
      sides[sideAt(network, family)] = sideOf(networks.flags[network], modes[network]);
  }
  return sides;
}

function sideOf(flags: number, mode: GatewayMode): Side {
  if ((flags & NetworkFlag.Internal) !== 0) return Side.Internal;
  switch (mode) {
    case GatewayMode.Nat:
      return Side.Nat;
    case GatewayMode.NatUnprotected:
      return Side.NatUnprotected;
    case GatewayMode.Routed:
      return Side.Routed;
    case GatewayMode.Isolated:
      return Side.Internal;
  }
}

/** Makes the function that says whether an address is in the subnet of a bridge, which has at most one of each family. */
function subnetsOf({
  networks,
  subnets,
}: Program): (network: number, family: number, words: Int32Array) => boolean {
  const starts = new Int32Array(8 * networks.rows);
  const masks = new Int32Array(8 * networks.rows);
  for (let row = 0; row < subnets.rows; row++) {
    const at = 4 * sideAt(subnets.network[row], subnets.family[row]);
    const { word0, word1, word2, word3, prefix } = subnets;
    for (const [i, words] of [word0, word1, word2, word3].entries()) {
      const bits = Math.min(Math.max(prefix[row] - 32 * i, 0), 32);
      masks[at + i] = bits === 0 ? 0 : -1 << (32 - bits);
      starts[at + i] = words[row] & masks[at + i];
    }
  }
  return (network, family, words) => {
    const at = 4 * sideAt(network, family);
    return (
      (words[3] & masks[at + 3]) === starts[at + 3] &&
      (words[2] & masks[at + 2]) === starts[at + 2] &&
      (words[1] & masks[at + 1]) === starts[at + 1] &&
      (words[0] & masks[at]) === starts[at]
    );
  };
}

/**
 * Makes the function that says whether a packet is for a published port of a container on a bridge, at the container's own address: that is open to
 * whoever gets as far, however his packet was translated.
 */
function openPortsOf({
  networks,
  natRules,
}: Program): (network: number, packet: Packet) => boolean {
  const { network, kind, protocol, to0, to1, to2, to3 } = natRules;
  const counts = new Uint32Array(networks.rows);
  for (let row = 0; row < natRules.rows; row++)
    if (isPublished(kind[row])) counts[network[row]] += containerPorts(natRules, row).count;
  const open = Array.from(counts, (count) => new Exact(count));
  for (let row = 0; row < natRules.rows; row++) {
    if (!isPublished(kind[row])) continue;
    const { first, count } = containerPorts(natRules, row);
    for (let port = first; port < first + count; port++)
      open[network[row]].put(
        portKey(protocol[row], port),
        to0[row],
        to1[row],
        to2[row],
        to3[row],
        row,
      );
  }
  return (out, { destination, protocol: carried, ports, transport }) =>
    transport !== NO_TRANSPORT &&
    open[out].find(
      portKey(carried, ports & 0xffff),
      destination[0],
      destination[1],
      destination[2],
      destination[3],
    ) >= 0;
}

function isPublished(kind: NatKind): boolean {
  return kind === NatKind.Published;
}

function portKey(protocol: number, port: number): number {
  return (protocol << 16) | port;
}

/** The ports of the container that a row publishes: those it names, or else those of the host. */
function containerPorts(
  { portFirst, portLast, toPortFirst, toPortLast }: Program['natRules'],
  row: number,
): { readonly first: number; readonly count: number } {
  return toPortLast[row] === 0
    ? { first: portFirst[row], count: portLast[row] - portFirst[row] + 1 }
    : { first: toPortFirst[row], count: toPortLast[row] - toPortFirst[row] + 1 };
}

/**
 * By row of `natRules`: 1 when it publishes on 127.0.0.0/8, where nothing may come from another interface than lo. ::1 needs no such
 * rule, since no packet with that destination is accepted from a wire (iptabler/port.go, filterPortMappedOnLoopback).
 */
function loopbackRules({ natRules }: Program): Uint8Array {
  const { kind, family, match3 } = natRules;
  return Uint8Array.from(match3, (address, row) =>
    isPublished(kind[row]) && family[row] === 4 && address >>> 24 === 127 ? 1 : 0,
  );
}
