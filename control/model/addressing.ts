import {
  addressText,
  blockText,
  contains,
  digestOf,
  parseAddress,
  parseBlock,
  type Address,
} from '../address.js';
import { AddressSpace, SWARM_SUBNETS, type Pool } from '../ipam.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { GatewayMode, Pool as PoolText } from './network.js';
import { SWARM, type NetworkDraft } from './networks.js';
import type { PoolDraft } from './pools.js';
import type { Value } from './position.js';
import type { Attachment } from './services.js';
import { START } from './source.js';
import type { Written } from './written.js';

/** A network's part of a subnet, claimed, with its gateway. `draft` is absent where Docker chose the subnet. */
export interface SettledPool {
  readonly pool: Pool;
  readonly draft: PoolDraft | undefined;
  readonly gateway: Value<bigint> | undefined;
}

/** The addresses of one endpoint. */
export interface EndpointAddresses {
  ipv4?: Value<bigint>;
  ipv6?: Value<bigint>;
}

/**
 * Settles all addresses of the lab. A lab is a declaration and not an order of commands, so on each host whatever is written
 * comes before whatever is chosen: declared subnets, then chosen ones; gateways and auxiliary addresses; the addresses that
 * endpoints ask for; and last, in file order, the lowest free address for each of the others.
 */
export class Addressing {
  private readonly spaces = new Map<string, AddressSpace>();
  /** What Docker's own bridge has on each host: the lowest default subnet. */
  private readonly docker0 = new Map<string, Pool>();
  private readonly pools = new Map<NetworkDraft, SettledPool[]>();
  private readonly endpoints = new Map<Attachment, EndpointAddresses>();

  constructor(
    hosts: readonly Host[],
    private readonly findings: Findings,
  ) {
    for (const { name, nics } of hosts) {
      const texts = nics.flatMap(({ addresses }) => addresses);
      const space = new AddressSpace(texts.flatMap(({ value }) => parseBlock(value)?.block ?? []));
      this.spaces.set(name, space);
      const pool = space.claimDefault();
      if (pool !== undefined) this.docker0.set(name, pool);
    }
    const swarm = new AddressSpace([], SWARM_SUBNETS);
    swarm.claimDefault(); // Docker's own ingress
    this.spaces.set(SWARM, swarm);
  }

  /** Claims the subnets of all networks, then their gateways and auxiliary addresses. */
  settleNetworks(networks: readonly NetworkDraft[]): void {
    const declared = networks.map((network) => this.claimDeclared(network));
    for (const [index, network] of networks.entries()) {
      const claims = [...(declared[index] ?? []), ...this.claimChosen(network)];
      const pools = claims.map((claim) => ({
        ...claim,
        gateway: this.settleGateway(claim, network),
      }));
      this.pools.set(network, pools);
      for (const pool of pools) this.settleAuxiliary(pool);
    }
  }

  poolsOf(network: NetworkDraft): readonly SettledPool[] {
    return this.pools.get(network) ?? [];
  }

  /** Reserves the addresses an endpoint asks for. */
  reserve(attachment: Attachment, network: NetworkDraft): void {
    const { settings } = attachment;
    const addresses: EndpointAddresses = {};
    const ipv4 = this.takeFixed(4, settings?.get('ipv4_address'), network);
    const ipv6 = this.takeFixed(6, settings?.get('ipv6_address'), network);
    if (ipv4 !== undefined) addresses.ipv4 = ipv4;
    if (ipv6 !== undefined) addresses.ipv6 = ipv6;
    this.endpoints.set(attachment, addresses);
  }

