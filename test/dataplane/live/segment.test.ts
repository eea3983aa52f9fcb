/** Segmentation and checksums against frames that were built one by one (super.ts), and against descriptions that lie. */
import test from 'ava';
import fc from 'fast-check';
import { parseOn } from '../../../dataplane/forward/parse.js';
import { Plane } from '../../../dataplane/forward/plane.js';
import { FrameFlag, Gso } from '../../../dataplane/frame/frames.js';
import type { Frames } from '../../../dataplane/frame/frames.js';
import { Reason } from '../../../dataplane/observe/reason.js';
import { NO_REFUSALS } from '../../../dataplane/port/port.js';
import type { Sink } from '../../../dataplane/port/port.js';
import { Segmenting } from '../../../dataplane/port/segmenting.js';
import { frameOf } from '../../layer3/packets.js';
import { outerPacket } from '../../vxlan/ends.js';
import { bridge } from '../lab.js';
import type { Passing } from './fake-native.js';
import { partialFrame, superFrame, wireFrame, wireFrames } from './super.js';
import type { Described } from './super.js';

const plane = new Plane(bridge('c1 c2').program, { packetMax: 65_535 });
const { frames } = plane;
const parse = parseOn(plane);

function put(passing: Passing): number {
  const slot = frames.claim();
  frames.bytes.set(passing.bytes, frames.start[slot]);
  frames.length[slot] = passing.bytes.length;
  frames.wireLength[slot] = passing.bytes.length;
  frames.flags[slot] = passing.flags ?? 0;
  frames.gsoType[slot] = passing.gsoType ?? 0;
  frames.gsoSize[slot] = passing.gsoSize ?? 0;
  frames.checksumStart[slot] = passing.checksumStart ?? 0;
  frames.checksumOffset[slot] = passing.checksumOffset ?? 0;
  return slot;
}

/** What a segmenting sink hands on for these slots; every slot of its own must be free again. */
function cut(slots: readonly number[], refuse: readonly number[] = [], untaken?: number) {
  const seen: Uint8Array[] = [];
  const refusals = new Uint8Array(64);
  const inner: Sink = {
    refusals,
    send(from, at, count) {
      let refused = 0;
      for (let i = 0; i < count; i++) {
        const slot = from[at + i] ?? -1;
        const start = frames.start[slot] ?? 0;
        refusals[i] = refuse.includes(seen.length) ? Reason.DeviceQueueFull : Reason.Ok;
        if (refusals[i] !== Reason.Ok) refused++;
        seen.push(frames.bytes.slice(start, start + (frames.length[slot] ?? 0)));
      }
      return refused;
    },
  };
  const sink = new Segmenting(frames, inner, slots.length, untaken);
  const before = frames.claimed;
  const refused = sink.send(Int32Array.from(slots), 0, slots.length);
  const kept = frames.claimed - before;
  for (const slot of slots) frames.release(slot);
  return { seen, refused, kept, refusals: Array.from(sink.refusals) };
}

const base = {
  version: fc.constantFrom<4 | 6>(4, 6),
  tags: fc.integer({ min: 0, max: 2 }),
  options: fc.constantFrom(0, 8, 16),
  sequence: fc.oneof(fc.nat(), fc.constant(0xffff_ff00)),
  identification: fc.oneof(fc.nat(0xffff), fc.constant(0xffff)),
};
const tcp = fc.record<Described>({
  ...base,
  transport: fc.constant('tcp'),
  tcpOptions: fc.constantFrom(0, 12, 40),
  tcpFlags: fc.nat(0xff),
  payload: fc.uint8Array({ maxLength: 4000 }),
  gsoSize: fc.integer({ min: 8, max: 1500 }),
});
const udp = fc.record<Described>({
  ...base,
  transport: fc.constant('udp'),
  tcpOptions: fc.constant(0),
  tcpFlags: fc.constant(0),
  payload: fc.uint8Array({ maxLength: 4000 }),
  gsoSize: fc.integer({ min: 40, max: 1500 }),
});
const described = fc.oneof(tcp, udp);

