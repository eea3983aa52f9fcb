/** The bridge labs of Docker's documents, as they were seen on Docker Engine 20.10: their ids stand in the titles. */
import { join } from 'node:path';
import { CaptureReader } from '../../dataplane/port/file/reader.js';
import { drain } from '../capture/read.js';
import { liveTest } from './live.js';
import type { TestLab } from './live.js';

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;

/** What the acceptance of a lab says of a ping. */
async function lossOf(lab: TestLab, from: string, target: string): Promise<number> {
  const { stdout } = await lab.inside(from, 'ping', '-c', '2', '-i', '0.2', '-W', '1', target);
  return Number(/(\d+)% packet loss/.exec(stdout)?.[1] ?? NaN);
}

liveTest(
  'A-03 B-05: a container on the default bridge has 172.17.0.2, its MAC from that, and no IPv6',
  async (t, lab) => {
    await lab.up('services:\n  c1: { network_mode: bridge }\n  c2: { network_mode: bridge }\n');
    const { stdout } = await lab.inside('c1', 'ip', 'addr', 'show', 'eth0');
    t.regex(stdout, /<BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500/);
    t.regex(stdout, /link\/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff/);
    t.regex(stdout, /inet 172\.17\.0\.2\/16 brd 172\.17\.255\.255 scope global eth0/);
    t.notRegex(stdout, /inet6/);
    t.is(await lossOf(lab, 'c1', '172.17.0.3'), 0);
  },
);

liveTest(
  'B-09: containers with addresses of their own on a bridge ping each other',
  async (t, lab) => {
    await lab.up(`networks:
  my_net2: { ipam: { config: [ { subnet: 192.168.0.0/24, gateway: 192.168.0.1 } ] } }
services:
  demo: { networks: { my_net2: { ipv4_address: 192.168.0.10 } } }
  demo1: { networks: { my_net2: { ipv4_address: 192.168.0.20 } } }
`);
    const addresses = async (service: string) =>
      (await lab.inside(service, 'ip', 'addr', 'show', 'eth0')).stdout;
    t.regex(
      await addresses('demo'),
      /02:42:c0:a8:00:0a[^]*inet 192\.168\.0\.10\/24 brd 192\.168\.0\.255/,
    );
    t.regex(await addresses('demo1'), /02:42:c0:a8:00:14 brd ff[^]*inet 192\.168\.0\.20\/24/);
    const ping = await lab.inside(
      'demo1',
      'ping',
      '-c',
      '3',
      '-i',
      '0.2',
      '-W',
      '1',
      '192.168.0.10',
    );
    t.regex(ping.stdout, /icmp_seq=1 ttl=64[^]* 0% packet loss/);
    t.regex(
      (await lab.inside('demo1', 'ip', 'neigh')).stdout,
      /192\.168\.0\.10 dev eth0 lladdr 02:42:c0:a8:00:0a/,
    );
  },
);

liveTest('B-11: different bridges are isolated, and so are their names', async (t, lab) => {
  await lab.up(`networks:
  my_net1: {}
  my_net2: { ipam: { config: [ { subnet: 192.168.0.0/24 } ] } }
services:
  vm1: { networks: [my_net1] }
  vm2: { networks: [my_net2] }
  vm3: { network_mode: bridge }
`);
  t.is(await lossOf(lab, 'vm1', '192.168.0.2'), 100);
  t.is(await lossOf(lab, 'vm3', '192.168.0.2'), 100);
  t.is(await lossOf(lab, 'vm2', '172.17.0.2'), 100);
  const unknown = await lab.inside('vm1', 'ping', '-c', '1', '-W', '1', 'vm2');
  t.is(unknown.status, 2);
  t.regex(unknown.stderr, /vm2: .*(not known|in name resolution)/);
});

liveTest(
  'C-01: a third port sees the ARP request, and not the pings that follow',
  async (t, lab) => {
    await lab.up(`networks: { sw1: { ipam: { config: [ { subnet: 10.50.0.0/24 } ] } } }
services:
  s1: { networks: [sw1] }
  s2: { networks: [sw1] }
  s3: { networks: [sw1], x-port: { record: s3.pcapng } }
`);
    t.is(await lossOf(lab, 's1', '10.50.0.3'), 0);
    await lab.etherloom('down', lab.name);
    const { frames } = await drain(await CaptureReader.open(join(lab.folder, 's3.pcapng')));
    const types = frames.map(({ bytes }) => ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0));
    t.true(types.includes(ETHERTYPE_ARP));
    t.false(types.includes(ETHERTYPE_IPV4));
  },
);
