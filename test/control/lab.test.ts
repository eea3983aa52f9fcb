import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';

import { describeLab } from '../../control/describe.js';
import { loadLab, parseLab } from '../../control/model/load.js';
import { renderMistake, TopologyErrors } from '../../control/model/mistake.js';

const TWO_HOSTS = `x-hosts:
  node-1: { nics: { eth1: { wire: lan, mac: "08:00:27:00:00:01", addresses: [192.168.99.1/24] } }, gateway: 192.168.99.254 }
  node-2: { nics: { eth1: { wire: lan } } }
x-wires:
  lan: { ports: { uplink: { interface: ens33 } } }
networks:
  net100:
    driver: bridge
    driver_opts: { com.docker.network.bridge.enable_icc: "false", com.docker.network.driver.mtu: 9000 }
    ipam: { config: [ { subnet: 192.168.0.0/16, ip_range: 192.168.11.0/24 } ] }
    x-host: node-1
    x-bridge:
      mac: "02-00-00-00-01-00"
      ageing: 1m30s
      group_fwd_mask: 0x4000
      fdb_max_learned: 16
      stations: [ { mac: "02:00:00:00:00:09", port: c1, sticky: true } ]
services:
  c1: { image: alpine, networks: { net100: { x-port: { hairpin: true } } } }
  c2: { image: alpine, networks: [net100], x-port: { isolated: true } }
  c3: { network_mode: none, deploy: { placement: { constraints: ["node.hostname == node-2"] } } }
  c4: { network_mode: bridge, x-host: node-2 }
  c5: { network_mode: "service:c4" }
  c6: { network_mode: host, x-host: node-2 }
`;

test('two hosts, bridges, placement, shared stacks', (t) => {
  const lab = parseLab(TWO_HOSTS, 'lab.yaml');
  t.deepEqual(
    lab.sandboxes.map(({ name, host, mode }) => [name, host, mode]),
    [
      ['c1', 'node-1', 'own'],
      ['c2', 'node-1', 'own'],
      ['c3', 'node-2', 'none'],
      ['c4', 'node-2', 'own'],
      ['c5', 'node-2', { shares: 'c4' }],
      ['c6', 'node-2', 'host'],
    ],
  );
  t.deepEqual(
    lab.networks.map(({ name, host }) => `${name} on ${host}`),
    ['net100 on node-1', 'bridge on node-2'],
  );
  const [c1, c2] = lab.networks[0]?.endpoints ?? [];
  t.is(c1?.ipv4?.value, '192.168.11.1');
  t.is(c1?.mac.value, '02:42:c0:a8:0b:01');
  t.deepEqual(c1?.hairpin, { value: true, at: { line: 19, column: 65 } });
  t.deepEqual(c2?.isolated, { value: true, at: { line: 20, column: 64 } });
});

test('values know where they stand; defaults stand nowhere', (t) => {
  const network = parseLab(TWO_HOSTS, 'lab.yaml').networks[0];
  t.deepEqual(network?.at, { line: 7, column: 3 });
  t.deepEqual(network?.driver, { value: 'bridge', at: { line: 8, column: 13 } });
  t.deepEqual(network?.mtu, { value: 9000, at: { line: 9, column: 98 } });
  t.deepEqual(network?.internal, { value: false });
  const bridge = network?.bridge;
  t.deepEqual(bridge?.icc, { value: false, at: { line: 9, column: 58 } });
  t.deepEqual(bridge?.mac, { value: '02:00:00:00:01:00', at: { line: 13, column: 12 } });
  t.deepEqual(bridge?.ageing_s, { value: 90, at: { line: 14, column: 15 } });
  t.deepEqual(bridge?.groupForwardMask, { value: 0x4000, at: { line: 15, column: 23 } });
  t.deepEqual(bridge?.stationsMax, { value: 16, at: { line: 16, column: 24 } });
  t.is(bridge?.stations[0]?.endpoint, network?.endpoints[0]);
  t.true(bridge?.stations[0]?.sticky);
});

test('the defaults of a bridge', (t) => {
  const network = parseLab('services: { c1: }', 'lab.yaml').networks[0];
  t.is(network?.name, 'default');
  t.is(network?.at, undefined);
  t.deepEqual(network?.bridge, {
    mac: { value: '02:42:37:a8:ee:c1' },
    icc: { value: true },
    masquerade: { value: true },
    gatewayModeIpv4: { value: 'nat' },
    gatewayModeIpv6: { value: 'nat' },
    hostBindingIpv4: { value: '0.0.0.0' },
    ageing_s: { value: 300 },
    groupForwardMask: { value: 1 },
    stationsMax: { value: 8192 },
    stations: [],
    vlanFiltering: { value: false },
  });
});

