import test from 'ava';
import { fuzz } from './main.js';

test('5,000 mutations are withstood, and the same seed tells the same story', async (t) => {
  const once: string[] = [];
  const again: string[] = [];
  t.is(await fuzz(5000, 7, (line) => once.push(line)), 5000);
  t.is(await fuzz(5000, 7, (line) => again.push(line)), 5000);
  t.deepEqual(again, once);
  t.true(once.length > 0);
});
