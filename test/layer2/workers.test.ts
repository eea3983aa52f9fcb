/**
 * Hosts and wires shared out among several workers (worker/crossing.ts): whatever the topology and whatever comes in, each output is the same, byte
 * for byte, as that of one worker; and nobody waits for one that has failed.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Compiled } from '../../control/compile/compile.js';
import { compile } from '../../control/compile/compile.js';
import { loadLab } from '../../control/model/load.js';
import { portNamed } from '../../control/replay/inputs.js';
import type { InputFile } from '../../control/replay/inputs.js';
import { startReplay } from '../../control/replay/replay.js';
import { shareOut } from '../../control/supervisor/share.js';
import type { CaptureFormat } from '../../dataplane/worker/replay.js';
import { u16, u32, u8 } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { nanosecondPcap } from '../../pcaps/build/capture.js';
import { arpReply, arpRequest } from '../../pcaps/build/ipv4.js';
import * as build from '../capture/build.js';
import { inDirectory } from '../capture/read.js';
import { labOf } from '../dataplane/lab.js';
import { eth0, eth1, far, frame4, near, packet4, sealed, udp } from '../dataplane/routed.js';
import type { Scripted } from '../dataplane/story.js';
import { filesUnder, pcaps } from '../golden/golden.js';
import { Stage } from '../labs/stage.js';
import { topologies, yamlOf } from './topologies.js';
import { drawn, pick, placesOf, reportOf, scripted, sent } from './traffic.js';

const RUNS = 12;
/** Between two frames: a third of the time after which a host asks again. */
const STEP_NS = 333_333_333;

/** All files of a replay by their names. */
async function outputsOf(
  compiled: Compiled,
  inputs: readonly InputFile[],
  { out, workers, format }: { out: string; workers: number; format: CaptureFormat },
): Promise<ReadonlyMap<string, Buffer>> {
  rmSync(out, { recursive: true, force: true });
  await startReplay({ compiled, inputs, out, format, workers }).finished;
  return filesUnder(out);
}

/** A capture for each port of a script. */
function capturesOf(lab: Compiled, script: readonly Scripted[], folder: string): InputFile[] {
  return [...new Set(script.map(({ port }) => port))].map((port) => {
    const name = lab.ports[port]?.port ?? '';
    const path = join(folder, `${name}.pcap`);
    const records = script
      .filter((one) => one.port === port)
      .map(({ frame, tick }) =>
        build.pcapRecord(frame, { seconds: Math.floor(tick / 1e9), fraction: tick % 1e9 }),
      );
    writeFileSync(path, build.join(build.pcapHeader({ magic: 0xa1b23c4d }), ...records));
    return { port, name, path };
  });
}

