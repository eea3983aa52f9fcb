import {
  addressText,
  blockText,
  contains,
  parseAddress,
  parseBlock,
  type Address,
  type Block,
} from '../address.js';
import { splitInterface } from './interface.js';
import type { Host, Route } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { Value } from './position.js';
import type { HostShape, TopologyShape } from './schema.js';
import { entries, items, present, type Written } from './written.js';

/** What a host is connected to: what its routes can name. */
export interface Surroundings {
  /** The blocks its NICs and its bridges have addresses of. */
  readonly subnets: readonly { readonly block: Block; readonly interfaceName?: string }[];
  /** The addresses of its NICs and the gateways of its bridges, in canonical form. */
  readonly addresses: readonly string[];
  /** Its NICs, and those of their VLANs that a network sits on. */
  readonly interfaces: readonly string[];
}

const METRIC_MAX = 0xffff_ffff;
/** What an IPv6 route has that names no metric, or 0 (Linux IP6_RT_PRIO_USER), ... */
const METRIC_IPV6 = 1024;
/** ... and that to a subnet in which the host itself has an address (IP6_RT_PRIO_ADDRCONF). */
const METRIC_CONNECTED_IPV6 = 256;

/** The metric of a route that the topology declares (Linux fib_priority; ip6_route_add). */
export function metricOf(family: 4 | 6, written: number | undefined): number {
  if (family === 4) return written ?? 0;
  return written === undefined || written === 0 ? METRIC_IPV6 : written;
}

/** That of a route to a subnet in which the host has an address. */
export function connectedMetric(family: 4 | 6): number {
  return family === 4 ? 0 : METRIC_CONNECTED_IPV6;
}

/** `x-hosts.*.gateway` and `routes`, for the hosts as they are known at the end. */
export function withRoutes(
  root: Written<TopologyShape>,
  hosts: readonly Host[],
  damaged: ReadonlySet<string>,
  surroundingsOf: (host: Host) => Surroundings,
  findings: Findings,
): readonly Host[] {
  const declared = new Map(
    entries(root.get('x-hosts')).map(({ key, written }) => [key, present(written)]),
  );
  return hosts.map((host) => {
    const written = declared.get(host.name);
    if (written === undefined) return host;
    const isWhole = !damaged.has(`x-hosts.${host.name}`) && hasAllAddresses(host, written);
    return { ...host, ...new Routes(surroundingsOf(host), isWhole, findings).read(written) };
  });
}

/** Were none of the addresses refused? Otherwise a router may seem to be nowhere only because of that. */
function hasAllAddresses({ nics }: Host, written: Written<HostShape>): boolean {
  const read = new Map(nics.map(({ name, addresses }) => [name, addresses.length]));
  return entries(written.get('nics')).every(({ key, written: nic }) => {
    return items(present(nic)?.get('addresses')).length === read.get(key);
  });
}

/** Reads the routes of one host; refuses what `ip route add` would. */
class Routes {
  private readonly taken = new Set<string>();

  constructor(
    private readonly around: Surroundings,
    private readonly isWhole: boolean,
    private readonly findings: Findings,
  ) {
    for (const { block } of around.subnets)
      this.taken.add(keyOf(blockText(block), connectedMetric(block.family)));
  }

  read(host: Written<HostShape>): Pick<Host, 'gateway' | 'routes'> {
    const gateway = this.readRouter(host.get('gateway'), undefined);
    if (gateway !== undefined) {
      const everything = gateway.family === 4 ? '0.0.0.0/0' : '::/0';
      this.taken.add(keyOf(everything, metricOf(gateway.family, undefined)));
    }
    const routes = items(host.get('routes')).flatMap((route) => {
      const read = this.readRoute(route);
      return read === undefined ? [] : [read];
    });
    return { ...(gateway && { gateway: textOf(gateway) }), routes };
  }

  private readRoute(route: Written<RouteShape>): Route | undefined {
    const dev = readInterface(route.get('dev'), this.around.interfaces, this.findings);
    const via = this.readRouter(route.get('via'), dev);
    const to = this.readDestination(route.get('to'), via);
    const type = route.get('type');
    if (type !== undefined) this.refuseWay(route, type);
    else if (this.isWhole && route.get('via') === undefined && route.get('dev') === undefined) {
      const what = 'a route needs a router or an interface';
      this.findings.refuse(route.at, what, 'add "via: " and an address, or "dev: " and a NIC');
    }
    if (to === undefined) return undefined;
    if (via !== undefined && via.family !== to.family) {
      const what = `${addressText(via.family, via.value)} is no IPv${to.family} address`;
      this.findings.refuse(via.at, what, `write a router that has an IPv${to.family} address`);
    }
    const metric = this.readMetric(route.get('metric'));
    this.refuseTaken(to, metric);
    return {
      at: route.at,
      to: { value: blockText(to), at: to.at },
      ...(type && { type: { value: type.value, at: type.at } }),
      ...(via && { via: textOf(via) }),
      ...(dev && { dev }),
      ...(metric && { metric }),
    };
  }

