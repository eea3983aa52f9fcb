import * as bridge from '../drivers/bridge.js';
import * as host from '../drivers/host.js';
import * as ipvlan from '../drivers/ipvlan.js';
import * as macvlan from '../drivers/macvlan.js';
import * as none from '../drivers/none.js';
import { DriverOptions, ETHERNET_MTU, type DriverSettings } from '../drivers/options.js';
import * as overlay from '../drivers/overlay.js';
import { declaredNics } from './hosts.js';
import type { Host } from './lab.js';
import type { Findings } from './mistake.js';
import { didYouMean } from './nearest.js';
import type { DriverName, Uplink } from './network.js';
import { hasIpam, readPools, type PoolDraft } from './pools.js';
import type { Position, Value } from './position.js';
import type { NetworkShape } from './schema.js';
import { dockerNameOf, PREDEFINED_BRIDGE } from './services.js';
import { readUplink, readVlanFiltering } from './uplink.js';
import { present, type Entry, type Written } from './written.js';

/** A network whose settings are read, but which has no addresses and no endpoints yet. */
export interface NetworkDraft {
  readonly key: string;
  readonly name: string;
  /** Absent for networks nobody declares. */
  readonly at: Position | undefined;
  readonly written: Written<NetworkShape> | undefined;
  /** Its host; SWARM for an overlay. */
  readonly host: string;
  readonly driver: Value<DriverName>;
  readonly settings: DriverSettings;
  /** What `x-bridge` says of VLANs and of the world outside; of a bridge only. */
  readonly vlanFiltering: Value<boolean>;
  readonly uplink: Uplink | undefined;
  /** The one of Docker's own networks that this is. */
  readonly predefined: 'bridge' | 'host' | 'none' | undefined;
  readonly internal: Value<boolean>;
  readonly attachable: Value<boolean>;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly pools: readonly PoolDraft[];
  /** Something of it has not the form that it must have, and was left out. */
  readonly malformed: boolean;
  /** Something of it was refused: complaints about what follows from that would only confuse. */
  readonly damaged: boolean;
}

/** Where overlays are, which are of no host alone: no host has this name. */
export const SWARM = '';

const DRIVERS = { bridge, macvlan, ipvlan, overlay, host, none } as const;

export function readNetwork(
  { key, keyAt, written }: Entry<NetworkShape | null>,
  home: Host,
  damaged: boolean,
  findings: Findings,
): NetworkDraft {
  if (!/^[a-zA-Z0-9._-]+$/.test(key)) {
    const fix = 'use letters, digits, ".", "_" and "-"';
    findings.refuse(keyAt, `"${key}" is not a name for a network`, fix);
  }
  const network = present(written);
  if (network === undefined) {
    checkName(key, key, keyAt, false, findings);
    return { ...undeclared(key, home.name), at: keyAt, malformed: damaged, damaged };
  }
  const before = findings.mistakes.length;
  const name = dockerNameOf(key, network);
  const external = (network.get('external')?.value ?? false) !== false;
  checkName(key, name, network.get('name')?.at ?? keyAt, external, findings);
  const predefined = external ? predefinedName(name) : undefined;
  const driver = predefined === undefined ? driverOf(network, findings) : { value: predefined };
  const settings = settingsOf(name, driver, keyAt, network, external, home, findings);
  const bridge = driver.value === 'bridge' ? network.get('x-bridge') : undefined;
  const isOverlay = driver.value === 'overlay';
  const addressed = driver.value !== 'host' && driver.value !== 'none' && hasIpam(network);
  const pools = readPools(name, network, findings);
  checkFamilies(name, driver, keyAt, network, pools, findings);
  if (isOverlay) checkOverlayFamilies(name, network, findings);
  if (external && predefined === undefined) {
    findings.note(`network ${name} is external: it is made as if it were declared here`);
  }
  return {
    key,
    name,
    at: keyAt,
    written: network,
    host: isOverlay ? SWARM : home.name,
    driver,
    settings,
    vlanFiltering: readVlanFiltering(bridge),
    uplink: readUplink(bridge, home, findings),
    predefined,
    internal: flag(network.get('internal')),
    attachable: flag(network.get('attachable')),
    ipv4: addressed && network.get('enable_ipv4')?.value !== false,
    ipv6: addressed && !isOverlay && network.get('enable_ipv6')?.value === true,
    pools: addressed ? pools.filter(({ subnet }) => !isOverlay || subnet.value.family === 4) : [],
    malformed: damaged,
    damaged: damaged || findings.mistakes.length > before,
  };
}

/** Compose's `default` and Docker's `bridge`, where a service uses them and nobody declares them. */
export function undeclared(key: string, hostName: string): NetworkDraft {
  return {
    key,
    name: key,
    at: undefined,
    written: undefined,
    host: hostName,
    driver: { value: 'bridge' },
    settings: {
      mtu: { value: ETHERNET_MTU },
      icc: { value: true },
      gateway: bridge.GATEWAY_DEFAULTS,
    },
    vlanFiltering: { value: false },
    uplink: undefined,
    predefined: key === PREDEFINED_BRIDGE ? 'bridge' : undefined,
    internal: { value: false },
    attachable: { value: false },
    ipv4: true,
    ipv6: false,
    pools: [],
    malformed: false,
    damaged: false,
  };
}

function flag(written: Written<boolean> | undefined): Value<boolean> {
  return written === undefined ? { value: false } : { value: written.value, at: written.at };
}

