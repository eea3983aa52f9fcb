import test from 'ava';
import { describeLab } from '../../control/describe.js';
import { defaultRoutes, subnetRoutes } from '../../control/sandbox/plan.js';
import {
  lab,
  HOSTS,
  VNIS,
  on,
  partsOf,
  vtepOf,
  stationsOf,
  addressesOf,
  MESH,
  USUAL,
} from './overlays.js';

test('X-24: an overlay is a bridge with a VXLAN port on each host where somebody joins it', (t) => {
  const found = lab(MESH);
  const parts = partsOf(found, 'ov');
  t.deepEqual(
    parts.map(({ name, host, endpoints }) => [name, host, ...endpoints.map(({ port }) => port)]),
    [
      ['ov', 'ov@n1', 'c1.ov', 'c4.ov'],
      ['ov', 'ov@n2', 'c2.ov'],
      ['ov', 'ov@n3', 'c3.ov'],
    ],
  );
  t.deepEqual(
    found.hosts.map(({ name, namespaceOf }) => [name, namespaceOf?.host]),
    [
      ['n1', undefined],
      ['n2', undefined],
      ['n3', undefined],
      ['ov@n1', 'n1'],
      ['ov@n2', 'n2'],
      ['ov@n3', 'n3'],
    ],
  );
  t.deepEqual(
    parts.map(({ vteps = [] }) => vteps.map(({ port, host }) => `${port} ${host}`)),
    [['ov@n1.vxlan0 n1'], ['ov@n2.vxlan0 n2'], ['ov@n3.vxlan0 n3']],
  );
  const [first] = parts;
  t.is(first?.driver.value, 'overlay');
  t.deepEqual(first?.mtu, { value: 1450 });
  t.true(first?.bridge?.icc.value);
  t.false(first?.bridge?.masquerade.value);
  t.is(new Set(parts.map(({ bridge }) => bridge?.mac.value)).size, 3, 'each has a MAC of its own');
});

test('X-24: its VXLAN port is as libnetwork has Linux make it: it answers for the others, and floods nothing', (t) => {
  const vtep = vtepOf(lab(MESH), 'n2');
  t.deepEqual(vtep, {
    ...USUAL,
    name: 'vxlan0',
    port: 'ov@n2.vxlan0',
    at: { line: 6, column: 27 },
    host: 'n2',
    vnis: [
      {
        vni: 4097,
        at: { line: 6, column: 27 },
        remotes: [],
        stations: [
          {
            mac: '02:42:0a:00:01:02',
            remote: '192.168.99.1',
            addresses: ['10.0.1.2'],
            at: { line: 8, column: 32 },
          },
          {
            mac: '02:42:0a:00:01:06',
            remote: '192.168.99.3',
            addresses: ['10.0.1.6'],
            at: { line: 10, column: 32 },
          },
          {
            mac: '02:42:0a:00:01:08',
            remote: '192.168.99.1',
            addresses: ['10.0.1.8'],
            at: { line: 11, column: 32 },
          },
        ],
      },
    ],
    local: { value: '192.168.99.2', at: { line: 4, column: 65 } },
    sourcePorts: { value: [32_768, 60_999] },
    neighbors: { value: 'proxy' },
    innerTags: { value: true },
    reserved: { value: 'linux' },
  });
});

test('X-24: each node takes an address of its own behind its first container', (t) => {
  const found = lab(MESH);
  t.deepEqual(
    found.sandboxes.map(({ endpoints }) => endpoints[0]?.ipv4?.value),
    ['10.0.1.2', '10.0.1.4', '10.0.1.6', '10.0.1.8'],
  );
  t.deepEqual(
    partsOf(found, 'ov').map(({ pools }) => [...(pools[0]?.aux ?? [])].join()),
    ['lb-ov,10.0.1.3', 'lb-ov,10.0.1.5', 'lb-ov,10.0.1.7'],
  );
  t.is(found.sandboxes[0]?.endpoints[0]?.mac.value, '02:42:0a:00:01:02');
});

test('an address that is asked for is given first', (t) => {
  const text = `networks: { ov: { driver: overlay, ipam: { config: [ { subnet: 10.0.9.0/24 } ] } } }
services: { c1: { networks: [ov] }, c2: { networks: { ov: { ipv4_address: 10.0.9.2 } } }, c3: { networks: { ov: { ipv4_address: 10.0.9.4 } } } }
`;
  t.deepEqual(
    lab(text).sandboxes.map(({ endpoints }) => endpoints[0]?.ipv4?.value),
    ['10.0.9.3', '10.0.9.2', '10.0.9.4'],
  );
});

