import { blockText, contains, macOfName, parseAddress, type Block } from '../address.js';
import { makePool, type Addressing, type SettledPool } from './addressing.js';
import { PLAIN_BRIDGE } from './bridge.js';
import type { Endpoint } from './endpoint.js';
import { ONLY_HOST } from './hosts.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { Network, Pool } from './network.js';
import type { NetworkDraft } from './networks.js';
import { readStale, type StaleEntry } from './stale.js';
import { START } from './source.js';
import type { Swarm } from './swarm.js';
import type { RemoteStation, Vtep } from './vtep.js';

/** An endpoint of an overlay, and the host it is on. */
export interface Member {
  readonly endpoint: Endpoint;
  readonly host: string;
}

/** An overlay with everything that is known of it. */
export interface Overlay {
  readonly draft: NetworkDraft;
  /** In file order. */
  readonly members: readonly Member[];
  /** Its subnets, each with its VNI. */
  readonly segments: readonly Segment[];
  /** What a node has taken for itself, by its name: the address of its `lb-` endpoint. */
  readonly ofNodes: ReadonlyMap<string, string>;
  readonly stale: readonly StaleEntry[];
}

export interface Segment {
  readonly vni: number;
  readonly settled: SettledPool;
  readonly pool: Pool;
}

/** The part of an overlay that is on one host: a bridge for each subnet, in a network namespace. */
export interface OverlayPart {
  readonly overlay: Overlay;
  readonly host: Host;
  readonly networks: readonly Network[];
}

/** The first VNI is that of Docker's own `ingress`. */
const VNI_FIRST = 4096;
/** As Linux has it where nobody says otherwise (vxlan, ip_local_port_range). */
const SOURCE_PORTS: readonly [number, number] = [32_768, 60_999];
const TTL = 64;

/** What is settled before overlays are made. */
interface Settled {
  readonly members: ReadonlyMap<NetworkDraft, readonly Member[]>;
  readonly ofNodes: ReadonlyMap<NetworkDraft, ReadonlyMap<string, string>>;
  readonly addressing: Addressing;
  readonly swarm: Swarm;
}

/** The overlays among these networks. */
export function overlaysOf(
  networks: readonly NetworkDraft[],
  { members, ofNodes, addressing, swarm }: Settled,
  findings: Findings,
): Overlay[] {
  const drafts = networks.filter(({ driver }) => driver.value === 'overlay');
  const vnis = vnisOf(drafts, (draft) => addressing.poolsOf(draft), findings);
  return drafts.map((draft) => {
    const own = members.get(draft) ?? [];
    return {
      draft,
      members: own,
      segments: addressing.poolsOf(draft).map((settled) => {
        return { vni: vnis.get(settled) ?? VNI_FIRST, settled, pool: makePool(settled) };
      }),
      ofNodes: ofNodes.get(draft) ?? new Map<string, string>(),
      stale: readStale(draft, own, swarm, findings),
    };
  });
}

/**
 * The VNIs of the subnets of all overlays: those that are written, then for each of the others the lowest that is free from 4097 up. Docker does it in
 * the order of commands, a lab is a declaration.
 */
function vnisOf(
  overlays: readonly NetworkDraft[],
  poolsOf: (overlay: NetworkDraft) => readonly SettledPool[],
  findings: Findings,
): ReadonlyMap<SettledPool, number> {
  const vnis = new Map<SettledPool, number>();
  const taken = new Set([VNI_FIRST]);
  for (const overlay of overlays) {
    const list = overlay.settings.overlay?.vnis;
    for (const [index, pool] of poolsOf(overlay).entries()) {
      const vni = list?.value[index];
      if (list === undefined || vni === undefined) continue;
      if (taken.has(vni)) {
        const what = `could not assign vxlan id ${vni} to pool ${blockText(pool.pool.subnet)}: requested bit is already allocated`;
        const fix = `write a VNI that no other subnet has (${VNI_FIRST} is that of Docker's ingress)`;
        findings.refuse(list.at, what, fix);
      }
      taken.add(vni);
      vnis.set(pool, vni);
    }
  }
  let next = VNI_FIRST;
  for (const pool of overlays.flatMap(poolsOf)) {
    if (vnis.has(pool)) continue;
    while (taken.has(next)) next++;
    taken.add(next);
    vnis.set(pool, next);
  }
  return vnis;
}

/**
 * What an overlay is on each host where somebody joins it. A host makes a bridge for each subnet that has an endpoint anywhere, because it hears of all
 * of them (libnetwork, overlay addNeighbor).
 */
export function partsOf(overlay: Overlay, swarm: Swarm, hosts: readonly Host[]): OverlayPart[] {
  const { draft, members } = overlay;
  const segments = overlay.segments.filter(({ settled }) => {
    return members.some(({ endpoint }) => isOf(settled.pool.subnet, endpoint));
  });
  return hosts.flatMap(({ name }) => {
    if (!members.some(({ host }) => host === name)) return [];
    const host: Host = {
      ...ONLY_HOST,
      name: `${draft.name}@${name}`,
      namespaceOf: { network: draft.name, host: name },
    };
    const networks = segments.map((segment, index) => {
      return networkOf(overlay, segment, index, { host, node: name, swarm });
    });
    return [{ overlay, host, networks }];
  });
}

interface Site {
  /** The namespace. */
  readonly host: Host;
  readonly node: string;
  readonly swarm: Swarm;
}

