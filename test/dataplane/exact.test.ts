import test from 'ava';
import fc from 'fast-check';
import { Exact } from '../../dataplane/state/exact.js';

const word = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const key = fc.tuple(fc.integer({ min: 0, max: 3 }), word, word, word, word);

test('what was put in is found, under its own key and no other; the first value of a key counts', (t) => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.array(key), (put, others) => {
      const table = new Exact(put.length);
      const model = new Map<string, number>();
      for (const [value, [link, a, b, c, d]] of put.entries()) {
        table.put(link, a, b, c, d, value);
        const name = [link, a, b, c, d].join();
        if (!model.has(name)) model.set(name, value);
      }
      for (const [link, a, b, c, d] of [...put, ...others])
        if (table.find(link, a, b, c, d) !== (model.get([link, a, b, c, d].join()) ?? -1))
          return false;
      return true;
    }),
  );
  t.pass();
});

test('words are bits: signed or not makes no difference', (t) => {
  const table = new Exact(1);
  table.put(0, 0, 0, -1, -2, 7);
  t.is(table.find(0, 0, 0, 0xffff_ffff, 0xffff_fffe), 7);
});
