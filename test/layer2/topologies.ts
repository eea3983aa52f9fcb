/** Topologies by chance for the models on paper, and the same as the YAML that a user would write. */
import fc from 'fast-check';
import { ipv4Digits, ipv4Text } from './frames.js';
import type { Child, Host, Network, Nic, Route, Topology, Wire } from './naive.js';

/** What sits on an interface: the modes of the macvlan networks that share it, or the one ipvlan network, or nothing. */
type Tenants =
  | { readonly driver: 'macvlan'; readonly modes: readonly Network['mode'][] }
  | { readonly driver: 'ipvlan'; readonly mode: Network['mode']; readonly flag: Network['flag'] }
  | undefined;

interface DrawnHost {
  readonly nics: readonly (0 | 1 | undefined)[];
  /** By interface: eth0, eth0.10, eth0.20, eth1, and a dummy. */
  readonly tenants: readonly Tenants[];
  readonly childCount: number;
}

const MACVLAN_SHARED = ['bridge', 'private', 'vepa', 'source'] as const;
/** One of those outside is the router to other children, for a host whose eth0 is an L3 parent. */
const ROUTER = 'c0a800c1';
const OUTSIDERS = [1, 2, 3].map((n) => ({ mac: macOfOutsider(n), ip: `c0a800c${n}` }));

const tenants: fc.Arbitrary<Tenants> = fc.oneof(
  fc.constant(undefined),
  fc.record({
    driver: fc.constant('macvlan' as const),
    modes: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.array(fc.constantFrom(...MACVLAN_SHARED), { minLength: 1, maxLength: 3 }),
      },
      { weight: 1, arbitrary: fc.constant(['passthru' as const]) },
    ),
  }),
  fc.record({
    driver: fc.constant('ipvlan' as const),
    mode: fc.constantFrom('l2' as const, 'l3' as const, 'l3s' as const),
    flag: fc.constantFrom('bridge' as const, 'private' as const, 'vepa' as const),
  }),
);

const drawnHost: fc.Arbitrary<DrawnHost> = fc.record({
  nics: fc.array(fc.constantFrom(0 as const, 0 as const, 1 as const, undefined), {
    minLength: 1,
    maxLength: 2,
  }),
  tenants: fc.array(tenants, { minLength: 2, maxLength: 5 }),
  childCount: fc.integer({ min: 1, max: 3 }),
});

const drawnWire = fc.record({
  portCount: fc.integer({ min: 1, max: 2 }),
  reflects: fc.boolean(),
});

export const topologies: fc.Arbitrary<Topology> = fc
  .record({
    hosts: fc.array(drawnHost, { minLength: 1, maxLength: 3 }),
    wires: fc.array(drawnWire, { minLength: 2, maxLength: 2 }),
  })
  .map(({ hosts, wires }) => ({
    hosts: hosts.map(settleHost),
    wires: wires.map(({ portCount, reflects }, n): Wire => {
      const name = wireName(n);
      return { name, reflects, ports: ['a', 'b'].slice(0, portCount).map((p) => `${name}.${p}`) };
    }),
  }));

/** Everybody a frame can be from or to, besides groups: children, NICs and three that are outside. */
export function stationsOf({ hosts }: Topology): { mac: string; ip: string; ip6?: string }[] {
  const nics = hosts.flatMap((host) => host.nics.map(({ mac, address }) => ({ mac, ip: address })));
  return [...hosts.flatMap(childrenOf), ...nics, ...OUTSIDERS];
}

/** All ports that lead out of a topology. */
export function portsOf({ hosts, wires }: Topology): string[] {
  return [
    ...hosts
      .flatMap(({ networks }) => networks)
      .flatMap(({ children }) => children.map(({ port }) => port)),
    ...hosts.flatMap(({ name, nics }) =>
      nics.filter(({ wire }) => !wire).map((nic) => `${name}.${nic.name}`),
    ),
    ...wires.flatMap(({ ports }) => ports),
  ];
}

function childrenOf({ networks }: Host) {
  return networks.flatMap(({ children }) =>
    children.map(({ mac, addresses: [ip = '', ip6 = ''] }) => ({ mac, ip, ip6 })),
  );
}

function wireName(n: number): string {
  return ['lan', 'wan'][n] ?? '';
}

function macOfOutsider(n: number): string {
  return `02:00:00:00:0f:0${n}`;
}

function settleHost(drawn: DrawnHost, h: number): Host {
  const name = `h${h + 1}`;
  const nics = drawn.nics.map((wire, n): Nic => ({
    name: `eth${n}`,
    ...(wire !== undefined && { wire: wireName(wire) }),
    mac: `02:00:00:00:0${h + 1}:0${n}`,
    address: ipv4Digits(`192.168.${n}.${h + 1}`),
    prefixLength: 24,
  }));
  const interfaces = [
    'eth0',
    'eth0.10',
    'eth0.20',
    ...(nics.length > 1 ? ['eth1'] : []),
    undefined,
  ];
  const networks = interfaces.flatMap((parent, i) => settleTenants(drawn, nics, h, i, parent));
  const routed = networks.filter(
    ({ driver, mode, parent }) => driver === 'ipvlan' && mode !== 'l2' && parent !== undefined,
  );
  return { name, nics, networks, routes: routed.flatMap(routesOf) };
}

