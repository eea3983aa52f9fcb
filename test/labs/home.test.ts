/** Labs of our own about a router between a home and the world, which translates by rules of `x-nat` and knows no Docker. */
import { Reason } from '../../dataplane/observe/reason.js';
import { lab } from './lab.js';
import { ext, gw } from './outside.js';
import type { StationPlan } from './station.js';

/** At home: the one who asks, ... */
const pc: StationPlan = {
  name: 'pc',
  nics: [{ port: 'home.pc', mac: '52:54:00:00:01:10', addresses: ['192.168.1.10/24'] }],
  gateway: '192.168.1.1',
};

/** ... and the one who serves. */
const nas: StationPlan = {
  name: 'nas',
  nics: [{ port: 'home.nas', mac: '52:54:00:00:01:20', addresses: ['192.168.1.20/24'] }],
  gateway: '192.168.1.1',
  listens: [{ port: 443, protocol: 'tcp' }],
};

const outside = [pc, nas, ext, gw];

lab(
  'F-11',
  'a home has one address for the world, and one port of it leads inside',
  { outside },
  ({ the, at }) => {
    the('pc').reaches('172.16.69.50', { ttl: 63 });
    the('pc').gets('172.16.69.50', 8080, {
      from: '172.16.69.9',
      localPort: 40000,
      seenPort: 40000,
    });
    the('ext').gets('172.16.69.9', 8443, { from: '172.16.69.50' });
    the('ext').isRefused('172.16.69.9', 443);
    the('pc').gets('192.168.1.20', 443, { from: '192.168.1.10' });
    the('pc').isRefused('172.16.69.9', 8443);
    the('ext').reaches('172.16.69.9');
    at('lan0.ext').didNotSee('192.168.1.');
  },
);

lab(
  'F-12',
  'who has no port left for a connection says so, and the connections that are there go on',
  { outside },
  ({ t, stage, the }) => {
    the('pc').gets('172.16.69.50', 8080, { from: '172.16.69.9', seenPort: 50000 });
    the('nas').gets('172.16.69.50', 8080, { from: '172.16.69.9', seenPort: 50001 });
    the('pc').cannotCall('172.16.69.50', 8080);
    t.is(stage.dropped(Reason.NatPortsExhausted), 1);
    the('pc').gets('172.16.69.1', 8080, { from: '172.16.69.9' });
  },
);

lab(
  'F-15',
  'who has no room left for a connection says so, until the first have been closed for two minutes',
  { outside },
  ({ t, stage, the }) => {
    for (let i = 0; i < 16; i++) the('pc').gets('172.16.69.50', 8080, { from: '172.16.69.9' });
    the('nas').cannotCall('172.16.69.50', 8080);
    the('pc').cannotCall('172.16.69.50', 8080);
    t.is(stage.dropped(Reason.ConnectionsExceeded), 2);
    stage.wait(121);
    the('nas').gets('172.16.69.50', 8080, { from: '172.16.69.9' });
  },
);

lab(
  'F-13',
  'as RFC 4787 wants it, a port has one port outside, whoever it speaks to, and whoever speaks to that reaches it',
  { outside },
  ({ the }) => {
    the('ext').listens(53, 'udp');
    the('gw').listens(53, 'udp');
    the('pc').listens(40000, 'udp');
    the('nas').asks('172.16.69.50', 53, { from: '172.16.69.9', localPort: 40000, seenPort: 40000 });
    const asked = { from: '172.16.69.9', localPort: 40000, seenPort: 25666 };
    the('pc').asks('172.16.69.50', 53, asked);
    the('pc').asks('172.16.69.1', 53, asked);
    the('gw').asks('172.16.69.9', 25666, { from: '172.16.69.1' });
    the('gw').isRefused('172.16.69.9', 59576, 'udp');
  },
);
