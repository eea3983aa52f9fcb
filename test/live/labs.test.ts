/**
 * The bridge labs of the study, live: what was seen on real Docker, with real pings between sandboxes. Two kinds of steps cannot be done:
 * the emulated host has no shell, so nothing is pinged from it; and rules of iptables do not exist here, only what they do.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { liveTest, until } from './live.js';
import type { TestLab } from './live.js';

async function pings(t: ExecutionContext, lab: TestLab, from: string, to: string): Promise<void> {
  const { stdout, stderr } = await lab.exec(from, 'ping', '-c', '2', '-i', '0.2', '-W', '1', to);
  t.regex(stdout, / 0% packet loss/, `${from} reaches ${to}: ${stderr}`);
}

async function pingsInVain(
  t: ExecutionContext,
  lab: TestLab,
  from: string,
  to: string,
): Promise<void> {
  const { status, stdout } = await lab.exec(from, 'ping', '-c', '2', '-i', '0.2', '-W', '1', to);
  t.is(status, 1, `${from} does not reach ${to}`);
  t.regex(stdout, / 100% packet loss/);
  t.notRegex(stdout, /From /, 'nobody says why: the packets are dropped in silence');
}

async function fdbOf(lab: TestLab): Promise<string> {
  return (await lab.etherloom('show', 'fdb', '--lab', lab.name)).stdout;
}

liveTest(
  'A-03: a container without a network joins bridge, and its gateway answers',
  async (t, lab) => {
    await lab.up('services: { c1: { network_mode: bridge }, c2: { network_mode: bridge } }\n');
    const { stdout } = await lab.exec('c1', 'ip', 'addr');
    t.regex(stdout, /eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500/);
    t.regex(stdout, /link\/ether 02:42:ac:11:00:02/);
    t.regex(stdout, /inet 172\.17\.0\.2\/16 brd 172\.17\.255\.255 scope global eth0/);
    await pings(t, lab, 'c1', '172.17.0.1');
    await pings(t, lab, 'c1', '172.17.0.3');
    t.regex(await fdbOf(lab), /02:42:ac:11:00:02 +c1/);
  },
);

liveTest('B-05: addresses in default mode are Docker’s, and there is no IPv6', async (t, lab) => {
  await lab.up('services: { demo: { network_mode: bridge } }\n');
  const { stdout } = await lab.exec('demo', 'ip', 'addr', 'show', 'eth0');
  t.regex(stdout, /link\/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff/);
  t.regex(stdout, /inet 172\.17\.0\.2\/16 brd 172\.17\.255\.255 scope global eth0/);
  t.notRegex(stdout, /inet6/);
});

liveTest('B-09: fixed addresses on a bridge of one’s own', async (t, lab) => {
  await lab.up(`services:
  demo: { networks: { my_net2: { ipv4_address: 192.168.0.10 } } }
  demo1: { networks: { my_net2: { ipv4_address: 192.168.0.20 } } }
networks:
  my_net2: { ipam: { config: [{ subnet: 192.168.0.0/24, gateway: 192.168.0.1 }] } }
`);
  const demo = (await lab.exec('demo', 'ip', 'addr')).stdout;
  t.regex(demo, /link\/ether 02:42:c0:a8:00:0a/);
  t.regex(demo, /inet 192\.168\.0\.10\/24 brd 192\.168\.0\.255/);
  const demo1 = (await lab.exec('demo1', 'ip', 'addr')).stdout;
  t.regex(demo1, /link\/ether 02:42:c0:a8:00:14/);
  t.regex(demo1, /inet 192\.168\.0\.20\/24/);
  const ping = await lab.exec('demo1', 'ping', '-c', '3', '-i', '0.2', '-W', '1', '192.168.0.10');
  t.regex(ping.stdout, /icmp_seq=1 ttl=64/);
  t.regex(ping.stdout, / 0% packet loss/);
  const fdb = await fdbOf(lab);
  t.regex(fdb, /02:42:c0:a8:00:0a +demo /);
  t.regex(fdb, /02:42:c0:a8:00:14 +demo1 /);
  const { stdout } = await lab.exec('demo1', 'ip', 'neigh');
  t.regex(stdout, /192\.168\.0\.10 dev eth0 lladdr 02:42:c0:a8:00:0a/);
});

liveTest(
  'B-11: bridges are isolated from each other, but for the host’s own addresses',
  async (t, lab) => {
    await lab.up(`services:
  vm1: { networks: [my_net1] }
  vm2: { networks: [my_net2] }
  vm3: { network_mode: bridge }
networks:
  my_net1:
  my_net2: { ipam: { config: [{ subnet: 192.168.0.0/24 }] } }
`);
    await pingsInVain(t, lab, 'vm1', '192.168.0.2');
    await pingsInVain(t, lab, 'vm3', '192.168.0.2');
    await pingsInVain(t, lab, 'vm2', '172.17.0.2');
    const byName = await lab.exec('vm1', 'ping', '-c', '1', '-W', '1', 'vm2');
    t.not(byName.status, 0, 'names are known per network, too');
    t.regex(byName.stderr, /vm2/);
    await pings(t, lab, 'vm1', '192.168.0.1');
  },
);

liveTest(
  'C-01: the bridge works like a switch: a third port hears the question and not the talk',
  async (t, lab) => {
    await lab.up(`services: { s1: { networks: [sw1] }, s2: { networks: [sw1] }, s3: { networks: [sw1] } }
networks: { sw1: { ipam: { config: [{ subnet: 10.50.0.0/24 }] } } }
`);
    const observer = fileURLToPath(new URL('./observer.js', import.meta.url));
    const watching = lab.start(
      'exec',
      '--lab',
      lab.name,
      's3',
      '--',
      process.execPath,
      observer,
      'eth0',
      '30',
    );
    const heard: string[] = [];
    if (watching.stdout === null) throw new Error('it was started with a pipe');
    createInterface(watching.stdout).on('line', (line) => heard.push(line));
    await until(t, 'the observer looks', () => heard.length > 0);
    if (heard[0] !== 'ready') {
      t.log(`left out: ${heard[0] ?? ''}`);
      t.pass();
      return;
    }
    await pings(t, lab, 's1', '10.50.0.3');
    await until(t, 'it hears the question', () =>
      heard.some((line) => /ARP.*10\.50\.0\.3/.test(line)),
    );
    await pings(t, lab, 's1', '10.50.0.4');
    await until(t, 'it hears what is for itself', () =>
      heard.some((line) => /echo request.*10\.50\.0\.4/.test(line)),
    );
    watching.kill();
    await once(watching, 'close');
    t.false(
      heard.some((line) => /echo.*10\.50\.0\.3/.test(line)),
      heard.join('\n'),
    );
  },
);
