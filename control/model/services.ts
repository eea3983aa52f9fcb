import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { Position } from './position.js';
import type { Sandbox } from './sandbox.js';
import type { AttachmentShape, NetworkShape, ServiceShape, TopologyShape } from './schema.js';
import { entries, itemsOrEntries, present, type Entry, type Written } from './written.js';

/** A service that wants to join a network. */
export interface Attachment {
  readonly service: string;
  /** The key of the network, as the file calls it. */
  readonly network: string;
  readonly at: Position;
  /** Absent where only the name of the network is written. */
  readonly settings: Written<AttachmentShape> | undefined;
}

/** A service as far as it is understood without looking at other things than names. */
export interface SandboxDraft {
  readonly name: string;
  readonly at: Position;
  /** Absent for a service of which only the name is written. */
  readonly written: Written<ServiceShape> | undefined;
  readonly mode: Sandbox['mode'];
  readonly attachments: readonly Attachment[];
}

/** The networks a service can name. */
interface NetworkNames {
  readonly keys: readonly string[];
  /** The network a `network_mode` means: by its key, or by the name that Docker knows it by. */
  resolve(keyOrName: string): string | undefined;
}

/** What is joined without being declared: Compose's own network, and Docker's. */
const DEFAULT_NETWORK = 'default';
export const PREDEFINED_BRIDGE = 'bridge';

export function networkNames(networks: readonly Entry<NetworkShape | null>[]): NetworkNames {
  const byName = new Map(
    networks.map(({ key, written }) => [dockerNameOf(key, present(written)), key]),
  );
  const keys = networks.map(({ key }) => key);
  return { keys, resolve: (text) => (keys.includes(text) ? text : byName.get(text)) };
}

/** The name Docker knows a network by: `name`, `external.name` (Compose file version 2), or its key. */
export function dockerNameOf(key: string, network: Written<NetworkShape> | undefined): string {
  const external = network?.get('external')?.value;
  const externalName = typeof external === 'object' ? external.name : undefined;
  return network?.get('name')?.value ?? externalName ?? key;
}

export function readServices(
  root: Written<TopologyShape>,
  names: NetworkNames,
  findings: Findings,
): SandboxDraft[] {
  if (root.get('include') !== undefined) findings.note('"include" is not read: a lab is one file');
  const services = entries(root.get('services'));
  const known = new Map(services.map(({ key }) => [key, key]));
  for (const { key, written } of services) {
    const containerName = present(written)?.get('container_name');
    if (containerName !== undefined) known.set(containerName.value, key);
  }
  const drafts = services.map((service) => readService(service, names, known, findings));
  refuseCircles(drafts, findings);
  return drafts;
}

function readService(
  { key, keyAt, written }: Entry<ServiceShape | null>,
  names: NetworkNames,
  services: ReadonlyMap<string, string>,
  findings: Findings,
): SandboxDraft {
  const service = present(written);
  checkNames(key, keyAt, service, findings);
  for (const ignored of ['extends', 'profiles', 'scale'] as const) {
    if (service?.get(ignored) !== undefined) {
      findings.note(`service ${key}: "${ignored}" is not read`);
    }
  }
  const draft = { name: key, at: keyAt, written: service };
  const mode = service?.get('network_mode');
  if (service === undefined || mode === undefined) {
    return {
      ...draft,
      mode: 'own',
      attachments: attachmentsOf(key, keyAt, service, names, findings),
    };
  }
  if (service.get('networks') !== undefined) {
    const what = `service ${key} declares mutually exclusive \`network_mode\` and \`networks\``;
    findings.refuse(service.keyAt('network_mode'), what, 'keep one of the two');
  }
  const join = (network: string): SandboxDraft => {
    const attachment = { service: key, network, at: mode.at, settings: undefined };
    return { ...draft, mode: 'own', attachments: [attachment] };
  };
  const { value } = mode;
  if (value === 'none' || value === 'host') return { ...draft, mode: value, attachments: [] };
  if (value === 'bridge' || value === 'default') {
    return join(names.resolve(PREDEFINED_BRIDGE) ?? PREDEFINED_BRIDGE);
  }
  if (/^(service|container):/.test(value)) {
    const shares = sharedWith(key, mode, services, findings);
    return { ...draft, mode: shares === undefined ? 'none' : { shares }, attachments: [] };
  }
  const network = names.resolve(value);
  if (network !== undefined) return join(network);
  if (value === '') {
    findings.refuse(mode.at, 'no name set for network', 'name a network, or none or host', 'P52');
  } else refuseUnknownNetwork(mode, names, findings);
  return { ...draft, mode: 'none', attachments: [] };
}

