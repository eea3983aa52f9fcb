import test from 'ava';

import { digestOf } from '../../control/address.js';
import { compile } from '../../control/compile/compile.js';
import { describeLab } from '../../control/describe.js';
import { parseLab } from '../../control/model/load.js';
import type { PublishedPort } from '../../control/model/sandbox.js';
import { planLab } from '../../control/sandbox/plan.js';
import { GatewayMode, HostFlag, NetworkFlag, NONE } from '../../dataplane/program/layout.js';
import { NatFlag, NatKind } from '../../dataplane/program/nat-layout.js';
import { network, service, testCases } from './expect-mistakes.js';

const BRIDGE = 'com.docker.network.bridge';
const V4 = 'subnet: 10.1.0.0/24';
const V6 = 'subnet: "fd00:1::/64"';

/** A bridge network of both families, told this. */
const bridge = (options = '', more = '') =>
  `{ enable_ipv6: true, driver_opts: { ${options} }, ipam: { config: [ { ${V4} }, { ${V6} } ] }, ${more} }`;
const labOf = (settings: string, ports: string) =>
  parseLab(
    `networks: { a: ${settings} }\nservices: { web: { networks: [a], ports: ${ports} } }\n`,
    'lab.yaml',
  );
const plain = (port: PublishedPort): string => {
  const { protocol, hostAddress, hostPort, containerAddress, containerPort, network: name } = port;
  return `${hostAddress} ${hostPort}/${protocol} ${containerAddress} ${containerPort} ${name}`;
};
const publishedBy = (text: string): string[][] =>
  parseLab(text, 'lab.yaml').sandboxes.map(({ published = [] }) => published.map(plain));

test('a bridge keeps what it is told about the world beyond its host, with the places', (t) => {
  const options = [
    `${BRIDGE}.enable_ip_masquerade: "false"`,
    `${BRIDGE}.gateway_mode_ipv4: routed`,
    `${BRIDGE}.gateway_mode_ipv6: nat-unprotected`,
    `${BRIDGE}.host_binding_ipv4: 127.0.0.1`,
  ];
  const text = `networks:\n  a:\n    driver_opts:\n      ${options.join('\n      ')}\n`;
  const options_ = parseLab(text, 'lab.yaml').networks[0]?.bridge;
  t.deepEqual(options_?.masquerade, { value: false, at: { line: 4, column: 55 } });
  t.deepEqual(options_?.gatewayModeIpv4, { value: 'routed', at: { line: 5, column: 52 } });
  t.deepEqual(options_?.gatewayModeIpv6, {
    value: 'nat-unprotected',
    at: { line: 6, column: 52 },
  });
  t.deepEqual(options_?.hostBindingIpv4, { value: '127.0.0.1', at: { line: 7, column: 52 } });
});

test('the modes and the masquerade of a network are in its row', (t) => {
  const options = `${BRIDGE}.gateway_mode_ipv4: routed, ${BRIDGE}.gateway_mode_ipv6: nat-unprotected`;
  const text = `networks:
  a: ${bridge(options)}
  b: { driver_opts: { ${BRIDGE}.enable_ip_masquerade: "false" } }
  c: { internal: true, driver_opts: { ${BRIDGE}.gateway_mode_ipv4: isolated } }
`;
  const { networks } = compile(parseLab(text, 'lab.yaml')).program;
  t.deepEqual(Array.from(networks.gatewayModeIpv4), [
    GatewayMode.Routed,
    GatewayMode.Nat,
    GatewayMode.Isolated,
  ]);
  t.deepEqual(Array.from(networks.gatewayModeIpv6), [
    GatewayMode.NatUnprotected,
    GatewayMode.Nat,
    GatewayMode.Nat,
  ]);
  t.deepEqual(Array.from(networks.flags), [
    NetworkFlag.Masquerade,
    0,
    NetworkFlag.Internal | NetworkFlag.Masquerade,
  ]);
});

test('a host has no address on a bridge in mode isolated, and its containers no default route', (t) => {
  const isolated = `${BRIDGE}.gateway_mode_ipv4: isolated, ${BRIDGE}.gateway_mode_ipv6: isolated`;
  const text = `networks: { a: ${bridge(isolated, 'internal: true')} }\nservices: { c1: { networks: [a] } }`;
  const lab = parseLab(text, 'lab.yaml');
  t.deepEqual(
    lab.networks[0]?.pools.map(({ gateway }) => gateway),
    [undefined, undefined],
  );
  t.deepEqual(
    lab.networks[0]?.endpoints.map(({ ipv4, ipv6 }) => [ipv4?.value, ipv6?.value]),
    [['10.1.0.1', 'fd00:1::1']],
  );
  const compiled = compile(lab);
  t.is(compiled.addresses.length, 0);
  t.is(compiled.routes.length, 0);
  t.deepEqual(planLab(compiled).sandboxes[0]?.routes, []);
});

