import { INTERFACE_NAME_FIX, isInterfaceName } from './interface.js';
import type { Findings } from './mistake.js';
import type { Network } from './network.js';
import type { NetworkDraft } from './networks.js';
import type { Surroundings } from './routes.js';
import { readVtep } from './vtep-reader.js';
import type { Vtep } from './vtep.js';
import type { VxlanShape } from './vxlan-schema.js';
import { entries, type Entry } from './written.js';

/** What the hosts are like. */
interface Ground {
  readonly around: (host: string) => Surroundings;
  /** Nothing that is written of this host was cut out. */
  readonly isWhole: (host: string) => boolean;
}

/** `x-vxlan`: the same networks with the VXLAN ports that they declare. */
export function withVxlan(
  networks: readonly Network[],
  drafts: readonly NetworkDraft[],
  { around, isWhole }: Ground,
  findings: Findings,
): readonly Network[] {
  const whole = networks.map((network): Network => {
    const draft = drafts.find(({ key, host }) => key === network.key && host === network.host);
    const declared = entries(draft?.written?.get('x-vxlan'));
    if (draft === undefined || network.bridge === undefined || declared.length === 0)
      return network;
    const place = {
      network: network.key,
      host: network.host,
      around: around(network.host),
      isFiltering: network.bridge.vlanFiltering.value,
      isWhole: !draft.malformed && isWhole(network.host),
    };
    const vteps = declared.map((entry) => {
      checkName(entry, network, place.around, findings);
      return readVtep(entry, place, findings);
    });
    return { ...network, vteps };
  });
  refuseTwins(whole, findings);
  return whole;
}

function checkName(
  { key, keyAt }: Entry<VxlanShape | null>,
  { key: network, host, bridge }: Network,
  { interfaces }: Surroundings,
  findings: Findings,
): void {
  if (!isInterfaceName(key) || key === 'lo')
    findings.refuse(keyAt, `"${key}" is not a name for an interface`, INTERFACE_NAME_FIX);
  else if (interfaces.includes(key))
    findings.refuse(keyAt, `${host} has an interface "${key}" already`, 'choose another name');
  else if (key === 'uplink' && bridge?.uplink !== undefined)
    findings.refuse(keyAt, `two ports would be called "${network}.uplink"`, 'choose another name');
}

/** Linux has one interface of a name in a namespace, and on a host one VXLAN interface of a VNI at one UDP port and in one family. */
function refuseTwins(networks: readonly Network[], findings: Findings): void {
  const names = new Map<string, Vtep>();
  const segments = new Map<string, Vtep>();
  const isOverlay = ({ driver }: Network) => driver.value === 'overlay';
  const inOrder = [...networks.filter(isOverlay), ...networks.filter((one) => !isOverlay(one))];
  const placed = inOrder.flatMap(({ host, vteps = [] }) => vteps.map((vtep) => ({ host, vtep })));
  for (const { host: namespace, vtep } of placed) {
    const { host, name, at, family, udpPort, vnis } = vtep;
    const named = names.get(`${namespace} ${name}`);
    names.set(`${namespace} ${name}`, vtep);
    if (named !== undefined) {
      const fix = `${named.port} has this name on ${host}: choose another one`;
      findings.refuse(at, FILE_EXISTS, fix);
    }
    for (const { vni, at: vniAt } of vnis) {
      const key = `${host} ${family} ${udpPort.value} ${vni}`;
      const other = segments.get(key);
      segments.set(key, vtep);
      if (other === undefined || other === vtep) continue;
      const fix = `${other.port} has VNI ${vni} at UDP port ${udpPort.value}: choose another VNI or port`;
      findings.refuse(vniAt, FILE_EXISTS, fix);
    }
  }
}

const FILE_EXISTS = 'RTNETLINK answers: File exists';
