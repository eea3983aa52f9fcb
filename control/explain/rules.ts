/**
 * Which line of the topology stands behind a verdict. A rule that nobody wrote is a default, and says so.
 */
import { Reason } from '../../dataplane/observe/reason.js';
import { contains, parseAddress } from '../address.js';
import type { BridgeNetwork, Compiled, CompiledPort } from '../compile/compile.js';
import type { Link } from '../compile/links.js';
import type { VlanPort } from '../model/endpoint.js';
import type { Host, Wire } from '../model/lab.js';
import type { Position } from '../model/position.js';
import type { FrameDescription } from './dissect.js';
import { linkView, shortName } from './views.js';
import type { Context } from './views.js';
import { ruleAtTunnelHost, vlansRules } from './vtep-rules.js';

/** A rule in the words of the topology, and where it stands; without `at` it is a default. */
export interface Rule {
  readonly rule: string;
  readonly at?: Position;
}

export function rule(words: string, { at }: { readonly at?: Position }): Rule {
  return at === undefined ? { rule: words } : { rule: words, at };
}

/** The rules that a Reason rests on at a bridge, for a frame from `from`, towards `to` if one is known. */
export function ruleAtBridge(
  reason: Reason,
  { mtu, bridge }: BridgeNetwork,
  from: CompiledPort,
  to: CompiledPort | undefined,
): readonly Rule[] {
  switch (reason) {
    case Reason.MtuExceeded:
      return [rule(`the MTU is ${mtu.value}`, mtu)];
    case Reason.ReservedAddress: {
      const { groupForwardMask } = bridge;
      return [
        rule(
          `group_fwd_mask is 0x${groupForwardMask.value.toString(16).padStart(4, '0')}`,
          groupForwardMask,
        ),
      ];
    }
    case Reason.GatewayAddress:
      return [rule(`the gateway's MAC is ${bridge.mac.value}`, bridge.mac)];
    case Reason.Reflection:
      return from.endpoint === undefined
        ? []
        : [rule(`${from.port} has no hairpin`, from.endpoint.hairpin)];
    case Reason.PortIsolated:
      return [from, to].flatMap((port) =>
        port?.endpoint === undefined
          ? []
          : [rule(`${port.port} is isolated`, port.endpoint.isolated)],
      );
    case Reason.InterContainerDisabled:
      return [rule('enable_icc is false', bridge.icc)];
    case Reason.VlanNotAdmitted:
      return vlanRule(to ?? from);
    default:
      return [];
  }
}

/** The same at the switch of a wire. */
export function ruleAtWire(
  reason: Reason,
  { name, reflectiveRelay }: Wire,
  mtu: number,
): readonly Rule[] {
  if (reason === Reason.MtuExceeded) return [rule(`the MTU of ${name} is ${mtu}`, {})];
  if (reason !== Reason.Reflection) return [];
  return [rule(`${name} has no reflective_relay`, reflectiveRelay)];
}

/** What a port of a bridge that keeps VLANs apart says about them. */
export function vlanRule({ port, endpoint, link, isOpen, vtep }: CompiledPort): Rule[] {
  if (vtep !== undefined) return vlansRules(vtep);
  const vlan = endpoint?.vlan ?? (isOpen ? undefined : link?.bridge?.bridge?.uplink?.vlan);
  return vlan === undefined ? [] : [wordsOf(port, vlan)];
}

/** `VLAN 5`, `the VLANs 5, 6`. */
function vlansText(vlans: readonly number[]): string {
  return `${vlans.length === 1 ? 'VLAN' : 'the VLANs'} ${vlans.join(', ')}`;
}

function wordsOf(port: string, { mode, tag, trunks, cvlans }: VlanPort): Rule {
  const tagAt = tag.at ? tag : mode;
  const carried = trunks ? vlansText(trunks.value) : 'all VLANs';
  switch (mode.value) {
    case 'access':
      return rule(`${port} is an access port of VLAN ${tag.value}`, tagAt);
    case 'dot1q-tunnel':
      return rule(
        `${port} is a tunnel through VLAN ${tag.value}${cvlans ? ` for ${vlansText(cvlans.value)}` : ''}`,
        cvlans ?? tagAt,
      );
    case 'trunk':
      return rule(`${port} is a trunk of ${carried}`, trunks ?? mode);
    default:
      return rule(
        `${port} is a ${mode.value} port of VLAN ${tag.value}, and of ${carried}`,
        trunks ?? tagAt,
      );
  }
}

