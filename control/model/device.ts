import { dirname, isAbsolute, join } from 'node:path';
import type { Speed } from '../../dataplane/worker/live-job.js';
import { INTERFACE_NAME_FIX, isInterfaceName } from './interface.js';
import type { Findings } from './mistake.js';
import type { Value } from './position.js';
import type { LiveShape } from './schema.js';
import type { Written } from './written.js';

/** What a port is joined to while the lab is up (`x-port`); replay and explain take no notice of it. */
export type Device =
  /** A TAP of our own, which is the NIC `name` of its sandbox. */
  | { readonly kind: 'sandbox'; readonly name: string }
  /** An interface of this machine, by AF_PACKET or through libpcap. */
  | {
      readonly kind: 'interface';
      readonly interface: Value<string>;
      readonly driver: 'packet' | 'capture';
    }
  /** A TAP that another program holds, as a VM does; with an owner, one that we make for that user. */
  | { readonly kind: 'tap'; readonly tap: Value<string>; readonly owner?: Value<string> }
  /** A capture whose frames come in by this port. */
  | { readonly kind: 'play'; readonly path: Value<string>; readonly speed: Speed };

/** What a port can be joined to that has no stack of ours behind it. */
type Elsewhere = Exclude<Device, { kind: 'sandbox' }>;

type Port = Written<LiveShape>;
const SPEED_FIX = 'write captured, max, a multiple such as 2x, or a rate such as 10kpps';

/** Reads the live keys of a port; undefined where they say nothing: an endpoint then is a TAP in its sandbox. */
export function readDevice(
  port: Port | undefined,
  file: string,
  findings: Findings,
): Elsewhere | undefined {
  if (port === undefined) return undefined;
  refuseOrphans(port, findings);
  const kinds = (['interface', 'tap', 'play'] as const).filter((key) => port.get(key));
  for (const second of kinds.slice(1)) {
    const what = `a port cannot be both ${kinds[0] ?? ''} and ${second}`;
    findings.refuse(port.keyAt(second), what, 'keep one of the two');
  }
  const nic = port.get('interface');
  if (nic !== undefined) {
    checkName(nic, findings);
    return {
      kind: 'interface',
      interface: valueOf(nic),
      driver: port.get('driver')?.value ?? 'packet',
    };
  }
  const tap = port.get('tap');
  if (tap !== undefined) {
    const owner = port.get('owner');
    checkName(tap, findings);
    if (owner !== undefined) checkOwner(owner, findings);
    return { kind: 'tap', tap: valueOf(tap), ...(owner && { owner: valueOf(owner) }) };
  }
  const play = port.get('play');
  if (play === undefined) return undefined;
  return { kind: 'play', path: pathOf(play, file, findings), speed: readSpeed(port, findings) };
}

/** The path of `record`, the capture that is kept of what passes the port. */
export function readRecord(
  port: Port | undefined,
  file: string,
  findings: Findings,
): Value<string> | undefined {
  const record = port?.get('record');
  return record && pathOf(record, file, findings);
}

const BELONGS_TO = [
  ['driver', 'interface', 'interface: eth1'],
  ['owner', 'tap', 'tap: vm1'],
  ['speed', 'play', 'play: a.pcap'],
] as const;

function refuseOrphans(port: Port, findings: Findings): void {
  for (const [key, owner, example] of BELONGS_TO) {
    if (port.get(key) === undefined || port.get(owner) !== undefined) continue;
    const fix = `add "${example}", or remove it`;
    findings.refuse(port.keyAt(key), `${key} means nothing without ${owner}`, fix);
  }
}

function checkName(name: Written<string>, findings: Findings): void {
  if (isInterfaceName(name.value)) return;
  findings.refuse(name.at, `"${name.value}" is not a name for an interface`, INTERFACE_NAME_FIX);
}

/** useradd(8): 32 characters at the most, no leading dash; a number is a user id. */
function checkOwner(owner: Written<string>, findings: Findings): void {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,30}\$?$/.test(owner.value)) return;
  findings.refuse(owner.at, `"${owner.value}" is not a name for a user`, 'write a login name');
}

function pathOf(path: Written<string>, file: string, findings: Findings): Value<string> {
  if (path.value === '' || path.value.includes('\0'))
    findings.refuse(path.at, 'this is not the path of a file', 'write a path such as a.pcap');
  const value = isAbsolute(path.value) ? path.value : join(dirname(file), path.value);
  return { value, at: path.at };
}

function readSpeed(port: Port, findings: Findings): Speed {
  const speed = port.get('speed');
  if (speed === undefined) return { times: 1 };
  const read = parseSpeed(speed.value);
  if (read === undefined) findings.refuse(speed.at, `"${speed.value}" is not a speed`, SPEED_FIX);
  return read ?? { times: 1 };
}

/** `captured`, `max`, `2x`, `0.5x`, `500pps`, `10kpps`, `1.5Mpps`; undefined for anything else, and for standstill. */
export function parseSpeed(text: string): Speed | undefined {
  if (text === 'captured') return { times: 1 };
  if (text === 'max') return 'max';
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)(x|pps|kpps|Mpps)$/.exec(text) ?? [];
  const number = Number(digits);
  if (number === 0) return undefined;
  return unit === 'x' ? { times: number } : { framesPerSecond: number * (UNITS[unit] ?? 1) };
}

const UNITS: Readonly<Record<string, number>> = { pps: 1, kpps: 1e3, Mpps: 1e6 };

function valueOf({ value, at }: Written<string>): Value<string> {
  return { value, at };
}

/** As much of an Endpoint or a WirePort as says what it is joined to. */
interface JoinedPort {
  readonly port: string;
  readonly device: Device | { readonly kind: 'nothing' };
  readonly record?: Value<string>;
}

/** Two ports cannot share an interface, nor write into one file; nor can a file be played while it is written. */
export function refuseSharedDevices(ports: readonly JoinedPort[], findings: Findings): void {
  const nics = new Map<string, string>();
  const files = new Map<string, string>();
  const claim = (owners: Map<string, string>, { value, at }: Value<string>, port: string): void => {
    const other = owners.get(value);
    owners.set(value, port);
    if (other === undefined || at === undefined) return;
    findings.refuse(at, `${value} is already used by port ${other}`, 'name another one');
  };
  for (const { device, record, port } of ports) {
    if (device.kind === 'interface') claim(nics, device.interface, port);
    if (device.kind === 'tap') claim(nics, device.tap, port);
    if (record !== undefined) claim(files, record, port);
  }
  for (const { device } of ports) {
    const writer = device.kind === 'play' ? files.get(device.path.value) : undefined;
    if (device.kind !== 'play' || writer === undefined || device.path.at === undefined) continue;
    const what = `${device.path.value} is recorded at port ${writer}`;
    findings.refuse(device.path.at, what, 'record to another file');
  }
}
