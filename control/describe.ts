import type { Speed } from '../dataplane/worker/live-job.js';
import type { Device } from './model/device.js';
import type { Endpoint, VlanPort } from './model/endpoint.js';
import type { Host, Lab, Wire, WirePort } from './model/lab.js';
import { TIMEOUTS } from './model/nat.js';
import type { Nat } from './model/nat.js';
import type { BridgeOptions, Network, Pool } from './model/network.js';
import type { Sandbox } from './model/sandbox.js';
import { natRuleText, publishedText } from './nat-text.js';
import { describeVtep } from './vtep-text.js';

/** What `etherloom check` says: the lab as it was understood, in words and columns. */
export function describeLab(lab: Lab): string {
  const machines = lab.hosts.filter(({ namespaceOf }) => namespaceOf === undefined);
  const paragraphs = [
    [summary(lab)],
    ...machines
      .filter(({ at, nics, nat }) => at !== undefined || nics.length > 0 || nat !== undefined)
      .map((host) => describeHost(host, lab.networks)),
    ...lab.wires.map((wire) => describeWire(wire, lab.hosts)),
    ...lab.networks.map((network) => {
      const home = lab.hosts.find(({ name }) => name === network.host)?.namespaceOf?.host;
      return describeNetwork(network, machines.length > 1 ? (home ?? network.host) : undefined);
    }),
    lab.sandboxes.flatMap(({ name, published = [] }) =>
      published.map((port) => publishedText(name, port)),
    ),
    lab.sandboxes.flatMap(describeWithoutEndpoints),
    lab.sandboxes.flatMap(describeCommand),
    lab.notes.map((note) => `note: ${note}`),
  ];
  const texts = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n')}\n`;
}

