/** The labs of the second document: bridges and what joins and parts them, macvlan across hosts, VLANs. Ports that are published: 001-ports.test.ts. */
import test from 'ava';
import { lab, yamlOf } from './lab.js';
import { ext, extAtLan1, gw, gwAtLan1, withVlans } from './outside.js';
import { accepts, refuses, withWords } from './refused.js';

lab('B-01', 'the first container of a host is a port of docker0', {}, ({ the, at }) => {
  the('web').has('172.17.0.2/16', '02:42:ac:11:00:02');
  the('web').reaches('172.17.0.1');
  at('web').saw('ARP 172.17.0.1 is at');
});

// Left out: the page as the host gets it.
lab(
  'B-02',
  'a container that publishes nothing is not there for the world, not even with a route to it',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('web').listens(80);
    the('ext').doesNotReach('172.17.0.2');
    the('ext').routesBy('172.16.69.234', '172.17.0.0/16');
    the('ext').doesNotReach('172.17.0.2');
    the('ext').getsNothing('172.17.0.2', 80);
    at('web').sawNothing();
  },
);

lab(
  'B-03',
  'what leaves a host comes from its address for others, and answers find the container',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('c1').reaches('8.8.8.8', { ttl: 63 });
    at('lan0.gw').saw('172.16.69.234 → 8.8.8.8');
    at('lan0.gw').didNotSee('172.17.0.2');
    at('c1').saw('8.8.8.8 → 172.17.0.2');
    the('c1').gets('172.16.69.50', 8080, { from: '172.16.69.234' });
    at('lan0.ext').didNotSee('172.17.0.2');
  },
);

// Nobody listens in an emulated host, so the page of nginx is refused here; that it is the host who says so is what the lab is about.
lab(
  'B-04',
  'a container with the network of its host has no address of its own: the host answers in its place',
  { outside: [extAtLan1] },
  ({ t, stage, the }) => {
    t.deepEqual(stage.openPorts, ['lan1.ext'], 'there is no NIC of a container');
    the('ext').reaches('192.168.155.100', { ttl: 64 });
    the('ext').isRefused('192.168.155.100', 80);
  },
);

lab(
  'B-11',
  'containers on different bridges are apart, but every gateway answers',
  {},
  ({ the, at }) => {
    the('vm1').doesNotReach('192.168.0.2');
    the('vm3').doesNotReach('192.168.0.2');
    the('vm2').doesNotReach('172.17.0.2');
    at('vm2').didNotSee('echo request');
    at('vm3').didNotSee('echo request');
    the('vm1').reaches('192.168.0.1');
  },
);

lab(
  'B-12',
  'a container on two networks has a NIC in each, and is reached in each by the address it has there',
  {},
  ({ the, at }) => {
    the('vm1').has('172.18.0.2/16', '02:42:ac:12:00:02');
    the('vm1').has('192.168.0.2/24', '02:42:c0:a8:00:02');
    the('vm1').routes('default via 172.18.0.1');
    the('vm2').reaches('192.168.0.2');
    the('vm1').reaches('192.168.0.10');
    the('vm2').doesNotReach('172.18.0.2');
    at('vm1.my_net1').didNotSee('echo');
  },
);

lab(
  'B-12-after',
  'a container that has left a network is not there any more',
  {},
  ({ the, at }) => {
    the('vm2').findsNobodyAt('192.168.0.2');
    the('vm1').doesNotReach('192.168.0.10');
    at('vm1').didNotSee('echo');
  },
);

lab(
  'B-20',
  'one macvlan network on two hosts is one network on the wire between them',
  {},
  ({ t, the, at }) => {
    the('vm1').has('192.168.0.10/24', '02:42:c0:a8:00:0a');
    the('vm2').has('192.168.0.20/24', '02:42:c0:a8:00:14');
    the('vm2').reaches('192.168.0.10', { ttl: 64 });
    the('vm1').reaches('192.168.0.20', { ttl: 64 });
    the('vm1').knows('192.168.0.20', '02:42:c0:a8:00:14');
    at('lan1.tap').saw('ARP who has 192.168.0.10? tell 192.168.0.20');
    at('lan1.tap').didNotSee('echo');
    const dup = 'services:\n  dup: { networks: { macvlan1: { ipv4_address: 192.168.0.20 } } }\n';
    accepts(t, withWords(yamlOf('B-20'), 'services:\n', dup));
  },
);

lab(
  'B-21',
  'a macvlan network makes no bridge, and leaves the host as it was',
  { outside: [extAtLan1] },
  ({ t, stage, the }) => {
    const { networks } = stage.compiled.lab;
    t.deepEqual(
      networks.map(({ driver, bridge }) => [driver.value, bridge]),
      [['macvlan', undefined]],
    );
    t.deepEqual([...stage.openPorts].sort(), ['lan1.ext', 'vm1']);
    the('ext').reaches('192.168.155.100');
    the('vm1').findsNobodyAt('192.168.0.1');
  },
);

// The document says that a macvlan network has its NIC for itself, which was true until Docker 27.
lab(
  'B-22',
  'two macvlan networks share a NIC, and one broadcast domain with it',
  {},
  ({ the, at }) => {
    the('a1').findsNobodyAt('192.168.0.1');
    at('b1').saw('ARP who has 192.168.0.1? tell 192.168.0.2');
    at('lan1.tap').saw('ARP who has 192.168.0.1? tell 192.168.0.2');
  },
);

test('B-22: a macvlan network in passthru mode shares its NIC with no other', (t) => {
  const [first, second] = ['macvlan1', 'macvlan2'].map((name) => {
    const heading = `  ${name}:\n    driver: macvlan\n    driver_opts: { parent: ens33`;
    return withWords(yamlOf('B-22'), heading, `${heading}, macvlan_mode: passthru`);
  });
  for (const yaml of [first, second])
    refuses(t, yaml ?? '', 'already using parent interface ens33');
});

lab(
  'B-23',
  'sub-interfaces ens33.1 and ens33.2 are apart, and each is one with its VLAN on another host',
  {},
  ({ the, at }) => {
    the('v10').has('192.168.10.2/24', '02:42:c0:a8:0a:02');
    the('v10').findsNobodyAt('192.168.20.2');
    the('w10').has('192.168.10.128/24', '02:42:c0:a8:0a:80');
    the('w10').reaches('192.168.10.2');
    the('w10').findsNobodyAt('192.168.20.2');
    at('v20').sawNothing();
    at('lan1.tap').sawOnlyVlans(1);
  },
);

// The document's traceroute sends UDP; here it sends echo requests.
lab(
  'B-24',
  'a router with a leg in each VLAN joins them, and takes one from the time to live',
  { outside: [withVlans(gwAtLan1, { 1: '192.168.10.1/24', 2: '192.168.20.1/24' })] },
  ({ the, at }) => {
    the('v10').reaches('192.168.20.2', { ttl: 63 });
    the('v10').findsTheWay('192.168.20.2', '192.168.10.1', '192.168.20.2');
    at('lan1.gw').sawOnlyVlans(1, 2);
  },
);

lab('B-25', 'VLAN 4094 is the last one, and carries frames as any other', {}, ({ the, at }) => {
  the('c1').findsNobodyAt('192.168.10.9');
  at('lan1.tap').sawOnlyVlans(4094);
});

test('B-25: there is no VLAN 0 and no VLAN 4095', (t) => {
  for (const vid of [0, 4095])
    refuses(
      t,
      withWords(yamlOf('B-25'), 'ens33.4094', `ens33.${vid}`),
      `vlan id must be between 1-4094, received: ${vid}`,
    );
});
