/**
 * The functions that a frame passes on its way, each in a loop over seeded data that no compiler can foresee. A loop makes CALLS calls and
 * gives back a number that depends on all of them, so that none can be left out. The loops are written out one by one: in a common one
 * V8 would see several functions and inline none.
 */
import { parseOn } from '../../dataplane/forward/parse.js';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { copyBytes, memoryOf } from '../../dataplane/frame/copy.js';
import {
  PCAP_HEADER_BYTES,
  PCAP_MAGIC_NANOSECONDS,
  PCAP_RECORD_BYTES,
  PcapDecoder,
} from '../../dataplane/port/file/pcap.js';
import { FRAME_BYTES_MAX, FrameRecord, Notes } from '../../dataplane/port/file/record.js';
import { MemorySource } from '../../dataplane/port/file/source.js';
import { Window } from '../../dataplane/port/file/window.js';
import { synthOn } from '../../dataplane/port/synth.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import { Fdb } from '../../dataplane/state/fdb.js';
import { FibBuilder } from '../../dataplane/state/fib.js';
import { checksumOf, sum, updateChecksum } from '../../dataplane/wire/checksum.js';

/** One function to measure. */
export interface Measured {
  readonly name: string;
  /** Calls it CALLS times. */
  readonly loop: () => number;
}

/** Calls in one run of a loop; a power of two, as BURST. */
export const CALLS = 1024;

/** Runs after which the same data come again, where they matter. */
const RUNS = 1024;

const MAC_HIGH = 0x0242;
const AGEING_NS = 300e9;
const LONG = 1500;
const SHORT = 64;

/** Makes them all from one seed. */
export async function functionsOf(seed: number): Promise<Measured[]> {
  return [
    parsing(seed),
    ...finding(seed),
    learning(seed),
    ...[1, 10_000, 500_000].map((prefixes) => routing(seed, prefixes)),
    ...checksums(seed),
    copying(SHORT, seed),
    copying(LONG, seed),
    await reading(seed),
  ];
}

function parsing(seed: number): Measured {
  const program = allocateProgram({ networks: 1, addresses: 0, ports: 2, stations: 0 }, 1);
  program.networks.mtu[0] = LONG;
  program.networks.stationsMax[0] = BURST;
  const plane = new Plane(program);
  const burst = new Int32Array(BURST);
  const traffic = { seed, hosts: BURST, ports: 2, frameBytes: [64], pattern: 'unicast' } as const;
  synthOn(plane.frames, traffic).receive(burst, BURST);
  const parse = parseOn(plane);
  const { payload } = plane.frames;
  const loop = (): number => {
    let told = 0;
    for (let i = 0; i < CALLS; i++) {
      const frame = burst[i & (BURST - 1)] ?? 0;
      told = (told + parse(frame) + (payload[frame] ?? 0)) | 0;
    }
    return told;
  };
  return { name: 'parse, an untagged frame', loop };
}

/** A table of 1,024 stations, and in which order they are asked for. */
function stations(seed: number): { table: Fdb; known: Int32Array; order: Int32Array } {
  const table = new Fdb(0, 2, CALLS, 1, AGEING_NS);
  const known = randomWords(seed, CALLS);
  for (const [i, low] of known.entries()) table.learn(MAC_HIGH, low, i & 1, i, 0);
  const order = randomWords(seed + 2, CALLS).map((word) => word & (CALLS - 1));
  return { table, known, order };
}

function finding(seed: number): Measured[] {
  const { table, known, order } = stations(seed);
  const asked = order.map((place) => known[place] ?? 0);
  const unknown = randomWords(seed + 4, CALLS);
  const loopOver = (lows: Int32Array) => (): number => {
    let told = 0;
    for (let i = 0; i < CALLS; i++) told = (told + table.find(MAC_HIGH, lows[i] ?? 0, i)) | 0;
    return told;
  };
  return [
    { name: 'Fdb.find, hit among 1,024', loop: loopOver(asked) },
    { name: 'Fdb.find, miss among 1,024', loop: loopOver(unknown) },
  ];
}

function learning(seed: number): Measured {
  const { table, known, order } = stations(seed);
  const loop = (): number => {
    let told = 0;
    for (let i = 0; i < CALLS; i++) {
      const place = order[i] ?? 0;
      told = (told + table.learn(MAC_HIGH, known[place] ?? 0, place & 1, i, i)) | 0;
    }
    return told;
  };
  return { name: 'Fdb.learn, refresh among 1,024', loop };
}

