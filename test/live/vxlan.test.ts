/**
 * VXLAN live: containers behind tunnel ends of ours, and a VXLAN device of this kernel at the other end, in one VNI. What it leaves to a network card
 * comes to us as it is where its interface is a veth; a TAP gets it cut.
 */
import type { ExecutionContext } from 'ava';
import { ipBatch } from '../../control/sandbox/ip.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { loadNative } from '../../native-bindings/load.js';
import { balance, consumed, dropped, miss, PING, reach, show, station, talk } from './edge.js';
import { ip, liveTest, runProgram } from './live.js';
import type { TestLab } from './live.js';

const INNER_MTU = 1450;
/** The MAC of the kernel's tunnel end, where a test has to know it. */
const KERNEL_MAC = '02:00:0a:00:2a:15';
const CONTAINERS = [
  ['02:42:0a:00:2a:0b', '10.0.42.11', 'fd00:42::11'],
  ['02:42:0a:00:2a:0c', '10.0.42.12', 'fd00:42::12'],
] as const;

/** A host `node`, whose NIC stands on the wire `lan`, with two containers on a bridge that has a tunnel end. */
const topology = (
  uplink: string,
  vxlan: string,
  mtu = INNER_MTU,
): string => `x-wires: { lan: { ports: { uplink: ${uplink} } } }
x-hosts: { node: { nics: { eth0: { wire: lan, addresses: [192.168.99.1/24, "fd00:99::1/64"] } } } }
networks:
  blue:
    x-host: node
    enable_ipv6: true
    driver_opts: { com.docker.network.driver.mtu: ${mtu} }
    ipam: { config: [ { subnet: 10.0.42.0/24 }, { subnet: "fd00:42::/64" } ] }
    x-vxlan: { vxlan42: { vni: 42, ${vxlan} } }
services:
  c1: { x-host: node, networks: { blue: { ipv4_address: 10.0.42.11, ipv6_address: "fd00:42::11" } } }
  c2: { x-host: node, networks: { blue: { ipv4_address: 10.0.42.12, ipv6_address: "fd00:42::12" } } }
`;

/** In a namespace the kernel's end of VNI 42, with 10.0.42.21 and fd00:42::21. `entries`: of its table, as behind `bridge fdb append`. */
async function kernelEnd(
  namespace: string,
  device: string,
  entries: readonly string[] = [],
): Promise<void> {
  await ipBatch(namespace, [
    `link add vxlan42 address ${KERNEL_MAC} type vxlan id 42 dstport 4789 ${device}`,
    'addr add 10.0.42.21/24 dev vxlan42',
    'addr add fd00:42::21/64 dev vxlan42 nodad',
    'link set vxlan42 up',
  ]);
  for (const entry of entries)
    await runProgram('bridge', '-n', namespace, 'fdb', 'append', ...entry.split(' '));
}

/** A machine of this kernel on the wire, with the kernel's end in it. */
async function machine(
  t: ExecutionContext,
  lab: TestLab,
  device: string,
  entries?: readonly string[],
): Promise<{ near: string; far: string }> {
  const cable = await station(t, lab, '192.168.99.2/24');
  await ipBatch(cable.far, ['addr add fd00:99::2/64 dev eth0 nodad']);
  await kernelEnd(cable.far, device, entries);
  return cable;
}

/** Everything that passes between two ends of one VNI, both ways and in both families. */
async function converse(
  t: ExecutionContext,
  lab: TestLab,
  far: string,
  mtu = INNER_MTU,
): Promise<void> {
  const kernel = `/run/netns/${far}`;
  await reach(t, lab, ['c1 > 10.0.42.21', 'c2 > fd00:42::21', 'c1 > 10.0.42.12']);
  for (const address of ['10.0.42.11', 'fd00:42::12'])
    t.regex(await ip('netns', 'exec', far, ...PING, address), / ttl=64 .* 0% packet loss/s);
  const pairs = [
    `c1 10.0.42.11 - ${kernel} 10.0.42.21`,
    `${kernel} 10.0.42.21 - c2 10.0.42.12`,
    `c1 fd00:42::11 - ${kernel} fd00:42::21`,
    `${kernel} fd00:42::21 - c2 fd00:42::12`,
  ];
  await talk(t, lab, pairs, mtu);
}

