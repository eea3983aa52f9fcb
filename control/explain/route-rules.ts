/** Which lines of the topology stand behind what a host does not forward (docs/docker-forwarding.md). */
import { Reason } from '../../dataplane/observe/reason.js';
import { Step } from '../../dataplane/observe/trace.js';
import type { Note } from '../../dataplane/observe/trace.js';
import type { BridgeNetwork } from '../compile/compile.js';
import type { AnyHop } from './hops.js';
import { rule, ruleAtHost } from './rules.js';
import type { Rule } from './rules.js';
import { ruleOfTranslator, sourceTranslator } from './translations.js';
import { interfaceView, noted, shortName } from './views.js';
import type { Context } from './views.js';

/** Where a packet was when its host gave it up. */
export interface AtRoute {
  readonly context: Context;
  readonly host: number;
  /** The interface by which it would have left. */
  readonly iface: number;
  /** The address it was for when that had been translated. */
  readonly destination: string;
  readonly family: 4 | 6;
  readonly before: AnyHop | undefined;
  /** What was noted there. */
  readonly notes: readonly Note[];
}

/** The rules that a Reason rests on where a host has found a route. */
export function ruleAtRoute(reason: Reason, place: AtRoute): readonly Rule[] {
  const { compiled } = place.context;
  const [from, to] = [bridgeBefore(place), compiled.networks[place.iface]];
  switch (reason) {
    case Reason.BridgeIsolated:
      return [
        ...(from ? [rule(`it comes from ${from.name}`, from)] : []),
        ...(to ? closedBy(place, to) : []),
      ];
    case Reason.DirectRoutingDenied:
      return to ? [modeRule(to, place.family)] : [];
    case Reason.PortNotPublished:
      return to ? [publishedRule(place, to)] : [];
    case Reason.InternalNetwork:
      return [from, to].flatMap((network) => (network ? internalRule(network, place.family) : []));
    case Reason.InterContainerDisabled:
      return to ? [rule('enable_icc is false', to.bridge.icc)] : [];
    case Reason.ForwardingDenied:
      return [neitherRule(place)];
    case Reason.FragmentationNeeded:
      return [mtuRule(place)];
    case Reason.ConnectionsExceeded:
      return connectionsRule(place);
    case Reason.NatPortsExhausted:
    case Reason.NatUntranslatable:
      return sourceRules(place);
    default:
      return ruleAtHost(
        reason,
        compiled,
        compiled.lab.hosts[place.host]?.name ?? '',
        place.context.frame,
      );
  }
}

/** The bridge network from which it came; undefined where it came by a NIC. */
function bridgeBefore({ context, before }: AtRoute): BridgeNetwork | undefined {
  if (before?.stage !== 'bridge') return undefined;
  return context.compiled.networks.find(({ name, at }) => {
    return name === before.network.name && at?.line === before.network.at?.line;
  });
}

/** Why nothing gets into a bridge from another: its gateway mode, or what its container does not publish. */
function closedBy(place: AtRoute, to: BridgeNetwork): Rule[] {
  const isRouted = modeOf(to, place.family).value === 'routed';
  return [modeRule(to, place.family), ...(isRouted ? [publishedRule(place, to)] : [])];
}

function modeOf({ bridge }: BridgeNetwork, family: 4 | 6) {
  return family === 4 ? bridge.gatewayModeIpv4 : bridge.gatewayModeIpv6;
}

/** The mode and its line, else the line of the network that has it by default. */
function modeRule(network: BridgeNetwork, family: 4 | 6): Rule {
  const mode = modeOf(network, family);
  const words = `the gateway mode of ${network.name} is ${mode.value}`;
  return mode.at === undefined
    ? rule(`${words} by default`, network)
    : rule(`gateway_mode_ipv${family} of ${network.name} is ${mode.value}`, mode);
}

/** What the container with the address publishes of itself. */
function publishedRule(
  { context, destination }: AtRoute,
  { name, endpoints }: BridgeNetwork,
): Rule {
  const { sandboxes } = context.compiled.lab;
  const endpoint = endpoints.find(
    ({ ipv4, ipv6 }) => ipv4?.value === destination || ipv6?.value === destination,
  );
  const sandbox = sandboxes.find((one) => one.name === endpoint?.sandbox);
  if (sandbox === undefined) return rule(`no container of ${name} has ${destination}`, {});
  const published = (sandbox.published ?? []).filter(({ network }) => network === name);
  const [first] = published;
  if (first === undefined) return rule(`${sandbox.name} publishes nothing`, sandbox);
  const ports = new Set(
    published.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`),
  );
  return rule(`${sandbox.name} publishes only ${[...ports].join(', ')}`, first);
}

function internalRule(network: BridgeNetwork, family: 4 | 6): Rule[] {
  const { name, internal } = network;
  if (internal.value) return [rule(`${name} is internal`, internal.at ? internal : network)];
  return modeOf(network, family).value === 'isolated' ? [modeRule(network, family)] : [];
}

function neitherRule(place: AtRoute): Rule {
  const { compiled } = place.context;
  const out = interfaceView(compiled, place.iface);
  const { before } = place;
  const came =
    before?.stage === 'up' ? shortName(before.popped ?? before.link) : bridgeBefore(place)?.name;
  const host = compiled.lab.hosts[place.host];
  const names = [...new Set([came, out && shortName(out)])].filter((name) => name !== undefined);
  const neither =
    names.length === 2 ? `neither ${names.join(' nor ')} is` : `${names.join('')} is not`;
  return rule(
    `Docker runs on ${host?.name ?? ''}, and ${neither} a bridge network with a subnet`,
    host ?? {},
  );
}

/** The MTU of the way out. */
export function mtuRule({ context, iface }: Pick<AtRoute, 'context' | 'iface'>): Rule {
  const { networks, links, program } = context.compiled;
  const network = networks[iface];
  if (network !== undefined)
    return rule(`the MTU of ${network.name} is ${network.mtu.value}`, network.mtu);
  const row = iface - program.networks.rows;
  const { name = '', nic = {} } = links[row] ?? {};
  return rule(`the MTU of ${name} is ${program.links.mtu[row] ?? 0}`, nic);
}

/** What would have given it another source. */
function sourceRules({ context, host, iface, family, notes }: AtRoute): Rule[] {
  const { compiled, frame } = context;
  const [, , , , rule = -1] = noted(notes, Step.Tracked) ?? [];
  const [, was = 0, , kind = 0, cameIn = -1] = noted(notes, Step.PortsBecome) ?? [];
  const source = { address: frame.packet?.source ?? '', port: was >>> 16 };
  const opened = { host, protocol: kind & 0xff, source, cameIn, out: iface, rule };
  return [ruleOfTranslator(compiled, sourceTranslator(compiled, opened), family)];
}

function connectionsRule({ context, host }: AtRoute): Rule[] {
  const { nat, name } = context.compiled.lab.hosts[host] ?? {};
  const most = context.compiled.program.hosts.connectionsMax[host] ?? 0;
  return [rule(`${name ?? ''} tracks ${most} connections at the most`, nat?.connectionsMax ?? {})];
}
