/** Existing interfaces: the two ends of a cable (veth), by AF_PACKET and by libpcap. */
import type { ExecutionContext } from 'ava';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Outcome } from '../../native-bindings/native.js';
import type { Ground } from './ground.js';
import { groundTest } from './ground.js';
import { complete, cut, finish, frameOf, gsoOf, headersOf, sumOf, trainOf } from './segments.js';

const FIRST = { isIpv6: false, tags: [], identification: 1, sequence: 1, options: [] };
const segment = (size: number, tags: readonly number[] = [], isIpv6 = false): Uint8Array[] =>
  trainOf({ ...FIRST, tags, isIpv6 }, [size]).map((it) => frameOf(it));

/** A frame in VXLAN, in a datagram without checksum. */
function around(inner: Uint8Array, isIpv6: boolean): Uint8Array {
  const [like = new Uint8Array()] = segment(0, [], isIpv6);
  const { network, transport } = headersOf(like);
  const bytes = 16 + inner.length;
  const frame = Uint8Array.from([
    ...like.subarray(0, transport),
    ...[0xc0, 0, 0x12, 0xb5, bytes >> 8, bytes & 0xff, 0, 0],
    ...[8, 0, 0, 0, 0, 0, 42, 0],
    ...inner,
  ]);
  frame[network + (isIpv6 ? 6 : 9)] = 17;
  const length = isIpv6 ? bytes : 20 + bytes;
  frame.set([length >> 8, length & 0xff], network + (isIpv6 ? 4 : 2));
  return frame;
}

/** A UDP datagram with 3 bytes, its checksum partial. */
function datagram(isIpv6: boolean): Uint8Array {
  const [like = new Uint8Array()] = segment(0, [], isIpv6);
  const { network, transport } = headersOf(like);
  const frame = Uint8Array.from([...like.subarray(0, transport + 8), 1, 2, 3]);
  frame[network + (isIpv6 ? 6 : 9)] = 17;
  frame.set(isIpv6 ? [0, 11] : [0, 31], network + (isIpv6 ? 4 : 2));
  const addresses = frame.subarray(network + (isIpv6 ? 8 : 12), transport);
  const pseudo = sumOf(Uint8Array.from([...addresses, 0, 17, 0, 11]));
  frame.set([0, 11, pseudo >> 8, pseudo & 0xff], transport + 4);
  return frame;
}

const KINDS = ['packet', 'capture'] as const;

/** Does the same with AF_PACKET and, where it was built in, libpcap. */
function eachKind(
  title: string,
  body: (t: ExecutionContext, ground: Ground, open: Ground['packet']) => void,
): void {
  for (const kind of KINDS)
    groundTest(`${kind}: ${title}`, (t, ground) => {
      if (kind === 'capture' && !ground.native.hasCapture) {
        t.log('not checked: built without libpcap');
        t.pass();
      } else {
        body(t, ground, ground[kind].bind(ground));
      }
    });
}

eachKind('what goes in at one end comes out at the other, and only there', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const [here, there] = [open(where, 'here'), open(where, 'there')];
  const sent = [segment(100), segment(200, [], true), segment(0)].flat();
  t.is(ground.send(here, sent), 0);
  t.deepEqual(ground.wait(100_000), [there]);
  t.deepEqual(ground.take(there), sent);
  t.deepEqual(ground.take(here), []);
  t.deepEqual(ground.wait(0), []);
});

eachKind('a VLAN tag that the kernel takes out is there again', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const [here, there] = [open(where, 'here'), open(where, 'there')];
  const sent = [segment(100, [5]), segment(300, [0xe001, 7]), segment(50, [9], true)].flat();
  t.is(ground.send(here, sent), 0);
  t.deepEqual(ground.take(there), sent);
});

eachKind('a partial checksum is known as such, also behind a tag', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const from = ground.packet(where, 'here');
  const to = open(where, 'there');
  for (const tags of [[], [5]]) {
    const [train] = trainOf({ ...FIRST, tags }, [100]);
    if (train === undefined) return;
    const frame = frameOf(train, true);
    const { transport } = headersOf(frame);
    const [slot = 0] = ground.claim(1);
    ground.load(slot, frame);
    ground.frames.flags[slot] = FrameFlag.Partial;
    ground.frames.checksumStart[slot] = transport;
    ground.frames.checksumOffset[slot] = 16;
    t.is(ground.native.send(from, Int32Array.of(slot), 0, 1, ground.outcomes), 0);
    t.is(ground.frames.flags[slot], FrameFlag.Partial, 'a frame that was sent is unchanged');
    const [got = -1] = ground.receive(to);
    const received = ground.bytesOf(got);
    // The kernel may have completed it on the way (it does behind tags).
    if (ground.frames.flags[got] === FrameFlag.Partial) {
      t.is(ground.frames.checksumStart[got], transport);
      complete(received, transport, ground.frames.checksumOffset[got] ?? 0);
    }
    t.deepEqual(received, frameOf(train));
  }
});

