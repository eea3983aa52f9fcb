/** A live Worker over devices played in memory: it opens, forwards, notices what happens to its devices, and stops. */
import test from 'ava';
import { Outcome } from '../../../native-bindings/native.js';
import { Reason } from '../../../dataplane/observe/reason.js';
import { listFdb } from '../../../dataplane/state/fdb-entries.js';
import { ControlWord } from '../../../dataplane/worker/control.js';
import { bridge } from '../lab.js';
import { FakeNative } from './fake-native.js';
import { dropsOf, fdbsOf, start, tapsOf } from './running.js';

const lab = bridge('c1 c2 c3');
const BROADCAST = 0xff;

/** A frame of 60 bytes between stations of one byte. */
function frame(to: number, from: number, type = 0x0800): { bytes: Uint8Array } {
  const bytes = new Uint8Array(60);
  bytes.set(to === BROADCAST ? Array<number>(6).fill(0xff) : [2, 0, 0, 0, 0, to]);
  bytes.set([2, 0, 0, 0, 0, from, type >> 8, type & 0xff], 6);
  return { bytes };
}

test('frames are forwarded between devices as in a replay, and all are accounted for', async (t) => {
  const running = start(lab);
  const [one, two, three] = [0, 1, 2].map((tap) => running.native.device(`tap${tap}`));
  one?.arriving.push(frame(BROADCAST, 1));
  await running.until(
    'the flood arrives',
    () => two?.sent.length === 1 && three?.sent.length === 1,
  );
  two?.arriving.push(frame(1, 2));
  await running.until('the answer arrives', () => one?.sent.length === 1);
  t.is(three?.sent.length, 1);
  t.deepEqual(one?.sent[0]?.bytes, frame(1, 2).bytes);
  t.deepEqual(running.notices[0], { tells: 'ready' });
  await running.stop();
  t.is(running.counters.unaccounted(), 0);
  t.is(running.native.open, 0);
});

test('a Worker that is asked to stop has stopped within 100 ms, and was woken for it', async (t) => {
  const running = start(lab);
  await running.until('it is ready', () => running.notices.length > 0);
  t.is(new Int32Array(running.job.control)[ControlWord.Waker], 77);
  const asked = performance.now();
  await running.stop();
  t.true(performance.now() - asked < 5000);
  t.deepEqual(running.native.woken, [77]);
  t.is(new Int32Array(running.job.control)[ControlWord.Waker], 0);
});

test('a device that cannot be opened at the start ends the Worker with the name of the port', async (t) => {
  const [first, ...rest] = tapsOf(lab);
  const missing = { port: 0, name: 'c1', kind: 'packet', interface: 'eth9' } as const;
  t.truthy(first);
  const running = start(lab, { ports: [...rest, missing] });
  await t.throwsAsync(running.finished, { message: 'port c1: SIOCGIFINDEX eth9: No such device' });
  t.is(running.native.open, 0);
});

test('what the kernel does not take is dropped at the port it would have left by, each for its Reason', async (t) => {
  const native = new FakeNative();
  const outcomes = [
    Outcome.QueueFull,
    Outcome.TooLong,
    Outcome.Down,
    Outcome.Gone,
    Outcome.Invalid,
    Outcome.Sent,
  ];
  let next = 0;
  native.device('tap1').outcome = () => outcomes[next++ % outcomes.length] ?? Outcome.Sent;
  const running = start(lab, { native });
  for (let i = 0; i < 12; i++) native.device('tap0').arriving.push(frame(BROADCAST, 1));
  await running.until('all are forwarded', () => native.device('tap2').sent.length === 12);
  await running.stop();
  const { counters } = running;
  t.is(counters.framesOut[1], 2);
  t.is(counters.bytesOut[1], 2 * 60);
  for (const reason of [
    Reason.DeviceQueueFull,
    Reason.PortMtuExceeded,
    Reason.DeviceDown,
    Reason.DeviceGone,
    Reason.DeviceRefused,
  ])
    t.is(counters.dropped[Reason.Count + reason], 2);
  t.is(counters.unaccounted(), 0);
});

test('frames to a device without carrier are dropped, since the kernel would lose them silently', async (t) => {
  const native = new FakeNative();
  native.device('tap1').carrier = false;
  const running = start(lab, { native });
  await running.until('it is told', () => running.notices.some(({ tells }) => tells === 'port'));
  native.device('tap0').arriving.push(frame(BROADCAST, 1));
  await running.until('it is flooded', () => native.device('tap2').sent.length === 1);
  native.device('tap1').carrier = true;
  await running.until('it is up again', () => running.notices.length === 3);
  native.device('tap0').arriving.push(frame(BROADCAST, 1));
  await running.until('it is heard', () => native.device('tap1').sent.length === 1);
  await running.stop();
  t.is(running.counters.dropped[Reason.Count + Reason.NoCarrier], 1);
  t.is(running.counters.unaccounted(), 0);
  t.deepEqual(
    running.notices.map((notice) => (notice.tells === 'port' ? notice.state : notice.tells)),
    ['ready', 'down', 'up'],
  );
});

