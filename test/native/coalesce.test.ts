/**
 * Joining segments on reception. Frames go out by AF_PACKET on a TAP's interface and come in at the TAP's descriptor, or the other way: the
 * kernel hands on bursts as they are.
 */
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import type { Ground } from './ground.js';
import { groundTest } from './ground.js';
import type { Segment } from './segments.js';
import {
  complete,
  cut,
  finish,
  frameOf,
  groupsOf,
  gsoOf,
  headersOf,
  sumOf,
  trainOf,
} from './segments.js';

const PLAIN = {
  isIpv6: false,
  tags: [],
  identification: 65530,
  sequence: 0xffff_f000,
  options: [],
};
const TIMESTAMPS = [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7];

/** What came in, cut and completed: what would be on a wire. */
function wireFramesOf(ground: Ground, slots: Int32Array): Uint8Array[] {
  const { flags, gsoSize, checksumStart, checksumOffset } = ground.frames;
  return [...slots].flatMap((slot) => {
    const frame = ground.bytesOf(slot);
    const has = flags[slot] ?? 0;
    if ((has & FrameFlag.Super) !== 0) return cut(frame, gsoSize[slot] ?? 1);
    if ((has & FrameFlag.Partial) === 0) return [frame];
    return [complete(frame, checksumStart[slot] ?? 0, checksumOffset[slot] ?? 0)];
  });
}

const release = (ground: Ground, slots: Int32Array): void => {
  for (const slot of slots) ground.frames.release(slot);
};

/** Sends frames from one port to the other; checks that they arrive, joined exactly where they belong together. */
function check(t: ExecutionContext, ground: Ground, from: number, to: number, sent: Uint8Array[]) {
  t.is(ground.send(from, sent), 0);
  const slots = ground.receive(to);
  const hex = (frames: readonly Uint8Array[]): string[] =>
    frames.map((frame) => Buffer.from(frame).toString('hex'));
  t.deepEqual(hex(wireFramesOf(ground, slots)), hex(sent));
  const { length, wireLength, serial } = ground.frames;
  t.deepEqual(
    [...slots].map((slot) => length[slot]),
    groupsOf(sent).map((group) => {
      const headers = group.length > 1 ? headersOf(group[0] ?? new Uint8Array()).payload : 0;
      return group.reduce((sum, frame) => sum + frame.length - headers, headers);
    }),
  );
  for (const [i, slot] of slots.entries()) {
    t.is(wireLength[slot], length[slot]);
    t.is(serial[slot], (serial[slots[0] ?? 0] ?? 0) + i);
  }
  release(ground, slots);
}

/** The two ends of a TAP as ports. */
function ends(ground: Ground): { readonly outside: number; readonly inside: number } {
  const where = ground.namespace();
  const outside = ground.tap(where).handle;
  return { outside, inside: ground.packet(where, 'tap0', 1) };
}

groundTest(
  'segments of one flow come as one super-frame, which says how to cut it',
  (t, ground) => {
    const { outside, inside } = ends(ground);
    const sent = trainOf(PLAIN, [1448, 1448, 1448, 100]).map((segment) => frameOf(segment));
    for (const [from, to] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      t.is(ground.send(from, sent), 0);
      const slots = ground.receive(to);
      t.is(slots.length, 1);
      const [slot = 0] = slots;
      const { flags, gsoType, gsoSize, checksumStart, checksumOffset } = ground.frames;
      t.is(flags[slot], FrameFlag.Partial | FrameFlag.Super);
      t.is(gsoType[slot], gsoOf(sent[0] ?? new Uint8Array()));
      t.is(gsoSize[slot], 1448);
      t.is(checksumStart[slot], 34);
      t.is(checksumOffset[slot], 16);
      const whole = ground.bytesOf(slot);
      t.deepEqual(whole, finish(Uint8Array.from(whole), true), 'lengths and partial sum are right');
      t.deepEqual(wireFramesOf(ground, slots), sent);
      release(ground, slots);
    }
  },
);