test('rules 1 and 4: a super-frame becomes exactly the frames that it stands for', (t) => {
  fc.assert(
    fc.property(described, (it) => {
      const slot = put(superFrame(it));
      t.is(parse(slot), Reason.Ok);
      const { seen, refused, kept } = cut([slot]);
      t.deepEqual(seen, wireFrames(it));
      t.is(refused, 0);
      t.is(kept, 0);
    }),
    { numRuns: 400 },
  );
});

test('rule 1: a partial checksum is completed where the frame stands, once for all who hold it', (t) => {
  fc.assert(
    fc.property(described, (it) => {
      const slot = put(partialFrame(it));
      t.is(parse(slot), Reason.Ok);
      t.deepEqual(cut([slot]).seen, [wireFrame(it)]);
      t.is((frames.flags[slot] ?? 0) & FrameFlag.Partial, 0);
    }),
  );
});

test('rule 4: what must fit an MTU is one of the packets that a super-frame stands for', (t) => {
  fc.assert(
    fc.property(described, (it) => {
      const { headers, ...passing } = superFrame(it);
      const slot = put(passing);
      parse(slot);
      t.is(frames.packetLength[slot], headers + Math.min(it.gsoSize, it.payload.length));
      frames.release(slot);
    }),
  );
});

/** A tunnel around frames. */
interface Around {
  readonly version: 4 | 6;
  readonly checksum: 'right' | 'none';
  readonly identification: number;
}

const around = fc.record<Around>({
  version: fc.constantFrom(4, 6),
  checksum: fc.constantFrom('right', 'none'),
  identification: fc.constantFrom(0, 0xffff),
});

/** The digits of the frame that carries such bytes in VXLAN, as the n-th of its packets. */
function tunneled(
  { version, checksum, identification }: Around,
  bytes: Uint8Array,
  index = 0,
  isPartial = false,
): string {
  const [source, destination] =
    version === 4
      ? ['c0a86301', 'c0a86302']
      : ['fd'.padEnd(31, '0') + '1', 'fd'.padEnd(31, '0') + '2'];
  const packet = outerPacket({
    ...{ source, destination, vni: 42, to: '', from: '', checksum },
    identification: (identification + index) & 0xffff,
    inner: Buffer.from(bytes).toString('hex'),
  });
  const left =
    isPartial && checksum === 'right' ? { ...packet, checksum: 'partial' as const } : packet;
  return frameOf(left, { to: '020000000002', from: '020000000001' });
}

/** The super-frame as a kernel gives it that has put it into a tunnel: the description is about what is inside. */
function tunneledSuper(it: Described, tunnel: Around): Passing {
  const inside = superFrame(it);
  const bytes = Buffer.from(tunneled(tunnel, inside.bytes, 0, true), 'hex');
  const grown = bytes.length - inside.bytes.length;
  return { ...inside, bytes, checksumStart: (inside.checksumStart ?? 0) + grown };
}

test('a super-frame in a tunnel becomes the frames that it stands for, each in the tunnel', (t) => {
  fc.assert(
    fc.property(described, around, (it, tunnel) => {
      const slot = put(tunneledSuper(it, tunnel));
      t.is(parse(slot), Reason.Ok);
      t.is((frames.flags[slot] ?? 0) & FrameFlag.Tunneled, FrameFlag.Tunneled);
      const expected = wireFrames(it).map((frame, i) => tunneled(tunnel, frame, i));
      t.is((frames.packetLength[slot] ?? 0) + 14, (expected[0] ?? '').length / 2);
      const { seen, refused, kept } = cut([slot]);
      t.deepEqual(
        seen.map((frame) => Buffer.from(frame).toString('hex')),
        expected,
      );
      t.is(refused, 0);
      t.is(kept, 0);
    }),
    { numRuns: 200 },
  );
});

const long: Described = {
  version: 4,
  transport: 'tcp',
  tags: 0,
  options: 0,
  tcpOptions: 12,
  tcpFlags: 0x98,
  sequence: 1,
  identification: 1,
  payload: new Uint8Array(65_000).map((_, i) => i * 7),
  gsoSize: 100,
};

