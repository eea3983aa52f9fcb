import { readFileSync } from 'node:fs';
import test from 'ava';
import { printed, README } from './printed.js';

test('every output shown in the README is what its command prints (else: npm run readme)', (t) => {
  t.is(readFileSync(README, 'utf8'), printed(README));
});

test('the README begins with the two commands that do the whole set-up', (t) => {
  const blocks = readFileSync(README, 'utf8').split('```');
  t.true((blocks[0] ?? '').trim().split('\n\n').length <= 2, 'a title and one paragraph');
  t.deepEqual(
    (blocks[1] ?? '')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/ *#.*/, '')),
    ['npm ci && npm start', 'npm ci && npm test'],
  );
});
