/** The commands that look at a running lab, against a fake one: what they print, how they end. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Explanation } from '../../control/explain/explanation.js';
import { Blocks } from '../../control/live/blocks.js';
import { serve } from '../../control/live/serve.js';
import { CaptureWriter } from '../../dataplane/port/file/writer.js';
import { readBytes } from '../capture/read.js';
import { endedWith, etherloom, frameFrom, inProcess, outcomeOf, start } from '../cli/run.js';
import { explained } from '../explain/told.js';
import { fakeLab, tempFolder } from './fake-running.js';
import type { Fake } from './fake-running.js';

const LABS = '/run/etherloom';
const NAME = `eltest-${process.pid}-fake`;
const AT = ['--lab', NAME];

/** A fake lab where the commands look for labs, or undefined, with the reason printed, where that folder is not ours to write. */
async function runningLab(t: ExecutionContext): Promise<Fake | undefined> {
  const folder = join(LABS, NAME);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    t.log(`not tested: ${String(cause)}`);
    t.pass();
    return undefined;
  }
  const fake = await fakeLab(t, folder);
  const serving = await serve(fake);
  t.teardown(async () => {
    await serving.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return fake;
}

/** Records frames as a Worker does: until it is told to end, or by itself when it has a reason. */
function recordFrames(fake: Fake, count: number, why?: string): void {
  let writer: CaptureWriter | undefined;
  const end = async (id: number, because: string): Promise<void> => {
    await writer?.close();
    fake.tell(0, { tells: 'recorder-ended', id, port: 0, frames: count, leftOut: 7, why: because });
  };
  fake.answer = (request) => {
    if (request.ask === 'end') void end(request.id, 'it was told to end');
    if (request.ask !== 'record') return;
    writer = CaptureWriter.pcapng(request.path, 'c1');
    for (let n = 0; n < count; n++) writer.put(frameFrom(2, 3), 0, 60, 60, n, 0);
    if (why !== undefined) void end(request.id, why);
  };
}

test.serial('show prints tables, and JSON with stable keys', async (t) => {
  const fake = await runningLab(t);
  if (fake === undefined) return;
  const table = await inProcess('.', 'show', 'ports', ...AT);
  endedWith(t, table, 0);
  t.regex(table.stdout, /^port +kind +device +state /);
  t.is(table.stdout.trim().split('\n').length, 5);
  const json = await inProcess('.', 'show', 'counters', '--json', ...AT);
  endedWith(t, json, 0);
  const shown = JSON.parse(json.stdout) as { counters: { frames: object } };
  t.deepEqual(Object.keys(shown.counters.frames), [
    'received',
    'originated',
    'copied',
    'sent',
    'dropped',
    'consumed',
    'waiting',
  ]);
});

test.serial('show --watch --json prints a line each second until it is ended', async (t) => {
  const fake = await runningLab(t);
  if (fake === undefined) return;
  const child = start('.', 'show', 'workers', '--watch', '--json', ...AT);
  let lines = 0;
  child.stdout?.on('data', (piece: Buffer) => {
    lines += piece.toString().split('\n').length - 1;
    if (lines === 3) child.kill('SIGINT');
  });
  const outcome = await outcomeOf(child);
  t.is(outcome.signal, 'SIGINT');
  for (const line of outcome.stdout.trim().split('\n'))
    t.is((JSON.parse(line) as { what: string }).what, 'workers');
});

test.serial(
  'capture writes a complete file, says what is in it, and leaves no pipe behind',
  async (t) => {
    const fake = await runningLab(t);
    if (fake === undefined) return;
    recordFrames(fake, 3, 'the port is gone');
    const folder = tempFolder(t);
    const outcome = await inProcess(folder, 'capture', 'c1', '-w', 'c1.pcapng', ...AT);
    endedWith(t, outcome, 0);
    t.is(outcome.stdout, '');
    t.is(outcome.stderr, 'the port is gone\n3 frames captured, 7 left out\n');
    t.is((await readBytes(readFileSync(join(folder, 'c1.pcapng')))).frames.length, 3);
    // The lab notices that we have gone a little later than we go.
    while (readdirSync(fake.folder).length > 2) await new Promise(setImmediate);
    t.deepEqual(readdirSync(fake.folder).sort(), ['control.sock', 'lab.yaml']);
  },
);

test.serial('capture to standard output ends after --count frames', async (t) => {
  const fake = await runningLab(t);
  if (fake === undefined) return;
  // Enough that the recorder writes before it is told to end.
  recordFrames(fake, 10_000);
  const folder = tempFolder(t);
  const outcome = await etherloom(folder, 'capture', 'c1', '-c', '2', '-w', '-', ...AT);
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '2 frames captured, 7 left out\n');
  writeFileSync(join(folder, 'out.pcapng'), outcome.stdout, 'latin1');
  t.true(outcome.stdout.length > 200);
});

