/**
 * macvlan, ipvlan, VLANs, hosts and wires, live: real stacks in their sandboxes, real pings and TCP, and our data plane in between. The kernel
 * of this machine needs none of these drivers.
 */
import { ipBatch } from '../../control/sandbox/ip.js';
import { sumOfCounters } from '../../control/supervisor/running.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { balance, dropped, miss, parent, pathOf, reach, show, tagInside, talk } from './edge.js';
import { liveTest, until } from './live.js';
import { whyNoMatrix } from './matrix/why-no-matrix.js';

liveTest(
  'macvlan bridge: children of one parent reach each other, also when it has no wire',
  async (t, lab) => {
    const running = await lab.startLive(`networks:
  mac: ${parent('macvlan', 'parent: eth0', '61')}
  alone: { driver: macvlan, ipam: { config: [ { subnet: 10.62.0.0/24 } ] } }
services:
  a: { networks: { mac: { ipv4_address: 10.61.0.2, ipv6_address: "fd00:61::2" } } }
  b: { networks: { mac: { ipv4_address: 10.61.0.3, ipv6_address: "fd00:61::3" } } }
  c: { networks: { alone: { ipv4_address: 10.62.0.2 } } }
  d: { networks: { alone: { ipv4_address: 10.62.0.3 } } }
`);
    await reach(t, lab, ['a > 10.61.0.3', 'b > fd00:61::2', 'c > 10.62.0.3', 'a > b', 'a > b.mac']);
    await miss(t, lab, ['a > 10.61.0.1']);
    await talk(t, lab, ['a 10.61.0.2 - b 10.61.0.3', 'b fd00:61::3 - a fd00:61::2']);
    t.regex((await lab.inside('a', 'ip', 'route')).stdout, /default via 10\.61\.0\.1 dev eth0/);
    t.notRegex((await lab.inside('c', 'ip', 'route')).stdout, /default/);
    t.regex((await lab.inside('a', 'ip', 'link')).stdout, /02:42:0a:3d:00:02/);

    const { ports } = show(t, running, 'ports');
    const nic = ports.find(({ port }) => port === 'host.eth0');
    t.like(nic, { kind: 'none', state: 'down', why: 'nothing is joined to it', framesOut: 0 });
    t.true(dropped(running, 'host.eth0', Reason.NoCarrier) > 0);
    await balance(t, running);
  },
);

const TWO_HOSTS = `x-wires: { lan: }
x-hosts:
  node-1: { nics: { eth0: { wire: lan } } }
  node-2: { nics: { eth0: { wire: lan } } }
`;

liveTest(
  'macvlan on eth0.50 of two hosts: one VLAN on the wire between them, and no way to another',
  async (t, lab) => {
    const running = await lab.startLive(`${TWO_HOSTS}networks:
  m1: ${parent('macvlan', 'parent: eth0.50', '50', 'x-host: node-1')}
  m2: ${parent('macvlan', 'parent: eth0.50', '50', 'x-host: node-2')}
  m3: ${parent('macvlan', 'parent: eth0.60', '51', 'x-host: node-2')}
services:
  a: { x-host: node-1, networks: { m1: { ipv4_address: 10.50.0.11, ipv6_address: "fd00:50::11" } } }
  b: { x-host: node-1, networks: { m1: { ipv4_address: 10.50.0.12 } } }
  c: { x-host: node-2, networks: { m2: { ipv4_address: 10.50.0.21, ipv6_address: "fd00:50::21" } } }
  d: { x-host: node-2, networks: { m3: { ipv4_address: 10.51.0.22 } } }
`);
    // Another VLAN is another network also for who has an address in this one.
    await lab.inside('d', 'ip', 'addr', 'add', '10.50.0.22/24', 'dev', 'eth0');
    await reach(t, lab, ['a > 10.50.0.12', 'a > 10.50.0.21', 'c > 10.50.0.12', 'c > fd00:50::11']);
    await miss(t, lab, ['a > 10.50.0.22', 'd > 10.50.0.11', 'c > 10.50.0.22']);
    t.regex((await lab.inside('a', 'ping', '-c', '1', 'c')).stderr, /c:/);
    const before = sumOfCounters(running);
    await talk(t, lab, ['a 10.50.0.11 - c 10.50.0.21', 'c fd00:50::21 - a fd00:50::11']);
    if (whyNoMatrix() === undefined) {
      // TCP crossed both hosts and the wire in super-frames, whole.
      const after = sumOfCounters(running);
      const port = running.compiled.ports.findIndex((compiled) => compiled.port === 'a');
      const per = (name: 'framesIn' | 'bytesIn') =>
        (after[name][port] ?? 0) - (before[name][port] ?? 0);
      t.true(per('bytesIn') / per('framesIn') > 1514, `${per('bytesIn')} in ${per('framesIn')}`);
    }
    const { stations } = show(t, running, 'fdb');
    const heard = stations.map(({ network, mac, port, taughtBy }) => [
      network,
      mac,
      port,
      taughtBy?.port,
    ]);
    t.deepEqual(
      heard.filter(([, mac]) => mac === '02:42:0a:32:00:0b'),
      [['lan', '02:42:0a:32:00:0b', 'node-1.eth0', 'a']],
    );
    t.deepEqual(
      show(t, running, 'counters').counters.ports.map(({ port }) => port),
      ['a', 'b', 'c', 'd'],
    );
    await balance(t, running);
  },
);

