import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import test from 'ava';
import fc from 'fast-check';

import { CaptureError } from '../../dataplane/port/file/error.js';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { CaptureWriter } from '../../dataplane/port/file/writer.js';
import { counting, join, option, pcapRecord } from './build.js';
import { drain, inDirectory, readBytes, type ReadFrame } from './read.js';

const formats = [
  ['pcap', (path: string) => CaptureWriter.pcap(path)],
  ['pcapng', (path: string) => CaptureWriter.pcapng(path, 'eth0')],
] as const;

const anyFrame: fc.Arbitrary<Omit<ReadFrame, 'number'>> = fc
  .record({
    bytes: fc.uint8Array({ maxLength: 300 }),
    missing: fc.nat(2000),
    seconds: fc.integer({ min: 0, max: 0xffff_ffff }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map(({ missing, ...frame }) => ({ ...frame, wireLength: frame.bytes.length + missing }));

function put(writer: CaptureWriter, frame: Omit<ReadFrame, 'number'>, comment?: string): void {
  const { bytes, wireLength, seconds, nanoseconds } = frame;
  writer.put(bytes, 0, bytes.length, wireLength, seconds, nanoseconds, comment);
}

for (const [format, create] of formats) {
  test(`what is written as ${format} is read again, frame for frame`, async (t) => {
    await inDirectory(async (path) => {
      const roundTrip = fc.asyncProperty(fc.array(anyFrame), async (frames) => {
        const writer = create(path('a'));
        for (const frame of frames) put(writer, frame, 'a comment');
        await writer.close();
        const read = await drain(await CaptureReader.open(path('a')));
        t.deepEqual(
          read.frames,
          frames.map((frame, index) => ({ number: index + 1, ...frame })),
        );
        t.is(read.damage, undefined);
        t.deepEqual(read.notes, []);
      });
      await fc.assert(roundTrip);
    });
  });

  test(`more frames than the ${format} buffer holds are all written, from any place in shared memory`, async (t) => {
    const pool = new Uint8Array(new SharedArrayBuffer(4096));
    pool.set(counting(4096));
    await inDirectory(async (path) => {
      const writer = create(path('a'));
      for (let index = 0; index < 3000; index++) {
        writer.put(pool, index % 257, index % 1519, 1519, index, 1);
      }
      t.is(writer.frames, 3000);
      await writer.close();
      const { frames } = await drain(await CaptureReader.open(path('a')));
      t.is(frames.length, 3000);
      const wrong = frames.filter(({ bytes, seconds: index }) => {
        return Buffer.compare(bytes, counting(index % 1519, index % 257)) !== 0;
      });
      t.deepEqual(wrong, []);
    });
  });

  test(`the same frames make the same bytes of ${format}`, async (t) => {
    await inDirectory(async (path) => {
      for (const name of ['a', 'b']) {
        const writer = create(path(name));
        put(writer, { bytes: counting(61), wireLength: 61, seconds: 5, nanoseconds: 6 }, 'why');
        await writer.close();
      }
      t.deepEqual(await readFile(path('a')), await readFile(path('b')));
    });
  });

  test(`a ${format} frame beyond the snap length is cut to it`, async (t) => {
    await inDirectory(async (path) => {
      const writer = create(path('a'));
      writer.put(new Uint8Array(300_000), 0, 300_000, 300_000, 0, 0);
      await writer.close();
      const { frames } = await drain(await CaptureReader.open(path('a')));
      t.is(frames[0]?.bytes.length, 262_144);
      t.is(frames[0]?.wireLength, 300_000);
    });
  });

  test(`times that ${format} cannot hold stand at its first or last moment and are counted`, async (t) => {
    await inDirectory(async (path) => {
      const writer = create(path('a'));
      const frame = { bytes: counting(60), wireLength: 60, nanoseconds: 7 };
      put(writer, { ...frame, seconds: -1 });
      put(writer, { ...frame, seconds: 5 });
      put(writer, { ...frame, seconds: 2 ** 40 });
      await writer.close();
      t.is(writer.timesClamped, 2);
      const { frames } = await drain(await CaptureReader.open(path('a')));
      const last = format === 'pcap' ? 4_294_967_295 : 18_446_744_072;
      t.deepEqual(
        frames.map(({ seconds, nanoseconds }) => [seconds, nanoseconds]),
        [
          [0, 0],
          [5, 7],
          [last, 999_999_999],
        ],
      );
    });
  });

  test(`a place where no ${format} file can be is refused with its path`, (t) => {
    const error = t.throws(() => create('/proc/none/a'), { instanceOf: CaptureError });
    t.regex(error.message, /^\/proc\/none\/a: byte 0: cannot create the capture: there is no such/);
  });

  test(`a full disk is told by the name of the ${format} file`, async (t) => {
    if (!existsSync('/dev/full')) {
      t.log('there is no /dev/full here');
      t.pass();
      return;
    }
    const writer = create('/dev/full');
    const error = await t.throwsAsync(() => writer.close(), { instanceOf: CaptureError });
    t.regex(error.message, /^\/dev\/full: byte 0: .*no space is left on the device; make room/);
  });
}

test('pcapng keeps seconds beyond 32 bits', async (t) => {
  await inDirectory(async (path) => {
    const writer = CaptureWriter.pcapng(path('a'), 'eth0');
    const frame = { bytes: counting(1), wireLength: 1, seconds: 18_446_744_072, nanoseconds: 1 };
    put(writer, frame);
    await writer.close();
    const { frames } = await drain(await CaptureReader.open(path('a')));
    t.deepEqual(frames, [{ number: 1, ...frame }]);
  });
});

test('a pcapng file names its writer, its interface and what was said about each frame', async (t) => {
  await inDirectory(async (path) => {
    const writer = CaptureWriter.pcapng(path('a'), 'c1 eth0');
    const comment = 'dropped: größer als erlaubt';
    put(writer, { bytes: counting(60), wireLength: 60, seconds: 1, nanoseconds: 2 }, comment);
    await writer.close();
    const bytes = await readFile(path('a'));
    const has = (code: number, value: Uint8Array): boolean =>
      bytes.includes(Buffer.from(option(code, value)));
    t.true(has(4, Buffer.from('etherloom')));
    t.true(has(2, Buffer.from('c1 eth0')));
    t.true(has(9, Uint8Array.of(9)));
    t.true(has(1, Buffer.from(comment)));
  });
});

test('a comment that is too long is cut to whole characters', async (t) => {
  await inDirectory(async (path) => {
    const writer = CaptureWriter.pcapng(path('a'), 'eth0');
    const frame = { bytes: counting(60), wireLength: 60, seconds: 1, nanoseconds: 2 };
    for (let index = 0; index < 40; index++) put(writer, frame, '€'.repeat(30_000));
    await writer.close();
    const { frames, damage } = await drain(await CaptureReader.open(path('a')));
    t.is(frames.length, 40);
    t.is(damage, undefined);
    const cut = Buffer.from(option(1, Buffer.from('€'.repeat(21_845))));
    t.true((await readFile(path('a'))).includes(cut));
  });
});

interface Packet {
  readonly header: {
    readonly timestampSeconds: number;
    readonly timestampMicroseconds: number;
    readonly capturedLength: number;
    readonly originalLength: number;
  };
  readonly data: Buffer;
}

interface PcapParser {
  parse(path: string): {
    on(event: 'packet', use: (packet: Packet) => void): void;
    on(event: 'end', use: () => void): void;
    on(event: 'error', use: (error: Error) => void): void;
  };
}

test('pcap-parser reads what was written, once the magic says microseconds', async (t) => {
  // It knows no nanosecond files. Their records are the same but for the unit of the fraction, which it hands on as it stands.
  const parser = createRequire(import.meta.url)('pcap-parser') as PcapParser;
  await inDirectory(async (path) => {
    const writer = CaptureWriter.pcap(path('a'));
    const frames = Array.from({ length: 500 }, (_, index) => ({
      bytes: counting(index % 90, index),
      wireLength: 90,
      seconds: 1_700_000_000 + index,
      nanoseconds: index * 1_999_999,
    }));
    for (const frame of frames) put(writer, frame);
    await writer.close();
    const bytes = await readFile(path('a'));
    t.is(bytes.readUInt32LE(0), 0xa1b23c4d);
    bytes.writeUInt32LE(0xa1b2c3d4, 0);
    await writeFile(path('b'), bytes);
    const packets = await new Promise<Packet[]>((resolve, reject) => {
      const found: Packet[] = [];
      const parsing = parser.parse(path('b'));
      parsing.on('packet', (packet) => found.push(packet));
      parsing.on('end', () => {
        resolve(found);
      });
      parsing.on('error', reject);
    });
    t.deepEqual(
      packets.map(({ header, data }) => ({
        bytes: new Uint8Array(data),
        wireLength: header.originalLength,
        seconds: header.timestampSeconds,
        nanoseconds: header.timestampMicroseconds,
      })),
      frames,
    );
  });
});

test('capinfos agrees about what was written', async (t) => {
  if (spawnSync('capinfos', ['--version']).error !== undefined) {
    t.log('capinfos is not installed');
    t.pass();
    return;
  }
  await inDirectory(async (path) => {
    for (const [format, create] of formats) {
      const writer = create(path(format));
      for (let index = 0; index < 9; index++) {
        put(writer, { bytes: counting(60), wireLength: 60, seconds: index, nanoseconds: 1 });
      }
      await writer.close();
      const { status, stdout } = spawnSync('capinfos', ['-Mc', path(format)], { encoding: 'utf8' });
      t.is(status, 0);
      t.regex(stdout, /Number of packets: +9/);
    }
    await Promise.resolve();
  });
});

test('a record written by hand is what the writer makes of it', async (t) => {
  await inDirectory(async (path) => {
    const writer = CaptureWriter.pcap(path('a'));
    const frame = counting(60);
    writer.put(frame, 0, 60, 1514, 7, 8);
    await writer.close();
    const bytes = new Uint8Array(await readFile(path('a')));
    const record = pcapRecord(frame, { wire: 1514, seconds: 7, fraction: 8 });
    t.deepEqual(bytes, join(bytes.slice(0, 24), record));
    t.like((await readBytes(bytes)).frames[0], { nanoseconds: 8 });
  });
});
