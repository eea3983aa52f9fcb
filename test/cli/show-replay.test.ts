/** `show conntrack|routes|neighbors|nat`: what the hosts know at a moment of a replay. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as routed from '../explain/routed-lab.js';
import { arpReply } from '../../pcaps/build/ipv4.js';
import { home, inner, one, other, outer, pc, toOne } from '../explain/home-lab.js';
import {
  arpRequest,
  at,
  c1,
  c2,
  echo,
  host,
  known,
  LAB,
  router,
  tcp,
  udp,
} from '../explain/routed-lab.js';
import { endedWith, inProcess, labFolder } from './run.js';
import { setUp } from './timed.js';
import type { Timed } from './timed.js';

const { SYN, ACK } = routed;
const toFar = at('8.8.8.8', host.a);
const fromFar = at('8.8.8.8', router);
const story: readonly Timed[] = [
  ...known.map(([port, frame]): Timed => [0, port, frame]),
  [1, 'c1', tcp(c1, toFar, [40_000, 443], SYN)],
  [1.25, 'lan.out', tcp(fromFar, host.lan, [443, 40_000], SYN | ACK, [100, 2])],
  [2, 'c1', tcp(c1, toFar, [40_000, 443], ACK, [2, 101])],
  [3, 'lan.out', tcp(fromFar, host.lan, [5000, 8080], SYN)],
  [4, 'c2', echo(c2, at('8.8.8.8', host.b), 'request')],
  [5, 'c1', tcp(c1, at('192.0.2.1', host.a), [5000, 8080], SYN)],
  [6, 'c1', udp(c1, at('192.0.2.77', host.a), [1, 2])],
];

/** What is shown of the story, or of another. */
async function shown(
  t: ExecutionContext,
  what: string,
  more: readonly string[] = [],
  [lab, frames]: readonly [string, readonly Timed[]] = [LAB, story],
): Promise<string> {
  const { folder, words } = setUp(t, lab, frames);
  const outcome = await inProcess(folder, 'show', what, ...words, ...more);
  endedWith(t, outcome, 0);
  t.is(outcome.stderr, '');
  return outcome.stdout;
}

test.serial(
  'conntrack tells each connection, its first frame, and the line that translates it',
  async (t) => {
    t.is(
      await shown(t, 'conntrack'),
      `host    protocol  state                original                          reply                                    left  first frame  rule
node-1  tcp       ESTABLISHED ASSURED  172.27.0.2:40000 → 8.8.8.8:443    8.8.8.8:443 → 192.0.2.1:40000    431996.000 s  c1:2         the masquerade of network lan-a (lab.yaml:8)
node-1  tcp       SYN_SENT UNREPLIED   8.8.8.8:5000 → 192.0.2.1:8080     172.27.0.3:80 → 8.8.8.8:5000        117.000 s  lan.out:3    the published port of web (lab.yaml:24)
node-1  icmp      UNREPLIED            172.18.0.2 (id 7) → 8.8.8.8       8.8.8.8 (id 7) → 192.0.2.1           28.000 s  c2:2         the masquerade of network lan-b (lab.yaml:11)
node-1  tcp       SYN_SENT UNREPLIED   172.27.0.2:5000 → 192.0.2.1:8080  172.27.0.3:80 → 172.27.0.1:5000     119.000 s  c1:4         the published port of web (lab.yaml:24), answers within the network of a published port go by way of the host (lab.yaml:24)
node-1  udp       UNREPLIED            172.27.0.2:1 → 192.0.2.77:2       192.0.2.77:2 → 192.0.2.1:1           30.000 s  c1:5         the masquerade of network lan-a (lab.yaml:8)
`,
    );
  },
);

