import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseAddress } from '../../control/address.js';
import { ping, question, reply } from '../../control/explain/speech.js';
import type { Summary } from '../../control/replay/summary.js';
import * as build from '../capture/build.js';
import { readBytes } from '../capture/read.js';
import { captureOf, endedWith, etherloom, frameFrom, labFolder } from './run.js';

const BOTH = ['replay', 'lab.yaml', '--in', 'c1=a.pcap', '--in', 'c2=b.pcap', '--out', 'out'];

function outputsOf(folder: string, out = 'out'): Record<string, Buffer> {
  const names = readdirSync(join(folder, out)).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, out, name))]));
}

test('a replay says per port what came in, what went out and where the files are', async (t) => {
  const outcome = await etherloom(labFolder(t), ...BOTH);
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '');
  t.deepEqual(outcome.stdout.split('\n'), [
    'port      frames in  bytes in  frames out  bytes out  ended here',
    'c1                3       180           2        120  -',
    'c2                2       120           3        180  -',
    'c3.net            0         0           1         60  -',
    'c3.other          0         0           0          0  -',
    '',
    '5 received + 0 originated + 1 copied = 6 sent + 0 dropped + 0 consumed',
    'outputs: out/<port>.pcap, out/summary.json',
    '',
  ]);
});

test('a replay passes on what the topology gives to think about', async (t) => {
  const lab = `networks: { net: { driver: macvlan, driver_opts: { parnt: eth0 } } }
services: { c1: { networks: [net] }, c2: { networks: [net] } }
`;
  const { stdout } = await etherloom(labFolder(t, lab), ...BOTH);
  t.regex(stdout, /\nnote: network net: .* "parnt"; did you mean "parent"\?\noutputs: /);
});

test('the JSON of a replay is its summary.json, byte for byte', async (t) => {
  const folder = labFolder(t);
  const outcome = await etherloom(folder, ...BOTH, '--json');
  endedWith(t, outcome, 0);
  t.is(outcome.stdout, readFileSync(join(folder, 'out/summary.json'), 'utf8'));
  const summary = JSON.parse(outcome.stdout) as Summary;
  t.deepEqual(summary.frames, {
    received: 5,
    originated: 0,
    copied: 1,
    sent: 6,
    dropped: 0,
    consumed: 0,
  });
  t.deepEqual(summary.inputs, [
    { port: 'c1', file: 'a.pcap', frames: 3, notes: [] },
    { port: 'c2', file: 'b.pcap', frames: 2, notes: [] },
  ]);
  t.deepEqual(
    summary.outputs.map(({ file }) => file),
    ['c1', 'c2', 'c3.net', 'c3.other'].map((port) => `out/${port}.pcap`),
  );
  t.is(summary.icmpErrorsKeptBack, 0);
  t.is(summary.duration_s, 2);
  t.false(summary.interrupted);
});

for (const format of ['pcap', 'pcapng']) {
  test(`the same call twice writes the same bytes into every ${format} and summary.json`, async (t) => {
    const folder = labFolder(t);
    endedWith(t, await etherloom(folder, ...BOTH, '--format', format), 0);
    const once = outputsOf(folder);
    rmSync(join(folder, 'out'), { recursive: true });
    endedWith(t, await etherloom(folder, ...BOTH, '--format', format), 0);
    t.deepEqual(outputsOf(folder), once);
    const ports = ['c1', 'c2', 'c3.net', 'c3.other'];
    t.deepEqual(Object.keys(once), [...ports.map((port) => `${port}.${format}`), 'summary.json']);
  });
}

test('what leaves keeps its bytes and its time', async (t) => {
  const folder = labFolder(t);
  endedWith(t, await etherloom(folder, ...BOTH), 0);
  const { frames } = await readBytes(readFileSync(join(folder, 'out/c2.pcap')));
  t.deepEqual(
    frames.map(({ bytes, seconds }) => [seconds, bytes]),
    [0, 1, 2].map((seconds) => [seconds, frameFrom(2, 3)]),
  );
});

test('a pcapng output says beside every packet where it came from and why it left', async (t) => {
  const folder = labFolder(t);
  const outcome = await etherloom(folder, ...BOTH, '--format', 'pcapng');
  endedWith(t, outcome, 0);
  t.true(outcome.stdout.includes('out/<port>.pcapng'));
  const text = readFileSync(join(folder, 'out/c2.pcapng'), 'utf8');
  t.is(text.match(/Frame \d of c1,/g)?.length, 3);
  t.true(text.includes('lab.yaml:'));
});