test('merge keys and anchors: a value stands where it is written', (t) => {
  const text = `x-common: &common
  mac_address: "02:00:00:00:00:01"
  networks: { a: { x-port: &flags { isolated: true } } }
networks: { a: , b: }
services:
  c1: { <<: *common, mac_address: "02:00:00:00:00:02" }
  c2: { <<: [ { dns: 1.1.1.1 }, *common ] }
  c3: { networks: { a: { x-port: { <<: *flags, hairpin: true } } } }
`;
  const [c1, c2, c3] = parseLab(text, 'lab.yaml').sandboxes.map(({ endpoints }) => endpoints[0]);
  t.deepEqual(c1?.mac, { value: '02:00:00:00:00:02', at: { line: 6, column: 35 } });
  t.deepEqual(c2?.mac, { value: '02:00:00:00:00:01', at: { line: 2, column: 16 } });
  t.deepEqual(c3?.isolated, { value: true, at: { line: 3, column: 47 } });
  t.true(c3?.hairpin.value);
});

test('X-19: the MAC of a service is that of its first network only, which is a matter of priority', (t) => {
  const text = `networks: { a: , b: }
services:
  c1: { mac_address: "02:00:00:00:00:01", networks: [b, a] }
  c2: { mac_address: "02:00:00:00:00:02", networks: { a: , b: { priority: 10 } } }
`;
  const ports = parseLab(text, 'lab.yaml').sandboxes.flatMap(({ endpoints }) =>
    endpoints.map(({ port, mac }) => `${port} ${mac.value}`),
  );
  t.deepEqual(ports, [
    'c1.b 02:42:ac:13:00:02',
    'c1.a 02:00:00:00:00:01',
    'c2.a 02:42:ac:12:00:03',
    'c2.b 02:00:00:00:00:02',
  ]);
});

test('the default network is there when it is used, and may be configured', (t) => {
  const text = 'networks: { default: { name: lab, internal: true } }\nservices: { c1: }\n';
  const lab = parseLab(text, 'lab.yaml');
  t.deepEqual(
    lab.networks.map(({ name, internal }) => [name, internal.value]),
    [['lab', true]],
  );
  t.is(lab.networks[0]?.endpoints[0]?.port, 'c1');
  const unused = parseLab('networks: { a: }\nservices: { c1: { networks: [a] } }', 'lab.yaml');
  t.deepEqual(
    unused.networks.map(({ name }) => name),
    ['a'],
  );
});

test('what an alias repeats is complained about once', (t) => {
  const text = 'x-a: &a { dns: foo }\nservices: { c1: *a, c2: *a }\n';
  const error = t.throws(() => parseLab(text, 'lab.yaml'));
  t.is(error.message.match(/is not an ip address/g)?.length, 1);
});

test('networks that Docker made are used as they are', (t) => {
  const text = `networks:
  h: { external: true, name: host }
  n: { external: true, name: none }
  b: { external: true, name: bridge }
  o: { external: true }
services: { a: { networks: [h] }, c: { networks: [n] }, d: { networks: [b] }, e: { network_mode: bridge } }
`;
  const lab = parseLab(text, 'lab.yaml');
  t.deepEqual(
    lab.sandboxes.map(({ mode }) => mode),
    ['host', 'none', 'own', 'own'],
  );
  t.deepEqual(
    lab.networks.map(({ name, driver }) => `${name} ${driver.value}`),
    ['host host', 'none none', 'bridge bridge', 'o bridge'],
  );
  t.is(lab.networks[2]?.endpoints.length, 2);
  t.deepEqual(lab.notes, ['network o is external: it is made as if it were declared here']);
});

test('variables are their defaults', (t) => {
  const text = `networks:
  a: { internal: "\${INTERNAL:-true}", driver_opts: { com.docker.network.driver.mtu: "\${MTU-1400}" }, name: "a$$b\${C:+c}" }
`;
  const network = parseLab(text, 'lab.yaml').networks[0];
  t.deepEqual([network?.internal.value, network?.mtu.value, network?.name], [true, 1400, 'a$b']);
});

test('a mistake is two lines, and cannot speak to the terminal', (t) => {
  const mistake = { at: { line: 12, column: 7 }, what: 'no \u001b[31m', fix: 'yes' };
  t.is(renderMistake('lab.yaml', mistake), 'lab.yaml:12:7: no \\x1b[31m\n    fix: yes');
});

test('files that cannot be read are mistakes, too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'etherloom-'));
  const file = join(folder, 'lab.yaml');
  const whatOf = async (path: string) => {
    const error: unknown = await loadLab(path).catch((thrown: unknown) => thrown);
    if (!(error instanceof TopologyErrors)) return undefined;
    return error.mistakes.map(({ at, what }) => `${at.line}:${at.column} ${what}`);
  };
  t.deepEqual(await whatOf(file), ['1:1 there is no such file']);
  t.deepEqual(await whatOf(folder), ['1:1 this is a directory, not a file']);
  await writeFile(file, Buffer.from('services:\n  a\xff: {}\n', 'latin1'));
  t.deepEqual(await whatOf(file), ['2:4 the file is not UTF-8 text']);
  await writeFile(file, 'a\0b');
  t.deepEqual(await whatOf(file), ['1:2 the file is not UTF-8 text']);
  await writeFile(file, '\ufeffservices: { c1: }\r\n');
  t.is((await loadLab(file)).sandboxes.length, 1);
  await rm(folder, { recursive: true });
});

test('describeLab says what was understood', (t) => {
  t.snapshot(describeLab(parseLab(TWO_HOSTS, 'lab.yaml')));
});
