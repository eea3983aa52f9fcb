import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { WhyNot } from '../../control/explain/why-not.js';
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
  [['explain', 'lab.yaml', '--why-not', 'c1'], /--why-not takes two containers/],
  [['explain', 'lab.yaml', '--why-not', 'c1', 'c2', 'c3'], /--why-not takes two containers/],
  [
    ['explain', 'lab.yaml', '--why-not', 'c1', 'c9'],
    /there is no container c9; there are c1, c2, c3/,
  ],
  [['explain', 'lab.yaml', '--why-not', 'c3', 'c3.net'], /are the same container/],
  [
    ['explain', 'lab.yaml', '--hex', HEX, '--why-not', 'c1', 'c2'],
    /--hex does not go with --why-not/,
  ],
  [['explain', '--live', 'c1', '--why-not', 'c1', 'c2'], /--why-not does not go with --live/],
];

test.serial('a wrong call of explain says what is missing', async (t) => {
  const folder = labFolder(t);
  for (const [args, says] of wrongCalls) {
    const outcome = await inProcess(folder, ...args);
    endedWith(t, outcome, 2);
    t.regex(outcome.stderr, says);
  }
});

const HOSTS = `x-wires: { lan: { ports: { tester: } } }
x-hosts:
  node-1: { nics: { eth0: { wire: lan, mac: "08:00:27:00:00:01" } } }
networks:
  priv: { driver: macvlan, driver_opts: { parent: eth0, macvlan_mode: private } }
  ip: { driver: ipvlan, driver_opts: { parent: eth0.7 } }
services:
  c1: { networks: [priv] }
  c2: { networks: [priv] }
  i1: { networks: [ip] }
  i2: { networks: [ip] }
`;

test.serial(
  '--why-not names the line to edit; that is an answer, so the status is 0',
  async (t) => {
    const folder = labFolder(t, HOSTS);
    const outcome = await inProcess(folder, 'explain', 'lab.yaml', '--why-not', 'c1', 'c2');
    endedWith(t, outcome, 0);
    t.regex(
      outcome.stdout,
      /^No frame of c1 reaches c2\. .*private children never hear each other/,
    );
    t.regex(
      outcome.stdout,
      /^lab\.yaml:5: write macvlan_mode: bridge instead of private\n {2}or lab\.yaml:5: write driver: bridge instead of macvlan\n$/m,
    );
  },
);

test.serial(
  '--why-not as JSON holds the changes and the way of the frame that got lost',
  async (t) => {
    const folder = labFolder(t, HOSTS);
    const words = ['explain', 'lab.yaml', '--why-not', 'c1', 'c2', '--json'];
    const outcome = await inProcess(folder, ...words);
    endedWith(t, outcome, 0);
    const answer = JSON.parse(outcome.stdout) as WhyNot;
    t.false(answer.reaches);
    t.like(answer.changes[0], {
      at: { line: 5 },
      says: 'write macvlan_mode: bridge instead of private',
    });
    t.is(answer.explanation?.hops[0]?.stage, 'child');
  },
);

test.serial('--why-not proves what reaches', async (t) => {
  const outcome = await inProcess(labFolder(t), 'explain', 'lab.yaml', '--why-not', 'c1', 'c2');
  endedWith(t, outcome, 0);
  t.regex(
    outcome.stdout,
    /^A frame of c1 reaches c2\. The proof is the echo request:\nFrame 2 of c1/,
  );
});

test.serial(
  'a frame of hexadecimal digits comes in at children and at ports of wires',
  async (t) => {
    const folder = labFolder(t, HOSTS);
    const from = (mac: string): string => `ffffffffffff ${mac} 88b5 0000`;
    const [explain, ipvlan] = [['explain', 'lab.yaml', '--hex'], from('08 00 27 00 00 01')];
    const wire = await inProcess(folder, ...explain, HEX, '--port', 'lan.tester');
    t.regex(wire.stdout, /1\. It came in at lan\.tester \(lab\.yaml:1\), a port of the wire lan/);
    const child = await inProcess(folder, ...explain, from('02 42 ac 12 00 02'));
    t.regex(child.stdout, /1\. It came from c1 \(lab\.yaml:8\), a child of node-1\.eth0 \(macvlan/);
    const shared = await inProcess(folder, ...explain, ipvlan);
    endedWith(t, shared, 2);
    t.regex(shared.stderr, /is that of i1, i2: children of ipvlan share the MAC of their parent/);
    const inner = await inProcess(folder, ...explain, HEX, '--port', 'node-1.eth0');
    endedWith(t, inner, 2);
    t.regex(
      inner.stderr,
      /node-1\.eth0 is inside the lab: no frame enters or leaves there; the ports of lab\.yaml are lan\.tester, c1/,
    );
  },
);
