/** Which Worker serves what: whatever a frame can cross in one pass is never divided. */
import test from 'ava';
import { compile } from '../../control/compile/compile.js';
import { parseLab } from '../../control/model/load.js';
import { placeParts } from '../../control/supervisor/place.js';

const CORES = 9;
const compiledOf = (text: string) => compile(parseLab(text, 'lab.yaml'));

/** The ports of each Worker by name, when every part may have one. */
function partsOf(text: string): string[][] {
  const compiled = compiledOf(text);
  return placeParts(compiled, undefined, CORES)
    .workers.map(({ ports }) => ports.map((port) => compiled.ports[port]?.port ?? ''))
    .sort();
}

test('networks of bridges are dealt out to workers, the largest first, where their host does not forward between them; a core is left', (t) => {
  const compiled = compiledOf(`x-hosts: { host: { forward: false } }
networks: { big: , mid: , low: , empty: }
services:
  a: { networks: [big, low] }
  b: { networks: [big, mid] }
  c: { networks: [big, mid] }
`);
  const place = (wanted?: number, cores = 4) => placeParts(compiled, wanted, cores);
  const networks = (wanted?: number, cores?: number) =>
    place(wanted, cores).workers.map((share) => share.networks);
  t.deepEqual(networks(), [[0], [1], [2]]);
  t.deepEqual(networks(undefined, 3), [[0], [1, 2]]);
  t.deepEqual(networks(undefined, 1), [[0, 1, 2]]);
  t.deepEqual(networks(2), [[0], [1, 2]]);
  t.deepEqual(
    place(2).workers.map(({ ports }) => ports),
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
  );
  t.is(place(2).note, undefined);
  t.is(
    place(9).note,
    '3 networks have ports, and a network is served by one worker: 3 of 9 workers are used',
  );
  t.deepEqual(placeParts(compiledOf('services: {}')).workers, []);
});

const macvlan = (parent: string, rest = '') =>
  `{ driver: macvlan, driver_opts: { parent: ${parent} }${rest} }`;
const on = (host: string) => `, x-host: ${host}`;

test('a wire joins the hosts on it, with all their VLANs; what is on no wire of theirs is another part', (t) => {
  const parts = partsOf(`x-wires: { lan: , other: { ports: { a: , b: { play: a.pcap } } } }
x-hosts:
  n1: { forward: false, nics: { eth0: { wire: lan }, eth1: } }
  n2: { forward: false, nics: { eth0: { wire: lan } } }
networks:
  m1: ${macvlan('eth0.5', on('n1'))}
  m2: ${macvlan('eth0.6', on('n2'))}
  m3: ${macvlan('eth1', on('n1'))}
  br: { x-host: n2, x-bridge: { uplink: eth0 } }
  solo: { x-host: n2 }
services:
  c1: { x-host: n1, networks: [m1] }
  c2: { x-host: n2, networks: [m2] }
  c3: { x-host: n1, networks: [m3] }
  c4: { x-host: n2, networks: [br] }
  c5: { x-host: n2, networks: [solo] }
`);
  t.deepEqual(parts, [['c3', 'n1.eth1'], ['c4', 'c1', 'c2'], ['c5'], ['other.a', 'other.b']]);
});

test('an ipvlan link in an L3 mode joins all NICs of its host: they share its routes and neighbors', (t) => {
  const lab = (mode: string) => `x-hosts: { n: { forward: false, nics: { eth0: , eth1: } } }
networks:
  i: { driver: ipvlan, driver_opts: { parent: eth0, ipvlan_mode: ${mode} } }
  m: ${macvlan('eth1')}
services: { c1: { networks: [i] }, c2: { networks: [m] } }
`;
  t.deepEqual(partsOf(lab('l2')), [
    ['c1', 'n.eth0'],
    ['c2', 'n.eth1'],
  ]);
  t.deepEqual(partsOf(lab('l3s')), [['c1', 'c2', 'n.eth0', 'n.eth1']]);
});

test('a host that forwards between its interfaces is one part', (t) => {
  const parts = partsOf(`networks: { one: , two: , three: { driver: macvlan } }
services: { c1: { networks: [one] }, c2: { networks: [two] }, c3: { networks: [three] } }
`);
  t.deepEqual(parts, [['c1', 'c2', 'c3']]);
  const two = compiledOf('networks: { one: , two: }\nservices: { c1: { networks: [one, two] } }');
  t.is(
    placeParts(two, 2, CORES).note,
    'the lab has one part, and what wires, uplinks and hosts join is served by one worker: 1 of 2 workers are used',
  );
});

test('where nothing can come in no Worker is spent, and where something does every port is served once', (t) => {
  const compiled = compiledOf(`x-wires: { dead: { ports: { a: } }, lan: { ports: { b: } } }
x-hosts: { n: { forward: false, nics: { eth0: { wire: lan } } } }
networks: { br: { x-bridge: { uplink: eth0 } }, alone: { driver: macvlan } }
services: { c1: { networks: [br] }, c2: { networks: [alone] } }
`);
  const { workers, note } = placeParts(compiled, 3, CORES);
  t.is(
    note,
    'the lab has 2 parts, and what wires, uplinks and hosts join is served by one worker: 2 of 3 workers are used',
  );
  const served = workers.flatMap(({ ports }) => ports.map((port) => compiled.ports[port]?.port));
  t.deepEqual(served.sort(), ['c1', 'c2', 'dead.a', 'lan.b']);
  const owned = workers.flatMap(({ networks }) => networks);
  t.deepEqual(owned.sort(), [0, 1, 2]);
});

test('the uplink of a bridge is one port of it, also where the NIC itself is the uplink and on a wire', (t) => {
  const { program, ports } = compiledOf(`x-wires: { lan: }
x-hosts: { n: { nics: { eth0: { wire: lan } } } }
networks: { br: { x-bridge: { uplink: eth0 } } }
services: { c1: { networks: [br] } }
`);
  const { firstPort, portCount } = program.networks;
  const names = [0, 1].map((row) => {
    const first = firstPort[row] ?? 0;
    return ports.slice(first, first + (portCount[row] ?? 0)).map(({ port }) => port);
  });
  t.deepEqual(names, [['c1', 'br.uplink'], ['n.eth0']]);
});