test.serial('capture ends on Ctrl-C with a complete file', async (t) => {
  const fake = await runningLab(t);
  if (fake === undefined) return;
  const folder = tempFolder(t);
  const child = start(folder, 'capture', 'c1', '-w', 'c1.pcapng', ...AT);
  recordFrames(fake, 1);
  const { answer } = fake;
  fake.answer = (request) => {
    answer(request);
    if (request.ask === 'record') child.kill('SIGINT');
  };
  const outcome = await outcomeOf(child);
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '1 frame captured, 7 left out\n');
  t.is((await readBytes(readFileSync(join(folder, 'c1.pcapng')))).frames.length, 1);
});

test.serial(
  'a filter that libpcap does not understand ends with 2 and its words, and costs no file',
  async (t) => {
    const fake = await runningLab(t);
    if (fake === undefined) return;
    const folder = tempFolder(t);
    writeFileSync(join(folder, 'c1.pcapng'), 'precious');
    fake.answer = (request) => {
      t.is(request.ask === 'record' && request.filter, 'frob');
      fake.tell(0, {
        tells: 'refused',
        id: request.id,
        why: "can't parse filter expression: syntax error",
      });
    };
    const call = ['capture', 'c1', '--filter', 'frob', '-w', 'c1.pcapng', ...AT];
    const outcome = await inProcess(folder, ...call);
    endedWith(t, outcome, 2);
    t.is(outcome.stderr, "etherloom: can't parse filter expression: syntax error\n");
    t.is(readFileSync(join(folder, 'c1.pcapng'), 'utf8'), 'precious');
  },
);

test.serial('a capture that cannot be written ends with 1 and says why', async (t) => {
  const fake = await runningLab(t);
  if (fake === undefined) return;
  recordFrames(fake, 3, 'over');
  const outcome = await inProcess('.', 'capture', 'c1', '-w', '/none/c1.pcapng', ...AT);
  endedWith(t, outcome, 1);
  t.regex(outcome.stderr, /cannot create the capture: there is no such file or directory/);
  const full = await inProcess('.', 'capture', 'c1', '-w', '/dev/full', ...AT);
  endedWith(t, full, 1);
  t.regex(full.stderr, /cannot write the capture: no space is left on the device/);
});

test.serial('explain --live tells of each frame in sentences, or a line of JSON', async (t) => {
  const fake = await runningLab(t);
  if (fake === undefined) return;
  const clock = '2026-05-04T09:08:07.123456789Z';
  const explanation: Explanation = { ...explained(fake.compiled, 'c1: A>*'), clock };
  fake.answer = ({ id, ...request }) => {
    if (request.ask !== 'explain') return;
    for (let left = request.count - 1; left >= 0; left--)
      fake.tell(0, { tells: 'explained', id, explanation, left });
  };
  const told = await inProcess('.', 'explain', '--live', 'c1', '-n', '2', ...AT);
  endedWith(t, told, 0);
  const frames = told.stdout.match(/^Frame 1 of c1, at 09:08:07\.123456789 UTC: 60 bytes/gm);
  t.is(frames?.length, 2);
  t.regex(told.stdout, /^ {2}1\. It came in at c1 \(/m);
  const json = await inProcess('.', 'explain', '--live', 'c1', '--json', ...AT);
  const lines = json.stdout.trim().split('\n');
  t.is(lines.length, 5);
  t.is((JSON.parse(lines[0] ?? '') as Explanation).clock, clock);
});

test('a capture is cut between blocks only, whatever the pieces', async (t) => {
  const path = join(tempFolder(t), 'a.pcapng');
  const writer = CaptureWriter.pcapng(path, 'c1');
  for (let n = 0; n < 9; n++) writer.put(frameFrom(2, 3), 0, 60, 60, n, 0);
  await writer.close();
  const whole = readFileSync(path);
  for (const step of [1, 7, 100, whole.length]) {
    const blocks = new Blocks(4);
    const pieces: Buffer[] = [];
    for (let at = 0; at < whole.length - 1; at += step)
      pieces.push(
        Buffer.from(blocks.take(whole.subarray(at, Math.min(at + step, whole.length - 1)))),
      );
    const { frames, damage } = await readBytes(Buffer.concat(pieces));
    t.is(frames.length, 4);
    t.is(damage, undefined);
    t.true(blocks.full);
  }
});
