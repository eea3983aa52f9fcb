/** Labs of layer 2 from a few words. */
import type { Compiled } from '../../control/compile/compile.js';
import { labOf } from '../dataplane/lab.js';

/** What is around the children. */
export interface Surroundings {
  /** `eth0` (default), `eth0.50`, or `none`: a dummy. */
  readonly parent?: string;
  /** Further lines of the NIC, as `mtu: 9000`. */
  readonly nic?: string;
  /** Lines of the host, as `gateway: 192.168.0.254`. */
  readonly host?: string;
  /** Further networks and services, YAML to be put below the others. */
  readonly networks?: readonly string[];
  readonly services?: readonly string[];
}

/** The host h1: its NIC eth0 leads out of the topology and has MAC 02:00:00:00:01:00 and the address 192.168.0.1. */
function yamlOf(
  networks: readonly string[],
  services: readonly string[],
  more: Surroundings,
): string {
  const nic = `mac: "02:00:00:00:01:00", addresses: [192.168.0.1/24, "fd00:c0a8::1/64"], ${more.nic ?? ''}`;
  return [
    `x-hosts: { h1: { nics: { eth0: { ${nic} } }, ${more.host ?? ''} } }`,
    'networks:',
    ...[...networks, ...(more.networks ?? [])].map((line) => `  ${line}`),
    'services:',
    ...[...services, ...(more.services ?? [])].map((line) => `  ${line}`),
  ].join('\n');
}

/**
 * A parent with macvlan networks in these modes, and the children of each: `{ bridge: 'c1 c2', source: 's1+A+nodst' }`. A child in source
 * mode is followed by the stations it listens to. The first child has the address 10.1.0.10, the first of the second network 10.2.0.10, ...
 */
export function macvlan(
  children: Readonly<Record<string, string>>,
  more: Surroundings = {},
): Compiled {
  const modes = Object.entries(children);
  const networks = modes.map(([mode], n) => {
    const { parent = 'eth0' } = more;
    const options = `macvlan_mode: ${mode.replace(/\d+$/, '')}${parent === 'none' ? '' : `, parent: ${parent}`}`;
    const subnet = `10.${n + 1}.0.0/24`;
    return `net-${mode}: { driver: macvlan, driver_opts: { ${options} }, ipam: { config: [{ subnet: ${subnet} }] } }`;
  });
  const services = modes.flatMap(([mode, names], n) =>
    names.split(' ').map((word, c) => {
      const [name = '', ...heard] = word.split('+');
      const sources = heard.filter((one) => one !== 'nodst').map(macOfStation);
      const port =
        heard.length === 0
          ? ''
          : `, x-port: { sources: [${sources.join(', ')}], nodst: ${heard.includes('nodst')} }`;
      return `${name}: { image: x, networks: { net-${mode}: { ipv4_address: 10.${n + 1}.0.${10 + c}${port} } } }`;
    }),
  );
  return labOf(yamlOf(networks, services, more));
}

/** `A` is a station; anything else a container, by the number of its subnet and itself: `1.10` has 10.1.0.10. */
function macOfStation(name: string): string {
  if (/^[A-Z]$/.test(name)) return `"02:00:00:00:00:${name.charCodeAt(0).toString(16)}"`;
  const [subnet, last] = name.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return `"02:42:0a:${subnet}:00:${last}"`;
}

/** A parent with one ipvlan network of two children, c1 with 10.1.0.10 and fd00:1::10, c2 with 10.1.0.11 and fd00:1::11. */
export function ipvlan(mode: string, flag = 'bridge', more: Surroundings = {}): Compiled {
  const { parent = 'eth0' } = more;
  const options = `ipvlan_mode: ${mode}, ipvlan_flag: ${flag}${parent === 'none' ? '' : `, parent: ${parent}`}`;
  const config = '[{ subnet: 10.1.0.0/24 }, { subnet: "fd00:1::/64" }]';
  const network = `net: { driver: ipvlan, enable_ipv6: true, driver_opts: { ${options} }, ipam: { config: ${config} } }`;
  const services = ['c1', 'c2'].map((name, n) => {
    const addresses = `ipv4_address: 10.1.0.${10 + n}, ipv6_address: "fd00:1::${10 + n}"`;
    return `${name}: { image: x, networks: { net: { ${addresses} } } }`;
  });
  return labOf(yamlOf([network], services, more));
}

/** Something that goes nowhere, for stories in which only time passes: what `idle` sends ends as no-wire. */
export const IDLE: Pick<Surroundings, 'networks' | 'services'> = {
  networks: ['nowhere: { driver: macvlan, ipam: { config: [{ subnet: 10.99.0.0/24 }] } }'],
  services: ['idle: { image: x, networks: [nowhere] }'],
};

/** A bridge that filters VLANs; the keys of `x-port` of each port: `{ c1: 'tag: 10', t1: '' }`. */
export function vlanBridge(ports: Readonly<Record<string, string>>, bridge = ''): Compiled {
  const services = Object.entries(ports).map(
    ([name, port]) => `${name}: { image: x, networks: [net], x-port: { ${port} } }`,
  );
  const network = `net: { x-bridge: { vlan_filtering: true, ${bridge} } }`;
  return labOf(yamlOf([network], services, {}));
}

/** Two access ports of VLAN 10, one of VLAN 20, a trunk of all, a trunk of 10 and 30. */
export const office = vlanBridge({
  a1: 'tag: 10',
  a2: 'tag: 10',
  x1: 'tag: 20',
  t1: 'vlan_mode: trunk',
  t2: 'trunks: [10, 30]',
});
