import test from 'ava';

import { CaptureError } from '../../dataplane/port/file/error.js';
import {
  counting,
  describedInterface,
  enhancedPacket,
  join,
  pcapHeader,
  pcapRecord,
  section,
  simplePacket,
} from './build.js';
import { readBytes } from './read.js';

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const ipv4 = join(hex('45'), counting(19, 1));
const ipv6 = join(hex('60'), counting(39, 1));
const standIn = '000000000000 020000000000';

const mapped: readonly (readonly [
  claim: string,
  linkType: number,
  packet: Uint8Array,
  frame: Uint8Array,
])[] = [
  ['raw IPv4', 101, ipv4, join(hex(`${standIn} 0800`), ipv4)],
  ['raw IPv6', 101, ipv6, join(hex(`${standIn} 86dd`), ipv6)],
  ['BSD raw IP', 12, ipv4, join(hex(`${standIn} 0800`), ipv4)],
  ['OpenBSD raw IP', 14, ipv6, join(hex(`${standIn} 86dd`), ipv6)],
  ['IPv4 only', 228, ipv4, join(hex(`${standIn} 0800`), ipv4)],
  ['IPv6 only', 229, ipv6, join(hex(`${standIn} 86dd`), ipv6)],
  ['an empty raw packet', 101, counting(0), hex(`${standIn} 0800`)],
  ['BSD loopback', 0, join(hex('02000000'), ipv4), join(hex(`${standIn} 0800`), ipv4)],
  [
    'BSD loopback of a big-endian machine',
    0,
    join(hex('0000001e'), ipv6),
    join(hex(`${standIn} 86dd`), ipv6),
  ],
  [
    'BSD loopback of a family unknown',
    0,
    join(hex('63000000'), ipv6),
    join(hex(`${standIn} 86dd`), ipv6),
  ],
  ['OpenBSD loopback', 108, join(hex('00000018'), ipv6), join(hex(`${standIn} 86dd`), ipv6)],
  [
    'Linux cooked with an address',
    113,
    join(hex('0000 0001 0006 525400aabbcc 0000 0800'), ipv4),
    join(hex('000000000000 525400aabbcc 0800'), ipv4),
  ],
  [
    'Linux cooked broadcast',
    113,
    join(hex('0001 0001 0006 525400aabbcc 0000 0806'), ipv4),
    join(hex('ffffffffffff 525400aabbcc 0806'), ipv4),
  ],
  [
    'Linux cooked without an address',
    113,
    join(hex('0004 0304 0000 0000000000000000 86dd'), ipv6),
    join(hex(`${standIn} 86dd`), ipv6),
  ],
  [
    'Linux cooked LLC',
    113,
    join(hex('0002 0001 0006 525400aabbcc 0000 0004'), ipv4),
    join(hex('000000000000 525400aabbcc 0014'), ipv4),
  ],
  [
    'Linux cooked v2',
    276,
    join(hex('0800 0000 00000002 0001 00 06 525400aabbcc 0000'), ipv4),
    join(hex('000000000000 525400aabbcc 0800'), ipv4),
  ],
  [
    'Linux cooked v2 broadcast without an address',
    276,
    join(hex('0800 0000 00000002 0001 01 00 0000000000000000'), ipv4),
    join(hex('ffffffffffff 020000000000 0800'), ipv4),
  ],
];

for (const [claim, linkType, packet, frame] of mapped) {
  test(`${claim} (link type ${linkType}) becomes an Ethernet frame, in every kind of record`, async (t) => {
    const captures = [
      join(pcapHeader({ linkType }), pcapRecord(packet, { seconds: 5, wire: packet.length + 9 })),
      join(
        section(),
        describedInterface({ linkType }),
        enhancedPacket(packet, { time: 5_000_000n, wire: packet.length + 9 }),
      ),
    ];
    for (const capture of captures) {
      const { frames, notes } = await readBytes(capture);
      t.deepEqual(frames, [
        { number: 1, bytes: frame, wireLength: frame.length + 9, seconds: 5, nanoseconds: 0 },
      ]);
      t.is(notes.length, 1);
      t.regex(notes[0] ?? '', /Ethernet header was put/);
    }
    const simple = simplePacket(packet);
    const { frames } = await readBytes(
      join(section(), describedInterface({ linkType }), simple, simple),
      1,
    );
    t.deepEqual(
      frames.map(({ bytes }) => bytes),
      [frame, frame],
    );
  });
}

test('a packet cut within its link header is given without bytes, and a note says so', async (t) => {
  const { frames, notes } = await readBytes(
    join(pcapHeader({ linkType: 113 }), pcapRecord(counting(15), { wire: 100 })),
  );
  t.is(frames[0]?.bytes.length, 0);
  t.is(notes.length, 2);
});

test('a link type that cannot be read is refused by name on opening', async (t) => {
  const pcapError = await t.throwsAsync(readBytes(pcapHeader({ linkType: 127 })), {
    instanceOf: CaptureError,
  });
  t.regex(pcapError.message, /link type 127 \(IEEE802_11_RADIOTAP\)/);
  const pcapngError = await t.throwsAsync(
    readBytes(join(section(), describedInterface({ linkType: 189 }), enhancedPacket(counting(60)))),
    { instanceOf: CaptureError },
  );
  t.regex(pcapngError.message, /link type 189 \(USB_LINUX\)/);
  t.is(pcapngError.offset, 28 + 20);
  const unnamed = await t.throwsAsync(readBytes(pcapHeader({ linkType: 9999 })));
  t.regex(unnamed.message, /link type 9999 holds/);
});

test('an interface of a foreign link type is refused only when a packet refers to it', async (t) => {
  const sound = join(
    section(),
    describedInterface({ linkType: 127 }),
    describedInterface({ linkType: 101 }),
    describedInterface(),
    enhancedPacket(ipv4, { interface: 1 }),
    enhancedPacket(counting(60), { interface: 2 }),
  );
  const { frames, damage } = await readBytes(join(sound, enhancedPacket(counting(60))));
  t.deepEqual(
    frames.map(({ bytes }) => bytes.length),
    [34, 60],
  );
  t.like(damage, { offset: sound.length, frames: 2 });
  t.regex(damage?.what ?? '', /IEEE802_11_RADIOTAP/);
});
