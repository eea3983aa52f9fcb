import test from 'ava';
import { mistakesOf, testCases } from './expect-mistakes.js';

/** Two hosts with two NICs each, on the wires lan and back. */
const hosts = ['1', '2'].map((n) => {
  const eth0 = `eth0: { wire: lan, addresses: [192.168.99.${n}/24] }`;
  return `  n${n}: { nics: { ${eth0}, eth1: { wire: back } } }`;
});
const HOSTS = ['x-wires: { lan: , back: }', 'x-hosts:', ...hosts].join('\n');

const lab = (one: string, other: string): string =>
  `${HOSTS}\nnetworks:\n  blue: { x-host: n1, ${one} }\n  red: { x-host: n2, ${other} }\n`;
const to = (n: number): string => `remotes: [192.168.99.${n}]`;
const loopAt = (port: string, network: string): string =>
  `frames that enter ${port} come back to network ${network} by another way: bridges and tunnels form a loop`;

testCases([
  [
    'two tunnels side by side',
    lab(
      `x-vxlan: { v1: { vni: 1, ${to(2)} }, v2: { vni: 2, ${to(2)} } }`,
      `x-vxlan: { v1: { vni: 1, ${to(1)} }, ▸v2: { vni: 2, ${to(1)} } }`,
    ),
    loopAt('red.v2', 'red'),
  ],
  [
    'a tunnel beside a wire',
    lab(
      `x-bridge: { uplink: eth1 }, x-vxlan: { v1: { vni: 1, ${to(2)} } }`,
      `x-bridge: { uplink: eth1 }, x-vxlan: { ▸v1: { vni: 1, learning: false } }`,
    ),
    loopAt('red.v1', 'red'),
  ],
  [
    'a group beside a wire',
    lab(
      'x-bridge: { uplink: eth1 }, x-vxlan: { v1: { vni: 1, group: 239.1.1.1, dev: eth0 } }',
      'x-bridge: { uplink: eth1 }, x-vxlan: { ▸v1: { vni: 1, group: 239.1.1.1, dev: eth0 } }',
    ),
    loopAt('red.v1', 'red'),
  ],
  [
    'a VLAN that crosses in the tunnel and on the wire',
    lab(
      `x-bridge: { vlan_filtering: true, uplink: eth1 }, x-vxlan: { v1: { vlans: { 10: 1 }, ${to(2)} } }`,
      `x-bridge: { uplink: eth1.10 }, x-vxlan: { ▸v1: { vni: 1, ${to(1)} } }`,
    ),
    loopAt('red.v1', 'red'),
  ],
]);

const FINE: readonly (readonly [title: string, one: string, other: string])[] = [
  [
    'a tunnel and a wire that carry other VLANs',
    `x-bridge: { vlan_filtering: true, uplink: { nic: eth1, trunks: [20] } }, x-vxlan: { v1: { vlans: { 10: 1 }, ${to(2)} } }`,
    `x-bridge: { vlan_filtering: true, uplink: { nic: eth1, trunks: [20] } }, x-vxlan: { v1: { vlans: { 10: 1 }, ${to(1)} } }`,
  ],
  [
    'tunnels of two VLANs side by side',
    `x-bridge: { vlan_filtering: true }, x-vxlan: { v1: { vlans: { 10: 1, 20: 2 }, ${to(2)} } }`,
    `x-bridge: { vlan_filtering: true }, x-vxlan: { v1: { vlans: { 10: 1, 20: 2 }, ${to(1)} } }`,
  ],
  [
    'tunnels with one VNI that do not know of each other',
    'x-bridge: { uplink: eth1 }, x-vxlan: { v1: { vni: 1, remotes: [10.0.0.7] } }',
    'x-bridge: { uplink: eth1 }, x-vxlan: { v1: { vni: 1, remotes: [10.0.0.8] } }',
  ],
  [
    'one tunnel, whose other end has none of ours',
    `x-bridge: { uplink: eth1 }, x-vxlan: { v1: { vni: 1, ${to(2)} } }`,
    'x-bridge: { uplink: eth1 }',
  ],
];

for (const [title, one, other] of FINE)
  test(`${title} form no loop`, (t) => {
    t.deepEqual(mistakesOf(lab(one, other)), []);
  });
