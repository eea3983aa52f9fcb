/** What hosts translate: the ports that sandboxes publish, then the rules of `x-nat`, each in the order of the topology. */
import { GatewayMode, NONE } from '../../dataplane/program/layout.js';
import { NatFlag, NatKind, NatProfile, NatSelection } from '../../dataplane/program/nat-layout.js';
import type { Program } from '../../dataplane/program/program.js';
import { blockAround, parseAddress, parseBlock } from '../address.js';
import type { Block } from '../address.js';
import type { Host, Lab } from '../model/lab.js';
import type { Nat, NatRule, PortRange, Selection } from '../model/nat.js';
import type { GatewayMode as ModeName, Network } from '../model/network.js';
import type { Position } from '../model/position.js';
import type { PublishedPort, Sandbox } from '../model/sandbox.js';
import { borrowedBy } from '../model/x-nat.js';
import { natRuleText, publishedText } from '../nat-text.js';
import { wordsOf, writeOrigin } from './columns.js';
import { linkNamed } from './links.js';
import { ifaceOf } from './routes.js';
import type { Numbered } from './routes.js';

/** A row of `natRules` and what the user calls it. */
export interface CompiledNatRule {
  /** `web: 8080/tcp of 0.0.0.0 → 172.18.0.2:80`. */
  readonly text: string;
  readonly at: Position;
  readonly host: number;
  readonly kind: NatKind;
  /** NatFlag bits. */
  readonly flags: number;
  readonly protocol: number;
  readonly network: number;
  readonly iface: number;
  readonly match: Block;
  readonly ports: PortRange;
  /** The first of them, and how many. */
  readonly to: bigint;
  readonly toCount: number;
  readonly toPorts: PortRange;
  readonly selection: NatSelection;
  readonly seed: number;
}

export const MODES: Readonly<Record<ModeName, GatewayMode>> = {
  nat: GatewayMode.Nat,
  'nat-unprotected': GatewayMode.NatUnprotected,
  routed: GatewayMode.Routed,
  isolated: GatewayMode.Isolated,
};

export const PROFILES: Readonly<Record<Nat['profile']['value'], NatProfile>> = {
  linux: NatProfile.Linux,
  rfc4787: NatProfile.Rfc4787,
};

const SELECTIONS: Readonly<Record<Selection, NatSelection>> = {
  hash: NatSelection.Hash,
  sequential: NatSelection.Sequential,
  random: NatSelection.Random,
  persistent: NatSelection.Persistent,
};

/** IANA numbers; ICMPv6 is a protocol of its own. */
const PROTOCOLS = { tcp: 6, udp: 17, icmp: 1 } as const;
const ICMPV6 = 58;
const ANY_PORT: PortRange = { first: 0, last: 0xffff };
const SAME_PORT: PortRange = { first: 0, last: 0 };
const ANY_IPV4: Block = { family: 4, first: 0n, last: 0xffff_ffffn, prefixLength: 0 };
const ANY_IPV6: Block = { family: 6, first: 0n, last: (1n << 128n) - 1n, prefixLength: 0 };

export function natRulesOf(lab: Lab, numbered: Numbered): CompiledNatRule[] {
  const published = lab.sandboxes.flatMap((sandbox) =>
    (sandbox.published ?? []).flatMap((port) => publishedRule(lab, numbered, sandbox, port)),
  );
  const declared = lab.hosts.flatMap((host, number) =>
    (host.nat?.rules ?? []).flatMap((rule) => declaredRule(host, number, numbered, rule)),
  );
  return [...published, ...declared];
}

function publishedRule(
  { hosts }: Lab,
  { networks }: Numbered,
  { name, host }: Sandbox,
  port: PublishedPort,
): CompiledNatRule[] {
  const network = networks.findIndex((it) => it.name === port.network && it.host === host);
  const target = parseAddress(port.containerAddress);
  const door = parseAddress(port.hostAddress);
  if (target === undefined || door === undefined) return [];
  const isAny = door.value === 0n;
  const isRouted = modeOf(networks[network], target.family) === 'routed';
  return [
    {
      text: publishedText(name, port),
      at: port.at,
      host: hosts.findIndex((it) => it.name === host),
      kind: NatKind.Published,
      flags: (isAny ? NatFlag.AnyLocal : 0) | (isRouted ? NatFlag.Routed : 0),
      protocol: PROTOCOLS[port.protocol],
      network,
      iface: NONE,
      match: isAny ? anyOf(target.family) : blockAround(door, door.family === 4 ? 32 : 128),
      ports: { first: port.hostPort, last: port.hostPort },
      to: target.value,
      toCount: 1,
      toPorts: { first: port.containerPort, last: port.containerPort },
      selection: NatSelection.Hash,
      seed: 0,
    },
  ];
}

