import { checkMac } from './hosts.js';
import type { Findings } from './mistake.js';
import type { NetworkDraft } from './networks.js';
import type { Value } from './position.js';
import type { PortShape } from './schema.js';
import { withoutFiltering } from './uplink.js';
import { VLAN_KEYS } from './vlan-port.js';
import { items, type Written } from './written.js';

/** Keys of `x-port` that say something to one kind of network only. The live keys go with all of them. */
export function refuseForeignKeys(
  port: Written<PortShape>,
  { driver, settings, vlanFiltering, malformed, written }: NetworkDraft,
  findings: Findings,
): void {
  if (malformed) return;
  const isBridge = driver.value === 'bridge';
  const refuse = (
    keys: readonly (keyof PortShape)[],
    answer: (key: string) => [string, string],
  ) => {
    for (const key of keys) {
      if (port.get(key) !== undefined) findings.refuse(port.keyAt(key), ...answer(key));
    }
  };
  const toDriver = (key: string) => `${key} means nothing to the ${driver.value} driver`;
  if (!isBridge) {
    refuse(['hairpin', 'isolated'], (key) => [toDriver(key), 'remove it, or use driver "bridge"']);
    const fix = 'name a VLAN of the parent instead: driver_opts: { parent: eth0.50 }';
    refuse(VLAN_KEYS, (key) => [toDriver(key), fix]);
  } else if (!vlanFiltering.value) {
    refuse(VLAN_KEYS, withoutFiltering);
  }
  const mode = settings.macvlan?.mode.value;
  const isModeRefused =
    (written?.get('driver_opts')?.get('macvlan_mode')?.value ?? '') !== '' &&
    settings.macvlan?.mode.at === undefined;
  if (mode === 'source' || isModeRefused) return;
  const place = mode === undefined ? `the ${driver.value} driver` : `macvlan in ${mode} mode`;
  refuse(['sources', 'nodst'], (key) => {
    return [`${key} means nothing to ${place}`, 'remove it, or use macvlan_mode "source"'];
  });
}

/** The MACs whose frames a child in source mode gets, each once. */
export function sourcesOf(
  port: Written<PortShape> | undefined,
  findings: Findings,
): readonly Value<string>[] {
  const sources = new Map<string, Value<string>>();
  for (const source of items(port?.get('sources'))) {
    const mac = checkMac(source, findings);
    if (mac !== undefined && !sources.has(mac)) sources.set(mac, { value: mac, at: source.at });
  }
  return [...sources.values()];
}
