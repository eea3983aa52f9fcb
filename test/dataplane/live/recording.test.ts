/** Recordings beside live ports: complete, in both directions, and never in the way. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Frames } from '../../../dataplane/frame/frames.js';
import { CaptureReader } from '../../../dataplane/port/file/reader.js';
import { Recording } from '../../../dataplane/port/recording.js';
import { bridge } from '../lab.js';
import { FakeNative } from './fake-native.js';
import { start, tapsOf } from './running.js';
import { partialFrame, superFrame, wireFrame, wireFrames } from './super.js';
import type { Described } from './super.js';

const lab = bridge('c1 c2');
const folder = mkdtempSync(join(tmpdir(), 'etherloom-recording-'));
test.after.always(() => {
  rmSync(folder, { recursive: true, force: true });
});

const tcp: Described = {
  version: 4,
  transport: 'tcp',
  tags: 0,
  options: 0,
  tcpOptions: 12,
  tcpFlags: 0x18,
  sequence: 1,
  identification: 1,
  payload: new Uint8Array(5000).fill(7),
  gsoSize: 1448,
};

interface Recorded {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
}

async function recordedIn(path: string): Promise<Recorded[]> {
  const reader = await CaptureReader.open(path);
  const frames: Recorded[] = [];
  do {
    while (reader.next()) {
      const bytes = reader.bytes.slice(reader.at, reader.at + reader.capturedLength);
      frames.push({ bytes, wireLength: reader.wireLength });
    }
  } while (await reader.fill());
  if (reader.damage !== undefined) throw new Error(reader.damage.what);
  await reader.close();
  return frames;
}

/** The direction of each packet, from the epb_flags behind it. */
function directionsIn(path: string): number[] {
  const file = readFileSync(path);
  const directions: number[] = [];
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    if (file.readUInt32LE(at) !== 6) continue;
    const options = at + 28 + ((file.readUInt32LE(at + 20) + 3) & ~3);
    directions.push(file.readUInt32LE(options + 4));
  }
  return directions;
}

/** The frames that a recording saw and those it left out, from its last block. */
function statisticsIn(path: string): { seen: number; leftOut: number } {
  const file = readFileSync(path);
  const block = file.subarray(file.length - file.readUInt32LE(file.length - 4));
  return { seen: block.readUInt32LE(24), leftOut: block.readUInt32LE(36) };
}

test('rule 6: a record shows both directions, every frame as it stands on a wire', async (t) => {
  const path = join(folder, 'both.pcapng');
  const native = new FakeNative();
  const [first, second] = tapsOf(lab);
  const ports = [{ ...first, record: path }, second] as ReturnType<typeof tapsOf>;
  const running = start(lab, { native, ports });
  const whole = superFrame(tcp);
  const short = { ...tcp, payload: new Uint8Array(100).fill(9) };
  native.device('tap0').arriving.push(whole, partialFrame(short));
  await running.until('they are forwarded', () => native.device('tap1').sent.length === 2);
  native.device('tap1').arriving.push(whole);
  await running.until('it is answered', () => native.device('tap0').sent.length === 1);
  await running.stop();
  t.deepEqual(native.device('tap1').sent[0]?.bytes, whole.bytes);
  const expected = [...wireFrames(tcp), wireFrame(short), ...wireFrames(tcp)];
  const seen = await recordedIn(path);
  t.deepEqual(
    seen.map(({ bytes }) => bytes),
    expected,
  );
  t.deepEqual(directionsIn(path), [1, 1, 1, 1, 1, 2, 2, 2, 2]);
  t.deepEqual(running.notices.at(-1), {
    tells: 'recorder-ended',
    port: 0,
    frames: 9,
    leftOut: 0,
    why: 'it was told to end',
  });
});

/** A frame between two stations that is no packet. */
function plain(to: number, from: number, type = 0x88b5): { bytes: Uint8Array } {
  const bytes = new Uint8Array(60);
  bytes.set([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, type >> 8, type & 0xff]);
  return { bytes };
}

