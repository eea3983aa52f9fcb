import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Keeper } from '../../control/supervisor/keeper.js';
import type { LiveNotice } from '../../dataplane/worker/live-job.js';
import type { Deed } from './deeds.js';

interface Kept {
  readonly keeper: Keeper;
  readonly notices: LiveNotice[];
  readonly said: string[];
}

/** A Worker that does as it is told instead of forwarding frames. */
function keep(...deeds: readonly Deed[]): Kept {
  const notices: LiveNotice[] = [];
  const said: string[] = [];
  let starts = 0;
  const keeper = new Keeper({
    number: 0,
    networks: [0],
    ports: [{ port: 0, name: 'c1', kind: 'packet', interface: 'none' }],
    portCount: 1,
    task: new URL('./deeds.js', import.meta.url),
    wrap: (job) => ({ job, deed: deeds[Math.min(starts++, deeds.length - 1)] }),
    program: new SharedArrayBuffer(8),
    fdbs: [],
    base_ns: 0,
    busyPoll: false,
    wake: () => undefined,
    notice: (notice) => notices.push(notice),
    changed: (why) => said.push(why),
  });
  return { keeper, notices, said };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2000 && !isSo(); tries++) await sleep(5);
}

test('a worker that is asked to stop, stops at once', async (t) => {
  const { keeper } = keep('serve');
  await keeper.start();
  t.is(keeper.state, 'running');
  const begin = performance.now();
  await keeper.stop();
  t.true(performance.now() - begin < 5000);
  t.is(keeper.state, 'stopped');
});

test('a worker that does not answer is ended after a second', async (t) => {
  const { keeper } = keep('hang');
  await keeper.start();
  const begin = performance.now();
  await keeper.stop();
  const took_ms = performance.now() - begin;
  t.true(took_ms > 900 && took_ms < 3000, `${took_ms} ms`);
});

test('a worker that cannot open its ports ends the start with its words', async (t) => {
  const { keeper, said } = keep('refuse');
  await t.throwsAsync(keeper.start(), { name: 'Refused', message: 'port c1: no such device' });
  t.is(keeper.state, 'failed');
  t.deepEqual(said, []);
  await keeper.stop();
});

test('a worker that crashes is started again, and the outage is counted', async (t) => {
  const { keeper, said } = keep('crash', 'serve');
  await keeper.start();
  await until(() => keeper.restarts === 1 && keeper.state === 'running');
  t.true(keeper.outage_ms > 0);
  t.is(keeper.lastCrash, 'out of luck');
  t.deepEqual(said, ['worker 0 crashed and is started again: out of luck', 'worker 0 runs again']);
  await keeper.stop();
});

test('a worker that ends by itself is started again', async (t) => {
  const { keeper } = keep('leave', 'serve');
  await keeper.start();
  await until(() => keeper.restarts === 1 && keeper.state === 'running');
  t.is(keeper.lastCrash, 'it ended by itself');
  await keeper.stop();
});

test('a worker that crashes again and again is given up', async (t) => {
  const { keeper, said, notices } = keep('crash');
  await keeper.start();
  keeper.ask({ ask: 'explain', id: 1, port: 0, count: 1 });
  await until(() => keeper.state === 'failed');
  t.is(keeper.restarts, 5);
  t.is(said.at(-1), 'worker 0 crashed 6 times in 10 seconds and is given up: out of luck');
  keeper.ask({ ask: 'explain', id: 2, port: 0, count: 1 });
  const refused = notices.flatMap((notice) => (notice.tells === 'refused' ? [notice.id] : []));
  t.deepEqual(refused, [1, 2]);
  await keeper.stop();
});

test('a request that comes while the worker is started again is given to its successor', async (t) => {
  const { keeper, notices } = keep('echo');
  await keeper.start();
  await keeper.kill();
  await until(() => keeper.state === 'restarting');
  keeper.ask({ ask: 'end', id: 7 });
  await until(() => notices.length > 0);
  t.deepEqual(notices, [{ tells: 'refused', id: 7, why: 'echo' }]);
  await keeper.stop();
});

test('a start that is interrupted ends', async (t) => {
  const { keeper } = keep('hang before ready');
  const start = keeper.start();
  await sleep(50);
  await Promise.all([keeper.stop(), t.throwsAsync(start, { message: 'interrupted' })]);
});
