import type { Value } from '../model/position.js';
import { didYouMean } from '../model/nearest.js';
import type { DriverOptions, DriverScope } from './options.js';

/**
 * The parent interface of a macvlan or ipvlan network: a NIC of the host, or a VLAN of one (`eth1.100`), with Docker's refusals
 * in Docker's order. Which NICs there are is only known where the host declares them. Absent: an internal dummy.
 */
export function checkParent(
  driver: 'macvlan' | 'ipvlan',
  options: DriverOptions,
  { nics }: DriverScope,
): Value<string> | undefined {
  const parent = options.text('parent');
  if (parent === undefined || parent.value === '') return undefined;
  const refuse = (what: string, fix: string, docker?: string) => {
    options.findings.refuse(parent.at, what, fix, docker);
  };
  const { value } = parent;
  if (value === 'lo') {
    refuse(
      `loopback interface is not a valid ${driver} parent link`,
      'name a NIC of the host',
      'D15',
    );
    return undefined;
  }
  if (nics?.includes(value) === true) return parent;
  const [base = '', vid = '', ...more] = value.split('.');
  if (!value.includes('.')) {
    if (nics === undefined) return parent;
    const what = `invalid subinterface vlan name ${value}, example formatting is eth0.10`;
    refuse(what, `name a NIC of the host: ${nics.join(', ')}${didYouMean(value, nics)}`);
  } else if (more.length > 0) {
    const rule = 'required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10';
    refuse(`${rule}, instead received ${value}`, 'write one NIC, a dot and one number');
  } else if (!/^[+-]?\d+$/.test(vid)) {
    const what = `unable to parse a valid vlan id from: ${vid} (ex. eth0.10 for vlan 10)`;
    refuse(what, 'write a number from 1 to 4094 after the dot');
  } else if (nics?.includes(base) === false) {
    const what = `-o parent interface does was not found on the host: ${base}`;
    refuse(what, `name a NIC of the host: ${nics.join(', ')}${didYouMean(base, nics)}`, 'D06');
  } else if (Number(vid) < 1 || Number(vid) > 4094) {
    const what = `vlan id must be between 1-4094, received: ${Number(vid)}`;
    refuse(what, 'write a number from 1 to 4094 after the dot');
  } else {
    return parent;
  }
  return undefined;
}