test('a record that is asked for begins and ends while frames pass, and a filter chooses among them', async (t) => {
  const path = join(folder, 'asked.pcapng');
  const { native, ...running } = start(lab);
  const [one, two] = [native.device('tap0'), native.device('tap1')];
  one.arriving.push(plain(2, 1));
  await running.until('one passes before', () => two.sent.length === 1);
  running.ask({ ask: 'record', id: 5, port: 1, path, filter: '88b6' });
  await running.until('it has begun', () => native.filters.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  one.arriving.push(plain(2, 1), plain(2, 1, 0x88b6));
  two.arriving.push(plain(1, 2, 0x88b6), plain(1, 2));
  await running.until('some pass', () => one.sent.length === 2 && two.sent.length === 3);
  running.ask({ ask: 'end', id: 5 });
  await running.until('it has ended', () => running.notices.length === 2);
  one.arriving.push(plain(2, 1, 0x88b6));
  await running.until('one passes behind', () => two.sent.length === 4);
  await running.stop();
  t.deepEqual(directionsIn(path).sort(), [1, 2]);
  t.like(running.notices[1], { tells: 'recorder-ended', id: 5, port: 1, frames: 2 });
});

test('what cannot be recorded is refused, and says why', async (t) => {
  const running = start(lab);
  running.ask({ ask: 'record', id: 1, port: 0, path: join(folder, 'no/such/folder') });
  running.ask({ ask: 'record', id: 2, port: 0, path: join(folder, 'x'), filter: 'nonsense' });
  running.ask({ ask: 'record', id: 3, port: 9, path: join(folder, 'x') });
  running.ask({ ask: 'explain', id: 4, port: 0, count: 1 });
  await running.until('all are refused', () => running.notices.length === 5);
  const whys = running.notices.map((notice) => (notice.tells === 'refused' ? notice.why : ''));
  t.regex(whys[1] ?? '', /there is no such file or directory/);
  t.regex(whys[2] ?? '', /can't parse filter expression/);
  t.regex(whys[3] ?? '', /does not serve port 9/);
  t.regex(whys[4] ?? '', /explains nothing/);
  await running.stop();
});

test('a record of the topology that cannot begin ends the Worker with the name of the port', async (t) => {
  const [first, second] = tapsOf(lab);
  const ports = [{ ...first, record: join(folder, 'no/such') }, second] as ReturnType<
    typeof tapsOf
  >;
  await t.throwsAsync(start(lab, { ports }).finished, { message: /^port c1: .*no such file/ });
});

test('when the disk is full the record ends with a notice, and frames pass on', async (t) => {
  const [first, second] = tapsOf(lab);
  const ports = [{ ...first, record: '/dev/full' }, second] as ReturnType<typeof tapsOf>;
  const running = start(lab, { ports });
  await running.until('it has ended', () => running.notices.length === 2);
  t.like(running.notices.at(-1), { tells: 'recorder-ended', port: 0 });
  t.regex(JSON.stringify(running.notices), /no space is left on the device/);
  running.native.device('tap0').arriving.push(plain(2, 1));
  await running.until('it passes', () => running.native.device('tap1').sent.length === 1);
  await running.stop();
});

/** A pool with one frame of 1,500 bytes, and a burst of it. */
function burstOf(count: number): { frames: Frames; burst: Int32Array } {
  const frames = new Frames(4, 1500);
  const slot = frames.claim();
  frames.length[slot] = 1500;
  frames.wireLength[slot] = 1500;
  frames.seconds[slot] = 1;
  return { frames, burst: new Int32Array(count).fill(slot) };
}

test('frames that come faster than they can be written are left out, and the record says how many', async (t) => {
  const path = join(folder, 'flood.pcapng');
  const { frames, burst } = burstOf(256);
  const recording = await Recording.open(frames, path, 'c1');
  for (let i = 0; i < 40; i++) t.is(recording.send(burst, 0, 256), 0);
  t.true(recording.leftOut > 0);
  await recording.close();
  t.is(recording.frames + recording.leftOut, 40 * 256);
  t.is((await recordedIn(path)).length, recording.frames);
  t.deepEqual(statisticsIn(path), { seen: 40 * 256, leftOut: recording.leftOut });
  t.is(recording.ended, undefined);
});

test('a pipe may get its reader late, and may stand still; nobody waits for it', async (t) => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const { frames, burst } = burstOf(10);
  const recording = await Recording.open(frames, path, 'c1');
  recording.send(burst, 0, 10);
  recording.tend();
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const chunk = new Uint8Array(1 << 20);
  const seen: Uint8Array[] = [];
  const read = (): void => {
    try {
      const got = readSync(reader, chunk);
      if (got > 0) seen.push(chunk.slice(0, got));
    } catch {
      // nothing is there yet
    }
  };
  // More than a pipe holds: writing stands still until the reader goes on.
  for (let i = 0; i < 20; i++) {
    recording.send(burst, 0, 10);
    recording.tend();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.false(recording.isBusy);
  const closing = recording.close();
  const reading = setInterval(read, 1);
  await closing;
  clearInterval(reading);
  read();
  closeSync(reader);
  t.is(recording.ended, undefined);
  t.is(recording.leftOut, 0);
  const file = Buffer.concat(seen);
  let packets = 0;
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4))
    if (file.readUInt32LE(at) === 6) packets++;
  t.is(packets, 210);
});

test('a pipe whose reader goes away ends the record, and one that never had a reader is closed in time', async (t) => {
  const path = join(folder, 'left');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const { frames, burst } = burstOf(10);
  const recording = await Recording.open(frames, path, 'c1');
  closeSync(reader);
  recording.send(burst, 0, 10);
  recording.tend();
  await recording.close();
  t.regex(recording.ended ?? '', /nobody reads the pipe any more/);
  t.is(recording.send(burst, 0, 10), 0);
  t.is(recording.frames, 10);
  const unread = await Recording.open(frames, path, 'c1');
  unread.send(burst, 0, 10);
  const before = performance.now();
  await unread.close();
  t.true(performance.now() - before < 5000);
  t.regex(unread.ended ?? '', /did not take the rest/);
});