groundTest('a super-frame has at most 65,535 bytes behind its Ethernet header', (t, ground) => {
  const { outside, inside } = ends(ground);
  const sizes = Array.from({ length: 100 }, () => 1400);
  const sent = trainOf({ ...PLAIN, options: TIMESTAMPS }, sizes).map((it) => frameOf(it));
  check(t, ground, inside, outside, sent);
  check(t, ground, outside, inside, sent);
  // The last one fits where another whole one would not.
  const full = trainOf(PLAIN, [...sizes.slice(0, 46), 1095]).map((it) => frameOf(it));
  t.is(groupsOf(full).length, 1);
  check(t, ground, inside, outside, full);
});

groundTest('a burst with one free slot joins nothing that has no place', (t, ground) => {
  const { outside, inside } = ends(ground);
  const sent = trainOf(PLAIN, [1000, 1000, 1000]).map((segment) => frameOf(segment));
  ground.send(inside, sent);
  const counts = [1, 1, 1].map(() => {
    const slots = ground.receive(outside, 1);
    release(ground, slots);
    return slots.length;
  });
  t.deepEqual(counts, [1, 1, 1]);
});

type Damage = (segment: Segment) => (frame: Uint8Array) => Uint8Array;

const bytesAt =
  (where: 'network' | 'transport', offset: number, value: number, isRepaired = true): Damage =>
  () =>
  (frame) => {
    const at = headersOf(frame)[where] + offset;
    frame[at] = (frame[at] ?? 0) ^ value;
    return isRepaired ? finish(frame) : frame;
  };

/** What may be odd about a segment; most of it must keep it from joining. */
const ODDITIES: Readonly<Record<string, Damage>> = {
  nothing: () => (frame) => frame,
  'wrong TCP checksum': bytesAt('transport', 16, 1, false),
  'wrong byte of payload': () => (frame) => {
    frame[frame.length - 1] = (frame.at(-1) ?? 0) ^ 0x40;
    return frame;
  },
  'other port': bytesAt('transport', 1, 1),
  'gap in the sequence': bytesAt('transport', 5, 1),
  'other acknowledgment': bytesAt('transport', 11, 1),
  'other window': bytesAt('transport', 15, 1),
  'urgent pointer': bytesAt('transport', 19, 1),
  PSH: bytesAt('transport', 13, 0x08),
  FIN: bytesAt('transport', 13, 0x01),
  'ECN echo': bytesAt('transport', 13, 0x40),
  'congestion window reduced': bytesAt('transport', 13, 0x80),
  'other traffic class': bytesAt('network', 1, 0x10),
  'other hop limit': () => (frame) => {
    const { network, isIpv6 } = headersOf(frame);
    const at = network + (isIpv6 ? 7 : 8);
    frame[at] = (frame[at] ?? 0) ^ 3;
    return finish(frame);
  },
  'other identification, or flow label': () => (frame) => {
    const { network, isIpv6 } = headersOf(frame);
    const at = network + (isIpv6 ? 3 : 5);
    frame[at] = (frame[at] ?? 0) ^ 3;
    return finish(frame);
  },
  'wrong IP header checksum, or other address': () => (frame) => {
    const { network, isIpv6 } = headersOf(frame);
    const at = network + (isIpv6 ? 9 : 11);
    frame[at] = (frame[at] ?? 0) ^ 3;
    return frame;
  },
  'more fragments, or other address': bytesAt('network', 6, 0x20),
  'padding behind the packet': () => (frame) => Uint8Array.from([...frame, 0, 0, 0]),
  'other VLAN': (segment) => (frame) =>
    segment.tags.length === 0
      ? frame
      : frameOf({ ...segment, tags: segment.tags.map((it) => it ^ 1) }),
  'no payload': (segment) => () => frameOf({ ...segment, payload: new Uint8Array() }),
};

const trains = fc.record({
  isIpv6: fc.boolean(),
  tags: fc.array(fc.integer({ min: 1, max: 4094 }), { maxLength: 2 }),
  identification: fc.integer({ min: 0, max: 0xffff }),
  sequence: fc.integer({ min: 0, max: 0xffff_ffff }),
  options: fc.constantFrom([], TIMESTAMPS),
  size: fc.constantFrom(200, 255, 256, 257, 999, 1400),
  count: fc.integer({ min: 1, max: 55 }),
  last: fc.integer({ min: 1, max: 1400 }),
  more: fc.integer({ min: 0, max: 3 }),
  isPushed: fc.boolean(),
  odd: fc.array(
    fc.tuple(fc.integer({ min: 0, max: 55 }), fc.constantFrom(...Object.keys(ODDITIES))),
    { maxLength: 3 },
  ),
});

