/** `show fdb` of a topology: who lives where at a moment of a replay, also behind other tunnel ends, and how that came to be known. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ping, question, reply } from '../../control/explain/speech.js';
import { c1, c2, c3, LAB } from '../explain/vxlan-lab.js';
import { endedWith, inProcess } from './run.js';
import { setUp } from './timed.js';
import type { Timed } from './timed.js';

/** Of node-3: what is not heard for 10 s is forgotten, and where c2 is was written down. */
const STALE = LAB.replace(
  'vni: 42, remotes: [192.168.99.1, 192.168.99.2] }',
  'vni: 42, ageing: 10s, remotes: [192.168.99.1, 192.168.99.2], stations: [{ mac: "02:42:0a:00:00:03", remote: 192.168.99.2 }] }',
);
const thief = { mac: c1.mac, ip: c3.ip };
const story: readonly Timed[] = [
  [0, 'c1', question(c1, c3.ip)],
  [0.25, 'c3', reply(c3, c1)],
  [1, 'c2', question(thief, c2.ip)],
  [1.5, 'c1', ping(c1, c3)],
  [2, 'c2', ping(c2, c3)],
];

/** What is shown of the story, or of another. */
async function shown(
  t: ExecutionContext,
  words: readonly string[] = [],
  frames = story,
): Promise<string> {
  const given = setUp(t, STALE, frames);
  const outcome = await inProcess(given.folder, 'show', 'fdb', ...given.words, ...words);
  endedWith(t, outcome, 0);
  return outcome.stdout;
}

test.serial(
  'stations are told as of a running lab, and then what tunnel ends know of others',
  async (t) => {
    const [networks, ends] = (await shown(t)).split('\n\n');
    t.regex(
      networks ?? '',
      /^network +MAC +port +kind +last heard +taught by\nblue +02:42:0a:00:00:02 +c1 +dynamic +0\.5 s ago +frame 2 of c1, 0\.5 s ago\n/,
    );
    t.regex(networks ?? '', /\nblue +\S+ +gateway +local +- +the topology\n/);
    t.is(
      ends,
      `tunnel end     VNI  MAC                remote        kind      last heard  taught by
blue.vxlan42    42  02:42:0a:00:00:02  192.168.99.2  dynamic   1.0 s ago   frame 1 of c2, 1.0 s ago
blue.vxlan42    42  02:42:0a:00:00:03  192.168.99.2  dynamic   0.0 s ago   frame 2 of c2, 0.0 s ago
blue.vxlan42    42  02:42:0a:00:00:04  192.168.99.3  dynamic   1.8 s ago   frame 1 of c3, 1.8 s ago
red.vxlan42     42  02:42:0a:00:00:02  192.168.99.1  dynamic   2.0 s ago   frame 1 of c1, 2.0 s ago
green.vxlan42   42  02:42:0a:00:00:02  192.168.99.1  dynamic   0.5 s ago   frame 2 of c1, 0.5 s ago
green.vxlan42   42  02:42:0a:00:00:03  192.168.99.2  declared  -           lab.yaml:25
`,
    );
  },
);

test.serial('--at and --mac choose the moment and the station', async (t) => {
  t.is(
    await shown(t, ['--at', '1.25s', '--mac', '02-42-0A-00-00-04']),
    `network  MAC                port          kind     last heard  taught by
blue     02:42:0a:00:00:04  blue.vxlan42  dynamic  1.0 s ago   frame 1 of c3, 1.0 s ago
green    02:42:0a:00:00:04  c3            dynamic  1.0 s ago   frame 1 of c3, 1.0 s ago

tunnel end    VNI  MAC                remote        kind     last heard  taught by
blue.vxlan42   42  02:42:0a:00:00:04  192.168.99.3  dynamic  1.0 s ago   frame 1 of c3, 1.0 s ago
`,
  );
  t.is(await shown(t, ['--mac', '02:00:00:00:00:99']), 'No network knows such a station.\n');
});

test.serial(
  'VX-9: the history tells each change with its cause: a line, a frame, or silence',
  async (t) => {
    t.is(
      await shown(t, ['--history', '--at', '30s']),
      `time      tunnel end     VNI  MAC                change    from          to            because of
-         green.vxlan42   42  02:42:0a:00:00:03  declared  -             192.168.99.2  lab.yaml:25
0.000 s   red.vxlan42     42  02:42:0a:00:00:02  learned   -             192.168.99.1  frame 1 of c1
0.000 s   green.vxlan42   42  02:42:0a:00:00:02  learned   -             192.168.99.1  frame 1 of c1
0.250 s   blue.vxlan42    42  02:42:0a:00:00:04  learned   -             192.168.99.3  frame 1 of c3
1.000 s   blue.vxlan42    42  02:42:0a:00:00:02  learned   -             192.168.99.2  frame 1 of c2
1.000 s   green.vxlan42   42  02:42:0a:00:00:02  moved     192.168.99.1  192.168.99.2  frame 1 of c2
1.500 s   green.vxlan42   42  02:42:0a:00:00:02  moved     192.168.99.2  192.168.99.1  frame 2 of c1
2.000 s   blue.vxlan42    42  02:42:0a:00:00:03  learned   -             192.168.99.2  frame 2 of c2
11.500 s  green.vxlan42   42  02:42:0a:00:00:02  aged      192.168.99.1  -             10 s of silence
`,
    );
    t.is(
      await shown(t, ['--history', '--mac', '02:42:0a:00:00:99']),
      'No tunnel end has learned or forgotten anything.\n',
    );
  },
);

