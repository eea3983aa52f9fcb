import test from 'ava';

import {
  block,
  counting,
  describedInterface,
  enhancedPacket,
  join,
  obsoletePacket,
  option,
  section,
  simplePacket,
} from './build.js';
import { readBytes } from './read.js';

const frame = counting(61);
const microsecond = 1_700_000_000_123_456n;

for (const little of [true, false]) {
  test(`a ${little ? 'little' : 'big'}-endian file gives its frames, microseconds by default`, async (t) => {
    const { frames, damage, notes } = await readBytes(
      join(
        section(little),
        describedInterface({ little }),
        enhancedPacket(frame, { little, time: microsecond, wire: 1514 }),
      ),
    );
    t.deepEqual(frames, [
      {
        number: 1,
        bytes: frame,
        wireLength: 1514,
        seconds: 1_700_000_000,
        nanoseconds: 123_456_000,
      },
    ]);
    t.is(damage, undefined);
    t.deepEqual(notes, []);
  });
}

test('a section of the other byte order may follow, and forgets the interfaces', async (t) => {
  const { frames, damage } = await readBytes(
    join(
      section(true),
      describedInterface(),
      enhancedPacket(frame),
      section(false),
      describedInterface({ little: false }),
      enhancedPacket(frame, { little: false }),
      section(true),
      enhancedPacket(frame),
    ),
  );
  t.is(frames.length, 2);
  t.regex(damage?.what ?? '', /interface 0, which is not described/);
});

test('each interface has its own unit and zero of time', async (t) => {
  const nanoseconds = option(9, Uint8Array.of(9));
  const hours = new Uint8Array(8);
  new DataView(hours.buffer).setBigInt64(0, -3600n, true);
  const { frames } = await readBytes(
    join(
      section(),
      describedInterface({ options: nanoseconds }),
      describedInterface({ options: join(option(14, hours), option(0, new Uint8Array(0))) }),
      enhancedPacket(frame, { time: 1_700_000_000_123_456_789n }),
      enhancedPacket(frame, { interface: 1, time: microsecond }),
      enhancedPacket(frame, { time: 1_700_000_001_000_000_000n }),
    ),
  );
  t.deepEqual(
    frames.map((one) => [one.seconds, one.nanoseconds]),
    [
      [1_700_000_000, 123_456_789],
      [1_699_996_400, 123_456_000],
      [1_700_000_001, 0],
    ],
  );
});

test('a time before 1970 keeps its seconds rounded down, in either byte order', async (t) => {
  for (const little of [true, false]) {
    const offset = new Uint8Array(8);
    new DataView(offset.buffer).setBigInt64(0, -2n, little);
    const { frames } = await readBytes(
      join(
        section(little),
        describedInterface({ little, options: option(14, offset, little) }),
        enhancedPacket(frame, { little, time: 1_250_000n }),
      ),
    );
    t.like(frames[0], { seconds: -1, nanoseconds: 250_000_000 });
  }
});

test('blocks that are not needed are skipped, known or not', async (t) => {
  const { frames, damage } = await readBytes(
    join(
      section(),
      block(5, counting(20)),
      describedInterface(),
      block(4, counting(8)),
      block(10, counting(40)),
      enhancedPacket(frame),
      block(0x0bad, counting(300_000)),
      block(0x80000001, new Uint8Array(0)),
      enhancedPacket(frame),
    ),
    1024,
  );
  t.is(frames.length, 2);
  t.deepEqual(frames[1]?.bytes, frame);
  t.is(damage, undefined);
});

test('a comment on a packet does not disturb it', async (t) => {
  const options = option(1, counting(33));
  const { frames } = await readBytes(
    join(section(), describedInterface(), enhancedPacket(frame, { options })),
  );
  t.deepEqual(frames[0]?.bytes, frame);
});

test('the obsolete packet block is read as the enhanced one', async (t) => {
  const { frames } = await readBytes(
    join(
      section(),
      describedInterface(),
      describedInterface(),
      obsoletePacket(frame, { interface: 1, time: microsecond, wire: 100 }),
    ),
  );
  t.deepEqual(frames, [
    { number: 1, bytes: frame, wireLength: 100, seconds: 1_700_000_000, nanoseconds: 123_456_000 },
  ]);
});

