import { Addressing, makePool, type SettledPool } from './addressing.js';
import { readBridge } from './bridge.js';
import type { Endpoint } from './endpoint.js';
import type { Joint } from './endpoints.js';
import { GATEWAY_BRIDGE, joinGatewayBridges } from './gateway-bridge.js';
import { ONLY_HOST, readHosts, withImplicitNics } from './hosts.js';
import type { Host, Lab } from './lab.js';
import { refuseLoops } from './loops.js';
import type { Findings } from './mistake.js';
import type { Network } from './network.js';
import {
  interfaceOf,
  readNetwork,
  refuseSameNames,
  undeclared,
  type NetworkDraft,
} from './networks.js';
import { checkOverlay, overlaysOf, partsOf } from './overlay.js';
import { refuseChildren, refuseSharedParents } from './parents.js';
import { place } from './placement.js';
import { projectName } from './project.js';
import { withPublished } from './publish.js';
import { withRoutes } from './routes.js';
import { hasStack, type Sandbox } from './sandbox.js';
import { makeSandboxes } from './sandboxes.js';
import { networkNames, readServices, type SandboxDraft } from './services.js';
import { START } from './source.js';
import { checkStack } from './stack.js';
import type { Checked } from './structure.js';
import { checkPorts, noteConflicts, surroundingsOf } from './surroundings.js';
import { readSwarm } from './swarm.js';
import { readWires } from './wires.js';
import { withNat } from './x-nat.js';
import { withVxlan } from './x-vxlan.js';
import { entries } from './written.js';

/**
 * From a file of the right shape to a Lab. Each step needs only what stands before it: hosts, services (by name), places,
 * networks, addresses, endpoints, bridges. All steps run to the end whatever they find, so that one run shows all mistakes;
 * after a mistake the Lab is worthless and the caller throws it away.
 */
export function assembleLab({ root, damaged }: Checked, file: string, findings: Findings): Lab {
  const declared = entries(root.get('networks'));
  const name = projectName(root, file, findings);
  const wires = readWires(root, file, findings);
  const declaredHosts = readHosts(root, wires, file, findings);
  const drafts = readServices(root, networkNames(declared), findings);
  const placement = place(drafts, declared, declaredHosts, findings);
  const networks = declared.map((entry) => {
    const home = homeOf(placement.networks.get(entry.key), declaredHosts);
    return readNetwork(entry, home, damaged.has(`networks.${entry.key}`), findings);
  });
  const hosts = withImplicitNics(declaredHosts, networks.flatMap(namedInterface));
  const hostOf = (draft: SandboxDraft) => homeOf(placement.services.get(draft.name), hosts).name;
  const joints = joinAll(drafts, networks, hostOf);
  const bridges = joinGatewayBridges(joints, networks, hostOf);
  refuseSameNames(networks, findings);
  refuseSharedParents(networks, findings);

  const addressing = new Addressing(hosts, findings);
  addressing.settleNetworks(inOrderOfDocker(networks));
  for (const { attachment, network } of [...joints.values()].flat())
    addressing.reserve(attachment, network);
  for (const { network, first } of bridges) addressing.takeForNode(first.attachment, network);
  const scene = { file, project: name, hosts, joints, hostOf, addressing };
  const { sandboxes, members, ofNodes } = makeSandboxes(drafts, scene, findings);
  checkServices(drafts, sandboxes, findings);

  const swarm = readSwarm(root, hosts, findings);
  const isWhole = (host: string) => !damaged.has(`x-hosts.${host}`);
  const overlays = overlaysOf(networks, { members, ofNodes, addressing, swarm }, findings);
  for (const overlay of overlays) checkOverlay(overlay, swarm, isWhole, findings);
  const parts = overlays.flatMap((overlay) => partsOf(overlay, swarm, hosts));
  const made = networks.flatMap((draft) => {
    const endpoints = (members.get(draft) ?? []).map(({ endpoint }) => endpoint);
    checkMeaning(draft, endpoints, findings);
    if (draft.driver.value !== 'overlay')
      return [makeNetwork(draft, endpoints, addressing.poolsOf(draft), findings)];
    return parts.filter(({ overlay }) => overlay.draft === draft).flatMap((part) => part.networks);
  });
  const around = (host: Host) => surroundingsOf(host, made);
  const aroundNamed = (host: string) => around(homeOf(host, hosts));
  const whole = withVxlan(made, networks, { around: aroundNamed, isWhole }, findings);
  refuseLoops(whole, hosts, findings);
  const written = new Map(drafts.map((draft) => [draft.name, draft.written]));
  const writtenOf = ({ name: service }: Sandbox) => written.get(service);
  const published = withPublished(sandboxes, writtenOf, whole, hosts, findings);
  refuseChildren(whole, hosts, findings);
  const routed = withRoutes(root, hosts, damaged, around, findings);
  const translating = withNat(root, routed, damaged, around, findings);
  checkPorts(sandboxes, routed, wires, whole, findings);
  noteConflicts(routed, whole, findings);
  return {
    file,
    name,
    hosts: [...translating, ...parts.map(({ host }) => host)],
    wires,
    networks: whole,
    sandboxes: published,
    notes: [...findings.notes],
  };
}

/** A swarm makes its gateway bridge before anybody can have made a network. */
function inOrderOfDocker(networks: readonly NetworkDraft[]): NetworkDraft[] {
  const isFirst = ({ name }: NetworkDraft) => name === GATEWAY_BRIDGE;
  return [...networks.filter(isFirst), ...networks.filter((network) => !isFirst(network))];
}