test('a sink around a device that takes super-frames cuts those in tunnels, and no others', (t) => {
  const tunnel: Around = { version: 4, checksum: 'none', identification: 0 };
  const slots = [put(superFrame(long)), put(tunneledSuper(long, tunnel))];
  slots.forEach(parse);
  const { seen } = cut(slots, [], FrameFlag.Tunneled);
  t.deepEqual(seen[0], Uint8Array.from(superFrame(long).bytes));
  t.is(seen.length, 1 + wireFrames(long).length);
  const alone = cut([put(superFrame(long))], [0], FrameFlag.Tunneled);
  t.deepEqual([alone.seen.length, alone.refused, alone.refusals], [1, 1, [Reason.DeviceQueueFull]]);
});

test('more segments than a batch pass in batches, in order, between the frames before and behind', (t) => {
  const plain = { bytes: wireFrame({ ...long, payload: new Uint8Array(20) }) };
  const slots = [put(plain), put(superFrame(long)), put(plain)];
  slots.forEach(parse);
  t.deepEqual(cut(slots).seen, [plain.bytes, ...wireFrames(long), plain.bytes]);
});

test('a super-frame of which one segment is refused is refused, and no other frame with it', (t) => {
  const plain = { bytes: wireFrame({ ...long, payload: new Uint8Array(20) }) };
  const slots = [put(plain), put(superFrame(long)), put(plain)];
  slots.forEach(parse);
  const { refused, refusals } = cut(slots, [70, 71]);
  t.is(refused, 1);
  t.deepEqual(refusals, [Reason.Ok, Reason.DeviceQueueFull, Reason.Ok]);
});

test('a super-frame that finds no slot for its segments is refused', (t) => {
  const slot = put(superFrame(long));
  parse(slot);
  const all: number[] = [];
  for (let claimed = frames.claim(); claimed >= 0; claimed = frames.claim()) all.push(claimed);
  const { refused, seen } = cut([slot]);
  t.is(refused, 1);
  t.is(seen.length, 0);
  for (const claimed of all) frames.release(claimed);
});

test('a super-frame without a partial checksum, as a network card makes them, gets one', (t) => {
  for (const version of [4, 6] as const) {
    const it = { ...long, version };
    const { bytes, gsoType, gsoSize } = superFrame(it);
    const slot = put({
      bytes,
      gsoType: gsoType ?? 0,
      gsoSize: gsoSize ?? 0,
      flags: FrameFlag.Super,
    });
    t.is(parse(slot), Reason.Ok);
    t.is(frames.flags[slot], FrameFlag.Super | FrameFlag.Partial);
    t.deepEqual(cut([slot]).seen, wireFrames(it));
  }
});

/** Lies about a good super-frame, by column or byte. */
const lies: readonly (readonly [what: string, lie: (frames: Frames, slot: number) => void])[] = [
  ['a type nobody knows', ({ gsoType }, slot) => (gsoType[slot] = 2)],
  ['IPv6 where IPv4 is', ({ gsoType }, slot) => (gsoType[slot] = Gso.TcpV6)],
  ['UDP where TCP is', ({ gsoType }, slot) => (gsoType[slot] = Gso.UdpL4)],
  ['pieces of no bytes', ({ gsoSize }, slot) => (gsoSize[slot] = 0)],
  ['pieces too small for TCP', ({ gsoSize }, slot) => (gsoSize[slot] = 7)],
  ['another place of the sum', ({ checksumStart }, slot) => (checksumStart[slot] = 35)],
  ['another place of the checksum', ({ checksumOffset }, slot) => (checksumOffset[slot] = 6)],
  ['a frame that was cut', ({ wireLength }, slot) => (wireLength[slot] = 70_000)],
  [
    'another EtherType',
    ({ view, start }, slot) => {
      view.setUint16((start[slot] ?? 0) + 12, 0x0806);
    },
  ],
  [
    'a wrong IPv4 checksum',
    ({ view, start }, slot) => {
      view.setUint16((start[slot] ?? 0) + 24, 1);
    },
  ],
  [
    'a wrong data offset',
    ({ view, start }, slot) => {
      view.setUint8((start[slot] ?? 0) + 46, 0x10);
    },
  ],
];

test('a description that does not fit the headers ends the frame, and cuts nothing', (t) => {
  for (const [what, lie] of lies) {
    const slot = put(superFrame({ ...long, payload: new Uint8Array(500) }));
    lie(frames, slot);
    t.is(parse(slot), Reason.OffloadInvalid, what);
    t.is(cut([slot]).seen.length, 1, what);
  }
});

