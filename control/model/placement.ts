import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { Position } from './position.js';
import type { NetworkShape, ServiceShape } from './schema.js';
import type { SandboxDraft } from './services.js';
import { items, present, type Entry, type Written } from './written.js';

/** Which host each service and each declared network lives on. */
export interface Placement {
  readonly services: ReadonlyMap<string, string>;
  readonly networks: ReadonlyMap<string, string>;
}

/**
 * With one host, everything lives there. With several, what says `x-host` (or Swarm's `node.hostname == x`) is placed first;
 * then services follow their networks and networks their services until nothing moves.
 */
export function place(
  services: readonly SandboxDraft[],
  networks: readonly Entry<NetworkShape | null>[],
  hosts: readonly Host[],
  findings: Findings,
): Placement {
  const names = hosts.map(({ name }) => name);
  const only = names.length === 1 ? names[0] : undefined;
  const ofService = new Map<string, string>();
  const ofNetwork = new Map<string, string>();
  for (const { name, written } of services) {
    setIfKnown(ofService, name, serviceHost(name, written, names, findings) ?? only);
  }
  const local = networks.filter(({ written }) => !isOverlay(present(written)));
  for (const network of networks) if (!local.includes(network)) refuseHome(network, findings);
  for (const { key, written } of local) {
    const wanted = present(written)?.get('x-host');
    setIfKnown(ofNetwork, key, knownHost(wanted, names, findings) ?? only);
  }
  if (only === undefined) {
    const declared = new Set(local.map(({ key }) => key));
    while (follow(services, declared, ofService, ofNetwork));
    const placement = { services: ofService, networks: ofNetwork };
    refuseHomeless(services, local, placement, names, findings);
    refuseSpread(services, declared, placement, findings);
  }
  return { services: ofService, networks: ofNetwork };
}

/** An overlay lives on all hosts where somebody joins it. */
export function isOverlay(network: Written<NetworkShape> | undefined): boolean {
  return network?.get('driver')?.value === 'overlay';
}

function refuseHome({ key, written }: Entry<NetworkShape | null>, findings: Findings): void {
  const home = present(written)?.get('x-host');
  if (home === undefined) return;
  const what = `the overlay ${key} is on every host where a service joins it`;
  findings.refuse(home.at, what, 'remove x-host, and write it at the services');
}

function setIfKnown(map: Map<string, string>, key: string, host: string | undefined): boolean {
  if (host === undefined || map.has(key)) return false;
  map.set(key, host);
  return true;
}

function knownHost(
  wanted: { readonly value: string; readonly at: Position } | undefined,
  names: readonly string[],
  findings: Findings,
): string | undefined {
  if (wanted === undefined || names.includes(wanted.value)) return wanted?.value;
  const what = `there is no host "${wanted.value}"${didYouMean(wanted.value, names)}`;
  findings.refuse(
    wanted.at,
    what,
    `declare it under "x-hosts:", or name one of ${names.join(', ')}`,
  );
  return undefined;
}

function serviceHost(
  name: string,
  service: Written<ServiceShape> | undefined,
  names: readonly string[],
  findings: Findings,
): string | undefined {
  let host = knownHost(service?.get('x-host'), names, findings);
  const constraints = service?.get('deploy')?.get('placement')?.get('constraints');
  for (const constraint of items(constraints)) {
    const [, operator, wanted = ''] =
      /^\s*node\.hostname\s*(==|!=)\s*(\S+)\s*$/.exec(constraint.value) ?? [];
    if (operator !== '==') {
      findings.note(`service ${name}: the constraint "${constraint.value}" is not read`);
      continue;
    }
    const known = knownHost({ value: wanted, at: constraint.at }, names, findings);
    if (host !== undefined && known !== undefined && known !== host) {
      const what = `${name} cannot run on ${host} and on ${known}`;
      findings.refuse(constraint.at, what, 'keep one placement');
    }
    host ??= known;
  }
  return host;
}

/** One round of following; true when somebody moved. */
function follow(
  services: readonly SandboxDraft[],
  declared: ReadonlySet<string>,
  ofService: Map<string, string>,
  ofNetwork: Map<string, string>,
): boolean {
  let moved = false;
  for (const { name, mode, attachments } of services) {
    const shared = typeof mode === 'object' ? ofService.get(mode.shares) : undefined;
    const joined = attachments.map(({ network }) => ofNetwork.get(network)).find(Boolean);
    moved = setIfKnown(ofService, name, shared ?? joined) || moved;
    for (const { network } of attachments) {
      if (!declared.has(network)) continue;
      moved = setIfKnown(ofNetwork, network, ofService.get(name)) || moved;
    }
  }
  return moved;
}

function refuseHomeless(
  services: readonly SandboxDraft[],
  networks: readonly Entry<NetworkShape | null>[],
  placement: Placement,
  names: readonly string[],
  findings: Findings,
): void {
  const fix = `write "x-host: " and one of ${names.join(', ')}`;
  for (const { name, at } of services) {
    if (!placement.services.has(name)) findings.refuse(at, `which host does ${name} run on?`, fix);
  }
  const joined = new Set(
    services.flatMap(({ attachments }) => attachments.map((to) => to.network)),
  );
  for (const { key, keyAt } of networks) {
    if (placement.networks.has(key) || joined.has(key)) continue;
    findings.refuse(keyAt, `which host does network ${key} live on?`, fix);
  }
}

/** Only an overlay reaches over hosts; the networks nobody declares exist once on each. */
function refuseSpread(
  services: readonly SandboxDraft[],
  local: ReadonlySet<string>,
  placement: Placement,
  findings: Findings,
): void {
  for (const { name, at, mode, attachments } of services) {
    const home = placement.services.get(name) ?? '';
    const shared = typeof mode === 'object' ? placement.services.get(mode.shares) : undefined;
    if (shared !== undefined && shared !== home) {
      findings.refuse(
        at,
        `${name} shares a network stack on ${shared}, but runs on ${home}`,
        SPREAD_FIX,
      );
    }
    for (const { network, at: joinedAt } of attachments) {
      const host = placement.networks.get(network);
      if (!local.has(network) || host === undefined || host === home) continue;
      const what = `${name} runs on ${home}, but network ${network} is on ${host}`;
      findings.refuse(joinedAt, what, SPREAD_FIX);
    }
  }
}

const SPREAD_FIX = 'place both on one host with x-host: only an overlay network reaches over hosts';
