/**
 * The assistant that sends frames of its own at the left end and sees what comes of them, in one thread: it sends, looks, and sends
 * again, and reads one clock for both. It does not sleep where sleeping would be measured.
 *
 * It runs in the namespace of the right end, whose interface counters say how many frames have arrived there.
 */
import { readFileSync } from 'node:fs';
import { Frames } from '../../dataplane/frame/frames.js';
import { loadNative } from '../../native-bindings/load.js';
import { assist } from './assistant.js';
import { countersOf } from './interface-counters.js';
import type { InterfaceCounters } from './interface-counters.js';
import { Histogram } from './histogram.js';
import { echoAnswered, stamp, stampOf, writeEcho, writeProbe } from './probe-frame.js';
import type { Conversation } from './probe-frame.js';

/** One frame to and fro at a time. */
interface Exchange {
  readonly ask: 'exchange';
  /** Who answers: the kernel, an ICMP echo, for which the prober looks without pause; or an answerer, for which it sleeps. */
  readonly with: 'kernel' | 'program';
  readonly warmUp_ms: number;
  readonly measure_ms: number;
}

export type ProberQuestion = { readonly leftNamespace: string; readonly who: Conversation } & (
  | { readonly ask: 'flood'; readonly warmUp_ms: number; readonly measure_ms: number }
  | { readonly ask: 'pace'; readonly framesPerSecond: number; readonly measure_ms: number }
  | { readonly ask: 'stamp'; readonly framesPerSecond: number; readonly measure_ms: number }
  | Exchange
);

export interface ProberAnswer {
  readonly sent: number;
  /** Frames and bytes that arrived, by the counters of the interface or, for `stamp` and `exchange`, seen by the prober. */
  readonly arrived: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Of `stamp` and `exchange`: percentiles and maximum in microseconds. */
  readonly times_us: Readonly<Record<'p50' | 'p99' | 'p99.9' | 'max', number>>;
}

const SLOTS = 1024;
const BURST = 64;
const MTU = 1500;
/** After this long a frame is lost. */
const LOST_NS = 100e6;
const WARM_NS = 200e6;
const MS = 1e6;

const native = loadNative();
const frames = new Frames(SLOTS, MTU);
native.attachPool(frames, frames.room, 0);
const toSend = Int32Array.from({ length: BURST }, () => frames.claim());
const toReceive = Int32Array.from({ length: BURST }, () => frames.claim());
const ready = new Int32Array(1);
const outcomes = new Uint8Array(BURST);

function open(namespace?: string): number {
  const place = { interface: 'eth0', port: 0, serial: 0 };
  return native.openPacket(
    namespace === undefined ? place : { ...place, namespace: `/run/netns/${namespace}` },
  );
}

const arrivedHere = (): InterfaceCounters =>
  countersOf(readFileSync('/proc/self/net/dev', 'utf8'), 'eth0');

const NO_TIMES = { p50: NaN, p99: NaN, 'p99.9': NaN, max: NaN };

/** Sends as fast as it can. */
function flood(left: number, warmUp_ms: number, measure_ms: number): ProberAnswer {
  let sent = 0;
  const until = (end: number): void => {
    while (native.now() < end)
      for (let i = 0; i < 8; i++) sent += BURST - native.send(left, toSend, 0, BURST, outcomes);
  };
  until(native.now() + warmUp_ms * MS);
  sent = 0;
  const before = arrivedHere();
  const start = native.now();
  until(start + measure_ms * MS);
  const seconds = (native.now() - start) / 1e9;
  return { sent, ...since(before), seconds, times_us: NO_TIMES };
}

function since(before: InterfaceCounters): { arrived: number; bytes: number } {
  const now = arrivedHere();
  return { arrived: now.frames - before.frames, bytes: now.bytes - before.bytes };
}

/** Sends `total` frames evenly, each when it is due; what is late goes in one burst. `between` is called all the while. */
function sendPaced(
  left: number,
  total: number,
  gap_ns: number,
  prepare: (count: number) => void,
  between: () => void,
): void {
  const start = native.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor((native.now() - start) / gap_ns) + 1) - sent;
    const count = Math.min(due, BURST);
    if (count > 0) {
      prepare(count);
      native.send(left, toSend, 0, count, outcomes);
      sent += count;
    }
    between();
  }
}

/** Has the right end speak once, so that whatever learns knows where it is. */
function introduce(who: Conversation): void {
  const right = open();
  const [frame = 0] = toSend;
  const { sourceMac, destinationMac } = who;
  writeProbe(frames, frame, { ...who, sourceMac: destinationMac, destinationMac: sourceMac });
  native.send(right, toSend, 0, 1, outcomes);
  native.close(right);
}

