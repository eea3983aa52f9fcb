/**
 * Which rule of the topology has translated a packet. A connection remembers one row of `natRules`, that of its destination before that of its
 * source; what it does not remember is found as the data plane has found it (dataplane/forward/nat-rules.ts).
 */
import { NatKind, NONE } from '../../dataplane/program/layout.js';
import { contains, parseAddress, parseBlock } from '../address.js';
import type { Address } from '../address.js';
import type { BridgeNetwork, Compiled } from '../compile/compile.js';
import type { CompiledNatRule } from '../compile/nat.js';
import type { TranslationRule } from './hops.js';

/** A connection as its opener sees it. */
export interface Opened {
  readonly host: number;
  readonly protocol: number;
  /** The source before it was translated. */
  readonly source: { readonly address: string; readonly port: number };
  /** By which interface the packets of the opener come in, and leave. */
  readonly cameIn: number;
  readonly out: number;
  /** The row of `natRules` that it remembers, or -1. */
  readonly rule: number;
}

/** The rule by which the destination of a connection was translated. */
export function destinationRule(compiled: Compiled, { host, rule }: Opened, inside: string) {
  const row = compiled.natRules[rule];
  if (row === undefined) return mapped(masqueradeRule(compiled, host, NONE, inside));
  return row.kind === NatKind.Source ? mapped(natRule(row)) : natRule(row);
}

/** In the profile rfc4787 whoever speaks to a mapped source reaches it. */
function mapped(made: TranslationRule | undefined): TranslationRule {
  return made === undefined
    ? { rule: 'a mapping' }
    : { ...made, rule: `a mapping that was made by ${made.rule}` };
}

/** The rule by which its source was translated. */
export function sourceRule(compiled: Compiled, opened: Opened): TranslationRule {
  const { natRules } = compiled;
  const { host, cameIn, out, source, rule } = opened;
  const row = natRules[rule];
  if (row?.kind === NatKind.Source) return natRule(row);
  if (row?.kind === NatKind.Published && cameIn === out)
    return {
      rule: 'who asks for a published port from its own network gets the answers by way of the host',
      at: row.at,
      key: 'ports',
    };
  const declared = natRules.find((one) => isAbout(one, opened));
  if (declared !== undefined) return natRule(declared);
  return (
    masqueradeRule(compiled, host, out, source.address) ?? {
      rule: 'its answers have to be told from those of another connection',
    }
  );
}

function isAbout(rule: CompiledNatRule, { host, protocol, out, source }: Opened): boolean {
  const address = parseAddress(source.address);
  return (
    rule.kind === NatKind.Source &&
    rule.host === host &&
    (rule.protocol === 0 || rule.protocol === protocol) &&
    (rule.iface === NONE || rule.iface === out) &&
    rule.ports.first <= source.port &&
    source.port <= rule.ports.last &&
    address !== undefined &&
    contains(rule.match, address)
  );
}

/** A row of `natRules` in the words of a sentence. */
export function natRule({ kind, text, at }: CompiledNatRule): TranslationRule {
  if (kind !== NatKind.Published) return { rule: text, at, key: 'x-nat' };
  return { rule: `the published port of ${text.slice(0, text.indexOf(':'))}`, at, key: 'ports' };
}

/** What lets a host masquerade an address that leaves it by an interface; undefined where it does not. */
function masqueradeRule(
  { lab, networks }: Compiled,
  host: number,
  out: number,
  inside: string,
): TranslationRule | undefined {
  const address = parseAddress(inside);
  const network = networks.find(
    (one, iface) =>
      iface !== out &&
      one.host === lab.hosts[host]?.name &&
      address !== undefined &&
      masquerades(one, address),
  );
  return network && masqueradeOf(network, address?.family ?? 4);
}

function masquerades({ bridge, pools }: BridgeNetwork, address: Address): boolean {
  const { value: mode } = address.family === 4 ? bridge.gatewayModeIpv4 : bridge.gatewayModeIpv6;
  const isIn = pools.some(({ subnet }) => {
    const block = parseBlock(subnet.value)?.block;
    return block !== undefined && contains(block, address);
  });
  return isIn && bridge.masquerade.value && (mode === 'nat' || mode === 'nat-unprotected');
}

/** `the masquerade of network lan`: of what was written about it the line that says so, else that of the network, else none. */
export function masqueradeOf({ name, at, bridge }: BridgeNetwork, family: 4 | 6): TranslationRule {
  const mode = family === 4 ? bridge.gatewayModeIpv4 : bridge.gatewayModeIpv6;
  const rule = `the masquerade of network ${name}`;
  if (bridge.masquerade.at) return { rule, at: bridge.masquerade.at, key: 'enable_ip_masquerade' };
  if (mode.at) return { rule, at: mode.at, key: `gateway_mode_ipv${family}` };
  return { rule, ...(at && { at }) };
}