function predefinedName(name: string): 'bridge' | 'host' | 'none' | undefined {
  return name === 'bridge' || name === 'host' || name === 'none' ? name : undefined;
}

/** Docker keeps four names to itself; Compose's own `default` network is not one of them unless `name` says so. */
function checkName(
  key: string,
  name: string,
  at: Position,
  external: boolean,
  findings: Findings,
): void {
  if (name === '') {
    const what = 'network with name  already exists';
    findings.refuse(at, what, 'write a name, or leave "name" out', 'D28');
  } else if (
    !external &&
    (predefinedName(name) !== undefined || (name === 'default' && key !== name))
  ) {
    const what = `operation is not permitted on predefined ${name} network`;
    const fix = 'choose another name, or write "external: true" to use Docker\'s own';
    findings.refuse(at, what, fix, 'D30');
  }
}

function driverOf(network: Written<NetworkShape>, findings: Findings): Value<DriverName> {
  const written = network.get('driver');
  if (written === undefined || written.value === '') return { value: 'bridge' };
  const { value, at } = written;
  if (value === 'null') return { value: 'none', at };
  if (isDriver(value) && value !== 'none') return { value, at };
  const fix = `the drivers are bridge, macvlan, ipvlan, overlay${didYouMean(value, Object.keys(DRIVERS))}`;
  findings.refuse(at, `plugin "${value}" not found`, fix, 'D01');
  return { value: 'bridge' };
}

function isDriver(name: string): name is DriverName {
  return Object.hasOwn(DRIVERS, name);
}

function settingsOf(
  name: string,
  driver: Value<DriverName>,
  declaredAt: Position,
  network: Written<NetworkShape>,
  external: boolean,
  home: Host,
  findings: Findings,
): DriverSettings {
  const options = new DriverOptions(network.get('driver_opts'), findings);
  const at = driver.at ?? declaredAt;
  const internal = network.get('internal')?.value === true;
  const scope = { network: name, at, external, internal, nics: declaredNics(home) };
  return DRIVERS[driver.value].checkOptions(options, scope);
}

function checkFamilies(
  name: string,
  driver: Value<DriverName>,
  declaredAt: Position,
  network: Written<NetworkShape>,
  pools: readonly PoolDraft[],
  findings: Findings,
): void {
  const ofFamily = (family: 4 | 6) => pools.filter(({ subnet }) => subnet.value.family === family);
  const second = ofFamily(4)[1] ?? ofFamily(6)[1];
  if (driver.value === 'bridge' && second !== undefined) {
    const what = "bridge driver doesn't support multiple subnets";
    findings.refuse(second.subnet.at, what, 'declare one network for each subnet', 'N25');
  }
  const ipamDriver = network.get('ipam')?.get('driver');
  if (NEEDS_ADDRESSES.includes(driver.value) && !hasIpam(network) && ipamDriver !== undefined) {
    const fix = `leave it out: the driver ${driver.value} needs addresses`;
    findings.refuse(ipamDriver.at, 'ipv4 pool is empty', fix);
  }
  const ipv6 = network.get('enable_ipv6')?.value === true;
  if (ofFamily(6).length > 0 && !ipv6) {
    findings.note(`network ${name}: its IPv6 subnet has no effect without "enable_ipv6: true"`);
  }
  if (network.get('enable_ipv4')?.value === false && !ipv6) {
    const at = network.get('enable_ipv4')?.at ?? declaredAt;
    findings.refuse(at, 'IPv4 or IPv6 must be enabled', 'write "enable_ipv6: true" beside it');
  }
}

const NEEDS_ADDRESSES: readonly DriverName[] = ['macvlan', 'ipvlan', 'overlay'];

/** Overlays know of IPv4 alone: what the nodes tell each other of a container is its IPv4 address (libnetwork, overlay PeerRecord). */
function checkOverlayFamilies(
  name: string,
  network: Written<NetworkShape>,
  findings: Findings,
): void {
  const [ipv4, ipv6] = [network.get('enable_ipv4'), network.get('enable_ipv6')];
  if (ipv4?.value === false && ipv6?.value === true)
    findings.refuse(ipv4.at, 'ipv4 pool is empty', 'remove it: an overlay has IPv4 addresses');
  if (ipv6?.value === true)
    findings.note(
      `network ${name}: an overlay has no IPv6 addresses, as the nodes of a swarm do not tell them each other`,
    );
}

/** The interface of its host that a network sits on: its parent or its uplink. */
export function interfaceOf({ settings, uplink }: NetworkDraft): Value<string> | undefined {
  return (settings.macvlan ?? settings.ipvlan)?.parent ?? uplink?.nic;
}

/** A name is taken by an overlay on all hosts, by another network on its own. */
export function refuseSameNames(networks: readonly NetworkDraft[], findings: Findings): void {
  const hostsOf = new Map<string, string[]>();
  for (const { name, host, at: declaredAt, written } of networks) {
    const others = hostsOf.get(name) ?? [];
    const isTaken = others.some((other) => [host, SWARM].includes(other) || host === SWARM);
    if (isTaken && declaredAt !== undefined) {
      const at = written?.get('name')?.at ?? declaredAt;
      const what = `network with name ${name} already exists`;
      findings.refuse(at, what, 'give each network a name of its own');
    }
    hostsOf.set(name, [...others, host]);
  }
}