test('a gateway that is written in mode isolated is nobody, and no container gets its address', (t) => {
  const text = `networks:
  a: { internal: true, driver_opts: { ${BRIDGE}.gateway_mode_ipv4: isolated }, ipam: { config: [ { ${V4}, gateway: 10.1.0.1 } ] } }
services: { c1: { networks: [a] } }`;
  const [a] = parseLab(text, 'lab.yaml').networks;
  t.is(a?.pools[0]?.gateway, undefined);
  t.is(a?.endpoints[0]?.ipv4?.value, '10.1.0.2');
});

test('without an address of the host a port is published in both families, with one in its own', (t) => {
  const lab = labOf(bridge(), '["8080:80", "127.0.0.1:81:81/udp", "[::1]:82:82"]');
  t.deepEqual(lab.sandboxes[0]?.published?.map(plain), [
    '0.0.0.0 8080/tcp 10.1.0.2 80 a',
    ':: 8080/tcp fd00:1::2 80 a',
    '127.0.0.1 81/udp 10.1.0.2 81 a',
    '::1 82/tcp fd00:1::2 82 a',
  ]);
  t.deepEqual(lab.sandboxes[0]?.published?.[2]?.at, { line: 2, column: 54 });
  t.deepEqual(lab.notes, []);
});

test('the long form, ranges, and ports as numbers', (t) => {
  const ports =
    '[ { target: 80, published: "8080", host_ip: 127.0.0.1, mode: ingress, protocol: udp }, { target: 81, mode: host }, "90-91:70-71", "100-102:5", 82 ]';
  t.deepEqual(publishedBy(`services: { web: { ports: ${ports} } }`), [
    [
      '127.0.0.1 8080/udp 172.18.0.2 80 default',
      '0.0.0.0 32768/tcp 172.18.0.2 81 default',
      '0.0.0.0 90/tcp 172.18.0.2 70 default',
      '0.0.0.0 91/tcp 172.18.0.2 71 default',
      '0.0.0.0 100/tcp 172.18.0.2 5 default',
      '0.0.0.0 32769/tcp 172.18.0.2 82 default',
    ],
  ]);
});

test('X-07: Docker chooses from 32768 up, for each protocol and host, and leaves out what is written anywhere', (t) => {
  const text = `x-hosts: { h1: , h2: }
services:
  c1: { x-host: h1, ports: ["80-81", "80/udp", "0:90"] }
  c2: { x-host: h1, ports: ["32769:80", "127.0.0.1:32771:80", "70"] }
  c3: { x-host: h2, ports: ["80"] }
`;
  t.deepEqual(
    publishedBy(text).map((ports) => ports.map((port) => port.split(' ')[1])),
    [
      ['32768/tcp', '32770/tcp', '32768/udp', '32772/tcp'],
      ['32769/tcp', '32771/tcp', '32773/tcp'],
      ['32768/tcp'],
    ],
  );
});

test('X-08: a range for one port means the first that is free', (t) => {
  const text = 'services: { c1: { ports: ["8000-8002:80", "8000-8002:81"] } }';
  t.deepEqual(publishedBy(text), [
    ['0.0.0.0 8000/tcp 172.18.0.2 80 default', '0.0.0.0 8001/tcp 172.18.0.2 81 default'],
  ]);
});

test('host_binding_ipv4 is the address of the host for ports that name none, and of its family only', (t) => {
  const lab = labOf(bridge(`${BRIDGE}.host_binding_ipv4: 127.0.0.1`), '["80:80", "0.0.0.0:81:81"]');
  t.deepEqual(lab.sandboxes[0]?.published?.map(plain), [
    '127.0.0.1 80/tcp 10.1.0.2 80 a',
    '0.0.0.0 81/tcp 10.1.0.2 81 a',
  ]);
});

test('E-05: ports are published through the bridge that comes first for the default route, in each family', (t) => {
  const text = `networks:
  b: ${bridge()}
  a: { ipam: { config: [ { subnet: 10.2.0.0/24 } ] } }
  in: { internal: true }
  m: { driver: macvlan, driver_opts: { parent: eth0 } }
services:
  c1: { networks: [b, a, in], ports: ["80:80"] }
  c2: { networks: { a: , b: { gw_priority: 1 } }, ports: ["81:80"] }
  c3: { networks: { in: , m: { gw_priority: 2 }, a: }, ports: ["82:80"] }
`;
  t.deepEqual(publishedBy(text), [
    ['0.0.0.0 80/tcp 10.2.0.2 80 a', ':: 80/tcp fd00:1::2 80 b'],
    ['0.0.0.0 81/tcp 10.1.0.3 80 b', ':: 81/tcp fd00:1::3 80 b'],
    ['0.0.0.0 82/tcp 10.2.0.4 80 a'],
  ]);
});

