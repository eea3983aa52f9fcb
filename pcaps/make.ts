/**
 * Makes every capture of this folder that was not recorded: `node dist/pcaps/make.js [--expect] [--into DIR]`.
 *
 * Without `--expect` the inputs, with it what they are expected to become as well. Expectations come from `cases/`, where they are
 * written down by hand; nothing here runs the emulator, so a golden capture can never follow a mistake of it.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { nanosecondPcap } from './build/capture.js';
import { filesOf } from './cases/case.js';
import type { Case } from './cases/case.js';
import { exampleFrames } from './cases/example.js';
import { filteringCases } from './cases/filtering.js';
import { hostCases } from './cases/host.js';
import { learningCases } from './cases/learning.js';
import { readingCases } from './cases/reading.js';

/** Every golden case, each with a name of its own. */
export const cases: readonly Case[] = [
  ...learningCases,
  ...filteringCases,
  ...hostCases,
  ...readingCases,
];

/** Writes the captures into `folder`, in place of those that were there. */
export function make(folder: string, withExpected: boolean): void {
  const names = new Set(cases.map(({ claim }) => claim));
  if (names.size < cases.length) throw new Error('two cases make the same claim');
  if (withExpected) rmSync(join(folder, 'golden'), { recursive: true, force: true });
  for (const claim of cases) {
    const { inputs, expected } = filesOf(claim);
    const place = join(folder, 'golden', claim.claim);
    rmSync(join(place, 'in'), { recursive: true, force: true });
    writeAll(place, inputs);
    if (withExpected) writeAll(place, expected);
  }
  writeAll(join(folder, 'examples'), new Map([['c3.pcap', nanosecondPcap.encode(exampleFrames)]]));
}

function writeAll(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { expect: { type: 'boolean', default: false }, into: { type: 'string' } },
  });
  // This file runs as dist/pcaps/make.js.
  make(values.into ?? fileURLToPath(new URL('../../pcaps', import.meta.url)), values.expect);
}
