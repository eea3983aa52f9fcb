/** The routes of the hosts: the subnets of their bridges and NICs, what the topology says, and the default gateway. */
import { NONE, RouteKind } from '../../dataplane/program/layout.js';
import type { Program } from '../../dataplane/program/program.js';
import { blockText, contains, parseAddress, parseBlock } from '../address.js';
import type { Block } from '../address.js';
import type { Host, Lab } from '../model/lab.js';
import type { Network } from '../model/network.js';
import { connectedMetric, metricOf } from '../model/routes.js';
import type { Position } from '../model/position.js';
import { wordsOf, writeOrigin } from './columns.js';
import { linkNamed } from './links.js';
import type { Link } from './links.js';

export interface CompiledRoute {
  /** `10.1.0.0/16 via 192.168.99.2 dev eth1`. */
  readonly text: string;
  readonly at?: Position;
  readonly host: number;
  readonly to: Block;
  /** Absent: the destination itself is on the link. */
  readonly via?: bigint;
  /** The interface by which packets leave: a network, or the number of networks and a link; NONE where they go nowhere. */
  readonly iface: number;
  /** Unicast where nothing is said. */
  readonly kind?: RouteKind;
  /** Of routes to one block the one with the lowest counts, ... */
  readonly metric: number;
  /** ... and what the topology says of it. */
  readonly writtenMetric?: number;
}

/** What has interfaces, as the Program numbers them. */
export interface Numbered {
  /** The bridge networks, by number. */
  readonly networks: readonly Network[];
  readonly wires: readonly unknown[];
  readonly links: readonly Link[];
}

/** Those with the longest prefix first, of equal ones the one with the lowest metric, or else that which was written first. */
export function routesOf({ hosts }: Lab, numbered: Numbered): CompiledRoute[] {
  const all = hosts.flatMap((host, number) => {
    const connected = [
      ...bridgedOf(host, number, numbered),
      ...connectedOf(host, number, numbered),
    ];
    return [...connected, ...declaredOf(host, number, numbered, connected)];
  });
  return all.sort(
    (one, other) => other.to.prefixLength - one.to.prefixLength || one.metric - other.metric,
  );
}

/** The number of the interface that is a link. */
export function ifaceOf({ networks, wires }: Numbered, link: number): number {
  return networks.length + wires.length + link;
}

/** The subnets of the host's bridges on which it has an address. */
function bridgedOf(host: Host, number: number, { networks }: Numbered): CompiledRoute[] {
  return networks.flatMap((network, iface) =>
    network.pools.flatMap(({ subnet: { value, at }, gateway }) => {
      const to = parseBlock(value)?.block;
      if (network.host !== host.name || to === undefined || gateway === undefined) return [];
      const text = `${blockText(to)} dev ${network.name}`;
      const metric = connectedMetric(to.family);
      return [{ text, ...(at && { at }), host: number, to, iface, metric }];
    }),
  );
}

function connectedOf(host: Host, number: number, numbered: Numbered): CompiledRoute[] {
  return host.nics.flatMap((nic) =>
    nic.addresses.flatMap(({ value, at }) => {
      const to = parseBlock(value)?.block;
      const link = linkNamed(numbered.links, host.name, nic.name);
      if (to === undefined || link < 0) return [];
      const text = `${blockText(to)} dev ${nic.name}`;
      const [iface, metric] = [ifaceOf(numbered, link), connectedMetric(to.family)];
      return [{ text, ...(at && { at }), host: number, to, iface, metric }];
    }),
  );
}

/** `routes`, then `gateway`, whose prefix is shorter than any. */
function declaredOf(
  { name, routes, gateway }: Host,
  host: number,
  numbered: Numbered,
  connected: readonly CompiledRoute[],
): CompiledRoute[] {
  const make = (
    to: Block | undefined,
    via: string | undefined,
    dev: string | undefined,
    at: Position | undefined,
    metric?: number,
  ): CompiledRoute[] => {
    const router = via === undefined ? undefined : parseAddress(via);
    const link = dev === undefined ? -1 : linkNamed(numbered.links, name, dev);
    const iface =
      dev === undefined
        ? connected.find((route) => router && contains(route.to, router))?.iface
        : ifaceOf(numbered, link);
    if (to === undefined || iface === undefined || (dev !== undefined && link < 0)) return [];
    const text = [blockText(to), ...(via ? ['via', via] : []), ...(dev ? ['dev', dev] : [])];
    return [
      {
        text: [...text, ...metricWords(metric)].join(' '),
        ...(at && { at }),
        host,
        to,
        ...(router && { via: router.value }),
        iface,
        ...metrics(to, metric),
      },
    ];
  };
  const declared = routes.flatMap((route) => {
    const { to, via, dev, at, type, metric } = route;
    const block = parseBlock(to.value)?.block;
    if (type === undefined) return make(block, via?.value, dev?.value, at, metric?.value);
    if (block === undefined) return [];
    const text = [type.value, blockText(block), ...metricWords(metric?.value)].join(' ');
    const kind = KINDS[type.value];
    return [{ text, at, host, to: block, iface: NONE, kind, ...metrics(block, metric?.value) }];
  });
  if (gateway === undefined) return declared;
  const everything = parseBlock(gateway.value.includes(':') ? '::/0' : '0.0.0.0/0')?.block;
  return [...declared, ...make(everything, gateway.value, undefined, gateway.at)];
}

function metrics({ family }: Block, written: number | undefined) {
  return {
    metric: metricOf(family, written),
    ...(written !== undefined && { writtenMetric: written }),
  };
}

/** As `ip route` prints it. */
export function metricWords(written: number | undefined): string[] {
  return written ? [`metric ${written}`] : [];
}

const KINDS = {
  blackhole: RouteKind.Blackhole,
  unreachable: RouteKind.Unreachable,
  prohibit: RouteKind.Prohibit,
} as const;

export function writeRoutes({ routes }: Program, compiled: readonly CompiledRoute[]): void {
  for (const [row, { host, to, via, iface, kind, at }] of compiled.entries()) {
    const [a, b, c, d] = wordsOf(to.first);
    const [v, w, x, y] = wordsOf(via ?? 0n);
    routes.host[row] = host;
    routes.family[row] = to.family;
    routes.word0[row] = a;
    routes.word1[row] = b;
    routes.word2[row] = c;
    routes.word3[row] = d;
    routes.prefix[row] = to.prefixLength + (to.family === 4 ? 96 : 0);
    routes.via0[row] = v;
    routes.via1[row] = w;
    routes.via2[row] = x;
    routes.via3[row] = y;
    routes.kind[row] = kind ?? RouteKind.Unicast;
    routes.iface[row] = iface;
    writeOrigin(routes, row, at);
  }
}