test.serial(
  'a station that was forgotten and is heard again is told in the order of time',
  async (t) => {
    const later: readonly Timed[] = [...story, [20, 'c1', ping(c1, c3)]];
    const history = await shown(t, ['--history', '--mac', c1.mac], later);
    const changes = history.split('\n').filter((line) => line.includes('green.vxlan42'));
    t.deepEqual(changes.map((line) => line.replaceAll(/ +/g, ' ')).slice(-2), [
      '11.500 s green.vxlan42 42 02:42:0a:00:00:02 aged 192.168.99.1 - 10 s of silence',
      '20.000 s green.vxlan42 42 02:42:0a:00:00:02 learned - 192.168.99.1 frame 3 of c1',
    ]);
  },
);

test.serial('the JSON has the keys that the help promises', async (t) => {
  const known = JSON.parse(await shown(t, ['--json', '--mac', c3.mac])) as unknown;
  const taughtBy = { port: 'c3', number: 1, ago_s: 1.75 };
  const station = { mac: c3.mac, kind: 'dynamic', heard_s: 1.75, taughtBy };
  t.deepEqual(known, {
    what: 'fdb',
    topology: 'lab.yaml',
    at_s: 2,
    stations: [
      { ...station, network: 'blue', port: 'blue.vxlan42' },
      { ...station, network: 'green', port: 'c3' },
    ],
    remotes: [{ ...station, port: 'blue.vxlan42', vni: 42, remote: '192.168.99.3' }],
  });
  const history = JSON.parse(await shown(t, ['--json', '--history', '--mac', c2.mac])) as unknown;
  const place = { vni: 42, mac: c2.mac, to: '192.168.99.2' };
  t.deepEqual(history, {
    what: 'fdb',
    topology: 'lab.yaml',
    at_s: 2,
    changes: [
      { ...place, port: 'green.vxlan42', change: 'declared', at: 'lab.yaml:25' },
      {
        ...place,
        port: 'blue.vxlan42',
        change: 'learned',
        at_s: 2,
        frame: { port: 'c2', number: 2 },
      },
    ],
    forgotten: 0,
  });
});

const wrongCalls: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['fdb', '--history'], /show fdb needs a topology and captures: show fdb lab\.yaml --in c1=/],
  [['fdb', 'lab.yaml'], /show fdb needs a topology and captures/],
  [['fdb', 'lab.yaml', '--in', 'c1=a.pcap', '--mac', 'c1'], /--mac c1: write six bytes, as 02:/],
  [['nat', 'lab.yaml', '--in', 'c1=a.pcap', '--history'], /show nat: --history is for fdb\n/],
  [['ports', '--mac', '02:00:00:00:00:01'], /show ports: --mac is for /],
  [['fdb', 'lab.yaml', '--in', 'c1=a.pcap', '--watch'], /--watch and --lab are for .* running lab/],
];

test.serial('a wrong call of show fdb says what is missing', async (t) => {
  const { folder } = setUp(t, STALE, []);
  for (const [args, says] of wrongCalls) {
    const outcome = await inProcess(folder, 'show', ...args);
    endedWith(t, outcome, 2);
    t.regex(outcome.stderr, says);
  }
});

test.serial(
  'a packet that leaves by a tunnel has its way beside it in pcapng, also when it had to wait',
  async (t) => {
    const far = { mac: '02:00:00:00:00:77', ip: { family: 4, value: 0xc0a8_634dn } } as const;
    const node = { mac: '08:00:27:00:00:03', ip: { family: 4, value: 0xc0a8_6303n } } as const;
    const lab = LAB.replace('[192.168.99.1, 192.168.99.2] }', '[192.168.99.77] }');
    const { folder, words } = setUp(t, lab, [
      [0, 'c3', question(c3, c1.ip)],
      [0.5, 'lan.out', reply(far, node)],
    ]);
    const more = ['--out', 'out', '--format', 'pcapng'];
    endedWith(t, await inProcess(folder, 'replay', ...words, ...more), 0);
    const text = readFileSync(join(folder, 'out/lan.out.pcapng'), 'utf8');
    t.regex(text, /In UDP to 192\.168\.99\.77:4789 \(lab\.yaml:25\) it goes by the route /);
    t.regex(text, /It waits for the answer: up to three questions, a second apart\./);
  },
);
