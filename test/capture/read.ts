import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CaptureReader, type Damage } from '../../dataplane/port/file/reader.js';
import { MemorySource } from '../../dataplane/port/file/source.js';

/** A frame as a test likes it. */
export interface ReadFrame {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** All that a capture gave. */
export interface ReadCapture {
  readonly frames: readonly ReadFrame[];
  readonly damage: Damage | undefined;
  readonly notes: readonly string[];
}

/** Reads to the end and closes. */
export async function drain(reader: CaptureReader): Promise<ReadCapture> {
  const frames: ReadFrame[] = [];
  do {
    while (reader.next()) {
      const { number, at, wireLength, seconds, nanoseconds } = reader;
      const bytes = reader.bytes.slice(at, at + reader.capturedLength);
      frames.push({ number, bytes, wireLength, seconds, nanoseconds });
    }
  } while (await reader.fill());
  await reader.close();
  return { frames, damage: reader.damage, notes: reader.notes };
}

export async function readBytes(capture: Uint8Array, chunk?: number): Promise<ReadCapture> {
  const options = chunk === undefined ? {} : { chunk };
  return drain(await CaptureReader.over(new MemorySource(capture), options));
}

/** Runs `use` with a directory that is removed afterwards. */
export async function inDirectory<T>(use: (path: (name: string) => string) => Promise<T>) {
  const directory = await mkdtemp(join(tmpdir(), 'etherloom-'));
  try {
    return await use((name) => join(directory, name));
  } finally {
    await rm(directory, { recursive: true });
  }
}
