import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { outcomeOf } from '../cli/run.js';
import { ip, liveTest, PAIR, runProgram, until } from './live.js';

liveTest(
  'a lab goes up, answers ping by address and by name, and leaves nothing behind',
  async (t, lab) => {
    await lab.up(PAIR);
    for (const target of ['10.90.0.3', 'fd00:90::3', 'c2', 'web', 'c2.net', `${lab.name}-c2-1`]) {
      const ping = await lab.exec('c1', 'ping', '-c', '1', '-W', '2', target);
      t.is(ping.status, 0, `${target}: ${ping.stdout}${ping.stderr}`);
    }
    const down = await lab.etherloom('down', lab.name);
    t.is(down.status, 0);
    t.is(down.stdout, `lab ${lab.name} is down\n`);
    t.deepEqual(lab.leftovers(), []);
  },
);

liveTest('down of what is not up says so, and is content', async (t, lab) => {
  const path = lab.write(PAIR);
  for (const which of [lab.name, path]) {
    const { status, stdout } = await lab.etherloom('down', which);
    t.is(status, 0);
    t.is(stdout, `lab ${lab.name} is not up\n`);
  }
});

liveTest('exec passes the exit status on, and the words behind -- as they are', async (t, lab) => {
  await lab.up(PAIR);
  t.is((await lab.exec('c1', 'sh', '-c', 'exit 7')).status, 7);
  t.is((await lab.exec('c1', 'sh', '-c', 'kill -9 $$')).status, 137);
  t.is((await lab.exec('c1', 'echo', '--', '-c', '--lab')).stdout, '-- -c --lab\n');
  const nobody = await lab.exec('c9', 'true');
  t.is(nobody.status, 2);
  t.is(nobody.stderr, `etherloom: lab ${lab.name} has no service c9 (did you mean "c1"?)\n`);
  const nowhere = await lab.etherloom('exec', '--lab', `${lab.name}x`, 'c1', '--', 'true');
  t.is(nowhere.status, 1);
  t.regex(nowhere.stderr, /is not up/);
});

liveTest('a command runs in its sandbox; ps shows it and logs what it printed', async (t, lab) => {
  await lab.up(`services:
  c1:
    command: sh -c "echo in $$WHERE; echo oops >&2; exec sleep 1000"
    environment: { WHERE: sandbox }
  c2: { entrypoint: [sh, -c], command: ["exit 3"] }
  c3: { command: /no/such/program }
  c4:
`);
  await until(t, 'the short programs have ended', () => {
    const ended = lab.state()?.services.filter(({ exitStatus }) => exitStatus !== null);
    return ended?.length === 2;
  });
  const ps = await lab.etherloom('ps', '--lab', lab.name, '--json');
  const { services } = JSON.parse(ps.stdout) as {
    services: { name: string; exitStatus: number | null; pid: number | null }[];
  };
  t.deepEqual(
    services.map(({ name, exitStatus }) => [name, exitStatus]),
    [
      ['c1', null],
      ['c2', 3],
      ['c3', 127],
      ['c4', null],
    ],
  );
  t.regex((await lab.etherloom('ps', '--lab', lab.name)).stdout, /^c2 .* exit status 3 .*sh -c/m);
  t.is((await lab.etherloom('logs', '--lab', lab.name, 'c1')).stdout, 'in sandbox\noops\n');
  t.regex((await lab.etherloom('logs', '--lab', lab.name, 'c3')).stdout, /not found/);
  t.is((await lab.etherloom('logs', '--lab', lab.name, 'c4')).status, 2);
  const { pid } = services[0] ?? {};
  await lab.etherloom('down', lab.name);
  t.throws(() => readFileSync(`/proc/${pid ?? 0}/stat`), undefined, 'the program has ended, too');
});