eachKind('a partial checksum in a tunnel is known as such', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const from = ground.packet(where, 'here');
  const to = open(where, 'there');
  for (const [isIpv6, isInnerIpv6] of [
    [false, true],
    [true, false],
  ] as const) {
    const [train] = trainOf({ ...FIRST, isIpv6: isInnerIpv6 }, [100]);
    if (train === undefined) return;
    const inner = frameOf(train, true);
    const outer = isIpv6 ? 40 : 20;
    const frame = around(inner, isIpv6);
    const [slot = 0] = ground.claim(1);
    ground.load(slot, frame);
    ground.frames.flags[slot] = FrameFlag.Partial;
    ground.frames.checksumStart[slot] = 14 + outer + 16 + headersOf(inner).transport;
    ground.frames.checksumOffset[slot] = 16;
    t.is(ground.native.send(from, Int32Array.of(slot), 0, 1, ground.outcomes), 0);
    const [got = -1] = ground.receive(to);
    t.is(ground.frames.flags[got], FrameFlag.Partial);
    t.is(ground.frames.checksumStart[got], ground.frames.checksumStart[slot]);
    t.is(ground.frames.checksumOffset[got], 16);
  }
});

eachKind('a partial checksum of UDP is known as such', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const from = ground.packet(where, 'here');
  const to = open(where, 'there');
  for (const isIpv6 of [false, true]) {
    const frame = datagram(isIpv6);
    const transport = isIpv6 ? 54 : 34;
    const [slot = 0] = ground.claim(1);
    ground.load(slot, frame);
    ground.frames.flags[slot] = FrameFlag.Partial;
    ground.frames.checksumStart[slot] = transport;
    ground.frames.checksumOffset[slot] = 6;
    t.is(ground.native.send(from, Int32Array.of(slot), 0, 1, ground.outcomes), 0);
    const [got = -1] = ground.receive(to);
    t.is(ground.frames.flags[got], FrameFlag.Partial);
    t.is(ground.frames.checksumStart[got], transport);
    t.is(ground.frames.checksumOffset[got], 6);
    const without = Uint8Array.from(frame);
    without.set([0, 0], transport + 6);
    t.is(ground.send(from, [without]), 0);
    const [other = -1] = ground.receive(to);
    t.is(ground.frames.flags[other], 0, 'none is needed where there is none');
  }
});

eachKind('segments of one flow come as one super-frame', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const [here, there] = [open(where, 'here'), open(where, 'there')];
  const sent = trainOf(FIRST, [1400, 1400, 30]).map((it) => frameOf(it));
  t.is(ground.send(here, sent), 0);
  const [got = -1, none] = ground.receive(there);
  t.is(none, undefined);
  t.is(ground.frames.flags[got], FrameFlag.Partial | FrameFlag.Super);
  t.deepEqual(cut(ground.bytesOf(got), ground.frames.gsoSize[got] ?? 1), sent);
});

eachKind('a super-frame comes as one, and can be cut', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const from = ground.packet(where, 'here');
  const to = open(where, 'there');
  for (const isIpv6 of [false, true]) {
    const [long] = trainOf({ ...FIRST, isIpv6 }, [30_000]);
    if (long === undefined) return;
    const whole = frameOf(long, true);
    const { payload, network, transport } = headersOf(whole);
    const gsoSize = 1500 - (payload - network);
    const [slot = 0] = ground.claim(1);
    ground.load(slot, whole);
    const { frames } = ground;
    frames.flags[slot] = FrameFlag.Partial | FrameFlag.Super;
    frames.gsoType[slot] = gsoOf(whole);
    frames.gsoSize[slot] = gsoSize;
    frames.checksumStart[slot] = transport;
    frames.checksumOffset[slot] = 16;
    t.is(ground.native.send(from, Int32Array.of(slot), 0, 1, ground.outcomes), 0);
    const [got = -1, none] = ground.receive(to);
    t.is(none, undefined);
    t.is(frames.flags[got], FrameFlag.Partial | FrameFlag.Super);
    t.is(frames.gsoType[got], gsoOf(whole));
    t.is(frames.gsoSize[got], gsoSize);
    t.deepEqual(cut(ground.bytesOf(got), gsoSize), cut(finish(whole), gsoSize));
  }
});

