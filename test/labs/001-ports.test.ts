/** The labs of the second document about published ports: whom they lead to the container, and whom the container sees. */
import { lab } from './lab.js';
import { ext, extAtLan1 } from './outside.js';

// In all of them the host's own curl is left out, to whichever address.

lab(
  'B-16',
  'a published port leads everybody to the container, its neighbors and itself too',
  { outside: [ext] },
  ({ the, at }) => {
    the('web').has('172.17.0.3/16', '02:42:ac:11:00:03');
    the('ext').gets('172.16.69.234', 80, { from: '172.16.69.50' });
    at('web').saw('172.16.69.50:32768 → 172.17.0.3:80');
    at('lan0.ext').didNotSee('172.17.0.3');
    the('pad').gets('172.16.69.234', 80, { from: '172.17.0.1' });
    the('pad').gets('172.17.0.1', 80, { from: '172.17.0.1' });
    the('pad').gets('172.17.0.3', 80, { from: '172.17.0.2' });
    the('web').gets('172.16.69.234', 80, { from: '172.17.0.1' });
  },
);

// The document has it the other way round: that outside and neighbors are served by docker-proxy. Here is none; whoever it would serve is seen as it
// would be, which is as the gateway. For the container on another bridge see docs/docker-forwarding.md.
lab(
  'B-17',
  'a published port shows who calls from outside, and shows all others as the gateway',
  { outside: [ext] },
  ({ the }) => {
    the('ext').gets('172.16.69.234', 8088, { from: '172.16.69.50' });
    the('pad').gets('172.16.69.234', 8088, { from: '172.17.0.1' });
    the('who').gets('172.16.69.234', 8088, { from: '172.17.0.1' });
    the('o1').gets('172.16.69.234', 8088, { from: '172.17.0.1' });
    the('o1').getsNothing('172.17.0.3', 80);
  },
);

lab(
  'B-18',
  'a port published on 127.0.0.1 is refused to everybody else',
  { outside: [ext] },
  ({ the, at }) => {
    the('ext').isRefused('172.16.69.234', 1514);
    the('log').isRefused('172.16.69.234', 1514);
    at('log').didNotSee(':80');
  },
);

lab(
  'B-27',
  'a macvlan child is at its own address, and publishes nothing at that of its host',
  { outside: [extAtLan1] },
  ({ the }) => {
    the('web').listens(80);
    the('ext').gets('192.168.155.192', 80, { from: '192.168.155.50' });
    the('ext').isRefused('192.168.155.100', 80);
  },
);
