import { addressText, isIndividual, macOfName, parseBlock, parseMac } from '../address.js';
import { readDevice, readRecord } from './device.js';
import { INTERFACE_NAME_FIX, isInterfaceName, splitInterface } from './interface.js';
import type { Host, Nic, Wire } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { Value } from './position.js';
import type { NicShape, TopologyShape } from './schema.js';
import { checkPlaceName } from './wires.js';
import { entries, items, present, type Entry, type Written } from './written.js';

/** The machine that is meant when `x-hosts` is not written. */
export const ONLY_HOST: Host = {
  name: 'host',
  nics: [],
  routes: [],
  forward: { value: true },
  arpIgnore: { value: 0 },
  sendRedirects: { value: true },
  rpFilter: { value: 0 },
};
const MTU_MIN = 68;
const MTU_MAX = 65_535;
export const MTU_DEFAULT = 1500;

/** `x-hosts`: the emulated machines with the NICs they declare. Routes are read when all interfaces are known (routes.ts). */
export function readHosts(
  root: Written<TopologyShape>,
  wires: readonly Wire[],
  file: string,
  findings: Findings,
): readonly Host[] {
  const wireNames = wires.map(({ name }) => name);
  const hosts = entries(root.get('x-hosts')).map(({ key, keyAt, written }): Host => {
    checkPlaceName('host', key, keyAt, findings);
    const declared = entries(present(written)?.get('nics'));
    const nics = declared.map((nic) => readNic(key, nic, wireNames, file, findings));
    const forward = present(written)?.get('forward');
    const redirects = present(written)?.get('send_redirects');
    const rpFilter = present(written)?.get('rp_filter');
    return {
      name: key,
      at: keyAt,
      nics,
      routes: [],
      forward: forward ? { value: forward.value, at: forward.at } : ONLY_HOST.forward,
      arpIgnore: readArpIgnore(present(written)?.get('arp_ignore'), findings),
      sendRedirects: redirects
        ? { value: redirects.value, at: redirects.at }
        : ONLY_HOST.sendRedirects,
      rpFilter: rpFilter ? { value: rpFilter.value, at: rpFilter.at } : ONLY_HOST.rpFilter,
    };
  });
  return hosts.length > 0 ? hosts : [ONLY_HOST];
}

/** The values of Linux that differ here: every address has scope global, so that 3 would be as 0 (ip-sysctl, arp_ignore). */
const ARP_IGNORE = [0, 1, 2, 8];

function readArpIgnore(
  written: Written<number> | undefined,
  findings: Findings,
): Host['arpIgnore'] {
  if (written === undefined) return ONLY_HOST.arpIgnore;
  const { value, at } = written;
  if (!ARP_IGNORE.includes(value))
    findings.refuse(
      at,
      `arp_ignore ${value} is none of those that are emulated`,
      'write 0, 1, 2 or 8',
    );
  return { value, at };
}

/** The NICs a host declares, or undefined where it does not say which it has. */
export function declaredNics({ nics }: Host): readonly Nic[] | undefined {
  return nics.length === 0 ? undefined : nics;
}

/** The same hosts with a NIC for every interface that a network names on a host that declares none. */
export function withImplicitNics(
  hosts: readonly Host[],
  named: readonly { readonly host: string; readonly interfaceName: string }[],
): readonly Host[] {
  return hosts.map((host) => {
    if (host.nics.length > 0) return host;
    const here = named.filter((user) => user.host === host.name);
    const names = new Set(here.map(({ interfaceName }) => splitInterface(interfaceName).nic));
    const nics = Array.from(names, (name): Nic => {
      const mac = ownMac(host.name, name);
      return { name, mac, addresses: [], mtu: MTU_DEFAULT, device: { kind: 'nothing' } };
    });
    return { ...host, nics };
  });
}

function ownMac(host: string, nic: string): Value<string> {
  return { value: macOfName(`${host} ${nic}`) };
}

function readNic(
  host: string,
  { key, keyAt, written }: Entry<NicShape | null>,
  wires: readonly string[],
  file: string,
  findings: Findings,
): Nic {
  const settings = present(written);
  checkNicName(key, keyAt, findings);
  const wire = settings?.get('wire');
  if (wire !== undefined && !wires.includes(wire.value)) {
    const what = `there is no wire "${wire.value}"${didYouMean(wire.value, wires)}`;
    findings.refuse(wire.at, what, `declare it: x-wires: { ${wire.value}: {} }`);
  }
  const mtu = settings?.get('mtu');
  if (mtu !== undefined && !isMtu(mtu.value)) {
    const fix = `write ${MTU_MIN} to ${MTU_MAX}`;
    findings.refuse(mtu.at, `an MTU of ${mtu.value} bytes is impossible`, fix);
  }
  const mac = settings?.get('mac');
  const checked = checkMac(mac, findings);
  const device = readDevice(settings, file, findings) ?? { kind: 'nothing' };
  const record = readRecord(settings, file, findings);
  if (wire !== undefined && (device.kind !== 'nothing' || record !== undefined))
    findings.refuse(
      keyAt,
      `${key} is plugged into the wire ${wire.value}, and leads nowhere else`,
      `give the wire a port that does: x-wires: { ${wire.value}: { ports: { out: ... } } }`,
    );
  return {
    name: key,
    at: keyAt,
    ...(wire && { wire: { value: wire.value, at: wire.at } }),
    mac: mac && checked !== undefined ? { value: checked, at: mac.at } : ownMac(host, key),
    addresses: readAddresses(key, items(settings?.get('addresses')), findings),
    mtu: mtu?.value ?? MTU_DEFAULT,
    device,
    ...(record && { record }),
  };
}

function isMtu(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes >= MTU_MIN && bytes <= MTU_MAX;
}

function checkNicName(name: string, at: Written['at'], findings: Findings): void {
  const { nic, vid } = splitInterface(name);
  if (!isInterfaceName(name) || name === 'lo') {
    const fix =
      name === 'lo' ? 'choose another name: every host has its own lo' : INTERFACE_NAME_FIX;
    findings.refuse(at, `"${name}" is not a name for an interface`, fix);
  } else if (nic !== name) {
    const fix = `declare ${nic}: its VLANs come into being as the parents and uplinks of networks`;
    findings.refuse(at, `"${name}" is VLAN ${vid} of ${nic}, not a NIC`, fix);
  }
}

function readAddresses(
  nic: string,
  written: readonly Written<string>[],
  findings: Findings,
): readonly Value<string>[] {
  const addresses = new Map<string, Value<string>>();
  for (const { value, at } of written) {
    const parsed = parseBlock(value);
    if (parsed === undefined) {
      const fix = 'write address and prefix length: 192.168.99.1/24';
      findings.refuse(at, `invalid CIDR address: ${value}`, fix);
      continue;
    }
    const { block, address } = parsed;
    const plain = addressText(address.family, address.value);
    if (!canBeOwned(address)) {
      findings.refuse(at, `${plain} cannot be the address of one host`, 'choose another address');
    } else if (addresses.has(plain)) {
      const what = `${nic} has the address ${plain} already: File exists`;
      findings.refuse(at, what, 'write each address once');
    } else {
      addresses.set(plain, { value: `${plain}/${block.prefixLength}`, at });
    }
  }
  return [...addresses.values()];
}

/** Neither "no address" (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2) nor a group, nor the limited broadcast. */
export function canBeOwned({ family, value }: { family: 4 | 6; value: bigint }): boolean {
  if (value === 0n) return false;
  return family === 4 ? value >> 28n !== 0xen && value !== 0xffff_ffffn : value >> 120n !== 0xffn;
}

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
