/**
 * Who may sit on one interface of a host together. Linux gives an interface one receiver of its frames: a macvlan port, an ipvlan
 * port or a bridge. On top of that come Docker's own rules for networks with the same parent.
 */
import { digestOf, macOfName } from '../address.js';
import type { Endpoint } from './endpoint.js';
import { splitInterface } from './interface.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { Network } from './network.js';
import { interfaceOf, type NetworkDraft } from './networks.js';
import type { Value } from './position.js';

/** Refuses each network that cannot sit where an earlier one does. */
export function refuseSharedParents(networks: readonly NetworkDraft[], findings: Findings): void {
  const users = new Map<string, NetworkDraft[]>();
  for (const network of networks) {
    const place = interfaceOf(network);
    if (place?.at === undefined) continue;
    const earlier = users.get(`${network.host} ${place.value}`) ?? [];
    const conflict = earlier
      .map((other) => conflictOf(other, network, place.value))
      .find((found) => found !== undefined);
    if (conflict !== undefined) findings.refuse(place.at, ...conflict);
    users.set(`${network.host} ${place.value}`, [...earlier, network]);
  }
}

const BUSY = 'device or resource busy';

function conflictOf(
  other: NetworkDraft,
  network: NetworkDraft,
  place: string,
): [what: string, fix: string, docker?: string] | undefined {
  const fix = `network ${other.name} has it: choose another NIC, or another VLAN`;
  const driver = network.driver.value;
  if (driver === 'bridge')
    return [`${place} cannot become a port of a second master: ${BUSY}`, fix];
  if (driver !== other.driver.value) return [`failed to create the ${driver} port: ${BUSY}`, fix];
  if (driver === 'ipvlan') {
    const owner = `di-${digestOf(other.name).slice(0, 12)}`;
    return [`network ${owner} is already using parent interface ${place}`, fix, 'D12'];
  }
  const owner = `macvlan network ${digestOf(other.name)} is already using parent interface ${place}`;
  if (isPassthru(network)) return [`cannot use mode passthru, ${owner}`, fix];
  return isPassthru(other) ? [`${owner} in mode passthru`, fix] : undefined;
}

function isPassthru({ settings }: NetworkDraft): boolean {
  return settings.macvlan?.mode.value === 'passthru';
}

/** The MAC that all ipvlan children of a network have: that of its parent. */
export function parentMac(network: NetworkDraft, hosts: readonly Host[]): Value<string> {
  const name = interfaceOf(network)?.value;
  return nicMac(network.host, name, hosts) ?? { value: macOfName(network.name) };
}

function nicMac(
  hostName: string,
  interfaceName: string | undefined,
  hosts: readonly Host[],
): Value<string> | undefined {
  if (interfaceName === undefined) return undefined;
  const { nic } = splitInterface(interfaceName);
  return hosts.find(({ name }) => name === hostName)?.nics.find(({ name }) => name === nic)?.mac;
}

/** Refuses the macvlan children that Linux would refuse: a second one in passthru mode, and MACs that are taken at the parent. */
export function refuseChildren(
  networks: readonly Network[],
  hosts: readonly Host[],
  findings: Findings,
): void {
  const taken = new Map<string, Map<string, string>>();
  for (const { name, host, macvlan, endpoints } of networks) {
    if (macvlan === undefined) continue;
    const parent = macvlan.parent?.value;
    if (macvlan.mode.value === 'passthru') {
      refuseSecond(parent ?? 'its parent', endpoints, findings);
      continue;
    }
    const place = parent === undefined ? ` ${name}` : `${host} ${parent}`;
    const owners = taken.get(place) ?? new Map<string, string>();
    taken.set(place, owners);
    const mac = nicMac(host, parent, hosts);
    if (parent !== undefined && mac !== undefined) owners.set(mac.value, parent);
    for (const endpoint of endpoints) {
      const owner = owners.get(endpoint.mac.value);
      if (owner === undefined) owners.set(endpoint.mac.value, endpoint.port);
      else refuseTakenMac(endpoint, owner, findings);
    }
  }
}

function refuseSecond(parent: string, endpoints: readonly Endpoint[], findings: Findings): void {
  for (const { at } of endpoints.slice(1)) {
    const what = 'failed to create the macvlan port: invalid argument';
    findings.refuse(at, what, `in passthru mode ${parent} has one child: use another mode`);
  }
}

function refuseTakenMac({ mac, at }: Endpoint, owner: string, findings: Findings): void {
  const what = 'failed to set link up: address already in use';
  findings.refuse(mac.at ?? at, what, `${owner} has the MAC ${mac.value}: choose another one`);
}
