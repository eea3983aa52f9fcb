import type { Value } from './model/position.js';
import type { Vni, Vtep } from './model/vtep.js';

/** What `etherloom check` says of a VXLAN port: its segments, where they lead, and what is other than usual. */
export function describeVtep(vtep: Vtep): string[] {
  const { port, local, dev, family, udpPort } = vtep;
  const head = [
    `VXLAN ${port}`,
    `over IPv${family}${local ? ` from ${local.value}` : ''}`,
    ...(dev ? [`by ${dev.value}`] : []),
    `UDP port ${udpPort.value}`,
  ];
  return [head.join(', '), ...describeSettings(vtep), ...vtep.vnis.flatMap(describeVni)];
}

function describeVni({ vni, vlan, remotes, stations }: Vni): string[] {
  const ends = remotes.map(({ value }) => value).join(' ');
  return [
    `  VNI ${vni}${vlan === undefined ? '' : ` carries VLAN ${vlan}`}, ${ends === '' ? 'floods nothing' : `floods to ${ends}`}`,
    ...stations.map(({ mac, remote, addresses }) => {
      return `    station ${[mac, ...addresses].join(' ')} behind ${remote}`;
    }),
  ];
}

/** One line of them, or none. */
function describeSettings(vtep: Vtep): string[] {
  const { sourcePorts, ttl, tos, ecn, df, checksum, acceptZeroChecksum, ageing_s } = vtep;
  const [first, last] = sourcePorts.value;
  const isUsual = first === 49_152 && last === 65_535;
  const parts = [
    ...(isUsual ? [] : [`sends from ports ${first}-${last}`]),
    ...(ttl.value === 64 ? [] : [`TTL ${ttl.value}`]),
    ...(tos.value === 0 ? [] : [`TOS ${tos.value}`]),
    ...(ecn.value === 'inherit' ? [] : ['ECN zero']),
    ...(df.value === 'unset' ? [] : [`DF ${df.value}`]),
    ...(checksum.value === (vtep.family === 4 ? 'zero' : 'computed')
      ? []
      : [`checksum ${checksum.value}`]),
    ...switched(acceptZeroChecksum, 'accepts zero checksums'),
    ...(ageing_s.value === 300
      ? []
      : [ageing_s.value === 0 ? 'forgets at once' : `ageing ${ageing_s.value} s`]),
    ...(vtep.stationsMax.value === 8192 ? [] : [`at most ${vtep.stationsMax.value} stations`]),
    ...(vtep.learning.value ? [] : ['does not learn']),
    ...(vtep.neighbors.value === 'flood' ? [] : [NEIGHBORS[vtep.neighbors.value]]),
    ...switched(vtep.innerTags, 'keeps tags'),
    ...switched(vtep.gbp, 'group policies'),
    ...(vtep.reserved.value === 'rfc' ? [] : ['drops reserved bits']),
  ];
  return parts.length === 0 ? [] : [`  ${parts.join(', ')}`];
}

const NEIGHBORS = {
  suppress: 'answers for the stations it knows',
  proxy: 'answers for the stations it knows, and asks nobody',
} as const;

function switched({ value }: Value<boolean>, words: string): string[] {
  return value ? [words] : [];
}
