import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import test from 'ava';

import { compile } from '../../control/compile/compile.js';
import { loadLab } from '../../control/model/load.js';
import { inputsFrom } from '../../control/replay/inputs.js';
import { startReplay } from '../../control/replay/replay.js';
import { BURST } from '../../dataplane/forward/plane.js';
import { cases, make } from '../../pcaps/make.js';
import { inDirectory, readBytes } from '../capture/read.js';
import { claims, filesUnder, firstDifference, pcaps, replayFolder } from './golden.js';

const golden = join(pcaps, 'golden');
const examples = join(pcaps, 'examples');

for (const claim of claims) {
  const sentence = claim.replaceAll('-', ' ');
  test(sentence, async (t) => {
    const folder = join(golden, claim);
    const expected = filesUnder(join(folder, 'out'));
    await inDirectory(async (path) => {
      for (const burst of [BURST, 1]) {
        const out = path(String(burst));
        await mkdir(out);
        t.is(await replayFolder(folder, out, burst), 0, 'frames are unaccounted for');
        const found = filesUnder(out);
        t.deepEqual([...found.keys()], [...expected.keys()]);
        for (const [file, bytes] of expected) {
          const given = found.get(file) ?? Buffer.alloc(0);
          if (bytes.equals(given)) continue;
          const where = (await firstDifference(bytes, given)) ?? 'something beside the frames';
          t.fail(`the claim "${sentence}" fails (bursts of ${burst}): ${file}: ${where}`);
        }
      }
    });
  });
}

test('the script makes exactly the captures that are here, and every one of them', async (t) => {
  t.deepEqual(claims, cases.map(({ claim }) => claim).sort());
  await inDirectory((path) => {
    make(path('pcaps'), true);
    const made = filesUnder(path('pcaps'));
    const here = [...filesUnder(golden)].map(([file, bytes]) => [join('golden', file), bytes]);
    here.push([join('examples', 'c3.pcap'), readFileSync(join(examples, 'c3.pcap'))]);
    const kept = new Map(here as [string, Buffer][]);
    t.deepEqual([...made.keys()].sort(), [...kept.keys()].sort());
    const others = [...made].filter(([file, bytes]) => kept.get(file)?.equals(bytes) !== true);
    t.deepEqual(
      others.map(([file]) => file),
      [],
    );
    return Promise.resolve();
  });
});

test('without --expect the script leaves what is expected alone', async (t) => {
  await inDirectory((path) => {
    make(path('pcaps'), false);
    const made = [...filesUnder(path('pcaps')).keys()];
    t.true(made.some((file) => file.endsWith(join('in', 'c1.pcap'))));
    t.false(made.some((file) => file.includes(join('/', 'out', '/'))));
    return Promise.resolve();
  });
});

interface PcapParser {
  parse(path: string): {
    on(event: 'packet', use: (packet: { readonly data: Buffer }) => void): void;
    on(event: 'end', use: () => void): void;
    on(event: 'error', use: (error: Error) => void): void;
  };
}

const outputs = claims.flatMap((claim) => {
  const out = join(golden, claim, 'out');
  return [...filesUnder(out)].map(([file, bytes]) => ({ claim, path: join(out, file), bytes }));
});

test('pcap-parser finds the same frames in every golden output', async (t) => {
  // It reads microseconds only, so the magic is made to say so; the unit of a time changes nothing else in a file.
  const parser = createRequire(import.meta.url)('pcap-parser') as PcapParser;
  await inDirectory(async (path) => {
    for (const { path: file, bytes } of outputs) {
      const copy = Buffer.from(bytes);
      copy.writeUInt32LE(0xa1b2c3d4, 0);
      writeFileSync(path('a'), copy);
      const found = await new Promise<Buffer[]>((resolve, reject) => {
        const packets: Buffer[] = [];
        const parsing = parser.parse(path('a'));
        parsing.on('packet', ({ data }) => packets.push(data));
        parsing.on('end', () => {
          resolve(packets);
        });
        parsing.on('error', reject);
      });
      const { frames, damage } = await readBytes(bytes);
      t.is(damage, undefined, file);
      t.deepEqual(
        found.map((data) => data.toString('hex')),
        frames.map(hexOf),
        file,
      );
    }
  });
});

function hexOf({ bytes }: { readonly bytes: Uint8Array }): string {
  return Buffer.from(bytes).toString('hex');
}

/** Claims whose point is that damaged frames pass. */
const damaged = new Set([
  'a-bridge-does-not-judge-what-a-frame-carries',
  'a-frame-shorter-than-its-header-is-dropped',
]);

test('capinfos reads every golden output to its end', (t) => {
  const files = outputs.map(({ path }) => path);
  const { status, error, stderr } = spawnSync('capinfos', ['-c', '-M', ...files], {
    encoding: 'utf8',
  });
  if (error !== undefined) t.log(`not checked: ${error.message}`);
  else t.is(status, 0, stderr);
  t.pass();
});

test('tshark finds no malformed packet in what is sent, and no wrong checksum', async (t) => {
  await inDirectory((path) => {
    const sound = outputs.filter(({ claim }) => !damaged.has(claim)).map(({ path }) => path);
    const examined = [...sound, join(examples, 'c1.pcap'), join(examples, 'c2.pcapng')];
    const merged = spawnSync('mergecap', ['-F', 'nsecpcap', '-w', path('all'), ...examined]);
    const options = ['ip', 'tcp', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
    const bad = '_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0';
    const more = 'udp.checksum.status == 0 || icmp.checksum.status == 0';
    const filter = `${bad} || ${more} || icmpv6.checksum.status == 0`;
    const shark = spawnSync('tshark', [...options, '-r', path('all'), '-Y', filter], {
      encoding: 'utf8',
    });
    const missing = merged.error ?? shark.error;
    if (missing !== undefined) {
      t.log(`not checked: ${missing.message}`);
    } else {
      t.is(shark.status, 0, shark.stderr);
      t.is(shark.stdout, '');
    }
    t.pass();
    return Promise.resolve();
  });
});

test('the example: what two containers said, and what became of the third one’s oddities', async (t) => {
  const compiled = compile(await loadLab(join(examples, 'lab.yaml')));
  const files = ['c1=c1.pcap', 'c2=c2.pcapng', 'c3=c3.pcap'];
  const words = files.map((word) => word.replace('=', `=${examples}/`));
  await inDirectory(async (path) => {
    const inputs = inputsFrom(words, compiled);
    const running = startReplay({ compiled, inputs, out: path('out'), format: 'pcap' });
    const { ports, notes } = await running.finished;
    t.deepEqual(notes, []);
    const [c1, c2, c3, c4, vault] = ports;
    t.like(c1, { framesIn: 54, dropped: {}, consumed: { 'gateway-address': 3 } });
    t.like(c2, { framesIn: 44, dropped: {}, consumed: {} });
    t.deepEqual(c3?.dropped, {
      runt: 1,
      'mtu-exceeded': 1,
      'source-address-invalid': 1,
      'pause-frame': 1,
      'reserved-address': 1,
      reflection: 1,
    });
    t.deepEqual(c3?.consumed, { 'gateway-address': 1 });
    t.is(c4?.framesIn, 0);
    t.is(vault?.framesOut, 0);
    const { frames } = await readBytes(readFileSync(path('out/c3.pcap')));
    const caught = frames.filter(({ bytes }) => hexOf({ bytes }).startsWith('0242ac1c0003'));
    t.is(caught.length, 1, 'c3, which claimed to be c2, got the one frame that c1 sent to c2');
  });
});
