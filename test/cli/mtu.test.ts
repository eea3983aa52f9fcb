/** `etherloom mtu` as a command. */
import test from 'ava';
import { endedWith, inProcess, labFolder } from './run.js';

const lab = (mtu: string): string => `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: ["fd00::1/64"] } } }
  n2: { nics: { eth1: { wire: lan, addresses: ["fd00::2/64"] } } }
networks:
  blue:
    x-host: n1
    driver_opts: { com.docker.network.driver.mtu: "${mtu}" }
    x-vxlan: { vx: { vni: 42, remotes: ["fd00::2"] } }
  ov: { driver: overlay, driver_opts: { com.docker.network.driver.mtu: "1480" } }
services:
  c1: { networks: [ov], x-host: n1 }
  c2: { networks: [ov], x-host: n2 }
`;

test.serial('mtu shows what fits each network, and what is wrong ends it with 1', async (t) => {
  const outcome = await inProcess(labFolder(t, lab('1450')), 'mtu', 'lab.yaml');
  endedWith(t, outcome, 1);
  t.is(
    outcome.stdout,
    `network  host  declared            underlay                 overhead  fits  verdict
blue     n1    1450 (lab.yaml:8)   n1.eth1 1500 to fd00::2        70  1430  too large
ov       n1    1430 (lab.yaml:10)  n1.eth1 1500 to fd00::2        70  1430  right
ov       n2    1430 (lab.yaml:10)  n2.eth1 1500 to fd00::1        70  1430  right
`,
  );
  t.is(
    outcome.stderr,
    `lab.yaml:8:51: network blue: its MTU is 1450, and 1430 fits: n1.eth1 (lab.yaml:3) on the way to fd00::2 takes 1500 bytes, 70 of them for headers
    fix: write com.docker.network.driver.mtu: "1430"
`,
  );
});

test.serial(
  'mtu ends with 0 where all packets get through, and notes what could be larger',
  async (t) => {
    const right = await inProcess(labFolder(t, lab('1430')), 'mtu', 'lab.yaml');
    endedWith(t, right, 0);
    t.is(right.stderr, '');
    t.false(right.stdout.includes('note:'));
    const small = await inProcess(labFolder(t, lab('1400')), 'mtu', 'lab.yaml');
    endedWith(t, small, 0);
    t.regex(
      small.stdout,
      /\nlab\.yaml:8:51: note: network blue: its MTU is 1400, and 1430 would fit, too: .*\n {4}fix: write .*"1430"\n$/,
    );
  },
);

test.serial('mtu --json is the same as data', async (t) => {
  const outcome = await inProcess(labFolder(t, lab('1450')), 'mtu', 'lab.yaml', '--json');
  endedWith(t, outcome, 1);
  const { topology, networks, mistakes, notes } = JSON.parse(outcome.stdout) as {
    topology: string;
    networks: unknown[];
    mistakes: unknown[];
    notes: unknown[];
  };
  t.is(topology, 'lab.yaml');
  t.deepEqual([mistakes.length, notes.length], [1, 0]);
  t.deepEqual(networks[0], {
    network: 'blue',
    host: 'n1',
    driver: 'bridge',
    declared_bytes: 1450,
    at: { line: 8, column: 51 },
    underlay: {
      interface: 'n1.eth1',
      mtu_bytes: 1500,
      at: { line: 3, column: 17 },
      to: 'fd00::2',
      overhead_bytes: 70,
      fits_bytes: 1430,
    },
    verdict: 'too large',
  });
});

test.serial('mtu names the mistakes of a topology that means nothing', async (t) => {
  const outcome = await inProcess(labFolder(t, lab('many')), 'mtu', 'lab.yaml');
  endedWith(t, outcome, 1);
  t.is(outcome.stdout, '');
  t.regex(outcome.stderr, /^lab\.yaml:8:51: /);
});
