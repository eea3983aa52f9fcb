import { readFileSync } from 'node:fs';
import test from 'ava';
import { named, SCORECARD, scorecard, scores } from './scorecard.js';

test('the scorecard is what the requirements and the titles of the tests say (else: npm run scorecard)', (t) => {
  t.is(readFileSync(SCORECARD, 'utf8'), scorecard());
});

test('every requirement has a test, or a reason for each profile why it is not met', (t) => {
  for (const { id, proofs, linux, rfc4787 } of scores)
    t.true(proofs.length > 0 || (linux !== undefined && rfc4787 !== undefined), id);
});

test('what is not applicable has no test', (t) => {
  for (const { id, proofs, linux, rfc4787 } of scores)
    if ([linux, rfc4787].every((reason) => reason?.startsWith('not applicable: ')))
      t.deepEqual(proofs, [], id);
});

test('every requirement has an id of its own', (t) => {
  t.is(new Set(scores.map(({ id }) => id)).size, scores.length);
});

test('no title names a requirement of a NAT or a router that there is not', (t) => {
  const known = scores.map(({ id }) => id);
  const isOfNat = (id: string): boolean => /^(?:N|R-)/.test(id);
  t.deepEqual(
    named.filter((id) => isOfNat(id) && !known.includes(id)),
    [],
  );
});
