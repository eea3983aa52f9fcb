/** A second opinion on what the labs of overlays put on the wire: that of tshark, where it is installed. */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { compile } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { nanosecondPcap } from '../../pcaps/build/capture.js';
import { inDirectory } from '../capture/read.js';
import { pcaps } from '../golden/golden.js';
import { yamlOf } from './lab.js';
import { hubAt } from './outside.js';
import { Stage } from './stage.js';

const CHECKS = ['ip', 'tcp', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
/** What the servers of the labs say at port 80 is no HTTP. */
const NO_HTTP = ['--disable-protocol', 'http'];
const WRONG = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map((name) => `${name}.checksum.status == 0`);
/** Warnings and errors; that a connection begins or ends is worth a note to tshark. */
const EXPERT = '_ws.expert.severity >= 0x600000';
const BAD = ['_ws.malformed', EXPERT, ...WRONG].join(' || ');

/** What tshark says of the frames that a filter lets through, a line for each; undefined where there is no tshark. */
function sharkSays(t: ExecutionContext, path: string, ...words: string[]): string[] | undefined {
  const { error, status, stdout, stderr } = spawnSync(
    'tshark',
    ['-n', '-r', path, ...CHECKS, ...NO_HTTP, ...words],
    { encoding: 'utf8' },
  );
  if (error !== undefined) {
    t.log(`not checked: ${error.message}`);
    return undefined;
  }
  t.is(status, 0, stderr);
  return stdout.split('\n').filter(Boolean);
}

/** Nothing is wrong with a capture, and it has VXLAN of these VNIs in it. */
function isSound(t: ExecutionContext, path: string, ...vnis: string[]): void {
  const complaints = sharkSays(t, path, '-Y', BAD);
  if (complaints === undefined) return;
  t.deepEqual(complaints, [], path);
  const seen = sharkSays(t, path, '-Y', 'vxlan', '-T', 'fields', '-e', 'vxlan.vni') ?? [];
  t.deepEqual([...new Set(seen)].sort(), vnis, path);
}

for (const [id, ...vnis] of [
  ['A-08', '4097'],
  ['D-16', '4097'],
  ['F-16', '4201', '4202'],
] as const)
  test(`${id}: tshark takes VXLAN apart, and has no complaint of what is on the wire`, async (t) => {
    const folder = join(pcaps, 'labs', id);
    const nics = readdirSync(join(folder, 'out')).filter((name) => name.endsWith('.eth0.pcap'));
    t.true(nics.length > 1);
    await inDirectory((path) => {
      for (const nic of nics) {
        const both = ['in', 'out'].map((way) => join(folder, way, nic));
        const merged = spawnSync('mergecap', ['-F', 'nsecpcap', '-w', path(nic), ...both]);
        if (merged.error === undefined) isSound(t, path(nic), ...vnis);
        else t.log(`not checked: ${merged.error.message}`);
      }
      return Promise.resolve();
    });
  });

/** D-16 with nodes that have IPv6 alone: what c1 and c3 say to each other on the wire. */
function overIpv6(): Uint8Array {
  const yaml = yamlOf('D-16').replaceAll(/172\.16\.69\.(\d+)\/24/g, "'fd00::$1/64'");
  const compiled = compile(parseLab(yaml, 'lab.yaml'));
  const stage = new Stage(compiled, [hubAt('h1.eth0', 'h2.eth0')]);
  stage.ping('c1', '10.0.1.5');
  stage.ping('c3', '10.0.1.2', 2, { dataBytes: 1001 });
  return nanosecondPcap.encode(stage.passed.filter(({ port }) => port === 'h1.eth0'));
}

test('tshark has no complaint of VXLAN over IPv6 either, where every datagram has a checksum, and sees one that is wrong', async (t) => {
  const capture = overIpv6();
  const damaged = capture.slice();
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  await inDirectory((path) => {
    writeFileSync(path('sound'), capture);
    writeFileSync(path('damaged'), damaged);
    isSound(t, path('sound'), '4097');
    const unsummed = sharkSays(t, path('sound'), '-Y', 'ipv6 && vxlan && udp.checksum == 0');
    t.deepEqual(unsummed ?? [], []);
    t.not(sharkSays(t, path('damaged'), '-Y', BAD)?.length, 0);
    return Promise.resolve();
  });
});
