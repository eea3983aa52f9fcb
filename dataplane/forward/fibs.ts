/** The routes of the hosts as tables to look into: for each host one of all its routes, and one of those that leave by each interface. */
import { FibBuilder } from '../state/fib.js';
import type { Fib } from '../state/fib.js';
import type { Program } from '../program/program.js';
import { hostsOf } from './plane.js';

const NO_ROUTE = -1;

export class Fibs {
  private readonly fib: Fib;
  // Table 0 is the one without routes.
  private readonly ipv4: Int32Array;
  private readonly ipv6: Int32Array;
  private readonly ipv4By: Int32Array;
  private readonly ipv6By: Int32Array;

  constructor(program: Program) {
    const { networks, links, routes } = program;
    const builder = new FibBuilder();
    const [hosts, ifaces] = [hostsOf(program), networks.rows + links.rows];
    this.ipv4 = new Int32Array(hosts);
    this.ipv6 = new Int32Array(hosts);
    this.ipv4By = new Int32Array(ifaces);
    this.ipv6By = new Int32Array(ifaces);
    // Their rows begin with the longest prefix, and of equal ones the first row counts: so from the last to the first.
    for (let row = routes.rows - 1; row >= 0; row--) {
      const isIpv4 = routes.family[row] === 4;
      add(builder, program, isIpv4 ? this.ipv4 : this.ipv6, routes.host[row], row);
      add(builder, program, isIpv4 ? this.ipv4By : this.ipv6By, routes.iface[row], row);
    }
    this.fib = builder.build();
  }

  /** The route of a host to an IPv4 address: its row, or -1. */
  findIpv4(host: number, address: number): number {
    return this.fib.findIpv4(this.ipv4[host], address);
  }

  /** The same to an IPv6 address, of four words. */
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

/** Enters a row into the table of a host, or of an interface, which is made when it has its first. */
function add(
  builder: FibBuilder,
  { routes }: Program,
  tables: Int32Array,
  of: number,
  row: number,
): void {
  if (tables[of] === 0) tables[of] = builder.newTable();
  const words = [routes.word0[row], routes.word1[row], routes.word2[row], routes.word3[row]];
  builder.add(tables[of], routes.family[row], words, routes.prefix[row], row);
}
