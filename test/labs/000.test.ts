/** The labs of the first document: default networks, macvlan, VLANs, ipvlan in layer 3 mode. */
import { lab } from './lab.js';
import { asker, ext, gw, h2 } from './outside.js';

// In all labs of this folder: an emulated host answers and does not ask, so a host's own ping and curl are left out; so are names, which need a
// resolver. Nobody listens in it either: there is no docker-proxy.

// Left out: the host pings its container.
lab(
  'A-03',
  'a container that names no network joins docker0 and reaches the host',
  {},
  ({ the }) => {
    the('c1').has('172.17.0.2/16', '02:42:ac:11:00:02');
    the('c1').routes('default via 172.17.0.1');
    the('c1').reaches('172.17.0.1', { ttl: 64 });
    the('c1').findsNobodyAt('172.17.0.9');
  },
);

lab(
  'A-10',
  'two containers on docker0 reach each other by address, linked or not',
  {},
  ({ the }) => {
    the('db').has('172.17.0.2/16', '02:42:ac:11:00:02');
    the('web').has('172.17.0.3/16', '02:42:ac:11:00:03');
    the('web').reaches('172.17.0.2');
    the('web').knows('172.17.0.2', '02:42:ac:11:00:02');
  },
);

// A link is a name, and needs a resolver; what it leads to is reached.
lab(
  'A-11',
  'a container on docker0 reaches those that it has links to, and they reach it',
  {},
  ({ the }) => {
    the('web').has('172.17.0.4/16', '02:42:ac:11:00:04');
    the('web').reaches('172.17.0.2', { ttl: 64 });
    the('web').reaches('172.17.0.3');
    the('db').reaches('172.17.0.4');
  },
);

lab(
  'A-12',
  'containers on a network of their own reach each other in both directions without any link',
  {},
  ({ the }) => {
    the('web1').has('172.18.0.2/16', '02:42:ac:12:00:02');
    the('web1').routes('default via 172.18.0.1');
    the('web1').reaches('172.18.0.4');
    the('web1').reaches('172.18.0.3');
    the('db1').reaches('172.18.0.2');
  },
);

lab(
  'A-16',
  'macvlan children reach each other, the router and what lies behind it, under their own addresses',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('alpine1').has('172.16.69.240/24', '02:42:ac:10:45:f0');
    the('alpine2').has('172.16.69.241/24', '02:42:ac:10:45:f1');
    the('alpine1').routes('default via 172.16.69.1');
    the('alpine1').reaches('172.16.69.1');
    at('alpine2').saw('ARP who has 172.16.69.1? tell 172.16.69.240');
    the('alpine1').reaches('8.8.8.8');
    the('alpine2').reaches('172.16.69.240', { count: 4, ttl: 64 });
    at('lan0.gw').saw('ARP who has 172.16.69.240? tell 172.16.69.241');
    at('lan0.gw').didNotSee('172.16.69.241 → 172.16.69.240');
    the('alpine2').reaches('8.8.8.8', { count: 4 });
    at('lan0.gw').saw('172.16.69.241 → 8.8.8.8');
    at('lan0.gw').sawNoTags();
    the('gw').knows('172.16.69.240', '02:42:ac:10:45:f0');
    the('gw').knows('172.16.69.241', '02:42:ac:10:45:f1');
    at('lan0.ext').didNotSee('echo');
    the('ext').reaches('172.16.69.240');
    the('alpine1').gets('172.16.69.1', 8080, { from: '172.16.69.240' });
  },
);

// Left out: the host pings its child.
lab(
  'A-17',
  'a macvlan child does not reach its own host, and any other machine reaches both',
  { outside: [h2] },
  ({ the, at }) => {
    the('alpine1').findsNobodyAt('172.16.69.234');
    at('lan0.h2').saw('ARP who has 172.16.69.234? tell 172.16.69.240');
    at('alpine1').sawNothing();
    the('h2').reaches('172.16.69.240', { ttl: 64 });
    the('h2').reaches('172.16.69.234', { ttl: 64 });
  },
);

