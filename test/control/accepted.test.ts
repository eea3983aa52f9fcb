import test from 'ava';

import * as macvlan from '../../control/drivers/macvlan.js';
import { DriverOptions } from '../../control/drivers/options.js';
import type { Lab } from '../../control/model/lab.js';
import { parseLab } from '../../control/model/load.js';
import { Findings } from '../../control/model/mistake.js';
import { readSource, START } from '../../control/model/source.js';
import type { Written } from '../../control/model/written.js';
import { mistakesOf, network, service, subnet } from './expect-mistakes.js';

const lab = (text: string): Lab => parseLab(text, 'lab.yaml');
const x1 = (text: string) => {
  const found = lab(text).networks.find(({ name }) => name === 'x1');
  if (found === undefined) throw new Error('no network x1');
  return found;
};

/** Borderline input that Docker Engine 20.10 was seen to accept. */
test('N11: host bits in a subnet are accepted, and noted', (t) => {
  const text = subnet('subnet: 10.20.0.5/24');
  t.is(x1(text).pools[0]?.subnet.value, '10.20.0.0/24');
  t.deepEqual(lab(text).notes, ['network x1: subnet 10.20.0.5/24 is read as 10.20.0.0/24']);
});

test('N18: a range wider than its subnet is the whole subnet', (t) => {
  const pool = x1(subnet('subnet: 10.20.0.0/24, ip_range: 10.20.0.0/16')).pools[0];
  t.is(pool?.gateway?.value, '10.20.0.1');
});

test('N29: a multicast subnet is accepted', (t) => {
  t.is(x1(subnet('subnet: 224.0.0.0/24')).endpoints[0]?.ipv4?.value, '224.0.0.2');
});

test('N32: a gateway outside the range is accepted', (t) => {
  const text = subnet('subnet: 10.20.0.0/24, ip_range: 10.20.0.128/25, gateway: 10.20.0.1');
  t.is(x1(text).pools[0]?.gateway?.value, '10.20.0.1');
  t.is(x1(text).endpoints[0]?.ipv4?.value, '10.20.0.128');
});

test('N33: an IPv6 subnet without enable_ipv6 has no effect, and an IPv4 subnet is chosen', (t) => {
  const text = subnet('subnet: "fd00:1::/64"');
  t.deepEqual(
    x1(text).pools.map((pool) => pool.subnet.value),
    ['172.18.0.0/16'],
  );
  t.is(lab(text).notes.length, 1);
});

test('an overlay is attachable whether it says so or not, and encrypted only in its MTU', (t) => {
  const settings = '{ driver: overlay, attachable: true, driver_opts: { encrypted: "" } }';
  t.is(x1(network(settings)).mtu.value, 1424);
  t.deepEqual(lab(network(settings)).notes, [
    'network x1: nothing is encrypted here, but its MTU is that of IPsec',
  ]);
});

test('D07 D16: a macvlan network without a subnet gets one, on a NIC or a VLAN of it', (t) => {
  for (const parent of ['eth1', 'eth1.50']) {
    const found = x1(network(`{ driver: macvlan, driver_opts: { parent: ${parent} } }`));
    t.is(found.macvlan?.parent?.value, parent);
    t.is(found.pools[0]?.gateway?.value, '172.18.0.1');
  }
});

test('D14: docker0 is accepted as a parent, and noted: it is not the bridge of Docker here', (t) => {
  const text = network('{ driver: macvlan, driver_opts: { parent: docker0 } }');
  t.deepEqual(lab(text).notes, [
    'network x1: docker0 is taken for a NIC, not for the bridge of Docker',
  ]);
});

test('D42: ipvlan in mode l3 may have a gateway', (t) => {
  const settings =
    '{ driver: ipvlan, driver_opts: { parent: eth1, ipvlan_mode: l3 }, ipam: { config: [ { subnet: 10.20.0.0/24, gateway: 10.20.0.1 } ] } }';
  const found = x1(network(settings));
  t.is(found.ipvlan?.mode.value, 'l3');
  t.is(found.pools[0]?.gateway?.value, '10.20.0.1');
});

