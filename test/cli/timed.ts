/** Frames at moments of a replay, as captures of their ports. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import * as build from '../capture/build.js';
import { labFolder } from './run.js';

/** 2023-11-14T22:13:20Z. */
const FIRST_S = 1_700_000_000;

/** A frame, the port by which it comes in, and when: in seconds after the first. */
export type Timed = readonly [seconds: number, port: string, frame: Uint8Array];

/** Puts a lab and captures of its ports into a folder; gives the words that name them. */
export function setUp(
  t: ExecutionContext,
  lab: string,
  frames: readonly Timed[],
): { folder: string; words: string[] } {
  const folder = labFolder(t, lab);
  const ports = [...new Set(frames.map(([, port]) => port))];
  const words = ports.flatMap((name) => {
    const records = frames
      .filter(([, port]) => port === name)
      .map(([seconds, , frame]) =>
        build.pcapRecord(frame, {
          seconds: FIRST_S + Math.floor(seconds),
          fraction: (seconds % 1) * 1e6,
        }),
      );
    writeFileSync(join(folder, `${name}.pcap`), build.join(build.pcapHeader(), ...records));
    return ['--in', `${name}=${name}.pcap`];
  });
  return { folder, words: ['lab.yaml', ...words] };
}
