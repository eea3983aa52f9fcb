import { linkSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { CallError, Refused } from '../../control/cli/errors.js';
import { askLab } from '../../control/live/ask.js';
import { LineError, Lines } from '../../control/live/lines.js';
import { REQUEST_BYTES_MAX } from '../../control/live/protocol.js';
import type { Answer } from '../../control/live/protocol.js';
import { serve } from '../../control/live/serve.js';
import { fakeLab, tempFolder } from './fake-running.js';
import type { Fake } from './fake-running.js';

/** A lab of the name `fake` whose control socket is open, and the folder of all labs. */
async function served(t: ExecutionContext): Promise<{ fake: Fake; labs: string; path: string }> {
  const labs = tempFolder(t);
  mkdirSync(join(labs, 'fake'));
  const fake = await fakeLab(t, join(labs, 'fake'));
  const path = join(labs, 'fake', 'control.sock');
  const serving = await serve(fake, path);
  t.teardown(() => serving.close());
  return { fake, labs, path };
}

/** Sends bytes, and gives what comes back until the lab ends the connection. */
function converse(path: string, bytes: string | Uint8Array): Promise<Answer[]> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection(path, () => socket.write(bytes));
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Answer),
      );
    });
  });
}

const SHOW = `{"etherloom":1,"ask":"show","what":"ports","watch":false}\n`;

const wrong: readonly (readonly [title: string, bytes: string | Uint8Array, why: RegExp])[] = [
  ['a line that is no JSON', 'ports, please\n', /not JSON/],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x0a), /not UTF-8/],
  ['a request without a version', '{"ask":"show"}\n', /etherloom: /],
  [
    'a request of another version',
    '{"etherloom":7,"ask":"show"}\n',
    /another version of etherloom/,
  ],
  ['an unknown request', '{"etherloom":1,"ask":"frob"}\n', /ask: /],
  [
    'something unknown to show',
    '{"etherloom":1,"ask":"show","what":"x","watch":false}\n',
    /what: /,
  ],
  ['a key too many', '{"etherloom":1,"ask":"show","what":"fdb","watch":false,"x":1}\n', /x/],
  ['a JSON value that is no object', '[1,2]\n', /expected object/],
  [
    'a port that is not there',
    '{"etherloom":1,"ask":"explain","port":"c9","count":1}\n',
    /no port c9/,
  ],
  [
    'a port that is two',
    '{"etherloom":1,"ask":"explain","port":"c3","count":1}\n',
    /several ports/,
  ],
  [
    'a count beyond all need',
    '{"etherloom":1,"ask":"explain","port":"c1","count":1e9}\n',
    /count: /,
  ],
  ['a line without end', 'x'.repeat(REQUEST_BYTES_MAX + 1), /longer than 16384 bytes/],
];

for (const [title, bytes, why] of wrong) {
  test(`${title} is refused in words, and the lab serves the next client`, async (t) => {
    const { path, fake } = await served(t);
    const [answer, ...others] = await converse(path, bytes);
    t.deepEqual(others, []);
    t.is(answer?.tells, 'refused');
    if (answer?.tells === 'refused') {
      t.regex(answer.why, why);
      t.true(answer.call);
    }
    t.deepEqual(fake.asked, []);
    const [shown] = await converse(path, SHOW);
    t.is(shown?.tells, 'shown');
  });
}

test('whatever is sent, the lab goes on', async (t) => {
  const { path } = await served(t);
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from([...bytes, 0x0a])),
    fc.json().map((text) => `${text.replaceAll('\n', ' ')}\n`),
    fc
      .record(
        { etherloom: fc.constantFrom(1, 2), ask: fc.constantFrom('show', 'capture', 'explain', 1) },
        { requiredKeys: [] },
      )
      .map((request) => `${JSON.stringify(request)}\n`),
  );
  await fc.assert(
    fc.asyncProperty(any, async (bytes) => {
      const answers = await converse(path, bytes);
      return answers.every(({ tells }) => tells === 'refused');
    }),
    { numRuns: 200 },
  );
  t.is((await converse(path, SHOW))[0]?.tells, 'shown');
});

