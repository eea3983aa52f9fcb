/**
 * The interfaces of the hosts as links: each NIC, behind it the VLANs of it that something names, at the end the dummies of networks without
 * a parent. And who is on them: children, a bridge, or nobody but the host.
 */
import type { Endpoint } from '../model/endpoint.js';
import type { Host, Lab, Nic } from '../model/lab.js';
import type { Network } from '../model/network.js';

/** An interface of a host. */
export interface Link {
  /** `node-1.eth1`, `node-1.eth1.100`, or `macnet (dummy)`. */
  readonly name: string;
  readonly host: string;
  /** Absent for a dummy. */
  readonly nic?: Nic;
  /** 0 for the NIC itself. */
  readonly vid: number;
  /** The macvlan and ipvlan networks on it. */
  readonly networks: readonly Network[];
  /** The bridge network whose uplink it is. */
  readonly bridge?: Network;
  readonly children: readonly Endpoint[];
}

/** All links of a lab, by number. */
export function linksOf(lab: Lab): Link[] {
  const links = lab.hosts.flatMap((host) =>
    host.nics.flatMap((nic) => [
      linkFor(lab, host, nic, 0),
      ...vlansOf(lab, host, nic).map((vid) => linkFor(lab, host, nic, vid)),
    ]),
  );
  const dummies = lab.networks
    .filter((network) => isParented(network) && parentOf(network) === undefined)
    .map((network) => ({
      name: `${network.name} (dummy)`,
      host: network.host,
      vid: 0,
      networks: [network],
      children: network.endpoints,
    }));
  return [...links, ...dummies];
}

/** The number of the link that a host calls so: `eth0`, or `eth0.50`; -1 when it has none. */
export function linkNamed(links: readonly Link[], host: string, name: string): number {
  return links.findIndex(
    (link) => link.host === host && link.nic !== undefined && nameOf(link.nic, link.vid) === name,
  );
}

function nameOf(nic: Nic, vid: number): string {
  return vid === 0 ? nic.name : `${nic.name}.${vid}`;
}

function isParented({ macvlan, ipvlan }: Network): boolean {
  return macvlan !== undefined || ipvlan !== undefined;
}

function parentOf({ macvlan, ipvlan }: Network): string | undefined {
  return (macvlan ?? ipvlan)?.parent?.value;
}

function linkFor(lab: Lab, host: Host, nic: Nic, vid: number): Link {
  const name = nameOf(nic, vid);
  const here = lab.networks.filter((network) => network.host === host.name);
  const networks = here.filter((network) => parentOf(network) === name);
  const bridge = here.find((network) => network.bridge?.uplink?.nic.value === name);
  return {
    name: `${host.name}.${name}`,
    host: host.name,
    nic,
    vid,
    networks,
    ...(bridge && { bridge }),
    children: networks.flatMap(({ endpoints }) => endpoints),
  };
}

/** The VLANs of a NIC that a network or a route names, ascending. */
function vlansOf(lab: Lab, host: Host, nic: Nic): number[] {
  const declared = new Set(host.nics.map(({ name }) => name));
  const names = [
    ...lab.networks
      .filter((network) => network.host === host.name)
      .flatMap((network) => [parentOf(network), network.bridge?.uplink?.nic.value]),
    ...host.routes.map(({ dev }) => dev?.value),
  ];
  const vids = names.flatMap((name) => {
    if (name === undefined || declared.has(name) || !name.startsWith(`${nic.name}.`)) return [];
    return [Number(name.slice(nic.name.length + 1))];
  });
  return [...new Set(vids)].sort((one, other) => one - other);
}
