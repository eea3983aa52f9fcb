import type { VlanPort } from './endpoint.js';
import { VID_MAX } from './interface.js';
import type { Findings } from './mistake.js';
import type { Value } from './position.js';
import type { PortShape, UplinkShape } from './schema.js';
import { items, type Written } from './written.js';

/** The keys that endpoints and uplinks of a bridge that filters VLANs have in common. */
export const VLAN_KEYS = [
  'vlan_mode',
  'tag',
  'trunks',
  'cvlans',
  'priority_tags',
  'qinq_ethtype',
] as const;

type VlanShape = Pick<PortShape & UplinkShape, (typeof VLAN_KEYS)[number]>;
type Mode = VlanPort['mode']['value'];

const QINQ_TYPES = { '802.1ad': 0x88a8, '802.1q': 0x8100 } as const;
const TAG_FIX = `write a VLAN from 1 to ${VID_MAX}`;

/** What a port does with tags, with the defaults of Open vSwitch: access where there is a tag, a trunk of all VLANs where there is none. */
export function readVlanPort(
  written: Written<VlanShape> | undefined,
  findings: Findings,
): VlanPort {
  const tag = written?.get('tag');
  const given = written?.get('vlan_mode');
  const mode: Value<Mode> = given
    ? { value: given.value, at: given.at }
    : { value: tag === undefined ? 'trunk' : 'access' };
  if (written !== undefined) refuseMeaningless(mode.value, written, findings);
  if (tag === undefined && given !== undefined && mode.value !== 'trunk') {
    const what = `a port of mode ${mode.value} belongs to one VLAN: which?`;
    findings.refuse(given.at, what, 'write "tag: " and a VLAN beside it');
  }
  const trunks = readVlans('a trunk', written?.get('trunks'), findings);
  const cvlans = readVlans('a tunnel', written?.get('cvlans'), findings);
  const priority = written?.get('priority_tags');
  const type = written?.get('qinq_ethtype');
  return {
    mode,
    tag: readTag(tag, findings),
    ...(trunks && { trunks }),
    ...(cvlans && { cvlans }),
    priorityTags: priority ? { value: priority.value, at: priority.at } : { value: 'never' },
    qinqType: type ? { value: QINQ_TYPES[type.value], at: type.at } : { value: 0x88a8 },
  };
}

function readTag(tag: Written<number> | undefined, findings: Findings): Value<number> {
  if (tag === undefined) return { value: 0 };
  const { value, at } = tag;
  if (!isVid(value) || value === 0) findings.refuse(at, `${value} is not a VLAN`, TAG_FIX);
  return { value, at };
}

function readVlans(
  whose: string,
  list: Written<readonly number[]> | undefined,
  findings: Findings,
): Value<readonly number[]> | undefined {
  if (list === undefined) return undefined;
  if (list.value.length === 0) {
    findings.refuse(list.at, `${whose} of no VLAN at all`, 'leave it out: then it takes all VLANs');
  }
  for (const { value, at } of items(list)) {
    const fix = `write VLANs from 0 (untagged frames) to ${VID_MAX}`;
    if (!isVid(value)) findings.refuse(at, `${value} is not a VLAN`, fix);
  }
  return { value: list.value, at: list.at };
}

function isVid(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= VID_MAX;
}

/** In which modes a key says something; the others are read by all. */
const BELONGS_TO = [
  ['tag', ['access', 'native-tagged', 'native-untagged', 'dot1q-tunnel']],
  ['trunks', ['trunk', 'native-tagged', 'native-untagged']],
  ['cvlans', ['dot1q-tunnel']],
  ['qinq_ethtype', ['dot1q-tunnel']],
] as const;

function refuseMeaningless(mode: Mode, written: Written<VlanShape>, findings: Findings): void {
  for (const [key, modes] of BELONGS_TO) {
    if (written.get(key) === undefined || modes.some((known) => known === mode)) continue;
    const what = `${key} means nothing to a port of mode ${mode}`;
    findings.refuse(
      written.keyAt(key),
      what,
      `remove it, or choose the vlan_mode ${modes.join(' or ')}`,
    );
  }
}