function modeOf(network: Network | undefined, family: 4 | 6): ModeName | undefined {
  const { gatewayModeIpv4, gatewayModeIpv6 } = network?.bridge ?? {};
  return (family === 4 ? gatewayModeIpv4 : gatewayModeIpv6)?.value;
}

function anyOf(family: 4 | 6): Block {
  return family === 4 ? ANY_IPV4 : ANY_IPV6;
}

function declaredRule(
  host: Host,
  number: number,
  numbered: Numbered,
  rule: NatRule,
): CompiledNatRule[] {
  const { at, family, protocol, select, seed } = rule;
  const iface = (name: string | undefined): number =>
    name === undefined ? NONE : ifaceOf(numbered, linkNamed(numbered.links, host.name, name));
  const common = {
    text: natRuleText(rule),
    at,
    host: number,
    protocol: protocol === undefined ? 0 : protocolNumber(protocol.value, family),
    network: NONE,
    selection: SELECTIONS[select.value],
    seed: seed.value,
  };
  if (rule.kind === 'source') {
    const match = parseBlock(rule.from.value)?.block;
    if (match === undefined) return [];
    return [
      {
        ...common,
        kind: NatKind.Source,
        flags: rule.to === 'masquerade' ? NatFlag.Masquerade : 0,
        iface: iface(rule.out?.value),
        match,
        ports: rule.sourcePorts?.value ?? ANY_PORT,
        ...targetOf(host, rule),
        toPorts: rule.ports?.value ?? SAME_PORT,
      },
    ];
  }
  const address = parseAddress(rule.address.value);
  return [
    {
      ...common,
      kind: NatKind.Destination,
      flags: address === undefined ? NatFlag.AnyLocal : 0,
      iface: iface(rule.in?.value),
      match: address ? blockAround(address, family === 4 ? 32 : 128) : anyOf(family),
      ports: rule.port?.value ?? ANY_PORT,
      ...targetOf(host, rule),
      toPorts: rule.toPort?.value ?? SAME_PORT,
    },
  ];
}

function protocolNumber(name: keyof typeof PROTOCOLS, family: 4 | 6): number {
  return name === 'icmp' && family === 6 ? ICMPV6 : PROTOCOLS[name];
}

/** Masquerade goes to the first address of its interface, and to none where that has none. */
function targetOf(host: Host, rule: NatRule): Pick<CompiledNatRule, 'to' | 'toCount'> {
  const { to } = rule;
  if (to !== 'masquerade') {
    const { first, count } = to.value;
    return { to: parseAddress(first)?.value ?? 0n, toCount: count };
  }
  const out = rule.kind === 'source' ? rule.out?.value : undefined;
  const own = out === undefined ? undefined : borrowedBy(host, out, rule.family);
  const address = own === undefined ? undefined : parseAddress(own);
  return { to: address?.value ?? 0n, toCount: address === undefined ? 0 : 1 };
}

export function writeNatRules({ natRules }: Program, rules: readonly CompiledNatRule[]): void {
  for (const [row, rule] of rules.entries()) {
    const { match, ports, to, toPorts } = rule;
    const [a, b, c, d] = wordsOf(match.first);
    const [w, x, y, z] = wordsOf(to);
    natRules.host[row] = rule.host;
    natRules.kind[row] = rule.kind;
    natRules.flags[row] = rule.flags;
    natRules.family[row] = match.family;
    natRules.protocol[row] = rule.protocol;
    natRules.network[row] = rule.network;
    natRules.iface[row] = rule.iface;
    natRules.match0[row] = a;
    natRules.match1[row] = b;
    natRules.match2[row] = c;
    natRules.match3[row] = d;
    natRules.matchPrefix[row] = match.prefixLength + (match.family === 4 ? 96 : 0);
    natRules.portFirst[row] = ports.first;
    natRules.portLast[row] = ports.last;
    natRules.to0[row] = w;
    natRules.to1[row] = x;
    natRules.to2[row] = y;
    natRules.to3[row] = z;
    natRules.toCount[row] = rule.toCount;
    natRules.toPortFirst[row] = toPorts.first;
    natRules.toPortLast[row] = toPorts.last;
    natRules.selection[row] = rule.selection;
    natRules.seed[row] = rule.seed;
    writeOrigin(natRules, row, rule.at);
  }
}