/** The rules that a Reason rests on at a link of a host, or at a child of one. */
export function ruleAtLink(
  reason: Reason,
  { compiled, frame }: Context,
  link: Link,
  child: CompiledPort | undefined,
): readonly Rule[] {
  const [network] = link.networks;
  switch (reason) {
    case Reason.MtuExceeded:
      return [mtuRule(compiled, link, child)];
    case Reason.VlanUnknown:
      return [subInterfaces(compiled, link)];
    case Reason.NotForThisHost:
      return link.nic === undefined
        ? []
        : [rule(`the MAC of ${link.name} is ${link.nic.mac.value}`, link.nic.mac)];
    case Reason.NoWire:
      return network === undefined ? [] : [rule(`${network.name} has no parent`, network)];
    case Reason.IpvlanPrivate:
      return network?.ipvlan ? [rule('ipvlan_flag is private', network.ipvlan.flag)] : [];
    case Reason.IpvlanL3Group:
    case Reason.IpvlanL3NotIp:
      return network?.ipvlan
        ? [rule(`ipvlan_mode is ${network.ipvlan.mode.value}`, network.ipvlan.mode)]
        : [];
    case Reason.NoRoute:
      return child === undefined
        ? ruleAtHost(reason, compiled, link.host, frame)
        : routesBy(compiled, link);
    default:
      return ruleAtHost(reason, compiled, link.host, frame);
  }
}

function mtuRule({ program, ports }: Compiled, link: Link, child: CompiledPort | undefined): Rule {
  const mtu = child && program.ports.mtu[ports.indexOf(child)];
  const network = link.networks.find(({ endpoints }) =>
    endpoints.some((endpoint) => endpoint === child?.endpoint),
  );
  if (mtu !== undefined && network?.mtu.value === mtu)
    return rule(`the MTU is ${mtu}`, network.mtu);
  return rule(`the MTU of ${link.name} is ${mtu ?? link.nic?.mtu ?? 0}`, link.nic ?? {});
}

function subInterfaces({ links }: Compiled, nic: Link): Rule {
  const names = links
    .filter((link) => link.nic === nic.nic && link.vid !== 0)
    .map((link) => shortName(linkView(link)));
  return rule(`${nic.name} has ${names.join(', ') || 'none'}`, nic.nic ?? {});
}

function routesBy({ routes, links, lab, program }: Compiled, link: Link): Rule[] {
  const here = routes.filter(({ iface }) => links[iface - program.networks.rows] === link);
  if (here.length > 0)
    return here.map(({ text, at }) => rule(`there is ${text}`, at ? { at } : {}));
  const host = lab.hosts.find(({ name }) => name === link.host);
  return [rule(`no route of ${link.host} leaves by ${shortName(linkView(link))}`, host ?? {})];
}

/** The rules that a Reason rests on for which a host gives a packet up, wherever it got it. */
export function ruleAtHost(
  reason: Reason,
  compiled: Compiled,
  name: string,
  frame: FrameDescription,
): Rule[] {
  const host = compiled.lab.hosts.find((one) => one.name === name);
  if (host === undefined) return [];
  switch (reason) {
    case Reason.NoRoute:
      return noRouteRules(host, frame);
    case Reason.ReversePath:
      return reversePathRules(compiled, host, frame);
    default:
      return ruleAtTunnelHost(reason, compiled, host);
  }
}

/** What checks the source of a packet, and the way back that the host knows. */
function reversePathRules({ lab, routes }: Compiled, host: Host, frame: FrameDescription): Rule[] {
  const { name, rpFilter } = host;
  const source = frame.packet?.source ?? '';
  const address = parseAddress(source);
  const back = routes.find(
    (route) => lab.hosts[route.host] === host && address && contains(route.to, address),
  );
  return [
    rule(`rp_filter of ${name} is ${rpFilter.value}`, rpFilter),
    back === undefined
      ? rule(`${name} has no route to ${source}`, host)
      : rule(`the way back to ${source} is ${back.text}`, back.at ? { at: back.at } : {}),
  ];
}

/** Why a host has no route to where a frame is for. */
function noRouteRules(host: Host, frame: FrameDescription): Rule[] {
  const to = frame.packet?.destination ?? '';
  if (host.gateway?.value.includes(':') === to.includes(':')) return [];
  return [rule(`${host.name} has no route to ${to}, and no gateway`, host)];
}