test('X-24: subnets and VNIs are chosen behind those of ingress, in the order of the file', (t) => {
  const found = lab(`networks:
  a: { driver: overlay }
  b: { driver: overlay, ipam: { config: [ { subnet: 10.0.2.0/24 } ] }, driver_opts: { ${VNIS}: "4098" } }
  c: { driver: overlay }
  d: { driver: overlay, ipam: { config: [ { subnet: 172.18.0.0/24 }, { subnet: 172.18.1.0/24 }, { subnet: 10.5.0.0/16, gateway: 10.5.0.9 } ] }, driver_opts: { ${VNIS}: "7,4099" } }
  e: { }
services:
  c1: { networks: { a: , b: , c: , d: { ipv4_address: 172.18.0.5 }, e: } }
  c2: { networks: { d: { ipv4_address: 172.18.1.5 } } }
  c3: { networks: { d: { ipv4_address: 10.5.7.7 } } }
`);
  const overlays = found.networks.filter(({ driver }) => driver.value === 'overlay');
  t.deepEqual(
    overlays.map(({ name, pools, vteps = [] }) => {
      return [name, pools[0]?.subnet.value, vteps[0]?.vnis[0]?.vni, vteps[0]?.name];
    }),
    [
      ['a', '10.0.1.0/24', 4097, 'vxlan0'],
      ['b', '10.0.2.0/24', 4098, 'vxlan0'],
      ['c', '10.0.3.0/24', 4100, 'vxlan0'],
      ['d 172.18.0.0/24', '172.18.0.0/24', 7, 'vxlan0'],
      ['d 172.18.1.0/24', '172.18.1.0/24', 4099, 'vxlan1'],
      ['d 10.5.0.0/16', '10.5.0.0/16', 4101, 'vxlan2'],
    ],
  );
  t.is(overlays[5]?.pools[0]?.gateway?.value, '10.5.0.9');
  const bridge = found.networks.find(({ name }) => name === 'e');
  t.is(bridge?.pools[0]?.subnet.value, '172.19.0.0/16', 'the subnets of overlays are apart');
});

test('a host has all subnets in which there is an endpoint anywhere, and goes by its own gateway to the others', (t) => {
  const found = lab(`${HOSTS}networks:
  ov: { driver: overlay, ipam: { config: [ { subnet: 10.1.0.0/24 }, { subnet: 10.2.0.0/24 }, { subnet: 10.3.0.0/24 } ] } }
services:
  c1: ${on('n1', '{ ov: { ipv4_address: 10.1.0.5 } }')}
  c2: ${on('n2', '{ ov: { ipv4_address: 10.2.0.5 } }')}
`);
  t.deepEqual(
    partsOf(found, 'ov').map(({ host, name, vteps = [] }) => {
      return [host, name, ...vteps.flatMap(stationsOf)];
    }),
    [
      ['ov@n1', 'ov 10.1.0.0/24'],
      ['ov@n1', 'ov 10.2.0.0/24', '10.2.0.5 192.168.99.2'],
      ['ov@n2', 'ov 10.1.0.0/24', '10.1.0.5 192.168.99.1'],
      ['ov@n2', 'ov 10.2.0.0/24'],
    ],
  );
  const [c1] = found.sandboxes;
  if (c1 === undefined) throw new Error('no c1');
  t.deepEqual(subnetRoutes(c1, found.networks), [
    { to: '10.2.0.0/24', via: '10.1.0.1', nic: 'eth0' },
  ]);
  t.deepEqual(defaultRoutes(c1, found.networks), [{ via: '172.18.0.1', family: 4, nic: 'eth1' }]);
});

test('an overlay on one host needs no address and no wire', (t) => {
  const found = lab(`networks: { ov: { driver: overlay } }
services: { c1: { networks: [ov] }, c2: { networks: [ov] } }
`);
  const vtep = vtepOf(found, 'host');
  t.deepEqual([vtep.local, vtep.family, stationsOf(vtep)], [undefined, 4, []]);
  t.is(found.hosts.length, 2);
});

test('an overlay that nobody joins is on no host', (t) => {
  const found = lab('networks: { ov: { driver: overlay } }');
  t.deepEqual([found.networks.length, found.hosts.length], [0, 1]);
  t.deepEqual(found.notes, ['network ov: nobody joins it, so that no host has it']);
});