liveTest(
  'macvlan private and vepa: siblings are reached by a switch that reflects, private ones never',
  async (t, lab) => {
    const nets = ['plain', 'relay'].flatMap((wire, i) =>
      ['private', 'vepa'].map((mode, j) => {
        const subnet = `${70 + 2 * i + j}`;
        return `  ${mode}-${wire}: ${parent('macvlan', `parent: eth${i}.${10 + j}, macvlan_mode: ${mode}`, subnet)}\n`;
      }),
    );
    const services = ['private-plain', 'vepa-plain', 'private-relay', 'vepa-relay'].map((net) =>
      ['a', 'b'].map((name) => `  ${name}-${net}: { networks: [${net}] }\n`).join(''),
    );
    const running = await lab.startLive(`x-wires: { plain: , relay: { reflective_relay: true } }
x-hosts: { node: { nics: { eth0: { wire: plain }, eth1: { wire: relay } } } }
networks:
${nets.join('')}services:
${services.join('')}`);
    t.is(running.workers.length, 1);
    await reach(t, lab, ['a-vepa-relay > b-vepa-relay', 'b-vepa-relay > 10.73.0.2']);
    await miss(t, lab, [
      'a-private-plain > 10.70.0.3',
      'a-vepa-plain > 10.71.0.3',
      'a-private-relay > 10.72.0.3',
    ]);
    await talk(t, lab, ['a-vepa-relay 10.73.0.2 - b-vepa-relay 10.73.0.3']);
    await balance(t, running);
  },
);

liveTest(
  'ipvlan L2: children with one MAC reach each other, on one host and across two',
  async (t, lab) => {
    const running = await lab.startLive(`x-wires: { lan: }
x-hosts:
  node-1: { nics: { eth0: { wire: lan, mac: "02:00:00:00:01:01", addresses: [10.80.0.101/24] } } }
  node-2: { nics: { eth0: { wire: lan, mac: "02:00:00:00:01:02" } } }
networks:
  i1: ${parent('ipvlan', 'parent: eth0', '80', 'x-host: node-1')}
  i2: ${parent('ipvlan', 'parent: eth0', '80', 'x-host: node-2')}
services:
  a: { x-host: node-1, networks: { i1: { ipv4_address: 10.80.0.11, ipv6_address: "fd00:80::11" } } }
  b: { x-host: node-1, networks: { i1: { ipv4_address: 10.80.0.12, ipv6_address: "fd00:80::12" } } }
  c: { x-host: node-2, networks: { i2: { ipv4_address: 10.80.0.21, ipv6_address: "fd00:80::21" } } }
`);
    for (const service of ['a', 'b'])
      t.regex((await lab.inside(service, 'ip', 'link')).stdout, /02:00:00:00:01:01/);
    await reach(t, lab, [
      'a > 10.80.0.12',
      'b > fd00:80::11',
      'a > 10.80.0.21',
      'c > 10.80.0.12',
      'c > fd00:80::11',
    ]);
    // The host itself hears the wire, and not its own children.
    await reach(t, lab, ['c > 10.80.0.101']);
    await miss(t, lab, ['a > 10.80.0.101']);
    await talk(t, lab, [
      'a 10.80.0.11 - b 10.80.0.12',
      'a 10.80.0.11 - c 10.80.0.21',
      'c fd00:80::21 - b fd00:80::12',
    ]);
    await balance(t, running);
  },
);