eachKind(
  'a frame longer than the MTU is refused, and those behind it are sent',
  (t, ground, open) => {
    const where = ground.namespace();
    ground.veth(where);
    const [here, there] = [open(where, 'here'), open(where, 'there')];
    const sent = [segment(100), segment(3000), segment(200)].flat();
    t.is(ground.send(here, sent), 1);
    const expected = [Outcome.Sent, Outcome.TooLong, Outcome.Sent];
    t.deepEqual([...ground.outcomes.subarray(0, 3)], expected);
    t.is(ground.take(there).length, 2);
  },
);

eachKind('an interface goes down, comes up, and is removed', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const [here, there] = [open(where, 'here'), open(where, 'there')];
  const slots = ground.claim(4);
  t.like(ground.status(here), { missed: 0, carrier: 1, up: 1, mtu: 1500, present: 1 });

  where.ip('link', 'set', 'here', 'down');
  t.deepEqual(ground.wait(1000), [here], 'it has an error to tell');
  t.is(ground.native.receive(here, slots, 4), 0);
  t.deepEqual(ground.wait(1000), []);
  t.like(ground.status(here), { carrier: 0, up: 0, present: 1 });
  t.is(ground.send(here, segment(100)), 1);
  t.is(ground.outcomes[0], Outcome.Down);

  where.ip('link', 'set', 'here', 'up');
  t.is(ground.send(here, segment(100)), 0);
  t.is(ground.take(there).length, 1);
  t.is(ground.send(there, segment(100)), 0);
  t.is(ground.take(here).length, 1);

  where.ip('link', 'delete', 'here');
  t.deepEqual(ground.wait(1000), [here, there]);
  t.is(ground.native.receive(here, slots, 4), -19, 'ENODEV');
  t.is(ground.native.receive(there, slots, 4), -19, 'ENODEV');
  t.deepEqual(ground.wait(1000), []);
  t.like(ground.status(here), { carrier: 0, up: 0, present: 0 });
  t.is(ground.send(here, segment(100)), 1);
  t.is(ground.outcomes[0], Outcome.Gone);
});

eachKind('what is not received in time is counted', (t, ground, open) => {
  const where = ground.namespace();
  ground.veth(where);
  const [here, there] = [ground.packet(where, 'here'), open(where, 'there')];
  const burst = Array.from({ length: 500 }, () => segment(0)).flat();
  let sent = 0;
  for (let i = 0; i < 120; i++) sent += burst.length - ground.send(here, burst);
  const slots = ground.claim(256);
  let received = 0;
  for (let count = 1; count > 0; received += count)
    count = ground.native.receive(there, slots, slots.length);
  const { missed } = ground.status(there);
  t.true(missed > 0);
  t.is(received + missed, sent);
});

eachKind('what cannot be opened says why', (t, ground, open) => {
  const where = ground.namespace();
  t.throws(() => open(where, 'nothing'), {
    message: 'SIOCGIFINDEX nothing: no such device (ENODEV)',
  });
  t.throws(() => open(where, 'a-name-much-too-long'), { code: 'ENODEV' });
  where.ip('tuntap', 'add', 'layer3', 'mode', 'tun');
  where.ip('link', 'set', 'layer3', 'up');
  t.throws(() => open(where, 'layer3'), {
    message: /layer3: it does not carry Ethernet frames \(EMEDIUMTYPE\)$/,
  });
});

groundTest('libpcap and its filters, or a sentence that says what to install', (t, ground) => {
  const { native } = ground;
  if (native.hasCapture) {
    t.throws(() => native.compileFilter('host or'), {
      message: /^pcap_compile: .*syntax error.*\(EINVAL\)$/,
    });
    const filter = native.compileFilter('tcp port 80 and not vlan');
    const [slot = 0] = ground.claim(1);
    const passes = (frame: Uint8Array): boolean => {
      ground.load(slot, frame);
      return native.matches(filter, slot);
    };
    const [plain = new Uint8Array()] = segment(10);
    t.true(passes(plain));
    t.false(passes(segment(10, [5])[0] ?? plain));
    t.false(passes(plain.subarray(0, 14)));
    t.false(passes(new Uint8Array()));
    t.false(native.matches(filter, -1));
    t.false(native.matches(filter, 1 << 20));
    native.freeFilter(filter);
    t.false(native.matches(filter, slot));
  } else {
    t.throws(() => native.compileFilter('tcp'), { message: /apt install libpcap-dev/ });
  }
});
