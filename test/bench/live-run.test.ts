/** The live benchmark as a user runs it: short, and with nothing left behind. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { requireLive } from '../../bench/live/requirements.js';
import type { Report } from '../../bench/live/run.js';
import { endedWith, etherloom, outcomeOf, start } from '../cli/run.js';

/** Says why when this machine cannot run it. */
function isPossible(t: ExecutionContext): boolean {
  try {
    requireLive();
    return true;
  } catch (cause) {
    t.log(`skipped: ${String(cause)}`);
    t.pass();
    return false;
  }
}

function namespaces(): string {
  return spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
}

test.serial('bench live measures etherloom beside the kernel bridge', async (t) => {
  if (!isPossible(t)) return;
  const only = ['--only', 'etherloom tap: TCP, one stream', '--seconds', '0.3', '--runs', '1'];
  const outcome = await etherloom('.', 'bench', 'live', ...only, '--json');
  endedWith(t, outcome, 0);
  const { results, skipped } = JSON.parse(outcome.stdout) as Report;
  t.deepEqual(
    results.map(({ forwarder, measure }) => `${forwarder} ${measure}`),
    ['kernel bridge tcp', 'etherloom tap tcp'],
  );
  for (const { forwarder, value, broken } of results) {
    t.is(broken, undefined, forwarder);
    t.true(value > 1e6, forwarder);
  }
  t.deepEqual(skipped, []);
});

test.serial('Ctrl-C ends bench live, and nothing stays behind', async (t) => {
  if (!isPossible(t)) return;
  const child = start('.', 'bench', 'live', '--seconds', '20', '--only', 'etherloom tap: TCP, one');
  const ended = outcomeOf(child);
  const mine = `elbench-${child.pid ?? 0}-`;
  for (let tries = 0; !namespaces().includes(`${mine}right`) && tries < 500; tries++)
    await sleep(20);
  await sleep(300);
  child.kill('SIGINT');
  const outcome = await ended;
  t.is(outcome.status, 130, outcome.stderr);
  t.is(outcome.stdout, '');
  t.false(namespaces().includes(mine));
});
