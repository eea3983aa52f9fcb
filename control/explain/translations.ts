/**
 * Which rule of the topology has translated a packet. A connection remembers one row of `natRules`, that of its destination before that of its
 * source; what it does not remember is found as the data plane has found it (dataplane/forward/nat-rules.ts).
 */
import { NONE } from '../../dataplane/program/layout.js';
import { NatKind } from '../../dataplane/program/nat-layout.js';
import { contains, parseAddress, parseBlock } from '../address.js';
import type { Address } from '../address.js';
import type { BridgeNetwork, Compiled } from '../compile/compile.js';
import type { CompiledNatRule } from '../compile/nat.js';
import type { TranslationRule } from './hops.js';
import { at } from './views.js';

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

/** What translates: a row of `natRules`, or a network that masquerades. */
export type Translator =
  | { readonly by: 'rule' | 'mapping of a rule' | 'hairpin'; readonly row: number }
  | { readonly by: 'network' | 'mapping of a network'; readonly network: number }
  /** Nobody: only its port is another, so that its answers can be told from those of another connection. */
  | { readonly by: 'clash' };

/** What has translated the destination of a connection; `inside`: to which address. */
export function destinationTranslator(
  compiled: Compiled,
  { host, rule }: Opened,
  inside: string,
): Translator {
  const row = compiled.natRules[rule];
  if (row !== undefined)
    return { by: row.kind === NatKind.Source ? 'mapping of a rule' : 'rule', row: rule };
  const network = masquerading(compiled, host, NONE, inside);
  return network < 0 ? { by: 'clash' } : { by: 'mapping of a network', network };
}

/** What has translated its source. */
export function sourceTranslator(compiled: Compiled, opened: Opened): Translator {
  const { natRules } = compiled;
  const { host, cameIn, out, source, rule } = opened;
  const kind = natRules[rule]?.kind;
  if (kind === NatKind.Source) return { by: 'rule', row: rule };
  if (kind === NatKind.Published && cameIn === out) return { by: 'hairpin', row: rule };
  const row = natRules.findIndex((one) => isAbout(one, opened));
  if (row >= 0) return { by: 'rule', row };
  const network = masquerading(compiled, host, out, source.address);
  return network < 0 ? { by: 'clash' } : { by: 'network', network };
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

/** The number of the network for which a host masquerades an address that leaves it by an interface, or -1. */
function masquerading(
  { lab, networks }: Compiled,
  host: number,
  out: number,
  inside: string,
): number {
  const address = parseAddress(inside);
  return networks.findIndex(
    (one, iface) =>
      iface !== out &&
      one.host === lab.hosts[host]?.name &&
      address !== undefined &&
      masquerades(one, address.family) &&
      hasAddress(one, address),
  );
}

/** Does its host masquerade what leaves a network? */
export function masquerades({ bridge }: BridgeNetwork, family: 4 | 6): boolean {
  const { value: mode } = family === 4 ? bridge.gatewayModeIpv4 : bridge.gatewayModeIpv6;
  return bridge.masquerade.value && (mode === 'nat' || mode === 'nat-unprotected');
}

function hasAddress({ pools }: BridgeNetwork, address: Address): boolean {
  return pools.some(({ subnet }) => {
    const block = parseBlock(subnet.value)?.block;
    return block !== undefined && contains(block, address);
  });
}

/** The rule behind a translation of an address of this family, in words. */
export function ruleOfTranslator(
  { natRules, networks }: Compiled,
  translator: Translator,
  family: 4 | 6,
): TranslationRule {
  if (translator.by === 'clash')
    return { rule: 'its answers have to be told from those of another connection' };
  if ('network' in translator) {
    const masquerade = masqueradeOf(at(networks, translator.network), family);
    return translator.by === 'network' ? masquerade : mapped(masquerade);
  }
  const row = at(natRules, translator.row);
  if (translator.by === 'hairpin')
    return {
      rule: 'answers within the network of a published port go by way of the host',
      at: row.at,
      key: 'ports',
    };
  return translator.by === 'rule' ? natRule(row) : mapped(natRule(row));
}

/** In the profile rfc4787 whoever speaks to a mapped source reaches it. */
function mapped(made: TranslationRule): TranslationRule {
  return { ...made, rule: `a mapping that was made by ${made.rule}` };
}

/** A row of `natRules` in the words of a sentence. */
function natRule({ kind, text, at }: CompiledNatRule): TranslationRule {
  if (kind !== NatKind.Published) return { rule: text, at, key: 'x-nat' };
  return { rule: `the published port of ${text.slice(0, text.indexOf(':'))}`, at, key: 'ports' };
}

/** `the masquerade of network lan`: of what was written about it the line that says so, else that of the network, else none. */
export function masqueradeOf({ name, at, bridge }: BridgeNetwork, family: 4 | 6): TranslationRule {
  const mode = family === 4 ? bridge.gatewayModeIpv4 : bridge.gatewayModeIpv6;
  const rule = `the masquerade of network ${name}`;
  if (bridge.masquerade.at) return { rule, at: bridge.masquerade.at, key: 'enable_ip_masquerade' };
  if (mode.at) return { rule, at: mode.at, key: `gateway_mode_ipv${family}` };
  return { rule, ...(at && { at }) };
}
