/** What the ports of VLAN-filtering bridges do with tags, and the sets of VLANs that they carry. */
import { NONE, PriorityTags, VLAN_SET_WORDS, VlanMode } from '../../dataplane/program/layout.js';
import type { Program } from '../../dataplane/program/program.js';
import type { VlanPort } from '../model/endpoint.js';
import type { Value } from '../model/position.js';

const MODES: Readonly<Record<VlanPort['mode']['value'], VlanMode>> = {
  trunk: VlanMode.Trunk,
  access: VlanMode.Access,
  'native-tagged': VlanMode.NativeTagged,
  'native-untagged': VlanMode.NativeUntagged,
  'dot1q-tunnel': VlanMode.Tunnel,
};

const PRIORITIES: Readonly<Record<VlanPort['priorityTags']['value'], PriorityTags>> = {
  never: PriorityTags.Never,
  'if-nonzero': PriorityTags.IfNonzero,
  always: PriorityTags.Always,
};

type VlanList = Value<readonly number[]> | undefined;

/** The sets of a lab, each once. */
export class VlanSets {
  private readonly sets = new Map<string, readonly number[]>();

  get rows(): number {
    return this.sets.size * VLAN_SET_WORDS;
  }

  add(port: VlanPort | undefined): void {
    for (const list of [port?.trunks, port?.cvlans])
      if (list !== undefined) this.sets.set(keyOf(list), list.value);
  }

  writePort({ ports }: Program, row: number, port: VlanPort | undefined): void {
    ports.trunks[row] = this.numberOf(port?.trunks);
    ports.innerVlans[row] = this.numberOf(port?.cvlans);
    if (port === undefined) return;
    ports.vlanMode[row] = MODES[port.mode.value];
    ports.vlanTag[row] = port.tag.value;
    ports.priorityTags[row] = PRIORITIES[port.priorityTags.value];
    ports.tunnelType[row] = port.qinqType.value;
  }

  write({ vlanSets }: Program): void {
    for (const [set, vlans] of [...this.sets.values()].entries())
      for (const vlan of vlans) {
        const word = set * VLAN_SET_WORDS + (vlan >>> 5);
        vlanSets.bits[word] = (vlanSets.bits[word] ?? 0) | (1 << (vlan & 31));
      }
  }

  private numberOf(list: VlanList): number {
    return list === undefined ? NONE : [...this.sets.keys()].indexOf(keyOf(list));
  }
}

function keyOf(list: NonNullable<VlanList>): string {
  return [...list.value].sort((one, other) => one - other).join(' ');
}
