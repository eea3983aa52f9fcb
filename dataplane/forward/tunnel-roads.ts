/**
 * How outer packets get to the other ends: by which interface of the host, to which next hop, from which address. Routes do not change while a Program
 * runs, so that is found once for each end, when it gets its number.
 */
import { NONE, RouteKind } from '../program/layout.js';
import { fixed } from '../state/fixed.js';
import { fold } from '../wire/checksum.js';
import { Protocol } from '../wire/ipv4.js';
import type { Fibs } from './fibs.js';
import { NO_ADDRESS } from './interfaces.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import type { Plane } from './plane.js';

export const NO_ROAD = -1;

/** A row for each end: of an end of a vtep, `first[vtep]` and its number there. */
export interface Roads {
  /** By vtep. */
  readonly first: Int32Array;
  /** The interface by which packets leave, or NO_ROAD. */
  readonly iface: Int32Array;
  /** Row of the address that they come from. */
  readonly source: Int32Array;
  /** The end, and the next hop to it, four words each. */
  readonly end: Int32Array;
  readonly hop: Int32Array;
  /** The end is a group (1), and has no next hop. */
  readonly isGroup: Uint8Array;
  /** Of IPv4: the sum of those words of a header that are the same for all packets. */
  readonly sum: Int32Array;
  /** Finds the way to an end that has got its number. */
  readonly plan: (vtep: number, end: number) => void;
}

export function roadsOn(
  plane: Plane,
  {
    fibs,
    interfaces,
    local,
  }: {
    readonly fibs: Fibs;
    readonly interfaces: Interfaces;
    readonly local: LocalAddresses;
  },
): Roads {
  const { program, remotes } = plane;
  const { vteps, routes, addresses } = program;
  const first = new Int32Array(remotes.length);
  let rows = 0;
  for (const [vtep, { endsMax }] of remotes.entries()) {
    first[vtep] = rows;
    rows += endsMax;
  }
  const roads = {
    first: fixed(first),
    iface: fixed(new Int32Array(rows).fill(NO_ROAD)),
    source: fixed(new Int32Array(rows)),
    end: fixed(new Int32Array(rows * 4)),
    hop: fixed(new Int32Array(rows * 4)),
    isGroup: fixed(new Uint8Array(rows)),
    sum: fixed(new Int32Array(rows)),
    plan,
  };
  const to = new Int32Array(4);

  /** Row of the address that a vtep says it has; NO_ADDRESS where it says nothing. */
  function declaredSource(vtep: number): number {
    const { local0, local1, local2, local3 } = vteps;
    const words = [local0[vtep], local1[vtep], local2[vtep], local3[vtep]];
    return words.every((word) => word === 0)
      ? NO_ADDRESS
      : local.rowOf(vteps.host[vtep], Int32Array.from(words));
  }

  function planGroup(vtep: number, row: number): void {
    roads.isGroup[row] = 1;
    const link = vteps.link[vtep];
    if (link !== NONE) leaveBy(vtep, row, interfaces.ofLink(link));
  }

  function leaveBy(vtep: number, row: number, iface: number): void {
    const declared = declaredSource(vtep);
    const source = declared >= 0 ? declared : interfaces.speaker(iface, vteps.family[vtep]);
    if (source < 0) return;
    roads.iface[row] = iface;
    roads.source[row] = source;
    roads.sum[row] = 0x4500 + Protocol.Udp + fold(addresses.word3[source]) + fold(to[3] >>> 0);
  }

  function plan(vtep: number, end: number): void {
    const at = first[vtep] + end;
    for (let i = 0; i < 4; i++) to[i] = remotes[vtep].ends.word(end, i);
    roads.iface[at] = NO_ROAD;
    roads.isGroup[at] = 0;
    roads.end.set(to, 4 * at);
    const [host, family] = [vteps.host[vtep], vteps.family[vtep]];
    if (isGroupAddress(family, to)) {
      planGroup(vtep, at);
      return;
    }
    const row = family === 4 ? fibs.findIpv4(host, to[3]) : fibs.findIpv6(host, to);
    if (row < 0 || routes.kind[row] !== RouteKind.Unicast || local.isOwn(host, to)) return;
    const via = [routes.via0[row], routes.via1[row], routes.via2[row], routes.via3[row]];
    roads.hop.set(via.every((word) => word === 0) ? to : via, 4 * at);
    leaveBy(vtep, at, routes.iface[row]);
  }

  for (const [vtep, { ends }] of remotes.entries())
    for (let end = 0; end < ends.count; end++) plan(vtep, end);
  return roads;
}

function isGroupAddress(family: number, words: Int32Array): boolean {
  return family === 4 ? words[3] >>> 28 === 0xe : words[0] >>> 24 === 0xff;
}