  /** The addresses of an endpoint; what it did not ask for is the lowest that is free. */
  settle(attachment: Attachment, network: NetworkDraft): EndpointAddresses {
    const addresses = this.endpoints.get(attachment) ?? {};
    const ipv4 = addresses.ipv4 ?? this.takeLowest(4, attachment, network);
    const ipv6 = addresses.ipv6 ?? this.takeLowest(6, attachment, network);
    return { ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) };
  }

  /** What a node takes of a network beside its containers: the next free address, or nothing after refusing who made it do so. */
  takeForNode(attachment: Attachment, network: NetworkDraft): string | undefined {
    const taken = this.takeLowest(4, attachment, network);
    return taken && addressText(4, taken.value);
  }

  private claimDeclared(network: NetworkDraft): { pool: Pool; draft: PoolDraft }[] {
    const space = this.spaces.get(network.host);
    return network.pools.flatMap((draft) => {
      const { family } = draft.subnet.value;
      if (network.predefined !== undefined || !(family === 4 ? network.ipv4 : network.ipv6))
        return [];
      const pool = space?.claim(draft.subnet.value, draft.range?.value);
      if (pool !== undefined) return [{ pool, draft }];
      const what = 'Pool overlaps with other one on this address space';
      this.findings.refuse(draft.subnet.at, what, overlapFix(network), 'N03');
      return [];
    });
  }

  /** Subnets for the families a network has and declares no subnet of. */
  private claimChosen(network: NetworkDraft): { pool: Pool; draft: undefined }[] {
    const { predefined, host, pools, ipv4, ipv6 } = network;
    const chosen: (Pool | undefined)[] = [];
    const lacks = (family: 4 | 6) => !pools.some(({ subnet }) => subnet.value.family === family);
    if (predefined === 'bridge') {
      chosen.push(this.docker0.get(host));
    } else {
      if (ipv4 && lacks(4)) chosen.push(this.claimDefault(4, network));
      if (ipv6 && lacks(6)) chosen.push(this.claimDefault(6, network));
    }
    return chosen.flatMap((pool) => (pool === undefined ? [] : [{ pool, draft: undefined }]));
  }

  private claimDefault(family: 4 | 6, { at, host, name }: NetworkDraft): Pool | undefined {
    const space = this.spaces.get(host);
    const pool = family === 4 ? space?.claimDefault() : space?.claimUniqueLocal(name);
    if (pool === undefined) {
      const what = `could not find an available, non-overlapping IPv${family} address pool among the defaults to assign to the network`;
      this.findings.refuse(
        at ?? START,
        what,
        'declare a subnet for it: those that Docker has are taken',
      );
    }
    return pool;
  }

  /** In gateway mode `isolated` the host has no address on the bridge: one that is written is only kept from the containers. */
  private settleGateway(
    { pool, draft }: { pool: Pool; draft: PoolDraft | undefined },
    network: NetworkDraft,
  ): Value<bigint> | undefined {
    const wanted = draft?.gateway;
    const isIsolated = modeOf(network, pool.subnet.family) === 'isolated';
    if (wanted !== undefined) {
      const isFree = pool.take(wanted.value);
      if (isFree) return isIsolated ? undefined : { value: wanted.value.value, at: wanted.at };
      const what = `failed to allocate gateway (${wanted.text}): Address already in use`;
      const fix =
        'choose an address that is neither the first nor the last of the subnet, nor taken';
      this.findings.refuse(wanted.at, what, fix, 'N16');
      return undefined;
    }
    if (isIsolated) return undefined;
    const value = pool.takeLowest();
    if (value !== undefined) return { value };
    const at = draft?.subnet.at ?? network.at ?? START;
    const what = 'failed to allocate gateway (): No available addresses on this pool';
    this.findings.refuse(
      at,
      what,
      'choose a larger subnet or range, with one address to spare',
      'N27',
    );
    return undefined;
  }

  private settleAuxiliary({ pool, draft }: SettledPool): void {
    for (const { name, text, value, at } of draft?.aux ?? []) {
      if (pool.take(value)) continue;
      const what = `failed to allocate secondary ip address (${name}:${text}): Address already in use`;
      this.findings.refuse(
        at,
        what,
        'choose another address: the gateway has its own already',
        'N31',
      );
    }
  }

  private takeFixed(
    family: 4 | 6,
    wanted: Written<string> | undefined,
    network: NetworkDraft,
  ): Value<bigint> | undefined {
    if (wanted === undefined) return undefined;
    const { value: text, at } = wanted;
    const address = parseAddress(text);
    const refusal = refusalOf(family, text, address, network);
    if (refusal !== undefined || address === undefined) {
      if (refusal !== undefined && !network.damaged) this.findings.refuse(at, ...refusal);
      return undefined;
    }
    const pools = this.poolsOf(network);
    if (pools.some(({ pool }) => pool.take(address))) return { value: address.value, at };
    if (pools.length > 0 && !network.damaged) {
      const fix = 'choose an address that nobody else has, and not the first or the last';
      this.findings.refuse(at, 'Address already in use', fix, 'P32');
    }
    return undefined;
  }

  private takeLowest(
    family: 4 | 6,
    { service, at }: Attachment,
    network: NetworkDraft,
  ): Value<bigint> | undefined {
    const pools = this.poolsOf(network).filter(({ pool }) => pool.subnet.family === family);
    for (const { pool } of pools) {
      const value = pool.takeLowest();
      if (value !== undefined) return { value };
    }
    if (pools.length === 0 || network.damaged) return undefined;
    const what = `no available IPv${family} addresses on this network's address pools: ${network.name} (${digestOf(network.name)})`;
    this.findings.refuse(
      at,
      what,
      `give network ${network.key} a larger subnet, or leave out ${service}`,
    );
    return undefined;
  }
}

/** A claimed subnet in words. */
export function makePool({ pool, draft, gateway }: SettledPool): PoolText {
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

function overlapFix({ host }: NetworkDraft): string {
  return host === SWARM
    ? "choose a subnet that no other overlay has (10.0.0.0/24 is that of Docker's ingress)"
    : "choose a subnet that no other network of this host has (172.17.0.0/16 is Docker's own)";
}

function modeOf({ settings: { gateway } }: NetworkDraft, family: 4 | 6): GatewayMode | undefined {
  return (family === 4 ? gateway?.gatewayModeIpv4 : gateway?.gatewayModeIpv6)?.value;
}

/** Why Docker would not even look whether this address is free. */
function refusalOf(
  family: 4 | 6,
  text: string,
  address: Address | undefined,
  { predefined, pools, name, key, host }: NetworkDraft,
): [what: string, fix: string, docker: string] | undefined {
  if (address === undefined) {
    const what = `invalid IPv${family} address: ${text}`;
    return [what, 'write one address, without prefix length', 'P34'];
  }
  if (predefined !== undefined) {
    const what = 'user specified IP address is supported on user defined networks only';
    return [what, `declare a network of your own instead of "${name}"`, 'C17'];
  }
  const subnets = pools.map(({ subnet }) => subnet.value);
  if (!subnets.some((subnet) => subnet.family === family)) {
    const what =
      'user specified IP address is supported only when connecting to networks with user configured subnets';
    const subnet = `write an IPv${family} subnet under ipam.config of network ${key}`;
    const isBeyond = host === SWARM && family === 6;
    return [what, isBeyond ? 'remove it: an overlay has IPv4 addresses alone' : subnet, 'P35'];
  }
  if (address.family !== family || !subnets.some((subnet) => contains(subnet, address))) {
    const what = `Invalid address ${text}: It does not belong to any of this network's subnets`;
    const ours = subnets.filter((subnet) => subnet.family === family).map(blockText);
    return [what, `choose an address of ${ours.join(' or ')}`, 'P33'];
  }
  return undefined;
}
