import test from 'ava';

import { copyBytes, memoryOf } from '../../dataplane/frame/copy.js';
import { counting } from './build.js';

test('copying moves exactly the bytes asked for, from anywhere to anywhere', (t) => {
  const from = memoryOf(counting(2000, 1));
  const lengths = [...Array.from({ length: 70 }, (_, length) => length), 255, 256, 257, 1500];
  for (const length of lengths) {
    for (let shift = 0; shift < 8; shift++) {
      for (const buffer of [new SharedArrayBuffer(2000), new ArrayBuffer(2000)]) {
        const to = memoryOf(new Uint8Array(buffer).fill(0xee));
        copyBytes(from, 3 + shift, to, 9 - shift, length);
        const expected = new Uint8Array(2000).fill(0xee);
        expected.set(from.bytes.slice(3 + shift, 3 + shift + length), 9 - shift);
        t.is(Buffer.compare(to.bytes, expected), 0, `${length} bytes from ${3 + shift}`);
      }
    }
  }
});

test('views over a part of a buffer count from its start', (t) => {
  const whole = counting(64);
  const part = memoryOf(whole.subarray(10, 40));
  const to = memoryOf(new Uint8Array(8));
  copyBytes(part, 1, to, 2, 5);
  t.deepEqual(to.bytes, Uint8Array.of(0, 0, 11, 12, 13, 14, 15, 0));
});
