import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Compiled } from '../../control/compile/compile.js';
import { BURST } from '../../dataplane/forward/plane.js';
import { Counters } from '../../dataplane/observe/counters.js';
import { Reason } from '../../dataplane/observe/reason.js';
import type { Tracing } from '../../dataplane/port/replay.js';
import { CONTROL_BYTES, askToStop } from '../../dataplane/worker/control.js';
import { replay } from '../../dataplane/worker/replay.js';
import type { ReplayReport } from '../../dataplane/worker/replay.js';
import { join, pcapHeader, pcapRecord } from '../capture/build.js';
import { inDirectory, readBytes } from '../capture/read.js';
import type { ReadFrame } from '../capture/read.js';
import { bridge } from './lab.js';
import { macOf } from './story.js';

const PCAP_NANOSECONDS = 0xa1b23c4d;

/** A frame of a capture that a test makes. */
interface Shot {
  readonly frame: Uint8Array;
  readonly seconds: number;
  readonly fraction: number;
  readonly wire?: number;
}

interface Playing {
  readonly burst?: number;
  readonly tracing?: Tracing;
  readonly stopped?: boolean;
}

interface Played {
  readonly report: ReplayReport;
  readonly counters: Counters;
  /** The output of each port, whole. */
  readonly files: readonly Buffer[];
}

function captureOf(shots: readonly Shot[]): Uint8Array {
  const header = pcapHeader({ magic: PCAP_NANOSECONDS });
  return join(header, ...shots.map(({ frame, ...record }) => pcapRecord(frame, record)));
}

/** Replays captures, one per port from the first on, and asserts that all frames are accounted for. */
function play(
  t: ExecutionContext,
  lab: Compiled,
  captures: readonly Uint8Array[],
  { burst = BURST, tracing = 'none', stopped = false }: Playing = {},
): Promise<Played> {
  return inDirectory(async (path) => {
    const inputs = captures.map((_, port) => ({ port, path: path(`in${port}`) }));
    for (const [i, input] of inputs.entries())
      await writeFile(input.path, captures[i] ?? new Uint8Array());
    const outputs = lab.ports.map(({ port: name }, port) => ({ port, name, path: path(name) }));
    const counters = new Counters(lab.ports.length);
    const control = new SharedArrayBuffer(CONTROL_BYTES);
    if (stopped) askToStop(control);
    const report = await replay(
      {
        program: lab.program.buffer,
        counters: counters.memory,
        control,
        inputs,
        outputs,
        format: 'pcap',
        burst,
      },
      { tracing },
    );
    t.is(counters.unaccounted(), 0, 'all frames are accounted for');
    const files = await Promise.all(outputs.map((output) => readFile(output.path)));
    return { report, counters, files };
  });
}

async function framesIn(files: readonly Buffer[], port: number): Promise<readonly ReadFrame[]> {
  const { frames, damage } = await readBytes(files[port] ?? Buffer.alloc(0));
  if (damage !== undefined) throw new Error(damage.what);
  return frames;
}

function frameOf(from: string, to: string, size: number, filling = 0): Uint8Array {
  const bytes = new Uint8Array(Math.max(size, 14)).fill(filling);
  const head = `${macOf(to)}${macOf(from)}88b5`.replaceAll(':', '');
  bytes.set(Buffer.from(head, 'hex'));
  return bytes.slice(0, size);
}

const STATIONS = ['A', 'B', 'C', 'D'];
const anyShot = fc.record({
  frame: fc
    .tuple(
      fc.constantFrom(...STATIONS, '00:00:00:00:00:00'),
      fc.constantFrom(...STATIONS, '*', '01:80:c2:00:00:0e'),
      fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(1514, 1515, 5000)),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([from, to, size, filling]) => frameOf(from, to, size, filling)),
  // Few distinct times, so that many are equal and many run backwards; and some that let stations age.
  seconds: fc.constantFrom(1000, 1001, 1001, 1299, 1300, 1302),
  fraction: fc.constantFrom(0, 1, 999_999_999),
});
const anyCapture = fc.array(anyShot, { minLength: 1, maxLength: 120 });
const three = bridge('c1 c2 c3');

test('the same captures give the same bytes twice, and whatever the size of the bursts', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyCapture, anyCapture, async (one, other) => {
      const captures = [captureOf(one), captureOf(other)];
      const first = await play(t, three, captures);
      for (const burst of [1, 7, 64, 256]) {
        const again = await play(t, three, captures, { burst });
        t.deepEqual(again.files, first.files, `bursts of ${burst}`);
        t.deepEqual(again.counters.dropped, first.counters.dropped);
        t.is(again.report.backwards, first.report.backwards);
      }
    }),
    { numRuns: 15 },
  );
});

test('tracing every frame changes no byte of what leaves', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyCapture, anyCapture, async (one, other) => {
      const captures = [captureOf(one), captureOf(other)];
      const watched = await play(t, three, captures, { tracing: 'all' });
      t.deepEqual(watched.files, (await play(t, three, captures)).files);
    }),
    { numRuns: 10 },
  );
});