test('B-27: what no bridge leads to is not published, and that is noted', (t) => {
  const text = `networks:
  in: { internal: true }
  m: { driver: macvlan, driver_opts: { parent: eth0 } }
services:
  c1: { networks: [in], ports: ["80:80"] }
  c2: { networks: [m], ports: ["80:80"] }
  c3: { ports: ["[::1]:80:80"] }
  c4: { ports: ["80:80"] }
`;
  const lab = parseLab(text, 'lab.yaml');
  t.deepEqual(
    lab.sandboxes.map(({ published }) => published?.length),
    [undefined, undefined, undefined, 1],
  );
  t.deepEqual(lab.notes, [
    'service c1: no port of an internal network is published',
    'service c2: ports are published from bridges only',
    'service c3: nothing is published on ::1, an address of a family that it does not have',
  ]);
});

test('each published port is a rule of its host, with its place', (t) => {
  const text = `x-hosts: { h0: , h1: { nics: { eth0: { addresses: [192.0.2.1/24] } } } }
networks:
  z: { x-host: h1 }
  a: { ${bridge().slice(1, -1)} x-host: h1 }
services: { web: { networks: [a], ports: ["8080:80", "192.0.2.1:53:5353/udp"] } }
`;
  const { natRules, program } = compile(parseLab(text, 'lab.yaml'));
  t.deepEqual(
    natRules.map((rule) => rule.text),
    [
      'web: 8080/tcp of 0.0.0.0 → 10.1.0.2:80',
      'web: 8080/tcp of :: → [fd00:1::2]:80',
      'web: 53/udp of 192.0.2.1 → 10.1.0.2:5353',
    ],
  );
  const table = program.natRules;
  t.is(table.rows, 3);
  t.deepEqual(Array.from(table.kind), [NatKind.Published, NatKind.Published, NatKind.Published]);
  t.deepEqual(Array.from(table.host), [1, 1, 1]);
  t.deepEqual(Array.from(table.network), [1, 1, 1]);
  t.deepEqual(Array.from(table.iface), [NONE, NONE, NONE]);
  t.deepEqual(Array.from(table.flags), [NatFlag.AnyLocal, NatFlag.AnyLocal, 0]);
  t.deepEqual(Array.from(table.family), [4, 6, 4]);
  t.deepEqual(Array.from(table.protocol), [6, 6, 17]);
  t.deepEqual(Array.from(table.match3), [0, 0, 0xc000_0201]);
  t.deepEqual(Array.from(table.matchPrefix), [96, 0, 128]);
  t.deepEqual(Array.from(table.portFirst), [8080, 8080, 53]);
  t.deepEqual(Array.from(table.portLast), [8080, 8080, 53]);
  t.deepEqual(Array.from(table.to0), [0, 0xfd00_0001, 0]);
  t.deepEqual(Array.from(table.to3), [0x0a01_0002, 2, 0x0a01_0002]);
  t.deepEqual(Array.from(table.toCount), [1, 1, 1]);
  t.deepEqual(Array.from(table.toPortFirst), [80, 80, 5353]);
  t.deepEqual(Array.from(table.toPortLast), [80, 80, 5353]);
  t.deepEqual(Array.from(table.originLine), [5, 5, 5]);
  t.deepEqual(Array.from(table.originColumn), [43, 43, 54]);
});

test('in mode routed the port is opened and none of the host is taken; nat-unprotected translates', (t) => {
  const options = `${BRIDGE}.gateway_mode_ipv4: routed, ${BRIDGE}.gateway_mode_ipv6: nat-unprotected`;
  const text = `networks: { a: ${bridge(options)} }
services:
  c1: { networks: [a], ports: ["127.0.0.1:80:80", "8080:80"] }
  c2: { networks: [a], ports: ["127.0.0.1:80:80"] }
`;
  t.deepEqual(publishedBy(text), [
    ['0.0.0.0 0/tcp 10.1.0.2 80 a', '0.0.0.0 0/tcp 10.1.0.2 80 a', ':: 8080/tcp fd00:1::2 80 a'],
    ['0.0.0.0 0/tcp 10.1.0.3 80 a'],
  ]);
  const { natRules } = compile(parseLab(text, 'lab.yaml')).program;
  const routed = NatFlag.AnyLocal | NatFlag.Routed;
  t.deepEqual(Array.from(natRules.flags), [routed, routed, NatFlag.AnyLocal, routed]);
  t.deepEqual(Array.from(natRules.portLast), [0, 0, 8080, 0]);
  t.deepEqual(Array.from(natRules.toPortFirst), [80, 80, 80, 80]);
});