function networkOf(overlay: Overlay, segment: Segment, index: number, site: Site): Network {
  const { draft, members } = overlay;
  const { pool, settled } = segment;
  const own = members.filter(({ host, endpoint }) => {
    return host === site.node && isOf(settled.pool.subnet, endpoint);
  });
  const mac = macOfName(`${site.host.name} ${pool.subnet.value}`);
  const balancer = overlay.ofNodes.get(site.node);
  const isBalancers = balancer !== undefined && isAddressOf(settled.pool.subnet, balancer);
  return {
    key: draft.key,
    name: overlay.segments.length === 1 ? draft.name : `${draft.name} ${pool.subnet.value}`,
    ...(draft.at && { at: draft.at }),
    host: site.host.name,
    driver: draft.driver,
    internal: draft.internal,
    attachable: draft.attachable,
    mtu: draft.settings.mtu,
    pools: [
      isBalancers ? { ...pool, aux: new Map([...pool.aux, [`lb-${draft.name}`, balancer]]) } : pool,
    ],
    bridge: { ...PLAIN_BRIDGE, mac: { value: mac }, masquerade: { value: false } },
    isEncrypted: draft.settings.overlay?.isEncrypted ?? false,
    vteps: [vtepOf(overlay, segment, index, site)],
    endpoints: own.map(({ endpoint }) => endpoint),
  };
}

/** As libnetwork has Linux make it (overlay, createVxlan). */
function vtepOf(
  { draft, members, stale }: Overlay,
  segment: Segment,
  index: number,
  site: Site,
): Vtep {
  const { host, node, swarm } = site;
  const { subnet } = segment.settled.pool;
  const at = draft.driver.at ?? draft.at ?? START;
  const path = swarm.dataPaths.get(node);
  const stations = members.flatMap(({ endpoint, host: home }): RemoteStation[] => {
    if (home === node || !isOf(subnet, endpoint)) return [];
    const wrong = stale.find(({ on, service }) => on === node && service === endpoint.sandbox);
    const behind = wrong === undefined ? home : wrong.behind;
    const remote = behind === undefined ? undefined : swarm.dataPaths.get(behind)?.address;
    if (remote === undefined || endpoint.ipv4 === undefined) return [];
    const { mac, ipv4, at: declaredAt } = endpoint;
    return [{ mac: mac.value, remote, addresses: [ipv4.value], at: wrong?.at ?? declaredAt }];
  });
  const name = `vxlan${index}`;
  return {
    name,
    port: `${host.name}.${name}`,
    at,
    host: node,
    vnis: [{ vni: segment.vni, at: draft.settings.overlay?.vnis?.at ?? at, remotes: [], stations }],
    family: path?.family ?? 4,
    ...(path && { local: { value: path.address, ...(path.at && { at: path.at }) } }),
    udpPort: swarm.dataPathPort,
    sourcePorts: { value: SOURCE_PORTS },
    ttl: { value: TTL },
    tos: { value: 0 },
    ecn: { value: 'inherit' },
    df: { value: 'unset' },
    checksum: { value: path?.family === 6 ? 'computed' : 'zero' },
    acceptZeroChecksum: { value: false },
    learning: { value: true },
    neighbors: { value: 'proxy' },
    innerTags: { value: true },
    gbp: { value: false },
    reserved: { value: 'linux' },
    ageing_s: PLAIN_BRIDGE.ageing_s,
    stationsMax: PLAIN_BRIDGE.stationsMax,
  };
}

function isOf(subnet: Block, { ipv4 }: Endpoint): boolean {
  return ipv4 !== undefined && isAddressOf(subnet, ipv4.value);
}

function isAddressOf(subnet: Block, text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && contains(subnet, address);
}

/** Refuses an overlay on hosts that are no nodes, or whose nodes cannot reach each other. */
export function checkOverlay(
  { draft, members }: Overlay,
  swarm: Swarm,
  isWhole: (host: string) => boolean,
  findings: Findings,
): void {
  if (swarm.nodes.size === 0) {
    const fix = 'name the hosts that are nodes in x-swarm, or leave "nodes" out: then all are';
    findings.refuse(draft.driver.at ?? draft.at ?? START, NO_NODE, fix, 'D35');
    return;
  }
  for (const { endpoint, host } of members) {
    if (swarm.nodes.has(host)) continue;
    const fix = `add ${host} to the nodes of x-swarm, or place ${endpoint.sandbox} on one of them`;
    findings.refuse(endpoint.at, NO_NODE, fix, 'D35');
  }
  const nodes = [...new Set(members.map(({ host }) => host))];
  if (nodes.length === 0)
    findings.note(`network ${draft.name}: nobody joins it, so that no host has it`);
  if (nodes.length > 1) checkPaths(nodes.filter(isWhole), swarm, findings);
}

const NO_NODE =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

function checkPaths(nodes: readonly string[], swarm: Swarm, findings: Findings): void {
  const first = nodes.flatMap((node) => {
    const path = swarm.dataPaths.get(node);
    return path === undefined ? [] : [{ node, family: path.family }];
  })[0];
  for (const node of nodes) {
    const path = swarm.dataPaths.get(node);
    const at = swarm.placeOf(node) ?? START;
    if (path === undefined) {
      const what = `${node} has no address at which the other nodes could reach it`;
      findings.refuse(at, what, 'give a NIC of it an address in x-hosts');
    } else if (first !== undefined && path.family !== first.family) {
      const what = `the data path of ${node} is IPv${path.family}, and that of ${first.node} IPv${first.family}`;
      const fix = 'choose addresses of one family with data_path_addr at the nodes of x-swarm';
      findings.refuse(path.at ?? at, what, fix);
    }
  }
}
