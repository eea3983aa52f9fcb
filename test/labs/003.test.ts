/** The labs of the fourth document: macvlan beside a router of its own. */
import { lab } from './lab.js';
import { ext, gw, withAddresses, withVlans } from './outside.js';

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