/** So many prefixes of 24 bits, and addresses within them in no order, so many that no cache remembers them from one run to the next. */
function routing(seed: number, prefixes: number): Measured {
  const builder = new FibBuilder();
  const table = builder.newTable();
  const known = randomWords(seed, prefixes);
  for (const [route, address] of known.entries())
    builder.add(table, 4, [0, 0, 0, address], 96 + 24, route);
  const fib = builder.build();
  const asked = randomWords(seed + 6, RUNS * CALLS).map(
    (word) => (known[(word >>> 0) % prefixes] ?? 0) ^ (word & 0xff),
  );
  let run = 0;
  const loop = (): number => {
    const first = (run++ % RUNS) * CALLS;
    let told = 0;
    for (let i = first; i < first + CALLS; i++)
      told = (told + fib.findIpv4(table, asked[i] ?? 0)) | 0;
    return told;
  };
  return { name: `Fib.find among ${prefixes.toLocaleString('en-US')}`, loop };
}

function checksums(seed: number): Measured[] {
  const words = randomWords(seed, LONG + CALLS);
  const bytes = new DataView(words.buffer);
  const whole = (): number => {
    let told = 0;
    for (let i = 0; i < CALLS; i++) told = (told + checksumOf(sum(bytes, i * 4, LONG))) | 0;
    return told;
  };
  const update = (): number => {
    let checksum = 0;
    for (let i = 0; i < CALLS; i++) {
      const word = words[i] ?? 0;
      checksum = updateChecksum(checksum, word & 0xffff, word >>> 16);
    }
    return checksum;
  };
  return [
    { name: 'checksum of 1,500 bytes', loop: whole },
    { name: 'checksum update (RFC 1624)', loop: update },
  ];
}

function copying(length: number, seed: number): Measured {
  const from = memoryOf(new Uint8Array(randomWords(seed, CALLS * SHORT).buffer));
  const to = memoryOf(new Uint8Array(new SharedArrayBuffer(LONG)));
  const loop = (): number => {
    let told = 0;
    for (let i = 0; i < CALLS; i++) {
      copyBytes(from, i * SHORT, to, 0, length);
      told = (told + (to.bytes[i & (SHORT - 1)] ?? 0)) | 0;
    }
    return told;
  };
  return { name: `copyBytes, ${length.toLocaleString('en-US')} bytes`, loop };
}

/** The records of a pcap file in memory, without the waiting: what `CaptureReader.next` does. */
async function reading(seed: number): Promise<Measured> {
  const file = captureOf(seed);
  const window = new Window(new MemorySource(file), file.length);
  await window.fill();
  const first = window.at + PCAP_HEADER_BYTES;
  const decoder = PcapDecoder.of(new DataView(file.buffer), new Notes());
  if (!(decoder instanceof PcapDecoder)) throw new Error(decoder.what);
  const frame = new FrameRecord();
  const loop = (): number => {
    let told = 0;
    window.at = first;
    while (decoder.next(window, frame)) told = (told + frame.at + frame.nanoseconds) | 0;
    if (window.at !== window.end) throw new Error('the capture was not read to its end');
    return told;
  };
  return { name: 'reader.next, a pcap in memory', loop };
}

/** CALLS records of 64 bytes. */
function captureOf(seed: number): Uint8Array<ArrayBuffer> {
  const size = PCAP_RECORD_BYTES + SHORT;
  const length = PCAP_HEADER_BYTES + CALLS * size;
  const words = new DataView(randomWords(seed, length / 4).buffer);
  words.setUint32(0, PCAP_MAGIC_NANOSECONDS, true);
  words.setUint16(4, 2, true);
  words.setUint16(6, 4, true);
  words.setUint32(16, FRAME_BYTES_MAX, true);
  words.setUint32(20, 1, true);
  for (let at = PCAP_HEADER_BYTES; at < length; at += size) {
    words.setUint32(at + 4, words.getUint16(at), true);
    words.setUint32(at + 8, SHORT, true);
    words.setUint32(at + 12, SHORT, true);
  }
  return new Uint8Array(words.buffer);
}

/** The same words for the same seed (xorshift32). */
function randomWords(seed: number, count: number): Int32Array<ArrayBuffer> {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return new Int32Array(count).map(() => {
    state ^= state << 13;
    state ^= state >>> 17;
    return (state ^= state << 5);
  });
}