  private readMetric(written: Written<number> | undefined): Value<number> | undefined {
    if (written === undefined) return undefined;
    const { value, at } = written;
    if (Number.isInteger(value) && value >= 0 && value <= METRIC_MAX) return { value, at };
    const what = `argument "${value}" is wrong: "metric" value is invalid`;
    this.findings.refuse(at, what, `write a whole number from 0 to ${METRIC_MAX}`);
    return undefined;
  }

  /** Two routes to one subnet need different metrics (Linux fib_table_insert, fib6_add_rt2node: EEXIST). */
  private refuseTaken(to: Placed<Block>, metric: Value<number> | undefined): void {
    const key = keyOf(blockText(to), metricOf(to.family, metric?.value));
    if (this.taken.has(key)) {
      const name = to.prefixLength === 0 ? 'default' : blockText(to);
      const same = metric === undefined ? '' : ` with metric ${metric.value}`;
      const what = `there is a route to ${name}${same} already: File exists`;
      this.findings.refuse(
        metric?.at ?? to.at,
        what,
        'keep one of the two, or give it another metric',
      );
    }
    this.taken.add(key);
  }

  private refuseWay(route: Written<RouteShape>, { value: type }: Written<string>): void {
    for (const key of ['via', 'dev'] as const) {
      if (route.get(key) === undefined) continue;
      const what = `a route of type ${type} leads nowhere, and needs no ${key}`;
      this.findings.refuse(route.keyAt(key), what, `remove ${key}, or the type`);
    }
  }

  private readDestination(
    to: Written<string> | undefined,
    via: Address | undefined,
  ): Placed<Block> | undefined {
    if (to === undefined) return undefined;
    const { value, at } = to;
    const all = via?.family === 6 ? '::/0' : '0.0.0.0/0';
    const parsed = parseBlock(value === 'default' ? all : value);
    if (parsed === undefined) {
      const fix = 'write a subnet, such as 10.1.0.0/16, or "default"';
      this.findings.refuse(at, `invalid CIDR address: ${value}`, fix);
      return undefined;
    }
    if (parsed.address.value !== parsed.block.first) {
      const what = `${value}: Invalid prefix for given prefix length`;
      this.findings.refuse(at, what, `write ${blockText(parsed.block)}`);
    }
    return { ...parsed.block, at };
  }

  /** VLANs of a NIC have no addresses of their own: with such a `dev`, the router is taken to be on its link. */
  private readRouter(
    via: Written<string> | undefined,
    dev: Value<string> | undefined,
  ): Placed<Address> | undefined {
    if (via === undefined) return undefined;
    const { value, at } = via;
    const address = parseAddress(value);
    if (address === undefined) {
      this.findings.refuse(at, `${value} is not an ip address`, 'write the address of a router');
      return undefined;
    }
    if (this.around.addresses.includes(addressText(address.family, address.value))) {
      const what = `${value} is an address of this host itself`;
      this.findings.refuse(at, what, 'write the address of another router');
    }
    const isOnLink = !this.isWhole || (dev !== undefined && splitInterface(dev.value).vid !== 0);
    const subnets = this.around.subnets.filter(
      ({ interfaceName }) => dev === undefined || interfaceName === dev.value,
    );
    if (!isOnLink && !subnets.some(({ block }) => contains(block, address))) {
      const place = dev === undefined ? 'a subnet of this host' : `a subnet of ${dev.value}`;
      const fix = 'a router has to be in the subnet of one of the addresses of the NICs';
      this.findings.refuse(at, `${value} is not on ${place}`, fix);
    }
    return { ...address, at };
  }
}

/** A NIC of a host, or a VLAN of one that a network sits on; undefined where there is none or after refusing it. */
export function readInterface(
  written: Written<string> | undefined,
  interfaces: readonly string[],
  findings: Findings,
): Value<string> | undefined {
  if (written === undefined) return undefined;
  const { value, at } = written;
  if (interfaces.includes(value)) return { value, at };
  const { nic, vid } = splitInterface(value);
  const isVlan = vid !== 0 && interfaces.includes(nic);
  const what = isVlan
    ? `${nic} has no VLAN ${vid}: no network sits on it`
    : `there is no NIC "${value}"${didYouMean(value, interfaces)}`;
  const fix = isVlan
    ? 'name it as the parent or the uplink of a network'
    : `name an interface of this host${interfaces.length > 0 ? `: ${interfaces.join(', ')}` : ''}`;
  findings.refuse(at, what, fix);
  return undefined;
}

/** What no two routes of a host may have in common. */
function keyOf(subnet: string, metric: number): string {
  return `${subnet} ${metric}`;
}

type RouteShape = NonNullable<HostShape['routes']>[number];
type Placed<T> = T & { readonly at: Written['at'] };

function textOf({ family, value, at }: Placed<Address>): Value<string> {
  return { value: addressText(family, value), at };
}
