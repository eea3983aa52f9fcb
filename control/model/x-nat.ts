import { addressText, parseAddress, parseBlock } from '../address.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import { CONNECTIONS_DEFAULT, CONNECTIONS_MAX, CONNECTIONS_MIN } from './nat.js';
import type { Nat, NatRule } from './nat.js';
import { NatRules } from './nat-rule.js';
import { readNatSettings } from './nat-settings.js';
import { didYouMean } from './nearest.js';
import type { Value } from './position.js';
import type { Surroundings } from './routes.js';
import type { NatShape, TopologyShape } from './schema.js';
import { entries, items, present, type Written } from './written.js';

/** `x-nat`: the same hosts with what each is told about translating. */
export function withNat(
  root: Written<TopologyShape>,
  hosts: readonly Host[],
  damaged: ReadonlySet<string>,
  surroundingsOf: (host: Host) => Surroundings,
  findings: Findings,
): readonly Host[] {
  const declared = entries(root.get('x-nat'));
  const names = hosts.map(({ name }) => name);
  for (const { key, keyAt } of declared) {
    if (names.includes(key)) continue;
    const what = `there is no host "${key}"${didYouMean(key, names)}`;
    findings.refuse(keyAt, what, `write one of ${names.join(', ')}, or declare it in x-hosts`);
  }
  return hosts.map((host) => {
    const entry = declared.find(({ key }) => key === host.name);
    if (entry === undefined) return host;
    const { interfaces, addresses } = surroundingsOf(host);
    const written = present(entry.written);
    const profile = valueOf(written?.get('profile'), 'linux' as const);
    const isWhole = !damaged.has(`x-nat.${host.name}`);
    const reader = new NatRules(interfaces, isWhole, profile.value, findings);
    const rules = items(written?.get('rules')).flatMap((rule) => reader.read(rule) ?? []);
    for (const rule of rules) noteUnfit(rule, host, addresses, findings);
    const nat: Nat = {
      at: entry.keyAt,
      profile,
      connectionsMax: readConnectionsMax(written, findings),
      ...readNatSettings(written, interfaces, isWhole, findings),
      rules,
    };
    return { ...host, nat };
  });
}

function valueOf<T>(written: Written<T> | undefined, usual: T): Value<T> {
  return written === undefined ? { value: usual } : { value: written.value, at: written.at };
}

function readConnectionsMax(nat: Written<NatShape> | undefined, findings: Findings): Value<number> {
  const written = nat?.get('connections_max');
  const read = valueOf(written, CONNECTIONS_DEFAULT);
  const { value } = read;
  if (Number.isInteger(value) && value >= CONNECTIONS_MIN && value <= CONNECTIONS_MAX) return read;
  if (written !== undefined) {
    const what = `a host cannot track ${value} connections`;
    findings.refuse(
      written.at,
      what,
      `write a number from ${CONNECTIONS_MIN} to ${CONNECTIONS_MAX}`,
    );
  }
  return { value: CONNECTIONS_DEFAULT };
}

/** Rules that may be meant so, but that wait for something that the topology does not show. */
function noteUnfit(rule: NatRule, host: Host, own: readonly string[], findings: Findings): void {
  const note = (sentence: string): void => {
    findings.note(`x-nat: ${host.name} ${sentence}`);
  };
  if (rule.kind === 'destination') {
    const { value } = rule.address;
    if (value === 'local' || own.includes(value)) return;
    note(`does not have ${value}: the world has to route it there`);
  } else if (rule.to === 'masquerade') {
    const { out, family } = rule;
    if (out === undefined || borrowedBy(host, out.value, family) !== undefined) return;
    note(`has no IPv${family} address on ${out.value}: what would leave there is dropped`);
  } else {
    const { first, last, count } = rule.to.value;
    const owned = own.filter((text) => isBetween(text, first, last));
    if (owned.length >= count) return;
    const text = count === 1 ? first : `all of ${first}-${last}`;
    note(`does not have ${text}: the world has to route ${count === 1 ? 'it' : 'them'} there`);
  }
}

function isBetween(text: string, first: string, last: string): boolean {
  const [address, low, high] = [text, first, last].map(parseAddress);
  if (address === undefined || low === undefined || high === undefined) return false;
  return address.family === low.family && low.value <= address.value && address.value <= high.value;
}

/** The address that masquerade gives to what leaves by an interface: its first one. VLANs have none of their own. */
export function borrowedBy({ nics }: Host, out: string, family: 4 | 6): string | undefined {
  const addresses = nics.find(({ name }) => name === out)?.addresses ?? [];
  const own = addresses.flatMap(({ value }) => parseBlock(value)?.address ?? []);
  const first = own.find((address) => address.family === family);
  return first && addressText(family, first.value);
}
