/** Labs of our own, for what the documents leave out: gateway modes, internal networks, two hosts that translate, errors and fragments behind one. */
import { lab } from './lab.js';
import { ext, extAtLan1, gw, withAddresses, withMtu } from './outside.js';

lab(
  'F-01',
  'a network in mode nat-unprotected is open to who has a route, and leaves under the address of its host',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('web').listens(9000);
    the('ext').routesBy('172.16.69.234', '10.9.0.0/24');
    the('ext').reaches('10.9.0.2', { ttl: 63 });
    the('ext').gets('10.9.0.2', 9000, { from: '172.16.69.50' });
    the('ext').gets('172.16.69.234', 8080, { from: '172.16.69.50' });
    the('c1').gets('10.9.0.2', 9000, { from: '10.9.0.1' });
    the('web').gets('172.16.69.50', 8080, { from: '172.16.69.234' });
    at('lan0.ext').saw('10.9.0.2:9000');
  },
);

lab(
  'F-02',
  'a network in mode routed keeps its own addresses, and is open to pings and to published ports',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('web').listens(9000);
    the('ext').routesBy('172.16.69.234', '10.9.0.0/24');
    the('ext').reaches('10.9.0.2', { ttl: 63 });
    the('ext').gets('10.9.0.2', 80, { from: '172.16.69.50' });
    the('ext').getsNothing('10.9.0.2', 9000);
    the('web').gets('172.16.69.50', 8080, { from: '10.9.0.2' });
    the('web').doesNotReach('8.8.8.8');
    at('lan0.gw').saw('10.9.0.2 → 8.8.8.8');
    the('gw').routesBy('172.16.69.234', '10.9.0.0/24');
    the('web').reaches('8.8.8.8', { ttl: 63 });
    the('ext').isRefused('172.16.69.234', 80);
  },
);

lab(
  'F-03',
  'the containers of an isolated network have each other and nobody else, not even their host',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('c1').routes();
    the('c1').reaches('10.9.0.2');
    the('ext').routesBy('172.16.69.234', '10.9.0.0/24');
    the('ext').doesNotReach('10.9.0.1');
    at('c1').didNotSee('172.16.69.50');
  },
);

lab(
  'F-04',
  'an internal network has a gateway that answers, and no way out or in',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('c1').routes();
    the('c1').reaches('10.9.0.3');
    the('c1').reaches('10.9.0.1');
    the('c1').routesBy('10.9.0.1', '0.0.0.0/0');
    the('c1').doesNotReach('8.8.8.8');
    the('c1').doesNotReach('10.8.0.2');
    the('c1').getsNothing('172.16.69.234', 8080);
    at('lan0.gw').sawNothing();
    the('ext').routesBy('172.16.69.234', '10.9.0.0/24');
    the('ext').doesNotReach('10.9.0.2');
    the('ext').gets('172.16.69.234', 8080, { from: '172.16.69.50' });
  },
);

// Docker's proxy would lead the sibling to the published port all the same.
lab(
  'F-05',
  'without icc siblings are apart, their published ports too, and the world is not',
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('c1').doesNotReach('10.9.0.3');
    the('c1').getsNothing('10.9.0.3', 80);
    the('c1').getsNothing('172.16.69.234', 8080);
    at('web').didNotSee('10.9.0.2 →');
    the('c1').reaches('8.8.8.8', { ttl: 63 });
    the('c1').reaches('10.9.0.1');
    the('ext').gets('172.16.69.234', 8080, { from: '172.16.69.50' });
  },
);

lab(
  'F-06',
  'two hosts with the same network behind each reach what the other publishes, and nothing else of it',
  {},
  ({ the, at }) => {
    the('web1').has('10.8.0.2/24', '02:42:0a:08:00:02');
    the('web2').has('10.8.0.2/24', '02:42:0a:08:00:02');
    the('web1').gets('172.16.69.235', 8080, { from: '172.16.69.234' });
    the('web2').gets('172.16.69.234', 8080, { from: '172.16.69.235' });
    the('web1').isRefused('172.16.69.235', 8081);
    the('web1').reaches('172.16.69.235', { ttl: 63 });
    at('web1').saw('172.16.69.235:32768 → 10.8.0.2:80');
    at('lan0.tap').didNotSee('10.8.0.2');
  },
);