test('Docker is on every host that one of its drivers has a network on', (t) => {
  const text = `x-hosts: { h0: { forward: false, send_redirects: false }, h1: , h2: , h3: , h4: { nics: { eth0: } } }
networks:
  b: { x-host: h1 }
  h: { external: true, name: host, x-host: h2 }
  m: { driver: macvlan, x-host: h3 }
  i: { driver: ipvlan, driver_opts: { parent: eth0 }, x-host: h4 }
`;
  const { hosts } = compile(parseLab(text, 'lab.yaml')).program;
  const plain = HostFlag.Forwards | HostFlag.Redirects;
  const both = plain | HostFlag.Docker;
  t.deepEqual(Array.from(hosts.flags), [0, both, plain, both, both]);
});

test('describeLab says what is published, and how a network meets the world', (t) => {
  const options = [
    `${BRIDGE}.gateway_mode_ipv4: routed`,
    `${BRIDGE}.gateway_mode_ipv6: nat-unprotected`,
    `${BRIDGE}.enable_ip_masquerade: "false"`,
    `${BRIDGE}.host_binding_ipv4: "::1"`,
  ];
  const text = describeLab(labOf(bridge(options.join(', ')), '["8080:80"]'));
  const lines = text.split('\n').map((line) => line.trim());
  t.true(
    lines.includes(
      'gateway mode routed, gateway mode nat-unprotected for IPv6, no masquerade, publishes on ::1',
    ),
    text,
  );
  t.true(lines.includes('web: 8080/tcp of ::1 → [fd00:1::2]:80'), text);
  const routed = labOf(bridge(`${BRIDGE}.gateway_mode_ipv4: routed`), '["0.0.0.0:8080:80"]');
  t.true(describeLab(routed).includes('\nweb: opens 80/tcp of 10.1.0.2\n'));
  t.false(describeLab(parseLab('services: { c1: }', 'lab.yaml')).includes('gateway mode'));
});

const FAILED = `driver failed programming external connectivity on endpoint z1 (${digestOf('host z1')})`;
const NIC = 'x-hosts: { host: { nics: { eth0: { addresses: [192.0.2.1/24] } } } }\n';

testCases([
  [
    'mode isolated needs an internal network',
    network(`{ driver_opts: { ${BRIDGE}.gateway_mode_ipv4: ▸isolated } }`),
    "gateway mode 'isolated' can only be used for an internal network",
  ],
  [
    'mode isolated needs an internal network, for IPv6 too',
    network(
      `{ enable_ipv6: true, internal: false, driver_opts: { ${BRIDGE}.gateway_mode_ipv6: ▸isolated } }`,
    ),
    "gateway mode 'isolated' can only be used for an internal network",
  ],
  [
    'sctp is not translated',
    service('{ ports: [ ▸"80-81:81-82/sctp", ▸{ target: 90, protocol: SCTP } ] }'),
    'port 81-82/sctp cannot be published: etherloom translates tcp and udp only',
    'port 90/sctp cannot be published: etherloom translates tcp and udp only',
  ],
  [
    'an IPv6 port that is published on all addresses',
    `networks: { a: ${bridge()} }\nservices: { z1: { networks: [a], ports: [ "80:80", ▸"[::]:80:81", ▸"[::1]:80:82" ] } }\n`,
    `${FAILED}: Bind for [::]:80 failed: port is already allocated`,
    `${FAILED}: Error starting userland proxy: listen tcp6 [::1]:80: bind: address already in use`,
  ],
  [
    'a range of ports of which one is taken',
    'services: { z1: { ports: [ "81:80", ▸"80-82:70-72" ] } }\n',
    `${FAILED}: Bind for 0.0.0.0:81 failed: port is already allocated`,
  ],
  [
    'all that Docker can choose from is taken',
    'services: { z1: { ports: [ "32768-60999:1-28232", ▸"80" ] } }\n',
    `${FAILED}: all ports are allocated`,
  ],
  [
    'a port that Docker chooses, on an address of somebody else; a gateway is one of the host',
    `${NIC}services: { z1: { ports: [ ▸"192.0.2.2::80", "172.18.0.1::80" ] } }\n`,
    `${FAILED}: Error starting userland proxy: listen tcp4 192.0.2.2:32768: bind: cannot assign requested address`,
  ],
]);
