/**
 * Mutated captures through the reader: whatever stands in a file, reading ends, frames lie within the memory they are said to lie in,
 * and nothing but a CaptureError on opening is thrown. Seeded, so that a failure can be repeated.
 */

import { CaptureError } from '../../dataplane/port/file/error.js';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { MemorySource } from '../../dataplane/port/file/source.js';
import * as build from '../capture/build.js';
import { randomOf } from '../random.js';

/** What came of the mutations. */
export interface CaptureFuzzing {
  readonly refused: number;
  readonly damaged: number;
  readonly whole: number;
  readonly frames: number;
}

const frame = build.counting(60);
const option = build.join(build.option(9, Uint8Array.of(9)), build.option(14, new Uint8Array(8)));

const seeds: readonly Uint8Array[] = [
  build.join(build.pcapHeader(), build.pcapRecord(frame), build.pcapRecord(build.counting(5))),
  build.join(
    build.pcapHeader({ little: false, magic: 0xa1b23c4d, linkType: 113, version: [2, 3] }),
    build.pcapRecord(frame, { little: false }),
  ),
  build.join(
    build.section(),
    build.describedInterface({ options: option }),
    build.enhancedPacket(frame, { time: 1n << 60n, options: build.option(1, frame) }),
    build.describedInterface({ linkType: 101 }),
    build.enhancedPacket(frame, { interface: 1 }),
    build.simplePacket(frame),
  ),
  build.join(
    build.section(false),
    build.describedInterface({ little: false, linkType: 276 }),
    build.obsoletePacket(frame, { little: false }),
    build.block(99, frame, false),
    build.simplePacket(frame, 60, false),
  ),
];

const telling = [0, 1, 4, 12, 28, 0x7f, 0x80, 0xff];

/** A capture with a few bytes changed, and sometimes cut. */
export function mutate(capture: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = capture.slice();
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const value = random(2) === 0 ? random(256) : telling[random(telling.length)];
    bytes[random(bytes.length)] = value ?? 0;
  }
  return random(4) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
}

async function readAll(reader: CaptureReader, most: number): Promise<void> {
  do {
    while (reader.next()) {
      const { bytes, at, capturedLength, wireLength, nanoseconds, number } = reader;
      const sound =
        at >= 0 &&
        at + capturedLength <= bytes.length &&
        wireLength >= capturedLength &&
        nanoseconds >= 0 &&
        nanoseconds <= 999_999_999 &&
        Number.isInteger(nanoseconds) &&
        Number.isInteger(reader.seconds);
      if (!sound) throw new Error(`frame ${number} is not within its memory or time`);
      if (number > most) throw new Error('more frames than there are bytes for');
    }
  } while (await reader.fill());
}

/**
 * Reads `count` mutated captures.
 * @throws Error naming the mutation by seed and number when the reader breaks its word
 */
export async function fuzzCapture(count: number, seed: number): Promise<CaptureFuzzing> {
  const random = randomOf(seed);
  const result = { refused: 0, damaged: 0, whole: 0, frames: 0 };
  for (let run = 0; run < count; run++) {
    const capture = mutate(seeds[random(seeds.length)] ?? frame, random);
    const options = random(8) === 0 ? { chunk: 1 + random(100) } : {};
    try {
      const reader = await CaptureReader.over(new MemorySource(capture), options);
      await readAll(reader, capture.length);
      await reader.close();
      result.frames += reader.number;
      if (reader.damage === undefined) result.whole++;
      else result.damaged++;
    } catch (cause) {
      if (!(cause instanceof CaptureError)) {
        throw new Error(`capture fuzzing, seed ${seed}, mutation ${run}`, { cause });
      }
      result.refused++;
    }
  }
  return result;
}
