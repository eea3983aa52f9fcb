/**
 * A NIC of a scripted station, or a VLAN of one, with its neighbors: whom it asks for, whom it has found, and what waits for them.
 *
 * As Linux does it: a request at once and then one a second, three in all; after that the neighbor has failed, and what waited for it
 * with it. What is found is never forgotten: a lab does not last long enough.
 */
import { contains, parseAddress } from '../../control/address.js';
import { hex } from '../../pcaps/build/bytes.js';
import { tagged } from '../../pcaps/build/ethernet.js';
import type { Station as Addresses } from '../../pcaps/build/ethernet.js';
import { arpRequest, inPieces } from '../../pcaps/build/ipv4.js';
import { solicitation } from '../../pcaps/build/ipv6.js';
import { bytesOf, isIpv6, macTextOf, prefixed } from './addresses.js';
import type { Prefixed } from './addresses.js';

/** A NIC as a lab describes it. */
export interface NicPlan {
  /** The port of the lab that it stands at. */
  readonly port: string;
  /** It is the VLAN of this number of the NIC at that port. */
  readonly vlan?: number;
  readonly mac: string;
  /** Bytes of the longest packet that it sends in one piece. */
  readonly mtu?: number;
  /** With prefix lengths; the first of a family is the one it speaks from unless another fits better. */
  readonly addresses: readonly string[];
  /** It asks for nobody and is not to be asked for: its frames go to its own MAC, as those of ipvlan in the L3 modes (IFF_NOARP). */
  readonly withoutArp?: boolean;
}

/** Makes the frame once the MAC it goes to is known. */
type Build = (mac: Uint8Array) => Uint8Array;

interface Neighbor {
  mac?: Uint8Array;
  requests: number;
  askedAt: number;
  waiting: { readonly build: Build; readonly failed: () => void }[];
}

const REQUESTS_MAX = 3;
const MTU_USUAL = 1500;
const BETWEEN_REQUESTS_NS = 1e9;

export class Nic {
  readonly mac: Uint8Array;
  readonly addresses: readonly Prefixed[];
  readonly vlan: number;
  readonly port: string;
  readonly withoutArp: boolean;
  private readonly neighbors = new Map<string, Neighbor>();

  /** @param put takes the frames that it sends, tagged if they have to be */
  constructor(
    private readonly plan: NicPlan,
    private readonly put: (port: string, frame: Uint8Array) => void,
    private readonly now: () => number,
  ) {
    this.mac = hex(plan.mac);
    this.addresses = plan.addresses.map(prefixed);
    this.vlan = plan.vlan ?? 0;
    this.port = plan.port;
    this.withoutArp = plan.withoutArp === true;
  }

  /** With prefix lengths. */
  get addressTexts(): readonly string[] {
    return this.plan.addresses;
  }

  /** Is this frame, whose tag is off, for this NIC? */
  takes(frame: Uint8Array): boolean {
    const to = frame.slice(0, 6);
    return ((to[0] ?? 0) & 1) === 1 || macTextOf(to) === macTextOf(this.mac);
  }

  /** Who it is when it speaks to an address: the one of its own that shares a block with it, or the first. */
  speakingTo(address: string): string | undefined {
    const family = this.addresses.filter(({ text }) => isIpv6(text) === isIpv6(address));
    return (family.find(({ block }) => isIn(block, address)) ?? family[0])?.text;
  }

  /** Sends a frame to a neighbor, now or when it is found; `failed` is called when it is not. */
  sendTo(address: string, source: string, build: Build, failed: () => void): void {
    if (this.withoutArp) {
      this.transmit(build(this.mac));
      return;
    }
    const known = this.neighbors.get(address);
    if (known?.mac !== undefined) {
      this.transmit(build(known.mac));
      return;
    }
    const neighbor = known ?? { requests: 0, askedAt: 0, waiting: [] };
    neighbor.waiting.push({ build, failed });
    if (known !== undefined) return;
    this.neighbors.set(address, neighbor);
    this.ask(address, source, neighbor);
  }

  /** Heard who has an address. Nobody is remembered unless somebody waits for it, knows it already, or `asked` this NIC. */
  learn(address: string, mac: Uint8Array, asked: boolean): void {
    let neighbor = this.neighbors.get(address);
    if (neighbor === undefined) {
      if (!asked) return;
      neighbor = { requests: 0, askedAt: 0, waiting: [] };
      this.neighbors.set(address, neighbor);
    }
    neighbor.mac = mac;
    const { waiting } = neighbor;
    neighbor.waiting = [];
    for (const { build } of waiting) this.transmit(build(mac));
  }

  /** The MAC of a neighbor that was found. */
  neighbor(address: string): string | undefined {
    const mac = this.neighbors.get(address)?.mac;
    return mac && macTextOf(mac);
  }

  /** Asks again where it is time, and gives up where it was asked often enough. */
  wake(): void {
    for (const [address, neighbor] of [...this.neighbors]) {
      if (neighbor.mac !== undefined || neighbor.askedAt + BETWEEN_REQUESTS_NS > this.now())
        continue;
      if (neighbor.requests < REQUESTS_MAX) {
        this.ask(address, this.speakingTo(address) ?? address, neighbor);
        continue;
      }
      this.neighbors.delete(address);
      for (const { failed } of neighbor.waiting) failed();
    }
  }

  /** Does it still look for somebody? */
  get asking(): boolean {
    return [...this.neighbors.values()].some(({ mac }) => mac === undefined);
  }

  /** In pieces, where the frame is longer than its link takes. */
  transmit(frame: Uint8Array): void {
    for (const piece of inPieces(frame, this.plan.mtu ?? MTU_USUAL))
      this.put(this.port, this.vlan === 0 ? piece : tagged(this.vlan, piece, undefined, 0));
  }

  private ask(address: string, source: string, neighbor: Neighbor): void {
    neighbor.requests++;
    neighbor.askedAt = this.now();
    const from = addressesOf(this.mac, this.speakingTo(address) ?? source);
    const asked = addressesOf(this.mac, address);
    this.transmit(isIpv6(address) ? solicitation(from, asked) : arpRequest(from, asked));
  }
}

function isIn(block: Prefixed['block'], text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && contains(block, address);
}

/** What the frame builders want to know of an end: its MAC and an address of either family. */
export function addressesOf(mac: Uint8Array, address: string): Addresses {
  const bytes = bytesOf(address);
  return isIpv6(address)
    ? { mac, ip: new Uint8Array(4), ip6: bytes }
    : { mac, ip: bytes, ip6: new Uint8Array(16) };
}
