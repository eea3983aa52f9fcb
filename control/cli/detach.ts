/**
 * `up -d`: the lab is held by a process of its own, which tells the one that started it when it is ready, or why it never will be.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { labFolder, readState } from '../supervisor/state.js';
import { Refused } from './errors.js';
import type { UpOptions } from './up.js';

/** In the environment of the process in the background. */
const MARK = 'ETHERLOOM_DETACHED';

/** What it sends when the lab is up. */
const READY = 'ready';

/**
 * Starts `up` in the background and waits until it is ready; then prints what it has said so far: notes, and what was made.
 * @throws Refused with what it said, when it is not
 */
export async function detach(lab: string, topology: string, options: UpOptions): Promise<void> {
  const folder = labFolder(lab);
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, 'up.log'), 'a+', 0o644);
  const before = fstatSync(log).size;
  const child = spawn(process.execPath, [...process.execArgv, ...wordsFor(topology, options)], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  const pass = (): void => {
    child.kill('SIGTERM');
  };
  process.on('SIGINT', pass);
  process.on('SIGTERM', pass);
  try {
    const isReady = await readyOf(child);
    const text = textFrom(log, before);
    if (!isReady) throw new Refused(refusalIn(text));
    process.stdout.write(text);
  } finally {
    process.off('SIGINT', pass);
    process.off('SIGTERM', pass);
    closeSync(log);
    if (readState(lab) === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** In the background: tells the process that waits. Does nothing elsewhere. */
export function reportReady(): void {
  if (process.env[MARK] === undefined || process.send === undefined) return;
  process.send(READY, () => {
    if (process.connected) process.disconnect();
  });
}

function wordsFor(topology: string, { workers, busyPoll }: UpOptions): string[] {
  return [
    process.argv[1] ?? '',
    'up',
    topology,
    ...(workers === undefined ? [] : ['--workers', workers]),
    ...(busyPoll ? ['--busy-poll'] : []),
  ];
}

/** True when it reports that it is, false when it ends without. */
function readyOf(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      resolve(false);
    });
    child.once('message', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** Through the descriptor: the file goes with the lab. */
function textFrom(descriptor: number, at: number): string {
  const bytes = Buffer.alloc(fstatSync(descriptor).size - at);
  readSync(descriptor, bytes, 0, bytes.length, at);
  return bytes.toString('utf8');
}

function refusalIn(text: string): string {
  const said = text.trimEnd();
  return said === '' ? 'etherloom: the lab ended before it was ready' : said;
}
