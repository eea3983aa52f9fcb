import test from 'ava';
import { fuzzWire } from '../fuzz/wire.js';

test('20,000 damaged frames are read without a throw and without a byte from outside the frame', (t) => {
  t.notThrows(() => {
    fuzzWire(20_000);
  });
});
