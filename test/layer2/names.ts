/** What a story calls MACs and tags. */
import type { Compiled } from '../../control/compile/compile.js';
import { macOf } from '../dataplane/story.js';

/** Names of MACs, both ways. */
export interface Names {
  mac(name: string): string;
  name(mac: string): string;
}

/**
 * A MAC is called by the NIC (`h1.eth0`), the network whose bridge has it (`net`), or the container that has it (`c1`; of an ipvlan child it
 * is the NIC's); `A` to `Z` are other stations, `*` is everybody; anything else is an address as it stands.
 */
export function namesOf({ lab }: Compiled): Names {
  const nics = lab.hosts.flatMap(({ name, nics }) =>
    nics.map((nic) => [`${name}.${nic.name}`, nic.mac.value] as const),
  );
  const bridges = lab.networks.flatMap(({ name, bridge }) =>
    bridge ? [[name, bridge.mac.value] as const] : [],
  );
  const children = lab.networks
    .flatMap(({ endpoints }) => endpoints)
    .map(({ port, mac }) => [port, mac.value] as const);
  const stations = Array.from({ length: 26 }, (_, n) => String.fromCharCode(0x41 + n));
  const named = [...nics, ...bridges, ...children];
  const all = [...named, ...[...stations, '*'].map((name) => [name, macOf(name)] as const)];
  return {
    mac: (name) => named.find((one) => one[0] === name)?.[1] ?? macOf(name),
    name: (mac) => all.find((one) => one[1] === mac)?.[0] ?? mac,
  };
}

const TAG = /^(?:(?<tpid>[0-9a-f]{4}):)?(?<vid>\d+)(?:\/(?<priority>[0-7])(?<drop>d?))?$/;

/** `50`, `0/5` (priority 5), `50/5d` (and may be dropped), `88a8:200` as eight digits. */
export function tagDigits(text: string): string {
  const words = TAG.exec(text)?.groups;
  if (words === undefined) throw new Error(`no tag: ${text}`);
  const { tpid = '8100', vid = '0', priority = '0', drop = '' } = words;
  const control = (Number(priority) << 13) | (drop === '' ? 0 : 0x1000) | Number(vid);
  return tpid + control.toString(16).padStart(4, '0');
}

export function tagText(digits: string): string {
  const tpid = digits.slice(0, 4);
  const control = parseInt(digits.slice(4), 16);
  const priority = control >> 13;
  const drop = (control & 0x1000) === 0 ? '' : 'd';
  const extra = priority === 0 && drop === '' ? '' : `/${priority}${drop}`;
  return `${tpid === '8100' ? '' : `${tpid}:`}${control & 0xfff}${extra}`;
}

/** `[50]`, `[88a8:200,50]`, or nothing. */
export function tagsText(tags: readonly string[]): string {
  return tags.length === 0 ? '' : `[${tags.map(tagText).join(',')}]`;
}
