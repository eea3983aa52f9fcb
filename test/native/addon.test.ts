/** The addon as such: its numbers, its threads, and what it makes of nonsense. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { FrameFlag, Frames, Gso } from '../../dataplane/frame/frames.js';
import { CONTRACT, Outcome, Status } from '../../native-bindings/native.js';
import type { Ground, Namespace } from './ground.js';
import { groundTest } from './ground.js';
import type { WorkerTask } from './worker.js';

test('without the addon one line says what to install', (t) => {
  const load = new URL('../../native-bindings/load.js', import.meta.url).href;
  const script = `import('${load}').then((it) => it.loadNative()).catch((it) => console.log(String(it)))`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ETHERLOOM_NATIVE_BUILD: 'None' },
  });
  t.regex(stdout, /^NativeMissing: live ports need the native addon.*apt install g\+\+.*\n$/);
});

groundTest('C++ and TypeScript have the same numbers', (t, { native }) => {
  t.is(native.contract, CONTRACT);
  t.deepEqual(native.constants, {
    ...{ PARTIAL: FrameFlag.Partial, SUPER: FrameFlag.Super },
    ...{ TcpV4: Gso.TcpV4, TcpV6: Gso.TcpV6, UdpL4: Gso.UdpL4, Ecn: Gso.Ecn },
    ...{ Sent: Outcome.Sent, QueueFull: Outcome.QueueFull, TooLong: Outcome.TooLong },
    ...{ Down: Outcome.Down, Gone: Outcome.Gone, Invalid: Outcome.Invalid },
    ...{ Missed: Status.Missed, Carrier: Status.Carrier, Up: Status.Up, Mtu: Status.Mtu },
    ...{ Present: Status.Present, Count: Status.Count },
  });
});

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** A worker on a namespace with a TAP and a cable; resolves when it is ready, to its waker. */
async function startWorker(ground: Ground, where: Namespace): Promise<[Worker, number]> {
  const descriptor = ground.native.createTap({ name: 'tap0', namespace: where.path });
  ground.finally(() => {
    ground.native.closeDescriptor(descriptor);
  });
  ground.veth(where);
  const workerData: WorkerTask = { descriptor, namespace: where.path, interface: 'here' };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
  const [waker] = (await once(worker, 'message')) as [number];
  return [worker, waker];
}

groundTest(
  'a thread that ends has closed whatever it left open; several live beside each other',
  async (t, ground) => {
    // The first thread makes Node open what it keeps.
    const [first, firstWaker] = await startWorker(ground, ground.namespace());
    ground.native.wake(firstWaker);
    await first.terminate();
    const spaces = [ground.namespace(), ground.namespace(), ground.namespace()];
    const before = descriptors() + spaces.length;
    const workers = [];
    for (const space of spaces) workers.push(await startWorker(ground, space));
    t.true(descriptors() >= before + 5 * spaces.length);
    for (const [worker, waker] of workers) {
      ground.native.wake(waker);
      await worker.terminate();
    }
    t.is(descriptors(), before);
  },
);

groundTest('a thread that waits in the kernel is woken at once', async (t, ground) => {
  const [worker, waker] = await startWorker(ground, ground.namespace());
  const result = once(worker, 'message');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const woken_ns = ground.native.now();
  ground.native.wake(waker);
  const [{ count, waited_ns }] = (await result) as [{ count: number; waited_ns: number }];
  t.true(ground.native.now() - woken_ns < 100e6);
  t.is(count, 0);
  t.true(waited_ns < 5e9);
  await worker.terminate();
  ground.native.wake(waker);
  t.pass('a waker that has gone wakes nobody');
});

groundTest('waiting takes as long as it is told, to the microsecond and not less', (t, ground) => {
  ground.native.waker();
  for (const most_us of [0, 200, 5000]) {
    const began = ground.native.now();
    t.deepEqual(ground.wait(most_us), []);
    const waited_us = (ground.native.now() - began) / 1000;
    t.true(waited_us >= most_us, `${waited_us} µs`);
    t.true(waited_us < most_us + 50_000, `${waited_us} µs`);
  }
});

groundTest('nonsense is refused, and nothing outside the pool is touched', (t, ground) => {
  const { native } = ground;
  const { handle } = ground.tap(ground.namespace());
  const EBADF = -9;
  const EFAULT = -14;
  const EINVAL = -22;
  const slots = ground.claim(2);
  t.is(native.receive(99, slots, 2), EBADF);
  t.is(native.receive(-1, slots, 2), EBADF);
  t.is(native.receive(handle, slots, 3), EINVAL);
  t.is(native.receive(handle, slots, -1), EINVAL);
  t.is(native.receive(handle, new Uint8Array(2) as never, 2), EINVAL);
  t.is(native.receive('x' as never, slots, 2), EINVAL);
  t.is(native.receive(handle, Int32Array.of(-5), 1), EFAULT);
  t.is(native.receive(handle, Int32Array.of(1024), 1), EFAULT);
  t.is(native.send(handle, slots, 1, 2, ground.outcomes), EINVAL);
  t.is(native.send(handle, slots, -1, 2, ground.outcomes), EINVAL);
  t.is(native.send(handle, slots, 0, 2, new Uint8Array(1)), EINVAL);
  t.is(native.send(99, slots, 0, 2, ground.outcomes), 2);
  t.deepEqual([...ground.outcomes.subarray(0, 2)], [Outcome.Gone, Outcome.Gone]);
  const [slot = 0] = slots;
  const { start, length } = ground.frames;
  const place = start[slot] ?? 0;
  for (const [at, bytes] of [
    [0, 100],
    [ground.frames.bytes.length - 50, 100],
    [0xffff_ffff, 100],
    [place, 0xffff_ffff],
  ] as const) {
    start[slot] = at;
    length[slot] = bytes;
    t.is(native.send(handle, slots, 0, 1, ground.outcomes), 1);
    t.is(ground.outcomes[0], Outcome.Invalid);
  }
  t.throws(() => { native.attachPool(Object.assign(new Frames(4, 60), { tick: new Float64Array(1) }), 2000, 0); }, { message: /^tick: not a column/ }); // prettier-ignore
  t.throws(() => { native.attachPool(undefined as never, 2000, 0); }, { instanceOf: TypeError }); // prettier-ignore
  t.throws(() => { native.attachPool(new Frames(1, 60), -1, 0); }, { instanceOf: RangeError }); // prettier-ignore
  t.throws(() => { native.close(1.5); }, { instanceOf: RangeError }); // prettier-ignore
  t.notThrows(() => { native.close(1000); }); // prettier-ignore
});

groundTest('a Worker that is terminated while a call fails takes nobody with it', async (t) => {
  // Found by the soak after 240 kills: what cannot be thrown into a thread that ends was thrown into the process, and ended that.
  for (let worker = 0; worker < 30; worker++) {
    const failing = new Worker(new URL('./failing-worker.js', import.meta.url));
    await once(failing, 'message');
    await new Promise((resolve) => setTimeout(resolve, worker / 3));
    t.is(await failing.terminate(), 1);
  }
});
