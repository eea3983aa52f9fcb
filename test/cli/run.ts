/** The real command as a child process, in a folder of its own with a lab and captures. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { run } from '../../control/cli/run.js';
import * as build from '../capture/build.js';

export const MAIN = fileURLToPath(new URL('../../control/cli/main.js', import.meta.url));

/** c1 and c2 are on net, c3 on net and other. */
export const LAB = `services:
  c1: { networks: { net: {} } }
  c2: { networks: { net: {} } }
  c3: { networks: { net: {}, other: {} } }
networks:
  net: {}
  other: {}
`;

/** What a call of the command came to. */
export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that is removed after the test, with lab.yaml, a.pcap (3 frames of c1 to c2) and b.pcap (2 frames of c2 to c1). */
export function labFolder(t: ExecutionContext, lab = LAB): string {
  const folder = mkdtempSync(join(tmpdir(), 'etherloom-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'lab.yaml'), lab);
  writeFileSync(join(folder, 'a.pcap'), captureOf(3, frameFrom(2, 3)));
  writeFileSync(join(folder, 'b.pcap'), captureOf(2, frameFrom(3, 2)));
  return folder;
}

/** A frame of 60 bytes between the MACs that Docker gives the addresses 172.18.0.x. */
export function frameFrom(source: number, destination: number): Uint8Array {
  const frame = build.counting(60);
  frame.set([0x02, 0x42, 0xac, 0x12, 0, destination, 0x02, 0x42, 0xac, 0x12, 0, source]);
  frame.set([0x88, 0xb5], 12);
  return frame;
}

/** A pcap of `count` equal frames, a second apart. */
export function captureOf(count: number, frame: Uint8Array): Uint8Array {
  const records = Array.from({ length: count }, (_, seconds) =>
    build.pcapRecord(frame, { seconds }),
  );
  return build.join(build.pcapHeader(), ...records);
}

/** Starts the command; its output is collected by `outcomeOf`. */
export function start(cwd: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolve({ status, signal, stdout, stderr });
    });
  });
}

/** Runs the command to its end. */
export function etherloom(cwd: string, ...args: readonly string[]): Promise<Outcome> {
  return outcomeOf(start(cwd, ...args));
}

/** Asserts an exit status, and that nobody sees a stack trace. */
export function endedWith(t: ExecutionContext, outcome: Outcome, status: number): void {
  t.is(outcome.status, status, outcome.stderr);
  t.notRegex(outcome.stderr, /^\s+at /m);
}

/** Runs the command within this process, which is faster; only in serial tests, since it takes the process's folder and streams. */
export async function inProcess(cwd: string, ...args: readonly string[]): Promise<Outcome> {
  const home = process.cwd();
  const streams = [process.stdout, process.stderr];
  const told = streams.map(() => '');
  const writes = streams.map((stream) => Object.getOwnPropertyDescriptor(stream, 'write'));
  process.chdir(cwd);
  for (const [i, stream] of streams.entries()) {
    stream.write = (text: string | Uint8Array) => {
      told[i] = (told[i] ?? '') + text.toString();
      return true;
    };
  }
  try {
    const status = await run(args);
    return { status, signal: null, stdout: told[0] ?? '', stderr: told[1] ?? '' };
  } finally {
    for (const [i, stream] of streams.entries()) {
      const own = writes[i];
      if (own) Object.defineProperty(stream, 'write', own);
      else Reflect.deleteProperty(stream, 'write');
    }
    process.chdir(home);
  }
}