/** A parent in mode L3, whose NIC leads out of the lab. */
const ROUTED = `x-hosts:
  node: { nics: { eth0: { mac: "08:00:27:00:00:01", addresses: [10.9.0.1/24] } } }
networks:
  far: { driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 }, ipam: { config: [{ subnet: 10.1.0.0/24 }] } }
services:
  c1: { networks: { far: { ipv4_address: 10.1.0.2 } } }
`;

test('a packet that had waited for its next hop leaves with the comment of its own way', async (t) => {
  const folder = labFolder(t, ROUTED);
  const address = (text: string) =>
    ({ family: 4, value: parseAddress(text)?.value ?? 0n }) as const;
  const parent = { mac: '08:00:27:00:00:01', ip: address('10.1.0.2') };
  const router = { mac: '02:00:00:00:00:99', ip: address('10.9.0.9') };
  const at = (seconds: number, frame: Uint8Array) =>
    build.join(build.pcapHeader(), build.pcapRecord(frame, { seconds }));
  writeFileSync(join(folder, 'a.pcap'), at(0, ping(parent, { ...router, mac: parent.mac })));
  const answer = reply(router, { mac: parent.mac, ip: address('10.9.0.1') });
  writeFileSync(join(folder, 'b.pcap'), at(0, answer));
  const words = ['replay', 'lab.yaml', '--in', 'c1=a.pcap', '--in', 'node.eth0=b.pcap'];
  const outcome = await etherloom(folder, ...words, '--out', 'out', '--format', 'pcapng');
  endedWith(t, outcome, 0);
  const text = readFileSync(join(folder, 'out/node.eth0.pcapng'), 'utf8');
  const comments = text.match(/Frame 1 of c1, .*?waits for the answer/g);
  t.is(comments?.length, 2, 'the question is told as a part of its way, too');
  t.true(
    text.includes('the MAC of the next hop 10.9.0.9 is not known, so node asks for it by eth0'),
  );
});

test('D-4: the question whether a neighbor is still there says because of which frame it is asked', async (t) => {
  const folder = labFolder(t, ROUTED);
  const address = (text: string) =>
    ({ family: 4, value: parseAddress(text)?.value ?? 0n }) as const;
  const parent = { mac: '08:00:27:00:00:01', ip: address('10.1.0.2') };
  const router = { mac: '02:00:00:00:00:99', ip: address('10.9.0.9') };
  const packet = ping(parent, { ...router, mac: parent.mac });
  const capture = (...records: readonly (readonly [seconds: number, frame: Uint8Array])[]) =>
    build.join(
      build.pcapHeader(),
      ...records.map(([seconds, frame]) => build.pcapRecord(frame, { seconds })),
    );
  writeFileSync(join(folder, 'a.pcap'), capture([1, packet], [7.5, packet]));
  writeFileSync(join(folder, 'b.pcap'), capture([0, question(router, address('10.9.0.1'))]));
  const words = ['replay', 'lab.yaml', '--in', 'c1=a.pcap', '--in', 'node.eth0=b.pcap'];
  const outcome = await etherloom(folder, ...words, '--out', 'out', '--format', 'pcapng');
  endedWith(t, outcome, 0);
  const text = readFileSync(join(folder, 'out/node.eth0.pcapng'), 'utf8');
  const comment =
    /The host asks whether its neighbor is still there, to which frame 1 of c1 was sent\./g;
  t.is(text.match(comment)?.length, 3);
});

