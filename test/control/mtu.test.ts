/** `etherloom mtu`: what fits which underlay, on paper. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { parseLab } from '../../control/model/load.js';
import { mtuOf } from '../../control/mtu/mtu.js';
import type { MtuReport } from '../../control/mtu/mtu.js';

function reportOf(yaml: string): MtuReport {
  return mtuOf(parseLab(yaml, 'lab.yaml'));
}

/** A line for each network: name, host, MTU, interface, its MTU, end, overhead, what fits, verdict. */
function linesOf({ networks }: MtuReport): string[] {
  return networks.map(({ network, host, declared_bytes, underlay, verdict }) =>
    [
      `${network}@${host} ${declared_bytes}`,
      underlay === undefined
        ? 'none'
        : `${underlay.interface} ${underlay.mtu_bytes} ${underlay.to ?? '-'} ${underlay.overhead_bytes} ${underlay.fits_bytes}`,
      verdict ?? '-',
    ].join(': '),
  );
}

function told(t: ExecutionContext, yaml: string, ...lines: string[]): MtuReport {
  const report = reportOf(yaml);
  t.deepEqual(linesOf(report), lines);
  return report;
}

/** n1 and n2 on a wire, with NICs of the usual length. */
const TWO = `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24, "fd00::1/64"] } } }
  n2: { nics: { eth1: { wire: lan, addresses: [192.168.99.2/24, "fd00::2/64"] } } }
`;

function bridged(vxlan: string, mtu = 1500): string {
  return `${TWO}networks:
  blue:
    x-host: n1
    driver_opts: { com.docker.network.driver.mtu: "${mtu}" }
    x-vxlan: { vx: { ${vxlan} } }
`;
}

test('VX-16: the headers of VXLAN take 50 bytes over IPv4 and 70 over IPv6, with tags inside 4 more', (t) => {
  const rest = (to: string, overhead: number) =>
    `blue@n1 ${1500 - overhead}: n1.eth1 1500 ${to} ${overhead} ${1500 - overhead}: right`;
  const [ipv4, ipv6] = ['192.168.99.2', 'fd00::2'];
  told(t, bridged(`vni: 1, remotes: [${ipv4}]`, 1450), rest(ipv4, 50));
  told(t, bridged(`vni: 1, remotes: ["${ipv6}"]`, 1430), rest(ipv6, 70));
  told(t, bridged(`vni: 1, remotes: [${ipv4}], inner_tags: true`, 1446), rest(ipv4, 54));
  told(t, bridged(`vni: 1, remotes: ["${ipv6}"], inner_tags: true`, 1426), rest(ipv6, 74));
});

test('tags of a bridge that keeps VLANs apart do not go into a tunnel that has a VNI for each', (t) => {
  told(
    t,
    `${TWO}networks:
  blue: { x-host: n1, x-bridge: { vlan_filtering: true }, x-vxlan: { vx: { vlans: { 10: 1 }, remotes: [192.168.99.2] } } }
`,
    'blue@n1 1500: n1.eth1 1500 192.168.99.2 50 1450: too large',
  );
});

test('an MTU that is too large is a mistake, with the line that limits it and what to write', (t) => {
  const { mistakes, notes } = reportOf(bridged('vni: 1, remotes: ["fd00::2"]', 1450));
  t.deepEqual(notes, []);
  t.deepEqual(mistakes, [
    {
      at: { line: 8, column: 51 },
      what: 'network blue: its MTU is 1450, and 1430 fits: n1.eth1 (lab.yaml:3) on the way to fd00::2 takes 1500 bytes, 70 of them for headers',
      fix: 'write com.docker.network.driver.mtu: "1430"',
    },
  ]);
});

test('the MTU that nobody wrote is too large for a tunnel, and where to write one is said', (t) => {
  const { mistakes } = reportOf(
    `${TWO}networks:\n  blue: { x-host: n1, x-vxlan: { vx: { vni: 1, remotes: [192.168.99.2] } } }\n`,
  );
  t.deepEqual(
    mistakes.map(({ at, fix }) => [at.line, fix]),
    [[6, 'add com.docker.network.driver.mtu: "1450" to driver_opts']],
  );
  t.true(mistakes[0]?.what.startsWith('network blue: its MTU is 1500 by default, and 1450 fits: '));
});

test('an MTU that is smaller than it could be is a note', (t) => {
  const { mistakes, notes } = reportOf(bridged('vni: 1, remotes: [192.168.99.2]', 1400));
  t.deepEqual(mistakes, []);
  t.deepEqual(
    notes.map(({ what }) => what.split(':')[1]),
    [' its MTU is 1400, and 1450 would fit, too'],
  );
});

