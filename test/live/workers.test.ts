import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { listFdb } from '../../dataplane/state/fdb-entries.js';
import { liveTest, PAIR, until } from './live.js';
import type { RunningLab } from '../../control/supervisor/running.js';

/** Of a host that does not forward between them: else they are one part, and have one worker. */
const TWO_NETWORKS = `x-hosts: { host: { forward: false } }
networks:
  red: { ipam: { config: [ { subnet: 10.93.0.0/24 } ] } }
  blue: { ipam: { config: [ { subnet: 10.94.0.0/24 } ] } }
services:
  r1: { networks: [red] }
  r2: { networks: [red] }
  b1: { networks: [blue] }
  b2: { networks: [blue] }
`;

function runsAgain({ workers: [worker] }: RunningLab): boolean {
  return worker?.state === 'running' && worker.restarts === 1;
}

function countersOf({ workers, compiled }: RunningLab): Counters[] {
  return workers.map(({ counters }) => new Counters(compiled.ports.length, counters));
}

liveTest(
  'a killed worker is started again, knows the stations, and ping goes on',
  async (t, lab) => {
    const running = await lab.startLive(PAIR);
    const ping = lab.inside('c1', 'ping', '-i', '0.05', '-c', '60', '-W', '1', '10.90.0.3');
    const [fdb] = running.fdbs;
    await until(
      t,
      'both stations are learned',
      () => fdb !== undefined && listFdb(fdb).learned >= 2,
    );
    const before =
      fdb && listFdb(fdb).entries.map(({ high, low, taughtBy }) => [high, low, taughtBy]);
    await running.kill(0);
    await until(t, 'the worker runs again', () => runsAgain(running));
    const after =
      fdb && listFdb(fdb).entries.map(({ high, low, taughtBy }) => [high, low, taughtBy]);
    t.deepEqual(new Set(after?.map(String)), new Set(before?.map(String)));
    const [worker] = running.workers;
    t.is(worker?.restarts, 1);
    t.true((worker?.outage_ms ?? 0) > 0, 'the outage is counted');
    const { stdout } = await ping;
    const received = Number(/(\d+) received/.exec(stdout)?.[1]);
    t.true(received >= 30, stdout);
    await running.stop();
    for (const counters of countersOf(running)) t.is(counters.unaccounted(), 0);
    t.deepEqual(lab.leftovers(), []);
  },
);

liveTest('a record goes on in a file of its own when its worker was killed', async (t, lab) => {
  const running = await lab.startLive(`networks:
  net: { ipam: { config: [ { subnet: 10.90.0.0/24 } ] } }
services:
  c1: { networks: [net], x-port: { record: c1.pcapng } }
  c2: { networks: [net] }
`);
  const ping = (): Promise<unknown> => lab.inside('c1', 'ping', '-c', '1', '-W', '1', '10.90.0.3');
  const sizeOf = (name: string): number =>
    statSync(join(lab.folder, name), { throwIfNoEntry: false })?.size ?? 0;
  await ping();
  await until(t, 'something is recorded', () => sizeOf('c1.pcapng') > 300);
  const before = readFileSync(join(lab.folder, 'c1.pcapng'));
  await running.kill(0);
  await until(t, 'the worker runs again', () => runsAgain(running));
  await ping();
  await until(t, 'something is recorded anew', () => sizeOf('c1.2.pcapng') > 300);
  await running.stop();
  const after = readFileSync(join(lab.folder, 'c1.pcapng'));
  t.deepEqual(after.subarray(0, before.length), before, 'what was recorded before is still there');
});

liveTest('up -d passes on what there is to note', async (t, lab) => {
  const { status, stdout } = await lab.etherloom('up', '-d', '--workers', '5', lab.write(PAIR));
  t.is(status, 0);
  t.regex(stdout, /^note: .*worker/m);
  t.regex(stdout, /is up with one worker/);
});

liveTest(
  'a worker that crashes again and again is given up, and the others go on',
  async (t, lab) => {
    const running = await lab.startLive(TWO_NETWORKS, { workers: 2 });
    const said: string[] = [];
    running.events.on('worker', (_, why) => said.push(why));
    for (let crash = 0; crash < 6; crash++) {
      await until(t, 'it runs', () => running.workers[0]?.state === 'running');
      await running.kill(0);
      await until(t, 'the crash is noticed', () => running.workers[0]?.state !== 'running');
    }
    t.is(running.workers[0]?.state, 'failed');
    t.regex(said.at(-1) ?? '', /^worker 0 crashed 6 times in 10 seconds and is given up: /);
    t.is((await lab.inside('b1', 'ping', '-c', '1', '-W', '2', '10.94.0.3')).status, 0);
    const refused = new Promise((resolve) => {
      running.events.once('notice', (_, notice) => {
        resolve(notice.tells);
      });
    });
    running.ask(0, { ask: 'end', id: running.nextId() });
    t.is(await refused, 'refused');
  },
);

liveTest('each network has its worker; what they count is theirs alone', async (t, lab) => {
  const said: string[] = [];
  const running = await lab.startLive(TWO_NETWORKS, {
    workers: 5,
    note: (text) => said.push(text),
  });
  t.deepEqual(said, [
    '2 networks have ports, and a network is served by one worker: 2 of 5 workers are used',
  ]);
  t.deepEqual(
    running.workers.map(({ networks }) => networks),
    [[0], [1]],
  );
  t.is((await lab.inside('r1', 'ping', '-c', '1', '-W', '2', '10.93.0.3')).status, 0);
  t.is((await lab.inside('b1', 'ping', '-c', '1', '-W', '2', '10.94.0.3')).status, 0);
  t.is((await lab.inside('b1', 'ping', '-c', '1', '-W', '1', '10.93.0.3')).status, 1);
  const [red, blue] = countersOf(running);
  t.true((red?.framesIn[0] ?? 0) >= 2 && red?.framesIn[2] === 0);
  t.true((blue?.framesIn[2] ?? 0) >= 2 && blue?.framesIn[0] === 0);
});

liveTest('it stops at once, also when nothing comes in', async (t, lab) => {
  const running = await lab.startLive(PAIR);
  await sleep(200);
  const begin = performance.now();
  await Promise.all(running.workers.map((worker) => untilStopped(worker)));
  t.true(performance.now() - begin < 5000, `${Math.round(performance.now() - begin)} ms`);
  await running.stop();
  await running.stop();
});

function untilStopped(worker: unknown): Promise<void> {
  return (worker as { stop(): Promise<void> }).stop();
}

liveTest('frames that a worker held when it ended are booked as lost', async (t, lab) => {
  const running = await lab.startLive(PAIR);
  const flood = lab.inside('c1', 'ping', '-f', '-w', '2', '-s', '64', '10.90.0.3');
  await sleep(300);
  await running.kill(0);
  await flood;
  await until(t, 'the worker runs again', () => runsAgain(running));
  await running.stop();
  const [counters] = countersOf(running);
  t.is(counters?.unaccounted(), 0);
  t.true((counters?.dropped[Reason.WorkerLost] ?? -1) >= 0);
});
