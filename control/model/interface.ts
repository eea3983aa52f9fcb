/** Names of Linux interfaces, and of the VLANs of a NIC that come into being by being named. */

/** IFNAMSIZ is 16 with the closing zero. */
export const INTERFACE_NAME_MAX = 15;
export const INTERFACE_NAME_FIX = `write at most ${INTERFACE_NAME_MAX} letters, digits, ".", "_" and "-"`;
/** IEEE 802.1Q §9.6: 0 is no VLAN, 4095 is reserved. */
export const VID_MAX = 4094;

/** Narrower than the kernel, which would take a `%d` for a number to choose, and wider than anybody needs. */
export function isInterfaceName(name: string): boolean {
  return name.length <= INTERFACE_NAME_MAX && /^[\w.@+~-]+$/.test(name) && !/^\.{1,2}$/.test(name);
}

/** A NIC, or with a `vid` other than 0 one of its VLANs. */
export interface InterfaceName {
  readonly nic: string;
  readonly vid: number;
}

/** `eth0.50` is VLAN 50 of eth0. */
export function splitInterface(name: string): InterfaceName {
  const [, nic = name, vid = '0'] = /^(.+)\.(\d+)$/.exec(name) ?? [];
  return { nic, vid: Number(vid) };
}

/** One name for one VLAN: `eth0.050` is eth0.50. */
export function plainInterfaceName(name: string): string {
  return name.replace(/\.\+?0*(\d+)$/, '.$1');
}
