/**
 * The interfaces of the hosts: everywhere a stack hears and speaks. First the bridges, by network number; then the links; then the links once
 * more, for what a child of an ipvlan link in an L3 mode says to its host, whose answer goes where the routes lead.
 */
import type { Program } from '../program/program.js';

export class Interfaces {
  readonly macHigh: Uint16Array;
  readonly macLow: Uint32Array;
  /** Rows of `addresses` at which the interface answers: all those of its host. */
  readonly firstAddress: Uint32Array;
  readonly addressCount: Uint32Array;
  private readonly networks: number;
  private readonly links: number;

  constructor({ networks, links }: Program) {
    this.networks = networks.rows;
    this.links = links.rows;
    const rows = networks.rows + 2 * links.rows;
    this.macHigh = new Uint16Array(rows);
    this.macLow = new Uint32Array(rows);
    this.firstAddress = new Uint32Array(rows);
    this.addressCount = new Uint32Array(rows);
    const columns = ['macHigh', 'macLow', 'firstAddress', 'addressCount'] as const;
    for (const name of columns) {
      this[name].set(networks[name]);
      this[name].set(links[name], networks.rows);
      this[name].set(links[name], networks.rows + links.rows);
    }
  }

  ofLink(link: number): number {
    return this.networks + link;
  }

  /** The same, for questions that are answered by the routes of the host. */
  ofLinkRouted(link: number): number {
    return this.networks + this.links + link;
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
}
