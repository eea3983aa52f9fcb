/**
 * Labs that read as sentences. Each is a folder of pcaps/labs and a story:
 *
 *     lab('A-17', 'a macvlan child and its host do not hear each other', { outside: [h2] }, ({ the, at }) => {
 *       the('alpine1').doesNotReach('172.16.69.234');
 *       the('h2').reaches('172.16.69.240', { ttl: 64 });
 *     });
 *
 * A lab makes two tests. The first plays the story with scripted stations; when all its sentences hold, what passed the ports has to be
 * what the captures of the folder say. The second replays what went in by these captures alone, and compares what comes out.
 *
 * With ETHERLOOM_LABS=record in the environment a story that holds writes its captures instead.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { compile } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { BURST } from '../../dataplane/forward/plane.js';
import { nanosecondPcap } from '../../pcaps/build/capture.js';
import { inDirectory } from '../capture/read.js';
import { filesUnder, firstDifference, pcaps, replayFolder } from '../golden/golden.js';
import { PortTold } from './port-told.js';
import { Stage } from './stage.js';
import type { StationPlan } from './station.js';
import { StationTold } from './station-told.js';

/** What a story is told with. */
export interface Told {
  readonly t: ExecutionContext;
  readonly stage: Stage;
  /** A station, to say what it has, does and reaches. */
  readonly the: (station: string) => StationTold;
  /** A port, to say what a station there heard. */
  readonly at: (port: string) => PortTold;
}

const recording = process.env['ETHERLOOM_LABS'] === 'record';

/** The topology of a lab. */
export function yamlOf(id: string): string {
  return readFileSync(join(folderOf(id), 'lab.yaml'), 'utf8');
}

/** Declares the tests of a lab; `outside` are the stations that are not its containers. */
export function lab(
  id: string,
  claim: string,
  { outside = [] }: { readonly outside?: readonly StationPlan[] },
  story: (told: Told) => void,
): void {
  test(`${id}: ${claim}`, async (t) => {
    const stage = new Stage(compile(parseLab(yamlOf(id), `pcaps/labs/${id}/lab.yaml`)), outside);
    story({
      t,
      stage,
      the: (name) => new StationTold(t, stage, stage.station(name)),
      at: (port) => new PortTold(t, stage, port),
    });
    stage.end();
    t.is(stage.plane.counters.unaccounted(), 0, 'all frames are accounted for');
    t.is(stage.plane.frames.claimed, 0, 'all slots are free again');
    const made = capturesOf(stage);
    if (recording && t.passed) write(folderOf(id), made);
    await sameCaptures(t, capturesIn(folderOf(id)), made);
  });
  if (!recording) replays(id);
}

/** Declares the test that its captures replay to what they say. */
function replays(id: string): void {
  test(`${id}: a replay of what went in gives what came out`, async (t) => {
    const folder = folderOf(id);
    for (const burst of [BURST, 1])
      await inDirectory(async (path) => {
        await mkdir(path('out'));
        t.is(await replayFolder(folder, path('out'), burst), 0, 'frames are unaccounted for');
        await sameCaptures(t, filesUnder(join(folder, 'out')), filesUnder(path('out')));
      });
  });
}

function folderOf(id: string): string {
  return join(pcaps, 'labs', id);
}

/** The captures of a run, by their paths: of each port what went in, if anything did, and what came out. */
function capturesOf(stage: Stage): Map<string, Uint8Array> {
  const captures = new Map<string, Uint8Array>();
  for (const port of stage.openPorts) {
    const entered = stage.passedAt(port, 'in');
    if (entered.length > 0) captures.set(`in/${port}.pcap`, nanosecondPcap.encode(entered));
    captures.set(`out/${port}.pcap`, nanosecondPcap.encode(stage.passedAt(port, 'out')));
  }
  return captures;
}

function capturesIn(folder: string): Map<string, Uint8Array> {
  return new Map([...filesUnder(folder)].filter(([path]) => path.endsWith('.pcap')));
}

function write(folder: string, captures: ReadonlyMap<string, Uint8Array>): void {
  for (const way of ['in', 'out']) rmSync(join(folder, way), { recursive: true, force: true });
  for (const [path, bytes] of captures) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

/** Says in words where captures begin to differ. */
async function sameCaptures(
  t: ExecutionContext,
  expected: ReadonlyMap<string, Uint8Array>,
  found: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  t.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
  for (const [path, bytes] of expected) {
    const given = found.get(path);
    if (given === undefined || Buffer.from(bytes).equals(given)) continue;
    t.fail(`${path}: ${(await firstDifference(bytes, given)) ?? 'something beside the frames'}`);
  }
}