test('a request may come byte by byte, and two clients do not hear each other', async (t) => {
  const { path } = await served(t);
  const slow = new Promise<string>((resolve) => {
    let text = '';
    const socket = createConnection(path);
    socket.setNoDelay(true);
    void (async () => {
      for (const byte of SHOW) {
        socket.write(byte);
        await new Promise(setImmediate);
      }
    })();
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('close', () => {
      resolve(text);
    });
  });
  const fast = converse(path, SHOW.replace('ports', 'workers'));
  t.regex(await slow, /^\{"tells":"shown","shown":\{"what":"ports"/);
  const [answer] = await fast;
  t.is(answer?.tells === 'shown' && answer.shown.what, 'workers');
});

test('only the owner may speak with the lab', async (t) => {
  const { path } = await served(t);
  t.is(statSync(path).mode & 0o777, 0o600);
});

test('a client that goes away ends what was done for it', async (t) => {
  const { path, fake } = await served(t);
  const socket = await connected(path);
  socket.write('{"etherloom":1,"ask":"explain","port":"c1","count":5,"filter":"arp"}\n');
  await until(() => fake.asked.length === 1);
  socket.destroy();
  await until(() => fake.asked.length === 2);
  const [begun, ended] = fake.asked.map(({ request }) => request);
  t.like(begun, { ask: 'explain', port: 0, count: 5, filter: 'arp' });
  t.deepEqual(ended, { ask: 'end', id: begun?.id ?? 0 });
});

test('a client hears the answers to its own request only, and nothing after the last', async (t) => {
  const { labs, fake } = await served(t);
  fake.answer = (request) => {
    if (request.ask !== 'explain') return;
    const { id } = request;
    fake.tell(0, { tells: 'explained', id: id + 1, explanation: 'of another', left: 0 });
    fake.tell(1, { tells: 'explained', id, explanation: 'by another worker', left: 0 });
    fake.tell(0, { tells: 'explained', id, explanation: 'first', left: 1 });
    fake.tell(0, { tells: 'explained', id, explanation: 'second', left: 0 });
    fake.tell(0, { tells: 'explained', id, explanation: 'too many', left: 0 });
  };
  const dialogue = await askLab({ ask: 'explain', port: 'c1', count: 2 }, undefined, labs);
  const heard: unknown[] = [];
  for await (const answer of dialogue.answers())
    if (answer.tells === 'explained') heard.push(answer.explanation);
  t.deepEqual(heard, ['first', 'second']);
});

test('a filter that libpcap does not understand is refused in its words', async (t) => {
  const { labs, fake } = await served(t);
  fake.answer = ({ id }) => {
    fake.tell(0, { tells: 'refused', id, why: "can't parse filter expression: syntax error" });
  };
  const asked = { ask: 'explain', port: 'c1', count: 2, filter: 'frob' } as const;
  const dialogue = await askLab(asked, 'fake', labs);
  await t.throwsAsync(dialogue.answers().next(), {
    instanceOf: CallError,
    message: "can't parse filter expression: syntax error",
  });
});

test('a crash of the worker ends what it did, and says so', async (t) => {
  const { labs, fake } = await served(t);
  const [worker] = fake.workers;
  fake.answer = () => {
    if (worker !== undefined) worker.state = 'restarting';
    fake.events.emit('worker', 1, 'another worker crashed');
    fake.events.emit('worker', 0, 'worker 0 crashed: boom');
  };
  const dialogue = await askLab({ ask: 'explain', port: 'c1', count: 2 }, 'fake', labs);
  const answer = await dialogue.answers().next();
  t.deepEqual(answer.value, { tells: 'ended', why: 'worker 0 crashed: boom' });
});

test('a lab that is stopped tells whoever is listening', async (t) => {
  const labs = tempFolder(t);
  mkdirSync(join(labs, 'fake'));
  const serving = await serve(await fakeLab(t, join(labs, 'fake')));
  const dialogue = await askLab({ ask: 'show', what: 'fdb', watch: true }, undefined, labs);
  const answers = dialogue.answers();
  await answers.next();
  await serving.close();
  t.deepEqual((await answers.next()).value, { tells: 'ended', why: 'the lab was stopped' });
  t.true((await answers.next()).done);
  t.throws(() => statSync(join(labs, 'fake', 'control.sock')), { code: 'ENOENT' });
});

test('a watcher gets a reading each second, and one that does not read holds nobody up', async (t) => {
  const { labs, path } = await served(t);
  const silent = await connected(path);
  silent.pause();
  silent.write(SHOW.replace('false', 'true'));
  const dialogue = await askLab({ ask: 'show', what: 'counters', watch: true }, 'fake', labs);
  let readings = 0;
  for await (const answer of dialogue.answers()) {
    if (answer.tells === 'shown') readings++;
    if (readings === 2) break;
  }
  t.is(readings, 2);
  silent.destroy();
});

test('without a lab, with several, or with a dead one, the client says what to do', async (t) => {
  const labs = tempFolder(t);
  const show = { ask: 'show', what: 'ports', watch: false } as const;
  const says = async (lab?: string): Promise<string> => {
    const error = await t.throwsAsync(askLab(show, lab, labs), { any: true });
    return error instanceof CallError || error instanceof Refused ? error.message : '';
  };
  t.regex(await says(), /^no lab runs\n {4}fix: start one/);
  t.regex(await says('one'), /^no lab of the name one runs\n {4}fix: /);
  await t.throwsAsync(askLab(show, undefined, join(labs, 'none')), { message: /^no lab runs/ });
  mkdirSync(join(labs, 'starting'));
  t.regex(await says(), /^lab starting is not up yet/);
  mkdirSync(join(labs, 'dead'));
  await leaveSocket(join(labs, 'dead', 'control.sock'));
  t.regex(await says(), /^lab dead does not answer .*\n {4}fix: etherloom down dead$/);
  for (const name of ['one', 'two']) {
    mkdirSync(join(labs, name));
    const serving = await serve(await fakeLab(t, join(labs, name)));
    t.teardown(() => serving.close());
    if (name === 'one') t.is((await askLab(show, undefined, labs)).lab, 'one');
  }
  t.is(await says(), 'several labs run; say which with --lab: one, two');
  t.is((await askLab(show, 'two', labs)).lab, 'two');
});

test('lines come whole whatever the pieces, and never longer than allowed', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 20 })),
      fc.integer({ min: 1, max: 7 }),
      (texts, step) => {
        const sent = texts.map((text) => text.replaceAll('\n', ' '));
        const bytes = Buffer.from(sent.map((line) => `${line}\n`).join(''));
        const lines = new Lines(100);
        const got: string[] = [];
        for (let at = 0; at < bytes.length; at += step)
          got.push(...lines.take(bytes.subarray(at, at + step)));
        return got.length === sent.length && got.every((line, i) => line === sent[i]);
      },
    ),
  );
  t.throws(() => [...new Lines(3).take(Buffer.from('abcd'))], { instanceOf: LineError });
  t.deepEqual([...new Lines(3).take(Buffer.from('abc\n'))], ['abc']);
});

async function connected(path: string): Promise<Socket> {
  const socket = createConnection(path);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** A socket file behind which nobody is any more. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.away`, resolve));
  linkSync(`${path}.away`, path);
  await new Promise((resolve) => server.close(resolve));
  rmSync(`${path}.away`, { force: true });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