test('a train of more than 128 datagrams, of other length than it says, or cut to nothing, is none', (t) => {
  const train: Described = { ...long, transport: 'udp', tcpOptions: 0, gsoSize: 10 };
  const parsed = (it: Described, change: (slot: number) => void = () => undefined): Reason => {
    const slot = put(superFrame(it));
    change(slot);
    frames.release(slot);
    return parse(slot);
  };
  t.is(parsed({ ...train, payload: new Uint8Array(1280) }), Reason.Ok);
  t.is(parsed({ ...train, payload: new Uint8Array(1281) }), Reason.OffloadInvalid);
  t.is(parsed({ ...train, gsoSize: 0, payload: new Uint8Array(0) }), Reason.OffloadInvalid);
  const shorter = (slot: number): void => {
    frames.view.setUint16((frames.start[slot] ?? 0) + 38, 20);
  };
  t.is(parsed({ ...train, payload: new Uint8Array(20) }, shorter), Reason.OffloadInvalid);
});

test('a partial checksum outside the frame, or before its packet, ends it', (t) => {
  const it = { ...long, payload: new Uint8Array(10) };
  const last = partialFrame(it).bytes.length - 2;
  for (const [start, offset, reason] of [
    [34, last - 34, Reason.Ok],
    [34, last - 33, Reason.OffloadInvalid],
    [13, 20, Reason.OffloadInvalid],
    [0xffff, 0xffff, Reason.OffloadInvalid],
  ] as const) {
    const slot = put({ ...partialFrame(it), checksumStart: start, checksumOffset: offset });
    t.is(parse(slot), reason);
    frames.release(slot);
  }
});

test('whatever bytes and descriptions come, nothing is read or written outside the slots', (t) => {
  const nothing: Sink = { send: () => 0, refusals: NO_REFUSALS };
  const sink = new Segmenting(frames, nothing, 1);
  fc.assert(
    fc.property(
      described,
      fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 4 }),
      fc.record({
        length: fc.nat(200),
        gsoType: fc.nat(255),
        gsoSize: fc.nat(3000),
        start: fc.nat(90),
      }),
      fc.nat(3),
      fc.option(around, { nil: undefined }),
      (it, changes, lie, which, tunnel) => {
        const slot = put(tunnel === undefined ? superFrame(it) : tunneledSuper(it, tunnel));
        const start = frames.start[slot] ?? 0;
        for (const [at, value] of changes) frames.bytes[start + at] = value;
        if (which === 1) frames.gsoSize[slot] = lie.gsoSize;
        if (which === 2) frames.checksumStart[slot] = lie.start;
        if (which === 3) frames.wireLength[slot] = frames.length[slot] = lie.length;
        const reason = parse(slot);
        const before = frames.claimed;
        t.is(sink.send(Int32Array.of(slot), 0, 1), 0);
        t.is(frames.claimed, before);
        t.true(reason !== Reason.Ok || (frames.packetLength[slot] ?? 0) <= 65_535);
        frames.release(slot);
      },
    ),
    { numRuns: 500 },
  );
});

test('a checksum that comes to 0 is written as 0 for TCP, and as 0xffff for UDP', (t) => {
  for (const [transport, written] of [
    ['tcp', 0],
    ['udp', 0xffff],
  ] as const) {
    const form = { version: 4, transport, tags: 0, options: 0, tcpOptions: 0 } as const;
    const numbers = { tcpFlags: 0x10, sequence: 1, identification: 1, gsoSize: 1000 };
    const without = { ...form, ...numbers, payload: Uint8Array.of(0, 0) };
    const { checksumStart = 0, checksumOffset = 0 } = partialFrame(without);
    const at = checksumStart + checksumOffset;
    // What is missing to 0xffff makes the sum complete, and its complement 0.
    const it = { ...without, payload: wireFrame(without).slice(at, at + 2) };
    const { seen } = cut([put(partialFrame(it))]);
    t.deepEqual(seen, [wireFrame(it)]);
    t.deepEqual([...wireFrame(it).slice(at, at + 2)], [written >> 8, written & 0xff]);
  }
});
