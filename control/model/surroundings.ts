/** What can only be seen when everything is in its place: names of ports, what hosts reach directly, who meets whom on a wire. */
import { parseBlock, type Block } from '../address.js';
import { refuseSharedDevices } from './device.js';
import { splitInterface } from './interface.js';
import type { Host, Wire } from './lab.js';
import type { Findings } from './mistake.js';
import type { Network } from './network.js';
import type { Surroundings } from './routes.js';
import type { Sandbox } from './sandbox.js';

/** Each port has a name of its own, and no two share what they are joined to. */
export function checkPorts(
  sandboxes: readonly Sandbox[],
  hosts: readonly Host[],
  wires: readonly Wire[],
  networks: readonly Network[],
  findings: Findings,
): void {
  const vteps = networks.flatMap((network) => network.vteps ?? []);
  const wirePorts = wires.flatMap(({ ports }) => ports);
  const endpoints = sandboxes.flatMap((sandbox) => sandbox.endpoints);
  const nics = hosts.flatMap(({ name: host, nics: all }) =>
    all.map((nic) => ({ ...nic, port: `${host}.${nic.name}` })),
  );
  refuseSharedDevices([...endpoints, ...wirePorts, ...nics], findings);
  const names = new Set<string>();
  for (const { port, at } of [...nics, ...wirePorts, ...endpoints, ...vteps]) {
    if (names.has(port) && at !== undefined) {
      findings.refuse(at, `two ports would be called "${port}"`, 'rename one of the two');
    }
    names.add(port);
  }
}

/** What a host can name in its routes. */
export function surroundingsOf(host: Host, networks: readonly Network[]): Surroundings {
  const here = networks.filter((network) => network.host === host.name);
  const ofNics = host.nics.flatMap(({ name, addresses }) =>
    addresses.flatMap(({ value }) =>
      blocksOf(value).map((block) => ({ block, interfaceName: name })),
    ),
  );
  const ofBridges = here
    .filter(({ bridge }) => bridge !== undefined)
    .flatMap(({ pools }) => pools.flatMap(({ subnet }) => blocksOf(subnet.value)))
    .map((block) => ({ block }));
  const addresses = [
    ...host.nics.flatMap((nic) => nic.addresses.map(({ value }) => value.replace(/\/.*/, ''))),
    ...here.flatMap(({ bridge, pools }) =>
      bridge === undefined ? [] : pools.flatMap(({ gateway }) => gateway?.value ?? []),
    ),
  ];
  const named = here.flatMap((network) => interfaceNameOf(network) ?? []);
  const interfaces = new Set([...host.nics.map(({ name }) => name), ...named]);
  return { subnets: [...ofNics, ...ofBridges], addresses, interfaces: [...interfaces] };
}

function blocksOf(text: string): Block[] {
  const parsed = parseBlock(text);
  return parsed === undefined ? [] : [parsed.block];
}

/** The interface of its host that a network sits on. */
function interfaceNameOf({ bridge, macvlan, ipvlan }: Network): string | undefined {
  return (bridge?.uplink?.nic ?? (macvlan ?? ipvlan)?.parent)?.value;
}

/** Who shows up on a wire, in which VLAN of it. */
interface Station {
  readonly who: string;
  readonly mac: string;
  readonly segment: string;
  readonly addresses: readonly string[];
}

/** Nobody forbids two stations of one wire to have the same address or MAC, and nothing good comes of it. */
export function noteConflicts(
  hosts: readonly Host[],
  networks: readonly Network[],
  findings: Findings,
): void {
  for (const wire of new Set(
    hosts.flatMap(({ nics }) => nics.flatMap((nic) => nic.wire?.value ?? [])),
  )) {
    const owners = new Map<string, Station>();
    const claim = (what: string, key: string, station: Station): boolean => {
      const other = owners.get(key);
      if (other === undefined) owners.set(key, station);
      if (other === undefined || other.who === station.who) return true;
      findings.note(`${other.who} and ${station.who} both have the ${what}, on wire ${wire}`);
      return false;
    };
    for (const station of stationsOn(wire, hosts, networks)) {
      const { segment, mac, addresses } = station;
      const isAlone = addresses
        .map((address) => claim(`address ${address}`, `${segment} ${address}`, station))
        .every(Boolean);
      if (isAlone && mac !== '') claim(`MAC ${mac}`, mac, station);
    }
  }
}

function stationsOn(wire: string, hosts: readonly Host[], networks: readonly Network[]): Station[] {
  return hosts.flatMap((host) => {
    const nics = host.nics.filter((nic) => nic.wire?.value === wire);
    const own = nics.map(({ name, mac, addresses }): Station => {
      const plain = addresses.map(({ value }) => value.replace(/\/.*/, ''));
      return { who: `${host.name}.${name}`, mac: mac.value, segment: '0', addresses: plain };
    });
    const here = networks.filter((network) => network.host === host.name);
    const others = here.flatMap((network) => {
      const { nic, vid } = splitInterface(interfaceNameOf(network) ?? '');
      return nics.some(({ name }) => name === nic) ? stationsOf(network, String(vid)) : [];
    });
    return [...own, ...others];
  });
}

/** Children of ipvlan have no MAC of their own, and in its L3 modes are behind their host; those of a bridge may be in other VLANs. */
function stationsOf({ bridge, ipvlan, endpoints }: Network, segment: string): Station[] {
  const isHidden = ipvlan === undefined ? bridge?.vlanFiltering.value : ipvlan.mode.value !== 'l2';
  if (isHidden === true) return [];
  return endpoints.map(({ port, mac, ipv4, ipv6 }) => ({
    who: port,
    mac: ipvlan === undefined ? mac.value : '',
    segment,
    addresses: [ipv4, ipv6].flatMap((address) => address?.value ?? []),
  }));
}