test('of several ends the one with the narrowest way counts, and on it the narrowest interface', (t) => {
  const yaml = `x-wires: { lan: , far: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: ["fd00::1/64"], mtu: 9000 } }, gateway: "fd00::9" }
  n2: { nics: { eth1: { wire: lan, addresses: ["fd00::2/64"], mtu: 8000 } } }
  r:
    nics:
      eth0: { wire: lan, addresses: ["fd00::9/64"], mtu: 9000 }
      eth1: { wire: far, addresses: ["fd01::9/64"], mtu: 1400 }
  n3: { nics: { eth0: { wire: far, addresses: ["fd01::3/64"] } }, gateway: "fd01::9" }
networks:
  near: { x-host: n1, x-vxlan: { vx1: { vni: 1, remotes: ["fd00::2"] } } }
  far: { x-host: n1, x-vxlan: { vx2: { vni: 2, remotes: ["fd00::2", "fd01::3"] } } }
  beyond: { x-host: n1, x-vxlan: { vx3: { vni: 3, remotes: ["fd09::1"] } } }
`;
  told(
    t,
    yaml,
    'near@n1 1500: n2.eth1 8000 fd00::2 70 7930: could be larger',
    'far@n1 1500: r.eth1 1400 fd01::3 70 1330: too large',
    'beyond@n1 1500: n1.eth1 9000 fd09::1 70 8930: could be larger',
  );
});

test('an end that knows no other speaks to those that know it; where there is no way, nothing limits', (t) => {
  told(
    t,
    `${TWO}networks:
  blue: { x-host: n1, x-vxlan: { vx: { vni: 1 } } }
  blue2: { x-host: n2, x-vxlan: { vx: { vni: 1, remotes: [192.168.99.1], local: 192.168.99.2 } } }
  alone: { x-host: n1, x-vxlan: { vx2: { vni: 2 } } }
  lost: { x-host: n1, x-vxlan: { vx3: { vni: 3, remotes: [10.1.1.1] } } }
`,
    'blue@n1 1500: n1.eth1 1500 192.168.99.2 50 1450: too large',
    'blue2@n2 1500: n2.eth1 1500 192.168.99.1 50 1450: too large',
    'alone@n1 1500: none: -',
    'lost@n1 1500: none: -',
  );
});

test('a group is as narrow as the NIC of each of its members', (t) => {
  told(
    t,
    `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24] } } }
  n2: { nics: { eth1: { wire: lan, addresses: [192.168.99.2/24], mtu: 1400 } } }
networks:
  blue: { x-host: n1, x-vxlan: { vx: { vni: 1, group: 239.1.1.1, dev: eth1 } } }
  blue2: { x-host: n2, x-vxlan: { vx: { vni: 1, group: 239.1.1.1, dev: eth1 } } }
  green: { x-host: n1, x-vxlan: { vx2: { vni: 2, group: 239.1.1.1, dev: eth1 } } }
`,
    'blue@n1 1500: n2.eth1 1400 239.1.1.1 50 1350: too large',
    'blue2@n2 1500: n2.eth1 1400 239.1.1.1 50 1350: too large',
    'green@n1 1500: n1.eth1 1500 239.1.1.1 50 1450: too large',
  );
});

test('a tunnel in a tunnel has what the network around it leaves, whatever that says of itself', (t) => {
  const yaml = (mtu: number) => `${TWO}networks:
  outer1:
    x-host: n1
    driver_opts: { com.docker.network.driver.mtu: "${mtu}" }
    ipam: { config: [{ subnet: 10.1.0.0/24, gateway: 10.1.0.1 }] }
    x-vxlan: { vx1: { vni: 1, remotes: [192.168.99.2] } }
  outer2:
    x-host: n2
    driver_opts: { com.docker.network.driver.mtu: "1450" }
    ipam: { config: [{ subnet: 10.1.0.0/24, gateway: 10.1.0.2 }] }
    x-vxlan: { vx1: { vni: 1, remotes: [192.168.99.1] } }
  inner1: { x-host: n1, x-vxlan: { vx2: { vni: 2, remotes: [10.1.0.2] } } }
`;
  const rest = 'outer2@n2 1450: n2.eth1 1500 192.168.99.1 50 1450: right';
  told(
    t,
    yaml(1400),
    'outer1@n1 1400: n1.eth1 1500 192.168.99.2 50 1450: could be larger',
    rest,
    'inner1@n1 1500: outer1 1400 10.1.0.2 50 1350: too large',
  );
  told(
    t,
    yaml(1500),
    'outer1@n1 1500: n1.eth1 1500 192.168.99.2 50 1450: too large',
    rest,
    'inner1@n1 1500: outer1 in VXLAN 1450 10.1.0.2 50 1400: too large',
  );
});

