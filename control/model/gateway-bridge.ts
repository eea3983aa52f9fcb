import type { Joint } from './endpoints.js';
import { undeclared, type NetworkDraft } from './networks.js';
import type { SandboxDraft } from './services.js';

/** The way out of overlays, on each host. */
export const GATEWAY_BRIDGE = 'docker_gwbridge';

/** The bridge `docker_gwbridge` of a host, and who joined it first. */
export interface GatewayBridge {
  readonly network: NetworkDraft;
  readonly first: Joint;
}

/**
 * Gives each sandbox that needs it an endpoint on the docker_gwbridge of its host: one that is on an overlay, while none of its other networks leads
 * out (libnetwork, needDefaultGW). Answers these bridges; those among them that nobody declares are made here and added to `networks`.
 */
export function joinGatewayBridges(
  joints: ReadonlyMap<SandboxDraft, Joint[]>,
  networks: NetworkDraft[],
  hostOf: (draft: SandboxDraft) => string,
): GatewayBridge[] {
  const bridges = new Map<string, GatewayBridge>();
  for (const [draft, own] of joints) {
    const overlay = own.find(({ network }) => isOverlay(network));
    if (overlay === undefined || !needsGateway(draft, own)) continue;
    const host = hostOf(draft);
    const network = bridges.get(host)?.network ?? bridgeOf(host, networks);
    const { at } = overlay.attachment;
    const attachment = { service: draft.name, network: network.key, at, settings: undefined };
    const joint: Joint = { attachment, network, isLast: true };
    own.push(joint);
    if (!bridges.has(host)) bridges.set(host, { network, first: joint });
    if (!networks.includes(network)) networks.push(network);
  }
  return [...bridges.values()];
}

function bridgeOf(host: string, networks: readonly NetworkDraft[]): NetworkDraft {
  const declared = networks.find((network) => {
    return network.name === GATEWAY_BRIDGE && network.host === host;
  });
  if (declared !== undefined) return declared;
  const draft = undeclared(GATEWAY_BRIDGE, host);
  return { ...draft, settings: { ...draft.settings, icc: { value: false } } };
}

function isOverlay({ driver, internal }: NetworkDraft): boolean {
  return driver.value === 'overlay' && !internal.value;
}

function needsGateway({ written }: SandboxDraft, joints: readonly Joint[]): boolean {
  const isHere = joints.some(({ attachment }) => {
    const port = attachment.settings?.get('x-port') ?? written?.get('x-port');
    return ELSEWHERE.every((key) => port?.get(key) === undefined);
  });
  return isHere && !joints.some(({ network }) => leadsOut(network));
}

/** Ports behind which there is no container. */
const ELSEWHERE = ['interface', 'tap', 'play'] as const;

/** The bridge driver gives the sandbox a router, macvlan and ipvlan only where they have a parent. */
function leadsOut({ driver, internal, settings, ipv4, ipv6 }: NetworkDraft): boolean {
  if (internal.value || !(ipv4 || ipv6)) return false;
  if (driver.value === 'bridge') return true;
  return (settings.macvlan ?? settings.ipvlan)?.parent !== undefined;
}