// A traceroute sends UDP; here it sends echo requests.
lab(
  'F-07',
  'behind a host that translates every router on the way can be heard of, the host first',
  { outside: [extAtLan1] },
  ({ the, at }) => {
    the('ext').routesBy('192.168.155.2', '172.16.69.0/24');
    the('c1').reaches('192.168.155.50', { ttl: 62 });
    the('c1').findsTheWay('192.168.155.50', '172.17.0.1', '172.16.69.1', '192.168.155.50');
    the('c1').gets('192.168.155.50', 8080, { from: '172.16.69.234' });
    the('c1').isRefused('192.168.155.50', 53, 'udp');
    at('lan1.ext').didNotSee('172.17.0.2');
  },
);

lab(
  'F-08',
  'behind a host that translates a router further on can say that a packet is too long',
  { outside: [withMtu(extAtLan1, 1400)] },
  ({ the, at }) => {
    the('ext').routesBy('192.168.155.2', '172.16.69.0/24');
    the('c1').isToldToSendLess('192.168.155.50', 1472, { by: '172.16.69.1', mtu: 1400 });
    at('lan1.ext').didNotSee('echo request');
    the('c1').reaches('192.168.155.50', { dataBytes: 1372, ttl: 62 });
    the('c1').reaches('192.168.155.50', { dataBytes: 1472, mayBeCut: true, ttl: 62 });
    at('lan1.ext').saw('fragment');
  },
);

lab(
  'F-09',
  'long packets are translated in fragments both ways, whether the container has cut them or its host',
  { outside: [withMtu(gw, 1400)] },
  ({ the, at }) => {
    the('c1').isToldToSendLess('8.8.8.8', 1472, { by: '172.17.0.1', mtu: 1400 });
    the('c1').reaches('8.8.8.8', { dataBytes: 1400, mayBeCut: true, ttl: 63 });
    the('c1').reaches('8.8.8.8', { dataBytes: 4000, ttl: 63 });
    at('lan0.gw').saw('172.16.69.234 → 8.8.8.8');
    at('lan0.gw').didNotSee('172.17.0.2');
    at('c1').saw('8.8.8.8 → 172.17.0.2');
  },
);

lab(
  'F-10',
  'a published port leads also datagrams to the container, and what it refuses is refused by its host',
  { outside: [ext] },
  ({ the, at }) => {
    the('ext').asks('172.16.69.234', 53, { from: '172.16.69.50' });
    the('pad').asks('172.16.69.234', 53, { from: '172.17.0.1' });
    the('pad').asks('172.17.0.3', 53, { from: '172.17.0.2' });
    the('dns').asks('172.16.69.234', 53, { from: '172.17.0.1' });
    the('dns').stops(53, 'udp');
    the('ext').isRefused('172.16.69.234', 53, 'udp');
    the('pad').isRefused('172.16.69.234', 53, 'udp');
    the('ext').isRefused('172.16.69.234', 54, 'udp');
    the('dns').stops(80);
    the('ext').isRefused('172.16.69.234', 8053);
    at('lan0.ext').didNotSee('172.17.0.3');
  },
);

lab(
  'F-14',
  'a port is published over IPv6 as over IPv4, and the container itself is as closed',
  { outside: [withAddresses(ext, '2001:db8:69::50/64')] },
  ({ the, at }) => {
    the('ext').gets('172.16.69.234', 8080, { from: '172.16.69.50' });
    the('ext').gets('2001:db8:69::234', 8080, { from: '2001:db8:69::50' });
    the('ext').isRefused('2001:db8:69::234', 8081);
    the('c1').gets('2001:db8:69::234', 8080, { from: 'fd00:66::1' });
    the('web').gets('2001:db8:69::234', 8080, { from: 'fd00:66::1' });
    the('web').reaches('2001:db8:69::50', { ttl: 63 });
    the('ext').routesBy('2001:db8:69::234', 'fd00:66::/64');
    the('ext').doesNotReach('fd00:66::2');
    the('ext').getsNothing('fd00:66::2', 80);
    at('lan0.ext').didNotSee('fd00:66:');
  },
);