test('the MTU that an overlay is told is that between the hosts; containers have 50 bytes less, encrypted 76 and a multiple of 4', (t) => {
  const mtuOf = (options: string) =>
    lab(
      `networks: { ov: { driver: overlay, driver_opts: { ${options} } } }\nservices: { c1: { networks: [ov] } }`,
    ).networks[0]?.mtu.value;
  const mtu = 'com.docker.network.driver.mtu';
  t.deepEqual(
    [
      '',
      `${mtu}: 0`,
      `${mtu}: 9000`,
      `${mtu}: 1450`,
      'encrypted: ',
      `encrypted: "", ${mtu}: 1501`,
    ].map(mtuOf),
    [1450, 1450, 8950, 1400, 1424, 1424],
  );
});

test('libnetwork#1169: an overlay has no IPv6 addresses, and says so', (t) => {
  const found = lab(`networks:
  ov: { driver: overlay, enable_ipv6: true, ipam: { config: [ { subnet: "fd00:7::/64" }, { subnet: 10.0.9.0/24 } ] } }
services: { c1: { networks: [ov] } }
`);
  const [part] = found.networks;
  t.deepEqual(
    part?.pools.map(({ subnet }) => subnet.value),
    ['10.0.9.0/24'],
  );
  t.is(part?.endpoints[0]?.ipv6, undefined);
  t.is(found.notes.length, 1);
});

test('x-swarm says who is a node, and where it is reached', (t) => {
  const text = `${MESH}x-swarm: { data_path_port: 7777, nodes: { n1: , n2: { data_path_addr: eth1 }, n3: { data_path_addr: 192.168.99.3 } } }\n`;
  const found = lab(text);
  t.deepEqual(vtepOf(found, 'n1').udpPort, { value: 7777, at: { line: 12, column: 28 } });
  t.deepEqual(vtepOf(found, 'n2').local, {
    value: '192.168.99.2',
    at: { line: 12, column: 71 },
  });
  t.is(vtepOf(found, 'n3').local?.at?.line, 12);
});

test('over IPv6 an overlay has checksums, as Linux has', (t) => {
  const found = lab(`x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: ["fd00:99::1/64"] } } }
  n2: { nics: { eth1: { wire: lan, addresses: [10.9.0.2/24, "fd00:99:0::2/64"] } } }
x-swarm: { nodes: { n1: , n2: { data_path_addr: "fd00:99::2" } } }
networks: { ov: { driver: overlay } }
services: { c1: ${on('n1', '[ov]')}, c2: ${on('n2', '[ov]')} }
`);
  const vtep = vtepOf(found, 'n1');
  t.deepEqual([vtep.family, vtep.checksum.value], [6, 'computed']);
  t.deepEqual(stationsOf(vtep), ['10.0.1.4 fd00:99::2']);
});

test('moby#52661: what a node knows wrongly stands where the topology says so', (t) => {
  const found = lab(`${HOSTS}networks:
  ov:
    driver: overlay
    x-overlay:
      stale:
        - { on: n3, service: c2, at: n1 }
        - { on: n1, service: c2 }
services:
  c1: ${on('n1', '[ov]')}
  c2: ${on('n2', '[ov]')}
  c3: ${on('n3', '[ov]')}
`);
  t.deepEqual(stationsOf(vtepOf(found, 'n1')), ['10.0.1.6 192.168.99.3']);
  t.deepEqual(stationsOf(vtepOf(found, 'n2')), ['10.0.1.2 192.168.99.1', '10.0.1.6 192.168.99.3']);
  const wrong = vtepOf(found, 'n3');
  t.deepEqual(stationsOf(wrong), ['10.0.1.2 192.168.99.1', '10.0.1.4 192.168.99.1']);
  t.deepEqual(wrong.vnis[0]?.stations[1]?.at, { line: 11, column: 11 });
});

test('services that only overlays place have to say where they run, and then nothing else does', (t) => {
  t.deepEqual(addressesOf(lab(MESH)).length, 4);
  const text = `${HOSTS}networks: { ov: { driver: overlay }, br: { x-host: n2 } }
services: { c1: ${on('n1', '[ov]')}, c2: { networks: [ov, br] } }
`;
  t.deepEqual(
    lab(text).sandboxes.map(({ host }) => host),
    ['n1', 'n2'],
  );
});

test('describeLab says what overlays are on each host, and counts each of them once', (t) => {
  t.snapshot(
    describeLab(
      lab(
        MESH.replace(
          'overlay }',
          'overlay, x-overlay: { stale: [ { on: n3, service: c2, at: n1 } ] } }',
        ),
      ),
    ),
  );
});
