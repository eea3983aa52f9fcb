import { digestOf, parseAddress, parseBlock } from '../address.js';
import { inGatewayOrder } from './gateway.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import type { GatewayMode, Network } from './network.js';
import { checkExposed, readPublished, type PublishedForm } from './port-form.js';
import type { Position } from './position.js';
import type { PublishedPort, Sandbox } from './sandbox.js';
import type { ServiceShape } from './schema.js';
import { items, type Written } from './written.js';

/**
 * `ports` and `expose`: checked as Docker does, and checked against each other, because two services cannot have one port of their host.
 * A lab is a declaration and not an order of commands: the ports that are written are taken first, then those that Docker chooses.
 * Answers the same sandboxes with the ports that they publish.
 */
export function withPublished(
  sandboxes: readonly Sandbox[],
  writtenOf: (sandbox: Sandbox) => Written<ServiceShape> | undefined,
  networks: readonly Network[],
  hosts: readonly Host[],
  findings: Findings,
): Sandbox[] {
  const wishes = sandboxes.flatMap((sandbox) => {
    const written = writtenOf(sandbox);
    for (const exposed of items(written?.get('expose'))) checkExposed(exposed, findings);
    const ports = items(written?.get('ports'));
    if (ports.length === 0) return [];
    const doors = doorsOf(sandbox, networks);
    if (doors.length === 0) noteDoorless(sandbox, networks, findings);
    return ports.flatMap((item): Wish[] => {
      const form = readPublished(item, findings);
      if (form === undefined || doors.length === 0) return [];
      const bindings = bindingsOf(form, doors);
      if (bindings.length === 0)
        findings.note(
          `service ${sandbox.name}: nothing is published on ${form.ip ?? 'the host'}, an address of a family that it does not have`,
        );
      return [{ sandbox, form, at: item.at, bindings }];
    });
  });
  const takers = new HostPorts(hosts, networks, findings);
  const chosen = new Map<Wish, readonly number[]>();
  for (const wish of wishes.filter(({ form }) => form.first > 0))
    chosen.set(wish, takers.take(wish));
  for (const wish of wishes.filter(({ form }) => form.first === 0))
    chosen.set(wish, takers.choose(wish));
  return sandboxes.map((sandbox) => {
    const own = wishes.filter((wish) => wish.sandbox === sandbox);
    const published = own.flatMap((wish) => portsOf(wish, chosen.get(wish) ?? []));
    return published.length > 0 ? { ...sandbox, published } : sandbox;
  });
}

/** How packets of one family reach a sandbox through its host. */
interface Door {
  readonly family: 4 | 6;
  readonly network: Network;
  readonly mode: GatewayMode;
  /** Of the sandbox. */
  readonly address: string;
}

/** A door, and the address of the host before it. */
interface Binding extends Door {
  readonly hostAddress: string;
}

/** An entry of `ports` and what becomes of it. */
interface Wish {
  readonly sandbox: Sandbox;
  readonly form: PublishedForm;
  readonly at: Position;
  readonly bindings: readonly Binding[];
}

/** For each family the first bridge network in the order of the default routes. */
function doorsOf(sandbox: Sandbox, networks: readonly Network[]): Door[] {
  const standings = inGatewayOrder(sandbox, networks);
  return ([4, 6] as const).flatMap((family): Door[] => {
    for (const { endpoint, network } of standings) {
      const { bridge } = network;
      const address = (family === 4 ? endpoint.ipv4 : endpoint.ipv6)?.value;
      if (bridge === undefined || address === undefined) continue;
      const mode = (family === 4 ? bridge.gatewayModeIpv4 : bridge.gatewayModeIpv6).value;
      return [{ family, network, mode, address }];
    }
    return [];
  });
}

