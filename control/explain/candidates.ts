/**
 * What could be changed in a topology so that one container reaches another: every setting that decides about frames between them, with the
 * values it could have. Whether a change helps is not asked here.
 */
import { addressText, blockText, parseBlock } from '../address.js';
import type { Compiled } from '../compile/compile.js';
import type { Host, Lab, Nic } from '../model/lab.js';
import type { Network } from '../model/network.js';
import { addAt, removeAt, setAt, settingEdit, valueAt } from './edits.js';
import type { Edit, Tree } from './edits.js';
import { portPaths } from './party.js';
import type { Party } from './party.js';
import { tunnelEdits } from './tunnel-candidates.js';
import { vlanEdits } from './vlan-candidates.js';

/** How large another driver is beside a changed value (1) and an added key (2). */
const DRIVER_SIZE = 3;

/** All candidates, those that come first being the more natural of equal size. */
export function candidatesFor(compiled: Compiled, tree: Tree, from: Party, to: Party): Edit[] {
  const { lab } = compiled;
  const both = [from, to];
  return unique([
    ...sourceEdits(to, from),
    ...sourceEdits(from, to),
    ...both.flatMap(modeEdits),
    ...both.flatMap((party) => flagEdits(party)),
    ...portEdits(from, to),
    ...both.flatMap(iccEdits),
    ...vlanEdits(from, to),
    ...tunnelEdits(from, to),
    ...parentEdits(from, to),
    ...parentEdits(to, from),
    ...wireEdits(lab, from, to),
    ...wireEdits(lab, to, from),
    ...relayEdits(lab, both),
    ...routeEdits(lab, from, to),
    ...routeEdits(lab, to, from),
    ...driverEdits(from, to),
    ...joinEdits(tree, from, to),
    ...joinEdits(tree, to, from),
    ...gatewayEdits(from, to),
    ...both.flatMap(internalEdits),
    ...lab.hosts.flatMap(arpEdits),
  ]);
}

function unique(edits: readonly Edit[]): Edit[] {
  const keyOf = ({ at, says }: Edit): string => `${at.line}:${at.column} ${says}`;
  return [...new Map(edits.map((edit) => [keyOf(edit), edit])).values()];
}

/** A host answers for all of its addresses. */
function arpEdits({ name, at, arpIgnore }: Host): Edit[] {
  return settingEdit('arp_ignore', 0, arpIgnore, at, [['x-hosts', name, 'arp_ignore']]);
}

function option(network: Network, key: string): readonly string[] {
  return ['networks', network.key, 'driver_opts', key];
}

function modeEdits({ network }: Party): Edit[] {
  if (network?.macvlan !== undefined) {
    const { mode } = network.macvlan;
    return ['bridge', 'vepa', 'passthru']
      .flatMap((value) =>
        settingEdit('macvlan_mode', value, mode, network.at, [option(network, 'macvlan_mode')]),
      )
      .map((edit) => withoutSources(edit, network));
  }
  if (network?.ipvlan === undefined) return [];
  const { mode } = network.ipvlan;
  return ['l2', 'l3', 'l3s'].flatMap((value) =>
    settingEdit('ipvlan_mode', value, mode, network.at, [option(network, 'ipvlan_mode')]),
  );
}

/** The change of a mode, and with it the end of the lists that only mode source has. */
function withoutSources(edit: Edit, { key, endpoints }: Network): Edit {
  const listed = endpoints.filter(({ sources, takesAlone }) => {
    return sources.length > 0 || takesAlone.at !== undefined;
  });
  if (listed.length === 0) return edit;
  return {
    ...edit,
    says: `${edit.says}, and remove sources and nodst of ${listed.map(({ port }) => port).join(', ')}`,
    size: edit.size + listed.length,
    apply: (tree) => {
      edit.apply(tree);
      for (const { sandbox } of listed)
        for (const path of [
          ['services', sandbox],
          ['services', sandbox, 'networks', key],
        ])
          for (const name of ['sources', 'nodst']) removeAt(tree, [...path, 'x-port'], name);
    },
  };
}

