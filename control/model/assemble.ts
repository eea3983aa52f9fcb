import { addressText, blockText } from '../address.js';
import { Addressing, type SettledPool } from './addressing.js';
import { readBridge } from './bridge.js';
import type { Endpoint } from './endpoint.js';
import { makeEndpoints, type Joint } from './endpoints.js';
import { ONLY_HOST, readHosts, withImplicitNics } from './hosts.js';
import type { Host, Lab } from './lab.js';
import type { Findings } from './mistake.js';
import type { Network, Pool } from './network.js';
import {
  interfaceOf,
  readNetwork,
  refuseSameNames,
  undeclared,
  type NetworkDraft,
} from './networks.js';
import { refuseChildren, refuseSharedParents } from './parents.js';
import { place, type Placement } from './placement.js';
import { projectName } from './project.js';
import { withPublished } from './publish.js';
import { withRoutes } from './routes.js';
import { hasStack, type Sandbox } from './sandbox.js';
import { networkNames, readServices, type SandboxDraft } from './services.js';
import { readSettings } from './settings.js';
import { checkStack } from './stack.js';
import type { Checked } from './structure.js';
import { checkPorts, noteConflicts, surroundingsOf } from './surroundings.js';
import { readWires } from './wires.js';
import { withNat } from './x-nat.js';
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
  const joints = joinAll(drafts, networks, placement, hosts);
  refuseSameNames(networks, findings);
  refuseSharedParents(networks, findings);

  const addressing = new Addressing(hosts, findings);
  addressing.settleNetworks(networks);
  for (const { attachment, network } of [...joints.values()].flat()) {
    addressing.reserve(attachment, network);
  }
  const sandboxes: Sandbox[] = [];
  const members = new Map<NetworkDraft, Endpoint[]>(networks.map((network) => [network, []]));
  for (const draft of drafts) {
    const home = homeOf(placement.services.get(draft.name), hosts);
    const joined = endpointsOf(draft, joints.get(draft) ?? [], file, hosts, addressing, findings);
    for (const { endpoint, network } of joined.endpoints) members.get(network)?.push(endpoint);
    sandboxes.push({
      name: draft.name,
      at: draft.at,
      host: home.name,
      mode: joined.mode,
      endpoints: joined.endpoints.map(({ endpoint }) => endpoint),
      settings: readSettings(draft, name, findings),
    });
  }
  checkServices(drafts, sandboxes, findings);
  const made = networks.map((draft) => {
    return makeNetwork(draft, members.get(draft) ?? [], addressing.poolsOf(draft), findings);
  });
  const written = new Map(drafts.map((draft) => [draft.name, draft.written]));
  const writtenOf = ({ name }: Sandbox) => written.get(name);
  const published = withPublished(sandboxes, writtenOf, made, hosts, findings);
  refuseChildren(made, hosts, findings);
  const routed = withRoutes(root, hosts, damaged, (host) => surroundingsOf(host, made), findings);
  const translating = withNat(
    root,
    routed,
    damaged,
    (host) => surroundingsOf(host, made),
    findings,
  );
  checkPorts(sandboxes, routed, wires, findings);
  noteConflicts(routed, made, findings);
  return {
    file,
    name,
    hosts: translating,
    wires,
    networks: made,
    sandboxes: published,
    notes: [...findings.notes],
  };
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
  placement: Placement,
  hosts: readonly Host[],
): Map<SandboxDraft, Joint[]> {
  const byPlace = new Map(networks.map((network) => [network.key, network]));
  const networkOf = (key: string, draft: SandboxDraft): NetworkDraft => {
    const host = homeOf(placement.services.get(draft.name), hosts).name;
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

/** The endpoints of a service, and whether it has a stack of its own after all: it may have joined Docker's `host` or `none`. */
function endpointsOf(
  draft: SandboxDraft,
  joints: readonly Joint[],
  file: string,
  hosts: readonly Host[],
  addressing: Addressing,
  findings: Findings,
): { mode: Sandbox['mode']; endpoints: { endpoint: Endpoint; network: NetworkDraft }[] } {
  const stack = joints.find(({ network: { predefined } }) => {
    return predefined === 'host' || predefined === 'none';
  })?.network.predefined;
  if (stack !== undefined && joints.length > 1) {
    const what = `container cannot be connected to multiple networks with one of the networks in private (none) mode`;
    findings.refuse(draft.at, what, `leave ${draft.name} on the ${stack} network alone`);
  }
  if (stack === 'host' || stack === 'none') return { mode: stack, endpoints: [] };
  const endpoints = makeEndpoints(draft, joints, file, hosts, addressing, findings);
  return { mode: draft.mode, endpoints };
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

function makeNetwork(
  draft: NetworkDraft,
  endpoints: readonly Endpoint[],
  pools: readonly SettledPool[],
  findings: Findings,
): Network {
  const { mtu, macvlan, ipvlan } = draft.settings;
  const isBridge = draft.driver.value === 'bridge';
  const settings = draft.written?.get('x-bridge');
  if (!isBridge && settings !== undefined) {
    const what = `x-bridge means nothing to the ${draft.driver.value} driver`;
    findings.refuse(settings.at, what, 'remove it, or use driver "bridge"');
  }
  if (isBridge) noteSharedMacs(draft, endpoints, findings);
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

function makePool({ pool, draft, gateway }: SettledPool): Pool {
  const { subnet, range } = pool;
  return {
    subnet: { value: blockText(subnet), ...(draft && { at: draft.subnet.at }) },
    ...(range && {
      range: { value: blockText(range), ...(draft?.range && { at: draft.range.at }) },
    }),
    ...(gateway && {
      gateway: {
        value: addressText(subnet.family, gateway.value),
        ...(gateway.at && { at: gateway.at }),
      },
    }),
    aux: new Map(
      draft?.aux.map(({ name, value }) => [name, addressText(subnet.family, value.value)]),
    ),
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