/** A service that shares a stack, or that has none, hears of it elsewhere. */
function noteDoorless(sandbox: Sandbox, networks: readonly Network[], findings: Findings): void {
  const { name, endpoints } = sandbox;
  if (endpoints.length === 0) return;
  const isOnBridge = networks.some(
    ({ bridge, endpoints: members }) =>
      bridge !== undefined && members.some((endpoint) => endpoints.includes(endpoint)),
  );
  findings.note(
    isOnBridge
      ? `service ${name}: no port of an internal network is published`
      : `service ${name}: ports are published from bridges only`,
  );
}

/** Docker's rule: a written address is of one family; without one it is the default of the network, and 0.0.0.0 stands for both. */
function bindingsOf({ ip }: PublishedForm, doors: readonly Door[]): Binding[] {
  return doors.flatMap((door) => {
    const all = door.family === 4 ? '0.0.0.0' : '::';
    const usual = door.network.bridge?.hostBindingIpv4.value ?? all;
    const wanted = ip ?? (usual === '0.0.0.0' ? all : usual);
    if (parseAddress(wanted)?.family !== door.family) return [];
    return [{ ...door, hostAddress: door.mode === 'routed' ? all : wanted }];
  });
}

function portsOf({ form, at, bindings }: Wish, hostPorts: readonly number[]): PublishedPort[] {
  const { protocol, count, containerFirst } = form;
  return Array.from({ length: count }, (_, index) => index).flatMap((index) =>
    bindings.map(({ hostAddress, mode, address, network }) => ({
      protocol,
      hostAddress,
      hostPort: mode === 'routed' ? 0 : (hostPorts[index] ?? 0),
      containerAddress: address,
      containerPort: containerFirst + index,
      network: network.name,
      at,
    })),
  );
}

/** The addresses a port is taken on. */
type Taken = Map<number, string[]>;

interface Conflict {
  readonly why: string;
  readonly fix: string;
  readonly docker?: string;
}

/** what Docker chooses comes from here. */
const CHOSEN_FIRST = 32_768;
const CHOSEN_LAST = 60_999;
const ALL_TAKEN: Conflict = {
  why: 'all ports are allocated',
  fix: 'publish another port of the host',
  docker: 'P15',
};

/** Which ports of the hosts are taken, on which addresses. */
class HostPorts {
  /** By host and protocol. */
  private readonly taken = new Map<string, Taken>();

  constructor(
    private readonly hosts: readonly Host[],
    private readonly networks: readonly Network[],
    private readonly findings: Findings,
  ) {}

  /** Takes the ports that are written, one by one; a range for a single port of the container means the first that is free. */
  take(wish: Wish): readonly number[] {
    const { first, last, count } = wish.form;
    const addresses = addressesOf(wish);
    const taken = this.takenBy(wish);
    const conflict = this.foreignAddress(wish, first) ?? firstConflict(wish.form, addresses, taken);
    if (conflict !== undefined) {
      this.refuse(wish, count === 1 && last > first ? ALL_TAKEN : conflict);
      return [];
    }
    const start = count === 1 ? firstFree(first, last, addresses, taken) : first;
    const ports = Array.from({ length: count }, (_, index) => start + index);
    for (const port of ports) occupy(port, addresses, taken);
    return ports;
  }

  /** the first that are free, from 32768 up. */
  choose(wish: Wish): readonly number[] {
    const addresses = addressesOf(wish);
    const taken = this.takenBy(wish);
    const foreign = this.foreignAddress(wish, CHOSEN_FIRST);
    if (foreign !== undefined) this.refuse(wish, foreign);
    const ports: number[] = [];
    while (ports.length < wish.form.count && addresses.length > 0) {
      const port = firstFree(CHOSEN_FIRST, CHOSEN_LAST, addresses, taken);
      if (port === 0) {
        this.refuse(wish, ALL_TAKEN);
        break;
      }
      occupy(port, addresses, taken);
      ports.push(port);
    }
    return ports;
  }

  private takenBy({ sandbox, form }: Wish): Taken {
    const place = `${sandbox.host} ${form.protocol}`;
    const taken = this.taken.get(place) ?? new Map<number, string[]>();
    this.taken.set(place, taken);
    return taken;
  }

