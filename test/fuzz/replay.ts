/**
 * Mutated captures through the whole engine in memory: two captures at two ports of a bridge, read, merged, forwarded, flooded, counted.
 * Whatever stands in them, nothing but a CaptureError on opening is thrown, every frame is accounted for and every slot comes back.
 */
import { forwardOn } from '../../dataplane/forward/forward.js';
import { BURST, Plane } from '../../dataplane/forward/plane.js';
import { CaptureError } from '../../dataplane/port/file/error.js';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { MemorySource } from '../../dataplane/port/file/source.js';
import { nowhere } from '../../dataplane/port/recorder.js';
import { Replay } from '../../dataplane/port/replay.js';
import type { Input } from '../../dataplane/port/replay.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program } from '../../dataplane/program/program.js';
import { breathe, exhaleOn } from '../../dataplane/worker/breathe.js';
import * as build from '../capture/build.js';
import { frame, frameNames } from '../wire/frames.js';
import { randomOf } from '../random.js';
import { mutate } from './capture.js';

/** What came of the mutations. */
export interface ReplayFuzzing {
  readonly refused: number;
  readonly replayed: number;
  readonly frames: number;
}

const PORTS = 3;
const CHUNK_BYTES = 4096;

const frames = frameNames.map((name) => new Uint8Array(frame(name).buffer));

const seeds: readonly Uint8Array[] = [
  build.join(
    build.pcapHeader(),
    ...frames.map((bytes, seconds) => build.pcapRecord(bytes, { seconds })),
  ),
  build.join(
    build.section(),
    build.describedInterface(),
    ...frames.map((bytes, i) => build.enhancedPacket(bytes, { time: BigInt(i) * 1_000_000n })),
  ),
];

/**
 * Replays `count` pairs of captures, the first of each pair mutated. The same seed makes the same mutations.
 * @throws Error naming the mutation by seed and number when the engine breaks its word
 */
export async function fuzzReplay(count: number, seed: number): Promise<ReplayFuzzing> {
  const random = randomOf(seed);
  const program = programOf();
  const result = { refused: 0, replayed: 0, frames: 0 };
  for (let run = 0; run < count; run++) {
    const one = mutate(seeds[random(seeds.length)] ?? frames[0] ?? new Uint8Array(), random);
    try {
      result.frames += await replayOnce(program, one, seeds[random(seeds.length)] ?? one);
      result.replayed++;
    } catch (cause) {
      if (!(cause instanceof CaptureError))
        throw new Error(`replay fuzzing, seed ${seed}, mutation ${run}`, { cause });
      result.refused++;
    }
  }
  return result;
}

async function replayOnce(program: Program, ...captures: readonly Uint8Array[]): Promise<number> {
  const inputs: Input[] = [];
  for (const [port, capture] of captures.entries()) {
    const source = new MemorySource(capture);
    inputs.push({ port, reader: await CaptureReader.over(source, { chunk: CHUNK_BYTES }) });
  }
  const plane = new Plane(program);
  const sinks = Array.from({ length: PORTS }, () => nowhere);
  const replay = new Replay(plane.frames, inputs, 'none');
  const [forward, exhale] = [forwardOn(plane), exhaleOn(plane, sinks)];
  const lungs = { plane, source: replay, forward, exhale, most: BURST };
  await breathe(lungs, new Int32Array(new SharedArrayBuffer(4)));
  for (const { reader } of inputs) await reader.close();
  if (plane.counters.unaccounted() !== 0) throw new Error('frames are unaccounted for');
  if (plane.frames.claimed !== 0) throw new Error('slots were not given back');
  const read = inputs.reduce((sum, { reader }) => sum + reader.number, 0);
  const received = plane.counters.framesIn.reduce((sum, value) => sum + value, 0);
  if (read !== received) throw new Error(`${read} frames were read, ${received} came in`);
  return read;
}

/** A bridge of three ports whose MTU is so small that some frames exceed it, and whose host answers for the gateway of the cases. */
function programOf(): Program {
  const program = allocateProgram({ networks: 1, addresses: 1, ports: PORTS, stations: 0 }, 1);
  const { networks } = program;
  networks.portCount[0] = PORTS;
  networks.mtu[0] = 100;
  networks.ageing_ns[0] = 1e9;
  networks.stationsMax[0] = 8;
  networks.macHigh[0] = 0x0242;
  networks.macLow[0] = 0xac1c0001;
  networks.addressCount[0] = 1;
  program.addresses.word3[0] = 0xac1c0001;
  return program;
}
