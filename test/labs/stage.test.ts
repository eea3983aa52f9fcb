/** The stations of the labs, judged on a bridge: what they say has to be what a Linux machine would say. */
import test from 'ava';
import { labOf } from '../dataplane/lab.js';
import { HOST_UNREACHABLE, NETWORK_UNREACHABLE } from './ping.js';
import type { StationPlan } from './station.js';
import { PortTold } from './port-told.js';
import { Stage } from './stage.js';

const bridge = labOf(`
services:
  c1: { networks: [net] }
  c2: { networks: [net] }
  c3: { networks: [other] }
networks:
  net:
    enable_ipv6: true
    ipam: { config: [{ subnet: 10.1.0.0/24 }, { subnet: 'fd00:1::/64' }] }
  other: { internal: true, ipam: { config: [{ subnet: 10.2.0.0/24 }] } }
`);

/** Ports without containers, for stations of a test's own. */
const switchOf = labOf(`
services:
  a: { networks: [net] }
  b: { networks: [net] }
  r: { networks: [net] }
networks: { net: { ipam: { driver: 'null' } } }
`);

test('a container pings its neighbor and its gateway, over IPv4 and IPv6', (t) => {
  const stage = new Stage(bridge);
  for (const address of ['10.1.0.3', '10.1.0.1', 'fd00:1::3', 'fd00:1::1'])
    t.deepEqual(
      stage.ping('c1', address),
      { sent: 2, loss: 0, ttls: [64, 64], errors: [] },
      address,
    );
  t.is(stage.station('c1').neighbor('10.1.0.3'), '02:42:0a:01:00:03');
  t.is(stage.station('c2').neighbor('fd00:1::2'), '02:42:0a:01:00:02');
  t.is(stage.plane.counters.unaccounted(), 0);
});

test('a container asks three times, a second apart, and then reports what waited as undeliverable', (t) => {
  const stage = new Stage(bridge);
  const error = { from: '10.1.0.2', what: HOST_UNREACHABLE };
  t.deepEqual(stage.ping('c1', '10.1.0.9', 3), {
    sent: 3,
    loss: 100,
    ttls: [],
    errors: [error, error, error],
  });
  const asked = stage.passedAt('c1', 'in').map(({ time_ns }) => Number(time_ns % 10_000_000_000n));
  t.deepEqual(asked, [1000, 1_000_001_000, 2_000_001_000]);
  t.deepEqual(stage.ping('c1', 'fd00:1::9', 1).errors, [
    { from: 'fd00:1::2', what: HOST_UNREACHABLE },
  ]);
});

test('a container on an internal network has no default route', (t) => {
  const stage = new Stage(bridge);
  t.deepEqual(stage.ping('c3', '8.8.8.8').errors[0]?.what, NETWORK_UNREACHABLE);
  t.deepEqual(stage.station('c3').routeTexts, []);
  t.deepEqual(stage.passed, []);
});

const a: StationPlan = {
  name: 'A',
  nics: [{ port: 'a', vlan: 10, mac: '02:00:00:00:00:0a', addresses: ['10.10.0.2/24'] }],
  gateway: '10.10.0.1',
};
const b: StationPlan = {
  name: 'B',
  nics: [{ port: 'b', vlan: 20, mac: '02:00:00:00:00:0b', addresses: ['10.20.0.2/24'] }],
  gateway: '10.20.0.1',
};
const mac = '02:00:00:00:00:01';
const router: StationPlan = {
  name: 'R',
  nics: [
    { port: 'r', vlan: 10, mac, addresses: ['10.10.0.1/24'] },
    { port: 'r', vlan: 20, mac, addresses: ['10.20.0.1/24'] },
  ],
  also: ['8.8.8.8'],
  forwards: true,
};

test('a router joins two VLANs, and takes one from the time to live', (t) => {
  const stage = new Stage(switchOf, [a, b, router]);
  t.deepEqual(stage.ping('A', '10.20.0.2'), { sent: 2, loss: 0, ttls: [63, 63], errors: [] });
  t.deepEqual(stage.ping('A', '8.8.8.8').ttls, [64, 64]);
  t.deepEqual(stage.trace('A', '10.20.0.2'), ['10.10.0.1', '10.20.0.2']);
  new PortTold(t, stage, 'r').sawOnlyVlans(10, 20);
  new PortTold(t, stage, 'b').saw('ARP who has 10.20.0.2? tell 10.20.0.1');
});

test('machines of different VLANs do not hear each other without one', (t) => {
  const other: StationPlan = {
    name: 'B',
    nics: [{ port: 'b', vlan: 20, mac: '02:00:00:00:00:0b', addresses: ['10.10.0.3/24'] }],
  };
  const stage = new Stage(switchOf, [a, other]);
  t.is(stage.ping('A', '10.10.0.3').loss, 100);
});

test('a station without ARP sends to its own MAC and answers no request', (t) => {
  const silent: StationPlan = {
    name: 'S',
    nics: [{ port: 'a', mac: '02:00:00:00:00:0a', addresses: ['10.1.0.2/24'], withoutArp: true }],
    routes: [{ to: '0.0.0.0/0', port: 'a' }],
  };
  const asker: StationPlan = {
    name: 'B',
    nics: [{ port: 'b', mac: '02:00:00:00:00:0b', addresses: ['10.1.0.3/24'] }],
  };
  const stage = new Stage(switchOf, [silent, asker]);
  t.is(stage.ping('B', '10.1.0.2').errors.length, 2);
  t.is(stage.ping('S', '8.8.8.8').loss, 100);
  const sent = stage
    .passedAt('a', 'in')
    .map(({ bytes }) => Buffer.from(bytes.slice(0, 12)).toString('hex'));
  t.deepEqual(sent, Array<string>(2).fill('02000000000a02000000000a'));
});

test('a station can stand only at a port that is there', (t) => {
  const lost = { name: 'X', nics: [{ port: 'x', mac, addresses: [] }] };
  t.throws(() => new Stage(switchOf, [lost]), { message: /no port x; the ports are a, b, r/ });
});
