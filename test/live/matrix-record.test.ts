/** What is recorded while super-frames and partial checksums pass is what a wire would show. */
import { spawnSync } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { describeFrame } from '../../control/explain/dissect.js';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { loadNative } from '../../native-bindings/load.js';
import { drain } from '../capture/read.js';
import { liveTest, runProgram } from './live.js';
import { build, MTUS, stationsOf } from './matrix/bench.js';
import { cellsOf, tableOf, tryAll } from './matrix/cells.js';
import { whyNoMatrix } from './matrix/why-no-matrix.js';

const TCP_BYTES = 3_000_000;
const HEADER_AND_TAG = 18;
/** One that gets super-frames whole, one that takes no more than 1500 bytes in the larger network, and one that gets none. */
const NAMES = ['tap-on-plain', 'packet-on-small', 'capture-on-plain'];
/** Fields of tshark; 0 is `Bad`. */
const CHECKED = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'];

/** Reads a record with our own reader: the longest frame, how many there are, and what is wrong with them. */
async function judge(path: string): Promise<{ longest: number; count: number; faults: string[] }> {
  const { frames, damage } = await drain(await CaptureReader.open(path));
  const faults = damage === undefined ? [] : [JSON.stringify(damage)];
  let longest = 0;
  for (const { number, bytes, wireLength } of frames) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { summary, malformed } = describeFrame(view, 0, bytes.length, wireLength);
    if (malformed !== undefined) faults.push(`frame ${number}: ${malformed.says}: ${summary}`);
    if (summary.includes('left to the network card')) faults.push(`frame ${number}: ${summary}`);
    if (bytes.length !== wireLength) faults.push(`frame ${number} is cut`);
    longest = Math.max(longest, wireLength);
  }
  return { longest, count: frames.length, faults };
}

/** The same in the eyes of somebody else. */
async function judgeWithTshark(t: ExecutionContext, path: string): Promise<void> {
  const options = CHECKED.slice(0, 3).flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
  const bad = CHECKED.map((name) => `${name}.checksum.status == 0`).join(' || ');
  const { stdout, stderr, status } = await runProgram('tshark', '-n', '-r', path, ...options, bad);
  t.is(status, 0, stderr);
  t.is(stdout, '', `${path}: checksums that are wrong`);
}

liveTest(
  'what is recorded at full speed fits the MTU of its port and has right checksums',
  async (t, lab) => {
    const why = whyNoMatrix();
    if (why !== undefined || !loadNative().hasCapture) {
      t.log(`left out: ${why ?? 'the addon was built without libpcap'}`);
      t.pass();
      return;
    }
    const hasTshark = spawnSync('tshark', ['--version']).error === undefined;
    if (!hasTshark) t.log('tshark is not installed: the records are judged by our own reader only');
    const all = stationsOf(lab, ['tap', 'packet', 'capture']);
    const stations = all.filter(({ name }) => NAMES.includes(name));
    t.is(stations.length, NAMES.length);
    const running = await build(t, lab, stations, lab.folder);
    const answers = await tryAll(cellsOf(stations), TCP_BYTES);
    await running.stop();
    const table = tableOf(answers);
    t.true(table === '', table);
    for (const station of stations)
      for (const network of MTUS.keys()) {
        const path = station.record(lab.folder, network);
        const { longest, count, faults } = await judge(path);
        const what = `${station.name} in a network of MTU ${MTUS[network] ?? '?'}`;
        t.deepEqual(faults.slice(0, 5), [], `${what}: ${faults.length} frames`);
        t.true(longest <= station.mtu(network) + HEADER_AND_TAG, `${what}: ${longest} bytes`);
        t.log(`${what}: ${count} frames, the longest has ${longest} bytes`);
        if (hasTshark) await judgeWithTshark(t, path);
      }
  },
);
