/** What the tests of VXLAN have at hand: a host with a tunnel end of ours, a tunnel end of the kernel, and what passes between them. */
import type { ExecutionContext } from 'ava';
import { ipBatch } from '../../control/sandbox/ip.js';
import { loadNative } from '../../native-bindings/load.js';
import { PING, reach, station, talk } from './edge.js';
import { ip, runProgram } from './live.js';
import type { TestLab } from './live.js';

export const INNER_MTU = 1450;
/** Of the kernel's end. */
export const KERNEL_MAC = '02:00:0a:00:2a:15';
export const LEARNING = 'remotes: [192.168.99.2], local: 192.168.99.1';
/** How an interface is opened. What is sent through libpcap leaves nothing to a card, and its receiver looks at every checksum. */
export const DRIVERS = loadNative().hasCapture ? ['packet', 'capture'] : ['packet'];

/** What there is besides, a line of YAML each. */
interface Besides {
  readonly host?: string;
  readonly network?: string;
  readonly service?: string;
}

/** A host `node`, whose NIC is on the wire `lan`, with two containers on a bridge that has a tunnel end. `uplink`: a port of that wire. */
export function topology(
  uplink: string,
  vxlan: string,
  mtu = INNER_MTU,
  { host = '', network = '', service = '' }: Besides = {},
): string {
  return `x-wires: { lan: { ports: { ${uplink} } } }
x-hosts:
  node: { nics: { eth0: { wire: lan, addresses: [192.168.99.1/24, "fd00:99::1/64"] } } }
  ${host}
networks:
  blue:
    x-host: node
    enable_ipv6: true
    driver_opts: { com.docker.network.driver.mtu: ${mtu} }
    ipam: { config: [ { subnet: 10.0.42.0/24 }, { subnet: "fd00:42::/64" } ] }
    x-vxlan: { vxlan42: { vni: 42, ${vxlan} } }
  ${network}
services:
  c1: { x-host: node, networks: { blue: { ipv4_address: 10.0.42.11, ipv6_address: "fd00:42::11" } } }
  c2: { x-host: node, networks: { blue: { ipv4_address: 10.0.42.12, ipv6_address: "fd00:42::12" } } }
  ${service}
`;
}

/** The kernel's end of VNI 42, in a namespace, with 10.0.42.21 and fd00:42::21. `entries` of its table: as behind `bridge fdb append`. */
export async function kernelEnd(
  namespace: string,
  device: string,
  { mtu = INNER_MTU, entries = [] as readonly string[] } = {},
): Promise<void> {
  await ipBatch(namespace, [
    `link add vxlan42 address ${KERNEL_MAC} type vxlan id 42 dstport 4789 ${device}`,
    `link set vxlan42 mtu ${mtu}`,
    'addr add 10.0.42.21/24 dev vxlan42',
    'addr add fd00:42::21/64 dev vxlan42 nodad',
    'link set vxlan42 up',
  ]);
  for (const entry of entries)
    await runProgram('bridge', '-n', namespace, 'fdb', 'append', ...entry.split(' '));
}

/** A machine of this kernel with 192.168.99.2 and fd00:99::2; `uplink` leads to it. */
export async function machine(
  t: ExecutionContext,
  lab: TestLab,
  driver = 'packet',
): Promise<{ uplink: string; far: string }> {
  const { near, far } = await station(t, lab, '192.168.99.2/24');
  await ipBatch(far, ['addr add fd00:99::2/64 dev eth0 nodad']);
  return { uplink: `uplink: { interface: ${near}, driver: ${driver} }`, far };
}

/** Everything that passes between two ends of VNI 42, both ways and in both families. */
export async function converse(
  t: ExecutionContext,
  lab: TestLab,
  far: string,
  mtu = INNER_MTU,
): Promise<void> {
  const kernel = `/run/netns/${far}`;
  await reach(t, lab, ['c1 > 10.0.42.21', 'c2 > fd00:42::21', 'c1 > 10.0.42.12']);
  for (const address of ['10.0.42.11', 'fd00:42::12'])
    t.regex(await ip('netns', 'exec', far, ...PING, address), / ttl=64 .* 0% packet loss/s);
  const pairs = [
    `c1 10.0.42.11 - ${kernel} 10.0.42.21`,
    `${kernel} 10.0.42.21 - c2 10.0.42.12`,
    `c1 fd00:42::11 - ${kernel} fd00:42::21`,
    `${kernel} fd00:42::21 - c2 fd00:42::12`,
  ];
  await talk(t, lab, pairs, mtu);
}
