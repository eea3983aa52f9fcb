import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Counters } from '../../dataplane/observe/counters.js';
import { endedWith, inProcess, labFolder, MAIN, outcomeOf } from './run.js';

const commands = [
  '',
  'replay',
  'explain',
  'check',
  'mtu',
  'bench',
  'bench memory',
  'bench cost',
  'bench live',
  'show',
  'capture',
  'up',
  'down',
  'exec',
  'ps',
  'logs',
];

for (const command of commands) {
  test.serial(`etherloom ${command} --help explains the call with an example`, async (t) => {
    const outcome = await inProcess('.', ...command.split(' ').filter(Boolean), '--help');
    endedWith(t, outcome, 0);
    t.is(outcome.stderr, '');
    t.true(outcome.stdout.startsWith(`Usage: etherloom ${command}`));
    t.true(outcome.stdout.includes(`\nExample:\n  etherloom ${command}`));
    t.true(outcome.stdout.split('\n').every((line) => line.length <= 100));
  });
}

test.serial('--version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.is((await inProcess('.', '--version')).stdout, `${version}\n`);
});

const wrongCalls: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [[], /^Usage: etherloom /],
  [['frob'], /unknown command 'frob'/],
  [['check', 'lab.yaml', '--frob'], /unknown option '--frob'/],
  [['check', 'lab.yaml', 'more'], /too many arguments/],
  [['check'], /missing required argument 'topology'/],
  [['replay', 'lab.yaml', '--in', 'c1=a.pcap'], /required option '--out <folder>' not specified/],
  [['replay', 'lab.yaml', '--in', 'a.pcap', '--out', 'out'], /write it as PORT=FILE/],
  [['bench'], /^Usage: etherloom bench /],
  [['bench', 'memory', '--seconds', 'many'], /--seconds many: give a number above 0/],
  [['bench', 'memory', '--seed', '0.5'], /--seed 0\.5: give a whole number/],
  [['bench', 'live', '--runs', '0'], /--runs 0: give a whole number above 0/],
  [['bench', 'live', '--report', 'a.txt'], /--report a\.txt: name a file that ends in \.svg or /],
  [['bench', 'live', '--only', 'frob'], /nothing to measure has this.*\n {2}kernel bridge: TCP/],
  [['bench', 'memory', '--only', 'frob'], /nothing to measure has this.*\n {2}bridge 64 /],
  [
    ['show', 'frob'],
    /there is only show ports, fdb, counters, workers, conntrack, routes, neighbors, nat, reasons and schema/,
  ],
  [['show', 'reasons', '--watch'], /--watch and --lab are for ports, fdb, counters, workers/],
  [
    ['replay', 'lab.yaml', '--in', 'c1=a.pcap', '--out', 'o', '--workers', 'two'],
    /--workers two: give a whole number from 1 to 64/,
  ],
  [['up', 'lab.yaml', '--workers', '0'], /--workers 0: give a whole number from 1 to 64/],
  [['exec', 'c1'], /missing required argument 'words'/],
  [['explain'], /explain needs a topology, or --live PORT/],
  [['explain', 'lab.yaml', '--hex', '00', '--filter', 'arp'], /--filter belongs to --live/],
  [['explain', 'lab.yaml', '--live', 'c1'], /leave lab\.yaml out/],
  [['explain', '--live', 'c1', '--hex', '00'], /--hex does not go with --live/],
  [['explain', '--live', 'c1', '-n', '0'], /--count 0: give a whole number from 1 to 100000/],
  [['capture', 'c1', '-w', 'c1.pcapng', '-c', 'all'], /--count all: give a whole number from 1 on/],
];

test.serial('a wrong call ends with 2 and says what is wrong with it', async (t) => {
  const folder = labFolder(t);
  for (const [args, says] of wrongCalls) {
    const outcome = await inProcess(folder, ...args);
    endedWith(t, outcome, 2);
    t.regex(outcome.stderr, says);
    t.is(outcome.stdout, '');
  }
});

test.serial('check says what was understood', async (t) => {
  const outcome = await inProcess(labFolder(t), 'check', 'lab.yaml');
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '');
  t.true(outcome.stdout.startsWith('lab.yaml: 1 host, 2 networks, 3 sandboxes, 4 ports\n'));
});

test.serial('check names every mistake with its place, in one run', async (t) => {
  const lab =
    'services:\n  c1: { networks: { nett: {} } }\n  c2: { frob: 1 }\nnetworks:\n  net: {}\n';
  const outcome = await inProcess(labFolder(t, lab), 'check', 'lab.yaml');
  endedWith(t, outcome, 1);
  t.is(outcome.stdout, '');
  t.regex(outcome.stderr, /^lab\.yaml:2:\d+: /m);
  t.regex(outcome.stderr, /^lab\.yaml:3:\d+: /m);
  t.is(outcome.stderr.match(/^ {4}fix: /gm)?.length, 2);
});

