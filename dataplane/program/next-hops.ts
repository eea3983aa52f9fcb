import { fixed } from '../state/fixed.js';
import { RouteKind } from './layout.js';
import type { Program } from './program.js';

/** Where routes lead that lead anywhere: many to few next hops, which therefore stay in the nearest cache. */
export interface NextHops {
  /** By row of `routes`: the number of its next hop, or -1. */
  readonly of: Int32Array;
  /** By number: the interface, and the IPv4 address there, 0 for whom the packet is for. */
  readonly iface: Int32Array;
  readonly via: Int32Array;
}

/** Numbers the IPv4 next hops that the routes of a program name. */
export function nextHopsOf({ routes }: Program): NextHops {
  const numbers = new Map<string, number>();
  const rows: number[] = [];
  const of = Int32Array.from({ length: routes.rows }, (_, row) => {
    if (routes.family[row] !== 4 || (routes.kind[row] as RouteKind) !== RouteKind.Unicast)
      return -1;
    const key = `${routes.iface[row]} ${routes.via3[row]}`;
    const number = numbers.get(key) ?? numbers.size;
    if (number === rows.length) rows.push(row);
    numbers.set(key, number);
    return number;
  });
  return {
    of,
    iface: fixed(Int32Array.from(rows, (row) => routes.iface[row])),
    via: fixed(Int32Array.from(rows, (row) => routes.via3[row] | 0)),
  };
}
