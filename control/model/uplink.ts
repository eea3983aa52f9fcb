import {
  INTERFACE_NAME_MAX,
  isInterfaceName,
  plainInterfaceName,
  splitInterface,
  VID_MAX,
} from './interface.js';
import { declaredNics } from './hosts.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { Uplink } from './network.js';
import type { Value } from './position.js';
import type { BridgeShape, UplinkShape } from './schema.js';
import { readVlanPort, VLAN_KEYS } from './vlan-port.js';
import type { Written } from './written.js';

/** `x-bridge.vlan_filtering`. */
export function readVlanFiltering(bridge: Written<BridgeShape> | undefined): Value<boolean> {
  const written = bridge?.get('vlan_filtering');
  return written === undefined ? { value: false } : { value: written.value, at: written.at };
}

/** `x-bridge.uplink`: the interface of the host that is one more port of the bridge; undefined also after refusing it. */
export function readUplink(
  bridge: Written<BridgeShape> | undefined,
  home: Host,
  findings: Findings,
): Uplink | undefined {
  const written = bridge?.get('uplink');
  if (written === undefined) return undefined;
  const isText = typeof written.value === 'string';
  const settings = isText ? undefined : (written as Written<UplinkShape>);
  const nic = readInterface(settings?.get('nic') ?? (written as Written<string>), home, findings);
  const isFiltering = readVlanFiltering(bridge).value;
  if (settings !== undefined && !isFiltering) {
    for (const key of VLAN_KEYS.filter((candidate) => settings.get(candidate) !== undefined)) {
      findings.refuse(settings.keyAt(key), ...withoutFiltering(key));
    }
  }
  if (nic === undefined) return undefined;
  const vlan = isFiltering ? readVlanPort(settings, findings) : undefined;
  return { nic, at: written.at, ...(vlan && { vlan }) };
}

/** What to say of a VLAN key where nobody reads it, and the way out. */
export function withoutFiltering(key: string): [what: string, fix: string] {
  const what = `${key} means nothing to a bridge that takes tags for payload`;
  return [what, 'write "x-bridge: { vlan_filtering: true }" at the network, or remove it'];
}

function readInterface(
  { value, at }: Written<string>,
  home: Host,
  findings: Findings,
): Value<string> | undefined {
  const refusal = refusalOf(value, home);
  if (refusal === undefined) return { value: plainInterfaceName(value), at };
  findings.refuse(at, ...refusal);
  return undefined;
}

function refusalOf(name: string, home: Host): [what: string, fix: string] | undefined {
  const { nic, vid } = splitInterface(name);
  const nics = declaredNics(home)?.map((known) => known.name);
  if (nic === 'lo') return ['lo cannot be a port of a bridge', 'name a NIC of the host'];
  if (name.length > INTERFACE_NAME_MAX || !isInterfaceName(nic)) {
    const fix = `write eth0, or eth0.50, with at most ${INTERFACE_NAME_MAX} characters`;
    return [`"${name}" is not a name for an interface`, fix];
  }
  if (nics?.includes(nic) === false) {
    const what = `host ${home.name} has no NIC "${nic}"${didYouMean(nic, nics)}`;
    return [what, `name one of its NICs: ${nics.join(', ')}`];
  }
  if (nic !== name && (vid < 1 || vid > VID_MAX)) {
    return [`${vid} is not a VLAN`, `write a number from 1 to ${VID_MAX} after the dot`];
  }
  return undefined;
}