liveTest(
  'X-34: ipvlan L3 across subnets of one host, and across two hosts by their routes',
  async (t, lab) => {
    const l3 = (host: string, ...subnets: string[]) =>
      `{ driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: l3 }, x-host: ${host}, enable_ipv6: true, ipam: { config: [ ${subnets.map((subnet) => `{ subnet: 10.${subnet}.0.0/24 }, { subnet: "fd00:${subnet}::/64" }`).join(', ')} ] } }`;
    const running = await lab.startLive(`x-wires: { lan: }
x-hosts:
  node-1:
    nics: { eth0: { wire: lan, addresses: [192.168.99.1/24, "fd00:99::1/64"] } }
    routes:
      - { to: 10.93.0.0/24, via: 192.168.99.2 }
      - { to: 10.99.0.0/24, via: 192.168.99.77 }
      - { to: "fd00:93::/64", via: "fd00:99::2" }
  node-2:
    nics: { eth0: { wire: lan, addresses: [192.168.99.2/24, "fd00:99::2/64"] } }
    routes:
      - { to: 10.91.0.0/24, via: 192.168.99.1 }
      - { to: 10.92.0.0/24, via: 192.168.99.1 }
      - { to: "fd00:90::/28", via: "fd00:99::1" }
networks:
  n1: ${l3('node-1', '91', '92')}
  n2: ${l3('node-2', '93')}
services:
  a: { x-host: node-1, networks: { n1: { ipv4_address: 10.91.0.2, ipv6_address: "fd00:91::2" } } }
  b: { x-host: node-1, networks: { n1: { ipv4_address: 10.92.0.2, ipv6_address: "fd00:92::2" } } }
  c: { x-host: node-2, networks: { n2: { ipv4_address: 10.93.0.2, ipv6_address: "fd00:93::2" } } }
`);
    t.regex((await lab.inside('a', 'ip', 'route')).stdout, /default dev eth0 scope link/);
    t.regex((await lab.inside('a', 'ip', 'link')).stdout, /eth0: <[^>]*NOARP/);
    await reach(t, lab, ['a > 10.92.0.2', 'b > 10.91.0.2', 'a > 10.93.0.2', 'c > 10.92.0.2']);
    // The host hears its child; the answer goes where its routes lead, and none leads there.
    await miss(t, lab, ['a > 192.168.99.1']);
    await talk(t, lab, [
      'a 10.91.0.2 - b 10.92.0.2',
      'a 10.91.0.2 - c 10.93.0.2',
      'c fd00:93::2 - b fd00:92::2',
    ]);
    // Nobody has the address of this router: node-1 asks for it three times, a second apart, though nothing else happens.
    await miss(t, lab, ['b > 10.99.0.1']);
    await until(t, 'it is given up', () => dropped(running, 'b', Reason.NeighborUnresolved) > 0);
    await balance(t, running);
  },
);

liveTest(
  'a bridge with uplink eth0.50 reaches the VLAN behind its host; one that filters VLANs, those of its ports',
  async (t, lab) => {
    const bridge = (subnet: string, options: string) =>
      `{ x-host: node-1, enable_ipv6: true, x-bridge: { ${options} }, ipam: { config: [ { subnet: 10.${subnet}.0.0/24, gateway: 10.${subnet}.0.200 }, { subnet: "fd00:${subnet}::/64", gateway: "fd00:${subnet}::200" } ] } }`;
    const running = await lab.startLive(`x-wires: { lan: , trunk: }
x-hosts:
  node-1: { nics: { eth0: { wire: lan }, eth1: { wire: trunk } } }
  node-2: { nics: { eth0: { wire: lan }, eth1: { wire: trunk } } }
networks:
  br: ${bridge('52', 'uplink: eth0.50')}
  vlans: ${bridge('53', 'vlan_filtering: true, uplink: eth1')}
  far: ${parent('macvlan', 'parent: eth0.50', '52', 'x-host: node-2')}
  far10: ${parent('macvlan', 'parent: eth1.10', '53', 'x-host: node-2')}
services:
  a: { x-host: node-1, networks: { br: { ipv4_address: 10.52.0.11, ipv6_address: "fd00:52::11" } } }
  c: { x-host: node-2, networks: { far: { ipv4_address: 10.52.0.21, ipv6_address: "fd00:52::21" } } }
  v10: { x-host: node-1, networks: { vlans: { ipv4_address: 10.53.0.10, ipv6_address: "fd00:53::10", x-port: { tag: 10 } } } }
  w10: { x-host: node-1, networks: { vlans: { ipv4_address: 10.53.0.11, x-port: { tag: 10 } } } }
  v20: { x-host: node-1, networks: { vlans: { ipv4_address: 10.53.0.20, x-port: { tag: 20 } } } }
  trunk: { x-host: node-1, networks: { vlans: { ipv4_address: 10.53.0.30 } } }
  d: { x-host: node-2, networks: { far10: { ipv4_address: 10.53.0.21, ipv6_address: "fd00:53::21" } } }
`);
    await reach(t, lab, [
      ...[
        'a > 10.52.0.21',
        'c > 10.52.0.11',
        'c > fd00:52::11',
        'a > 10.52.0.200',
        'c > 10.52.0.200',
      ],
      ...['v10 > 10.53.0.11', 'v10 > 10.53.0.21', 'd > 10.53.0.11'],
    ]);
    await miss(t, lab, ['v20 > 10.53.0.10', 'd > 10.53.0.20', 'v20 > 10.53.0.21']);
    await ipBatch(lab.namespace('trunk'), ['addr flush dev eth0']);
    await tagInside(t, pathOf(lab, 'trunk'), 10, ['10.53.0.31/24']);
    await reach(t, lab, ['v10 > 10.53.0.31', 'd > 10.53.0.31']);
    await talk(t, lab, [
      'a 10.52.0.11 - c 10.52.0.21',
      'c fd00:52::21 - a fd00:52::11',
      'v10 10.53.0.10 - d 10.53.0.21',
      'v10 10.53.0.10 - w10 10.53.0.11',
      'd fd00:53::21 - v10 fd00:53::10',
      'v10 10.53.0.10 - trunk 10.53.0.31',
      'trunk 10.53.0.31 - d 10.53.0.21',
    ]);
    await balance(t, running);
  },
);