liveTest('logs -f goes on until the lab ends', async (t, lab) => {
  await lab.up(
    'services: { c1: { command: sh -c "echo one; sleep 0.5; echo two; sleep 1000" } }\n',
  );
  const following = outcomeOf(lab.start('logs', '--lab', lab.name, '-f', 'c1'));
  await until(t, 'two is in the log', async () => {
    return (await lab.etherloom('logs', '--lab', lab.name, 'c1')).stdout.includes('two');
  });
  await sleep(300);
  await lab.etherloom('down', lab.name);
  t.is((await following).stdout, 'one\ntwo\n');
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  liveTest(
    `in the foreground it says what happens, and ${signal} ends it with a summary`,
    async (t, lab) => {
      const child = lab.start(
        'up',
        lab.write(PAIR),
        ...(signal === 'SIGTERM' ? ['--busy-poll'] : []),
      );
      const over = outcomeOf(child);
      await until(t, 'it is up', async () => {
        if (lab.state() === undefined) return false;
        return (await lab.inside('c1', 'ping', '-c', '1', '-W', '1', '10.90.0.3')).status === 0;
      });
      child.kill(signal);
      const { status, stdout, stderr } = await over;
      t.is(status, 0, stderr);
      t.regex(stdout, /^lab eltest-\S+ is up with one worker/m);
      t.regex(stdout, /^port +frames in/m);
      t.false(stdout.includes('\x1b'), 'no terminal, no control characters');
      t.deepEqual(lab.leftovers(), []);
    },
  );

liveTest('a second up of a lab is refused with the process that runs it', async (t, lab) => {
  await lab.up(PAIR);
  const pid = lab.state()?.pid;
  for (const words of [['up'], ['up', '-d']]) {
    const second = await lab.etherloom(...words, 'lab.yaml');
    t.is(second.status, 1);
    t.regex(second.stderr, new RegExp(`is already up \\(process ${pid ?? 0}\\)`));
  }
  t.is((await lab.inside('c1', 'ping', '-c', '1', '-W', '2', '10.90.0.3')).status, 0);
});

liveTest(
  'network modes: nothing but lo, the stack of the machine, the stack of another',
  async (t, lab) => {
    await lab.up(`services:
  c1: { network_mode: none }
  c2: { network_mode: host }
  c3:
  c4: { network_mode: "service:c3" }
`);
    const links = (text: string) => [...text.matchAll(/^\d+: ([^:@]+)/gm)].map((match) => match[1]);
    t.deepEqual(links((await lab.exec('c1', 'ip', 'link')).stdout), ['lo']);
    const net = async (service: string) =>
      (await lab.exec(service, 'readlink', '/proc/self/ns/net')).stdout;
    t.is(await net('c2'), (await runProgram('readlink', '/proc/self/ns/net')).stdout);
    t.is(await net('c4'), await net('c3'));
    t.not(await net('c4'), await net('c2'));
    t.is((await lab.exec('c4', 'ping', '-c', '1', 'c3')).status, 0);
  },
);

liveTest(
  'an interface has the MAC, MTU and addresses of the topology, and the default route of Docker',
  async (t, lab) => {
    await lab.up(`networks:
  big: { driver_opts: { com.docker.network.driver.mtu: 9000 }, ipam: { config: [ { subnet: 10.91.0.0/24 } ] } }
  own: { internal: true, ipam: { config: [ { subnet: 10.92.0.0/24 } ] } }
services:
  c1:
    hostname: alpha
    dns: 10.91.0.53
    dns_search: [lab.test]
    dns_opt: ["ndots:2"]
    extra_hosts: ["printer:10.91.0.9"]
    links: ["c2:peer"]
    networks: { own: { gw_priority: 9 }, big: { mac_address: "02:00:00:00:00:11", interface_name: lan0 } }
  c2: { networks: [big] }
`);
    const [lan] = JSON.parse(
      await ip('-n', lab.namespace('c1'), '-json', 'addr', 'show', 'lan0'),
    ) as {
      address: string;
      mtu: number;
    }[];
    t.is(lan?.address, '02:00:00:00:00:11');
    t.is(lan?.mtu, 9000);
    t.regex(await ip('-n', lab.namespace('c1'), 'addr', 'show', 'eth0'), /inet 10\.92\.0\.2\/24/);
    t.regex(await ip('-n', lab.namespace('c1'), 'route'), /^default via 10\.91\.0\.1 dev lan0/);
    t.notRegex(
      await ip('-n', lab.namespace('c1'), 'addr'),
      /inet6 fe80/,
      'no IPv6 where there is none',
    );
    const hosts = (await lab.exec('c1', 'cat', '/etc/hosts')).stdout;
    t.regex(hosts, /^10\.91\.0\.9\tprinter$/m);
    t.regex(hosts, /^10\.91\.0\.\d+\talpha c1 /m);
    t.regex(hosts, /^10\.91\.0\.\d+\tc2 .* peer$/m);
    t.is(
      (await lab.exec('c1', 'cat', '/etc/resolv.conf')).stdout,
      'search lab.test\nnameserver 10.91.0.53\noptions ndots:2\n',
    );
    const whole = await lab.exec(
      'c1',
      'ping',
      '-c',
      '1',
      '-W',
      '2',
      '-M',
      'do',
      '-s',
      '8972',
      'peer',
    );
    t.is(whole.status, 0, whole.stdout);
  },
);