test('for random topologies and traffic, two and three workers give the bytes of one', async (t) => {
  const traffic = fc.array(sent, { minLength: 10, maxLength: 40 });
  const formats = fc.constantFrom<CaptureFormat>('pcap', 'pcapng');
  let divided = 0;
  const details = await fc.check(
    fc.asyncProperty(topologies, traffic, formats, (topology, choices, format) =>
      inDirectory(async (path) => {
        mkdirSync(path('in'), { recursive: true });
        const lab = labOf(yamlOf(topology));
        const places = placesOf(topology);
        const script = choices.map((choice, i) => {
          const place = pick(places, choice.port);
          const frame = drawn(topology, place, choice, i + 1);
          return scripted(lab, place.port, frame, (i + 1) * STEP_NS);
        });
        const inputs = capturesOf(lab, script, path('in'));
        const one = await outputsOf(lab, inputs, { out: path('out'), workers: 1, format });
        for (const workers of [2, 3]) {
          if (shareOut(lab, workers).owners.workers < workers) continue;
          divided++;
          assert.deepEqual(
            await outputsOf(lab, inputs, { out: path('out'), workers, format }),
            one,
          );
        }
      }),
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  t.false(details.failed, details.failed ? reportOf(details) : '');
  t.true(divided > 0);
});

for (const id of readdirSync(join(pcaps, 'labs'))) {
  test(`${id} gives the same bytes with two workers`, async (t) => {
    const folder = join(pcaps, 'labs', id);
    const compiled = compile(await loadLab(join(folder, 'lab.yaml')));
    const inputs = readdirSync(join(folder, 'in')).map((file): InputFile => {
      const name = file.replace(/\.pcap$/, '');
      return { port: portNamed(name, compiled), name, path: join(folder, 'in', file) };
    });
    await inDirectory(async (path) => {
      const out = path('out');
      const one = await outputsOf(compiled, inputs, { out, workers: 1, format: 'pcap' });
      const two = await outputsOf(compiled, inputs, { out, workers: 2, format: 'pcap' });
      t.deepEqual(two, one);
    });
  });
}

/** Two hosts without NICs, on each an overlay of two subnets, between which its namespace routes. */
const OVERLAYS = `x-hosts: { n1: , n2: }
networks:
  one: { driver: overlay, ipam: { config: [{ subnet: 10.1.1.0/24 }, { subnet: 10.1.2.0/24 }] } }
  two: { driver: overlay, ipam: { config: [{ subnet: 10.2.1.0/24 }, { subnet: 10.2.2.0/24 }] } }
services:
  c1: { x-host: n1, networks: { one: { ipv4_address: 10.1.1.7 } } }
  c2: { x-host: n1, networks: { one: { ipv4_address: 10.1.2.7 } } }
  c3: { x-host: n2, networks: { two: { ipv4_address: 10.2.1.7 } } }
  c4: { x-host: n2, networks: { two: { ipv4_address: 10.2.2.7 } } }
`;

test('namespaces of overlays give up a neighbor at the same time with two workers as with one', async (t) => {
  const lab = labOf(OVERLAYS);
  t.is(shareOut(lab, 2).owners.workers, 2);
  const stage = new Stage(lab);
  for (const [from, number] of [
    ['c1', 1],
    ['c3', 2],
  ] as const) {
    const to = `10.${number}.2`;
    stage.station(from).route({ to: `${to}.0/24`, via: `10.${number}.1.1` });
    stage.ping(from, `${to}.99`);
    stage.wait(5);
    stage.ping(from, `${to}.99`, 1);
    t.is(stage.station(from).echoes.errors.size, 2, 'the first two, which were given up');
  }
  await inDirectory(async (path) => {
    mkdirSync(path('in'), { recursive: true });
    const inputs = ['c1.one', 'c3.two'].map((name): InputFile => {
      const file = path(`in/${name}.pcap`);
      writeFileSync(file, nanosecondPcap.encode(stage.passedAt(name, 'in')));
      return { port: portNamed(name, lab), name, path: file };
    });
    const replayed = (workers: number): Promise<ReadonlyMap<string, Buffer>> =>
      outputsOf(lab, inputs, { out: path('out'), workers, format: 'pcap' });
    t.deepEqual(await replayed(2), await replayed(1));
  });
});

const TWO_HOSTS = `x-wires: { lan: }
x-hosts: { n1: { nics: { eth0: { wire: lan } } }, n2: { nics: { eth0: { wire: lan } } } }
networks:
  m1: { driver: macvlan, driver_opts: { parent: eth0 }, x-host: n1 }
  m2: { driver: macvlan, driver_opts: { parent: eth0 }, x-host: n2 }
services:
  c1: { networks: [m1], x-host: n1 }
  c2: { networks: [m2], x-host: n2 }
`;

const NAT = `x-wires: { lan: { ports: { p: } }, wan: { ports: { p: } } }
x-hosts:
  gw:
    nics:
      eth0: { wire: lan, mac: "02:00:00:00:01:01", addresses: [10.0.1.1/24] }
      eth1: { wire: wan, mac: "02:00:00:00:02:01", addresses: [10.0.2.1/24] }
  other: { nics: { eth0: { wire: wan, addresses: [10.0.2.3/24] } } }
x-nat:
  gw: { profile: rfc4787, rules: [{ snat: 10.0.1.0/24, out: eth1, to: masquerade }] }
`;

test('N5382-4: a SYN that waits at a host is answered at the same time with two workers as with one', async (t) => {
  const lab = labOf(NAT);
  t.is(shareOut(lab, 2).owners.workers, 2);
  const [a, b] = ['lan.p', 'wan.p'].map((port) => portNamed(port, lab));
  if (a === undefined || b === undefined) return t.fail();
  const syn = frame4(far, eth1, packet4(far, eth1, 6, tcpSyn(far, eth1)));
  const asked = (): Uint8Array => frame4(near, eth0, packet4(near, far, 17, udp(4, near, far)));
  const script = (
    [
      [a, arpRequest(near, eth0), 0],
      [b, arpRequest(far, eth1), 0],
      [b, syn, 1],
      [a, asked(), 5],
      [b, syn, 8],
      [b, arpReply(far, eth1), 10.5],
    ] as const
  ).map(([port, frame, seconds]): Scripted => {
    return { line: '', said: '', port, tick: seconds * 1e9, frame, size: frame.length };
  });
  await inDirectory(async (path) => {
    mkdirSync(path('in'), { recursive: true });
    const inputs = capturesOf(lab, script, path('in'));
    const replayed = (workers: number): Promise<ReadonlyMap<string, Buffer>> =>
      outputsOf(lab, inputs, { out: path('out'), workers, format: 'pcap' });
    const one = await replayed(1);
    t.deepEqual(await replayed(2), one);
    const left = one.get('wan.p.pcap') ?? Buffer.alloc(0);
    // What gw answered at the beginning, what was asked 5 s in, an error 6 s after each SYN; and whether far is still there.
    t.deepEqual(timesIn(left), [0, 5, 7, 10, 14]);
  });
});

/** Seconds of the records of a capture. */
function timesIn(capture: Buffer): number[] {
  const times: number[] = [];
  for (let at = 24; at < capture.length; at += 16 + capture.readUInt32LE(at + 8))
    times.push(capture.readUInt32LE(at));
  return times;
}

function tcpSyn(from: Station, to: Station): Uint8Array {
  const header = build.join(u16(6000, 80), u32(1000, 0), u8(0x50, 2), u16(64_000, 0, 0));
  return sealed(4, from, to, 6, header, 16);
}

/** A broadcast that comes in by c1. */
function broadcast(): Uint8Array {
  const frame = build.counting(60);
  frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x42, 0xac, 0x12, 0, 2, 0x88, 0xb5]);
  return frame;
}

