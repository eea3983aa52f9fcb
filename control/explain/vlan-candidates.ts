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

function tagEdits(party: Party, other: Party): Edit[] {
  const { endpoint } = party;
  const vlan = endpoint?.vlan;
  const wanted = vlanOf(other);
  if (endpoint === undefined || vlan === undefined) return [];
  const trunks = trunkEdits(vlan.trunks, wanted, portPaths(party, 'trunks'));
  const untagged = untaggedEdits(party, endpoint, vlan);
  if (wanted === 0) return [...(vlan.tag.value === 0 ? [] : untagged), ...trunks];
  const [tag] = settingEdit('tag', wanted, vlan.tag, endpoint.at, portPaths(party, 'tag'));
  if (tag === undefined || vlan.mode.value !== 'trunk' || !isWritten(vlan))
    return [...(tag === undefined ? [] : [tag]), ...untagged, ...trunks];
  return [...untagged.map((edit) => withTag(edit, tag, wanted)), ...trunks];
}

/** Does the file say that it is a trunk, or of which VLANs? Then a tag alone would be refused. */
function isWritten({ mode, trunks }: VlanPort): boolean {
  return mode.at !== undefined || trunks?.at !== undefined;
}

/** A port whose frames carry tags, as one where those of its own VLAN do not; with `trunks` it cannot be an access port. */
function untaggedEdits(party: Party, { at }: Endpoint, { mode, trunks }: VlanPort): Edit[] {
  if (mode.value === 'access' || mode.value === 'native-untagged') return [];
  const value = trunks?.at === undefined ? 'access' : 'native-untagged';
  return settingEdit('vlan_mode', value, mode, at, portPaths(party, 'vlan_mode'));
}

/** The mode and the VLAN that has to stand beside it. */
function withTag(mode: Edit, tag: Edit, vlan: number): Edit {
  return {
    at: mode.at,
    says: `${mode.says}, with tag: ${vlan}`,
    size: mode.size + tag.size,
    apply: (tree) => {
      mode.apply(tree);
      tag.apply(tree);
    },
  };
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
  const path = ['networks', network.key, 'x-bridge', 'uplink'];
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
    ['networks', network.key, 'x-bridge', 'vlan_filtering'],
  ]);
}
