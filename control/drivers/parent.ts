import {
  INTERFACE_NAME_MAX,
  isInterfaceName,
  plainInterfaceName,
  splitInterface,
  VID_MAX,
} from '../model/interface.js';
import { didYouMean } from '../model/nearest.js';
import type { Value } from '../model/position.js';
import { ETHERNET_MTU, type DriverOptions, type DriverScope } from './options.js';

const VID_FIX = `write a number from 1 to ${VID_MAX} after the dot`;

/**
 * The parent interface of a macvlan or ipvlan network: a NIC of the host, or a VLAN of one (`eth1.100`), with Docker's refusals
 * in Docker's order. Which NICs there are is only known where the host declares them. Absent: an internal dummy. The MTU is
 * that of the parent unless the options name a smaller one.
 */
export function checkParent(
  driver: 'macvlan' | 'ipvlan',
  options: DriverOptions,
  scope: DriverScope,
): { parent: Value<string> | undefined; mtu: Value<number> } {
  const written = options.text('parent');
  const names = scope.nics?.map(({ name }) => name);
  const isGiven = written !== undefined && written.value !== '';
  const parent = isGiven ? readParent(driver, options, written, names) : undefined;
  if (parent?.value === 'docker0') {
    options.findings.note(
      `network ${scope.network}: docker0 is taken for a NIC, not for the bridge of Docker`,
    );
  }
  const nic = parent && splitInterface(parent.value).nic;
  const most = scope.nics?.find(({ name }) => name === nic)?.mtu ?? ETHERNET_MTU;
  const mtu = options.mtu(most);
  if (mtu.at !== undefined && mtu.value > most) {
    const what = `failed to set MTU on ${parent?.value ?? 'the parent'}: invalid argument`;
    options.findings.refuse(mtu.at, what, `write at most ${most} bytes, which the parent has`);
  }
  return { parent, mtu };
}

function readParent(
  driver: 'macvlan' | 'ipvlan',
  { findings }: DriverOptions,
  { value, at }: Required<Value<string>>,
  nics: readonly string[] | undefined,
): Value<string> | undefined {
  if (nics?.includes(value) === true) return { value, at };
  const refusal = refusalOf(driver, value, nics);
  if (refusal === undefined) return { value: plainInterfaceName(value), at };
  findings.refuse(at, ...refusal);
  return undefined;
}

function refusalOf(
  driver: 'macvlan' | 'ipvlan',
  parent: string,
  nics: readonly string[] | undefined,
): [what: string, fix: string, docker?: string] | undefined {
  const known = `name a NIC of the host${nics ? `: ${nics.join(', ')}` : ''}`;
  if (parent === 'lo') {
    return [`loopback interface is not a valid ${driver} parent link`, known, 'D15'];
  }
  const [base = '', vid = '', ...more] = parent.split('.');
  if (!parent.includes('.')) {
    if (nics === undefined && isInterfaceName(parent)) return undefined;
    const what = `invalid subinterface vlan name ${parent}, example formatting is eth0.10`;
    return [what, `${known}${didYouMean(parent, nics ?? [])}`];
  }
  if (more.length > 0) {
    const rule = 'required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10';
    return [`${rule}, instead received ${parent}`, 'write one NIC, a dot and one number'];
  }
  if (!/^[+-]?\d{1,18}$/.test(vid)) {
    return [`unable to parse a valid vlan id from: ${vid} (ex. eth0.10 for vlan 10)`, VID_FIX];
  }
  if (nics === undefined ? !isInterfaceName(base) : !nics.includes(base)) {
    const what = `-o parent interface does was not found on the host: ${base}`;
    return [what, `${known}${didYouMean(base, nics ?? [])}`, 'D06'];
  }
  const id = Number(vid);
  if (id < 1 || id > VID_MAX) return [`vlan id must be between 1-4094, received: ${id}`, VID_FIX];
  if (parent.length <= INTERFACE_NAME_MAX) return undefined;
  const what = `failed to create ${parent} vlan link: numerical result out of range`;
  return [what, `the whole name has at most ${INTERFACE_NAME_MAX} characters`];
}