function namedInterface(network: NetworkDraft): { host: string; interfaceName: string }[] {
  const place = interfaceOf(network);
  return place === undefined ? [] : [{ host: network.host, interfaceName: place.value }];
}

/** After a failed placement any host will do: that mistake is reported already. */
function homeOf(name: string | undefined, hosts: readonly Host[]): Host {
  const home = hosts.find((host) => host.name === name) ?? hosts[0];
  return home ?? ONLY_HOST;
}

/** Leads each attachment to its network. What nobody declares is made here, once per host, and added to `networks`. */
function joinAll(
  drafts: readonly SandboxDraft[],
  networks: NetworkDraft[],
  hostOf: (draft: SandboxDraft) => string,
): Map<SandboxDraft, Joint[]> {
  const byPlace = new Map(networks.map((network) => [network.key, network]));
  const networkOf = (key: string, draft: SandboxDraft): NetworkDraft => {
    const host = hostOf(draft);
    const found = byPlace.get(key) ?? byPlace.get(`${key} ${host}`);
    if (found !== undefined) return found;
    const made = undeclared(key, host);
    byPlace.set(`${key} ${host}`, made);
    networks.push(made);
    return made;
  };
  return new Map(
    drafts.map((draft) => [
      draft,
      draft.attachments.map((attachment) => {
        return { attachment, network: networkOf(attachment.network, draft) };
      }),
    ]),
  );
}

/** What concerns all services together, once it is known who stands where. */
function checkServices(
  drafts: readonly SandboxDraft[],
  sandboxes: readonly Sandbox[],
  findings: Findings,
): void {
  const byName = new Map(drafts.map((draft) => [draft.name, draft]));
  refuseStacksElsewhere(drafts, sandboxes, findings);
  for (const [index, draft] of drafts.entries()) {
    const sandbox = sandboxes[index];
    if (sandbox === undefined || draft.written === undefined) continue;
    checkStack({ ...draft, mode: sandbox.mode }, draft.written, byName, findings);
  }
}

/** A service that is a VM or an interface has no stack here that another could share, and in which a command could run. */
function refuseStacksElsewhere(
  drafts: readonly SandboxDraft[],
  sandboxes: readonly Sandbox[],
  findings: Findings,
): void {
  const elsewhere = sandboxes.filter((sandbox) => sandbox.mode === 'own' && !hasStack(sandbox));
  const names = new Set(elsewhere.map(({ name }) => name));
  for (const { name, settings } of elsewhere)
    if (settings.command !== undefined)
      findings.note(`${name} has no sandbox here: its command is not started`);
  for (const { mode, at, written } of drafts) {
    if (typeof mode !== 'object' || !names.has(mode.shares)) continue;
    const what = `${mode.shares} has no network stack here that could be shared`;
    const fix = `give ${mode.shares} a port of its own, without interface, tap or play`;
    findings.refuse(written?.get('network_mode')?.at ?? at, what, fix);
  }
}

/** Which driver each of our own keys is about. */
const OWN_KEYS = [
  ['x-bridge', 'bridge'],
  ['x-vxlan', 'bridge'],
  ['x-overlay', 'overlay'],
] as const;

function checkMeaning(
  draft: NetworkDraft,
  endpoints: readonly Endpoint[],
  findings: Findings,
): void {
  const { value: driver } = draft.driver;
  for (const [key, meant] of OWN_KEYS) {
    if (driver === meant || draft.written?.get(key) === undefined) continue;
    const what = `${key} means nothing to the ${driver} driver`;
    findings.refuse(
      draft.written.get(key)?.at ?? START,
      what,
      `remove it, or use driver "${meant}"`,
    );
  }
  if (driver === 'bridge' || driver === 'overlay') noteSharedMacs(draft, endpoints, findings);
}

function makeNetwork(
  draft: NetworkDraft,
  endpoints: readonly Endpoint[],
  pools: readonly SettledPool[],
  findings: Findings,
): Network {
  const { mtu, macvlan, ipvlan } = draft.settings;
  const isBridge = draft.driver.value === 'bridge';
  if (macvlan?.mode.value === 'source') noteDeaf(endpoints, findings);
  return {
    key: draft.key,
    name: draft.name,
    ...(draft.at && { at: draft.at }),
    host: draft.host,
    driver: draft.driver,
    internal: draft.internal,
    attachable: draft.attachable,
    mtu,
    pools: pools.map(makePool),
    ...(isBridge && { bridge: readBridge(draft, endpoints, findings) }),
    ...(macvlan && { macvlan }),
    ...(ipvlan && { ipvlan }),
    endpoints,
  };
}

/** Docker does not mind two endpoints with one MAC, but the bridge will believe in only one of them at a time. */
function noteSharedMacs(
  { name }: NetworkDraft,
  endpoints: readonly Endpoint[],
  findings: Findings,
): void {
  const owners = new Map<string, string>();
  for (const { mac, port } of endpoints) {
    const other = owners.get(mac.value);
    if (other !== undefined)
      findings.note(`network ${name}: ${other} and ${port} both have the MAC ${mac.value}`);
    owners.set(mac.value, port);
  }
}

function noteDeaf(endpoints: readonly Endpoint[], findings: Findings): void {
  for (const { port } of endpoints.filter(({ sources }) => sources.length === 0))
    findings.note(`${port} hears nobody: a macvlan child in source mode needs x-port.sources`);
}