function summary({ file, hosts, networks, sandboxes, wires }: Lab): string {
  const ports = [
    ...networks.flatMap(({ endpoints }) => endpoints),
    ...hosts.flatMap(({ nics }) => nics.filter(({ wire }) => wire === undefined)),
    ...wires.flatMap((wire) => wire.ports),
  ];
  const overlays = networks.filter(({ driver }) => driver.value === 'overlay');
  const others = networks.length - overlays.length;
  const parts = [
    count(hosts.filter(({ namespaceOf }) => namespaceOf === undefined).length, 'host'),
    ...(wires.length > 0 ? [count(wires.length, 'wire')] : []),
    count(others + new Set(overlays.map(({ key }) => key)).size, 'network'),
    count(sandboxes.length, 'sandbox', 'sandboxes'),
    count(ports.length, 'port'),
  ];
  return `${file}: ${parts.join(', ')}`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function describeHost(
  { name, nics, gateway, routes, forward, arpIgnore, sendRedirects, rpFilter, nat }: Host,
  networks: readonly Network[],
): string[] {
  const rows = nics.map(({ name: nic, mac, wire, mtu, addresses, device, record }) => {
    const joined = [describeDevice(device), ...(record ? [`recorded to ${record.value}`] : [])];
    const out = [`leads out as ${name}.${nic}`, ...joined.filter(Boolean)].join(', ');
    const place = wire === undefined ? out : `wire ${wire.value}`;
    const child = networks.find(
      ({ host, macvlan }) =>
        host === name && macvlan?.mode.value === 'passthru' && macvlan.parent?.value === nic,
    )?.endpoints[0];
    const own = addresses.map(({ value }) => value).join(' ');
    const borrowed = child === undefined ? '' : `has the MAC of ${child.port}`;
    return [nic, child?.mac.value ?? mac.value, place, `mtu ${mtu}`, own, borrowed];
  });
  return [
    `host ${name}`,
    ...columns(rows),
    ...(gateway ? [`  gateway ${gateway.value}`] : []),
    ...routes.map(({ to, via, dev, type, metric }) => {
      const way = [
        ...(type ? [type.value] : []),
        ...(via ? [`via ${via.value}`] : []),
        ...(dev ? [`dev ${dev.value}`] : []),
        ...(metric ? [`metric ${metric.value}`] : []),
      ];
      return `  route ${to.value} ${way.join(' ')}`;
    }),
    ...(forward.value ? [] : ['  forwards nothing']),
    ...(arpIgnore.value === 0 ? [] : [`  arp_ignore ${arpIgnore.value}`]),
    ...(sendRedirects.value ? [] : ['  sends no redirects']),
    ...(rpFilter.value === 0 ? [] : [`  rp_filter ${rpFilter.value}`]),
    ...(nat ? describeNat(nat) : []),
  ];
}

function describeNat(nat: Nat): string[] {
  const { profile, connectionsMax, timeouts, suppressIcmpErrors, rules } = nat;
  const times = TIMEOUTS.flatMap(({ key }) => {
    const { value } = timeouts[key] ?? {};
    return value === undefined ? [] : [`${key} ${value} s`];
  });
  const silent = suppressIcmpErrors.map(({ value }) => value).join(' ');
  return [
    `  translates as ${PROFILES[profile.value]}, at most ${connectionsMax.value} connections`,
    ...(times.length === 0 ? [] : [`  remembers ${times.join(', ')}`]),
    ...(profile.value === 'linux' ? [] : describeMappings(nat)),
    ...(silent === '' ? [] : [`  sends no ICMP errors by ${silent}`]),
    ...rules.map((rule) => `  ${natRuleText(rule)}`),
  ];
}

/** Where mappings are other than by default. */
function describeMappings({ protocolIndependent, inboundRefresh }: Nat): string[] {
  const { value, at } = protocolIndependent;
  return [
    ...(at ? [`  independent of protocols: ${value.join(', ') || 'nothing'}`] : []),
    ...(inboundRefresh.value ? ['  what comes in keeps a mapping alive, too'] : []),
  ];
}

const PROFILES = { linux: 'Linux', rfc4787: 'RFC 4787' } as const;

function describeWire({ name, ports, reflectiveRelay }: Wire, hosts: readonly Host[]): string[] {
  const nics = hosts.flatMap((host) =>
    host.nics
      .filter(({ wire }) => wire?.value === name)
      .map((nic) => [`${host.name}.${nic.name}`, `NIC of ${host.name}`]),
  );
  const outside = ports.map(({ port, device, record }) => {
    const words = [describeDevice(device), ...(record ? [`recorded to ${record.value}`] : [])];
    return [port, words.join(', ')];
  });
  const rows = [...nics, ...outside];
  return [
    `wire ${name}${reflectiveRelay.value ? ', reflective relay' : ''}`,
    ...(rows.length > 0 ? columns(rows) : ['  no ports']),
  ];
}

/** `host`: present where there are several. */
function describeNetwork(network: Network, host: string | undefined): string[] {
  const { name, driver, mtu, internal, pools, bridge, vteps = [], endpoints } = network;
  const head = [
    `network ${name}: ${driver.value}`,
    ...(host === undefined ? [] : [`on ${host}`]),
    ...describeModes(network),
    `mtu ${mtu.value}`,
    ...(internal.value ? ['internal'] : []),
  ];
  return [
    head.join(', '),
    ...pools.map((pool) => indented(describePool(pool))),
    ...(bridge ? describeBridge(bridge) : []).map(indented),
    ...(bridge && driver.value === 'bridge' ? describeGateway(bridge, pools) : []).map(indented),
    ...vteps.flatMap(describeVtep).map(indented),
    ...columns(endpoints.map(describePort)),
    ...(endpoints.length + vteps.length === 0 ? ['  no ports'] : []),
  ];
}

function indented(line: string): string {
  return `  ${line}`;
}

/** How macvlan and ipvlan sit on their parent. */
function describeModes({ macvlan, ipvlan }: Network): string[] {
  const settings = macvlan ?? ipvlan;
  if (settings === undefined) return [];
  return [
    settings.parent ? `parent ${settings.parent.value}` : 'no parent',
    `mode ${settings.mode.value}`,
    ...(ipvlan ? [`flag ${ipvlan.flag.value}`] : []),
  ];
}

function describePool({ subnet, range, gateway, aux }: Pool): string {
  const parts = [
    `subnet ${subnet.value}`,
    ...(gateway ? [`gateway ${gateway.value}`] : []),
    ...(range ? [`range ${range.value}`] : []),
    ...Array.from(aux, ([name, address]) => `${name} = ${address}`),
  ];
  return parts.join(', ');
}

function describeBridge(bridge: BridgeOptions): string[] {
  const { mac, ageing_s, icc, groupForwardMask, stationsMax, stations } = bridge;
  const mask = `0x${groupForwardMask.value.toString(16).padStart(4, '0')}`;
  const parts = [
    `bridge ${mac.value}`,
    ageing_s.value === 0 ? 'forgets at once' : `ageing ${ageing_s.value} s`,
    `at most ${stationsMax.value} stations`,
    `icc ${icc.value ? 'on' : 'off'}`,
    `group mask ${mask}`,
  ];
  const nailed = stations.map(({ mac: station, endpoint, sticky }) => {
    return `station ${station} at ${endpoint.port}${sticky ? ', sticky' : ''}`;
  });
  return [parts.join(', '), ...nailed, ...describeVlans(bridge)];
}

/** What Docker is told to do other than usual at the gateway. */
function describeGateway(bridge: BridgeOptions, pools: readonly Pool[]): string[] {
  const { masquerade, gatewayModeIpv4, gatewayModeIpv6, hostBindingIpv4 } = bridge;
  const modes = [gatewayModeIpv4.value, gatewayModeIpv6.value];
  const hasIpv6 = pools.some(({ subnet }) => subnet.value.includes(':'));
  const parts = [
    ...(modes[0] === 'nat' ? [] : [`gateway mode ${modes[0]}`]),
    ...(modes[1] === 'nat' || !hasIpv6 ? [] : [`gateway mode ${modes[1]} for IPv6`]),
    ...(masquerade.value ? [] : ['no masquerade']),
    ...(hostBindingIpv4.value === '0.0.0.0' ? [] : [`publishes on ${hostBindingIpv4.value}`]),
  ];
  return parts.length === 0 ? [] : [parts.join(', ')];
}

function describeVlans({ vlanFiltering, uplink }: BridgeOptions): string[] {
  const vlan = uplink?.vlan ? `, ${describeVlan(uplink.vlan)}` : '';
  return [
    ...(vlanFiltering.value ? ['keeps VLANs apart'] : []),
    ...(uplink ? [`uplink ${uplink.nic.value}${vlan}`] : []),
  ];
}

function describeVlan({ mode, tag, trunks, cvlans, priorityTags, qinqType }: VlanPort): string {
  const isTunnel = mode.value === 'dot1q-tunnel';
  const parts = [
    mode.value,
    ...(tag.value > 0 ? [`VLAN ${tag.value}`] : []),
    ...(trunks ? [`trunks ${trunks.value.join(' ')}`] : []),
    ...(cvlans ? [`inner VLANs ${cvlans.value.join(' ')}`] : []),
    ...(priorityTags.value === 'never' ? [] : [`priority tags ${priorityTags.value}`]),
    ...(isTunnel ? [qinqType.value === 0x88a8 ? '802.1ad' : '802.1q'] : []),
  ];
  return parts.join(' ');
}

function describePort(endpoint: Endpoint): string[] {
  const { port, mac, ipv4, ipv6, hairpin, isolated, vlan, sources, takesAlone } = endpoint;
  const { device, record } = endpoint;
  const flags = [
    ...(hairpin.value ? ['hairpin'] : []),
    ...(isolated.value ? ['isolated'] : []),
    ...(vlan ? [describeVlan(vlan)] : []),
    ...(sources.length > 0 ? [`hears ${sources.map(({ value }) => value).join(' ')}`] : []),
    ...(takesAlone.value ? ['alone'] : []),
  ];
  const words = [describeDevice(device), ...(record ? [`recorded to ${record.value}`] : [])];
  const live = words.filter((word) => word !== '').join(', ');
  return [port, mac.value, ipv4?.value ?? '', ipv6?.value ?? '', flags.join(' '), live];
}

/** In words for `up`; nothing where the port is what it is by default, the first NICs of its sandbox. */
function describeDevice(device: Device | WirePort['device']): string {
  switch (device.kind) {
    case 'nothing':
      return '';
    case 'sandbox':
      return /^eth\d+$/.test(device.name) ? '' : `NIC ${device.name}`;
    case 'interface':
      return `interface ${device.interface.value} by ${device.driver}`;
    case 'tap':
      return `tap ${device.tap.value}${device.owner ? ` of ${device.owner.value}` : ''}`;
    case 'play':
      return `plays ${device.path.value} ${speedText(device.speed)}`;
  }
}

function speedText(speed: Speed): string {
  if (speed === 'max') return 'as fast as it goes';
  if ('times' in speed) return speed.times === 1 ? 'as captured' : `${speed.times} times as fast`;
  return `at ${speed.framesPerSecond.toLocaleString('en-US')} frames/s`;
}

function describeCommand({ name, settings, mode, endpoints }: Sandbox): string[] {
  if (settings.command === undefined || (mode === 'own' && endpoints.every(isElsewhere))) return [];
  return [`${name} runs ${settings.command.join(' ')}`];
}

function isElsewhere({ device }: Endpoint): boolean {
  return device.kind !== 'sandbox';
}

function describeWithoutEndpoints({ name, mode, endpoints }: Sandbox): string[] {
  if (endpoints.length > 0) return [];
  if (typeof mode === 'object') return [`${name} shares the network stack of ${mode.shares}`];
  return [mode === 'host' ? `${name} uses the stack of its host` : `${name} has no network`];
}

/** Lines with each column as wide as its widest cell; columns that are empty in all lines are left out. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => {
    return Math.max(...rows.map((row) => row[column]?.length ?? 0));
  });
  return rows.map((row) => {
    const cells = row.flatMap((cell, column) => {
      const width = widths[column] ?? 0;
      return width === 0 ? [] : [cell.padEnd(width)];
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