test('frames the kernel dropped before they could be fetched are received and dropped', async (t) => {
  const running = start(lab);
  await running.until('it is ready', () => running.notices.length > 0);
  running.native.device('tap2').missed = 41;
  await running.until('they are booked', () => (running.counters.framesIn[2] ?? 0) > 0);
  running.native.device('tap2').missed = 42;
  await running.stop();
  t.is(running.counters.framesIn[2], 42);
  t.is(running.counters.dropped[2 * Reason.Count + Reason.KernelQueueFull], 42);
  t.is(running.counters.unaccounted(), 0);
});

test('a device that vanishes and comes back is opened again, and its frames go on being numbered', async (t) => {
  const running = start(lab);
  const device = running.native.device('tap0');
  device.arriving.push(frame(BROADCAST, 1));
  await running.until('it is forwarded', () => running.counters.framesIn[0] === 1);
  device.present = false;
  await running.until('it is gone', () => running.notices.length === 2);
  running.native.device('tap1').arriving.push(frame(BROADCAST, 2));
  await running.until('the others go on', () => running.native.device('tap2').sent.length === 2);
  device.present = true;
  await running.until('it is back', () => running.notices.length === 3);
  t.is(device.opened, 2);
  device.arriving.push(frame(BROADCAST, 1));
  await running.until('it forwards again', () => running.counters.framesIn[0] === 2);
  await running.stop();
  t.deepEqual(dropsOf(running.counters), { 'device-gone': 1 });
  t.is(running.counters.unaccounted(), 0);
});

test('a packet longer than the MTU of one interface is dropped there and passes elsewhere', async (t) => {
  const native = new FakeNative();
  native.device('tap1').mtu = 40;
  const running = start(lab, { native });
  await running.until('it is ready', () => running.notices.length > 0);
  const long = frame(BROADCAST, 1);
  const short = { bytes: long.bytes.slice(0, 50) };
  native.device('tap1').outcome = (_, number) => (number === 1 ? Outcome.QueueFull : Outcome.Sent);
  native.device('tap0').arriving.push(long, short, long, short);
  await running.until('all are forwarded', () => native.device('tap2').sent.length === 4);
  await running.stop();
  t.is(native.device('tap1').sent.length, 1);
  t.deepEqual(dropsOf(running.counters), { 'port-mtu-exceeded': 2, 'device-queue-full': 1 });
  t.is(running.counters.unaccounted(), 0);
});

test('a port that never runs dry does not keep the others from their turn', async (t) => {
  const native = new FakeNative();
  const flood = native.device('tap0');
  const endless = frame(3, 1);
  Object.defineProperty(flood.arriving, 'shift', { value: () => endless });
  flood.arriving.push(endless);
  const running = start(lab, { native });
  await running.until('the flood has begun', () => (running.counters.framesIn[0] ?? 0) > 100);
  native.device('tap1').arriving.push(frame(BROADCAST, 2));
  await running.until('the other is heard', () => running.counters.framesIn[1] === 1);
  await running.stop();
  t.is(running.counters.unaccounted(), 0);
});

test('a successor knows the stations, goes on counting, and numbers frames as if nothing had happened', async (t) => {
  const fdbs = fdbsOf(lab);
  const first = start(lab, { fdbs });
  first.native.device('tap1').arriving.push(frame(BROADCAST, 2));
  await first.until('it is flooded', () => first.native.device('tap2').sent.length === 1);
  await first.stop();
  const next = start(lab, { fdbs, counters: first.counters.memory });
  next.native.device('tap1').arriving.push(frame(BROADCAST, 3));
  next.native.device('tap0').arriving.push(frame(2, 1));
  await next.until('it arrives', () => next.native.device('tap1').sent.length === 1);
  await next.until('the flood arrives', () => next.native.device('tap2').sent.length === 1);
  await next.stop();
  t.is(next.counters.framesIn[1], 2);
  t.is(next.counters.unaccounted(), 0);
  const { entries } = listFdb(fdbs[0] ?? new SharedArrayBuffer(0));
  const taught = entries
    .filter(({ port }) => port === 1)
    .map(({ low, taughtBy }) => [low, taughtBy]);
  t.deepEqual(taught.sort(), [
    [2, 1],
    [3, 2],
  ]);
});
