/** A live Worker in its own thread, between the TAPs of network namespaces, with the programs people use. */
import { MessageChannel } from 'node:worker_threads';
import { once } from 'node:events';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { fdbBytesFor } from '../../../dataplane/forward/plane.js';
import { Counters } from '../../../dataplane/observe/counters.js';
import { listFdb } from '../../../dataplane/state/fdb-entries.js';
import { CONTROL_BYTES, askToStop } from '../../../dataplane/worker/control.js';
import type { LiveJob, LiveNotice } from '../../../dataplane/worker/live-job.js';
import type { LiveReport } from '../../../dataplane/worker/live.js';
import { runInWorker } from '../../../dataplane/worker/pool.js';
import { loadNative } from '../../../native-bindings/load.js';
import { bridge } from '../lab.js';
import { ip, Namespace, whyNotReal } from './namespaces.js';

const whyNot = whyNotReal();
/** Declares a test, or says why it is left out. */
const real = (claim: string, body: (t: ExecutionContext) => Promise<void>): void => {
  if (whyNot === undefined) test.serial(claim, body);
  else
    test.serial(`left out: ${claim}`, (t) => {
      t.log(whyNot);
      t.pass();
    });
};

const lab = bridge('c1 c2');
const WORKER = new URL('../../../dataplane/worker/live.js', import.meta.url);

/** A Worker between two namespaces; all of it is gone when the test ends. */
async function startBetween(t: ExecutionContext) {
  const namespaces = [new Namespace('10.79.0.1'), new Namespace('10.79.0.2')] as const;
  const native = loadNative();
  const counters = new Counters(2);
  const { port1, port2 } = new MessageChannel();
  const job: LiveJob = {
    program: lab.program.buffer,
    counters: counters.memory,
    control: new SharedArrayBuffer(CONTROL_BYTES),
    fdbs: [new SharedArrayBuffer(fdbBytesFor(lab.program, 0))],
    ports: namespaces.map(({ descriptor }, port) => ({
      port,
      name: `c${port + 1}`,
      kind: 'tap',
      descriptor,
    })),
    base_ns: native.now(),
    busyPoll: false,
    messages: port2,
  };
  const finished = runInWorker<LiveReport>(WORKER, job, [port2]);
  const told: LiveNotice[] = [];
  port1.on('message', (notice: LiveNotice) => told.push(notice));
  await Promise.race([once(port1, 'message'), finished]);
  t.teardown(async () => {
    askToStop(job.control);
    await finished;
    for (const namespace of namespaces) namespace.remove();
  });
  const stop = async (): Promise<number> => {
    const asked = performance.now();
    const stopped = once(port1, 'close');
    askToStop(job.control, (waker) => {
      native.wake(waker);
    });
    await stopped;
    const took = performance.now() - asked;
    await finished;
    return took;
  };
  return { namespaces, counters, job, told, stop };
}

const ECHO_UDP = `const s = require('dgram').createSocket('udp4');
s.on('message', (m, from) => s.send(m, from.port, from.address));
s.bind(9, () => console.log('ready'));`;
const ASK_UDP = `const s = require('dgram').createSocket('udp4');
s.on('message', (m) => { console.log('got', m.length, m.every((b) => b === 7)); s.close(); });
setInterval(() => s.send(Buffer.alloc(1400, 7), 9, '10.79.0.2'), 200).unref();
s.send(Buffer.alloc(1400, 7), 9, '10.79.0.2');`;
const SINK_TCP = `require('net').createServer((c) => {
  const hash = require('crypto').createHash('sha256');
  c.on('data', (d) => hash.update(d)).on('end', () => c.end(hash.digest('hex')));
}).listen(9, () => console.log('ready'));`;
const SEND_TCP = `const bytes = require('crypto').randomBytes(16 << 20);
const mine = require('crypto').createHash('sha256').update(bytes).digest('hex');
const c = require('net').connect(9, '10.79.0.2', () => c.end(bytes));
c.on('data', (d) => console.log(d.toString() === mine ? 'the same' : 'other'));`;

real(
  'ping, UDP and TCP work between two namespaces, and every frame is accounted for',
  async (t) => {
    const { namespaces, counters, job, stop } = await startBetween(t);
    const [one, two] = namespaces;
    t.regex(await one.run('ping', '-c', '3', '-i', '0.2', '10.79.0.2'), / 0% packet loss/);
    await two.serve(ECHO_UDP);
    t.regex(await one.run(process.execPath, '-e', ASK_UDP), /got 1400 true/);
    await two.serve(SINK_TCP);
    t.regex(await one.run(process.execPath, '-e', SEND_TCP), /the same/);
    const { entries } = listFdb(job.fdbs[0] ?? new SharedArrayBuffer(0));
    t.is(entries.filter(({ port }) => port < 2).length, 2);
    // Super-frames pass whole: 16 MiB are more than 11,000 frames of 1,500 bytes.
    t.true((counters.framesIn[0] ?? 0) < 11_000);
    t.true((counters.bytesIn[0] ?? 0) > 16 << 20);
    t.true((await stop()) < 100);
    t.is(counters.unaccounted(), 0);
  },
);

real(
  'without offloads in the sender, and with an interface that goes down and comes back, TCP works as well',
  async (t) => {
    const { namespaces, counters, told, stop } = await startBetween(t);
    const [one, two] = namespaces;
    await one.run('ethtool', '-K', 'eth0', 'tx', 'off', 'sg', 'off', 'tso', 'off', 'gso', 'off');
    await two.serve(SINK_TCP);
    t.regex(await one.run(process.execPath, '-e', SEND_TCP), /the same/);
    ip('-n', two.name, 'link', 'set', 'eth0', 'down');
    t.regex(
      await one.run('ping', '-c', '2', '-i', '0.2', '-W', '1', '10.79.0.2'),
      /100% packet loss/,
    );
    ip('-n', two.name, 'link', 'set', 'eth0', 'up');
    t.regex(await one.run('ping', '-c', '3', '-i', '0.5', '10.79.0.2'), /bytes from/);
    t.deepEqual(
      told.map((notice) => (notice.tells === 'port' ? notice.state : notice.tells)),
      ['ready', 'down', 'up'],
    );
    t.true((await stop()) < 100);
    t.is(counters.unaccounted(), 0);
  },
);
