/** Topologies with overlays, and what their models say of them. */
import type { Lab } from '../../control/model/lab.js';
import { parseLab } from '../../control/model/load.js';
import type { Network } from '../../control/model/network.js';
import type { Vtep } from '../../control/model/vtep.js';

export const lab = (text: string): Lab => parseLab(text, 'lab.yaml');
export const HOSTS = `x-wires: { lan: }
x-hosts:
  n1: { nics: { eth1: { wire: lan, addresses: [192.168.99.1/24] } } }
  n2: { nics: { eth1: { wire: lan, addresses: ["fd00:99::2/64", 192.168.99.2/24] } } }
  n3: { nics: { eth0: , eth1: { wire: lan, addresses: [192.168.99.3/24] } } }
`;
export const VNIS = 'com.docker.network.driver.overlay.vxlanid_list';
export const on = (host: string, networks: string, more = '') =>
  `{ x-host: ${host}, networks: ${networks}${more} }`;

export const partsOf = ({ networks }: Lab, key: string): Network[] =>
  networks.filter((network) => network.key === key);
export const vtepOf = (found: Lab, host: string, key = 'ov'): Vtep => {
  const part = partsOf(found, key).find((network) => network.host === `${key}@${host}`);
  const [vtep] = part?.vteps ?? [];
  if (vtep === undefined) throw new Error(`no ${key} on ${host}`);
  return vtep;
};
export const stationsOf = (vtep: Vtep) =>
  vtep.vnis.flatMap(({ stations }) =>
    stations.map(({ remote, addresses }) => `${addresses.join(' ')} ${remote}`),
  );
export const addressesOf = ({ sandboxes }: Lab) =>
  sandboxes.map(({ endpoints }) => endpoints.map(({ ipv4 }) => ipv4?.value ?? '').join(' '));

export const MESH = `${HOSTS}networks: { ov: { driver: overlay } }
services:
  c1: ${on('n1', '[ov]')}
  c2: ${on('n2', '[ov]')}
  c3: ${on('n3', '[ov]')}
  c4: ${on('n1', '[ov]')}
`;

/** What is the same of most VXLAN ports, where nothing is said. */
export const USUAL = {
  family: 4,
  udpPort: { value: 4789 },
  ttl: { value: 64 },
  tos: { value: 0 },
  ecn: { value: 'inherit' },
  df: { value: 'unset' },
  checksum: { value: 'zero' },
  acceptZeroChecksum: { value: false },
  learning: { value: true },
  gbp: { value: false },
  ageing_s: { value: 300 },
  stationsMax: { value: 8192 },
} as const;