/** The MAC of the other among those that a child in mode source listens to. */
function sourceEdits(one: Party, other: Party): Edit[] {
  const { endpoint, network } = one;
  const mac = other.endpoint?.mac.value;
  if (endpoint === undefined || network?.macvlan?.mode.value !== 'source' || mac === undefined)
    return [];
  const macs = endpoint.sources.map(({ value }) => value);
  if (macs.includes(mac)) return [];
  const wanted = [...macs, mac];
  const at = endpoint.sources[0]?.at;
  const was = at && { value: `[${macs.join(', ')}]`, at };
  const paths = portPaths(one, 'sources');
  return settingEdit('sources', `[${wanted.join(', ')}]`, was, endpoint.at, paths, wanted);
}

function flagEdits({ network }: Party): Edit[] {
  if (network?.ipvlan === undefined) return [];
  const { flag } = network.ipvlan;
  return ['bridge', 'vepa'].flatMap((value) =>
    settingEdit('ipvlan_flag', value, flag, network.at, [option(network, 'ipvlan_flag')]),
  );
}

/** Isolation of either, and hairpin of the sender. */
function portEdits(from: Party, to: Party): Edit[] {
  const isolated = [from, to].flatMap((party) => {
    const { endpoint } = party;
    if (endpoint?.isolated.value !== true) return [];
    const paths = portPaths(party, 'isolated');
    return settingEdit('isolated', false, endpoint.isolated, endpoint.at, paths);
  });
  const { endpoint, network } = from;
  if (endpoint === undefined || network?.bridge === undefined) return isolated;
  const hairpin = settingEdit(
    'hairpin',
    true,
    endpoint.hairpin,
    endpoint.at,
    portPaths(from, 'hairpin'),
  );
  return [...isolated, ...hairpin];
}

function iccEdits({ network }: Party): Edit[] {
  if (network?.bridge?.icc.value !== false) return [];
  const key = 'com.docker.network.bridge.enable_icc';
  const { icc } = network.bridge;
  return settingEdit(key, '"true"', icc, network.at, [option(network, key)], 'true');
}

/** The network of the receiver as one into which other networks get. */
function gatewayEdits(from: Party, { network }: Party): Edit[] {
  if (network?.bridge === undefined || network === from.network) return [];
  const { gatewayModeIpv4, gatewayModeIpv6 } = network.bridge;
  const families = [
    [4, gatewayModeIpv4],
    [6, gatewayModeIpv6],
  ] as const;
  return families.flatMap(([family, mode]) => {
    const key = `com.docker.network.bridge.gateway_mode_ipv${family}`;
    const isUsed = network.pools.some(
      ({ subnet }) => subnet.value.includes(':') === (family === 6),
    );
    return isUsed
      ? settingEdit(key, 'nat-unprotected', mode, network.at, [option(network, key)])
      : [];
  });
}

function internalEdits({ network }: Party): Edit[] {
  if (network?.bridge === undefined || !network.internal.value) return [];
  const path = ['networks', network.key, 'internal'];
  return settingEdit('internal', false, network.internal, network.at, [path]);
}

function parentOf(network: Network | undefined) {
  return (network?.macvlan ?? network?.ipvlan)?.parent;
}

/** The parent of one network as that of the other, or as the VLAN of the other on a NIC of its own. */
function parentEdits(one: Party, other: Party): Edit[] {
  const { network } = one;
  if (network === undefined || (network.macvlan ?? network.ipvlan) === undefined) return [];
  const parent = parentOf(network);
  const wanted = parentOf(other.network) ?? other.network?.bridge?.uplink?.nic;
  if (wanted === undefined) return [];
  const [base = ''] = (parent ?? wanted).value.split('.');
  const [, vid] = wanted.value.split('.');
  const sameVlan = vid === undefined ? base : `${base}.${vid}`;
  return [sameVlan, wanted.value].flatMap((value) =>
    settingEdit('parent', value, parent, network.at, [option(network, 'parent')]),
  );
}

/** The NIC that stands below a party. */
function nicOf({ link }: Party): Nic | undefined {
  return link?.nic;
}

/** One NIC plugged into the wire of the other. */
function wireEdits({ hosts }: Lab, one: Party, other: Party): Edit[] {
  const nic = nicOf(one);
  const host = hosts.find(({ name }) => name === one.link?.host);
  const wire = nicOf(other)?.wire;
  if (nic?.at === undefined || host === undefined || wire === undefined) return [];
  const path = ['x-hosts', host.name, 'nics', nic.name, 'wire'];
  return settingEdit('wire', wire.value, nic.wire, nic.at, [path]);
}

