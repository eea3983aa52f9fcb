/** VXLAN live, beyond two ends on a wire: in a container, in another tunnel, behind a host that translates; and overlays of Docker. */
import { ipBatch } from '../../control/sandbox/ip.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { balance, consumed, PING, reach, station, talk } from './edge.js';
import { busyTest } from './live.js';
import { converse, DRIVERS, INNER_MTU, kernelEnd, LEARNING, topology } from './vxlan.js';

const NODE_2 = 'node-2: { nics: { eth0: { wire: lan, addresses: [192.168.99.2/24] } } }';

busyTest('the kernel’s end is in a container, which has a TAP', async (t, lab) => {
  const running = await lab.startLive(
    topology('', LEARNING, INNER_MTU, {
      host: 'node-2: { nics: { eth0: { wire: lan } } }',
      network:
        'mac: { driver: macvlan, x-host: node-2, driver_opts: { parent: eth0 }, ipam: { config: [ { subnet: 192.168.99.0/24 } ] } }',
      service: 'vm: { x-host: node-2, networks: { mac: { ipv4_address: 192.168.99.2 } } }',
    }),
  );
  const namespace = lab.namespace('vm');
  await kernelEnd(namespace, 'local 192.168.99.2 remote 192.168.99.1 dev eth0');
  await converse(t, lab, namespace);
  await balance(t, running);
});

for (const by of ['TAP', 'veth'])
  busyTest(`the kernel’s end is behind a host that translates, by a ${by}`, async (t, lab) => {
    const cable = by === 'TAP' ? undefined : await station(t, lab, '172.30.0.2/24');
    const port = cable === undefined ? '' : `, x-port: { interface: ${cable.near} }`;
    const running = await lab.startLive(
      topology('', LEARNING, INNER_MTU, {
        host: NODE_2,
        network: 'pod: { x-host: node-2, ipam: { config: [ { subnet: 172.30.0.0/24 } ] } }',
        service: `vm: { x-host: node-2, networks: { pod: { ipv4_address: 172.30.0.2${port} } }, ports: ["4789:4789/udp"] }`,
      }),
    );
    const namespace = cable?.far ?? lab.namespace('vm');
    if (cable !== undefined) await ipBatch(namespace, ['route add default via 172.30.0.1']);
    await kernelEnd(namespace, 'local 172.30.0.2 remote 192.168.99.1');
    await converse(t, lab, namespace);
    await balance(t, running);
  });

for (const driver of DRIVERS)
  busyTest(
    `a host translates what two ends of the kernel send each other (${driver})`,
    async (t, lab) => {
      const inside = await station(t, lab, '172.30.0.2/24');
      const outside = await station(t, lab, '192.168.99.9/24');
      const running =
        await lab.startLive(`x-wires: { lan: { ports: { uplink: { interface: ${outside.near}, driver: ${driver} } } } }
x-hosts: { ${NODE_2} }
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
        `link set vxlan42 mtu ${INNER_MTU} up`,
      ]);
      const [one, other] = [inside, outside].map(({ far }) => `/run/netns/${far}`);
      const pairs = [
        `${one} 10.0.42.21 - ${other} 10.0.42.31`,
        `${other} fd00:42::31 - ${one} fd00:42::21`,
      ];
      await talk(t, lab, pairs, INNER_MTU);
      await balance(t, running);
    },
  );

busyTest(
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

busyTest('a tunnel of the kernel passes through one of ours', async (t, lab) => {
  const running = await lab.startLive(
    topology('', LEARNING, INNER_MTU, {
      host: NODE_2,
      network: `green:
    x-host: node-2
    driver_opts: { com.docker.network.driver.mtu: ${INNER_MTU} }
    ipam: { config: [ { subnet: 10.0.42.0/24, gateway: 10.0.42.254 } ] }
    x-vxlan: { vxlan42: { vni: 42, remotes: [192.168.99.1], local: 192.168.99.2 } }`,
      service: 'd1: { x-host: node-2, networks: { green: { ipv4_address: 10.0.42.13 } } }',
    }),
  );
  for (const [service, own, other] of [
    ['c1', 11, 13],
    ['d1', 13, 11],
  ] as const)
    await ipBatch(lab.namespace(service), [
      `link add vxlan7 type vxlan id 7 dstport 4789 local 10.0.42.${own} remote 10.0.42.${other} dev eth0`,
      `addr add 10.7.0.${own}/24 dev vxlan7`,
      'link set vxlan7 mtu 1400 up',
    ]);
  await talk(t, lab, ['c1 10.7.0.11 - d1 10.7.0.13', 'd1 10.7.0.13 - c1 10.7.0.11'], 1400);
  await balance(t, running);
});