test('R-12: a replay says how many ICMP errors the limit kept back', async (t) => {
  const gateway = '02:42:ac:12:00:01';
  const lab = `networks: { net: { x-bridge: { mac: "${gateway}" } } }
services: { c1: { networks: [net] } }
`;
  const folder = labFolder(t, lab);
  const address = (text: string) =>
    ({ family: 4, value: parseAddress(text)?.value ?? 0n }) as const;
  const c1 = { mac: '02:42:ac:12:00:02', ip: address('172.18.0.2') };
  const lost = ping(c1, { mac: gateway, ip: address('203.0.113.1') });
  const sent = [question(c1, address('172.18.0.1')), ...Array.from({ length: 8 }, () => lost)];
  const records = sent.map((frame) => build.pcapRecord(frame, { seconds: 0 }));
  writeFileSync(join(folder, 'a.pcap'), build.join(build.pcapHeader(), ...records));
  const words = ['replay', 'lab.yaml', '--in', 'c1=a.pcap', '--out', 'out'];
  const outcome = await etherloom(folder, ...words);
  endedWith(t, outcome, 0);
  // Of what the host says, three are questions whether c1, which has only asked, is still there.
  const law = '9 received + 10 originated + 0 copied = 10 sent + 9 dropped + 0 consumed';
  t.true(outcome.stdout.includes(`\n${law}\n2 ICMP errors kept back by the limit\noutputs: `));
  const summary = JSON.parse(readFileSync(join(folder, 'out/summary.json'), 'utf8')) as Summary;
  t.is(summary.icmpErrorsKeptBack, 2);
});

test('a port is named by container, or by container and network', async (t) => {
  const folder = labFolder(t);
  endedWith(
    t,
    await etherloom(folder, 'replay', 'lab.yaml', '--in', 'c3.net=a.pcap', '--out', 'out'),
    0,
  );
  const several = await etherloom(
    folder,
    'replay',
    'lab.yaml',
    '--in',
    'c3=a.pcap',
    '--out',
    'out',
  );
  endedWith(t, several, 2);
  t.is(several.stderr, 'etherloom: c3 has several ports; name one of them: c3.net, c3.other\n');
});

test('an unknown port is refused with the names there are', async (t) => {
  const outcome = await etherloom(
    labFolder(t),
    'replay',
    'lab.yaml',
    '--in',
    'c9=a.pcap',
    '--out',
    'out',
  );
  endedWith(t, outcome, 2);
  t.is(
    outcome.stderr,
    'etherloom: there is no port c9; the ports of lab.yaml are c1, c2, c3.net, c3.other\n',
  );
});

test('two captures at one port are refused, with a way to join them', async (t) => {
  const outcome = await etherloom(labFolder(t), ...BOTH, '--in', 'c1=b.pcap');
  endedWith(t, outcome, 2);
  t.regex(outcome.stderr, /c1 has a capture already; join the two with mergecap/);
});

for (const [what, lab] of [
  ['without services', 'services: {}\n'],
  ['without networks', 'services: { c1: { network_mode: none } }\n'],
] as const) {
  test(`a topology ${what} has no port to replay into`, async (t) => {
    const outcome = await etherloom(labFolder(t, lab), ...BOTH);
    endedWith(t, outcome, 2);
    t.is(outcome.stderr, 'etherloom: there is no port c1; lab.yaml has no ports\n');
  });
}

test('a replay without a capture, or into a format that does not exist, is a wrong call', async (t) => {
  const folder = labFolder(t);
  const without = await etherloom(folder, 'replay', 'lab.yaml', '--out', 'out');
  endedWith(t, without, 2);
  t.regex(without.stderr, /--in c1=a\.pcap/);
  const format = await etherloom(folder, ...BOTH, '--format', 'snoop');
  endedWith(t, format, 2);
  t.is(format.stderr, 'etherloom: --format snoop: choose pcap or pcapng\n');
  t.deepEqual(readdirSync(folder).sort(), ['a.pcap', 'b.pcap', 'lab.yaml']);
});

const snoop = build.join(build.pcapHeader({ linkType: 105 }), build.pcapRecord(build.counting(60)));
const refusedCaptures: readonly (readonly [
  what: string,
  bytes: Uint8Array | undefined,
  says: RegExp,
])[] = [
  ['missing', undefined, /x\.pcap: .*there is no such file/],
  ['empty', new Uint8Array(), /x\.pcap: .*the file is empty/],
  [
    'no capture',
    Buffer.from('not a capture at all, just words'),
    /x\.pcap: .*name a pcap or pcapng/,
  ],
  ['of another link type', snoop, /x\.pcap: .*IEEE802_11/],
];

for (const [what, bytes, says] of refusedCaptures) {
  test(`a capture that is ${what} is refused in one line`, async (t) => {
    const folder = labFolder(t);
    if (bytes) writeFileSync(join(folder, 'x.pcap'), bytes);
    const outcome = await etherloom(
      folder,
      'replay',
      'lab.yaml',
      '--in',
      'c1=x.pcap',
      '--out',
      'out',
    );
    endedWith(t, outcome, 1);
    t.regex(outcome.stderr, says);
    t.is(outcome.stdout, '');
  });
}