liveTest(
  'macvlan passthru and source: the one gets all its parent gets, the other what its sources send',
  async (t, lab) => {
    const running = await lab.startLive(`${TWO_HOSTS}networks:
  all: ${parent('macvlan', 'parent: eth0, macvlan_mode: passthru', '54', 'x-host: node-1')}
  from: ${parent('macvlan', 'parent: eth0, macvlan_mode: source', '54', 'x-host: node-2')}
  mac: ${parent('macvlan', 'parent: eth0.50', '55', 'x-host: node-2')}
services:
  p: { x-host: node-1, networks: { all: { ipv4_address: 10.54.0.11 } } }
  s: { x-host: node-2, networks: { from: { ipv4_address: 10.54.0.21, x-port: { sources: ["02:42:0a:36:00:0b"] } } } }
  n: { x-host: node-2, networks: { from: { ipv4_address: 10.54.0.22, x-port: { sources: ["02:42:00:00:00:99"] } } } }
  m: { x-host: node-2, networks: { mac: { ipv4_address: 10.55.0.21 } } }
`);
    await reach(t, lab, ['p > 10.54.0.21', 's > 10.54.0.11']);
    await miss(t, lab, ['p > 10.54.0.22', 'n > 10.54.0.11']);
    // Tags are the child's: its own VLAN interface meets that of the other host.
    await tagInside(t, pathOf(lab, 'p'), 50, ['10.55.0.11/24']);
    await talk(t, lab, ['p 10.54.0.11 - s 10.54.0.21', 'p 10.55.0.11 - m 10.55.0.21']);
    await balance(t, running);
  },
);

liveTest(
  'a worker that was killed serves hosts and wires again, and asks for neighbors anew',
  async (t, lab) => {
    const running = await lab.startLive(`x-wires: { lan: }
x-hosts:
  node-1: { nics: { eth0: { wire: lan, addresses: [192.168.98.1/24] } }, gateway: 192.168.98.2 }
  node-2: { nics: { eth0: { wire: lan, addresses: [192.168.98.2/24] } }, gateway: 192.168.98.1 }
networks:
  n1: ${parent('ipvlan', 'parent: eth0, ipvlan_mode: l3s', '56', 'x-host: node-1')}
  n2: ${parent('ipvlan', 'parent: eth0, ipvlan_mode: l3', '57', 'x-host: node-2')}
services:
  a: { x-host: node-1, networks: { n1: { ipv4_address: 10.56.0.2 } } }
  b: { x-host: node-2, networks: { n2: { ipv4_address: 10.57.0.2 } } }
`);
    await reach(t, lab, ['a > 10.57.0.2']);
    await running.kill(0);
    const [worker] = running.workers;
    await until(t, 'it runs again', () => worker?.restarts === 1 && worker.state === 'running');
    await reach(t, lab, ['a > 10.57.0.2', 'b > 10.56.0.2']);
    await balance(t, running);
  },
);

liveTest(
  'a NIC on a wire is inside the lab and no port to look at; one without a wire is, and has no carrier',
  async (t, lab) => {
    await lab.up(`x-wires: { lan: }
x-hosts: { node: { nics: { eth0: { wire: lan }, eth1: } } }
networks: { mac: ${parent('macvlan', 'parent: eth0', '58')}, other: ${parent('macvlan', 'parent: eth1', '59')} }
services: { a: { networks: [mac] }, b: { networks: [other] } }
`);
    const at = ['--lab', lab.name];
    const inside = await lab.etherloom('capture', 'node.eth0', ...at);
    const ports = await lab.etherloom('show', 'ports', ...at);
    t.is(inside.status, 2);
    t.regex(inside.stderr, /node\.eth0 is inside the lab: no frame enters or leaves there/);
    t.regex(ports.stdout, /^node\.eth1 +none +down: nothing is joined to it /m);
    t.notRegex(ports.stdout, /node\.eth0/);
  },
);
