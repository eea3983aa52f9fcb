/** Looking at labs that run: what is shown, captured and explained of real traffic. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Explanation } from '../../control/explain/explanation.js';
import type { Shown } from '../../control/live/shown.js';
import { readBytes } from '../capture/read.js';
import type { ReadCapture } from '../capture/read.js';
import { endedWith, outcomeOf } from '../cli/run.js';
import { liveTest, PAIR, runProgram, until } from './live.js';
import type { TestLab } from './live.js';

const ETHERNET_AND_MTU = 14 + 1500;
const SUPER_FRAME_MIN = 5000;

async function ping(t: ExecutionContext, lab: TestLab, count = 2): Promise<void> {
  const { status, stdout } = await lab.exec(
    'c1',
    'ping',
    '-c',
    String(count),
    '-i',
    '0.1',
    '10.90.0.3',
  );
  t.is(status, 0, stdout);
}

/** A TCP conversation of so many bytes from c1 to c2. */
async function transfer(t: ExecutionContext, lab: TestLab, bytes: number): Promise<void> {
  const server = `require('net').createServer((s) => s.resume().on('end', () => process.exit())).listen(5201, () => console.log('up'))`;
  const client = `require('net').connect(5201, '10.90.0.3').end(Buffer.alloc(${bytes}, 7))`;
  const receiver = lab.start('exec', '--lab', lab.name, 'c2', '--', process.execPath, '-e', server);
  const received = outcomeOf(receiver);
  await new Promise((resolve) => receiver.stdout?.once('data', resolve));
  const sent = await lab.exec('c1', process.execPath, '-e', client);
  t.is(sent.status, 0, sent.stderr);
  t.is((await received).status, 0);
}

async function shown(lab: TestLab, what: Shown['what']): Promise<Shown> {
  const { stdout } = await lab.etherloom('show', what, '--json', '--lab', lab.name);
  return JSON.parse(stdout) as Shown;
}

/** Does something again and again: a command gives no sign of having begun to watch. */
async function untilSettled(awaited: Promise<unknown>, again: () => Promise<void>): Promise<void> {
  const settled = awaited.then(() => true);
  while (!(await Promise.race([settled, Promise.resolve(false)]))) await again();
}

/** Captures of this lab that are under way. */
function pipes(lab: TestLab): number {
  const names = readdirSync(join('/run/etherloom', lab.name));
  return names.filter((name) => name.endsWith('.pipe')).length;
}

function captured(lab: TestLab, file: string): Promise<ReadCapture> {
  return readBytes(readFileSync(join(lab.folder, file)));
}

liveTest('show tells who lives where, what passed, and that nothing was lost', async (t, lab) => {
  await lab.up(PAIR);
  await ping(t, lab);
  const fdb = await shown(lab, 'fdb');
  const stations = fdb.what === 'fdb' ? fdb.stations : [];
  for (const port of ['c1', 'c2']) {
    const station = stations.find((one) => one.port === port);
    t.is(station?.kind, 'dynamic', `${port} has spoken`);
    t.true((station?.heard_s ?? 99) < 30 && (station?.taughtBy?.number ?? 0) >= 1);
  }
  t.true(stations.some(({ kind }) => kind === 'local'));
  const ports = await shown(lab, 'ports');
  for (const port of ports.what === 'ports' ? ports.ports : []) {
    t.like(port, { kind: 'tap', device: `eth0 of ${port.port}`, state: 'up', dropped: 0 });
    t.true(port.framesIn > 2 && port.framesOut > 2);
  }
  const counters = await shown(lab, 'counters');
  if (counters.what !== 'counters') throw new Error('other things are shown');
  const { received, originated, copied, sent, dropped, consumed, waiting } =
    counters.counters.frames;
  t.is(received + originated + copied, sent + dropped + consumed + waiting);
  const workers = await shown(lab, 'workers');
  const [worker] = workers.what === 'workers' ? workers.workers : [];
  t.like(worker, { state: 'running', restarts: 0, outage_s: 0 });
  t.true((worker?.waits ?? 0) > 0 && (worker?.burstMax ?? 0) > 0);
});

liveTest(
  'a capture of a TCP transfer shows frames of a wire: none above the MTU, every checksum complete',
  async (t, lab) => {
    await lab.up(PAIR);
    const capture = lab.start('capture', 'c1', '-w', 'tcp.pcapng', '--lab', lab.name);
    const ended = outcomeOf(capture);
    await until(t, 'the capture is under way', () => pipes(lab) === 1);
    await transfer(t, lab, 400_000);
    capture.kill('SIGINT');
    const outcome = await ended;
    endedWith(t, outcome, 0);
    const { frames, damage } = await captured(lab, 'tcp.pcapng');
    t.is(damage, undefined);
    t.regex(
      outcome.stderr,
      new RegExp(`^${frames.length.toLocaleString('en-US')} frames captured, \\d`),
    );
    t.true(frames.length > 250, 'one for each segment');
    t.true(frames.every(({ bytes }) => bytes.length <= ETHERNET_AND_MTU));
    await until(t, 'the pipe is gone', () => pipes(lab) === 0);
    const wrong = await runProgram(
      ...['tshark', '-r', join(lab.folder, 'tcp.pcapng'), '-o', 'tcp.check_checksum:TRUE'],
      ...['-o', 'ip.check_checksum:TRUE', '-Y', 'tcp.checksum.status==0 || ip.checksum.status==0'],
    ).catch(() => undefined);
    if (wrong === undefined) t.log('the second opinion is left out: there is no tshark');
    else t.is(wrong.stdout, '');
  },
);

