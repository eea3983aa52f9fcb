import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadNative } from '../../native-bindings/load.js';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { drain } from '../capture/read.js';
import { captureOf, frameFrom } from '../cli/run.js';
import { cable, ip, liveTest, nicName, until, withPort } from './live.js';

for (const driver of ['packet', 'capture'])
  liveTest(
    `an interface of the machine is a port by ${driver}, and stays when the lab ends`,
    async (t, lab) => {
      if (driver === 'capture' && !loadNative().hasCapture) {
        t.log('left out: the addon was built without libpcap');
        t.pass();
        return;
      }
      const { near } = await cable(t, lab);
      await lab.up(withPort(`{ interface: ${near}, driver: ${driver} }`));
      const ping = await lab.exec('c1', 'ping', '-c', '2', '-i', '0.2', '-W', '2', 'outside');
      t.is(ping.status, 0, ping.stdout);
      t.regex((await lab.etherloom('ps', '--lab', lab.name)).stdout, /^outside +elsewhere/m);
      const outside = await lab.exec('outside', 'true');
      t.is(outside.status, 2);
      t.regex(outside.stderr, /nothing can be run there/);
      await lab.etherloom('down', lab.name);
      t.regex(await ip('link', 'show', near), /state UP/);
      t.deepEqual(lab.leftovers(), []);
    },
  );

for (const port of ['{ interface: MISSING }', '{ tap: MISSING }'])
  liveTest(`a port that is not there is named, and nothing is left: ${port}`, async (t, lab) => {
    const name = nicName();
    const path = lab.write(withPort(port.replace('MISSING', name)));
    for (const words of [['up'], ['up', '-d']]) {
      const { status, stderr } = await lab.etherloom(...words, path);
      t.is(status, 1);
      const says = `lab\\.yaml:6:\\d+: port outside: this machine has no interface ${name}`;
      t.regex(stderr, new RegExp(says));
      t.notRegex(stderr, /defect|^\s+at /m);
    }
    t.deepEqual(lab.leftovers(), []);
  });

liveTest('a TAP is made for its owner, and removed with the lab', async (t, lab) => {
  const name = nicName();
  const isThere = async (): Promise<boolean> => (await ip('link')).includes(` ${name}:`);
  await lab.up(withPort(`{ tap: ${name}, owner: nobody }`));
  const [link] = JSON.parse(await ip('-json', '-d', 'link', 'show', name)) as {
    ifalias: string;
    linkinfo: { info_data: { type: string; persist: boolean; user: string } };
  }[];
  t.is(link?.ifalias, `etherloom-${lab.name}`);
  t.like(link?.linkinfo.info_data, { type: 'tap', persist: true, user: 'nobody' });
  await lab.etherloom('down', lab.name);
  t.false(await isThere());
  await lab.up(withPort(`{ tap: ${name}, owner: nobody }`));
  process.kill(lab.state()?.pid ?? 0, 'SIGKILL');
  await until(t, 'it is dead', async () => {
    return (await lab.etherloom('ps', '--lab', lab.name)).status === 1;
  });
  t.true(await isThere());
  await lab.etherloom('down', lab.name);
  t.false(await isThere());
  t.deepEqual(lab.leftovers(), []);
});

liveTest(
  'a TAP for an owner takes no name that is taken, and removes nobody else',
  async (t, lab) => {
    const name = nicName();
    await ip('tuntap', 'add', 'dev', name, 'mode', 'tap');
    t.teardown(() => ip('link', 'delete', name));
    const path = lab.write(withPort(`{ tap: ${name}, owner: nobody }`));
    const { status, stderr } = await lab.etherloom('up', path);
    t.is(status, 1);
    t.regex(stderr, new RegExp(`^make TAP ${name} for nobody: there is an interface of this name`));
    t.regex(await ip('link', 'show', name), new RegExp(name));
    t.deepEqual(lab.leftovers(), []);
  },
);

liveTest('an owner whom nobody knows is refused with the words of ip', async (t, lab) => {
  const path = lab.write(withPort(`{ tap: ${nicName()}, owner: nosuchuser }`));
  const { status, stderr } = await lab.etherloom('up', path);
  t.is(status, 1);
  t.regex(stderr, /nosuchuser/);
  t.deepEqual(lab.leftovers(), []);
});

liveTest('a capture is played into a port, and what passes a port is recorded', async (t, lab) => {
  writeFileSync(join(lab.folder, 'a.pcap'), captureOf(3, frameFrom(9, 2)));
  await lab.up(`networks:
  net: { ipam: { config: [ { subnet: 172.18.0.0/16 } ] } }
services:
  c1: { networks: { net: { ipv4_address: 172.18.0.2 } }, x-port: { record: c1.pcapng } }
  player: { networks: { net: { ipv4_address: 172.18.0.9 } }, x-port: { play: a.pcap, speed: max } }
`);
  await until(t, 'the capture has been played', () => {
    return readFileSync(`/run/etherloom/${lab.name}/up.log`, 'utf8').includes('has ended');
  });
  await lab.etherloom('down', lab.name);
  const { frames, damage } = await drain(await CaptureReader.open(join(lab.folder, 'c1.pcapng')));
  const frame = Buffer.from(frameFrom(9, 2));
  t.is(frames.filter(({ bytes }) => frame.equals(bytes)).length, 3);
  t.is(damage, undefined);
});