test('tunnels that lead through each other have no end, and are told all the same', (t) => {
  const { networks } = reportOf(`${TWO}networks:
  one: { x-host: n1, ipam: { config: [{ subnet: 10.1.0.0/24 }] }, x-vxlan: { vx1: { vni: 1, remotes: [10.2.0.9] } } }
  two: { x-host: n1, ipam: { config: [{ subnet: 10.2.0.0/24 }] }, x-vxlan: { vx2: { vni: 2, remotes: [10.1.0.9] } } }
`);
  t.deepEqual(
    networks.map(({ underlay }) => underlay?.fits_bytes),
    [1400, 1400],
  );
});

test('parents and uplinks carry packets as they are; what is only routed has no limit', (t) => {
  told(
    t,
    `x-wires: { lan: }
x-hosts: { h: { nics: { eth1: { wire: lan, mtu: 1400 }, eth2: { wire: lan } } } }
networks:
  mac: { driver: macvlan, driver_opts: { parent: eth1.50 } }
  ip: { driver: ipvlan, driver_opts: { parent: eth2, com.docker.network.driver.mtu: "1300" } }
  up: { x-bridge: { uplink: eth1.60 } }
  plain: {}
services: { c1: { networks: [plain] }, c2: {}, c3: { network_mode: host } }
`,
    'mac@h 1400: h.eth1.50 1400 - 0 1400: right',
    'ip@h 1300: h.eth2 1500 - 0 1500: could be larger',
    'up@h 1500: h.eth1.60 1400 - 0 1400: too large',
    'plain@h 1500: none: -',
  );
});

const overlay = (options: string, [one, other]: readonly [string, string]) => `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, ${one} } } }
  n2: { nics: { eth1: { wire: lan, ${other} } } }
networks:
  ov: { driver: overlay, driver_opts: { ${options} } }
services:
  c1: { networks: [ov], x-host: n1 }
  c2: { networks: [ov], x-host: n2 }
`;
const IPV4 = ['addresses: [192.168.99.1/24]', 'addresses: [192.168.99.2/24]'] as const;
const IPV6 = ['addresses: ["fd00::1/64"]', 'addresses: ["fd00::2/64"]'] as const;

test('an overlay fits as Docker makes it over IPv4, encrypted or not', (t) => {
  told(
    t,
    overlay('', IPV4),
    'ov@n1 1450: n1.eth1 1500 192.168.99.2 50 1450: right',
    'ov@n2 1450: n2.eth1 1500 192.168.99.1 50 1450: right',
  );
  told(
    t,
    overlay('encrypted: ""', IPV4),
    'ov@n1 1424: n1.eth1 1500 192.168.99.2 76 1424: right',
    'ov@n2 1424: n2.eth1 1500 192.168.99.1 76 1424: right',
  );
});

test('over IPv6 Docker takes too little off, and one sentence says what to write for all hosts', (t) => {
  for (const [options, overhead, fits, declared] of [
    ['', 70, 1430, 1480],
    ['encrypted: ""', 96, 1404, 1480],
  ] as const) {
    const yaml = overlay(options, IPV6);
    const { networks, mistakes } = reportOf(yaml);
    t.deepEqual(
      networks.map(({ underlay, verdict }) => [
        underlay?.overhead_bytes,
        underlay?.fits_bytes,
        verdict,
      ]),
      [
        [overhead, fits, 'too large'],
        [overhead, fits, 'too large'],
      ],
    );
    t.deepEqual(
      mistakes.map(({ at, fix }) => [at.line, fix.split(',')[0]]),
      [[6, `add com.docker.network.driver.mtu: "${declared}" to driver_opts`]],
    );
    const wanted = [options, `com.docker.network.driver.mtu: "${declared}"`].filter(Boolean);
    const right = reportOf(overlay(wanted.join(', '), IPV6));
    t.deepEqual([...right.mistakes, ...right.notes], []);
  }
});

test('an overlay over hosts whose NICs differ has the MTU of the narrowest', (t) => {
  const { notes } = told(
    t,
    overlay('com.docker.network.driver.mtu: "9000"', [
      `${IPV4[0]}, mtu: 9000`,
      `${IPV4[1]}, mtu: 1400`,
    ]),
    'ov@n1 8950: n2.eth1 1400 192.168.99.2 50 1350: too large',
    'ov@n2 8950: n2.eth1 1400 192.168.99.1 50 1350: too large',
  );
  t.deepEqual(notes, []);
});

test('an overlay on one host has no underlay', (t) => {
  told(
    t,
    'networks: { ov: { driver: overlay } }\nservices: { c1: { networks: [ov] }, c2: { networks: [ov] } }\n',
    'ov@host 1450: none: -',
  );
});

test('where headers alone fill the underlay, it is the underlay that has to change', (t) => {
  const yaml = overlay('com.docker.network.driver.mtu: "200"', [
    `${IPV6[0]}, mtu: 100`,
    `${IPV6[1]}, mtu: 100`,
  ]);
  t.deepEqual(
    reportOf(yaml).mistakes.map(({ fix }) => fix),
    ['give n1.eth1 an MTU of 138 at least'],
  );
});
