import test from 'ava';
import fc from 'fast-check';
import { parse } from 'yaml';
import { z } from 'zod';

import { SERVICE_IGNORED } from '../../control/model/compose-keys.js';
import { parseLab } from '../../control/model/load.js';
import { TopologyErrors } from '../../control/model/mistake.js';
import { topologySchema } from '../../control/model/schema.js';

const GOOD = `x-hosts: { h: { nics: { eth1: { wire: lan, addresses: [10.9.0.1/24] } }, gateway: 10.9.0.2, routes: [ { to: 10.8.0.0/16, dev: eth1.7 } ] } }
x-wires: { lan: { reflective_relay: true, ports: { up: { interface: ens33 }, down: } } }
x-nat: { h: { profile: rfc4787, rules: [ { snat: 10.0.0.0/24, out: eth1, to: masquerade, ports: 40000-40063 }, { dnat: local, protocol: tcp, port: 80, to: 10.0.0.5 } ] } }
x-base: &base { image: alpine, dns: [8.8.8.8] }
networks:
  a: { driver: bridge, ipam: { config: [ { subnet: 10.0.0.0/24, aux_addresses: { p: 10.0.0.9 } } ] }, x-bridge: { ageing: 5m } }
  b:
  m: { driver: macvlan, driver_opts: { parent: eth1.7, macvlan_mode: source } }
  v: { x-bridge: { vlan_filtering: true, uplink: { nic: eth1.8, trunks: [1, 2] } } }
  x: { x-vxlan: { vx1: { vni: 5, remotes: [10.9.0.7], ttl: inherit, stations: [ { mac: "02:00:00:00:00:01", remote: 10.9.0.8, addresses: [10.0.0.7] } ] }, vx2: { vni: 6, group: 239.1.1.1, dev: eth1 } } }
  o: { driver: overlay, x-overlay: { stale: [] } }
services:
  c1: { <<: *base, networks: { a: { ipv4_address: 10.0.0.5, x-port: { hairpin: true } }, b: } }
  c2: { <<: *base, networks: [a], ports: ["80:80", { target: 81, published: 8081 }] }
  c3: { network_mode: "service:c1" }
  c4: { networks: { m: { x-port: { sources: ["02:00:00:00:00:01"] } }, v: { x-port: { tag: 5 } } } }
  c5: { networks: [o] }
x-swarm: { data_path_port: 4790, nodes: { h: { data_path_addr: eth1 } } }
`;

test('the JSON Schema is of draft 2020-12 and has these keys', (t) => {
  const schema = topologySchema();
  t.is(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
  t.deepEqual(Object.keys(schema['properties'] as object), [
    'name',
    'version',
    'include',
    'volumes',
    'secrets',
    'configs',
    'models',
    'services',
    'networks',
    'x-hosts',
    'x-wires',
    'x-nat',
    'x-swarm',
  ]);
  t.false(schema['additionalProperties']);
  t.deepEqual(schema['patternProperties'], { '^x-': {} });
  t.true(SERVICE_IGNORED.every((key) => JSON.stringify(schema).includes(`"${key}"`)));
});

test('what is a lab fits the JSON Schema, and what has another shape does not', (t) => {
  const schema = z.fromJSONSchema(topologySchema());
  t.is(parseLab(GOOD, 'lab.yaml').sandboxes.length, 5);
  t.true(schema.safeParse(parse(GOOD, { merge: true })).success);
  t.false(schema.safeParse({ services: ['c1'] }).success);
  t.false(schema.safeParse({ services: { c1: { netwroks: [] } } }).success);
});

function survives(text: string): boolean {
  try {
    parseLab(text, 'lab.yaml');
    return true;
  } catch (error) {
    if (error instanceof TopologyErrors && error.mistakes.length > 0) return true;
    throw error;
  }
}

test('property: whatever is done to a topology, only TopologyErrors come of it', (t) => {
  const pieces = fc.constantFrom(
    '\t',
    '{',
    '}',
    '[',
    ']',
    ':',
    ' - ',
    '*base',
    '&x ',
    '<<: ',
    'null',
    '5',
    '""',
    '\n',
    '#',
    '|',
    '!!set ',
    '1e999',
    '\u0000',
    '${',
    '__proto__',
    '---',
    '- ',
    '.inf',
    "'",
    '0x',
    '/33',
    '? ',
  );
  const change = fc.record({
    at: fc.nat(GOOD.length),
    cut: fc.nat(12),
    piece: fc.oneof(pieces, fc.string({ maxLength: 5 })),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const text = changes.reduce(
        (whole, { at, cut, piece }) => whole.slice(0, at) + piece + whole.slice(at + cut),
        GOOD,
      );
      return survives(text);
    }),
    { numRuns: 1500 },
  );
  t.pass();
});

test('property: any structure is a lab or a list of mistakes', (t) => {
  const key = fc.constantFrom(
    'services',
    'networks',
    'x-hosts',
    'c1',
    'ports',
    'ipam',
    'config',
    'x-bridge',
    'rules',
    'dnat',
    'to',
    'name',
    'driver',
    'driver_opts',
    'external',
    'deploy',
    'links',
    'aliases',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 7 },
      fc.constantFrom(null, 0, -1, 1e300, true, '', 'c1', 'bridge', '10.0.0.0/8', '::/0', 'host'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const section = fc.dictionary(key, tree, { maxKeys: 4 });
  fc.assert(
    fc.property(section, section, section, (services, networks, nat) =>
      survives(JSON.stringify({ services, networks, 'x-nat': nat })),
    ),
    { numRuns: 1000 },
  );
  t.pass();
});

test('deep nesting, alias bombs and huge files are refused in time', (t) => {
  const bomb = Array.from(
    { length: 30 },
    (_, n) => `x-${n + 1}: &a${n + 1} [*a${n}, *a${n}, *a${n}]\n`,
  );
  const merges = Array.from({ length: 2000 }, (_, n) => `  c${n}: { <<: *wide }\n`).join('');
  const wide = Array.from({ length: 2000 }, (_, n) => `x-${n}: 1`).join(', ');
  for (const text of [
    '['.repeat(100_000),
    `a: ${'{ a: '.repeat(500)}${'}'.repeat(500)}`,
    `x-0: &a0 [1]\n${bomb.join('')}`,
    `x-w: &wide { ${wide} }\nservices:\n${merges}`,
    `#${'x'.repeat(5_000_000)}`,
  ]) {
    const before = performance.now();
    t.throws(() => parseLab(text, 'lab.yaml'), { instanceOf: TopologyErrors }, text.slice(0, 40));
    t.true(performance.now() - before < 5000, text.slice(0, 40));
  }
});
