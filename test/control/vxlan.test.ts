import test from 'ava';
import { describeLab } from '../../control/describe.js';
import type { Lab } from '../../control/model/lab.js';
import { parseLab } from '../../control/model/load.js';
import type { Vtep } from '../../control/model/vtep.js';
import { USUAL } from './overlays.js';

const lab = (text: string): Lab => parseLab(text, 'lab.yaml');

/** A host with an address of each family, and a bridge on it that has this VXLAN port. */
const on = (settings: string, bridge = ''): string =>
  [
    'x-wires: { lan: }',
    'x-hosts:',
    '  n1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24, "fd00:99::1/64"] } } }',
    'networks:',
    '  blue:',
    `    x-bridge: { ${bridge} }`,
    `    x-vxlan: { vxlan42: { ${settings} } }`,
    '',
  ].join('\n');

const vtepOf = (text: string): Vtep => {
  const [vtep, ...others] = lab(text).networks[0]?.vteps ?? [];
  if (vtep === undefined || others.length > 0) throw new Error('not one vtep');
  return vtep;
};

test('a VXLAN port is what RFC 7348 and Linux say where the topology does not', (t) => {
  const vtep = vtepOf(on('vni: 42'));
  t.deepEqual(vtep, {
    ...USUAL,
    name: 'vxlan42',
    port: 'blue.vxlan42',
    at: { line: 7, column: 16 },
    host: 'n1',
    vnis: [{ vni: 42, at: { line: 7, column: 32 }, remotes: [], stations: [] }],
    sourcePorts: { value: [49_152, 65_535] },
    neighbors: { value: 'flood' },
    innerTags: { value: false },
    reserved: { value: 'rfc' },
  });
});

test('what a topology says of a VXLAN port, it keeps with its place', (t) => {
  const vtep = vtepOf(
    on(
      'vni: 42, local: 192.168.99.1, remotes: [192.168.99.2, 192.168.99.3], port: 8472, source_ports: 5000-5999, ttl: inherit, tos: 8, ecn: zero, df: set, checksum: computed, learning: false, neighbors: suppress, inner_tags: true, gbp: true, reserved: linux, ageing: 1h, fdb_max_learned: 10',
    ),
  );
  const { ttl, tos, ecn, df, checksum, learning, neighbors, innerTags, gbp, reserved } = vtep;
  const values = [ttl, tos, ecn, df, checksum, learning, neighbors, innerTags, gbp, reserved];
  t.deepEqual(
    values.map(({ value }) => value),
    ['inherit', 8, 'zero', 'set', 'computed', false, 'suppress', true, true, 'linux'],
  );
  t.true(values.every(({ at }) => at?.line === 7));
  t.deepEqual(
    [vtep.local?.value, vtep.udpPort.value, vtep.sourcePorts.value],
    ['192.168.99.1', 8472, [5000, 5999]],
  );
  t.deepEqual([vtep.ageing_s.value, vtep.stationsMax.value], [3600, 10]);
  t.deepEqual(
    vtep.vnis[0]?.remotes.map(({ value }) => value),
    ['192.168.99.2', '192.168.99.3'],
  );
});

test('VX-7: over IPv6 the checksum is computed, and a zero is accepted only if that is said', (t) => {
  const vtep = vtepOf(on('vni: 42, remotes: ["fd00:99:0::2"], accept_zero_checksum: true'));
  t.is(vtep.family, 6);
  t.is(vtep.checksum.value, 'computed');
  t.true(vtep.acceptZeroChecksum.value);
  t.is(vtep.vnis[0]?.remotes[0]?.value, 'fd00:99::2');
  t.is(vtepOf(on('vni: 42, local: "fd00:99::1", checksum: zero')).checksum.value, 'zero');
});