const LEARNING = 'remotes: [192.168.99.2], local: 192.168.99.1';
const EVERYBODY = '00:00:00:00:00:00 dev vxlan42 dst';

const drivers = loadNative().hasCapture ? ['packet', 'capture'] : ['packet'];
for (const driver of drivers)
  liveTest(
    `an end of ours and one of the kernel learn from each other, through an interface (${driver})`,
    async (t, lab) => {
      const ways = [`${EVERYBODY} 192.168.99.1`];
      const { near, far } = await machine(t, lab, 'local 192.168.99.2 dev eth0', ways);
      const uplink = `{ interface: ${near}, driver: ${driver} }`;
      const running = await lab.startLive(topology(uplink, LEARNING));
      await converse(t, lab, far);
      const { stations } = show(t, running, 'fdb');
      const learned = stations.find(({ mac }) => mac === KERNEL_MAC);
      t.like(learned, { network: 'blue', port: 'blue.vxlan42', kind: 'dynamic' });
      await balance(t, running);
    },
  );

liveTest('the kernel’s end may be a port of a bridge', async (t, lab) => {
  const { near, far } = await station(t, lab, '192.168.99.2/24');
  await ipBatch(far, [
    'link add br0 type bridge',
    'link add vxlan42 type vxlan id 42 dstport 4789 local 192.168.99.2 remote 192.168.99.1 dev eth0',
    'link set vxlan42 master br0 up',
    'addr add 10.0.42.21/24 dev br0',
    'addr add fd00:42::21/64 dev br0 nodad',
    'link set br0 mtu 1450 up',
  ]);
  const running = await lab.startLive(topology(`{ interface: ${near} }`, LEARNING));
  await converse(t, lab, far);
  await balance(t, running);
});

liveTest(
  'nothing is learned: stations are declared at both ends, and questions answered at home',
  async (t, lab) => {
    const { near, far } = await machine(
      t,
      lab,
      'local 192.168.99.2 dev eth0 nolearning',
      CONTAINERS.map(([mac]) => `${mac} dev vxlan42 dst 192.168.99.1 static`),
    );
    await ipBatch(
      far,
      CONTAINERS.flatMap(([mac, ...addresses]) =>
        addresses.map((address) => `neigh add ${address} lladdr ${mac} dev vxlan42 nud permanent`),
      ),
    );
    const station = `{ mac: "${KERNEL_MAC}", remote: 192.168.99.2, addresses: [10.0.42.21, "fd00:42::21"] }`;
    const settings = `learning: false, neighbors: proxy, stations: [ ${station} ]`;
    const running = await lab.startLive(topology(`{ interface: ${near} }`, settings));
    await converse(t, lab, far);
    await miss(t, lab, ['c1 > 10.0.42.99']);
    await lab.inside('c1', 'ping', '-b', '-c', '1', '-W', '1', '10.0.42.255');
    t.true(consumed(running, 'c1', Reason.VxlanNeighborKnown) > 0);
    t.true(dropped(running, 'c1', Reason.VxlanNeighborUnknown) > 0);
    t.true(dropped(running, 'c1', Reason.VxlanWithoutRemote) > 0);
    await balance(t, running);
  },
);

