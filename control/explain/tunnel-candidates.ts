/** What could be changed about tunnels: what a node believes of another, and where two tunnel ends differ. */
import type { Network } from '../model/network.js';
import type { Vtep } from '../model/vtep.js';
import { setAt, settingEdit, valueAt } from './edits.js';
import type { Edit, Tree } from './edits.js';
import type { Party } from './party.js';

/** Of the bridges of two parties. */
export function tunnelEdits(from: Party, to: Party): Edit[] {
  return [
    ...staleEdits(from, to),
    ...staleEdits(to, from),
    ...[from, to].flatMap((one) => agreeingEdits(one, one === from ? to : from)),
    ...[from, to].flatMap(({ network }) => bareEdits(network)),
  ];
}

/** The node of one is wrong about the other: that entry goes. */
function staleEdits({ network }: Party, { sandbox, endpoint }: Party): Edit[] {
  const [vtep] = network?.vteps ?? [];
  if (network?.driver.value !== 'overlay' || vtep === undefined || endpoint === undefined)
    return [];
  const path = ['networks', network.key, 'x-overlay', 'stale'];
  const isMeant = (entry: Tree): boolean =>
    valueAt(entry, ['on']) === vtep.host && valueAt(entry, ['service']) === sandbox.name;
  const entry = vtep.vnis
    .flatMap(({ stations }) => stations)
    .find(({ mac }) => mac === endpoint.mac.value);
  // Who is at home behind the right end has the line of its endpoint.
  if (entry?.at.line === endpoint.at.line) return [];
  return [
    {
      at: entry?.at ?? network.at ?? vtep.at,
      says: `remove what ${vtep.host} believes of ${sandbox.name} from the stale entries of ${network.key}`,
      size: 1,
      apply: (tree) => {
        const list = valueAt(tree, path);
        if (Array.isArray(list))
          setAt(
            tree,
            path,
            list.filter((one) => !isMeant(one)),
          );
      },
    },
  ];
}

/** What both ends of a tunnel have to agree about, as the other has it. */
function agreeingEdits({ network }: Party, { network: other }: Party): Edit[] {
  return pairsOf(network, other).flatMap(([mine, theirs]) => {
    const path = ['networks', network?.key ?? '', 'x-vxlan', mine.name];
    const [vni] = mine.vnis;
    const [wanted] = theirs.vnis;
    const vniEdit =
      vni === undefined || wanted === undefined || vni.vlan !== undefined
        ? []
        : settingEdit('vni', wanted.vni, { value: vni.vni, at: vni.at }, mine.at, [
            [...path, 'vni'],
          ]);
    const { udpPort } = theirs;
    const portEdit = settingEdit('port', udpPort.value, mine.udpPort, mine.at, [[...path, 'port']]);
    return [...vniEdit, ...portEdit];
  });
}

function pairsOf(network: Network | undefined, other: Network | undefined): [Vtep, Vtep][] {
  if (network?.driver.value !== 'bridge' || other?.driver.value !== 'bridge') return [];
  return (network.vteps ?? []).flatMap((mine) =>
    (other.vteps ?? []).map((theirs): [Vtep, Vtep] => [mine, theirs]),
  );
}

/** What keeps frames out of a tunnel, or in it, taken back. */
function bareEdits(network: Network | undefined): Edit[] {
  if (network?.driver.value !== 'bridge') return [];
  return (network.vteps ?? []).flatMap((vtep) => {
    const path = (key: string) => [['networks', network.key, 'x-vxlan', vtep.name, key]];
    return [
      ...settingEdit('neighbors', 'flood', vtep.neighbors, vtep.at, path('neighbors')),
      ...settingEdit('reserved', 'rfc', vtep.reserved, vtep.at, path('reserved')),
      ...settingEdit('ttl', 64, vtep.ttl, vtep.at, path('ttl')),
      ...settingEdit('checksum', 'computed', vtep.checksum, vtep.at, path('checksum')),
    ];
  });
}
