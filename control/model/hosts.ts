import {
  contains,
  isIndividual,
  macOfName,
  parseAddress,
  parseBlock,
  parseMac,
} from '../address.js';
import type { Host, Nic, Wire } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { HostShape, NicShape, TopologyShape } from './schema.js';
import { entries, items, present, type Entry, type Written } from './written.js';

/** The machine that is meant when `x-hosts` is not written. */
const ONLY_HOST: Host = { name: 'host', nics: [] };
const INTERFACE_NAME_MAX = 15;

/** `x-hosts` and `x-wires`: the emulated machines and the segments between them. */
export function readHosts(
  root: Written<TopologyShape>,
  findings: Findings,
): { hosts: Host[]; wires: Wire[] } {
  const wires = entries(root.get('x-wires')).map(({ key, keyAt }) => ({ name: key, at: keyAt }));
  const wireNames = wires.map(({ name }) => name);
  const hosts = entries(root.get('x-hosts')).map(({ key, keyAt, written }): Host => {
    const host = present(written);
    if (host === undefined) return { name: key, at: keyAt, nics: [] };
    const nics = entries(host.get('nics')).map((nic) => readNic(key, nic, wireNames, findings));
    checkRoutes(host, nics, findings);
    return { name: key, at: keyAt, nics };
  });
  if (hosts.some(({ nics }) => nics.length > 0) || wires.length > 0) {
    findings.note('x-hosts and x-wires are understood, but no frame crosses a wire yet');
  }
  return { hosts: hosts.length > 0 ? hosts : [ONLY_HOST], wires };
}

/** The names of the NICs of a host, or undefined where it does not say which it has. */
export function nicNames({ nics }: Host): string[] | undefined {
  return nics.length === 0 ? undefined : nics.map(({ name }) => name);
}

function readNic(
  host: string,
  { key, keyAt, written }: Entry<NicShape>,
  wires: readonly string[],
  findings: Findings,
): Nic {
  if (!isInterfaceName(key)) {
    findings.refuse(keyAt, `"${key}" is not a name for an interface`, INTERFACE_NAME_FIX);
  }
  const wire = written.get('wire');
  if (wire !== undefined && !wires.includes(wire.value)) {
    const what = `there is no wire "${wire.value}"${didYouMean(wire.value, wires)}`;
    findings.refuse(wire.at, what, `declare it: x-wires: { ${wire.value}: {} }`);
  }
  const mtu = written.get('mtu');
  if (
    mtu !== undefined &&
    !(Number.isInteger(mtu.value) && mtu.value >= 68 && mtu.value <= 65_535)
  ) {
    findings.refuse(mtu.at, `an MTU of ${mtu.value} bytes is impossible`, 'write 68 to 65535');
  }
  return {
    name: key,
    at: keyAt,
    wire: wire?.value ?? '',
    mac: checkMac(written.get('mac'), findings) ?? macOfName(`${host} ${key}`),
    addresses: items(written.get('addresses')).flatMap((address) => {
      if (parseBlock(address.value) !== undefined) return [address.value];
      const what = `invalid CIDR address: ${address.value}`;
      findings.refuse(address.at, what, 'write address and prefix length: 192.168.99.1/24');
      return [];
    }),
    mtu: mtu?.value ?? 1500,
  };
}

/** Narrower than the kernel, which would take a `%d` for a number to choose, and wider than anybody needs. */
export function isInterfaceName(name: string): boolean {
  return name.length <= INTERFACE_NAME_MAX && /^[\w.@+~-]+$/.test(name) && !/^\.{1,2}$/.test(name);
}

export const INTERFACE_NAME_FIX = `write at most ${INTERFACE_NAME_MAX} letters, digits, ".", "_" and "-"`;

/** A MAC a station can have, in canonical form; undefined where there is none or after refusing it. */
export function checkMac(mac: Written<string> | undefined, findings: Findings): string | undefined {
  if (mac === undefined) return undefined;
  const canonical = parseMac(mac.value);
  if (canonical !== undefined && isIndividual(canonical)) return canonical;
  if (canonical === undefined) {
    const fix = 'write six bytes: "02:42:ac:12:00:02"';
    findings.refuse(mac.at, `${mac.value} is not a valid mac address`, fix, 'P45');
  } else {
    const what = `${mac.value} cannot be the address of one station`;
    findings.refuse(mac.at, what, 'choose one whose first byte is even, and not all zeros');
  }
  return undefined;
}

function checkRoutes(host: Written<HostShape>, nics: readonly Nic[], findings: Findings): void {
  const subnets = nics.flatMap(({ addresses }) =>
    addresses.flatMap((text) => parseBlock(text) ?? []),
  );
  const checkVia = (via: Written<string> | undefined): void => {
    const address = via === undefined ? undefined : parseAddress(via.value);
    if (via === undefined) return;
    if (address === undefined) {
      findings.refuse(via.at, `${via.value} is not an ip address`, 'write the address of a router');
    } else if (!subnets.some(({ block }) => contains(block, address))) {
      const fix = 'a router has to be in the subnet of one of the addresses of the NICs';
      findings.refuse(via.at, `${via.value} is not on a subnet of this host`, fix);
    }
  };
  checkVia(host.get('gateway'));
  for (const route of items(host.get('routes'))) {
    checkVia(route.get('via'));
    const to = route.get('to');
    if (to !== undefined && to.value !== 'default' && parseBlock(to.value) === undefined) {
      const what = `invalid CIDR address: ${to.value}`;
      findings.refuse(to.at, what, 'write a subnet, such as 10.1.0.0/16, or "default"');
    }
    const dev = route.get('dev');
    const names = nics.map(({ name }) => name);
    if (dev !== undefined && !names.includes(dev.value)) {
      const what = `there is no NIC "${dev.value}"${didYouMean(dev.value, names)}`;
      findings.refuse(dev.at, what, 'name a NIC of this host');
    }
  }
}
