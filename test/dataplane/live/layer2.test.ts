/** A live Worker of a lab with hosts and wires: ports that nothing is joined to, and what happens though no frame comes. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compile } from '../../../control/compile/compile.js';
import { parseLab } from '../../../control/model/load.js';
import type { LivePort } from '../../../dataplane/worker/live-job.js';
import { checksumOf, sum } from '../../../dataplane/wire/checksum.js';
import { bridge } from '../lab.js';
import { dropsOf, start, tapsOf } from './running.js';

const folder = mkdtempSync(join(tmpdir(), 'etherloom-layer2-'));
test.after.always(() => {
  rmSync(folder, { recursive: true });
});

const BROADCAST = Uint8Array.from([...Array<number>(6).fill(0xff), 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);

test('a port that nothing is joined to has no carrier; one with a record alone keeps what would leave by it', async (t) => {
  const lab = bridge('c1 c2 c3');
  const record = join(folder, 'c3.pcapng');
  const [tap] = tapsOf(lab);
  const ports: LivePort[] = [
    ...(tap ? [tap] : []),
    { port: 1, name: 'c2', kind: 'none' },
    { port: 2, name: 'c3', kind: 'none', record },
  ];
  const running = start(lab, { ports });
  const bytes = new Uint8Array(1000);
  bytes.set(BROADCAST);
  running.native.device('tap0').arriving.push({ bytes }, { bytes });
  const { counters } = running;
  await running.until('both are flooded', () => counters.framesOut[2] === 2);
  await running.stop();
  t.deepEqual(dropsOf(counters), { 'no-carrier': 2 });
  t.is(counters.framesOut[1], 0);
  t.is(counters.unaccounted(), 0);
  t.true(statSync(record).size > 2 * bytes.length);
});

/** An IPv4 packet without payload from 10.1.0.2 to 10.9.0.1, as a child of an L3 parent sends it. */
function packet(): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set([2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 9, 8, 0]);
  bytes.set([0x45, 0, 0, 20, 0, 1, 0, 0, 64, 253, 0, 0, 10, 1, 0, 2, 10, 9, 0, 1], 14);
  const view = new DataView(bytes.buffer);
  view.setUint16(24, checksumOf(sum(view, 14, 20)));
  return bytes;
}

test('a host that waits for a neighbor asks again a second later, though no frame comes', async (t) => {
  const lab = compile(
    parseLab(
      `x-hosts: { n: { nics: { eth0: { mac: "02:00:00:00:00:09", addresses: [192.168.0.1/24] } }, gateway: 192.168.0.9 } }
networks: { i: { driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 }, ipam: { config: [ { subnet: 10.1.0.0/24 } ] } } }
services: { c1: { networks: { i: { ipv4_address: 10.1.0.2 } } } }
`,
      'lab.yaml',
    ),
  );
  const running = start(lab);
  const [child, nic] = [0, 1].map((tap) => running.native.device(`tap${tap}`));
  child?.arriving.push({ bytes: packet() });
  await running.until('it asks', () => nic?.sent.length === 1);
  const asked = performance.now();
  await running.until('it asks again', () => nic?.sent.length === 2);
  const waited_ms = performance.now() - asked;
  t.true(waited_ms > 900 && waited_ms < 1900, `${waited_ms} ms`);
  t.deepEqual(nic?.sent[0]?.bytes, nic?.sent[1]?.bytes);
  t.is(running.counters.unaccounted(), 1, 'the packet still waits');
  await running.stop();
});