liveTest('a capture keeps what its filter lets pass, and ends after --count', async (t, lab) => {
  await lab.up(PAIR);
  const call = ['capture', 'c1', '--filter', 'icmp', '-c', '6', '-w', 'c1.pcapng'];
  const capture = outcomeOf(lab.start(...call, '--lab', lab.name));
  await until(t, 'the capture is under way', () => pipes(lab) === 1);
  await ping(t, lab, 8);
  const outcome = await capture;
  endedWith(t, outcome, 0);
  t.regex(outcome.stderr, /^6 frames captured, 0 left out\n$/);
  const { frames, damage } = await captured(lab, 'c1.pcapng');
  t.is(damage, undefined);
  t.is(frames.length, 6);
  for (const { bytes } of frames) t.is(bytes[14 + 9], 1, 'ICMP');
  const wrong = await lab.etherloom(
    'capture',
    'c1',
    '--filter',
    'frob',
    '-w',
    'x',
    '--lab',
    lab.name,
  );
  endedWith(t, wrong, 2);
  t.is(wrong.stderr, "etherloom: can't parse filter expression: syntax error\n");
});

liveTest('explain --live tells the way of the next frames, as they pass', async (t, lab) => {
  await lab.up(PAIR);
  // Not its answers, nor the questions whether a neighbor is still there.
  const looked = ['--filter', 'arp and ether broadcast', '-n', '1', '--lab', lab.name];
  const arp = outcomeOf(lab.start('explain', '--live', 'c1', ...looked));
  const busy = outcomeOf(
    lab.start(
      'explain',
      '--live',
      'c1',
      '--filter',
      `greater ${SUPER_FRAME_MIN}`,
      '-n',
      '2',
      '--json',
      '--lab',
      lab.name,
    ),
  );
  await untilSettled(arp, async () => {
    await lab.inside('c1', 'ip', 'neigh', 'flush', 'all');
    await ping(t, lab);
  });
  const { status, stdout, stderr } = await arp;
  t.is(status, 0, stderr);
  t.regex(
    stdout,
    /^Frame \d+ of c1, at [\d:.]+ UTC: 42 bytes, ARP who has 10\.90\.0\.3\? tell 10\.90\.0\.2\.\n {2}1\. It came in at c1 /,
  );
  t.regex(stdout, /\. It was flooded and left by c2 /);
  await untilSettled(busy, () => transfer(t, lab, 4_000_000));
  const lines = (await busy).stdout.trim().split('\n');
  t.is(lines.length, 2);
  for (const line of lines) {
    const { superFrame, frame, left } = JSON.parse(line) as Explanation;
    t.is(left.length, 1);
    t.like(superFrame, { protocol: 'TCP', segmentBytes: 1448 });
    t.is(superFrame?.segments, Math.ceil((frame.length - 14 - 20 - 32) / 1448));
  }
});

liveTest(
  'several clients look at once, and one that is killed leaves the lab as it was',
  async (t, lab) => {
    await lab.up(PAIR);
    const captures = ['a', 'b', 'c'].map((name) =>
      lab.start('capture', 'c1', '-w', `${name}.pcapng`, '--lab', lab.name),
    );
    const ends = captures.map(outcomeOf);
    const watch = lab.start('show', 'ports', '--watch', '--json', '--lab', lab.name);
    const watched = outcomeOf(watch);
    await until(t, 'three pipes are there', () => pipes(lab) === 3);
    await ping(t, lab);
    captures[0]?.kill('SIGKILL');
    await until(t, 'the pipe of the killed one is gone', () => pipes(lab) === 2);
    await ping(t, lab, 5);
    for (const capture of captures.slice(1)) capture.kill('SIGINT');
    const [killed, ...others] = await Promise.all(ends);
    t.is(killed?.signal, 'SIGKILL');
    for (const outcome of others) {
      endedWith(t, outcome, 0);
      t.regex(outcome.stderr, /^\d+ frames captured, 0 left out\n$/);
    }
    t.true((await captured(lab, 'b.pcapng')).frames.length >= 14);
    watch.kill('SIGINT');
    t.true((await watched).stdout.includes('"port":"c1"'));
    const workers = await shown(lab, 'workers');
    t.like(workers.what === 'workers' && workers.workers[0], { state: 'running', restarts: 0 });
  },
);

liveTest('what is under way ends with a sentence when the lab goes down', async (t, lab) => {
  await lab.up(PAIR);
  const capture = outcomeOf(lab.start('capture', 'c1', '-w', 'c1.pcapng', '--lab', lab.name));
  const explain = outcomeOf(lab.start('explain', '--live', 'c2', '-n', '1000', '--lab', lab.name));
  await until(t, 'the capture is under way', () => pipes(lab) === 1);
  await ping(t, lab);
  t.is((await lab.etherloom('down', lab.name)).status, 0);
  const [recorded, explained] = await Promise.all([capture, explain]);
  endedWith(t, recorded, 0);
  t.regex(recorded.stderr, /frames captured/);
  t.is((await captured(lab, 'c1.pcapng')).damage, undefined);
  t.regex(explained.stderr, /the lab was stopped/);
  const gone = await lab.etherloom('show', 'ports', '--lab', lab.name);
  endedWith(t, gone, 1);
  t.regex(gone.stderr, /no lab of the name .* runs\n {4}fix: /);
});
