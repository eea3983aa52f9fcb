/** What a tuple is made of: keys, ports, interned addresses, and their hash. */
import test from 'ava';
import fc from 'fast-check';
import { Hashing } from '../../dataplane/state/hashing.js';
import { Interned } from '../../dataplane/state/interned.js';
import {
  isIpv6In,
  isQuery,
  keyOf,
  Protocol,
  protocolIn,
  replyPorts,
  zoneIn,
} from '../../dataplane/state/tuple.js';

test('a key says zone, protocol and family, and no two of them share one', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 0xff }),
      fc.boolean(),
      (zone, protocol, isIpv6) => {
        const key = keyOf(zone, protocol, isIpv6);
        t.deepEqual([zoneIn(key), protocolIn(key), isIpv6In(key)], [zone, protocol, isIpv6]);
      },
    ),
  );
});

test('the answer comes from the port to which the question went', (t) => {
  t.is(replyPorts(Protocol.Tcp, 0xffff_0050 | 0), 0x0050_ffff);
  t.is(replyPorts(Protocol.Udp, 0x0035_8000), 0x8000_0035 | 0);
});

const ports = (identifier: number, type: number): number => (identifier << 16) | (type << 8);

test('N5508-1: the answer to an ICMP query has its identifier, and the type that answers it', (t) => {
  const answers = [
    [Protocol.Icmp, 8, 0],
    [Protocol.Icmp, 13, 14],
    [Protocol.Icmp, 15, 16],
    [Protocol.Icmp, 17, 18],
    [Protocol.Icmpv6, 128, 129],
    [Protocol.Icmpv6, 139, 140],
  ] as const;
  for (const [protocol, query, answer] of answers) {
    t.is(replyPorts(protocol, ports(0xfffe, query)), ports(0xfffe, answer));
    t.is(replyPorts(protocol, ports(0xfffe, answer)), ports(0xfffe, query));
    t.true(isQuery(protocol, ports(1, query)));
    t.false(isQuery(protocol, ports(1, answer)));
  }
});

test('the answer to the answer is the question again', (t) => {
  const protocol = fc.constantFrom(Protocol.Icmp, Protocol.Icmpv6, Protocol.Tcp, Protocol.Udp, 47);
  fc.assert(
    fc.property(protocol, fc.integer(), (protocol, ports) =>
      t.is(replyPorts(protocol, replyPorts(protocol, ports)), ports),
    ),
  );
});

const ADDRESSES_MAX = 4;
const word = fc.constantFrom(0, 1, 0xffff_ffff);
const address = fc.tuple(word, word, word, word);

test('an interned address has one id as long as it is held, and room is made by the last release', (t) => {
  const step = fc.record({ address, release: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer(), (steps, seed) => {
      const table = new Interned(ADDRESSES_MAX, seed);
      const model = new Map<string, { id: number; holders: number }>();
      for (const { address, release } of steps) {
        const [a, b, c, d] = address;
        const name = address.join();
        const known = model.get(name);
        t.is(table.find(a, b, c, d), known?.id ?? -1);
        if (release && known !== undefined) {
          table.release(known.id);
          if (--known.holders === 0) model.delete(name);
        } else if (!release) {
          const id = table.intern(a, b, c, d);
          if (known !== undefined) t.is(known.holders++ && id, known.id);
          else if (model.size === ADDRESSES_MAX) t.is(id, -1);
          else model.set(name, { id, holders: 1 });
        }
        t.is(table.count, model.size);
        for (const [name, { id }] of model)
          t.is([0, 1, 2, 3].map((i) => table.word(id, i) >>> 0).join(), name);
      }
    }),
  );
});

/** How many of `n` keys share a place with another one, of twice as many places. */
function crowded(n: number, hash: (i: number) => number): number {
  const places = new Map<number, number>();
  for (let i = 0; i < n; i++) {
    const place = hash(i) >>> (31 - Math.log2(n));
    places.set(place, (places.get(place) ?? 0) + 1);
  }
  return [...places.values()].reduce((sum, keys) => sum + (keys > 1 ? keys : 0), 0);
}

const N = 4096;
/** Of keys that were drawn by lot 1 - e^-1/2 share a place, 1612; and a few more or less. */
const CROWDED_MAX = 1850;

/** Tuples as strangers choose them: one after another, in the high bits, in strides, in two words at once. */
const kinds: Readonly<Record<string, (hashing: Hashing, i: number) => number>> = {
  ports: (hashing, i) => hashing.of(6, 0x0a00_0001, 8, ((1024 + i) << 16) | 443),
  sources: (hashing, i) => hashing.of(6, 0x0a00_0000 + i, 8, 0x1000_0050),
  'high bits of the source': (hashing, i) => hashing.of(6, i << 20, 8, 0x1000_0050),
  'strides of the destination': (hashing, i) => hashing.of(6, 1, i * 65_536, 0x1000_0050),
  zones: (hashing, i) => hashing.of((i << 8) | 6, 1, 8, 0x1000_0050),
  'source and port together': (hashing, i) => hashing.of(6, i << 20, 8, i << 20),
  'source and destination together': (hashing, i) => hashing.of(6, i & 63, i >> 6, 0x1000_0050),
};

for (const [name, hash] of Object.entries(kinds))
  test(`tuples are spread as if by lot when they differ by ${name}`, (t) => {
    for (const seed of [0, 1, 2, 0x5eed, 0xffff_ffff, 0x8000_0000]) {
      const hashing = new Hashing(seed);
      const shared = crowded(N, (i) => hash(hashing, i));
      t.true(shared < CROWDED_MAX, `${seed}: ${shared}`);
    }
  });

test('what hashes alike under one seed does not under another', (t) => {
  const [one, other] = [new Hashing(1), new Hashing(2)];
  const place = (hashing: Hashing, i: number): number =>
    hashing.of(6, Math.imul(i, 0x9e37_79b9), i, i << 16) >>> 20;
  const alike: number[] = [];
  for (let i = 0; alike.length < 64; i++) if (place(one, i) === 7) alike.push(i);
  t.true(new Set(alike.map((i) => place(other, i))).size > 55);
});