groundTest('segments join exactly when cutting gives back the same bytes', (t, ground) => {
  const { outside, inside } = ends(ground);
  const property = fc.property(trains, fc.boolean(), (train, isOutward) => {
    const { size, count, last, more, isPushed, odd, ...first } = train;
    const whole = Array.from({ length: count }, () => size);
    const sizes = [...whole, last, ...whole.slice(0, more)];
    const segments = trainOf(first, sizes, isPushed);
    const sent = segments.map((segment, i) =>
      odd
        .filter(([which]) => which === i)
        .reduce((frame, [, how]) => ODDITIES[how]?.(segment)(frame) ?? frame, frameOf(segment)),
    );
    const [from, to] = isOutward ? [inside, outside] : [outside, inside];
    check(t, ground, from, to, sent);
  });
  fc.assert(property, { numRuns: 150 });
});

groundTest('each oddity in the middle of a train is kept as it is', (t, ground) => {
  const { outside, inside } = ends(ground);
  for (const isIpv6 of [false, true])
    for (const damage of Object.values(ODDITIES)) {
      const segments = trainOf({ ...PLAIN, isIpv6, tags: [5] }, [600, 600, 600, 600, 600]);
      const sent = segments.map((segment, i) => {
        const frame = frameOf(segment);
        return i === 2 ? damage(segment)(frame) : frame;
      });
      check(t, ground, inside, outside, sent);
      check(t, ground, outside, inside, sent);
    }
});

/** Where the identification of an IPv4 packet stands in a frame without tags. */
const IDENTIFICATION = 18;

/** Ones' complement has two zeros: adds a checksum to another word of what it covers, and writes it as `zero`. */
function withZero(frame: Uint8Array, checksum: number, word: number, zero: number): Uint8Array {
  const moved = frame.slice();
  const sum = sumOf(
    Uint8Array.from([...frame.subarray(checksum, checksum + 2), ...frame.subarray(word, word + 2)]),
  );
  moved.set([zero >> 8, zero & 0xff], checksum);
  moved.set([sum >> 8, sum & 0xff], word);
  return moved;
}

groundTest('a checksum that is the other zero stays so', (t, ground) => {
  const { outside, inside } = ends(ground);
  const sent = trainOf(PLAIN, [600, 600, 600]).map((segment) => frameOf(segment));
  const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = sent;
  for (const [zero, frames] of [
    [0, 1],
    [0xffff, 3],
  ] as const) {
    // In TCP's: the word that gives way is the first of the payload.
    const tcp = [first, withZero(second, 50, 54, zero), third];
    t.is(groupsOf(tcp).length, frames);
    check(t, ground, inside, outside, tcp);
    // In IPv4's: the identification; the others count on from it.
    const middle = withZero(second, 24, IDENTIFICATION, zero);
    const identification = new DataView(middle.buffer).getUint16(IDENTIFICATION) - 1;
    const around = trainOf({ ...PLAIN, identification }, [600, 600, 600]);
    const ip = around.map((segment, i) => (i === 1 ? middle : frameOf(segment)));
    t.is(groupsOf(ip).length, frames);
    check(t, ground, inside, outside, ip);
  }
});

groundTest('segments with partial checksums join too, and stay partial', (t, ground) => {
  const { outside, inside } = ends(ground);
  const segments = trainOf(PLAIN, [1000, 1000, 500]);
  const slots = ground.claim(segments.length);
  for (const [i, segment] of segments.entries()) {
    const slot = slots[i] ?? 0;
    ground.load(slot, frameOf(segment, true));
    ground.frames.flags[slot] = FrameFlag.Partial;
    ground.frames.checksumStart[slot] = 34;
    ground.frames.checksumOffset[slot] = 16;
  }
  t.is(ground.native.send(outside, slots, 0, slots.length, ground.outcomes), 0);
  const received = ground.receive(inside);
  t.is(received.length, 1);
  t.deepEqual(
    wireFramesOf(ground, received),
    segments.map((segment) => frameOf(segment)),
  );
});