test.serial(
  '--at ends the replay at a moment: no later frame has come in, and time stands there',
  async (t) => {
    const early = await shown(t, 'conntrack', ['--at', '1.5s']);
    t.is(
      early,
      `host    protocol  state     original                        reply                              left  first frame  rule
node-1  tcp       SYN_RECV  172.27.0.2:40000 → 8.8.8.8:443  8.8.8.8:443 → 192.0.2.1:40000  59.750 s  c1:2         the masquerade of network lan-a (lab.yaml:8)
`,
    );
    t.is(await shown(t, 'conntrack', ['--at', '1500ms']), early);
    t.is(await shown(t, 'conntrack', ['--at', '2023-11-14T22:13:21.5Z']), early);
    t.is(await shown(t, 'conntrack', ['--at', '2023-11-14T23:13:21.500+01:00']), early);
    t.is(await shown(t, 'conntrack', ['--at', '999.999ms']), 'No host knows a connection.\n');
    t.is(
      await shown(t, 'conntrack', ['--at', '1999-01-01T00:00:00']),
      'No host knows a connection.\n',
    );
  },
);

test.serial(
  'a moment behind the last frame lets connections expire, and neighbors be given up',
  async (t) => {
    const late = await shown(t, 'conntrack', ['--at', '40s']);
    t.notRegex(late, /icmp|udp/);
    t.regex(late, / 431962\.000 s /);
    t.regex(await shown(t, 'neighbors'), /192\.0\.2\.77 .* INCOMPLETE +asked 1 time, 1 waiting\n$/);
    t.regex(await shown(t, 'neighbors', ['--at', '7.5s']), / asked 2 times, 1 waiting\n$/);
    t.notRegex(await shown(t, 'neighbors', ['--at', '40s']), /192\.0\.2\.77/);
  },
);

test.serial('conntrack as JSON has the keys that the help promises', async (t) => {
  const answer = JSON.parse(await shown(t, 'conntrack', ['--at', '3s', '--json'])) as unknown;
  t.deepEqual(answer, {
    what: 'conntrack',
    topology: 'lab.yaml',
    at_s: 3,
    hosts: [
      {
        host: 'node-1',
        connections: [
          {
            protocol: 'tcp',
            state: 'ESTABLISHED',
            replied: true,
            assured: true,
            original: {
              source: { address: '172.27.0.2', port: 40_000 },
              destination: { address: '8.8.8.8', port: 443 },
            },
            reply: {
              source: { address: '8.8.8.8', port: 443 },
              destination: { address: '192.0.2.1', port: 40_000 },
            },
            timeout_s: 431_999,
            openedBy: { port: 'c1', number: 2 },
            sourceRule: {
              rule: 'the masquerade of network lan-a',
              at: { line: 8, column: 3 },
            },
          },
          {
            protocol: 'tcp',
            state: 'SYN_SENT',
            replied: false,
            assured: false,
            original: {
              source: { address: '8.8.8.8', port: 5000 },
              destination: { address: '192.0.2.1', port: 8080 },
            },
            reply: {
              source: { address: '172.27.0.3', port: 80 },
              destination: { address: '8.8.8.8', port: 5000 },
            },
            timeout_s: 120,
            openedBy: { port: 'lan.out', number: 3 },
            destinationRule: {
              rule: 'the published port of web',
              at: { line: 24, column: 9 },
              key: 'ports',
            },
          },
        ],
      },
    ],
  });
});

test.serial('routes need no capture, and are told as ip route prints them', async (t) => {
  const folder = labFolder(t, LAB);
  const table = await inProcess(folder, 'show', 'routes', 'lab.yaml');
  endedWith(t, table, 0);
  t.is(
    table.stdout,
    `host    route                           line
node-1  192.0.2.0/24 dev eth0           lab.yaml:4
node-1  prohibit 198.51.100.0/24        lab.yaml:6
node-1  blackhole 203.0.113.0/24        lab.yaml:6
node-1  unreachable 198.51.101.0/24     lab.yaml:6
node-1  172.27.0.0/16 dev lan-a         lab.yaml:9
node-1  172.18.0.0/16 dev lan-b         lab.yaml:12
node-1  172.19.0.0/16 dev shut          lab.yaml:15
node-1  172.20.0.0/16 dev open          lab.yaml:18
node-1  default via 192.0.2.9 dev eth0  lab.yaml:5
`,
  );
  const json = await inProcess(folder, 'show', 'routes', 'lab.yaml', '--json');
  const answer = JSON.parse(json.stdout) as { hosts: { host: string; routes: unknown[] }[] };
  t.like(answer, { what: 'routes', topology: 'lab.yaml' });
  t.like(answer.hosts[0], { host: 'node-1', forwards: true });
  t.deepEqual(answer.hosts[0]?.routes.at(-1), {
    route: 'default via 192.0.2.9 dev eth0',
    kind: 'unicast',
    to: '0.0.0.0/0',
    via: '192.0.2.9',
    dev: 'eth0',
    at: { line: 5, column: 14 },
  });
});

