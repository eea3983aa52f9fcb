/** What `etherloom mtu` says fits is exact: a packet of so many bytes gets through the data plane, and one of a byte more does not. */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { parseLab } from '../../control/model/load.js';
import { mtuOf } from '../../control/mtu/mtu.js';
import type { NetworkMtu } from '../../control/mtu/mtu.js';
import { ip } from '../layer3/packets.js';
import { Ends, inner } from './ends.js';
import type { Outcome } from './ends.js';

/** Of the inner packet: IPv4 and UDP. */
const HEADERS = 28;
/** Longer than whatever fits, so that it is not the network itself that minds. */
const DECLARED = 6000;
const C1 = '02420a000002';
const C2 = '02420a000003';
const TAG = '8100000a';

interface Underlay {
  readonly family: 4 | 6;
  readonly hasTags: boolean;
  /** Of the NICs of both hosts. */
  readonly mtus: readonly [number, number];
}

const ADDRESSES = {
  4: {
    cidrs: ['192.168.99.1/24', '192.168.99.2/24'],
    digits: [ip('192.168.99.1'), ip('192.168.99.2')],
  },
  6: {
    cidrs: ['fd00::1/64', 'fd00::2/64'],
    digits: [`fd00${'0'.repeat(27)}1`, `fd00${'0'.repeat(27)}2`],
  },
} as const;

/** c1 on n1 and c2 on n2 in one VXLAN segment. */
function labOf({ family, hasTags, mtus }: Underlay): string {
  const { cidrs } = ADDRESSES[family];
  const end = (i: 0 | 1) => cidrs[i].split('/')[0] ?? '';
  const network = (name: string, host: string, remote: string) => `  ${name}:
    x-host: ${host}
    driver_opts: { com.docker.network.driver.mtu: "${DECLARED}" }
    ipam: { config: [{ subnet: 10.0.0.0/24 }] }
    x-vxlan: { vx: { vni: 42, remotes: ["${remote}"], inner_tags: ${hasTags} } }
`;
  return `x-wires: { lan: { ports: { tap: } } }
x-hosts:
  n1: { nics: { eth1: { wire: lan, mac: "02:00:00:00:00:01", addresses: ["${cidrs[0]}"], mtu: ${mtus[0]} } } }
  n2: { nics: { eth1: { wire: lan, mac: "02:00:00:00:00:02", addresses: ["${cidrs[1]}"], mtu: ${mtus[1]} } } }
networks:
${network('blue', 'n1', end(1))}${network('blue2', 'n2', end(0))}services:
  c1: { networks: { blue: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { blue2: { ipv4_address: 10.0.0.3 } } }
`;
}

function fitsIn(yaml: string, name: string): number {
  const { networks } = mtuOf(parseLab(yaml, 'lab.yaml'));
  const found = networks.find(({ network }: NetworkMtu) => network === name);
  return found?.underlay?.fits_bytes ?? 0;
}

/** What becomes of a packet of so many bytes from c1 to c2. */
function passed(ends: Ends, bytes: number, tags = ''): Outcome {
  const data = 'ab'.repeat(bytes - HEADERS);
  return ends.pass({ port: 'c1', digits: inner({ data }, { to: C2, from: C1, tags }) });
}

function check({ family, hasTags, mtus }: Underlay): void {
  const yaml = labOf({ family, hasTags, mtus });
  const ends = new Ends(yaml);
  const { digits } = ADDRESSES[family];
  ends.introduce('n1.eth1', digits[1], '020000000002');
  const fits = fitsIn(yaml, 'blue');
  const tags = hasTags ? TAG : '';
  const arrived = passed(ends, fits, tags);
  const data = 'ab'.repeat(fits - HEADERS);
  assert.deepEqual(
    arrived.left.filter(({ port }) => port === 'c2'),
    [{ port: 'c2', digits: inner({ data }, { to: C2, from: C1, tags }) }],
  );
  const { left, ended } = passed(ends, fits + 1, tags);
  const minds = mtus[0] <= mtus[1] ? 'vxlan-mtu' : 'mtu-exceeded';
  assert.deepEqual(
    left.filter(({ port }) => port !== 'lan.tap'),
    [],
  );
  assert.deepEqual(ended, [`dropped: ${minds}`]);
}

for (const [family, hasTags, overhead] of [
  [4, false, 50],
  [4, true, 54],
  [6, false, 70],
  [6, true, 74],
] as const)
  test(`VX-16: over IPv${family}${hasTags ? ' with tags inside' : ''} ${1500 - overhead} bytes pass, and a byte more is dropped as vxlan-mtu`, (t) => {
    const underlay = { family, hasTags, mtus: [1500, 1500] } as const;
    t.is(fitsIn(labOf(underlay), 'blue'), 1500 - overhead);
    check(underlay);
  });

test('VX-16: what is said to fit is exact whatever the NICs of both hosts take', (t) => {
  const mtu = fc.integer({ min: 576, max: 3000 });
  const underlays = fc.record({
    family: fc.constantFrom(4 as const, 6 as const),
    hasTags: fc.boolean(),
    mtus: fc.tuple(mtu, mtu),
  });
  fc.assert(fc.property(underlays, check), { numRuns: 30, seed: 16 });
  t.pass();
});