const nothing = (): void => undefined;

/** Sends evenly, and counts what arrives. */
function pace(left: number, framesPerSecond: number, measure_ms: number): ProberAnswer {
  const sent = Math.max(1, Math.round((framesPerSecond * measure_ms) / 1000));
  const before = arrivedHere();
  const start = native.now();
  sendPaced(left, sent, 1e9 / framesPerSecond, nothing, nothing);
  const seconds = (native.now() - start) / 1e9;
  const giveUp = native.now() + LOST_NS;
  while (since(before).arrived < sent && native.now() < giveUp);
  return { sent, ...since(before), seconds, times_us: NO_TIMES };
}

/** Sends evenly, and notes how long each frame has been on its way. */
function stampEach(left: number, framesPerSecond: number, measure_ms: number): ProberAnswer {
  const right = open();
  const times = new Histogram();
  let seen = 0;
  const receive = (): void => {
    const count = native.receive(right, toReceive, BURST);
    const now = native.now();
    for (let i = 0; i < count; i++) {
      const sentAt = stampOf(frames, toReceive[i] ?? 0);
      if (Number.isNaN(sentAt)) continue;
      seen++;
      times.note((now - sentAt) / 1000);
    }
  };
  const prepare = (count: number): void => {
    const now = native.now();
    for (let i = 0; i < count; i++) stamp(frames, toSend[i] ?? 0, now);
  };
  const gap_ns = 1e9 / framesPerSecond;
  const drain = (total: number): void => {
    const giveUp = native.now() + LOST_NS;
    while (seen < total && native.now() < giveUp) receive();
  };
  const warm = Math.max(1, Math.floor(WARM_NS / gap_ns));
  sendPaced(left, warm, gap_ns, prepare, receive);
  drain(warm);
  times.clear();
  seen = 0;
  const sent = Math.max(1, Math.round((framesPerSecond * measure_ms) / 1000));
  const start = native.now();
  sendPaced(left, sent, gap_ns, prepare, receive);
  drain(sent);
  const seconds = (native.now() - start) / 1e9;
  native.close(right);
  return { sent, arrived: seen, bytes: NaN, seconds, times_us: timesOf(times) };
}

/** Sends a question, waits for its answer, sends the next. */
function exchange(left: number, who: Conversation, kind: Exchange): ProberAnswer {
  const times = new Histogram();
  const isProgram = kind.with === 'program';
  const answerOf = isProgram ? stampOf : echoAnswered;
  let sequence = 0;
  const isAnswered = (): boolean => {
    const count = native.receive(left, toReceive, BURST);
    for (let i = 0; i < count; i++)
      if (answerOf(frames, toReceive[i] ?? 0) === sequence) return true;
    return false;
  };
  const once = (): void => {
    const [frame = 0] = toSend;
    sequence = (sequence + 1) & 0xffff;
    if (isProgram) stamp(frames, frame, sequence);
    else writeEcho(frames, frame, who, sequence);
    const start = native.now();
    native.send(left, toSend, 0, 1, outcomes);
    for (let now = start; now - start < LOST_NS; now = native.now()) {
      if (isProgram) native.wait(ready, LOST_NS / 1000);
      if (!isAnswered()) continue;
      times.note((native.now() - start) / 1000);
      break;
    }
  };
  let sent = 0;
  const until = (end: number): void => {
    for (; native.now() < end; sent++) once();
  };
  until(native.now() + kind.warmUp_ms * MS);
  times.clear();
  sent = 0;
  const start = native.now();
  until(start + kind.measure_ms * MS);
  const seconds = (native.now() - start) / 1e9;
  return { sent, arrived: times.count, bytes: NaN, seconds, times_us: timesOf(times) };
}

function timesOf(times: Histogram): ProberAnswer['times_us'] {
  const [p50 = 0, p99 = 0, p999 = 0] = [0.5, 0.99, 0.999].map((q) => times.quantile(q));
  return { p50, p99, 'p99.9': p999, max: times.max_us };
}

assist((question: ProberQuestion): ProberAnswer => {
  const { who, leftNamespace, measure_ms } = question;
  introduce(who);
  const left = open(leftNamespace);
  for (const frame of toSend) writeProbe(frames, frame, who);
  try {
    switch (question.ask) {
      case 'flood':
        return flood(left, question.warmUp_ms, measure_ms);
      case 'pace':
        return pace(left, question.framesPerSecond, measure_ms);
      case 'stamp':
        return stampEach(left, question.framesPerSecond, measure_ms);
      case 'exchange':
        return exchange(left, who, question);
    }
  } finally {
    native.close(left);
  }
});
