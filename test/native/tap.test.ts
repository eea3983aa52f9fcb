/** TAPs: real sockets on one side, the addon on the other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Outcome } from '../../native-bindings/native.js';
import type { Ground, Namespace } from './ground.js';
import { groundTest } from './ground.js';
import { frameOf, trainOf } from './segments.js';

const frames = (count: number, size = 1000): Uint8Array[] =>
  trainOf(
    { isIpv6: false, tags: [], identification: 1, sequence: 1, options: [] },
    Array.from({ length: count }, () => size),
  ).map((segment) => frameOf(segment));

/** Two namespaces, each with a TAP named eth0 and an address. */
function pair(ground: Ground): {
  readonly spaces: Namespace[];
  readonly handles: [number, number];
} {
  const spaces = [ground.namespace(), ground.namespace()];
  const handles = spaces.map((space, i) => {
    const { handle } = ground.tap(space, 'eth0', i);
    space.ip('address', 'add', `10.0.0.${i + 1}/24`, 'dev', 'eth0');
    return handle;
  });
  return { spaces, handles: [handles[0] ?? -1, handles[1] ?? -1] };
}

/** Runs a program in a namespace; resolves to what it printed. */
async function output(where: Namespace, program: string, ...args: string[]): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', where.name, program, ...args]);
  let printed = '';
  child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
  child.stderr.on('data', (data: Buffer) => (printed += data.toString()));
  await once(child, 'close');
  return printed;
}

groundTest('the kernel pings through two TAPs', async (t, ground) => {
  const { spaces, handles } = pair(ground);
  const [one] = spaces;
  if (one === undefined) return;
  const pinging = output(one, 'ping', '-c', '3', '-i', '0.05', '-W', '2', '10.0.0.2');
  await ground.join(handles, pinging);
  t.regex(await pinging, /3 packets transmitted, 3 received/);
});

/** Receives everything and prints how much it was and its hash. */
const SINK = `
  const hash = require('crypto').createHash('sha256');
  let bytes = 0;
  require('net').createServer((socket) => {
    socket.on('data', (data) => { hash.update(data); bytes += data.length; });
    socket.on('end', () => { console.log(bytes, hash.digest('hex')); process.exit(); });
  }).listen(5000, () => console.log('listening'));`;

/** Sends 8 MiB, and prints how much it was and its hash. */
const FOUNTAIN = `
  const data = Buffer.alloc(8 << 20, (i) => i);
  for (let i = 0; i < data.length; i += 997) data[i] = i >> 8;
  console.log(data.length, require('crypto').createHash('sha256').update(data).digest('hex'));
  require('net').connect(5000, '10.0.0.2', function () { this.end(data); });`;

for (const offloads of ['on', 'off'])
  groundTest(`TCP arrives whole, with its senders’ offloads ${offloads}`, async (t, ground) => {
    const { spaces, handles } = pair(ground);
    const [from, to] = spaces;
    if (from === undefined || to === undefined) return;
    if (offloads === 'off')
      for (const space of spaces)
        space.exec('ethtool', '-K', 'eth0', 'tso', 'off', 'gso', 'off', 'tx', 'off');
    const sink = spawn('ip', ['netns', 'exec', to.name, process.execPath, '-e', SINK]);
    let received = '';
    sink.stdout.on('data', (data: Buffer) => (received += data.toString()));
    await once(sink.stdout, 'data');
    const sending = Promise.all([
      output(from, process.execPath, '-e', FOUNTAIN),
      once(sink, 'close'),
    ]);
    let seen = 0;
    await ground.join(handles, sending, (slot) => (seen |= ground.frames.flags[slot] ?? 0));
    const [sent] = await sending;
    t.is(received, `listening\n${sent}`);
    t.is(
      seen,
      FrameFlag.Partial | FrameFlag.Super,
      'super-frames with partial checksums: made by the sender, or by us',
    );
  });

groundTest('a name that is taken says who refused what, and why', (t, ground) => {
  const where = ground.namespace();
  ground.tap(where, 'tap0');
  const again = t.throws(() => ground.native.createTap({ name: 'tap0', namespace: where.path }));
  t.like(again, { name: 'NativeError', code: 'EBUSY', syscall: 'TUNSETIFF' });
  t.is(again.message, 'TUNSETIFF tap0: device or resource busy (EBUSY)');
});

