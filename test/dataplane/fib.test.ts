import test from 'ava';
import fc from 'fast-check';
import { FibBuilder } from '../../dataplane/state/fib.js';

/** A route as the naive model keeps it: the prefix is so many bits of the text of 32 or 128 binary digits. */
interface Route {
  readonly prefix: string;
  readonly number: number;
}

type Words = readonly [number, number, number, number];

const digits = (words: Words): string =>
  words.map((word) => (word >>> 0).toString(2).padStart(32, '0')).join('');

/** Few values, so that prefixes contain each other and addresses meet them. */
const byte = fc.constantFrom(0, 1, 2, 3, 10, 127, 128, 192, 254, 255);
const word = fc
  .tuple(byte, byte, byte, byte)
  .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
const ipv4: fc.Arbitrary<Words> = word.map((address) => [0, 0, 0, address]);
const ipv6: fc.Arbitrary<Words> = fc.tuple(word, word, word, word);

for (const [family, addresses, first] of [
  [4, ipv4, 96],
  [6, ipv6, 0],
] as const)
  test(`IPv${family}: the longest prefix that contains an address is its route, of equal ones the last`, (t) => {
    const prefix = fc.tuple(addresses, fc.integer({ min: first, max: 128 }));
    fc.assert(
      fc.property(
        fc.array(prefix, { maxLength: 60 }),
        fc.array(addresses, { minLength: 1, maxLength: 40 }),
        (prefixes, asked) => {
          const builder = new FibBuilder();
          const [other, table] = [builder.newTable(), builder.newTable()];
          const model: Route[] = [];
          const sorted = prefixes.toSorted(([, one], [, another]) => one - another);
          for (const [number, [words, bits]] of sorted.entries()) {
            builder.add(table, family, words, bits, number);
            model.push({ prefix: digits(words).slice(0, bits), number });
          }
          const fib = builder.build();
          const find = (of: number, [a, b, c, d]: Words): number =>
            family === 4 ? fib.findIpv4(of, d | 0) : fib.findIpv6(of, a | 0, b | 0, c | 0, d | 0);
          return [...asked, ...sorted.map(([words]) => words)].every((address) => {
            const matching = model.filter((route) => digits(address).startsWith(route.prefix));
            const expected = matching.at(-1)?.number ?? -1;
            return find(table, address) === expected && find(other, address) === -1;
          });
        },
      ),
    );
    t.pass();
  });

test('a table of 100,000 prefixes answers for each of them', (t) => {
  const builder = new FibBuilder();
  const table = builder.newTable();
  for (let route = 0; route < 100_000; route++)
    builder.add(table, 4, [0, 0, 0, (route << 12) >>> 0], 96 + 24, route);
  const fib = builder.build();
  for (let route = 0; route < 100_000; route += 997)
    t.is(fib.findIpv4(table, (route << 12) | 77), route);
  t.is(fib.findIpv4(table, (7 << 12) | (1 << 8)), -1);
});