test('hosts are dealt out whole, and a wire goes with the first NIC on it', (t) => {
  const lab = labOf(TWO_HOSTS);
  const { owners, note } = shareOut(lab, 2);
  t.deepEqual([...owners.links], [0, 1]);
  t.deepEqual([...owners.networks], [0]);
  const ownerOf = (name: string) => owners.ports[portNamed(name, lab)];
  t.deepEqual([ownerOf('c1'), ownerOf('c2')], [0, 1]);
  t.true(owners.joinedPorts.every((joined) => joined === 1));
  t.is(note, undefined);
  t.is(
    shareOut(lab, 3).note,
    'the lab has 2 hosts and networks to share out: 2 of 3 workers are used',
  );
  t.is(
    shareOut(labOf('services: { c: }'), 2).note,
    'the lab has one host or network to share out: 1 of 2 workers are used',
  );
});

test('a worker that cannot write ends the replay with its own error, and nobody waits for it', async (t) => {
  const lab = labOf(TWO_HOSTS);
  await inDirectory(async (path) => {
    const records = Array.from({ length: 1000 }, (_, i) =>
      build.pcapRecord(broadcast(), { seconds: i }),
    );
    writeFileSync(path('c1.pcap'), build.join(build.pcapHeader(), ...records));
    mkdirSync(path('out/c2.pcap'), { recursive: true });
    const inputs = [{ port: portNamed('c1', lab), name: 'c1', path: path('c1.pcap') }];
    const running = startReplay({
      compiled: lab,
      inputs,
      out: path('out'),
      format: 'pcap',
      workers: 2,
    });
    await t.throwsAsync(running.finished, { message: /c2\.pcap.*directory/ });
  });
});

test('a capture that cannot be read ends the replay of all workers', async (t) => {
  const lab = labOf(TWO_HOSTS);
  await inDirectory(async (path) => {
    const inputs = [{ port: portNamed('c1', lab), name: 'c1', path: path('missing.pcap') }];
    const running = startReplay({
      compiled: lab,
      inputs,
      out: path('out'),
      format: 'pcap',
      workers: 2,
    });
    await t.throwsAsync(running.finished, { message: /missing\.pcap/ });
  });
});