groundTest('what cannot be a TAP is refused in words', (t, ground) => {
  const { native } = ground;
  const says = (call: () => unknown): string => t.throws(call).message;
  const long = 'a234567890123456';
  const limits = 'the name of an interface has 1 to 15 bytes (EINVAL)';
  t.is(
    says(() => native.createTap({ name: long })),
    `TUNSETIFF ${long}: ${limits}`,
  );
  t.is(
    says(() => native.createTap({ name: '' })),
    `TUNSETIFF: ${limits}`,
  );
  t.is(
    says(() => native.createTap({ name: 'x', namespace: '/nowhere' })),
    'open /nowhere: no such file or directory (ENOENT)',
  );
  t.is(
    says(() => native.createTap({ name: 'x', namespace: '/dev/null' })),
    'setns /dev/null: invalid argument (EINVAL)',
  );
  t.regex(
    says(() => native.openTap(0, { port: 0, serial: 0 })),
    /^TUNGETIFF: .*\(E/,
  );
  t.regex(
    says(() => native.openTap(-1, { port: 0, serial: 0 })),
    /descriptor: out of range/,
  );
  t.regex(says(() => { native.closeDescriptor(1); }), /^TUNGETIFF: .*\(E/); // prettier-ignore
  t.regex(
    says(() => native.createTap({} as never)),
    /name: a string is needed/,
  );
});

groundTest('after work in another namespace this thread is back in its own', (t, ground) => {
  const where = ground.namespace();
  ground.tap(where, 'tap0');
  t.throws(() =>
    ground.native.openPacket({ interface: 'none', namespace: where.path, port: 0, serial: 0 }),
  );
  t.throws(() => ground.native.openPacket({ interface: 'tap0', port: 0, serial: 0 }), {
    code: 'ENODEV',
  });
});

groundTest('a TAP that is removed is reported once, and then no more waited for', (t, ground) => {
  const where = ground.namespace();
  const { handle } = ground.tap(where);
  t.is(ground.status(handle).present, 1);
  where.ip('link', 'delete', 'tap0');
  t.deepEqual(ground.wait(1000), [handle]);
  t.is(ground.native.receive(handle, ground.claim(4), 4), -77, 'EBADFD');
  t.deepEqual(ground.wait(1000), []);
  t.is(ground.status(handle).present, 0);
  t.is(ground.send(handle, frames(2)), 2);
  t.deepEqual([...ground.outcomes.subarray(0, 2)], [Outcome.Gone, Outcome.Gone]);
});

groundTest('a TAP goes down, and comes up again', (t, ground) => {
  const where = ground.namespace();
  const { handle } = ground.tap(where);
  t.like(ground.status(handle), { up: 1, carrier: 1, mtu: 1500, present: 1 });
  where.ip('link', 'set', 'tap0', 'down', 'mtu', '9000');
  t.like(ground.status(handle), { up: 0, carrier: 0, mtu: 9000, present: 1 });
  t.is(ground.send(handle, frames(2)), 2);
  t.deepEqual([...ground.outcomes.subarray(0, 2)], [Outcome.Down, Outcome.Down]);
  t.deepEqual(ground.take(handle), []);
  where.ip('link', 'set', 'tap0', 'up');
  t.is(ground.status(handle).up, 1);
  t.is(ground.send(handle, frames(2)), 0);
});

groundTest('what the kernel drops before we read is counted', (t, ground) => {
  const where = ground.namespace();
  const { handle } = ground.tap(where);
  const inside = ground.packet(where, 'tap0', 1);
  where.ip('link', 'set', 'tap0', 'txqueuelen', '10');
  t.is(ground.status(handle).missed, 0);
  const sent = Array.from({ length: 50 }, () => frames(1, 100)).flat();
  ground.send(inside, sent);
  t.is(ground.take(handle).length, 10);
  t.is(ground.status(handle).missed, 40);
});

groundTest('a frame that cannot be sent does not keep those behind it', (t, ground) => {
  const where = ground.namespace();
  const { handle } = ground.tap(where);
  const inside = ground.packet(where, 'tap0', 1);
  const [whole = new Uint8Array()] = frames(1);
  t.is(ground.send(handle, [whole, whole.subarray(0, 5), whole]), 1);
  t.deepEqual([...ground.outcomes.subarray(0, 3)], [Outcome.Sent, Outcome.Invalid, Outcome.Sent]);
  t.deepEqual(ground.take(inside), [whole, whole]);
});

groundTest('a persistent TAP stays for others until it is closed for good', (t, ground) => {
  const where = ground.namespace();
  const options = { name: 'vm1', namespace: where.path, persistent: true, owner: 54321 };
  closeSync(ground.native.createTap(options));
  t.regex(where.ip('-details', 'link', 'show', 'vm1'), /tun type tap .*persist on user 54321/);
  const again = ground.native.createTap({ name: 'vm1', namespace: where.path });
  ground.native.closeDescriptor(again);
  t.throws(() => where.ip('link', 'show', 'vm1'), { message: /does not exist/ });
});

groundTest('several descriptors share a TAP with several queues', (t, ground) => {
  const where = ground.namespace();
  const options = { name: 'many', namespace: where.path };
  const first = ground.native.createTap({ ...options, multiQueue: true });
  // Asked for or not: it is what it was made to be.
  const second = ground.native.createTap(options);
  where.ip('link', 'set', 'many', 'up');
  const handles = [first, second].map((it, port) => ground.native.openTap(it, { port, serial: 0 }));
  t.regex(where.ip('-details', 'link', 'show', 'many'), /multi_queue numqueues 2/);
  const inside = ground.packet(where, 'many', 2);
  for (const handle of handles) t.is(ground.send(handle, frames(1)), 0);
  t.is(ground.take(inside).length, 2);
  for (const handle of handles) ground.native.close(handle);
  for (const descriptor of [first, second]) ground.native.closeDescriptor(descriptor);
});

groundTest('the times and numbers of a burst are filled in', (t, ground) => {
  const where = ground.namespace();
  const { descriptor } = ground.tap(where);
  const handle = ground.native.openTap(descriptor, { port: 7, serial: 41 });
  const inside = ground.packet(where, 'tap0', 1);
  const sent = [frames(1, 10), frames(1, 20)].flat();
  ground.send(inside, sent);
  const before = Date.now();
  const [one = -1, two = -1, none] = ground.receive(handle);
  t.is(none, undefined);
  const { inPort, serial, tick, seconds, nanoseconds, flags, wireLength } = ground.frames;
  t.deepEqual([inPort[one], inPort[two]], [7, 7]);
  t.deepEqual([serial[one], serial[two]], [42, 43]);
  t.deepEqual([wireLength[one], wireLength[two]], [64, 74]);
  t.deepEqual([flags[one], flags[two]], [0, 0]);
  t.is(tick[one], tick[two]);
  t.true((tick[one] ?? -1) > 0 && (tick[one] ?? 0) < 1e10);
  const arrived_ms = (seconds[one] ?? 0) * 1000 + (nanoseconds[one] ?? 0) / 1e6;
  t.true(Math.abs(arrived_ms - before) < 1000);
  ground.native.close(handle);
});
