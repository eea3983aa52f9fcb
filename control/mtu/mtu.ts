/** `etherloom mtu`: of each network the MTU that fits what carries it, and what is wrong with the one that it has. */
import { compile } from '../compile/compile.js';
import { IPSEC_BYTES, VXLAN_BYTES } from '../drivers/overlay.js';
import type { Lab } from '../model/lab.js';
import type { Mistake } from '../model/mistake.js';
import type { Network } from '../model/network.js';
import type { Position } from '../model/position.js';
import { START } from '../model/source.js';
import { underlaysOf } from './fits.js';
import type { Underlay } from './fits.js';

export type MtuVerdict = 'right' | 'too large' | 'could be larger';

/** A network on one host. */
export interface NetworkMtu {
  readonly network: string;
  readonly host: string;
  readonly driver: string;
  readonly declared_bytes: number;
  /** Where it is written; absent where it is the default. */
  readonly at?: Position;
  /** Absent where packets leave the host only by being routed: then any MTU is right. */
  readonly underlay?: Underlay;
  readonly verdict?: MtuVerdict;
}

export interface MtuReport {
  readonly networks: readonly NetworkMtu[];
  /** MTUs with which packets get lost. */
  readonly mistakes: readonly Mistake[];
  /** MTUs that are smaller than they could be. */
  readonly notes: readonly Mistake[];
}

const OPTION = 'com.docker.network.driver.mtu';
const MTU_MIN = 68;

/** One network of the topology: all its parts have one MTU. */
interface Whole {
  readonly parts: readonly { readonly network: Network; readonly underlay?: Underlay }[];
  /** The narrowest. */
  readonly underlay?: Underlay;
}

export function mtuOf(lab: Lab): MtuReport {
  const underlayOf = underlaysOf(compile(lab));
  const wholes = wholesOf(lab.networks.filter(hasMtu), underlayOf);
  const told = (wanted: MtuVerdict) =>
    wholes
      .filter((whole) => verdictOf(whole, whole.underlay) === wanted)
      .flatMap((whole) => sentence(lab.file, whole));
  return {
    networks: wholes
      .flatMap((whole) => whole.parts.map((part) => ({ whole, part })))
      .filter(
        ({ part: { network, underlay } }) => network.at !== undefined || underlay !== undefined,
      )
      .map(({ whole, part }) => rowOf(lab, whole, part)),
    mistakes: told('too large'),
    notes: told('could be larger'),
  };
}

function hasMtu({ driver }: Network): boolean {
  return driver.value !== 'host' && driver.value !== 'none';
}

function wholesOf(
  networks: readonly Network[],
  underlayOf: (network: Network) => Underlay | undefined,
): Whole[] {
  const groups = new Map<string, Network[]>();
  for (const network of networks) {
    const { key, host, driver } = network;
    const id = driver.value === 'overlay' ? `overlay ${key}` : `${key} ${host}`;
    groups.set(id, [...(groups.get(id) ?? []), network]);
  }
  return [...groups.values()].map((group) => {
    const parts = group.map((network) => {
      const underlay = underlayOf(network);
      return { network, ...(underlay && { underlay }) };
    });
    const all = parts.flatMap(({ underlay }) => underlay ?? []);
    const narrowest = all.sort((one, other) => one.fits_bytes - other.fits_bytes)[0];
    return { parts, ...(narrowest && { underlay: narrowest }) };
  });
}

/** What is to be said of a network where this is what carries it. */
function verdictOf({ parts, underlay: narrowest }: Whole, here: Underlay | undefined) {
  const declared = parts[0]?.network.mtu.value ?? 0;
  if (here === undefined || narrowest === undefined) return undefined;
  if (declared > here.fits_bytes) return 'too large';
  return declared < narrowest.fits_bytes ? 'could be larger' : 'right';
}

function rowOf(lab: Lab, whole: Whole, { network, underlay }: Whole['parts'][number]): NetworkMtu {
  const { name, host, driver, mtu } = network;
  const verdict = verdictOf(whole, underlay);
  const space = lab.hosts.find((one) => one.name === host)?.namespaceOf;
  return {
    network: name,
    host: space?.host ?? host,
    driver: driver.value,
    declared_bytes: mtu.value,
    ...(mtu.at && { at: mtu.at }),
    ...(underlay && { underlay }),
    ...(verdict && { verdict }),
  };
}

function sentence(file: string, { parts, underlay }: Whole): Mistake[] {
  const network = parts[0]?.network;
  if (network === undefined || underlay === undefined) return [];
  const { key, mtu, at: declaredAt } = network;
  const { fits_bytes: fits, interface: name, mtu_bytes, at, to, overhead_bytes } = underlay;
  const line = at === undefined ? '' : ` (${file}:${at.line})`;
  const way = to === undefined ? '' : ` on the way to ${to}`;
  const headers = overhead_bytes === 0 ? '' : `, ${overhead_bytes} of them for headers`;
  const where = `${name}${line}${way} takes ${mtu_bytes} bytes${headers}`;
  const is = `network ${key}: its MTU is ${mtu.value}${mtu.at === undefined ? ' by default' : ''}`;
  const what =
    fits >= MTU_MIN
      ? `${is}, and ${fits} ${mtu.value > fits ? 'fits' : 'would fit, too'}: ${where}`
      : `${is}, and nothing fits: ${where}`;
  const fix =
    fits >= MTU_MIN
      ? fixOf(network, fits)
      : `give ${name} an MTU of ${MTU_MIN + overhead_bytes} at least`;
  return [{ at: mtu.at ?? declaredAt ?? START, what, fix }];
}

/** The option of an overlay names what the hosts carry between each other, of which Docker takes the headers off. */
function fixOf({ driver, mtu, isEncrypted = false }: Network, fits: number): string {
  const isOverlay = driver.value === 'overlay';
  const headers = VXLAN_BYTES + (isEncrypted ? IPSEC_BYTES : 0);
  const option = `${OPTION}: "${isOverlay ? fits + headers : fits}"`;
  const words = mtu.at === undefined ? `add ${option} to driver_opts` : `write ${option}`;
  return isOverlay ? `${words}, of which Docker takes ${headers} for headers` : words;
}
