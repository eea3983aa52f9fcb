/**
 * The interfaces of the hosts: everywhere a stack hears and speaks. First the bridges, by network number; then the links; then the links once
 * more, for what a child of an ipvlan link in an L3 mode says to its host, whose answer goes where the routes lead. Wires have a number,
 * too, but no host: nobody hears anything there.
 */
import { NONE, PortRole } from '../program/layout.js';
import { fixed } from '../state/fixed.js';
import type { Program } from '../program/program.js';

export const NO_ADDRESS = -1;
export const NO_INTERFACE = -1;

export class Interfaces {
  /** Number of the host, or NONE. */
  readonly host: Uint16Array;
  readonly mtu: Uint32Array;
  readonly macHigh: Uint16Array;
  readonly macLow: Uint32Array;
  /** Rows of `addresses` at which the interface answers: all those of its host. */
  readonly firstAddress: Uint32Array;
  readonly addressCount: Uint32Array;
  /** Those of them that are its own. */
  readonly firstOwn: Uint32Array;
  readonly ownCount: Uint32Array;
  private readonly addresses: Program['addresses'];
  private readonly networks: number;
  private readonly links: number;

  constructor({ networks, links, addresses }: Program) {
    this.addresses = addresses;
    this.networks = networks.rows;
    this.links = links.rows;
    const rows = networks.rows + 2 * links.rows;
    this.host = fixed(new Uint16Array(rows).fill(NONE));
    this.mtu = fixed(new Uint32Array(rows));
    this.macHigh = fixed(new Uint16Array(rows));
    this.macLow = fixed(new Uint32Array(rows));
    this.firstAddress = fixed(new Uint32Array(rows));
    this.addressCount = fixed(new Uint32Array(rows));
    this.firstOwn = fixed(new Uint32Array(rows));
    this.ownCount = fixed(new Uint32Array(rows));
    const columns = [
      'host',
      'mtu',
      'macHigh',
      'macLow',
      'firstAddress',
      'addressCount',
      'firstOwn',
      'ownCount',
    ] as const;
    for (const name of columns) {
      this[name].set(networks[name]);
      this[name].set(links[name], networks.rows);
      this[name].set(links[name], networks.rows + links.rows);
    }
  }

  /** The numbers of those by which packets come and go, from 0 on. */
  get count(): number {
    return this.networks + this.links;
  }

  /** By port: the interface of the host of its bridge, or of the NIC whose port it is; -1 where there is none. */
  behindPorts({ ports }: Program): Int32Array {
    const behind = Int32Array.from({ length: ports.rows }, (_, port) => {
      const [network, link] = [ports.network[port], ports.link[port]];
      if (network !== NONE) return this.host[network] === NONE ? NO_INTERFACE : network;
      const isNic = link !== NONE && (ports.role[port] as PortRole) !== PortRole.Child;
      return isNic ? this.ofLink(link) : NO_INTERFACE;
    });
    return fixed(behind);
  }

  ofLink(link: number): number {
    return this.networks + link;
  }

  /** The same, for questions that are answered by the routes of the host. */
  ofLinkRouted(link: number): number {
    return this.networks + this.links + link;
  }

  /**
   * The row of the address from which an interface speaks to a family, 4 or 6: the first of its own, else of its host's (Linux
   * inet_select_addr); NO_ADDRESS where there is none.
   */
  speaker(iface: number, family: number): number {
    const own = this.firstOf(family, this.firstOwn[iface], this.ownCount[iface]);
    if (own >= 0) return own;
    return this.firstOf(family, this.firstAddress[iface], this.addressCount[iface]);
  }

  /** Has it an IPv4 address of its own? */
  hasOwnIpv4(iface: number): boolean {
    return this.firstOf(4, this.firstOwn[iface], this.ownCount[iface]) >= 0;
  }

  private firstOf(family: number, first: number, count: number): number {
    const { word0, word1, word2 } = this.addresses;
    for (let row = first; row < first + count; row++)
      if (((word0[row] | word1[row] | word2[row]) === 0) === (family === 4)) return row;
    return NO_ADDRESS;
  }

  isBridge(iface: number): boolean {
    return iface < this.networks;
  }

  isRouted(iface: number): boolean {
    return iface >= this.networks + this.links;
  }

  /** The link of an interface that is one. */
  linkOf(iface: number): number {
    return (iface - this.networks) % this.links;
  }

  /** The interface by which packets come and go that concern this one. */
  plain(iface: number): number {
    return this.isRouted(iface) ? iface - this.links : iface;
  }
}