test.serial('a topology that is missing, a folder or empty is refused', async (t) => {
  const folder = labFolder(t);
  writeFileSync(join(folder, 'empty.yaml'), '');
  for (const [file, says] of [
    ['none.yaml', /^none\.yaml:1:1: there is no such file\n {4}fix: /],
    ['.', /^\.:1:1: this is a directory, not a file\n {4}fix: /],
    ['empty.yaml', /^empty\.yaml:1:1: empty compose file\n {4}fix: /],
  ] as const) {
    const outcome = await inProcess(folder, 'check', file);
    endedWith(t, outcome, 1);
    t.regex(outcome.stderr, says);
  }
});

test.serial(
  'show prints the reasons in 100 columns, the reasons as JSON, and the schema',
  async (t) => {
    const table = await inProcess('.', 'show', 'reasons');
    endedWith(t, table, 0);
    t.true(table.stdout.startsWith('reason '));
    t.true(table.stdout.split('\n').every((line) => line.length <= 100 && !line.includes('…')));
    const json = await inProcess('.', 'show', 'reasons', '--json');
    const [first] = JSON.parse(json.stdout) as { name: string }[];
    t.is(first?.name, 'runt');
    const schema = JSON.parse((await inProcess('.', 'show', 'schema')).stdout) as object;
    t.true('properties' in schema);
  },
);

test.serial('whoever stops reading the output sees no error', async (t) => {
  const child = spawn('sh', ['-c', '"$0" "$1" show schema | head -1', process.execPath, MAIN]);
  const outcome = await outcomeOf(child);
  t.deepEqual(outcome, { status: 0, signal: null, stdout: '{\n', stderr: '' });
});

test.serial('bench memory gives its stable keys', async (t) => {
  const only = ['--only', 'bridge 64 1024 16 unicast', '--seconds', '0.05', '--json'];
  const outcome = await inProcess('.', 'bench', 'memory', ...only);
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '');
  const [result, ...others] = JSON.parse(outcome.stdout) as Record<string, unknown>[];
  t.is(others.length, 0);
  const { name, frameBytes, hosts, ports, workers, mpps, nsPerFrame, spread } = result ?? {};
  t.deepEqual([name, frameBytes, hosts, ports, workers], ['bridge', 64, 1024, 16, 1]);
  for (const figure of [mpps, nsPerFrame, spread]) t.is(typeof figure, 'number');
});

test.serial('bench memory --workers tells what it costs that frames cross', async (t) => {
  const call = ['bench', 'memory', '--workers', '2', '--only', 'vlan wire 64'];
  const outcome = await inProcess('.', ...call, '--seconds', '0.05', '--json');
  endedWith(t, outcome, 0);
  const results = JSON.parse(outcome.stdout) as { workers: number; nsPerCrossing?: number }[];
  t.deepEqual(
    results.map(({ workers }) => workers),
    [1, 2],
  );
  t.is(typeof results[1]?.nsPerCrossing, 'number');
});

test.serial('bench cost measures single functions', async (t) => {
  const call = ['bench', 'cost', '--seconds', '0.01'];
  const outcome = await inProcess('.', ...call, '--only', 'checksum', '--json');
  endedWith(t, outcome, 0);
  const costs = JSON.parse(outcome.stdout) as { opsPerSecond: number; nsPerOp: number }[];
  t.is(costs.length, 2);
  t.true(costs.every(({ opsPerSecond, nsPerOp }) => opsPerSecond > 0 && nsPerOp > 0));
  const table = await inProcess('.', ...call, '--only', 'fdb.find');
  t.is(table.stdout.match(/^Fdb\.find/gm)?.length, 2);
});

test.serial('a defect of etherloom ends with 70, and asks to be reported', async (t) => {
  const folder = labFolder(t);
  const honest = Object.getOwnPropertyDescriptor(Counters.prototype, 'unaccounted');
  Counters.prototype.unaccounted = () => 1;
  const outcome = await inProcess(
    folder,
    ...['replay', 'lab.yaml', '--in', 'c1=a.pcap', '--out', 'out'],
  );
  if (honest) Object.defineProperty(Counters.prototype, 'unaccounted', honest);
  t.is(outcome.status, 70);
  t.regex(outcome.stderr, /^etherloom: this is a defect of etherloom, please report it\n/);
  t.regex(outcome.stderr, /1 frames are unaccounted for\n +at /);
});