  private refuse({ sandbox, at }: Wish, { why, fix, docker }: Conflict): void {
    const id = digestOf(`${sandbox.host} ${sandbox.name}`);
    const what = `driver failed programming external connectivity on endpoint ${sandbox.name} (${id}): ${why}`;
    this.findings.refuse(at, what, fix, docker);
  }

  /** Where the host says which addresses it has, others cannot be published on. */
  private foreignAddress(wish: Wish, port: number): Conflict | undefined {
    const { host: hostName } = wish.sandbox;
    const nics = this.hosts.find(({ name }) => name === hostName)?.nics ?? [];
    const declared = nics.flatMap(({ addresses }) => addresses.map(({ value }) => value));
    if (declared.length === 0) return undefined;
    const gateways = this.networks
      .filter(({ host, bridge }) => host === hostName && bridge !== undefined)
      .flatMap(({ pools }) => pools.flatMap(({ gateway }) => gateway?.value ?? []));
    const own = [
      ...declared.flatMap((text) => parseBlock(text)?.address ?? []),
      ...gateways.flatMap((text) => parseAddress(text) ?? []),
    ];
    const isOwn = (ip: string): boolean => {
      const wanted = parseAddress(ip);
      if (/^(127\.|0\.0\.0\.0$|::1?$)/.test(ip)) return true;
      return own.some(({ family, value }) => family === wanted?.family && value === wanted.value);
    };
    const foreign = addressesOf(wish).find((ip) => !isOwn(ip));
    if (foreign === undefined) return undefined;
    return {
      why: `Error starting userland proxy: ${listen(foreign, port)}: bind: cannot assign requested address`,
      fix: `publish on an address of a NIC of ${hostName}`,
      docker: 'P25',
    };
  }
}

/** The addresses of the host on which an entry takes ports; in gateway mode `routed` it takes none. */
function addressesOf({ bindings }: Wish): string[] {
  return bindings.flatMap(({ mode, hostAddress }) => (mode === 'routed' ? [] : [hostAddress]));
}

function listen(ip: string, port: number): string {
  return ip.includes(':') ? `listen tcp6 [${ip}]:${port}` : `listen tcp4 ${ip}:${port}`;
}

function occupy(port: number, addresses: readonly string[], taken: Taken): void {
  taken.set(port, [...(taken.get(port) ?? []), ...addresses]);
}

/** The first port that is free on all these addresses; 0: there is none. */
function firstFree(
  first: number,
  last: number,
  addresses: readonly string[],
  taken: Taken,
): number {
  for (let port = first; port <= last; port++) {
    if (conflictAt(port, addresses, taken) === undefined) return port;
  }
  return 0;
}

/** What stands in the way of taking all the ports that are needed, if anything does. */
function firstConflict(
  { first, last, count }: PublishedForm,
  addresses: readonly string[],
  taken: Taken,
): Conflict | undefined {
  if (count === 1 && firstFree(first, last, addresses, taken) !== 0) return undefined;
  for (let port = first; port <= last; port++) {
    const conflict = conflictAt(port, addresses, taken);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

function conflictAt(
  port: number,
  addresses: readonly string[],
  taken: Taken,
): Conflict | undefined {
  const isAny = (address: string) => address === '0.0.0.0' || address === '::';
  const fix = 'publish another port of the host';
  for (const ip of addresses) {
    const others = (taken.get(port) ?? []).filter(
      (other) => other.includes(':') === ip.includes(':'),
    );
    if (others.includes(ip)) {
      const written = ip.includes(':') ? `[${ip}]` : ip;
      const why = `Bind for ${written}:${port} failed: port is already allocated`;
      return { why, fix, docker: 'P15' };
    }
    if (others.length === 0 || !(isAny(ip) || others.some(isAny))) continue;
    const why = `Error starting userland proxy: ${listen(ip, port)}: bind: address already in use`;
    return { why, fix, docker: 'P16' };
  }
  return undefined;
}