/** The order in which the frames of several captures come: the earliest of those that stand first, at equal times the first capture's. */
function merged(captures: readonly (readonly Shot[])[]): Shot[] {
  const waiting = captures.map((shots) => [...shots]);
  const order: Shot[] = [];
  for (;;) {
    const heads = waiting.filter(({ length }) => length > 0);
    const time = ([head]: Shot[]): number => (head?.seconds ?? 0) * 1e9 + (head?.fraction ?? 0);
    const earliest = heads.find((one) => heads.every((other) => time(one) <= time(other)));
    const shot = earliest?.shift();
    if (shot === undefined) return order;
    order.push(shot);
  }
}

test('captures are merged by time, ties by the order of the inputs, and times pass unchanged', async (t) => {
  const shots = fc.array(fc.tuple(anyShot, fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(fc.tuple(shots, shots, shots), async (numbered) => {
      const inputs = numbered.map((capture) =>
        capture.map(([shot, number]) => {
          const frame = frameOf('A', '*', 60);
          new DataView(frame.buffer).setUint32(20, number);
          return { ...shot, frame };
        }),
      );
      const lab = bridge('c1 c2 c3 c4');
      const { files } = await play(t, lab, inputs.map(captureOf));
      const heard = await framesIn(files, 3);
      const expected = merged(inputs);
      t.deepEqual(
        heard.map(({ bytes, seconds, nanoseconds }) => ({ bytes, seconds, nanoseconds })),
        expected.map(({ frame, seconds, fraction }) => ({
          bytes: frame,
          seconds,
          nanoseconds: fraction,
        })),
      );
    }),
    { numRuns: 20 },
  );
});

test('time counts from the first frame, stands still where captures run backwards, and says how often', async (t) => {
  const at = (seconds: number, fraction: number): Shot => ({
    frame: frameOf('A', '*', 60),
    seconds,
    fraction,
  });
  const capture = captureOf([
    at(1000, 700_000_000),
    at(999, 0),
    at(1001, 200_000_000),
    at(1000, 0),
  ]);
  const { report, files } = await play(t, three, [capture]);
  t.is(report.tick, 500_000_000);
  t.is(report.backwards, 2);
  t.deepEqual(
    (await framesIn(files, 1)).map(({ seconds }) => seconds),
    [1000, 999, 1001, 1000],
  );
});

test('B-8: a station is forgotten 300 s after its frame, wherever within a second the run began', async (t) => {
  const shots = (seconds: number, fraction: number) => [
    [{ frame: frameOf('A', '*', 60), seconds: 1000, fraction: 700_000_000 }],
    [{ frame: frameOf('B', 'A', 60), seconds, fraction }],
  ];
  const known = await play(t, three, shots(1300, 699_999_999).map(captureOf));
  t.is((await framesIn(known.files, 2)).length, 1);
  const forgotten = await play(t, three, shots(1300, 700_000_000).map(captureOf));
  t.is((await framesIn(forgotten.files, 2)).length, 2);
});

test('more broadcasts than queues and pool hold leave complete and in order', async (t) => {
  const shots = Array.from({ length: 3000 }, (_, i) => {
    const frame = frameOf('A', '*', 60);
    new DataView(frame.buffer).setUint32(20, i);
    return { frame, seconds: 0, fraction: i };
  });
  const { files } = await play(t, three, [captureOf(shots)]);
  for (const port of [1, 2])
    t.deepEqual(
      (await framesIn(files, port)).map(({ bytes }) => bytes),
      shots.map(({ frame }) => frame),
    );
});

test('records without bytes are runts, or snapped to nothing', async (t) => {
  const nothing = new Uint8Array();
  const capture = captureOf([
    { frame: nothing, seconds: 1, fraction: 0 },
    { frame: nothing, seconds: 1, fraction: 0, wire: 60 },
  ]);
  const { counters } = await play(t, three, [capture]);
  t.is(counters.dropped[Reason.Runt], 1);
  t.is(counters.dropped[Reason.SnappedHeader], 1);
});

test('frames larger than any slot exceed the MTU, tagged or not, and harm nobody', async (t) => {
  const around = frameOf('A', '*', 60);
  const large = frameOf('A', '*', 9000);
  const tagged = Uint8Array.from(large);
  tagged.set([0x88, 0xa8, 0, 1, 0x81, 0, 0, 1], 12);
  const frames = [around, large, tagged, around];
  const { counters, files } = await play(t, three, [
    captureOf(frames.map((frame, i) => ({ frame, seconds: i, fraction: 0 }))),
  ]);
  t.is(counters.dropped[Reason.MtuExceeded], 2);
  t.deepEqual(
    (await framesIn(files, 1)).map(({ bytes }) => bytes),
    [around, around],
  );
});

test('jumbo frames pass where the MTU lets them, byte for byte', async (t) => {
  const lab = bridge('c1 c2', { options: 'com.docker.network.driver.mtu: 9000' });
  const frame = Uint8Array.from(frameOf('A', '*', 9014), (byte, i) => (i < 14 ? byte : i & 0xff));
  const { files } = await play(t, lab, [captureOf([{ frame, seconds: 0, fraction: 0 }])]);
  t.deepEqual((await framesIn(files, 1))[0]?.bytes, frame);
});

test('a replay that is told to stop at once says so and leaves complete, empty captures', async (t) => {
  const capture = captureOf([{ frame: frameOf('A', '*', 60), seconds: 0, fraction: 0 }]);
  const { report, files } = await play(t, three, [capture], { stopped: true });
  t.true(report.interrupted);
  t.deepEqual(await framesIn(files, 1), []);
});
