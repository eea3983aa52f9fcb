import test from 'ava';
import { countersOf, shownOf } from '../../control/live/shown.js';
import type { PortShown, WorkerShown } from '../../control/live/shown.js';
import { Meter } from '../../control/live/meter.js';
import type { Sample } from '../../control/live/meter.js';
import type { Station } from '../../control/show/stations.js';
import { tableOfShown } from '../../control/live/tables.js';
import { bits, count, duration } from '../../control/live/units.js';
import { linesOf } from '../../control/live/view.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { ControlWord } from '../../dataplane/worker/control.js';
import type { Fake } from './fake-running.js';
import { fakeLab } from './fake-running.js';

/** Port numbers of the fake lab. */
const C1 = 0;
const C2 = 1;
const C3_OTHER = 3;

function meterOf(fake: Fake, t: { teardown(ends: () => void): void }): Meter {
  const meter = new Meter(fake);
  t.teardown(() => {
    meter.close();
  });
  return meter;
}

/** The same Sample a second later, with more at c1. */
function secondAfter(sample: Sample, more: Partial<Sample['ports'][number]>): Sample {
  const [c1, ...others] = sample.ports;
  if (c1 === undefined) throw new Error('no port');
  return { ...sample, at_ms: sample.at_ms + 1000, ports: [{ ...c1, ...more }, ...others] };
}

test('ports: what they are joined to, how they are, what passed in all and in the last second', async (t) => {
  const fake = await fakeLab(t);
  const meter = meterOf(fake, t);
  const [first, second] = fake.counters;
  if (first === undefined || second === undefined) throw new Error('two workers');
  first.framesIn[C1] = 10;
  first.bytesIn[C1] = 15_000;
  first.drop(C1, Reason.Runt);
  second.framesOut[C3_OTHER] = 7;
  fake.tell(0, { tells: 'port', port: C2, state: 'gone', why: 'its interface no longer exists' });
  meter.last = secondAfter(meter.previous, { framesIn: 10, bytesIn: 15_000 });
  const shown = shownOf('ports', fake, meter);
  const ports: readonly PortShown[] = shown.what === 'ports' ? shown.ports : [];
  t.deepEqual(
    ports.map(({ port, network, worker, kind, device }) => [port, network, worker, kind, device]),
    [
      ['c1', 'net', 0, 'tap', 'eth0 of c1'],
      ['c2', 'net', 0, 'packet', 'eth9'],
      ['c3.net', 'net', 0, 'tap', 'eth0 of c3'],
      ['c3.other', 'other', 1, 'tap', 'eth1 of c3'],
    ],
  );
  t.like(ports[C1], { state: 'up', framesIn: 10, bytesIn: 15_000, dropped: 1 });
  t.deepEqual(ports[C1]?.in, { frames_per_s: 10, bits_per_s: 120_000 });
  t.like(ports[C2], { state: 'gone', why: 'its interface no longer exists' });
  t.is(ports[C3_OTHER]?.framesOut, 7);
  const table = tableOfShown(shown);
  t.regex(table, /^c1 +tap +eth0 of c1 +up +10 +120 kbit\/s/m);
  t.regex(table, /^c2 +packet +eth9 +gone: its interface no longer exists/m);
  fake.tell(0, { tells: 'port', port: C2, state: 'up', why: 'its interface is up' });
  t.regex(tableOfShown(shownOf('ports', fake, meter)), /^c2 +packet +eth9 +up /m);
});

test('fdb: learned stations with the frame that taught them, declared ones with their line, the gateway last', async (t) => {
  const fake = await fakeLab(t);
  const now = Number(process.hrtime.bigint()) - fake.base_ns;
  const [net] = fake.plane.fdbs;
  net?.learn(0x0242, 0xac120003, C2, 17, now - 20e9);
  net?.learn(0x0242, 0xac120003, C2, 18, now - 2e9);
  net?.learn(0x0242, 0xac120002, C1, 1, now - 400e9);
  const shown = shownOf('fdb', fake, meterOf(fake, t));
  const stations: readonly Station[] = shown.what === 'fdb' ? shown.stations : [];
  t.deepEqual(
    stations.map(({ network, mac, port, kind }) => [network, mac, port, kind]),
    [
      ['net', '02:42:00:00:00:99', 'c2', 'static'],
      ['net', '02:42:ac:12:00:03', 'c2', 'dynamic'],
      ['net', fake.compiled.networks[0]?.bridge.mac.value, 'gateway', 'local'],
      ['other', fake.compiled.networks[1]?.bridge.mac.value, 'gateway', 'local'],
    ],
    'one that is older than the ageing time is not found any more',
  );
  const [declared, learned] = stations;
  t.regex(declared?.at ?? '', /lab\.yaml:7$/);
  t.is(declared?.heard_s, undefined);
  t.like(learned?.taughtBy, { port: 'c2', number: 17 });
  t.is(Math.round(learned?.heard_s ?? 0), 2);
  t.is(Math.round(learned?.taughtBy?.ago_s ?? 0), 20);
  t.regex(
    tableOfShown(shown),
    /^net +02:42:ac:12:00:03 +c2 +dynamic +2\.\d s ago +frame 17 of c2, 20 s ago$/m,
  );
});

