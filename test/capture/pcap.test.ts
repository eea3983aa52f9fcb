import test from 'ava';

import { counting, join, pcapHeader, pcapRecord } from './build.js';
import { readBytes } from './read.js';

const frame = counting(60);

for (const little of [true, false]) {
  const order = little ? 'little' : 'big';

  test(`a ${order}-endian file of microseconds gives its frames in order, numbered from 1`, async (t) => {
    const second = counting(61, 7);
    const { frames, damage, notes } = await readBytes(
      join(
        pcapHeader({ little }),
        pcapRecord(frame, { little, seconds: 1_700_000_000, fraction: 123_456 }),
        pcapRecord(second, { little, seconds: 4_294_967_295, fraction: 999_999 }),
      ),
    );
    t.deepEqual(frames, [
      { number: 1, bytes: frame, wireLength: 60, seconds: 1_700_000_000, nanoseconds: 123_456_000 },
      {
        number: 2,
        bytes: second,
        wireLength: 61,
        seconds: 4_294_967_295,
        nanoseconds: 999_999_000,
      },
    ]);
    t.is(damage, undefined);
    t.deepEqual(notes, []);
  });

  test(`a ${order}-endian file of nanoseconds keeps every nanosecond`, async (t) => {
    const { frames } = await readBytes(
      join(
        pcapHeader({ little, magic: 0xa1b23c4d }),
        pcapRecord(frame, { little, seconds: 1, fraction: 999_999_999 }),
      ),
    );
    t.is(frames[0]?.nanoseconds, 999_999_999);
  });
}

test('a file without records is a sound capture of no frames', async (t) => {
  t.deepEqual(await readBytes(pcapHeader()), { frames: [], damage: undefined, notes: [] });
});

test('a snapped frame knows how long it was', async (t) => {
  const { frames } = await readBytes(join(pcapHeader(), pcapRecord(frame, { wire: 1514 })));
  t.is(frames[0]?.wireLength, 1514);
  t.is(frames[0]?.bytes.length, 60);
});

test('a frame of no bytes is a frame', async (t) => {
  const empty = new Uint8Array(0);
  const { frames } = await readBytes(join(pcapHeader(), pcapRecord(empty), pcapRecord(frame)));
  t.is(frames.length, 2);
  t.is(frames[0]?.bytes.length, 0);
});

test('a frame with more bytes than it claims to have had keeps them all, and a note says so', async (t) => {
  const { frames, notes } = await readBytes(
    join(pcapHeader(), pcapRecord(frame, { wire: 40 }), pcapRecord(frame, { wire: 40 })),
  );
  t.is(frames[0]?.bytes.length, 60);
  t.is(frames[0]?.wireLength, 60);
  t.is(notes.length, 1);
});

test('a fraction of more than a second is carried over, and a note says so', async (t) => {
  const { frames, notes } = await readBytes(
    join(pcapHeader(), pcapRecord(frame, { seconds: 10, fraction: 2_500_000 })),
  );
  t.like(frames[0], { seconds: 12, nanoseconds: 500_000_000 });
  t.is(notes.length, 1);
});

test('before version 2.3 the length on the wire comes first', async (t) => {
  const { frames } = await readBytes(
    join(pcapHeader({ version: [2, 2] }), pcapRecord(frame, { captured: 1514, wire: 60 })),
  );
  t.is(frames[0]?.bytes.length, 60);
  t.is(frames[0]?.wireLength, 1514);
});

test('in version 2.3 the greater length is the one on the wire', async (t) => {
  const { frames, notes } = await readBytes(
    join(
      pcapHeader({ version: [2, 3] }),
      pcapRecord(frame, { captured: 1514, wire: 60 }),
      pcapRecord(frame, { captured: 60, wire: 1514 }),
    ),
  );
  t.deepEqual(
    frames.map(({ bytes, wireLength }) => [bytes.length, wireLength]),
    [
      [60, 1514],
      [60, 1514],
    ],
  );
  t.deepEqual(notes, []);
});

test('a frame check sequence announced in the header is cut off', async (t) => {
  const linkType = (0x2400_0000 | 1) >>> 0;
  const { frames, notes } = await readBytes(
    join(pcapHeader({ linkType }), pcapRecord(counting(64)), pcapRecord(frame, { wire: 64 })),
  );
  t.deepEqual(
    frames.map(({ bytes, wireLength }) => [bytes, wireLength]),
    [
      [frame, 60],
      [frame, 60],
    ],
  );
  t.is(notes.length, 1);
});

test('the longest frame there can be is read', async (t) => {
  const long = counting(262_144);
  const { frames, damage } = await readBytes(
    join(pcapHeader(), pcapRecord(frame), pcapRecord(long), pcapRecord(frame)),
    65_536,
  );
  t.deepEqual(frames[1]?.bytes, long);
  t.is(frames.length, 3);
  t.is(damage, undefined);
});

test('an absurd length is damage at the record that claims it', async (t) => {
  const { frames, damage } = await readBytes(
    join(pcapHeader(), pcapRecord(frame), pcapRecord(frame, { captured: 262_145 }), frame),
  );
  t.is(frames.length, 1);
  t.like(damage, { offset: 24 + 76, frames: 1 });
  t.regex(damage?.what ?? '', /262145 bytes/);
});

test('a file cut at any byte gives the complete frames before the cut and says where', async (t) => {
  const records = [0, 1, 60, 14, 3].map((length) => pcapRecord(counting(length)));
  const whole = join(pcapHeader(), ...records);
  for (let cut = 24; cut <= whole.length; cut++) {
    let start = 24;
    let complete = 0;
    for (const record of records) {
      if (start + record.length > cut) break;
      start += record.length;
      complete++;
    }
    const { frames, damage } = await readBytes(whole.subarray(0, cut));
    t.is(frames.length, complete);
    if (start === cut) t.is(damage, undefined);
    else t.like(damage, { offset: start, frames: complete });
  }
});
