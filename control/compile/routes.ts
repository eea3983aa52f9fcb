/** The routes of the hosts: the subnets of their NICs, what the topology says, and the default gateway. */
import type { Program } from '../../dataplane/program/program.js';
import { blockText, contains, parseAddress, parseBlock } from '../address.js';
import type { Block } from '../address.js';
import type { Host, Lab } from '../model/lab.js';
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
  readonly link: number;
}

/** Those with the longest prefix first, of equal ones the one that was written first. */
export function routesOf({ hosts }: Lab, links: readonly Link[]): CompiledRoute[] {
  const all = hosts.flatMap((host, number) => {
    const connected = connectedOf(host, number, links);
    return [...connected, ...declaredOf(host, number, links, connected)];
  });
  return all.sort((one, other) => other.to.prefixLength - one.to.prefixLength);
}

function connectedOf(host: Host, number: number, links: readonly Link[]): CompiledRoute[] {
  return host.nics.flatMap((nic) =>
    nic.addresses.flatMap(({ value, at }) => {
      const to = parseBlock(value)?.block;
      const link = linkNamed(links, host.name, nic.name);
      if (to === undefined || link < 0) return [];
      return [
        { text: `${blockText(to)} dev ${nic.name}`, ...(at && { at }), host: number, to, link },
      ];
    }),
  );
}

/** `routes`, then `gateway`, whose prefix is shorter than any. */
function declaredOf(
  { name, routes, gateway }: Host,
  host: number,
  links: readonly Link[],
  connected: readonly CompiledRoute[],
): CompiledRoute[] {
  const make = (
    to: Block | undefined,
    via: string | undefined,
    dev: string | undefined,
    at: Position | undefined,
  ): CompiledRoute[] => {
    const router = via === undefined ? undefined : parseAddress(via);
    const link =
      dev === undefined
        ? (connected.find((route) => router && contains(route.to, router))?.link ?? -1)
        : linkNamed(links, name, dev);
    if (to === undefined || link < 0) return [];
    const text = [blockText(to), ...(via ? ['via', via] : []), ...(dev ? ['dev', dev] : [])];
    return [
      {
        text: text.join(' '),
        ...(at && { at }),
        host,
        to,
        ...(router && { via: router.value }),
        link,
      },
    ];
  };
  const declared = routes.flatMap(({ to, via, dev, at }) =>
    make(parseBlock(to.value)?.block, via?.value, dev?.value, at),
  );
  if (gateway === undefined) return declared;
  const everything = parseBlock(gateway.value.includes(':') ? '::/0' : '0.0.0.0/0')?.block;
  return [...declared, ...make(everything, gateway.value, undefined, gateway.at)];
}

export function writeRoutes({ routes }: Program, compiled: readonly CompiledRoute[]): void {
  for (const [row, { host, to, via, link, at }] of compiled.entries()) {
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
    routes.link[row] = link;
    writeOrigin(routes, row, at);
  }
}