for (const [what, ours, kernels] of [
  ['with checksums', '', ''],
  ['without', ', checksum: zero, accept_zero_checksum: true', 'udp6zerocsumtx udp6zerocsumrx'],
] as const)
  liveTest(`the way between the ends is IPv6, ${what}`, async (t, lab) => {
    const device = `local fd00:99::2 remote fd00:99::1 dev eth0 ${kernels}`;
    const { near, far } = await machine(t, lab, device);
    await ipBatch(far, ['link set vxlan42 mtu 1430']);
    const settings = `remotes: ["fd00:99::2"], local: "fd00:99::1"${ours}`;
    const running = await lab.startLive(topology(`{ interface: ${near} }`, settings, 1430));
    await converse(t, lab, far, 1430);
    await balance(t, running);
  });

liveTest('an end that takes no datagrams without checksum over IPv6 gets none', async (t, lab) => {
  const device = 'local fd00:99::2 remote fd00:99::1 dev eth0 udp6zerocsumtx udp6zerocsumrx';
  const { near } = await machine(t, lab, device);
  const settings = 'remotes: ["fd00:99::2"], local: "fd00:99::1"';
  const running = await lab.startLive(topology(`{ interface: ${near} }`, settings));
  await miss(t, lab, ['c1 > 10.0.42.21']);
  t.true(dropped(running, 'lan.uplink', Reason.VxlanChecksumMissing) > 0);
  await balance(t, running);
});

for (const [group, local, mtu] of [
  ['239.1.1.42', '192.168.99', 1450],
  ['ff05::42', 'fd00:99:', 1430],
] as const)
  liveTest(`the ends find each other in the group ${group}`, async (t, lab) => {
    const [ours, kernels] = local.endsWith(':')
      ? [`"${local}:1"`, `${local}:2`]
      : [`${local}.1`, `${local}.2`];
    const { near, far } = await machine(t, lab, `group ${group} local ${kernels} dev eth0`);
    await ipBatch(far, [`link set vxlan42 mtu ${mtu}`]);
    const settings = `group: "${group}", dev: eth0, local: ${ours}`;
    const running = await lab.startLive(topology(`{ interface: ${near} }`, settings, mtu));
    await converse(t, lab, far, mtu);
    await balance(t, running);
  });

/** The host `node` again, and beside it node-2 with a NIC of its own on the wire. */
const twoHosts = (rest: string): string =>
  topology('', LEARNING)
    .replace('uplink: ', 'spare: ')
    .replace(
      'x-hosts: {',
      'x-hosts: { node-2: { nics: { eth0: { wire: lan, addresses: [192.168.99.2/24] } } },',
    ) + rest;

liveTest('the kernel’s end is in a container, which has a TAP', async (t, lab) => {
  const running = await lab.startLive(
    topology('', LEARNING)
      .replace('x-hosts: {', 'x-hosts: { node-2: { nics: { eth0: { wire: lan } } },')
      .replace(
        'networks:\n',
        'networks:\n  mac: { driver: macvlan, x-host: node-2, driver_opts: { parent: eth0 }, ipam: { config: [ { subnet: 192.168.99.0/24 } ] } }\n',
      ) + '  vm: { x-host: node-2, networks: { mac: { ipv4_address: 192.168.99.2 } } }\n',
  );
  const namespace = lab.namespace('vm');
  await kernelEnd(namespace, 'local 192.168.99.2 remote 192.168.99.1 dev eth0');
  await converse(t, lab, namespace);
  await balance(t, running);
});

for (const by of ['TAP', 'veth'])
  liveTest(`the kernel’s end is behind a host that translates, by a ${by}`, async (t, lab) => {
    const cable = by === 'TAP' ? undefined : await station(t, lab, '172.30.0.2/24');
    const port = cable === undefined ? '' : `, x-port: { interface: ${cable.near} }`;
    const running = await lab.startLive(
      twoHosts(
        `  vm: { x-host: node-2, networks: { pod: { ipv4_address: 172.30.0.2${port} } }, ports: ["4789:4789/udp"] }\n`,
      ).replace(
        'networks:\n',
        'networks:\n  pod: { x-host: node-2, ipam: { config: [ { subnet: 172.30.0.0/24 } ] } }\n',
      ),
    );
    const namespace = cable?.far ?? lab.namespace('vm');
    if (cable !== undefined) await ipBatch(namespace, ['route add default via 172.30.0.1']);
    await kernelEnd(namespace, 'local 172.30.0.2 remote 192.168.99.1');
    await ip('-n', namespace, 'link', 'set', 'vxlan42', 'mtu', '1450');
    await converse(t, lab, namespace);
    await balance(t, running);
  });