lab(
  'A-19',
  'VLANs 50 and 60 of one NIC are two networks: siblings reach each other, the others do not',
  {},
  ({ the, at }) => {
    the('macvlan_test5').has('192.168.50.2/24', '02:42:c0:a8:32:02');
    the('macvlan_test5').reaches('192.168.50.3');
    the('macvlan_test5').findsNobodyAt('192.168.60.2', { count: 3 });
    at('macvlan_test7').sawNothing();
    the('macvlan_test7').reaches('192.168.60.3');
    at('lan0.gw').sawOnlyVlans(50, 60);
    at('lan0.gw').didNotSee('echo');
  },
);

lab(
  'A-20',
  'an option that no driver knows is accepted and says nothing: the mode stays bridge',
  {},
  ({ t, stage, the, at }) => {
    const [macvlan60] = stage.compiled.lab.networks;
    t.is(macvlan60?.macvlan?.mode.value, 'bridge');
    the('macvlan_test7').reaches('192.168.60.3');
    at('lan0.gw').sawOnlyVlans(60);
    at('lan0.gw').didNotSee('echo');
  },
);

const multiSubnet = [
  ['A-21', 'lan0.gw', 'a VLAN'],
  ['A-21n', 'lan2.tap', 'a NIC'],
] as const;

for (const [id, wirePort, parent] of multiSubnet)
  lab(
    id,
    `of two subnets on ${parent} each reaches only itself while there is no router`,
    {},
    ({ the, at }) => {
      the('macnet56').routes('default via 192.168.164.1');
      the('macnet57').routes('default via 192.168.166.1');
      the('macnet58').has('192.168.164.2/24', '02:42:c0:a8:a4:02');
      the('macnet56').reaches('192.168.164.10');
      the('macnet57').reaches('192.168.166.10');
      the('macnet56').findsNobodyAt('192.168.166.10', { count: 3 });
      at('macnet55_test').saw('ARP who has 192.168.164.1? tell 192.168.164.11');
      if (id === 'A-21') at(wirePort).sawOnlyVlans(166);
      else at(wirePort).sawNoTags();
      at(wirePort).didNotSee('echo');
    },
  );

// Left out: the host pings its child.
lab(
  'A-22',
  'ipvlan children in layer 3 mode reach each other across subnets, and the world once it has routes back to their host',
  { outside: [gw] },
  ({ the, at }) => {
    the('ipvlan_c1').has('192.168.100.2/24', '52:54:00:f6:70:7a');
    the('ipvlan_c2').has('192.168.200.2/24', '52:54:00:f6:70:7a');
    the('ipvlan_c1').routes('default dev ipvlan_c1');
    the('ipvlan_c2').reaches('192.168.100.2', { count: 6, ttl: 64 });
    at('lan0.gw').sawNothing();
    the('ipvlan_c2').doesNotReach('172.16.69.234');
    at('lan0.gw').saw('172.16.69.234 → 192.168.200.2');
    the('ipvlan_c1').doesNotReach('8.8.8.8');
    at('lan0.gw').saw('192.168.100.2 → 8.8.8.8');
    the('gw').routesBy('172.16.69.234', '192.168.100.0/24', '192.168.200.0/24');
    the('ipvlan_c1').reaches('8.8.8.8', { ttl: 64 });
    the('ipvlan_c1').findsTheWay('8.8.8.8', '8.8.8.8');
    the('gw').reaches('192.168.200.2', { ttl: 64 });
    the('gw').knows('172.16.69.234', '52:54:00:f6:70:7a');
    at('lan0.gw').sawOnlyFrom('52:54:00:f6:70:7a');
    at('ipvlan_c1').didNotSee('ARP');
  },
);

lab(
  'A-24',
  'macvlan has all four modes that Docker names, not bridge alone, and the wire reaches the child of each',
  {
    outside: [
      asker('lan2.x', '192.168.71.9/24', '192.168.72.9/24', '192.168.73.9/24', '192.168.74.9/24'),
    ],
  },
  ({ t, stage, the }) => {
    const modes = stage.compiled.lab.networks.map(({ macvlan }) => macvlan?.mode.value);
    t.deepEqual(modes, ['bridge', 'private', 'vepa', 'passthru']);
    for (const subnet of [71, 72, 73, 74]) the('asker').reaches(`192.168.${subnet}.2`);
    the('c-private').reaches('192.168.72.9');
    the('c-passthru').reaches('192.168.74.9');
  },
);
