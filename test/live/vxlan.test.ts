/**
 * VXLAN live: containers behind a tunnel end of ours, and a VXLAN device of this kernel at the other end, in one VNI. What the kernel leaves to a network
 * card comes to us as it is where its interface is a veth.
 */
import { ipBatch } from '../../control/sandbox/ip.js';
import { sumOfCounters } from '../../control/supervisor/running.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { balance, consumed, dropped, miss, show } from './edge.js';
import { busyTest, until } from './live.js';
import { whyNoMatrix } from './matrix/why-no-matrix.js';
import { converse, DRIVERS, KERNEL_MAC, kernelEnd, LEARNING, machine, topology } from './vxlan.js';

for (const driver of DRIVERS)
  busyTest(
    `VX-9: an end of ours and one of the kernel learn from each other, through an interface (${driver})`,
    async (t, lab) => {
      const { uplink, far } = await machine(t, lab, driver);
      const entries = ['00:00:00:00:00:00 dev vxlan42 dst 192.168.99.1'];
      await kernelEnd(far, 'local 192.168.99.2 dev eth0', { entries });
      const running = await lab.startLive(topology(uplink, LEARNING));
      await converse(t, lab, far);
      const { stations } = show(t, running, 'fdb');
      const learned = stations.find(({ mac, network }) => mac === KERNEL_MAC && network === 'blue');
      t.like(learned, { port: 'blue.vxlan42', kind: 'dynamic' });
      if (whyNoMatrix() === undefined) {
        // TCP of the kernel came in super-frames, in the tunnel, and left it whole.
        const { framesOut, bytesOut } = sumOfCounters(running);
        const port = running.compiled.ports.findIndex((compiled) => compiled.port === 'c1');
        t.true((bytesOut[port] ?? 0) / (framesOut[port] ?? 1) > 1514);
      }
      await balance(t, running);
    },
  );

busyTest('the kernel’s end may be a port of a bridge', async (t, lab) => {
  const { uplink, far } = await machine(t, lab);
  await ipBatch(far, [
    'link add br0 type bridge',
    'link add vxlan42 type vxlan id 42 dstport 4789 local 192.168.99.2 remote 192.168.99.1 dev eth0',
    'link set vxlan42 master br0 up',
    'addr add 10.0.42.21/24 dev br0',
    'addr add fd00:42::21/64 dev br0 nodad',
    'link set br0 mtu 1450 up',
  ]);
  const running = await lab.startLive(topology(uplink, LEARNING));
  await converse(t, lab, far);
  await balance(t, running);
});

const CONTAINERS = [
  ['02:42:0a:00:2a:0b', '10.0.42.11', 'fd00:42::11'],
  ['02:42:0a:00:2a:0c', '10.0.42.12', 'fd00:42::12'],
] as const;

busyTest(
  'nothing is learned: stations are declared at both ends, and questions answered at home',
  async (t, lab) => {
    const { uplink, far } = await machine(t, lab);
    const entries = CONTAINERS.map(([mac]) => `${mac} dev vxlan42 dst 192.168.99.1 static`);
    await kernelEnd(far, 'local 192.168.99.2 dev eth0 nolearning', { entries });
    await ipBatch(
      far,
      CONTAINERS.flatMap(([mac, ...addresses]) =>
        addresses.map((address) => `neigh add ${address} lladdr ${mac} dev vxlan42 nud permanent`),
      ),
    );
    const station = `{ mac: "${KERNEL_MAC}", remote: 192.168.99.2, addresses: [10.0.42.21, "fd00:42::21"] }`;
    const settings = `learning: false, neighbors: proxy, stations: [ ${station} ]`;
    const running = await lab.startLive(topology(uplink, settings));
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
  busyTest(`the way between the ends is IPv6, ${what}`, async (t, lab) => {
    const mtu = 1430;
    const { uplink, far } = await machine(t, lab);
    await kernelEnd(far, `local fd00:99::2 remote fd00:99::1 dev eth0 ${kernels}`, { mtu });
    const settings = `remotes: ["fd00:99::2"], local: "fd00:99::1"${ours}`;
    const running = await lab.startLive(topology(uplink, settings, mtu));
    await converse(t, lab, far, mtu);
    await balance(t, running);
  });

busyTest(
  'VX-7: an end that takes no datagrams without checksum over IPv6 gets none',
  async (t, lab) => {
    const { uplink, far } = await machine(t, lab);
    const device = 'local fd00:99::2 remote fd00:99::1 dev eth0 udp6zerocsumtx udp6zerocsumrx';
    await kernelEnd(far, device, { mtu: 1430 });
    const settings = 'remotes: ["fd00:99::2"], local: "fd00:99::1"';
    const running = await lab.startLive(topology(uplink, settings, 1430));
    await miss(t, lab, ['c1 > 10.0.42.21']);
    t.true(dropped(running, 'lan.uplink', Reason.VxlanChecksumMissing) > 0);
    await balance(t, running);
  },
);

for (const [group, ours, kernels, mtu] of [
  ['239.1.1.42', '192.168.99.1', '192.168.99.2', 1450],
  ['ff05::42', '"fd00:99::1"', 'fd00:99::2', 1430],
] as const)
  busyTest(`the ends find each other in the group ${group}`, async (t, lab) => {
    const { uplink, far } = await machine(t, lab);
    await kernelEnd(far, `group ${group} local ${kernels} dev eth0`, { mtu });
    const settings = `group: "${group}", dev: eth0, local: ${ours}`;
    const running = await lab.startLive(topology(uplink, settings, mtu));
    await converse(t, lab, far, mtu);
    await balance(t, running);
  });

busyTest('a worker that was killed learns anew where the kernel’s end is', async (t, lab) => {
  const { uplink, far } = await machine(t, lab);
  await kernelEnd(far, 'local 192.168.99.2 remote 192.168.99.1 dev eth0');
  const running = await lab.startLive(topology(uplink, LEARNING));
  await converse(t, lab, far);
  await running.kill(0);
  const [worker] = running.workers;
  await until(t, 'it runs again', () => worker?.restarts === 1 && worker.state === 'running');
  await converse(t, lab, far);
  await balance(t, running);
});