function relayEdits({ wires }: Lab, parties: readonly Party[]): Edit[] {
  const names = parties.map((party) => nicOf(party)?.wire?.value);
  return wires
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, at, reflectiveRelay }) =>
      settingEdit('reflective_relay', true, reflectiveRelay, at, [
        ['x-wires', name, 'reflective_relay'],
      ]),
    );
}

/** Ways for packets of ipvlan L3 to the subnet of the other: through its host, or straight on the parent. */
function routeEdits({ hosts }: Lab, from: Party, to: Party): Edit[] {
  const mode = from.network?.ipvlan?.mode.value ?? 'l2';
  const host = hosts.find(({ name }) => name === from.link?.host);
  const dev = parentOf(from.network)?.value;
  if (mode === 'l2' || host?.at === undefined || dev === undefined) return [];
  const subnets = (to.network?.pools ?? []).flatMap(({ subnet }) => {
    const block = parseBlock(subnet.value)?.block;
    return block === undefined ? [] : [blockText(block)];
  });
  const routers = hosts
    .filter(({ name }) => name !== host.name)
    .flatMap(({ nics }) => nics.flatMap(addressesOf));
  const vias = routers.flatMap((via) => subnets.map((net) => routeEdit(host, { to: net, via })));
  const straight = subnets.map((net) => routeEdit(host, { to: net, dev }));
  const gateways = routers.flatMap((via) =>
    settingEdit('gateway', via, host.gateway, host.at, [['x-hosts', host.name, 'gateway']]),
  );
  return [...gateways, ...straight, ...vias].filter(({ size }) => size > 0);
}

function addressesOf({ addresses }: Nic): string[] {
  return addresses.flatMap(({ value }) => {
    const address = parseBlock(value)?.address;
    return address === undefined ? [] : [addressText(address.family, address.value)];
  });
}

function routeEdit({ name, at }: Host, route: Readonly<Record<string, string>>): Edit {
  const words = Object.entries(route).map(([key, value]) => `${key}: ${value}`);
  return {
    at: at ?? { line: 1, column: 1 },
    says: `add { ${words.join(', ')} } to the routes of ${name}`,
    size: 2,
    apply: (tree) => {
      const path = ['x-hosts', name, 'routes'];
      const there = valueAt(tree, path);
      setAt(tree, path, [...(Array.isArray(there) ? there : []), { ...route }]);
    },
  };
}

/** Children of the same parent network, as ports of a bridge. */
function driverEdits({ network }: Party, other: Party): Edit[] {
  if (network === undefined) return [];
  if (network !== other.network && other.isHost !== true) return [];
  const path = ['networks', network.key, 'driver'];
  return settingEdit('driver', 'bridge', network.driver, network.at, [path]).map((edit) => {
    return { ...edit, size: DRIVER_SIZE };
  });
}

/** One container in the network of the other, too; where VLANs are kept apart, in that of the other. */
function joinEdits(tree: Tree, one: Party, other: Party): Edit[] {
  const { name, mode, endpoints, at = { line: 1, column: 1 } } = one.sandbox;
  const { network } = other;
  if (one.isHost === true || network === undefined) return [];
  if (endpoints.some((joint) => joint.network === network.name)) return [];
  const path = ['services', name];
  const isApart = mode !== 'own';
  // The network that nobody declares is that of services that say nothing of networks.
  const isImplicit = network.key === 'default' && network.at === undefined;
  const tag = other.endpoint?.vlan?.tag.value ?? 0;
  const port = isApart ? undefined : valueAt(tree, [...path, 'x-port']);
  const has = isImplicit
    ? 'remove network_mode'
    : `write networks: [${network.key}] instead of network_mode`;
  const says = [
    isApart ? has : `add ${network.key} to the networks of ${name}`,
    ...(tag === 0 ? [] : [`with x-port: { tag: ${tag} }`]),
    ...(port === undefined ? [] : [`and move the x-port that it has to ${one.network?.key ?? ''}`]),
  ];
  return [{ at, says: says.join(', '), size: 2, apply: join }];

  function join(copy: Tree): void {
    const networks = [...path, 'networks'];
    if (isApart) removeAt(copy, path, 'network_mode');
    if (!isApart || !isImplicit)
      addAt(copy, networks, network?.key ?? '', isApart ? [] : ['default']);
    if (tag !== 0) setAt(copy, [...networks, network?.key ?? '', 'x-port', 'tag'], tag);
    if (port === undefined) return;
    removeAt(copy, path, 'x-port');
    setAt(copy, [...networks, one.network?.key ?? '', 'x-port'], port);
  }
}
