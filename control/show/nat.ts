/** The rules by which hosts translate, and how much they have to do, as data for `show nat`. */
import type { Plane } from '../../dataplane/forward/plane.js';
import type { Tracking } from '../../dataplane/forward/tracking.js';
import { NatFlag, NatKind } from '../../dataplane/program/nat-layout.js';
import { Direction } from '../../dataplane/state/connections.js';
import { isIpv6In, protocolIn } from '../../dataplane/state/tuple.js';
import type { Compiled } from '../compile/compile.js';
import { protocolText } from '../explain/conntrack-words.js';
import type { PlaceView, TranslationRule } from '../explain/hops.js';
import { masqueradeOf, masquerades, ruleOfTranslator } from '../explain/translations.js';
import type { Translator } from '../explain/translations.js';
import { HostConnections, mappedPlace } from './connections.js';

export interface NatRuleShown extends TranslationRule {
  readonly kind: 'published' | 'opened' | 'destination' | 'source' | 'masquerade';
  /** How many connections of now it translates. */
  readonly connections: number;
}

/** In the profile rfc4787: which place outside a place inside has, whoever it speaks to. */
export interface MappingShown {
  readonly protocol: string;
  readonly inside: PlaceView;
  readonly outside: PlaceView;
  readonly timeout_s: number;
  readonly rule: TranslationRule;
}

export interface HostNat {
  readonly host: string;
  readonly profile: 'linux' | 'rfc4787';
  readonly rules: readonly NatRuleShown[];
  /** Of the profile rfc4787 only. */
  readonly mappings?: readonly MappingShown[];
}

/** All hosts that can translate: published ports and rules of `x-nat` first, in the order in which they count, then what is masqueraded. */
export function natOf(compiled: Compiled, plane: Plane, tick: number): HostNat[] {
  return compiled.lab.hosts.flatMap(({ name, nat }, host) => {
    const tracking = plane.trackings[host];
    if (tracking === undefined) return [];
    const connections = new HostConnections(compiled, host, tracking, tick);
    const used = [...connections.numbers()].flatMap((one) => {
      const { destination, source } = connections.translators(one);
      return [destination, source].filter((translator) => translator !== undefined);
    });
    const mappings = mappingsOf(compiled, tracking, connections, tick);
    return [
      {
        host: name,
        profile: nat?.profile.value ?? 'linux',
        rules: [...declaredOf(compiled, host, used), ...masqueradesOf(compiled, name, used)],
        ...(mappings && { mappings }),
      },
    ];
  });
}

const KINDS = {
  [NatKind.Published]: 'published',
  [NatKind.Destination]: 'destination',
  [NatKind.Source]: 'source',
} as const;

function declaredOf(
  { natRules }: Compiled,
  host: number,
  used: readonly Translator[],
): NatRuleShown[] {
  return natRules.flatMap(({ text, at, kind, flags, host: owner }, row) => {
    if (owner !== host) return [];
    const isOpened = (flags & NatFlag.Routed) !== 0;
    const connections = used.filter(
      (one) => 'row' in one && one.by !== 'hairpin' && one.row === row,
    ).length;
    const key = kind === NatKind.Published ? 'ports' : 'x-nat';
    return [{ kind: isOpened ? 'opened' : KINDS[kind], rule: text, at, key, connections }];
  });
}

function masqueradesOf(
  { networks }: Compiled,
  host: string,
  used: readonly Translator[],
): NatRuleShown[] {
  return networks.flatMap((network, number) => {
    const family = ([4, 6] as const).find(
      (one) =>
        masquerades(network, one) &&
        network.pools.some(({ subnet }) => subnet.value.includes(':') === (one === 6)),
    );
    if (network.host !== host || network.internal.value || family === undefined) return [];
    const connections = used.filter((one) => 'network' in one && one.network === number).length;
    return [{ kind: 'masquerade' as const, ...masqueradeOf(network, family), connections }];
  });
}

function mappingsOf(
  compiled: Compiled,
  { mappings: table }: Tracking,
  connections: HostConnections,
  tick: number,
): MappingShown[] | undefined {
  if (table === undefined) return undefined;
  return [...connections.numbers(table)].map((mapping) => {
    const key = table.keyOf(mapping);
    const [inside, outside] = [Direction.Original, Direction.Reply].map((direction) =>
      connections.tupleOf(mapping, direction, table),
    );
    if (inside === undefined || outside === undefined) throw new RangeError('no such mapping');
    const row = table.ruleOf(mapping);
    return {
      protocol: protocolIn(key) === 0 ? 'tcp+udp' : protocolText(protocolIn(key)),
      inside: mappedPlace(table, mapping, inside),
      outside: mappedPlace(table, mapping, outside),
      timeout_s: (table.expiryOf(mapping) - tick) / 1e9,
      rule: ruleOfTranslator(
        compiled,
        connections.mappedBy(row, inside.source),
        isIpv6In(key) ? 6 : 4,
      ),
    };
  });
}
