import test from 'ava';
import fc from 'fast-check';

import { fuzzCapture } from '../fuzz/capture.js';
import { counting, join, pcapHeader, pcapRecord } from './build.js';
import { readBytes } from './read.js';

test('mutated captures are read to the damage, refused, or whole, and nothing else', async (t) => {
  const { refused, damaged, whole } = await fuzzCapture(20_000, 1);
  t.true(refused > 0 && damaged > 0 && whole > 0);
  t.is(refused + damaged + whole, 20_000);
});

test('anything behind a sound beginning leaves the beginning readable', async (t) => {
  const sound = join(pcapHeader(), pcapRecord(counting(60)));
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (rest) => {
      const { frames } = await readBytes(join(sound, rest));
      t.deepEqual(frames[0]?.bytes, counting(60));
    }),
  );
});
