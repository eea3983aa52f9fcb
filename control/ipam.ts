import {
  blockAround,
  blockText,
  contains,
  digestOf,
  overlaps,
  parseBlock,
  type Address,
  type Block,
} from './address.js';

/**
 * Docker's IP address management, for one emulated host, or for the swarm.
 *
 * An AddressSpace holds all Subnets of a host, whatever the driver, or all of the overlays: two of them never overlap. A Pool is what one network has
 * of a Subnet: all of it, or a range. Complications, in order:
 *
 * 1. Networks may share a Subnet if their ranges are named differently (one physical segment behind several macvlan networks).
 *    They then share its addresses too: what one network hands out is taken for the others, even where ranges overlap.
 * 2. The first and the last address of an IPv4 Subnet are never handed out, those of a range are (unless they coincide). In an
 *    IPv6 Subnet only the first is kept back: the subnet-router anycast address (RFC 4291 §2.6.1).
 * 3. A fixed address may lie outside the range; it only has to be in the Subnet.
 * 4. Nothing is ever released: a lab is a declaration, not a history. So the lowest free address of a Pool only moves up, and
 *    each search starts where the last one ended.
 *
 * The order in which a caller claims (declared subnets first, then chosen ones; gateways, auxiliary and fixed addresses before
 * chosen ones) is the caller's: see model/addressing. Nothing here throws: a failed claim answers undefined or false.
 */
export class AddressSpace {
  private readonly subnets = new Map<string, Subnet>();
  private readonly claimed = new Set<string>();

  /** `occupied`: blocks that the host itself is connected to. A chosen subnet avoids them, a declared one need not. */
  constructor(
    private readonly occupied: readonly Block[] = [],
    private readonly defaults: Iterable<Block> = DEFAULT_SUBNETS,
  ) {}

  /** A declared subnet; undefined when it overlaps with another one of this host. */
  claim(subnet: Block, range?: Block): Pool | undefined {
    const subnetKey = blockText(subnet);
    const poolKey = `${subnetKey} ${range === undefined ? '' : blockText(range)}`;
    if (this.claimed.has(poolKey)) return undefined;
    const shared = range === undefined ? undefined : this.subnets.get(subnetKey);
    if (shared === undefined && this.isTaken(subnet)) return undefined;
    const addresses = shared ?? new Subnet(subnet);
    this.subnets.set(subnetKey, addresses);
    this.claimed.add(poolKey);
    return new Pool(addresses, range);
  }

  /** The lowest of Docker's default subnets that is free; undefined when all are taken. */
  claimDefault(): Pool | undefined {
    for (const block of this.defaults) {
      const isOccupied = this.occupied.some((other) => overlaps(block, other));
      if (!isOccupied && !this.isTaken(block)) return this.claim(block);
    }
    return undefined;
  }

  /** A unique local /64 (RFC 4193) that follows from the name of the network. */
  claimUniqueLocal(name: string): Pool | undefined {
    const identifier = BigInt(`0x${digestOf(name).slice(0, 14)}`);
    const value = (0xfdn << 120n) | (identifier << 64n);
    return this.claim(blockAround({ family: 6, value }, 64));
  }

  private isTaken(block: Block): boolean {
    for (const { block: other } of this.subnets.values()) if (overlaps(block, other)) return true;
    return false;
  }
}

/** What Docker chooses from when the user names no subnet: 172.17–31.0.0/16, then 192.168.0.0/16 in /20s. */
const DEFAULT_SUBNETS: readonly Block[] = [
  ...Array.from({ length: 15 }, (_, index) => `172.${17 + index}.0.0/16`),
  ...Array.from({ length: 16 }, (_, index) => `192.168.${16 * index}.0/20`),
].flatMap((text) => parseBlock(text)?.block ?? []);

/** The same for networks of the swarm: 10.0.0.0/8 in /24s. */
export const SWARM_SUBNETS: Iterable<Block> = {
  *[Symbol.iterator]() {
    for (let value = 10n << 24n; value < 11n << 24n; value += 256n)
      yield blockAround({ family: 4, value }, 24);
  },
};

/** The addresses of one subnet: which are taken. */
class Subnet {
  private readonly taken = new Set<bigint>();

  constructor(readonly block: Block) {
    this.taken.add(block.first);
    if (block.family === 4) this.taken.add(block.last);
  }

  take(value: bigint): boolean {
    if (this.taken.has(value)) return false;
    this.taken.add(value);
    return true;
  }
}

/** What one network may hand out. */
export class Pool {
  private readonly last: bigint;
  private next: bigint;

  constructor(
    private readonly addresses: Subnet,
    readonly range: Block | undefined,
  ) {
    const { block } = addresses;
    // Docker takes a range that is wider than its subnet as the whole subnet.
    const within = range === undefined || range.first < block.first ? block : range;
    this.next = within.first;
    this.last = within.last < block.last ? within.last : block.last;
  }

  get subnet(): Block {
    return this.addresses.block;
  }

  /** Reserves an address the user fixed; false when somebody has it or it is not of this subnet. */
  take(address: Address): boolean {
    return contains(this.subnet, address) && this.addresses.take(address.value);
  }

  /** Hands out the lowest free address; undefined when there is none. */
  takeLowest(): bigint | undefined {
    for (; this.next <= this.last; this.next++) {
      if (this.addresses.take(this.next)) return this.next++;
    }
    return undefined;
  }
}
