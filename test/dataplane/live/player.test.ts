/** Captures played in real time, by a clock that the test turns. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Frames } from '../../../dataplane/frame/frames.js';
import { Counters } from '../../../dataplane/observe/counters.js';
import { Reason } from '../../../dataplane/observe/reason.js';
import { CaptureReader } from '../../../dataplane/port/file/reader.js';
import { CaptureWriter } from '../../../dataplane/port/file/writer.js';
import { Player } from '../../../dataplane/port/player.js';
import type { Pace } from '../../../dataplane/port/player.js';
import { bridge } from '../lab.js';
import { start, tapsOf } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'etherloom-player-'));
test.after.always(() => {
  rmSync(folder, { recursive: true, force: true });
});
let made = 0;

/** A capture of frames of 60 bytes at these times in milliseconds; `snapped` ones keep 40 bytes. */
async function captureOf(times_ms: readonly number[], snapped: readonly number[] = []) {
  const path = join(folder, `${made++}.pcap`);
  const writer = CaptureWriter.pcap(path);
  for (const [i, time] of times_ms.entries()) {
    const bytes = new Uint8Array(60);
    bytes.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5, i]);
    const kept = snapped.includes(i) ? 40 : 60;
    writer.put(bytes, 0, kept, 60, 1000 + Math.floor(time / 1000), (time % 1000) * 1e6);
  }
  await writer.close();
  return path;
}

async function playing(path: string, pace: Pace) {
  const clock = { tick: 5e6, now: () => clock.tick, seconds: 2000, nanoseconds: 999_000_000 };
  const frames = new Frames(512, 1500);
  const counters = new Counters(1);
  const player = new Player(frames, counters, 0, await CaptureReader.open(path), pace, clock);
  const into = new Int32Array(256);
  /** The frames that are due at this many milliseconds after the start, by the number in them. */
  const at = (ms: number, most = 256): number[] => {
    clock.tick = 5e6 + ms * 1e6;
    const count = player.receive(into, most);
    return Array.from(into.slice(0, count), (slot) => {
      frames.release(slot);
      return frames.bytes[(frames.start[slot] ?? 0) + 14] ?? -1;
    });
  };
  return { player, frames, counters, into, at, clock };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Waits until a player has read to the end, however busy the machine is. */
async function untilEnded(player: { readonly ended: boolean }): Promise<void> {
  for (let tries = 0; tries < 500 && !player.ended; tries++) await settle();
}

test('frames come when they are due: as captured, times a factor, or so many a second', async (t) => {
  const path = await captureOf([0, 10, 10, 2500]);
  const captured = await playing(path, { times: 1 });
  t.deepEqual(captured.at(0), [0]);
  t.is(captured.player.due, 15e6);
  t.deepEqual(captured.at(9.999), []);
  t.deepEqual(captured.at(10), [1, 2]);
  t.deepEqual(captured.at(2499), []);
  t.deepEqual(captured.at(2500), [3]);

  const twice = await playing(path, { times: 2 });
  t.deepEqual(twice.at(4.9), [0]);
  t.deepEqual(twice.at(5), [1, 2]);
  t.deepEqual(twice.at(1250), [3]);

  const rate = await playing(path, { framesPerSecond: 1000 });
  t.deepEqual(rate.at(0), [0]);
  t.deepEqual(rate.at(1), [1]);
  t.deepEqual(rate.at(7), [2, 3]);

  const most = await playing(path, 'max');
  t.deepEqual(most.at(0, 3), [0, 1, 2]);
  t.deepEqual(most.at(0, 3), [3]);
});

test('frames carry the time at which they are played and their number in the capture; times that run backwards are due at once', async (t) => {
  const { at, frames, into } = await playing(await captureOf([500, 400, 600]), { times: 1 });
  t.deepEqual(at(3), [0, 1]);
  const slot = into[1] ?? -1;
  t.is(frames.tick[slot], 8e6);
  t.is(frames.serial[slot], 2);
  t.is(frames.seconds[slot], 2001);
  t.is(frames.nanoseconds[slot], 7e6);
  t.deepEqual(at(100), [2]);
});

test('a player tells when it has ended, and what was wrong with its capture', async (t) => {
  const { player, at } = await playing(await captureOf([0, 1]), 'max');
  t.deepEqual(at(0), [0, 1]);
  t.true(player.isBusy);
  await untilEnded(player);
  t.true(player.ended);
  t.is(player.given, 2);
  t.is(player.due, Infinity);
  t.is(player.damage, undefined);
  await player.close();
});

test('a frame of which the capture kept only a part is received and dropped', async (t) => {
  const { counters, at } = await playing(await captureOf([0, 0, 0], [1]), 'max');
  t.deepEqual(at(0), [0, 2]);
  t.is(counters.framesIn[0], 1);
  t.is(counters.bytesIn[0], 60);
  t.is(counters.dropped[Reason.SnappedFrame], 1);
});

test('a pool without a free slot holds a player up and loses nothing', async (t) => {
  const { frames, at } = await playing(await captureOf([0, 0, 0]), 'max');
  const all: number[] = [];
  for (let slot = frames.claim(); slot >= 0; slot = frames.claim()) all.push(slot);
  t.deepEqual(at(0), []);
  for (const slot of all) frames.release(slot);
  t.deepEqual(at(0), [0, 1, 2]);
});

test('a Worker plays a capture into its network, tells when it is over, and accounts for every frame', async (t) => {
  const lab = bridge('c1 c2 c3');
  const path = await captureOf([0, 20, 40, 41], [3]);
  const [, ...taps] = tapsOf(lab);
  const player = { port: 0, name: 'c1', kind: 'play', path, speed: { times: 1 } } as const;
  const running = start(lab, { ports: [player, ...taps] });
  await running.until('it is over', () => running.notices.length === 2);
  t.deepEqual(running.notices[1], { tells: 'played', port: 0, frames: 4 });
  t.is(running.native.device('tap1').sent.length, 3);
  await running.stop();
  t.is(running.counters.framesIn[0], 4);
  t.is(running.counters.unaccounted(), 0);
});

test('a capture that cannot be opened ends the Worker with the name of the port', async (t) => {
  const lab = bridge('c1 c2');
  const [, ...taps] = tapsOf(lab);
  const player = {
    port: 0,
    name: 'c1',
    kind: 'play',
    path: '/no/such.pcap',
    speed: 'max',
  } as const;
  const { finished } = start(lab, { ports: [player, ...taps] });
  await t.throwsAsync(finished, { message: /^port c1: \/no\/such.pcap: .*no such file/ });
});