function settleTenants(
  { tenants: all, childCount }: DrawnHost,
  nics: readonly Nic[],
  h: number,
  i: number,
  parent: string | undefined,
): Network[] {
  const here = all[i];
  if (here === undefined) return [];
  const modes = here.driver === 'macvlan' ? here.modes : [here.mode];
  return modes.map((mode, n) => {
    const name = `net${h + 1}${i}${n}`;
    const count = mode === 'passthru' ? 1 : childCount;
    const nicMac = nics.find((nic) => parent?.startsWith(nic.name))?.mac ?? '02:00:00:00:0e:0e';
    const sharesMac = here.driver === 'ipvlan' || mode === 'passthru';
    const subnet = 1 + 20 * h + 4 * i + n;
    const children = Array.from({ length: count }, (_, c): Child => {
      return {
        port: `c${h + 1}${i}${n}${c}`,
        mac: sharesMac ? nicMac : `02:00:00:0${h + 1}:${i}${n}:0${c}`,
        addresses: [
          ipv4Digits(`10.${subnet}.0.${10 + c}`),
          `fd00${subnet.toString(16).padStart(4, '0')}${'0'.repeat(22)}1${c}`,
        ],
        sources: mode === 'source' ? [macOfOutsider(1 + (c % 2)), sourceNearby(h, i)] : [],
        takesAlone: mode === 'source' && c === 1,
      };
    });
    const flag = here.driver === 'ipvlan' ? here.flag : 'bridge';
    return { name, driver: here.driver, ...(parent && { parent }), mode, flag, children };
  });
}

/** The first child of the first network on the same interface: a source list may name a neighbor. */
function sourceNearby(h: number, i: number): string {
  return `02:00:00:0${h + 1}:${i}0:00`;
}

/**
 * In L3 modes the whole world is behind the parent, on the link. A host cannot have two routes to the same block, so the second parent's
 * are to the halves of the address space, the third's to the quarters, ... that have stations in them.
 */
function routesOf({ parent = '' }: Network, number: number): Route[] {
  const blocks = [10, 192].map((byte) => byte & (0xff00 >>> number) & 0xff);
  const onLink = [...new Set(blocks)].map((byte) => ({
    to: ipv4Digits(`${byte}.0.0.0`),
    prefixLength: number,
    dev: parent,
  }));
  const routed = { to: ipv4Digits('10.0.0.0'), prefixLength: 9, via: ROUTER, dev: parent };
  return parent === 'eth0' ? [...onLink, routed] : onLink;
}

/** The topology file. */
export function yamlOf({ hosts, wires }: Topology): string {
  const networks = hosts.flatMap((host) => host.networks.map((network) => ({ host, network })));
  return [
    'x-wires:',
    ...wires.map(({ name, ports, reflects }) => {
      const own = ports.map((port) => `${port.slice(name.length + 1)}: {}`).join(', ');
      return `  ${name}: { ports: { ${own} }, reflective_relay: ${reflects} }`;
    }),
    'x-hosts:',
    ...hosts.flatMap(yamlOfHost),
    'networks:',
    ...networks.flatMap(({ host, network }) => yamlOfNetwork(host, network)),
    'services:',
    '  bystander: { image: x, network_mode: none, x-host: h1 }',
    ...networks.flatMap(({ host, network }) => yamlOfChildren(host, network)),
  ].join('\n');
}

function yamlOfHost({ name, nics, routes }: Host): string[] {
  const cards = nics.map((nic) => {
    const wire = nic.wire ? `wire: ${nic.wire}, ` : '';
    return `${nic.name}: { ${wire}mac: "${nic.mac}", addresses: [${ipv4Text(nic.address)}/24] }`;
  });
  const ways = routes.map(({ to, prefixLength, via, dev }) => {
    const router = via === undefined ? '' : `via: ${ipv4Text(via)}, `;
    return `{ to: ${ipv4Text(to)}/${prefixLength}, ${router}dev: ${dev} }`;
  });
  // What a router makes of what is for others is the matter of layer 3 (test/layer3).
  return [
    `  ${name}:`,
    '    forward: false',
    `    nics: { ${cards.join(', ')} }`,
    `    routes: [${ways.join(', ')}]`,
  ];
}

function yamlOfNetwork(
  host: Host,
  { name, driver, parent, mode, flag, children }: Network,
): string[] {
  const [ip = '', ip6 = ''] = children[0]?.addresses ?? [];
  const subnets = [`${ipv4Text(ip).replace(/\d+$/, '0')}/24`, `${ipv6Text(ip6.slice(0, 16))}::/64`];
  const options = [
    ...(parent ? [`parent: ${parent}`] : []),
    driver === 'macvlan' ? `macvlan_mode: ${mode}` : `ipvlan_mode: ${mode}, ipvlan_flag: ${flag}`,
  ];
  const config = subnets.map((subnet) => `{ subnet: "${subnet}" }`).join(', ');
  return [
    `  ${name}:`,
    `    { driver: ${driver}, x-host: ${host.name}, enable_ipv6: true, driver_opts: { ${options.join(', ')} },`,
    `      ipam: { config: [${config}] } }`,
  ];
}

function yamlOfChildren(host: Host, { name, driver, mode, children }: Network): string[] {
  return children.map(({ port, mac, addresses: [ip = '', ip6 = ''], sources, takesAlone }) => {
    const list = sources.map((source) => `"${source}"`).join(', ');
    const settings = [
      `ipv4_address: ${ipv4Text(ip)}`,
      `ipv6_address: "${ipv6Text(ip6)}"`,
      ...(driver === 'macvlan' ? [`mac_address: "${mac}"`] : []),
      ...(mode === 'source' ? [`x-port: { sources: [${list}], nodst: ${takesAlone} }`] : []),
    ];
    return `  ${port}: { image: x, x-host: ${host.name}, networks: { ${name}: { ${settings.join(', ')} } } }`;
  });
}

function ipv6Text(digits: string): string {
  return (digits.match(/.{4}/g) ?? []).join(':');
}
