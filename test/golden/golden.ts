/** The golden captures as files, and what tells two captures apart, in words. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describeFrame } from '../../control/explain/dissect.js';
import { compile } from '../../control/compile/compile.js';
import { loadLab } from '../../control/model/load.js';
import { portNamed } from '../../control/replay/inputs.js';
import type { InputFile } from '../../control/replay/inputs.js';
import { Counters } from '../../dataplane/observe/counters.js';
import { CONTROL_BYTES } from '../../dataplane/worker/control.js';
import { replay } from '../../dataplane/worker/replay.js';
import { readBytes } from '../capture/read.js';
import type { ReadFrame } from '../capture/read.js';

export const pcaps = fileURLToPath(new URL('../../../pcaps', import.meta.url));
export const claims = readdirSync(join(pcaps, 'golden')).sort();

/** All files below a folder, by their paths in it, in order. */
export function filesUnder(folder: string): ReadonlyMap<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const isFile = (path: string): boolean => statSync(join(folder, path)).isFile();
  return new Map(paths.filter(isFile).map((path) => [path, readFileSync(join(folder, path))]));
}

/** Replays the inputs of a folder, in the order of their names, and gives how many frames were not accounted for. */
export async function replayFolder(folder: string, out: string, burst: number): Promise<number> {
  const compiled = compile(await loadLab(join(folder, 'lab.yaml')));
  const names = readdirSync(join(folder, 'in')).sort();
  const inputs = names.map((file): InputFile => {
    const name = file.replace(/\.pcap(ng)?(\.gz)?$/, '');
    return { port: portNamed(name, compiled), name, path: join(folder, 'in', file) };
  });
  const counters = new Counters(compiled.ports.length);
  await replay({
    program: compiled.program.buffer,
    counters: counters.memory,
    control: new SharedArrayBuffer(CONTROL_BYTES),
    inputs,
    outputs: compiled.ports.flatMap(({ port, isOpen }, row) =>
      isOpen ? [{ port: row, name: port, path: join(out, `${port}.pcap`) }] : [],
    ),
    format: 'pcap',
    burst,
  });
  return counters.unaccounted();
}

/** The first frame in which two captures differ, in words; undefined when only something else does. */
export async function firstDifference(
  expected: Uint8Array,
  found: Uint8Array,
): Promise<string | undefined> {
  const [wanted, given] = [await readBytes(expected), await readBytes(found)];
  const count = Math.max(wanted.frames.length, given.frames.length);
  for (let i = 0; i < count; i++) {
    const lines = [wanted.frames[i], given.frames[i]].map(wordsOf);
    if (lines[0] !== lines[1])
      return `frame ${i + 1}\n  expected ${lines[0] ?? ''}\n  but came ${lines[1] ?? ''}`;
  }
  return undefined;
}

function wordsOf(frame: ReadFrame | undefined): string {
  if (frame === undefined) return 'none';
  const { bytes, wireLength, seconds, nanoseconds } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { summary, length, captured } = describeFrame(view, 0, bytes.length, wireLength);
  const digits = Buffer.from(bytes).toString('hex');
  const time = `${seconds}.${String(nanoseconds).padStart(9, '0')}`;
  return `at ${time}, ${captured} of ${length} bytes: ${summary} [${digits}]`;
}