test.serial(
  'R-14: the metric of a route is told with it, and the lowest comes first',
  async (t) => {
    const folder = labFolder(
      t,
      `x-hosts:
  r:
    nics: { eth0: { addresses: [192.0.2.1/24] } }
    routes: [{ to: default, via: 192.0.2.8, metric: 20 }, { to: default, via: 192.0.2.9, metric: 10 }]
`,
    );
    const json = await inProcess(folder, 'show', 'routes', 'lab.yaml', '--json');
    const { hosts } = JSON.parse(json.stdout) as {
      hosts: { routes: { route: string; metric?: number }[] }[];
    };
    t.deepEqual(
      hosts[0]?.routes.map(({ route, metric }) => [route, metric]),
      [
        ['192.0.2.0/24 dev eth0', undefined],
        ['default via 192.0.2.9 dev eth0 metric 10', 10],
        ['default via 192.0.2.8 dev eth0 metric 20', 20],
      ],
    );
  },
);

test.serial('neighbors tell by interface who was heard, and when', async (t) => {
  t.is(
    await shown(t, 'neighbors', ['--at', '0s']),
    `host    interface  address     MAC                state  heard at
node-1  lan-a      172.27.0.2  02:42:ac:1b:00:02  STALE   0.000 s
node-1  lan-a      172.27.0.3  02:42:ac:1b:00:03  STALE   0.000 s
node-1  lan-b      172.18.0.2  02:42:ac:12:00:02  STALE   0.000 s
node-1  shut       172.19.0.2  02:42:ac:13:00:02  STALE   0.000 s
node-1  open       172.20.0.2  02:42:ac:14:00:02  STALE   0.000 s
node-1  eth0       192.0.2.9   02:00:00:00:00:09  STALE   0.000 s
`,
  );
  const { hosts } = JSON.parse(await shown(t, 'neighbors', ['--json'])) as {
    hosts: { neighbors: unknown[] }[];
  };
  t.deepEqual(hosts[0]?.neighbors.slice(-2), [
    {
      interface: 'eth0',
      address: '192.0.2.9',
      heard_s: 0,
      mac: '02:00:00:00:00:09',
      state: 'PROBE',
      asked: 1,
      waiting: 0,
    },
    {
      interface: 'eth0',
      address: '192.0.2.77',
      heard_s: 6,
      state: 'INCOMPLETE',
      asked: 1,
      waiting: 1,
    },
  ]);
});

test.serial('nat tells the rules, and how many connections each has now', async (t) => {
  t.is(
    await shown(t, 'nat'),
    `host    kind        rule                                      line         connections
node-1  published   web: 8080/tcp of 0.0.0.0 → 172.27.0.3:80  lab.yaml:24            2
node-1  opened      c4: opens 90/tcp of 172.20.0.2            lab.yaml:29            0
node-1  masquerade  the masquerade of network lan-a           lab.yaml:8             2
node-1  masquerade  the masquerade of network lan-b           lab.yaml:11            1
`,
  );
});

const HOME = home('profile: rfc4787', 'to: masquerade');
const calls: readonly Timed[] = [
  [0, 'in.p', arpRequest(pc, inner)],
  [0, 'out.p', arpRequest(one, outer)],
  [0, 'out.p', arpRequest(other, outer)],
  [1, 'in.p', udp(pc, toOne, [1000, 53])],
  [2, 'out.p', udp(other, outer, [7000, 1000])],
];

