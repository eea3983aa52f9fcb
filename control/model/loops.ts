/**
 * Loops of bridges, wires and VXLAN segments. Nothing here runs a spanning tree, and what circles in a tunnel nobody stops: on a real network that is a
 * broadcast storm. Without tunnels there are none, since a bridge has one uplink at the most.
 */
import { splitInterface } from './interface.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { Network } from './network.js';
import type { Vni, Vtep } from './vtep.js';

/** Places that frames reach from each other. */
class Joined {
  private readonly parents = new Map<string, string>();

  /** Joins two places; false where they were joined before. */
  join(one: string, other: string): boolean {
    const [a, b] = [this.rootOf(one), this.rootOf(other)];
    if (a === b) return false;
    this.parents.set(a, b);
    return true;
  }

  rootOf(place: string): string {
    let root = place;
    for (let up = this.parents.get(root); up !== undefined; up = this.parents.get(root)) root = up;
    return root;
  }
}

/** One VNI of a tunnel end, on its bridge. */
interface Attached {
  readonly network: Network;
  readonly vtep: Vtep;
  readonly vni: Vni;
}

/** Refuses each tunnel end that closes a loop. */
export function refuseLoops(
  networks: readonly Network[],
  hosts: readonly Host[],
  findings: Findings,
): void {
  const attached = networks.flatMap((network) =>
    (network.vteps ?? []).flatMap((vtep) => vtep.vnis.map((vni) => ({ network, vtep, vni }))),
  );
  if (attached.length === 0) return;
  const segments = segmentsOf(attached, hosts);
  const joined = new Joined();
  const vlans = attached.flatMap(({ vni: { vlan } }) => vlan ?? []);
  for (const network of networks)
    for (const vlan of network.bridge?.vlanFiltering.value ? new Set(vlans) : [0]) {
      const wire = wireBehind(network, vlan, hosts);
      if (wire !== undefined) joined.join(bridgeName(network, vlan), wire);
    }
  const refused = new Set<Vtep>();
  for (const one of attached) {
    const { network, vtep, vni } = one;
    const isFresh = joined.join(bridgeName(network, vni.vlan ?? 0), segments(one));
    if (isFresh || refused.has(vtep)) continue;
    refused.add(vtep);
    const what = `frames that enter ${vtep.port} come back to network ${network.name} by another way: bridges and tunnels form a loop`;
    const fix = 'take away one of the tunnels or uplinks that join them: there is no spanning tree';
    findings.refuse(vtep.at, what, fix);
  }
}

function bridgeName({ name, host }: Network, vlan: number): string {
  return `bridge ${host} ${name} ${vlan}`;
}

/** The wire, and the VLAN of it, that the uplink of a bridge leads to; of a bridge that keeps VLANs apart, from one of them. */
function wireBehind(
  { bridge, host: hostName }: Network,
  vlan: number,
  hosts: readonly Host[],
): string | undefined {
  const { nic: interfaceName, vlan: port } = bridge?.uplink ?? {};
  if (interfaceName === undefined) return undefined;
  const { nic, vid } = splitInterface(interfaceName.value);
  const wire = hosts.find(({ name }) => name === hostName)?.nics.find(({ name }) => name === nic)
    ?.wire?.value;
  if (wire === undefined) return undefined;
  if (port === undefined) return `wire ${wire} ${vid}`;
  if (port.tag.value === vlan && port.mode.value !== 'native-tagged') return `wire ${wire} ${vid}`;
  const carries = port.mode.value !== 'access' && (port.trunks?.value.includes(vlan) ?? true);
  return carries ? `wire ${wire} ${vid || vlan}` : undefined;
}

/** Makes the function that names the segment that a tunnel end is on: those that name each other's hosts, or one group, are on one. */
function segmentsOf(
  attached: readonly Attached[],
  hosts: readonly Host[],
): (one: Attached) => string {
  const joined = new Joined();
  const nameOf = ({ vtep, vni }: Attached): string => `segment ${vtep.port} ${vni.vni}`;
  for (const [index, one] of attached.entries())
    for (const other of attached.slice(index + 1))
      if (areJoined(one, other, hosts) || areJoined(other, one, hosts))
        joined.join(nameOf(one), nameOf(other));
  return (one) => joined.rootOf(nameOf(one));
}

/** Does the one send to the other? */
function areJoined(one: Attached, other: Attached, hosts: readonly Host[]): boolean {
  const isSame =
    one.vni.vni === other.vni.vni &&
    one.vtep.family === other.vtep.family &&
    one.vtep.udpPort.value === other.vtep.udpPort.value;
  if (!isSame || one.vtep.host === other.vtep.host) return false;
  const nics = hosts.find(({ name }) => name === other.vtep.host)?.nics ?? [];
  const theirs = nics.flatMap(({ addresses }) =>
    addresses.map(({ value }) => value.replace(/\/.*/, '')),
  );
  const groups = other.vni.remotes.map(({ value }) => value);
  const reached = [
    ...one.vni.remotes.map(({ value }) => value),
    ...one.vni.stations.map(({ remote }) => remote),
  ];
  const isGroup = one.vtep.dev !== undefined && groups.some((group) => reached.includes(group));
  return isGroup || reached.some((address) => theirs.includes(address));
}
