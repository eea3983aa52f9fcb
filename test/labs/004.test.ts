/** The labs of the fifth document: ipvlan in layer 2 mode on two hosts, and beside docker0. */
import { lab } from './lab.js';
import { asker, extAtLan1 } from './outside.js';

const NIC_OF_H1 = '00:0c:29:d0:1b:0a';
const NIC_OF_H2 = '00:0c:29:e4:11:4d';

// The document shows the scope "global"; Docker says "local", which is what separate networks of the same name are.
lab(
  'E-01',
  'an ipvlan network belongs to one host, and two of one subnet on one wire are one network all the same',
  { outside: [extAtLan1] },
  ({ t, stage, the }) => {
    t.deepEqual(
      stage.compiled.lab.networks.map(({ driver, ipvlan, host }) => [
        driver.value,
        ipvlan?.mode.value,
        host,
      ]),
      [
        ['ipvlan', 'l2', 'h1'],
        ['ipvlan', 'l2', 'h2'],
      ],
    );
    the('ext').reaches('192.168.155.100');
    the('ext').reaches('192.168.140.201');
    the('a1').reaches('10.1.2.1');
  },
);

lab(
  'E-02',
  'four ipvlan children on two hosts reach each other, under the MACs of two NICs',
  {},
  ({ the, at }) => {
    the('centos1').has('10.1.1.1/16', NIC_OF_H1);
    the('nginx2').has('10.1.2.2/16', NIC_OF_H2);
    the('centos1').reaches('10.1.1.2', { count: 3 });
    at('centos2').didNotSee('echo');
    the('centos1').reaches('10.1.2.1', { count: 3 });
    the('centos1').knows('10.1.2.1', NIC_OF_H2);
    the('centos1').reaches('10.1.2.2');
    the('nginx2').listens(80);
    the('centos1').gets('10.1.2.2', 80, { from: '10.1.1.1' });
    the('nginx2').reaches('10.1.1.2');
    at('lan1.tap').sawOnlyFrom(NIC_OF_H1, NIC_OF_H2);
    at('lan1.tap').didNotSee('echo');
  },
);

// Left out: the host pings its child.
lab(
  'E-03',
  'an ipvlan child whose gateway does not exist reports every host as unreachable, its own too',
  {},
  ({ the, at }) => {
    the('centos').routes('default via 10.1.0.1');
    the('centos').findsNobodyAt('192.168.140.201', { count: 4 });
    the('centos').findsNobodyAt('192.168.140.200', { count: 4 });
    at('lan1.tap').saw('ARP who has 10.1.0.1? tell 10.1.1.1');
    at('lan1.tap').didNotSee('echo');
  },
);

// Left out: that the host itself is refused, too.
lab(
  'E-04',
  'a port published on an ipvlan network is not there: who calls the host is refused',
  { outside: [extAtLan1] },
  ({ the, at }) => {
    the('ext').reaches('192.168.140.200');
    the('ext').isRefused('192.168.140.200', 80);
    at('nginx').didNotSee('TCP');
  },
);

/** Somebody on the wire of E-05, with an address in the network of the container and one in that of the host. */
const onBoth = asker('lan1.x', '10.1.0.9/16', '192.168.140.50/24');

for (const [id, driver, mac] of [
  ['E-05', 'ipvlan', NIC_OF_H1],
  ['E-05n', 'macvlan', '02:42:0a:01:01:02'],
] as const) {
  lab(
    id,
    `a container on ${driver} and on docker0 has its default route by docker0, is reached on both, and publishes its port`,
    { outside: [onBoth] },
    ({ the, at }) => {
      the('nginx').has('10.1.1.2/16', mac);
      the('nginx').has('172.17.0.2/16', '02:42:ac:11:00:02');
      the('nginx').routes('default via 172.17.0.1');
      the('nginx').reaches('172.17.0.1');
      the('asker').reaches('10.1.1.2');
      the('nginx').reaches('10.1.0.9');
      at('nginx.bridge').didNotSee('10.1.0.9');
      at('lan1.x').didNotSee('172.17.0.2');
      the('asker').gets('192.168.140.200', 80, { from: '192.168.140.50' });
      at('nginx.bridge').saw('→ 172.17.0.2:80');
      at('lan1.x').didNotSee('172.17.0.2');
    },
  );

  lab(
    `${id}-after`,
    `a container on ${driver} that has left docker0 has the default route of its network again, and its port is refused`,
    { outside: [onBoth] },
    ({ the }) => {
      the('nginx').routes('default via 10.1.0.1');
      the('asker').reaches('10.1.1.2');
      the('asker').isRefused('192.168.140.200', 80);
    },
  );
}

lab(
  'E-07',
  'every host hands out addresses by itself: without a plan two ipvlan children have the same one',
  { outside: [asker('lan1.x', '10.1.0.9/16')] },
  ({ the, at }) => {
    the('a1').has('10.1.0.2/16', NIC_OF_H1);
    the('b1').has('10.1.0.2/16', NIC_OF_H2);
    the('asker').reaches('10.1.0.2');
    at('lan1.x').saw(`ARP 10.1.0.2 is at ${NIC_OF_H1}`);
    at('lan1.x').saw(`ARP 10.1.0.2 is at ${NIC_OF_H2}`);
  },
);
