/** What tunnel ends say of themselves, where it stands behind what their host or their bridge does not let pass. */
import { Reason } from '../../dataplane/observe/reason.js';
import type { Compiled } from '../compile/compile.js';
import type { Host } from '../model/lab.js';
import type { Position } from '../model/position.js';
import type { Vtep } from '../model/vtep.js';
import { list } from './phrases.js';
import type { Rule } from './rules.js';

const VNIS_SAID_MAX = 8;

function said(words: string, { at }: { readonly at?: Position }): Rule {
  return { rule: words, ...(at && { at }) };
}

/** Which VLANs of its bridge it carries, where the bridge keeps VLANs apart. */
export function vlansRules({ port, vnis }: Vtep): Rule[] {
  const vlans = vnis.flatMap(({ vlan }) => vlan ?? []);
  const [first] = vnis;
  if (vlans.length === 0 || first === undefined) return [];
  const rule = said(
    `${port} has ${vlans.length === 1 ? 'a VNI for VLAN' : 'VNIs for the VLANs'} ${numbersText(vlans)}`,
    first,
  );
  return [rule];
}

function vnisRule({ port, vnis, udpPort, at }: Vtep): Rule {
  const [first] = vnis;
  const which =
    vnis.length === 1
      ? `VNI ${first?.vni ?? 0}`
      : `the VNIs ${numbersText(vnis.map(({ vni }) => vni))}`;
  return said(`${port} has ${which} at UDP port ${udpPort.value}`, first ?? { at });
}

/** All of them, or where they are many the first ones. */
function numbersText(numbers: readonly number[]): string {
  const more = numbers.length - VNIS_SAID_MAX;
  return more > 0
    ? `${numbers.slice(0, VNIS_SAID_MAX).join(', ')} and ${more} others`
    : list(numbers.map(String));
}

/** What the tunnel ends of a host say, where a packet for one of them is given up before it is known for which. */
export function ruleAtTunnelHost(reason: Reason, { tunnels }: Compiled, { name }: Host): Rule[] {
  const here = tunnels.vteps.filter(({ host }) => host === name);
  switch (reason) {
    case Reason.VxlanVniUnknown:
      return here.map((vtep) => vnisRule(vtep));
    case Reason.VxlanChecksumMissing:
      return here
        .filter(({ family, acceptZeroChecksum }) => family === 6 && !acceptZeroChecksum.value)
        .map(({ port, acceptZeroChecksum }) =>
          said(`accept_zero_checksum of ${port} is false`, acceptZeroChecksum),
        );
    case Reason.VxlanReservedBits:
      return here
        .filter(({ reserved }) => reserved.value === 'linux')
        .map(({ port, reserved }) => said(`reserved of ${port} is linux`, reserved));
    default:
      return [];
  }
}