test('a group is spoken to by a NIC and reaches no further than its link', (t) => {
  for (const group of ['239.1.1.1', 'ff05::1']) {
    const vtep = vtepOf(on(`vni: 42, group: "${group}", dev: eth1`));
    t.is(vtep.dev?.value, 'eth1');
    t.is(vtep.ttl.value, 1);
    t.deepEqual(
      vtep.vnis[0]?.remotes.map(({ value }) => value),
      [group],
    );
  }
  t.is(vtepOf(on('vni: 42, group: 239.1.1.1, dev: eth1, ttl: 5')).ttl.value, 5);
});

test('a bridge that keeps VLANs apart carries each in a VNI of its own', (t) => {
  const stations =
    'stations: [ { mac: "02:00:00:00:00:01", remote: 192.168.99.2, vni: 1020, addresses: [10.0.0.3, "fd00::0:3"] } ]';
  const vtep = vtepOf(
    on(
      `vlans: { 10: 1010, 20: 1020 }, remotes: [192.168.99.2], ${stations}`,
      'vlan_filtering: true',
    ),
  );
  t.deepEqual(
    vtep.vnis.map(({ vni, vlan, remotes, stations: known }) => {
      return [vlan, vni, remotes.length, known.length];
    }),
    [
      [10, 1010, 1, 0],
      [20, 1020, 1, 1],
    ],
  );
  t.deepEqual(vtep.vnis[1]?.stations, [
    {
      mac: '02:00:00:00:00:01',
      remote: '192.168.99.2',
      addresses: ['10.0.0.3', 'fd00::3'],
      at: { line: 7, column: 95 },
    },
  ]);
});

test('where there is one VNI, a station need not name it', (t) => {
  const station = '{ mac: "02:00:00:00:00:01", remote: "fd00:99::2" }';
  const vtep = vtepOf(on(`vni: 42, stations: [ ${station} ]`));
  t.is(vtep.family, 6);
  t.is(vtep.vnis[0]?.stations.length, 1);
});

test('one host has many VXLAN ports, of which no two have VNI, UDP port and family in common', (t) => {
  const { networks } = lab(`networks:
  blue: { x-vxlan: { a: { vni: 1 }, b: { vni: 2 }, c: { vni: 1, port: 8472 }, d: { vni: 1, remotes: ["fd00::2"] } } }
  red: { x-vxlan: { e: { vni: 3 } } }
`);
  t.deepEqual(
    networks.map(({ vteps = [] }) => vteps.map(({ port }) => port)),
    [['blue.a', 'blue.b', 'blue.c', 'blue.d'], ['red.e']],
  );
});

test('an address of a bridge of the host may be the source', (t) => {
  const text = `networks:
  under: { ipam: { config: [ { subnet: 10.9.0.0/24 } ] } }
  blue: { x-vxlan: { v: { vni: 1, local: 10.9.0.1 } } }
`;
  t.is(lab(text).networks[1]?.vteps?.[0]?.local?.value, '10.9.0.1');
});

test('describeLab says what VXLAN ports are like, and of their settings what is not usual', (t) => {
  const text = `${on(
    'vlans: { 10: 1010, 20: 1020 }, remotes: [192.168.99.2, 192.168.99.3], local: 192.168.99.1, stations: [ { mac: "02:00:00:00:00:01", remote: 192.168.99.2, vni: 1020, addresses: [10.0.0.3] } ]',
    'vlan_filtering: true',
  )}  red:
    x-vxlan:
      g: { vni: 7, group: 239.1.1.1, dev: eth1, port: 8472, source_ports: 5000-5999, tos: inherit, ecn: zero, df: inherit, checksum: computed, learning: false, neighbors: suppress, inner_tags: true, gbp: true, reserved: linux, ageing: 0s, fdb_max_learned: 10 }
      h: { vni: 8, remotes: ["fd00:99::2"], accept_zero_checksum: true, checksum: zero, ageing: 10s, neighbors: proxy }
`;
  t.snapshot(describeLab(lab(text)));
});