/** A bridge that keeps VLANs apart, on a wire. */
const ON_A_WIRE = `x-wires: { lan: { ports: { tester: { interface: eth9 } } } }
x-hosts: { node: { nics: { eth0: { wire: lan } } } }
networks:
  net: { x-bridge: { vlan_filtering: true, uplink: eth0 } }
services:
  c1: { networks: [net], x-port: { tag: 10 } }
`;

test('fdb: a wire has stations, too, VLANs are told, and the port where the frame that taught came in', async (t) => {
  const fake = await fakeLab(t, undefined, ON_A_WIRE);
  const now = Number(process.hrtime.bigint()) - fake.base_ns;
  const [net, lan] = fake.plane.fdbs;
  const port = (name: string) => fake.compiled.ports.findIndex((one) => one.port === name);
  const [c1, uplink, tester, nic] = ['c1', 'net.uplink', 'lan.tester', 'node.eth0'].map(port);
  if (c1 === undefined || uplink === undefined || tester === undefined || nic === undefined)
    throw new Error('no such port');
  net?.learn(0x000a_0242, 0xac120002, c1, 1, now, c1);
  net?.learn(0x000a_0200, 0x00000077, uplink, 7, now, tester);
  lan?.learn(0x0242, 0xac120002, nic, 1, now, c1);
  const shown = shownOf('fdb', fake, meterOf(fake, t));
  const table = tableOfShown(shown);
  t.regex(table, /^network +VLAN +MAC +port +kind/m);
  t.regex(table, /^net +10 +02:42:ac:12:00:02 +c1 +dynamic .*frame 1 of c1,/m);
  t.regex(table, /^net +10 +02:00:00:00:00:77 +net\.uplink +dynamic .*frame 7 of lan\.tester,/m);
  t.regex(table, /^net +- +\S+ +gateway +local/m);
  t.regex(table, /^lan +- +02:42:ac:12:00:02 +node\.eth0 +dynamic .*frame 1 of c1,/m);
});

test('counters: each reason by its name, and the law of conservation', async (t) => {
  const fake = await fakeLab(t);
  const [first, second] = fake.counters;
  if (first === undefined || second === undefined) throw new Error('two workers');
  first.framesIn[C1] = 10;
  second.framesIn[C3_OTHER] = 5;
  first.copied[0] = 4;
  first.framesOut[C2] = 12;
  first.drop(C1, Reason.MtuExceeded);
  second.consume(C3_OTHER, Reason.GatewayAddress);
  const meter = meterOf(fake, t);
  const shown = shownOf('counters', fake, meter);
  if (shown.what !== 'counters') throw new Error('other things are shown');
  const { counters } = shown;
  t.deepEqual(counters.frames, {
    received: 15,
    originated: 0,
    copied: 4,
    sent: 12,
    dropped: 1,
    consumed: 1,
    waiting: 5,
  });
  t.deepEqual(counters, countersOf(meter.sample()));
  t.deepEqual(counters.ports[C1]?.dropped, { 'mtu-exceeded': 1 });
  t.deepEqual(counters.ports[C3_OTHER]?.consumed, { 'gateway-address': 1 });
  t.regex(
    tableOfShown(shown),
    /\n\n15 received \+ 0 originated \+ 4 copied = 12 sent \+ 1 dropped \+ 1 consumed \+ 5 waiting$/,
  );
  t.is(counters.icmpErrorsKeptBack, 0);
  first.errorsKeptBack[0] = 1;
  second.errorsKeptBack[0] = 1;
  t.regex(
    tableOfShown(shownOf('counters', fake, meter)),
    /\n2 ICMP errors kept back by the limit$/,
  );
});

