import test from 'ava';
import { ip } from '../layer3/packets.js';
import { Ends, inner, opened, outerFrame } from './ends.js';
import { EVERYBODY } from './lab.js';

/**
 * A host whose tunnels stand in each other: the gateway of each bridge is the address from which the next tunnel speaks. `depth` of them, the outermost
 * over the wire.
 */
function nestedLab(depth: number): string {
  const networks = Array.from({ length: depth }, (_, level) => {
    const remote = level === 0 ? '192.168.99.2' : `10.${level - 1}.0.99`;
    return `
  n${level}:
    ipam: { config: [{ subnet: 10.${level}.0.0/24, gateway: 10.${level}.0.1 }] }
    x-vxlan: { vx${level}: { vni: ${100 + level}, port: ${5000 + level}, remotes: [${remote}] } }`;
  });
  return `
x-hosts: { h: { nics: { eth0: { mac: "02:00:00:00:00:01", addresses: [192.168.99.1/24], mtu: 9000 } } } }
services: { c: { networks: { n${depth - 1}: { ipv4_address: 10.${depth - 1}.0.2 } } } }
networks:${networks.join('')}
`;
}

const HOST_MAC = '020000000001';
const FAR_MAC = '020000000002';
const STATION = '02420a0000fe';

/** The innermost frame in as many tunnels as there are, the way it comes from the other side. */
function wrapped(ends: Ends, depth: number, frame: string): string {
  let digits = frame;
  for (let level = depth - 1; level >= 0; level--) {
    const isOutermost = level === 0;
    const bridge = ends.compiled.networks[level - 1]?.bridge.mac.value.replaceAll(':', '');
    digits = outerFrame({
      source: isOutermost ? ip('192.168.99.2') : ip(`10.${level - 1}.0.99`),
      destination: isOutermost ? ip('192.168.99.1') : ip(`10.${level - 1}.0.1`),
      to: isOutermost ? HOST_MAC : (bridge ?? ''),
      from: isOutermost ? FAR_MAC : STATION,
      vni: 100 + level,
      toPort: 5000 + level,
      inner: digits,
    });
  }
  return digits;
}

function harness(depth: number, isTraced = false): Ends {
  const ends = new Ends(nestedLab(depth), { isTraced });
  ends.introduce('h.eth0', ip('192.168.99.2'), FAR_MAC);
  return ends;
}

const frame = inner({}, { to: EVERYBODY, from: STATION });

for (const depth of [1, 2, 3, 4])
  test(`what comes in ${depth} tunnels, each inside the next, comes out of all of them`, (t) => {
    for (const isTraced of [false, true]) {
      const ends = harness(depth, isTraced);
      const { left, ended } = ends.pass({ port: 'h.eth0', digits: wrapped(ends, depth, frame) });
      t.deepEqual(
        left.filter(({ port }) => port === 'c'),
        [{ port: 'c', digits: frame }],
      );
      t.deepEqual(
        ended.filter((word) => word.startsWith('dropped')),
        [],
      );
    }
  });

test('what comes in five tunnels is looked into four times, and then ends', (t) => {
  const ends = harness(5);
  const { left, ended } = ends.pass({ port: 'h.eth0', digits: wrapped(ends, 5, frame) });
  t.deepEqual(
    left.filter(({ port }) => port === 'c'),
    [],
  );
  t.deepEqual(ended, ['dropped: vxlan-too-deep']);
});

test('what goes into three tunnels, each inside the next, leaves with all their headers', (t) => {
  const depth = 3;
  const ends = harness(depth);
  // Everybody has spoken, so that nobody has to be asked for.
  for (let level = 1; level < depth; level++) {
    const entry = ends.plane.neighbors[0]?.add(
      level - 1,
      4,
      0,
      0,
      0,
      parseInt(ip(`10.${level - 1}.0.99`), 16),
      0,
    );
    ends.plane.neighbors[0]?.declare(entry ?? -1, 0x0242, 0x0a0000fe);
  }
  const { left } = ends.pass({
    port: 'c',
    digits: inner({}, { to: EVERYBODY, from: '02420a020002' }),
  });
  const [outermost = ''] = left.filter(({ port }) => port === 'h.eth0').map(({ digits }) => digits);
  const levels = [opened(outermost)];
  for (let level = 1; level < depth; level++) levels.push(opened(levels[level - 1]?.inner ?? ''));
  t.deepEqual(
    levels.map(({ vni, toPort }) => [vni, toPort]),
    [
      [100, 5000],
      [101, 5001],
      [102, 5002],
    ],
  );
  t.is(levels[2]?.inner, inner({}, { to: EVERYBODY, from: '02420a020002' }));
});

const CIRCLE = `
x-hosts: { h: { nics: { eth0: { mac: "02:00:00:00:00:01", addresses: [192.168.99.1/24], mtu: 9000 } } } }
services: { c: { networks: { n: { ipv4_address: 10.0.0.2 } } } }
networks:
  n:
    ipam: { config: [{ subnet: 10.0.0.0/24, gateway: 10.0.0.1 }] }
    x-vxlan: { vx: { vni: 1, remotes: [10.0.0.99] } }
`;

test('a tunnel whose way leads through itself ends when there is no room for one more header', (t) => {
  const ends = new Ends(CIRCLE);
  const entry = ends.plane.neighbors[0]?.add(0, 4, 0, 0, 0, parseInt(ip('10.0.0.99'), 16), 0);
  ends.plane.neighbors[0]?.declare(entry ?? -1, 0x0242, 0x0a000063);
  const { ended } = ends.pass({
    port: 'c',
    digits: inner({}, { to: EVERYBODY, from: '02420a000002' }),
  });
  t.true(
    ended.every((word) =>
      ['dropped: vxlan-too-deep', 'dropped: vxlan-mtu', 'dropped: mtu-exceeded'].includes(word),
    ),
    ended.join(', '),
  );
  t.true(ended.length > 0);
});
