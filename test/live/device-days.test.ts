/** Bad days of devices: what happens to a lab whose interfaces come and go, change, or are flooded. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import { sumOfCounters } from '../../control/supervisor/running.js';
import { cable, ip, liveTest, PAIR, plug, until, withPort } from './live.js';
import type { TestLab } from './live.js';

const reaches = async (lab: TestLab, ...words: readonly string[]): Promise<boolean> =>
  (await lab.inside('c1', 'ping', '-c', '1', '-W', '1', ...words)).status === 0;

/** How many frames ended for a reason, at all ports of a lab. */
async function ended(lab: TestLab, reason: string): Promise<number> {
  const { stdout } = await lab.etherloom('show', 'counters', '--lab', lab.name, '--json');
  const counts = [...stdout.matchAll(new RegExp(`"${reason}": ?(\\d+)`, 'g'))];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function logOf(lab: TestLab): string {
  return readFileSync(`/run/etherloom/${lab.name}/up.log`, 'utf8');
}

async function addsUp(t: ExecutionContext, lab: TestLab): Promise<void> {
  const { stdout } = await lab.etherloom('show', 'counters', '--lab', lab.name);
  t.regex(stdout, / 0 waiting/, stdout);
}

liveTest('an interface that goes down and comes back is a port again', async (t, lab) => {
  const { near } = await cable(t, lab);
  await lab.up(withPort(`{ interface: ${near} }`));
  await until(t, 'ping works', () => reaches(lab, '10.95.0.9'));
  await ip('link', 'set', near, 'down');
  await until(t, 'the log says that it is down', () => /outside.*down/.test(logOf(lab)));
  t.false(await reaches(lab, '10.95.0.9'));
  await ip('link', 'set', near, 'up');
  await until(t, 'ping works again', () => reaches(lab, '10.95.0.9'));
  await addsUp(t, lab);
});

liveTest('an interface that is removed and made again is a port again', async (t, lab) => {
  const { near, far } = await cable(t, lab);
  await lab.up(withPort(`{ interface: ${near} }`));
  await until(t, 'ping works', () => reaches(lab, '10.95.0.9'));
  await ip('link', 'delete', near);
  await until(t, 'the log says that it is gone', () =>
    /outside.*(gone|no longer)/.test(logOf(lab)),
  );
  t.false(await reaches(lab, '10.95.0.9'));
  await plug(near, far);
  await until(t, 'ping works again', () => reaches(lab, '10.95.0.9'));
  await addsUp(t, lab);
});

liveTest(
  'what no longer fits an interface whose MTU was changed is dropped and said',
  async (t, lab) => {
    const { near } = await cable(t, lab);
    await lab.up(withPort(`{ interface: ${near} }`));
    await until(t, 'ping works', () => reaches(lab, '-s', '1400', '10.95.0.9'));
    await ip('link', 'set', near, 'mtu', '1000');
    t.false(await reaches(lab, '-s', '1400', '10.95.0.9'));
    t.true(await reaches(lab, '-s', '900', '10.95.0.9'));
    t.true((await ended(lab, reasonText(Reason.PortMtuExceeded).name)) >= 1);
    await addsUp(t, lab);
  },
);

liveTest(
  'a container whose MTU is larger than its network sends in vain, and it is said',
  async (t, lab) => {
    await lab.up(PAIR);
    await ip('-n', lab.namespace('c1'), 'link', 'set', 'eth0', 'mtu', '9000');
    t.false(await reaches(lab, '-s', '5000', '10.90.0.3'));
    t.true(await reaches(lab, '-s', '1400', '10.90.0.3'));
    t.true((await ended(lab, reasonText(Reason.MtuExceeded).name)) >= 1);
    await addsUp(t, lab);
  },
);

liveTest(
  'when the disk is full the record ends, is told of, and the lab goes on',
  async (t, lab) => {
    await lab.up(`networks:
  net: { ipam: { config: [ { subnet: 10.95.0.0/24 } ] } }
services:
  c1: { networks: { net: { ipv4_address: 10.95.0.2 } }, x-port: { record: /dev/full } }
  c2: { networks: { net: { ipv4_address: 10.95.0.9 } } }
`);
    await until(t, 'ping works', () => reaches(lab, '10.95.0.9'));
    await until(t, 'the log says why', () => /c1.*no space is left/.test(logOf(lab)));
    t.true(await reaches(lab, '10.95.0.9'));
    await addsUp(t, lab);
  },
);

liveTest(
  'ten times more than it can take: it goes on, and what the kernel dropped is counted',
  async (t, lab) => {
    const running = await lab.startLive(PAIR);
    const flood = fileURLToPath(new URL('./flood.js', import.meta.url));
    const { status, stderr } = await lab.inside('c1', process.execPath, flood, 'eth0', '3');
    t.is(status, 0, stderr);
    t.true(await reaches(lab, '10.90.0.3'), 'right after the flood');
    const { tx } = await statisticsOf(lab, 'c1');
    await until(t, 'what the kernel dropped is booked', () => {
      const { framesIn, dropped } = sumOfCounters(running);
      const missed = dropped[Reason.KernelQueueFull] ?? 0;
      return missed === tx.dropped && (framesIn[0] ?? 0) >= tx.packets + tx.dropped;
    });
    await running.stop();
    t.is(sumOfCounters(running).unaccounted(), 0);
  },
);

async function statisticsOf(
  lab: TestLab,
  service: string,
): Promise<{ readonly tx: { readonly packets: number; readonly dropped: number } }> {
  const text = await ip('-json', '-s', '-n', lab.namespace(service), 'link', 'show', 'eth0');
  const [link] = JSON.parse(text) as {
    stats64: { tx: { packets: number; dropped: number } };
  }[];
  if (link === undefined) throw new Error('there is no eth0');
  return link.stats64;
}
