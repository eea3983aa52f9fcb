import { addressText, parseAddress, parseBlock, type Address } from '../address.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { Position, Value } from './position.js';
import type { TopologyShape } from './schema.js';
import { entries, present, type Written } from './written.js';

const PORT_DEFAULT = 4789;
/** The registered ports (RFC 6335 §6). */
const PORT_MIN = 1024;
const PORT_MAX = 49_151;

/** Where a node sends packets of overlays from, and where it is sent them. */
export interface DataPath {
  readonly family: 4 | 6;
  readonly address: string;
  readonly at?: Position;
}

/** The swarm that overlays need: which hosts are its nodes, and how these reach each other. */
export interface Swarm {
  readonly dataPathPort: Value<number>;
  readonly nodes: ReadonlySet<string>;
  /** By host; those that have no address are not there. */
  readonly dataPaths: ReadonlyMap<string, DataPath>;
  /** Where a node that has none could get one. */
  placeOf(host: string): Position | undefined;
}

/** `x-swarm`. */
export function readSwarm(
  root: Written<TopologyShape>,
  hosts: readonly Host[],
  findings: Findings,
): Swarm {
  const swarm = root.get('x-swarm');
  const written = swarm?.get('nodes');
  const declared = entries(written);
  const names = hosts.map(({ name }) => name);
  const unknown = declared.filter(({ key }) => !names.includes(key));
  for (const { key, keyAt } of unknown) {
    const what = `there is no host "${key}"${didYouMean(key, names)}`;
    findings.refuse(keyAt, what, `write one of ${names.join(', ')}, or declare it in x-hosts`);
  }
  const dataPaths = new Map<string, DataPath>();
  for (const host of hosts) {
    const node = declared.find(({ key }) => key === host.name)?.written;
    const wanted = node && present(node)?.get('data_path_addr');
    const path = (wanted && readDataPath(wanted, host, findings)) ?? firstOf(host);
    if (path !== undefined) dataPaths.set(host.name, path);
  }
  return {
    dataPathPort: readPort(swarm?.get('data_path_port'), findings),
    // Where a name is wrong, it may be that of any host: nobody else is to hear of it.
    nodes: new Set(
      written === undefined || unknown.length > 0 ? names : declared.map(({ key }) => key),
    ),
    dataPaths,
    placeOf: (name) =>
      declared.find(({ key }) => key === name)?.keyAt ??
      hosts.find((host) => host.name === name)?.at,
  };
}

function readPort(written: Written<number> | undefined, findings: Findings): Value<number> {
  if (written === undefined) return { value: PORT_DEFAULT };
  const { value, at } = written;
  if (Number.isInteger(value) && value >= PORT_MIN && value <= PORT_MAX) return { value, at };
  const what = `VXLAN UDP port number is not in valid range (${PORT_MIN}-${PORT_MAX}): ${value}`;
  findings.refuse(at, what, `write a port from ${PORT_MIN} to ${PORT_MAX}`);
  return { value: PORT_DEFAULT };
}

/** The first address of the first NIC that has one, IPv4 before IPv6. */
function firstOf({ nics }: Pick<Host, 'nics'>): DataPath | undefined {
  const all = nics.map(({ addresses }) => addresses.flatMap(addressOf));
  const own = all.find((addresses) => addresses.length > 0) ?? [];
  return (own.find(({ family }) => family === 4) ?? own[0])?.path;
}

function addressOf({ value, at }: Value<string>): (Address & { path: DataPath })[] {
  const address = parseBlock(value)?.address;
  if (address === undefined) return [];
  const { family } = address;
  const text = addressText(family, address.value);
  return [{ ...address, path: { family, address: text, ...(at && { at }) } }];
}

/** `data_path_addr`: an address of the host, or one of its NICs. */
function readDataPath(
  { value, at }: Written<string>,
  { name, nics }: Host,
  findings: Findings,
): DataPath | undefined {
  const nic = nics.find((candidate) => candidate.name === value);
  const wanted = parseAddress(value);
  const own = nics.flatMap(({ addresses }) => addresses.flatMap(addressOf));
  const found = own.find((one) => one.family === wanted?.family && one.value === wanted.value);
  const path = nic === undefined ? found?.path : firstOf({ nics: [nic] });
  if (path !== undefined) return { ...path, at };
  const known = [...own.map(({ path: { address } }) => address), ...nics.map((one) => one.name)];
  if (nic !== undefined)
    findings.refuse(at, `${value} of ${name} has no address`, 'give it one, or name another NIC');
  else {
    const what = `${name} has neither a NIC nor an address ${value}${didYouMean(value, known)}`;
    const fix = known.length === 0 ? 'give a NIC of it an address in x-hosts' : undefined;
    findings.refuse(at, what, fix ?? `write one of ${known.join(', ')}`);
  }
  return undefined;
}
