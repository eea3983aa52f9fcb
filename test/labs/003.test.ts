/** The labs of the fourth document: what a host lets through and under which name, and macvlan beside a router of its own. */
import { lab } from './lab.js';
import { ext, gw, withAddresses, withVlans } from './outside.js';

// The document lists the rules of iptables; here is what they do.
lab(
  'D-01',
  "Docker's rules let out what a container says and in what answers it, and nothing else",
  { outside: [gw, ext] },
  ({ the, at }) => {
    the('c1').listens(80);
    the('ext').routesBy('172.16.69.234', '172.17.0.0/16');
    the('c1').reaches('172.16.69.50', { ttl: 63 });
    the('c1').gets('172.16.69.50', 8080, { from: '172.16.69.234' });
    the('c2').gets('172.17.0.2', 80, { from: '172.17.0.3' });
    the('ext').doesNotReach('172.17.0.2');
    the('ext').getsNothing('172.17.0.2', 80);
    at('c1').didNotSee('echo request');
  },
);

lab(
  'D-08',
  "two containers on a bridge of one's own reach each other and their gateway",
  {},
  ({ the }) => {
    the('c2').has('10.20.30.2/24', '02:42:0a:14:1e:02');
    the('c2').reaches('10.20.30.3', { count: 3, ttl: 64 });
    the('c2').routes('default via 10.20.30.1');
    the('c2').reaches('10.20.30.1');
  },
);

lab(
  'D-09',
  'a masqueraded port stays what it is unless somebody else has it, and so does the number of an echo',
  { outside: [gw, ext] },
  ({ the, at }) => {
    for (const port of [32768, 32769, 32770])
      the('c1').gets('172.16.69.50', 8080, { from: '172.16.69.234', seenPort: port });
    const asked = { from: '172.16.69.234', localPort: 40000 };
    the('c1').gets('172.16.69.50', 8080, { ...asked, seenPort: 40000 });
    the('c2').gets('172.16.69.50', 8080, { ...asked, seenPort: 43418 });
    the('c1').reaches('8.8.8.8', { ttl: 63 });
    the('c2').reaches('8.8.8.8', { ttl: 63 });
    at('lan0.gw').saw('echo request id 7 seq 1, 172.16.69.234 → 8.8.8.8');
    at('lan0.gw').saw('echo request id 27978 seq 1, 172.16.69.234 → 8.8.8.8');
    at('c2').saw('echo reply id 7 seq 1, 8.8.8.8 → 172.17.0.3');
  },
);

lab(
  'D-10',
  'a port of the host leads to the container, and the next port leads nowhere',
  { outside: [ext] },
  ({ the }) => {
    the('ext').gets('172.16.69.234', 8080, { from: '172.16.69.50' });
    the('ext').isRefused('172.16.69.234', 8081);
  },
);

// Left out: link-local addresses, which stations of the labs do without.
lab(
  'D-15',
  'containers of a network with IPv6 reach each other, and the world under the address of their host',
  { outside: [withAddresses(gw, '2001:db8:69::1/64')] },
  ({ the, at }) => {
    the('c1').has('fd00:dead:beef::2/64', '02:42:0a:42:00:02');
    the('c1').routes('default via 10.66.0.1', 'default via fd00:dead:beef::1');
    the('c1').reaches('fd00:dead:beef::3');
    the('c2').listens(80);
    the('c1').gets('fd00:dead:beef::3', 80, { from: 'fd00:dead:beef::2' });
    the('c1').reaches('2001:db8:69::1', { ttl: 63 });
    at('lan0.gw').saw('2001:db8:69::234 → 2001:db8:69::1');
    the('c1').gets('2001:db8:69::1', 8080, { from: '2001:db8:69::234' });
    the('c1').isRefused('2001:db8:69::1', 53, 'udp');
    at('lan0.gw').didNotSee('fd00:dead:beef');
  },
);

// The document's traceroute sends UDP; here it sends echo requests.
lab(
  'D-11',
  'a macvlan child has the routes of its network and not those of its host, which only switches its frames',
  { outside: [withAddresses(gw, '192.168.0.1/24'), ext] },
  ({ the, at }) => {
    the('m1').has('192.168.0.2/24', '02:42:c0:a8:00:02');
    the('m1').routes('default via 192.168.0.1');
    the('m1').reaches('8.8.8.8', { ttl: 64 });
    the('m1').findsTheWay('172.16.69.50', '192.168.0.1', '172.16.69.50');
    the('ext').reaches('192.168.0.2', { ttl: 63 });
    at('lan0.gw').sawNoTags();
  },
);

lab(
  'D-12',
  'the frames of a macvlan child of eth0.10 are in VLAN 10 on the wire',
  { outside: [withVlans(gw, { 10: '192.168.10.1/24' })] },
  ({ the, at }) => {
    the('m1').reaches('192.168.10.1');
    the('m1').reaches('8.8.8.8', { ttl: 64 });
    at('lan0.gw').sawOnlyVlans(10);
    at('m1').sawNoTags();
  },
);