function checkNames(
  key: string,
  at: Position,
  service: Written<ServiceShape> | undefined,
  findings: Findings,
): void {
  const fix = 'use letters, digits, ".", "_" and "-"';
  if (!/^[a-zA-Z0-9._-]+$/.test(key)) {
    findings.refuse(at, `"${key}" is not a name for a service`, fix);
  }
  const name = service?.get('container_name');
  if (name !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name.value)) {
    const what = `Invalid container name (${name.value}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`;
    const docker = /^[a-zA-Z0-9]$/.test(name.value) ? 'P48' : 'P49';
    findings.refuse(name.at, what, 'use two or more such characters', docker);
  }
}

function attachmentsOf(
  service: string,
  at: Position,
  written: Written<ServiceShape> | undefined,
  names: NetworkNames,
  findings: Findings,
): Attachment[] {
  const networks = written?.get('networks');
  if (networks === undefined) {
    return [{ service, network: DEFAULT_NETWORK, at, settings: undefined }];
  }
  const split = itemsOrEntries<string, AttachmentShape | null>(networks);
  const joined = new Set<string>();
  const named = [
    ...split.items.map((item) => ({ key: item.value, keyAt: item.at, written: undefined })),
    ...split.entries,
  ];
  return named.flatMap(({ key, keyAt, written: given }) => {
    const settings = given && present(given);
    if (joined.has(key)) {
      const what = `endpoint with name ${service} already exists in network ${key}`;
      findings.refuse(keyAt, what, 'name each network once', 'C03');
      return [];
    }
    joined.add(key);
    if (names.keys.includes(key) || key === DEFAULT_NETWORK) {
      return [{ service, network: key, at: keyAt, settings }];
    }
    refuseUnknownNetwork({ value: key, at: keyAt }, names, findings);
    return [];
  });
}

function refuseUnknownNetwork(
  { value, at }: { value: string; at: Position },
  { keys }: NetworkNames,
  findings: Findings,
): void {
  const fix = `declare it under "networks:"${didYouMean(value, keys)}`;
  findings.refuse(at, `network ${value} not found`, fix, 'P01');
}

/** `service:web` or `container:web`: the service whose stack is shared. */
function sharedWith(
  service: string,
  mode: Written<string>,
  services: ReadonlyMap<string, string>,
  findings: Findings,
): string | undefined {
  const kind = mode.value.startsWith('service:') ? 'service' : 'container';
  const name = mode.value.slice(kind.length + 1);
  const target = services.get(name);
  if (name === '') {
    const what = `Invalid network mode: invalid container format ${kind}:<name|id>`;
    findings.refuse(mode.at, what, `write the name of a service after "${kind}:"`, 'P53');
  } else if (target === undefined) {
    const fix = `name a service of this file${didYouMean(name, services.keys())}`;
    findings.refuse(mode.at, `No such ${kind}: ${name}`, fix, 'P02');
  } else if (target === service) {
    findings.refuse(mode.at, 'cannot join own network', 'name another service');
  } else {
    return target;
  }
  return undefined;
}

/** Who shares whose stack must end at somebody who has one. */
function refuseCircles(drafts: readonly SandboxDraft[], findings: Findings): void {
  const byName = new Map(drafts.map((draft) => [draft.name, draft]));
  const settled = new Set<SandboxDraft>();
  for (const draft of drafts) {
    const way = new Set<SandboxDraft>();
    let here: SandboxDraft | undefined = draft;
    while (here !== undefined && !settled.has(here) && !way.has(here)) {
      way.add(here);
      here = typeof here.mode === 'object' ? byName.get(here.mode.shares) : undefined;
    }
    if (here !== undefined && way.has(here)) {
      const what = `${here.name} would share its own network stack`;
      const at = here.written?.get('network_mode')?.at ?? here.at;
      findings.refuse(at, what, 'let one of these services have networks of its own');
    }
    for (const passed of way) settled.add(passed);
  }
}