test('D24 D25 A-20: unknown options are accepted, and noted with what may have been meant', (t) => {
  t.deepEqual(lab(network('{ driver_opts: { foo: bar } }')).notes, [
    'network x1: the bridge driver does not know the option "foo"',
  ]);
  t.deepEqual(lab(network('{ driver_opts: { com.docker.network.bridge.enable_ic: "1" } }')).notes, [
    'network x1: the bridge driver does not know the option "com.docker.network.bridge.enable_ic"; did you mean "com.docker.network.bridge.enable_icc"?',
  ]);
});

test('A-20: the option "--macvlan_mode" is noted as a misspelt one', (t) => {
  const findings = new Findings();
  const options = readSource('{ parent: eth1, --macvlan_mode: bridge }', findings);
  const scope = {
    network: 'm',
    at: START,
    internal: false,
    external: false,
    nics: [{ name: 'eth1', mtu: 1500 }],
  };
  const settings = macvlan.checkOptions(
    new DriverOptions(options as Written<Record<string, string>>, findings),
    scope,
  );
  t.is(settings.macvlan?.parent?.value, 'eth1');
  t.deepEqual(
    [...findings.notes],
    [
      'network m: the macvlan driver does not know the option "--macvlan_mode"; did you mean "macvlan_mode"?',
    ],
  );
});

test('D27 D31: a name may hold anything', (t) => {
  t.is(
    lab('networks: { a: { name: a/b }, c: { name: "container:foo" } }').networks[0]?.name,
    'a/b',
  );
});

test('D36: a bridge may be attachable', (t) => {
  t.true(x1(network('{ attachable: true }')).attachable.value);
});

test('P11 P12 P14 P27 P28: ports and MACs that are only discarded or shared', (t) => {
  const notes = lab(service('{ network_mode: host, ports: ["8099:80"] }')).notes;
  t.deepEqual(notes, ['Published ports are discarded when using host network mode']);
  t.deepEqual(mistakesOf(service('{ network_mode: none, ports: ["8099:80"] }')), []);
  t.deepEqual(mistakesOf(service('{ network_mode: none, mac_address: "02:00:00:00:00:01" }')), []);
  t.deepEqual(mistakesOf(service('{ ports: ["0:80", "8055:80/tcp", "8055:80/udp", 81] }')), []);
  t.deepEqual(
    mistakesOf(service('{ ports: ["8000-8002:80", "8000-8002:81", { target: 80 }] }')),
    [],
  );
  t.deepEqual(mistakesOf(service('{ ports: ["127.0.0.1:53:53/udp", "[::1]:53:53/udp"] }')), []);
});

test('P46: one MAC at two endpoints is accepted, and noted', (t) => {
  const text = service('{ networks: { base: { mac_address: "02:42:0a:0a:00:02" } } }');
  t.deepEqual(lab(text).notes, ['network base: c1 and z1 both have the MAC 02:42:0a:0a:00:02']);
});

test('what says nothing about packets is accepted', (t) => {
  const settings =
    '{ image: "a:${TAG}", build: ., command: [sh, "$X"], environment: { A: 1 }, volumes: [], depends_on: [c1], x-mine: 5, deploy: { replicas: 2 } }';
  t.deepEqual(
    mistakesOf(`name: lab\nversion: "3"\nx-mine: { any: thing }\n${service(settings)}`),
    [],
  );
});

test('an extension that looks like one of ours is noted', (t) => {
  t.deepEqual(lab('x-host: {}\nservices: { c1: { x-hosts: a } }').notes, [
    '"x-hosts" in services.c1 is not read; did you mean "x-host"?',
    '"x-host" in the top level is not read; did you mean "x-hosts"?',
  ]);
});

test('what would change the lab, but is not followed, is noted', (t) => {
  const settings =
    '{ extends: { service: c1 }, scale: 2, deploy: { placement: { constraints: ["node.role == manager"] } } }';
  t.deepEqual(lab(`include: [more.yaml]\n${service(settings)}`).notes, [
    '"include" is not read: a lab is one file',
    'service z1: "extends" is not read',
    'service z1: "scale" is not read',
    'service z1: the constraint "node.role == manager" is not read',
  ]);
});