/** Between c1 and c2, wherever they are, so many bytes pass as are said to fit; a byte more ends so. */
function checkBetween(
  yaml: string,
  network: string,
  ports: readonly [string, string],
  end: string,
): number {
  const ends = new Ends(yaml);
  const fits = fitsIn(yaml, network);
  const macs = ports.map((port) => {
    const found = ends.compiled.ports.find((one) => one.port === port)?.endpoint;
    return found?.mac.value.replaceAll(':', '') ?? '';
  });
  const [from = '', to = ''] = macs;
  const pass = (bytes: number): Outcome =>
    ends.pass({
      port: ports[0],
      digits: inner({ data: 'ab'.repeat(bytes - HEADERS) }, { to, from }),
    });
  // The hosts look for each other with the first.
  for (const bytes of [100, fits]) {
    const { left } = pass(bytes);
    assert.ok(
      left.some(({ port }) => port === ports[1]),
      `${bytes} bytes arrive`,
    );
  }
  const { left, ended } = pass(fits + 1);
  assert.ok(!left.some(({ port }) => port === ports[1]));
  assert.ok(ended.includes(`dropped: ${end}`), ended.join(', '));
  return fits;
}

test('VX-16: what is said to fit is exact on an overlay over hosts whose NICs differ', (t) => {
  const yaml = (address: (number: number) => string) => `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: ["${address(1)}"], mtu: 1400 } } }
  n2: { nics: { eth1: { wire: lan, addresses: ["${address(2)}"], mtu: 1500 } } }
networks: { ov: { driver: overlay, driver_opts: { com.docker.network.driver.mtu: "${DECLARED}" } } }
services:
  c1: { networks: [ov], x-host: n1 }
  c2: { networks: [ov], x-host: n2 }
`;
  const [ports, end] = [['c1.ov', 'c2.ov'], 'vxlan-mtu'] as const;
  t.is(
    checkBetween(
      yaml((number) => `192.168.99.${number}/24`),
      'ov',
      ports,
      end,
    ),
    1350,
  );
  t.is(
    checkBetween(
      yaml((number) => `fd00::${number}/64`),
      'ov',
      ports,
      end,
    ),
    1330,
  );
});

test('VX-16: what is said to fit is exact where a router on the way has a narrower NIC', (t) => {
  const yaml = `x-wires: { near: , far: }
x-hosts:
  n1: { nics: { eth1: { wire: near, addresses: ["fd01::1/64"] } }, gateway: "fd01::9" }
  r:
    nics:
      eth0: { wire: near, addresses: ["fd01::9/64"] }
      eth1: { wire: far, addresses: ["fd02::9/64"], mtu: 1400 }
  n2: { nics: { eth1: { wire: far, addresses: ["fd02::2/64"] } }, gateway: "fd02::9" }
networks:
  one: { x-host: n1, driver_opts: { com.docker.network.driver.mtu: "${DECLARED}" }, ipam: { config: [{ subnet: 10.0.0.0/24 }] }, x-vxlan: { vx: { vni: 1, remotes: ["fd02::2"] } } }
  two: { x-host: n2, driver_opts: { com.docker.network.driver.mtu: "${DECLARED}" }, ipam: { config: [{ subnet: 10.0.0.0/24 }] }, x-vxlan: { vx: { vni: 1, remotes: ["fd01::1"] } } }
services:
  c1: { networks: { one: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { two: { ipv4_address: 10.0.0.3 } } }
`;
  t.is(checkBetween(yaml, 'one', ['c1', 'c2'], 'fragmentation-needed'), 1330);
});

test('VX-16: what is said to fit is exact in a tunnel in a tunnel', (t) => {
  const outer = (name: string, host: string, gateway: string, remote: string) =>
    `  ${name}: { x-host: ${host}, driver_opts: { com.docker.network.driver.mtu: "${DECLARED}" }, ipam: { config: [{ subnet: 10.1.0.0/24, gateway: ${gateway} }] }, x-vxlan: { vx1: { vni: 1, remotes: [${remote}] } } }\n`;
  const within = (name: string, host: string, remote: string) =>
    `  ${name}: { x-host: ${host}, driver_opts: { com.docker.network.driver.mtu: "${DECLARED}" }, ipam: { config: [{ subnet: 10.0.0.0/24 }] }, x-vxlan: { vx2: { vni: 2, remotes: [${remote}] } } }\n`;
  const yaml = `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24] } } }
  n2: { nics: { eth1: { wire: lan, addresses: [192.168.99.2/24] } } }
networks:
${outer('outer1', 'n1', '10.1.0.1', '192.168.99.2')}${outer('outer2', 'n2', '10.1.0.2', '192.168.99.1')}${within('inner1', 'n1', '10.1.0.2')}${within('inner2', 'n2', '10.1.0.1')}services:
  c1: { networks: { inner1: { ipv4_address: 10.0.0.2 } } }
  c2: { networks: { inner2: { ipv4_address: 10.0.0.3 } } }
`;
  t.is(checkBetween(yaml, 'inner1', ['c1', 'c2'], 'vxlan-mtu'), 1400);
});
