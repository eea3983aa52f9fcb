/**
 * Forwarding information bases: which route leads to this address? The longest prefix that contains it (RFC 1812 §5.2.4.3).
 *
 * A trie with strides of eight bits: a node has an entry for each value of the next byte, which is another node, a route, or nothing. What a
 * prefix says that ends within a byte is written into all entries it covers, and a new node begins with what its parent entry said, so a
 * look-up never turns back: as many reads as the longest prefix there has bytes, three for most of the Internet's.
 *
 * All tables, of all hosts, stand in one array. They are filled once, when a Plane is made, shortest prefix first (FibBuilder), and only read after
 * that (Fib).
 */
const FANOUT = 256;
/** An entry: 0 nothing, n > 0 the node n, below 0 the route -1 - n. */
const NOTHING = 0;
const IPV4_FIRST_BYTE = 12;

export class FibBuilder {
  /** Node 0 stands for nothing, and is a table without routes. */
  private nodes = new Int32Array(FANOUT * 16);
  private used = 1;

  /** Makes a table without routes, for one family of addresses; its number is what `add` and `find` want. */
  newTable(): number {
    return this.newNode(NOTHING);
  }

  /**
   * Adds a route to a table in which none has a longer prefix. `bits` counts leading bits of the four words; an IPv4 address stands in the
   * last word, so its prefixes have 96 more. Of two with the same prefix the one that was added last counts.
   */
  add(table: number, family: number, words: ArrayLike<number>, bits: number, route: number): void {
    const [a, b, c, d] = [words[0], words[1], words[2], words[3]];
    let byte = family === 4 ? IPV4_FIRST_BYTE : 0;
    let node = table;
    for (; bits > (byte + 1) * 8; byte++) {
      const at = node * FANOUT + byteOf(byte, a, b, c, d);
      const entry = this.nodes[at];
      const child = entry > 0 ? entry : this.newNode(entry);
      this.nodes[at] = child;
      node = child;
    }
    const covered = 1 << ((byte + 1) * 8 - bits);
    const first = node * FANOUT + (byteOf(byte, a, b, c, d) & ~(covered - 1));
    this.nodes.fill(-1 - route, first, first + covered);
  }

  /** The tables as they are now, to be looked into. */
  build(): Fib {
    return new Fib(this.nodes);
  }

  private newNode(entry: number): number {
    const node = this.used++;
    if ((node + 1) * FANOUT > this.nodes.length) {
      const larger = new Int32Array(this.nodes.length * 2);
      larger.set(this.nodes);
      this.nodes = larger;
    }
    this.nodes.fill(entry, node * FANOUT, (node + 1) * FANOUT);
    return node;
  }
}

export class Fib {
  // A class of its own, whose one field never changes: so the compiler takes it for a constant.
  constructor(private readonly nodes: Int32Array) {}

  get bytes(): number {
    return this.nodes.byteLength;
  }

  /** The route to an IPv4 address, or -1. */
  findIpv4(table: number, address: number): number {
    const { nodes } = this;
    let entry = nodes[table * FANOUT + (address >>> 24)];
    if (entry > 0) entry = nodes[entry * FANOUT + ((address >>> 16) & 0xff)];
    if (entry > 0) entry = nodes[entry * FANOUT + ((address >>> 8) & 0xff)];
    if (entry > 0) entry = nodes[entry * FANOUT + (address & 0xff)];
    return entry < 0 ? -1 - entry : -1;
  }

  /** The route to an IPv6 address, or -1. */
  findIpv6(table: number, a: number, b: number, c: number, d: number): number {
    const { nodes } = this;
    let entry = table;
    for (let byte = 0; entry > 0; byte++) entry = nodes[entry * FANOUT + byteOf(byte, a, b, c, d)];
    return entry < 0 ? -1 - entry : -1;
  }
}

/** Byte 0 to 15 of an address of four words. */
function byteOf(byte: number, a: number, b: number, c: number, d: number): number {
  const word = byte < 8 ? (byte < 4 ? a : b) : byte < 12 ? c : d;
  return (word >>> (24 - ((byte & 3) << 3))) & 0xff;
}
