import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { captureOf, endedWith, frameFrom, inProcess, labFolder } from './run.js';

const BOTH = ['explain', 'lab.yaml', '--in', 'c1=a.pcap', '--in', 'c2=b.pcap'];
const ONE = ['explain', 'lab.yaml', '--in', 'c1=a.pcap'];

/** A broadcast of c1, as somebody would type it. */
const HEX = 'ff:ff:ff:ff:ff:ff 0242 ac12 0002 88b5 0000';

test.serial('a frame is explained in sentences that name lines of the topology', async (t) => {
  const outcome = await inProcess(labFolder(t), ...ONE, '--frame', '1');
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '');
  t.regex(outcome.stdout, /^Frame 1 of c1, /);
  t.regex(outcome.stdout, /1\. It came in at c1 \(lab\.yaml:2\)/);
  t.regex(outcome.stdout, /\d\. .*left by c2 \(lab\.yaml:3\), c3\.net \(lab\.yaml:4\)/);
});

test.serial(
  'PORT:NUMBER chooses between captures, and says which earlier frame taught the way',
  async (t) => {
    const outcome = await inProcess(labFolder(t), ...BOTH, '--frame', 'c2:1');
    endedWith(t, outcome, 0);
    t.regex(outcome.stdout, /^Frame 1 of c2, /);
    t.regex(outcome.stdout, /lives behind c1, learned from frame 1 of c1/);
  },
);

test.serial('an explanation as JSON holds the same frame', async (t) => {
  const outcome = await inProcess(labFolder(t), ...ONE, '--frame', '2', '--json');
  endedWith(t, outcome, 0);
  t.true(outcome.stdout.includes('"c1"'));
  t.notThrows(() => JSON.parse(outcome.stdout) as unknown);
});

test.serial(
  'a frame of hexadecimal digits comes in where its source lives, or where --port says',
  async (t) => {
    const folder = labFolder(t);
    const own = await inProcess(folder, 'explain', 'lab.yaml', '--hex', HEX);
    endedWith(t, own, 0);
    t.regex(own.stdout, /It came in at c1 /);
    const given = await inProcess(folder, 'explain', 'lab.yaml', '--hex', HEX, '--port', 'c3.net');
    endedWith(t, given, 0);
    t.regex(given.stdout, /It came in at c3\.net /);
    const strange = await inProcess(
      folder,
      'explain',
      'lab.yaml',
      '--hex',
      HEX.replace('0002', '0099'),
    );
    endedWith(t, strange, 2);
    t.regex(strange.stderr, /say where the frame comes in, with --port/);
  },
);

test.serial('a frame of hexadecimal digits comes in after those of the captures', async (t) => {
  const hex = Buffer.from(frameFrom(3, 2)).toString('hex');
  const outcome = await inProcess(labFolder(t), ...ONE, '--hex', hex);
  endedWith(t, outcome, 0);
  t.regex(outcome.stdout, /lives behind c1, learned from frame 1 of c1 2 s before/);
});

test.serial('a frame beyond the end is refused with the number there are', async (t) => {
  const outcome = await inProcess(labFolder(t), ...ONE, '--frame', '4');
  endedWith(t, outcome, 1);
  t.is(outcome.stderr, 'a.pcap has only 3 frames; there is no frame 4\n');
});

test.serial('a frame beyond a damage is refused with the byte of the damage', async (t) => {
  const folder = labFolder(t);
  writeFileSync(join(folder, 'a.pcap'), captureOf(3, frameFrom(2, 3)).slice(0, 110));
  const outcome = await inProcess(folder, ...ONE, '--frame', '3');
  endedWith(t, outcome, 1);
  t.regex(
    outcome.stderr,
    /^a\.pcap is damaged at byte 100, after 1 frame: .*; frame 3 cannot be read\n$/,
  );
});

const wrongCalls: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[...BOTH, '--frame', '2'], /there are several captures; say which, as c1:2/],
  [[...ONE, '--frame', 'c2:1'], /no --in names c2/],
  [[...ONE, '--frame', '0'], /write a number from 1 on, or PORT:NUMBER/],
  [ONE, /either --frame NUMBER or --hex DIGITS/],
  [[...ONE, '--frame', '1', '--hex', HEX], /either --frame NUMBER or --hex DIGITS/],
  [[...ONE, '--frame', '1', '--port', 'c1'], /--port belongs to --hex/],
  [['explain', 'lab.yaml', '--frame', '1'], /--frame needs a capture/],
  [['explain', 'lab.yaml', '--hex', 'xyz'], /pairs of hexadecimal digits/],
  [['explain', 'lab.yaml', '--hex', '00'.repeat(3000), '--port', 'c1'], /more than any frame/],
  [['explain', 'lab.yaml', '--hex', HEX, '--port', 'c9'], /there is no port c9/],
];

test.serial('a wrong call of explain says what is missing', async (t) => {
  const folder = labFolder(t);
  for (const [args, says] of wrongCalls) {
    const outcome = await inProcess(folder, ...args);
    endedWith(t, outcome, 2);
    t.regex(outcome.stderr, says);
  }
});
