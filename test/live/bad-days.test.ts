import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf } from '../../control/sandbox/remove.js';
import { outcomeOf } from '../cli/run.js';
import { ip, liveTest, PAIR, runProgram, until } from './live.js';

const WITH_COMMAND = `${PAIR}  c3: { networks: [net], command: sleep 1000 }\n`;

liveTest('what a killed lab leaves, down clears away', async (t, lab) => {
  await lab.up(WITH_COMMAND);
  process.kill(lab.state()?.pid ?? 0, 'SIGKILL');
  await sleep(50);
  t.not(lab.leftovers().length, 0);
  const down = await lab.etherloom('down', lab.name);
  t.is(down.stdout, `lab ${lab.name} was dead; it is cleared away\n`);
  t.deepEqual(lab.leftovers(), []);
});

liveTest('what a killed lab leaves does not hinder the next up', async (t, lab) => {
  await lab.up(WITH_COMMAND);
  const { pid = 0, services = [] } = lab.state() ?? {};
  process.kill(pid, 'SIGKILL');
  await sleep(50);
  await lab.up(WITH_COMMAND);
  t.is((await lab.inside('c1', 'ping', '-c', '1', '-W', '2', '10.90.0.3')).status, 0);
  const old = services.find(({ name }) => name === 'c3')?.pid ?? 0;
  t.is(startOf(old), undefined, 'the program of before has ended');
});

for (const made of [0, 1, 2, 3, 4, 5])
  liveTest(`killed after ${made} things are made, nothing is left for good`, async (t, lab) => {
    const child = lab.start('up', lab.write(WITH_COMMAND));
    const over = outcomeOf(child);
    await until(t, `${made} things are made`, () => (lab.state()?.made.length ?? -1) >= made);
    child.kill('SIGKILL');
    await over;
    await lab.etherloom('down', lab.name);
    t.deepEqual(lab.leftovers(), []);
  });

for (const made of [0, 2, 4])
  liveTest(`told to end after ${made} things are made, it takes them away`, async (t, lab) => {
    const child = lab.start('up', lab.write(WITH_COMMAND));
    const over = outcomeOf(child);
    await until(t, `${made} things are made`, () => (lab.state()?.made.length ?? -1) >= made);
    child.kill('SIGTERM');
    const { stderr, status } = await over;
    t.true(status === 0 || stderr === 'interrupted\n', stderr);
    t.deepEqual(lab.leftovers(), []);
  });

liveTest(
  'a namespace of the same name that is not ours is left alone, and what was made is taken away',
  async (t, lab) => {
    const foreign = lab.namespace('c2');
    await ip('netns', 'add', foreign);
    t.teardown(() => ip('netns', 'delete', foreign));
    const up = await lab.etherloom('up', lab.write(PAIR));
    t.is(up.status, 1);
    t.regex(up.stderr, new RegExp(`^make namespace ${foreign}: there is one already`));
    t.deepEqual(lab.leftovers(), [foreign]);
  },
);

liveTest(
  'what the kernel refuses is told with the step and its words, and nothing is left',
  async (t, lab) => {
    const up = await lab.etherloom(
      'up',
      '-d',
      lab.write(
        'networks: { default: { driver_opts: { com.docker.network.driver.mtu: 65535 } } }\nservices: { c1: }\n',
      ),
    );
    t.is(up.status, 1);
    t.regex(
      up.stderr,
      /^configure etherloom-\S+: Error: mtu greater than device maximum\. \(ip -n /,
    );
    t.deepEqual(lab.leftovers(), []);
  },
);

liveTest('a namespace that somebody deletes does not hinder the end', async (t, lab) => {
  await lab.up(PAIR);
  await ip('netns', 'delete', lab.namespace('c2'));
  await sleep(100);
  const down = await lab.etherloom('down', lab.name);
  t.is(down.stdout, `lab ${lab.name} is down\n`);
  t.deepEqual(lab.leftovers(), []);
});

liveTest('files that somebody deletes do not hinder the end', async (t, lab) => {
  await lab.up(PAIR);
  rmSync(`/etc/netns/${lab.namespace('c1')}`, { recursive: true });
  t.is((await lab.etherloom('down', lab.name)).status, 0);
  t.deepEqual(lab.leftovers(), []);
});

liveTest('without the capabilities it says which are missing and what works', async (t, lab) => {
  const words = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', process.execPath];
  const main = new URL('../../control/cli/main.js', import.meta.url).pathname;
  const path = lab.write(PAIR);
  for (const call of [
    ['up', path],
    ['up', '-d', path],
  ]) {
    const { status, stderr } = await runProgram(...words, main, ...call);
    t.is(status, 1);
    t.is(
      stderr,
      'etherloom: making networks needs CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN, which this process does not have\n    fix: call it as root (sudo); replay, explain and check work without\n',
    );
  }
  t.is((await runProgram(...words, main, 'check', path)).status, 0);
  t.deepEqual(lab.leftovers(), []);
});

liveTest(
  'of several ups at once after a crash, one wins, and the others leave it alone',
  async (t, lab) => {
    await lab.up(WITH_COMMAND);
    process.kill(lab.state()?.pid ?? 0, 'SIGKILL');
    await sleep(50);
    const outcomes = await Promise.all([0, 1, 2].map(() => lab.etherloom('up', '-d', 'lab.yaml')));
    t.deepEqual(outcomes.map(({ status }) => status).sort(), [0, 1, 1]);
    for (const { status, stderr } of outcomes) if (status === 1) t.regex(stderr, /is already up/);
    t.is((await lab.inside('c1', 'ping', '-c', '1', '-W', '2', '10.90.0.3')).status, 0);
  },
);

liveTest('two downs at once are both content', async (t, lab) => {
  await lab.up(PAIR);
  const outcomes = await Promise.all([0, 1].map(() => lab.etherloom('down', lab.name)));
  t.deepEqual(
    outcomes.map(({ status }) => status),
    [0, 0],
  );
  t.deepEqual(lab.leftovers(), []);
});

liveTest(
  'the folder of a lab that was killed before it made anything goes, too',
  async (t, lab) => {
    mkdirSync(`/run/etherloom/${lab.name}/logs`, { recursive: true });
    t.is((await lab.etherloom('down', lab.name)).stdout, `lab ${lab.name} is not up\n`);
    t.deepEqual(lab.leftovers(), []);
  },
);
