/** What could be changed about the VLANs of two ports of a bridge that keeps VLANs apart. */
import type { Endpoint, VlanPort } from '../model/endpoint.js';
import type { Network, Uplink } from '../model/network.js';
import { settingEdit } from './edits.js';
import type { Edit } from './edits.js';
import { portPaths } from './party.js';
import type { Party } from './party.js';

/** The VLAN of one as that of the other; the VLAN of the other on a trunk; and one VLAN for all. */
export function vlanEdits(from: Party, to: Party): Edit[] {
  return [
    ...[from, to].flatMap((one) => tagEdits(one, one === from ? to : from)),
    ...[from, to].flatMap((one) => uplinkEdits(one, [from, to])),
    ...[from, to].flatMap(({ network }) => filteringEdits(network)),
  ];
}

/** The VLAN in which a party is without a tag of its own; 0 for none. */
function vlanOf({ endpoint, link }: Party): number {
  return endpoint?.vlan?.tag.value ?? link?.vid ?? 0;
}

function tagEdits({ endpoint }: Party, other: Party): Edit[] {
  const vlan = endpoint?.vlan;
  const wanted = vlanOf(other);
  if (endpoint === undefined || vlan === undefined || wanted === 0) return [];
  return [
    ...settingEdit('tag', wanted, vlan.tag, endpoint.at, portPaths(endpoint, 'tag')),
    ...accessEdits(endpoint, vlan),
    ...trunkEdits(vlan.trunks, wanted, portPaths(endpoint, 'trunks')),
  ];
}

/** A port that takes tags, as one that does not. */
function accessEdits(endpoint: Endpoint, { mode, tag }: VlanPort): Edit[] {
  const value = tag.value === 0 ? undefined : 'access';
  if (value === undefined) return [];
  return settingEdit('vlan_mode', value, mode, endpoint.at, portPaths(endpoint, 'vlan_mode'));
}

function trunkEdits(
  trunks: VlanPort['trunks'],
  wanted: number,
  paths: readonly (readonly string[])[],
): Edit[] {
  if (trunks?.at === undefined || trunks.value.includes(wanted)) return [];
  const vlans = [...trunks.value, wanted];
  const was = { value: `[${trunks.value.join(', ')}]`, at: trunks.at };
  return settingEdit('trunks', `[${vlans.join(', ')}]`, was, trunks.at, paths, vlans);
}

/** The trunk to the world outside, for the VLAN of either. */
function uplinkEdits({ network }: Party, parties: readonly Party[]): Edit[] {
  const uplink = network?.bridge?.uplink;
  if (network === undefined || uplink === undefined) return [];
  const path = ['networks', network.name, 'x-bridge', 'uplink'];
  return parties
    .map(vlanOf)
    .filter((vlan) => vlan !== 0)
    .flatMap((vlan) => [
      ...trunkEdits(uplink.vlan?.trunks, vlan, [[...path, 'trunks']]),
      ...uplinkTag(uplink, vlan, path),
    ]);
}

function uplinkTag({ vlan, at }: Uplink, wanted: number, path: readonly string[]): Edit[] {
  if (vlan?.tag.at === undefined) return [];
  return settingEdit('tag', wanted, vlan.tag, at, [[...path, 'tag']]);
}

function filteringEdits(network: Network | undefined): Edit[] {
  const filtering = network?.bridge?.vlanFiltering;
  if (network === undefined || filtering?.value !== true) return [];
  return settingEdit('vlan_filtering', false, filtering, network.at, [
    ['networks', network.name, 'x-bridge', 'vlan_filtering'],
  ]);
}
