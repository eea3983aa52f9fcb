import type { Addressing } from './addressing.js';
import { makeEndpoints, type Joint } from './endpoints.js';
import type { Endpoint } from './endpoint.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { NetworkDraft } from './networks.js';
import type { Member } from './overlay.js';
import type { Sandbox } from './sandbox.js';
import type { SandboxDraft } from './services.js';
import { readSettings } from './settings.js';

/** What is settled before sandboxes are made. */
interface Scene {
  readonly file: string;
  readonly project: string;
  readonly hosts: readonly Host[];
  readonly joints: ReadonlyMap<SandboxDraft, readonly Joint[]>;
  readonly hostOf: (draft: SandboxDraft) => string;
  readonly addressing: Addressing;
}

/** The sandboxes, and who joined which network with them. */
interface Made {
  readonly sandboxes: readonly Sandbox[];
  readonly members: ReadonlyMap<NetworkDraft, readonly Member[]>;
  /** What each node has taken of an overlay for itself, by its name. */
  readonly ofNodes: ReadonlyMap<NetworkDraft, ReadonlyMap<string, string>>;
}

/** Makes the sandboxes in file order; that is also the order in which they get those addresses that they do not ask for. */
export function makeSandboxes(
  drafts: readonly SandboxDraft[],
  scene: Scene,
  findings: Findings,
): Made {
  const members = new Map<NetworkDraft, Member[]>();
  const ofNodes = new Map<NetworkDraft, Map<string, string>>();
  const sandboxes = drafts.map((draft): Sandbox => {
    const host = scene.hostOf(draft);
    const joints = scene.joints.get(draft) ?? [];
    const { mode, endpoints } = endpointsOf(draft, joints, scene, findings);
    for (const { endpoint, network } of endpoints)
      members.set(network, [...(members.get(network) ?? []), { endpoint, host }]);
    for (const joint of joints) takeForNode(joint, host, scene.addressing, ofNodes);
    return {
      name: draft.name,
      at: draft.at,
      host,
      mode,
      endpoints: endpoints.map(({ endpoint }) => endpoint),
      settings: readSettings(draft, scene.project, findings),
    };
  });
  return { sandboxes, members, ofNodes };
}

/** Behind the first container of a node on an overlay comes the endpoint `lb-NETWORK` of that node. */
function takeForNode(
  { attachment, network }: Joint,
  host: string,
  addressing: Addressing,
  ofNodes: Map<NetworkDraft, Map<string, string>>,
): void {
  if (network.driver.value !== 'overlay') return;
  const taken = ofNodes.get(network) ?? new Map<string, string>();
  ofNodes.set(network, taken);
  if (taken.has(host)) return;
  taken.set(host, addressing.takeForNode(attachment, network) ?? '');
}

/** The endpoints of a service, and whether it has a stack of its own after all: it may have joined Docker's `host` or `none`. */
function endpointsOf(
  draft: SandboxDraft,
  joints: readonly Joint[],
  { file, hosts, addressing }: Scene,
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
