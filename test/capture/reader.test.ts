import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

import test from 'ava';

import { CaptureError } from '../../dataplane/port/file/error.js';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { MemorySource, type ByteSource } from '../../dataplane/port/file/source.js';
import {
  block,
  counting,
  describedInterface,
  enhancedPacket,
  join,
  option,
  pcapHeader,
  pcapRecord,
  section,
  simplePacket,
} from './build.js';
import { drain, inDirectory, readBytes } from './read.js';

const frame = counting(60);
const pcap = join(pcapHeader(), ...[0, 60, 1, 300].map((length) => pcapRecord(counting(length))));
const pcapng = join(
  section(),
  describedInterface(),
  simplePacket(counting(7)),
  block(99, counting(999)),
  enhancedPacket(frame, { time: 1n, options: option(1, counting(500)) }),
  enhancedPacket(counting(300)),
);

test('what is not a capture is refused with its path, what it is and what to do', async (t) => {
  const cases: readonly (readonly [bytes: Uint8Array, message: RegExp])[] = [
    [new Uint8Array(0), /lab\.pcap: byte 0: the file is empty; name a pcap or pcapng file/],
    [Buffer.from('not a capture at all, just text'), /no capture starts with 6e6f7420/],
    [Uint8Array.of(0xd4), /no capture starts with d4/],
    [pcapHeader().subarray(0, 23), /ends within its header, after 23 bytes/],
    [section().subarray(0, 23), /ends within its header, after 23 bytes/],
    [pcapHeader({ magic: 0xa1b2cd34 }), /Kuznetzov/],
    [pcapHeader({ magic: 0xa1b2cd34, little: false }), /Kuznetzov/],
    [pcapHeader({ version: [3, 0] }), /version 3\.0/],
    [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...counting(30)), /compressed with zstd/],
    [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, ...counting(30)), /compressed with xz/],
    [Buffer.from('snoop\0\0\0and more'), /snoop/],
    [gzipSync(new Uint8Array(0)), /the file is empty/],
    [gzipSync(Buffer.from('text')), /no capture starts with 74657874/],
    [Uint8Array.of(0x1f, 0x8b, 0x08), /byte 0: the gzip stream is cut before its end; copy or/],
  ];
  await inDirectory(async (path) => {
    for (const [bytes, message] of cases) {
      await writeFile(path('lab.pcap'), bytes);
      const error = await t.throwsAsync(CaptureReader.open(path('lab.pcap')), {
        instanceOf: CaptureError,
      });
      t.regex(error.message, message);
      t.is(error.path, path('lab.pcap'));
    }
  });
});

test('a missing file and a directory are refused by what they are', async (t) => {
  await inDirectory(async (path) => {
    const missing = await t.throwsAsync(CaptureReader.open(path('none')), {
      instanceOf: CaptureError,
    });
    t.regex(missing.message, /there is no such file or directory; check the path/);
    await mkdir(path('directory'));
    const directory = await t.throwsAsync(CaptureReader.open(path('directory')), {
      instanceOf: CaptureError,
    });
    t.regex(directory.message, /it is a directory/);
  });
});

test('a file is read as its bytes are, and progress ends at its size', async (t) => {
  await inDirectory(async (path) => {
    await writeFile(path('a'), pcapng);
    const reader = await CaptureReader.open(path('a'));
    t.is(reader.size, pcapng.length);
    t.is(reader.number, 0);
    t.deepEqual(await drain(reader), await readBytes(pcapng));
    t.is(reader.bytesRead, pcapng.length);
    t.is(reader.number, 3);
  });
});

for (const [kind, capture] of [
  ['pcap', pcap],
  ['pcapng', pcapng],
] as const) {
  test(`a ${kind} file reads the same whatever the size of the pieces`, async (t) => {
    const whole = await readBytes(capture);
    for (let chunk = 1; chunk < 200; chunk++) t.deepEqual(await readBytes(capture, chunk), whole);
  });

  test(`a ${kind} file compressed with gzip, in one member or several, reads the same`, async (t) => {
    const whole = await readBytes(capture);
    const half = capture.length >> 1;
    const members = join(gzipSync(capture.slice(0, half)), gzipSync(capture.slice(half)));
    for (const chunk of [1, 1000, undefined]) {
      t.deepEqual(await readBytes(gzipSync(capture), chunk), whole);
      t.deepEqual(await readBytes(members, chunk), whole);
    }
  });
}

test('progress through a gzip file is that of its compressed bytes', async (t) => {
  const packed = gzipSync(pcap);
  const reader = await CaptureReader.over(new MemorySource(packed));
  t.is(reader.memory.bytes, reader.bytes);
  await drain(reader);
  t.is(reader.size, packed.length);
  t.is(reader.bytesRead, packed.length);
});