/** What is sent through libpcap leaves nothing to a card: the receiver looks at every checksum. */
for (const driver of drivers)
  liveTest(
    `a host translates what two ends of the kernel send each other (${driver})`,
    async (t, lab) => {
      const inside = await station(t, lab, '172.30.0.2/24');
      const outside = await station(t, lab, '192.168.99.9/24');
      const running =
        await lab.startLive(`x-wires: { lan: { ports: { uplink: { interface: ${outside.near}, driver: ${driver} } } } }
x-hosts: { node-2: { nics: { eth0: { wire: lan, addresses: [192.168.99.2/24] } } } }
networks: { pod: { ipam: { config: [ { subnet: 172.30.0.0/24 } ] } } }
services:
  vm: { networks: { pod: { ipv4_address: 172.30.0.2, x-port: { interface: ${inside.near} } } }, ports: ["4789:4789/udp"] }
`);
      await ipBatch(inside.far, ['route add default via 172.30.0.1']);
      await kernelEnd(inside.far, 'local 172.30.0.2 remote 192.168.99.9');
      await ipBatch(outside.far, [
        'link add vxlan42 type vxlan id 42 dstport 4789 local 192.168.99.9 remote 192.168.99.2',
        'addr add 10.0.42.31/24 dev vxlan42',
        'addr add fd00:42::31/64 dev vxlan42 nodad',
        'link set vxlan42 up',
      ]);
      for (const { far } of [inside, outside]) await ipBatch(far, ['link set vxlan42 mtu 1450']);
      const [one, other] = [inside, outside].map(({ far }) => `/run/netns/${far}`);
      await talk(
        t,
        lab,
        [`${one} 10.0.42.21 - ${other} 10.0.42.31`, `${other} fd00:42::31 - ${one} fd00:42::21`],
        INNER_MTU,
      );
      await balance(t, running);
    },
  );

liveTest(
  'an overlay over two hosts: its containers reach each other, and the world by their hosts',
  async (t, lab) => {
    const { near } = await station(t, lab, '192.168.99.9/24');
    const running =
      await lab.startLive(`x-wires: { lan: { ports: { out: { interface: ${near} } } } }
x-hosts:
  node-1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24] } } }
  node-2: { nics: { eth1: { wire: lan, addresses: [192.168.99.2/24] } } }
networks:
  ov: { driver: overlay, ipam: { config: [ { subnet: 10.0.9.0/24 } ] } }
services:
  c1: { x-host: node-1, networks: { ov: { ipv4_address: 10.0.9.11 } } }
  c2: { x-host: node-1, networks: { ov: { ipv4_address: 10.0.9.12 } } }
  c3: { x-host: node-2, networks: { ov: { ipv4_address: 10.0.9.13 } } }
  c4: { x-host: node-2, networks: { ov: { ipv4_address: 10.0.9.14 } } }
`);
    await reach(t, lab, ['c1 > 10.0.9.13', 'c4 > 10.0.9.12', 'c1 > 10.0.9.12', 'c3 > 10.0.9.14']);
    await talk(t, lab, ['c1 10.0.9.11 - c3 10.0.9.13', 'c4 10.0.9.14 - c2 10.0.9.12'], INNER_MTU);
    for (const service of ['c1', 'c3'])
      t.regex(
        (await lab.inside(service, ...PING, '192.168.99.9')).stdout,
        / ttl=63 .* 0% packet loss/s,
      );
    t.true(consumed(running, 'c1.ov', Reason.VxlanNeighborKnown) > 0);
    await balance(t, running);
  },
);