test('workers: what they serve, how busy they are, and since when', async (t) => {
  const fake = await fakeLab(t);
  const meter = meterOf(fake, t);
  const [worker] = fake.workers;
  if (worker === undefined) throw new Error('two workers');
  const words = new Float64Array(worker.control);
  words[ControlWord.Waits] = 9;
  words[ControlWord.BurstMax] = 64;
  const [before, ...others] = meter.previous.workers;
  if (before === undefined) throw new Error('two workers');
  meter.last = {
    ...meter.previous,
    at_ms: meter.previous.at_ms + 1000,
    workers: [{ ...before, breaths: 500, waited_ns: 0.75e9 }, ...others],
  };
  const shown = (): readonly WorkerShown[] => {
    const all = shownOf('workers', fake, meter);
    return all.what === 'workers' ? all.workers : [];
  };
  const [first, second] = shown();
  t.like(first, { worker: 0, state: 'running', restarts: 0, waits: 9, burstMax: 64 });
  t.deepEqual(first?.networks, ['net']);
  t.deepEqual(first?.ports, ['c1', 'c2', 'c3.net']);
  t.is(first?.busy.toFixed(3), '0.250');
  t.is(Math.round(first?.breaths_per_s ?? 0), 500);
  t.is(Math.round(first?.uptime_s ?? 0), 100);
  worker.restarts = 1;
  worker.outage_ms = 1500;
  worker.lastCrash = 'boom';
  fake.events.emit('worker', 0, 'worker 0 crashed');
  const [again] = shown();
  t.like(again, { restarts: 1, outage_s: 1.5, lastCrash: 'boom' });
  t.is(Math.round(again?.uptime_s ?? 1), 0);
  t.is(Math.round(second?.uptime_s ?? 0), 100);
  worker.state = 'restarting';
  const table = tableOfShown(shownOf('workers', fake, meter));
  t.regex(table, /^ *0 +net +3 +restarting: boom/m);
  t.is(shown()[0]?.busy, 0);
});

test('the live view has a line for each port, and says what is wrong with it', async (t) => {
  const fake = await fakeLab(t);
  const meter = meterOf(fake, t);
  const before = meter.sample();
  fake.tell(0, { tells: 'port', port: C2, state: 'down', why: 'nobody is connected' });
  fake.counters[0]?.drop(C1, Reason.Runt);
  const now = meter.sample();
  const after = secondAfter(now, { framesIn: 1_250_000, bytesIn: 8e9 / 8 });
  const shifted = { ...after, at_ms: before.at_ms + 1000 };
  t.deepEqual(linesOf(before, shifted), [
    'port           in                  out               drops',
    'c1        1.25M/s  8.00 Gbit/s     0/s      0 bit/s      1  +1/s',
    'c2            0/s      0 bit/s     0/s      0 bit/s      0  down: nobody is connected',
    'c3.net        0/s      0 bit/s     0/s      0 bit/s      0',
    'c3.other      0/s      0 bit/s     0/s      0 bit/s      0',
  ]);
});

test('of more ports than there is room for, the live view shows the busiest', async (t) => {
  const meter = meterOf(await fakeLab(t), t);
  const before = meter.sample();
  const [port] = before.ports;
  if (port === undefined) throw new Error('no port');
  const many = (framesIn: (n: number) => number): Sample['ports'] =>
    Array.from({ length: 100 }, (_, n) => ({ ...port, name: `p${n}`, framesIn: framesIn(n) }));
  const lines = linesOf(
    { ...before, ports: many(() => 0) },
    { ...before, at_ms: before.at_ms + 1000, ports: many((n) => (n === 42 ? 9 : n === 7 ? 3 : 0)) },
    4,
  );
  t.is(lines.length, 4);
  t.regex(lines[1] ?? '', /^p7 /);
  t.regex(lines[2] ?? '', /^p42 /);
  t.is(lines[3], 'and 98 more, less busy');
});

test('quantities have three digits and a unit', (t) => {
  t.deepEqual([0, 999, 999.6, 1234, 12_345, 123_456, 9_999_999].map(count), [
    '0',
    '999',
    '1.00k',
    '1.23k',
    '12.3k',
    '123k',
    '10.0M',
  ]);
  t.deepEqual([0, 9_412_345_678, 4e15].map(bits), ['0 bit/s', '9.41 Gbit/s', '4000 Tbit/s']);
  t.deepEqual([0.04, 9.94, 9.96, 60, 200, 7500, 90_000, 86_400].map(duration), [
    '0.0 s',
    '9.9 s',
    '10.0 s',
    '1 min',
    '3 min 20 s',
    '2 h 5 min',
    '1 d 1 h',
    '1 d',
  ]);
});