test('a cut gzip stream gives the frames that were complete and says that it is cut', async (t) => {
  const records = Array.from({ length: 3000 }, (_, index) =>
    pcapRecord(counting(60 + (index % 7), index), { seconds: index * 7919 }),
  );
  const whole = join(pcapHeader(), ...records);
  const packed = gzipSync(whole);
  const all = await readBytes(whole);
  let last = 0;
  for (const kept of [0.1, 0.5, 0.9, 1 - 8 / packed.length, 1 - 1 / packed.length]) {
    const { frames, damage } = await readBytes(
      packed.subarray(0, Math.floor(packed.length * kept)),
    );
    t.true(frames.length >= last);
    last = frames.length;
    t.deepEqual(frames, all.frames.slice(0, frames.length));
    t.like(damage, { frames: frames.length, what: 'the gzip stream is cut before its end' });
    const start = records.slice(0, frames.length).reduce((sum, { length }) => sum + length, 24);
    t.is(damage?.offset, start);
  }
  t.is(last, 3000);
});

test('a corrupt gzip stream and one with something behind it are damage', async (t) => {
  let state = 1;
  const noise = Uint8Array.from({ length: 100_000 }, () => (state = (state * 48_271) % 0x7fffffff));
  const records = Array.from({ length: 1000 }, (_, index) =>
    pcapRecord(noise.subarray(index * 100, index * 100 + 100)),
  );
  const whole = join(pcapHeader(), ...records);
  const packed = gzipSync(whole);
  packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 60);
  const { frames, damage } = await readBytes(packed);
  t.true(frames.length > 100 && frames.length < 1000);
  t.regex(damage?.what ?? '', /^the gzip stream is corrupt/);
  t.is(damage?.frames, frames.length);
  const trailed = await readBytes(join(gzipSync(whole), Buffer.from('more')));
  t.true(trailed.frames.length > 800, 'at most 16 KiB are lost');
  t.regex(trailed.damage?.what ?? '', /^the gzip stream is corrupt/);
});

test('a gzip stream that unpacks to very much is read in bounded memory', async (t) => {
  const records = join(...Array.from({ length: 20_000 }, () => pcapRecord(new Uint8Array(1500))));
  const packed = gzipSync(join(pcapHeader(), records));
  const reader = await CaptureReader.over(new MemorySource(packed));
  do {
    while (reader.next()) t.true(reader.bytes.length < 4 * 1024 * 1024);
  } while (await reader.fill());
  t.is(reader.number, 20_000);
  await reader.close();
});

test('a block larger than the buffers passes through', async (t) => {
  const large = block(99, new Uint8Array(3 * 1024 * 1024));
  const whole = join(section(), describedInterface(), enhancedPacket(frame), large, large);
  const { frames, damage } = await readBytes(join(whole, enhancedPacket(frame)), 4096);
  t.is(frames.length, 2);
  t.is(damage, undefined);
  const cut = await readBytes(whole.subarray(0, whole.length - 1), 4096);
  t.like(cut.damage, { offset: whole.length - large.length, frames: 1 });
});

test('a reader may be closed at any time', async (t) => {
  await inDirectory(async (path) => {
    for (const bytes of [pcap, gzipSync(pcap), gzipSync(new Uint8Array(5_000_000).fill(7))]) {
      await writeFile(path('a'), bytes);
      const reader = await CaptureReader.open(path('a'), { chunk: 64 }).catch(() => undefined);
      await reader?.close();
    }
  });
  t.pass();
});

test('the bytes given to read from are left as they are', async (t) => {
  const capture = join(pcapHeader({ linkType: 101 }), pcapRecord(frame));
  const before = capture.slice();
  await readBytes(capture);
  t.deepEqual(capture, before);
});

test('an error of the device is thrown, not taken for the end', async (t) => {
  class FailingSource extends MemorySource {
    override async read(into: Uint8Array, at: number, length: number): Promise<number> {
      if (this.position >= 100) throw CaptureError.ofSystem('lab.pcap', 100, 'read', ioError);
      return super.read(into, at, Math.min(length, 100 - this.position));
    }
  }
  const ioError = Object.assign(new Error('EIO'), { code: 'EIO' });
  const plain: ByteSource = new FailingSource(pcap);
  await t.throwsAsync(async () => drain(await CaptureReader.over(plain)), {
    instanceOf: CaptureError,
    message: /lab\.pcap: byte 100: cannot read the capture: the device reported an error/,
  });
  const packed: ByteSource = new FailingSource(gzipSync(join(pcap, pcap, counting(256))));
  await t.throwsAsync(async () => drain(await CaptureReader.over(packed)), {
    instanceOf: CaptureError,
    message: /the device reported an error/,
  });
});

test('a capture may come from what is no regular file', async (t) => {
  const size = (await readFile('/dev/null').catch(() => undefined))?.length;
  if (size === undefined) {
    t.log('there is no /dev/null here');
    t.pass();
    return;
  }
  await t.throwsAsync(CaptureReader.open('/dev/null'), { message: /the file is empty/ });
});
