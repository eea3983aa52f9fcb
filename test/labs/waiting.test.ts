/** What waits for the neighbor of a host: packets of ipvlan children in layer 3 mode, which their host sends on. */
import test from 'ava';
import { Reason } from '../../dataplane/observe/reason.js';
import { labOf } from '../dataplane/lab.js';
import { yamlOf } from './lab.js';
import { gw } from './outside.js';
import { PortTold } from './port-told.js';
import { Stage } from './stage.js';

/** When frames left by a port, in nanoseconds since the beginning. */
function timesAt(stage: Stage, port: string): number[] {
  return stage.leftBy(port).map(({ time_ns }) => Number(time_ns - 1_772_442_000_000_000_000n));
}

test('a packet that waited for its neighbor leaves at the time of the answer', (t) => {
  const stage = new Stage(labOf(yamlOf('A-22')), [gw]);
  stage.ping('ipvlan_c1', '8.8.8.8', 1);
  new PortTold(t, stage, 'lan0.gw').saw('echo request');
  t.deepEqual(timesAt(stage, 'lan0.gw'), [1000, 2000]);
});

test('a host asks for a neighbor three times, a second apart, and then drops what waits', (t) => {
  const stage = new Stage(labOf(yamlOf('A-22')));
  const { counters } = stage.plane;
  stage.ping('ipvlan_c1', '8.8.8.8', 1);
  for (let second = 1; second <= 3; second++) {
    t.is(stage.dropped(Reason.NeighborUnresolved), 0);
    t.is(counters.unaccounted(), 1, 'one packet waits');
    stage.advance();
  }
  t.deepEqual(timesAt(stage, 'lan0.gw'), [1000, 1_000_001_000, 2_000_001_000]);
  t.is(stage.dropped(Reason.NeighborUnresolved), 1);
  t.is(counters.unaccounted(), 0);
});

test('the ipvlan networks of two hosts in layer 3 mode reach each other by routes of the hosts', (t) => {
  const stage = new Stage(
    labOf(`
services:
  c1: { networks: [one] }
  c2: { networks: [two] }
networks:
  one:
    driver: ipvlan
    driver_opts: { parent: eth0, ipvlan_mode: l3 }
    ipam: { config: [{ subnet: 10.1.0.0/24 }] }
    x-host: h1
  two:
    driver: ipvlan
    driver_opts: { parent: eth0, ipvlan_mode: l3 }
    ipam: { config: [{ subnet: 10.2.0.0/24 }] }
    x-host: h2
x-hosts:
  h1:
    nics: { eth0: { wire: lan, addresses: [192.168.1.1/24] } }
    routes: [{ to: 10.2.0.0/24, via: 192.168.1.2 }]
  h2:
    nics: { eth0: { wire: lan, addresses: [192.168.1.2/24] } }
    routes: [{ to: 10.1.0.0/24, via: 192.168.1.1 }]
x-wires:
  lan: { ports: { tap: {} } }
`),
  );
  t.deepEqual(stage.ping('c1', '10.2.0.2'), { sent: 2, loss: 0, ttls: [64, 64], errors: [] });
  t.deepEqual(stage.ping('c1', '192.168.1.2').ttls, [64, 64]);
  new PortTold(t, stage, 'lan.tap').saw('ARP who has 192.168.1.2? tell 192.168.1.1');
  new PortTold(t, stage, 'lan.tap').didNotSee('echo');
  t.is(stage.plane.counters.unaccounted(), 0);
});