test('a simple packet has the time of the packet before it and the snap length of interface 0', async (t) => {
  const { frames, notes } = await readBytes(
    join(
      section(),
      describedInterface({ snapLength: 32 }),
      simplePacket(counting(20)),
      enhancedPacket(frame, { time: microsecond }),
      simplePacket(counting(32), 1514),
    ),
  );
  t.deepEqual(
    frames.map((one) => [one.bytes.length, one.wireLength, one.seconds]),
    [
      [20, 20, 0],
      [61, 61, 1_700_000_000],
      [32, 1514, 1_700_000_000],
    ],
  );
  t.is(notes.length, 1);
});

test('a frame check sequence announced by the interface is cut off', async (t) => {
  const meanings = [
    [32, 60],
    [4, 60],
    [16, 62],
    [0, 64],
  ] as const;
  for (const [value, left] of meanings) {
    const options = option(13, Uint8Array.of(value));
    const { frames } = await readBytes(
      join(section(), describedInterface({ options }), enhancedPacket(counting(64))),
    );
    t.deepEqual(frames[0]?.bytes, counting(left));
  }
});

test('times finer than a nanosecond are cut off, and a note says so', async (t) => {
  const options = option(9, Uint8Array.of(12));
  const { frames, notes } = await readBytes(
    join(section(), describedInterface({ options }), enhancedPacket(frame, { time: 1_999n })),
  );
  t.like(frames[0], { seconds: 0, nanoseconds: 1 });
  t.is(notes.length, 1);
});

const start = join(section(), describedInterface());
const wrong: readonly (readonly [claim: string, damaged: Uint8Array, what: RegExp])[] = [
  ['two lengths that differ', block(6, counting(40), true, 56), /52 bytes at its start and 56/],
  ['a length that is no multiple of 4', Uint8Array.of(6, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0), /33/],
  ['a length of zero', new Uint8Array(12), /0 bytes/],
  ['a length beyond all bounds', Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0), /67108864/],
  ['a packet longer than its block', enhancedPacket(frame, { captured: 65 }), /longer than its/],
  ['a simple packet longer than its block', simplePacket(frame, 65), /longer than its block/],
  ['a packet block without a packet', block(6, counting(4)), /shorter than 32/],
  ['a simple packet block without a length', block(3, new Uint8Array(0)), /shorter than 16/],
  ['an interface that does not exist', enhancedPacket(frame, { interface: 1 }), /interface 1/],
  ['an interface description without a body', block(1, counting(4)), /shorter than 20/],
  [
    'an option that ends behind its block',
    describedInterface({ options: Uint8Array.of(9, 0, 5, 0) }),
    /an option/,
  ],
  [
    'a frame longer than any',
    enhancedPacket(counting(262_145)),
    /262145 bytes, more than the 262144/,
  ],
  ['a section header of another version', section(true, 2), /version 2/],
  ['a section header that is too short', block(0x0a0d0d0a, section().slice(8, 16)), /28/],
  ['a section header without its magic', block(0x0a0d0d0a, counting(16)), /byte-order magic/],
];

for (const [claim, damaged, what] of wrong) {
  test(`${claim} is damage at that block`, async (t) => {
    const sound = join(start, enhancedPacket(frame));
    const { frames, damage } = await readBytes(join(sound, damaged, enhancedPacket(frame)));
    t.is(frames.length, 1);
    t.like(damage, { offset: sound.length, frames: 1 });
    t.regex(damage?.what ?? '', what);
  });
}

test('more interfaces than can be remembered are damage', async (t) => {
  const one = describedInterface();
  const many = new Uint8Array(one.length * 65_537);
  for (let at = 0; at < many.length; at += one.length) many.set(one, at);
  const { damage } = await readBytes(join(section(), many));
  t.is(damage?.offset, section().length + one.length * 65_536);
});

test('a file cut at any byte gives the complete frames before the cut and says where', async (t) => {
  const blocks = [
    [describedInterface(), 0],
    [enhancedPacket(frame), 1],
    [simplePacket(counting(7)), 1],
    [block(99, counting(5)), 0],
    [section(false), 0],
    [describedInterface({ little: false }), 0],
    [obsoletePacket(frame, { little: false }), 1],
  ] as const;
  const whole = join(section(), ...blocks.map(([bytes]) => bytes));
  for (let cut = section().length; cut <= whole.length; cut++) {
    let begin = section().length;
    let complete = 0;
    for (const [bytes, frames] of blocks) {
      if (begin + bytes.length > cut) break;
      begin += bytes.length;
      complete += frames;
    }
    const { frames, damage } = await readBytes(whole.subarray(0, cut));
    t.is(frames.length, complete);
    if (begin === cut) t.is(damage, undefined);
    else t.like(damage, { offset: begin, frames: complete });
  }
});