test('a damaged capture is read up to the damage, whose byte is named', async (t) => {
  const folder = labFolder(t);
  writeFileSync(join(folder, 'cut.pcap'), captureOf(3, frameFrom(2, 3)).slice(0, 200));
  const call = ['replay', 'lab.yaml', '--in', 'c1=cut.pcap', '--out', 'out'];
  const outcome = await etherloom(folder, ...call);
  endedWith(t, outcome, 1);
  t.regex(outcome.stderr, /^cut\.pcap: damaged at byte 176, after 2 frames: .*\n {4}fix: /);
  const { frames, damage } = await readBytes(readFileSync(join(folder, 'out/c2.pcap')));
  t.is(frames.length, 2);
  t.is(damage, undefined);
  const summary = JSON.parse(readFileSync(join(folder, 'out/summary.json'), 'utf8')) as Summary;
  t.is(summary.inputs[0]?.damage?.offset, 176);
  const tolerant = await etherloom(folder, ...call, '--tolerate-truncation');
  endedWith(t, tolerant, 0);
  t.regex(tolerant.stderr, /^cut\.pcap: damaged at byte 176/);
});

test('an output never replaces an input, nor through a link', async (t) => {
  const folder = labFolder(t);
  mkdirSync(join(folder, 'out'));
  const kept = captureOf(3, frameFrom(2, 3));
  writeFileSync(join(folder, 'out/c2.pcap'), kept);
  symlinkSync(join(folder, 'out'), join(folder, 'link'));
  symlinkSync(join(folder, 'out/c2.pcap'), join(folder, 'other.pcap'));
  for (const [input, out] of [
    ['out/c2.pcap', 'out'],
    ['out/c2.pcap', 'link'],
    ['other.pcap', 'out'],
  ]) {
    const outcome = await etherloom(
      folder,
      'replay',
      'lab.yaml',
      '--in',
      `c1=${input ?? ''}`,
      '--out',
      out ?? '',
    );
    endedWith(t, outcome, 2);
    t.regex(
      outcome.stderr,
      /c2\.pcap is an input, and the replay would overwrite it; choose another --out/,
    );
  }
  t.deepEqual(new Uint8Array(readFileSync(join(folder, 'out/c2.pcap'))), kept);
  t.deepEqual(readdirSync(join(folder, 'out')), ['c2.pcap']);
});

test('outputs that cannot be made or written are named with the way out', async (t) => {
  const folder = labFolder(t);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'taken/c2.pcap'), { recursive: true });
  mkdirSync(join(folder, 'told/summary.json'), { recursive: true });
  for (const [out, says] of [
    [
      'file',
      /^file: cannot make this folder for the outputs: there is a file of this name\n {4}fix: /,
    ],
    ['file/x', /^file\/x: cannot make this folder .*: a part of the path is a file\n {4}fix: /],
    ['/proc/x/y', /^\/proc\/x\/y: cannot make this folder .*\n {4}fix: /],
    ['taken', /^taken\/c2\.pcap: .*it is a directory/],
    ['told', /^told\/summary\.json: cannot be written: there is a folder of this name\n {4}fix: /],
  ] as const) {
    const outcome = await etherloom(
      folder,
      'replay',
      'lab.yaml',
      '--in',
      'c1=a.pcap',
      '--out',
      out,
    );
    endedWith(t, outcome, 1);
    t.regex(outcome.stderr, says);
  }
});

test('a full disk is named, and the other outputs are complete', async (t) => {
  const folder = labFolder(t);
  mkdirSync(join(folder, 'out'));
  symlinkSync('/dev/full', join(folder, 'out/c1.pcap'));
  const outcome = await etherloom(folder, ...BOTH);
  endedWith(t, outcome, 1);
  t.regex(outcome.stderr, /^out\/c1\.pcap: .*no space is left on the device/);
  const { frames } = await readBytes(readFileSync(join(folder, 'out/c2.pcap')));
  t.is(frames.length, 3);
});

test('folders above the outputs are made', async (t) => {
  const folder = labFolder(t);
  endedWith(
    t,
    await etherloom(folder, 'replay', 'lab.yaml', '--in', 'c1=a.pcap', '--out', 'deep/er'),
    0,
  );
  t.is(readdirSync(join(folder, 'deep/er')).length, 5);
});
