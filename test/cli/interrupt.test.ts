import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Summary } from '../../control/replay/summary.js';
import { readBytes } from '../capture/read.js';
import { captureOf, endedWith, frameFrom, labFolder, MAIN, outcomeOf, start } from './run.js';

const REPLAY = ['replay', 'lab.yaml', '--in', 'c1=live', '--out', 'out'];

/** Waits until the replay has written so many bytes. */
async function outputOf(folder: string, bytes: number): Promise<void> {
  const path = join(folder, 'out/c2.pcap');
  for (let tries = 0; tries < 1500; tries++) {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? -1) >= bytes) return;
    await sleep(20);
  }
  throw new Error('the replay did not begin');
}

async function wholeAndInterrupted(t: ExecutionContext, folder: string): Promise<number> {
  const summary = JSON.parse(readFileSync(join(folder, 'out/summary.json'), 'utf8')) as Summary;
  t.true(summary.interrupted);
  for (const port of ['c1', 'c2', 'c3.net', 'c3.other']) {
    const { frames, damage } = await readBytes(readFileSync(join(folder, `out/${port}.pcap`)));
    t.is(damage, undefined);
    t.is(frames.length, summary.ports.find((one) => one.port === port)?.framesOut ?? -1);
  }
  return summary.frames.received;
}

test('Ctrl-C in the middle leaves complete captures and a summary that says so', async (t) => {
  const folder = labFolder(t);
  execFileSync('mkfifo', [join(folder, 'live')]);
  const child = start(folder, ...REPLAY);
  const ended = outcomeOf(child);
  const feed = createWriteStream(join(folder, 'live'));
  feed.on('error', () => undefined); // the reader goes away
  const capture = captureOf(1000, frameFrom(2, 3));
  feed.write(capture);
  const feeding = setInterval(() => feed.write(capture.subarray(24)), 5);
  await outputOf(folder, 1);
  child.kill('SIGINT');
  const outcome = await ended;
  clearInterval(feeding);
  feed.destroy();
  endedWith(t, outcome, 130);
  t.is(outcome.stderr, '');
  t.regex(outcome.stdout, /^interrupted: /m);
  t.true((await wholeAndInterrupted(t, folder)) >= 1000);
});

test('Ctrl-C also ends a replay that waits for a pipe which says nothing', async (t) => {
  const folder = labFolder(t);
  execFileSync('mkfifo', [join(folder, 'live')]);
  const child = start(folder, ...REPLAY);
  const ended = outcomeOf(child);
  const feed = createWriteStream(join(folder, 'live'));
  feed.on('error', () => undefined);
  feed.write(captureOf(3, frameFrom(2, 3)));
  await outputOf(folder, 0);
  await sleep(300);
  child.kill('SIGINT');
  const outcome = await ended;
  feed.destroy();
  t.true(outcome.status === 130 || outcome.signal === 'SIGINT', outcome.stderr);
  await wholeAndInterrupted(t, folder);
});

test('progress is shown on a terminal, and nowhere else', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) {
    t.log('skipped: there is no script(1) of util-linux to make a terminal');
    t.pass();
    return;
  }
  const folder = labFolder(t);
  const capture = captureOf(1000, frameFrom(2, 3));
  writeFileSync(
    join(folder, 'live'),
    Buffer.concat([capture, ...Array<Uint8Array>(999).fill(capture.subarray(24))]),
  );
  const words = [process.execPath, MAIN, ...REPLAY].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', words, '/dev/null'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const shown = await outcomeOf(child);
  t.is(shown.status, 0);
  t.regex(shown.stdout, /\d+% \| [\d,]+ frames \| [\d.]+ million\/s \| .* left/);
  const piped = await outcomeOf(start(folder, ...REPLAY));
  endedWith(t, piped, 0);
  t.is(piped.stderr, '');
  t.false(piped.stdout.includes('left'));
});
