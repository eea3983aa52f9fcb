/**
 * The routes of the hosts as tables to look into: for each host one of all its routes, and one of those that leave by each interface; and for the
 * fast path one that leads straight to the next hop, so that where there are many routes no more is read of them.
 */
import { FibBuilder } from '../state/fib.js';
import { fixed } from '../state/fixed.js';
import type { Fib } from '../state/fib.js';
import { nextHopsOf } from '../program/next-hops.js';
import type { NextHops } from '../program/next-hops.js';
import type { Program } from '../program/program.js';
import { hostsOf } from './plane.js';

const NO_ROUTE = -1;

export class Fibs {
  /** Where IPv4 routes lead, by the number of the next hop. */
  readonly hops: Omit<NextHops, 'of'>;

  private readonly fib: Fib;
  /** Next hops + 1, 0 where a route leads nowhere. */
  private readonly hopFib: Fib;
  private readonly hopTables: Int32Array;
  // Table 0 is the one without routes.
  private readonly ipv4: Int32Array;
  private readonly ipv6: Int32Array;
  private readonly ipv4By: Int32Array;
  private readonly ipv6By: Int32Array;

  constructor(program: Program) {
    const { networks, links, routes } = program;
    const [builder, hopBuilder] = [new FibBuilder(), new FibBuilder()];
    const [hosts, ifaces] = [hostsOf(program), networks.rows + links.rows];
    const { of, iface, via } = nextHopsOf(program);
    this.hops = { iface: fixed(iface), via: fixed(via) };
    this.hopTables = fixed(new Int32Array(hosts));
    this.ipv4 = fixed(new Int32Array(hosts));
    this.ipv6 = fixed(new Int32Array(hosts));
    this.ipv4By = fixed(new Int32Array(ifaces));
    this.ipv6By = fixed(new Int32Array(ifaces));
    // Their rows begin with the longest prefix, and of equal ones the first row counts: so from the last to the first.
    for (let row = routes.rows - 1; row >= 0; row--) {
      const isIpv4 = routes.family[row] === 4;
      const host = routes.host[row];
      add(builder, program, isIpv4 ? this.ipv4 : this.ipv6, host, row, row);
      add(builder, program, isIpv4 ? this.ipv4By : this.ipv6By, routes.iface[row], row, row);
      if (isIpv4) add(hopBuilder, program, this.hopTables, host, row, of[row] + 1);
    }
    this.fib = builder.build();
    this.hopFib = hopBuilder.build();
  }

  /** The route of a host to an IPv4 address: its row, or -1. */
  findIpv4(host: number, address: number): number {
    return this.fib.findIpv4(this.ipv4[host], address);
  }

  /** The next hop of a host to an IPv4 address: its number in `hops`, or less than 0 where there is none. */
  hopIpv4(host: number, address: number): number {
    return this.hopFib.findIpv4(this.hopTables[host], address) - 1;
  }

  /** Bytes of memory in which next hops are looked for. */
  get hopBytes(): number {
    return this.hopFib.bytes;
  }

  /** The route of a host to an IPv6 address, of four words. */
  findIpv6(host: number, to: Int32Array): number {
    return this.fib.findIpv6(this.ipv6[host], to[0], to[1], to[2], to[3]);
  }

  /** The route to an address that leaves by an interface: its row, or -1. */
  findBy(iface: number, family: number, to: Int32Array): number {
    if (iface >= this.ipv4By.length) return NO_ROUTE;
    return family === 4
      ? this.fib.findIpv4(this.ipv4By[iface], to[3])
      : this.fib.findIpv6(this.ipv6By[iface], to[0], to[1], to[2], to[3]);
  }
}

/** Enters what a row stands for into the table of a host, or of an interface, which is made when it has its first. */
function add(
  builder: FibBuilder,
  { routes }: Program,
  tables: Int32Array,
  of: number,
  row: number,
  value: number,
): void {
  if (tables[of] === 0) tables[of] = builder.newTable();
  const words = [routes.word0[row], routes.word1[row], routes.word2[row], routes.word3[row]];
  builder.add(tables[of], routes.family[row], words, routes.prefix[row], value);
}