test.serial('in the profile rfc4787 the mappings are told, and who comes in by them', async (t) => {
  t.is(
    await shown(t, 'nat', [], [HOME, calls]),
    `host  kind    rule                                    line         connections
gw    source  snat 10.0.0.0/24 out eth0 → masquerade  lab.yaml:11            2

host  protocol  inside         outside              left  mapped by
gw    udp       10.0.0.5:1000  192.0.2.1:1000  299.000 s  snat 10.0.0.0/24 out eth0 → masquerade (lab.yaml:11)
`,
  );
  t.regex(
    await shown(t, 'conntrack', [], [HOME, calls]),
    / 192\.0\.2\.9:7000 → 192\.0\.2\.1:1000 .* out\.p:3 +a mapping that was made by snat 10\.0\.0\.0\/24 out eth0 → masquerade \(lab\.yaml:11\)\n$/,
  );
});

test.serial('N7857-5: a mapping that TCP and UDP have together is told as that', async (t) => {
  const settings = 'profile: rfc4787\n    protocol_independent: [pooling, mapping]';
  const lab = home(settings, 'to: masquerade');
  const frames: readonly Timed[] = [...calls, [3, 'in.p', tcp(pc, toOne, [1000, 80], SYN)]];
  t.regex(
    await shown(t, 'nat', [], [lab, frames]),
    /\ngw {4}tcp\+udp {3}10\.0\.0\.5:1000 {2}192\.0\.2\.1:1000 {2}298\.000 s [^\n]*\n$/,
  );
});

const wrongCalls: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [
    ['conntrack'],
    /show conntrack needs a topology and captures: show conntrack lab\.yaml --in c1=/,
  ],
  [['nat', 'lab.yaml'], /show nat needs a topology and captures/],
  [['routes'], /show routes needs a topology: show routes lab\.yaml/],
  [['routes', 'lab.yaml', '--at', '1s'], /--at is not for routes, which no frame changes/],
  [['nat', 'lab.yaml', '--in', 'c1=a.pcap', '--at', 'noon'], /--at noon: write how long after/],
  [['nat', 'lab.yaml', '--in', 'c1=a.pcap', '--watch'], /--watch and --lab are for ports, fdb/],
  [['ports', 'lab.yaml'], /show ports: lab\.yaml is for conntrack, routes, neighbors, nat/],
  [['reasons', '--in', 'c1=a.pcap'], /show reasons: --in is for conntrack/],
  [['weather'], /there is only show ports, fdb, counters, workers, conntrack, routes/],
];

test.serial('a wrong call of show says what is missing', async (t) => {
  const folder = labFolder(t);
  for (const [args, says] of wrongCalls) {
    const outcome = await inProcess(folder, 'show', ...args);
    endedWith(t, outcome, 2);
    t.regex(outcome.stderr, says);
  }
});

test.serial('the help of show tells the keys of its JSON', async (t) => {
  const { stdout } = await inProcess(labFolder(t), 'show', '--help');
  for (const key of ['timeout_s', 'openedBy', 'destinationRule', 'heard_s', 'mappings'])
    t.true(stdout.includes(key), key);
});

test.serial('D-4: neighbors tell the states of Linux as they are at the moment', async (t) => {
  const frames: readonly Timed[] = [
    ...story,
    [6.5, 'lan.out', arpReply(at('192.0.2.77', router), host.lan)],
  ];
  const addresses = ['172.27.0.2', '192.0.2.9', '192.0.2.77'];
  const moments: readonly (readonly [moment: string, ...states: string[]])[] = [
    ['0.5s', 'STALE', 'STALE', ''],
    ['4s', 'DELAY', 'DELAY', ''],
    ['6s', 'DELAY', 'PROBE', 'INCOMPLETE'],
    ['6.5s', 'PROBE', 'PROBE', 'REACHABLE'],
    ['36.5s', '', '', 'REACHABLE'],
    ['37s', '', '', 'STALE'],
  ];
  for (const [moment, ...states] of moments) {
    const table = await shown(t, 'neighbors', ['--at', moment], [LAB, frames]);
    const lines = addresses.map((it) => table.split('\n').find((line) => line.includes(`${it} `)));
    const found = lines.map((line) => /\b[A-Z]{5,}\b/.exec(line ?? '')?.[0] ?? '');
    t.deepEqual(found, states, moment);
  }
});
