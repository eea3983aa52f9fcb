/**
 * The machine park of the matrix: a lab of two networks (MTU 1500 and 9000), and namespaces with real stacks at each kind of port, with
 * offloads and without, each with a VLAN beside its untagged interface.
 *
 * A namespace has four interfaces: eth0 and eth1 in the two networks, and vlan0 and vlan1, which go out by eth0 and eth1 with a tag.
 */
import type { ExecutionContext } from 'ava';
import { ipBatch, setInside } from '../../../control/sandbox/ip.js';
import type { RunningLab } from '../../../control/supervisor/running.js';
import { loadNative } from '../../../native-bindings/load.js';
import { ip, runProgram } from '../live.js';
import type { TestLab } from '../live.js';
import { plugIn } from './cable.js';

/** How the lab serves it: our own TAP, or the other end of a veth through AF_PACKET or libpcap. */
export const KINDS = ['tap', 'packet', 'capture'] as const;
export type Kind = (typeof KINDS)[number];

/** The offloads of a station: as the kernel makes interfaces, or none. */
export const OFFLOADS = ['on', 'off'] as const;
export type Offloads = (typeof OFFLOADS)[number];

export const MTUS = [1500, 9000] as const;
export const VLAN = 7;

/** How a station differs from others of its kind. */
export interface Variant {
  readonly kind: Kind;
  readonly offloads: Offloads;
  /**
   * `plain`; `lab`: the end of the veth that the lab holds has offloads of its own, it joins segments (as cards do that receive) or leaves
   * nothing to others; `small`: its interfaces take no more than 1500 bytes, also in a larger network.
   */
  readonly twist: 'plain' | 'lab' | 'small';
}

/** Of the offloads of a veth or a TAP, those that a user would turn off. */
const NO_OFFLOADS = ['tx off sg off tso off gso off gro off', 'tx-udp-segmentation off'];
const JOINING = ['gro on', 'rx-udp-gro-forwarding on'];

export class Station {
  /** Its service in the lab. */
  readonly name: string;
  readonly namespace: string;

  constructor(
    lab: TestLab,
    readonly number: number,
    readonly variant: Variant,
  ) {
    const { kind, offloads, twist } = variant;
    this.name = `${kind}-${offloads}-${twist}`;
    this.namespace = kind === 'tap' ? lab.namespace(this.name) : `${lab.name}-${this.name}`;
  }

  get path(): string {
    return `/run/netns/${this.namespace}`;
  }

  /** The end of its veth that the lab holds, in a network. */
  labEnd(network: number): string {
    return `em${process.pid}x${this.number}n${network}`;
  }

  mtu(network: number): number {
    return this.variant.twist === 'small' ? MTUS[0] : (MTUS[network] ?? MTUS[0]);
  }

  /** Where it is kept what passes its port. */
  record(folder: string, network: number): string {
    return `${folder}/${this.name}-${network}.pcapng`;
  }

  /** @param tagged in the VLAN */
  address(network: number, tagged: boolean, version: 4 | 6): string {
    const subnet = 100 + network + (tagged ? 10 : 0);
    const host = 10 + this.number;
    return version === 4 ? `10.${subnet}.0.${host}` : `fd00:${subnet}::${host}`;
  }
}

/** All variants of these kinds: with offloads and without, plain and otherwise. (Our own TAPs have no end that others hold; there are two.) */
export function stationsOf(lab: TestLab, kinds: readonly Kind[]): Station[] {
  const variants = kinds.flatMap((kind) => [
    ...OFFLOADS.flatMap((offloads) => [
      { kind, offloads, twist: 'plain' } as const,
      { kind, offloads, twist: 'lab' } as const,
    ]),
    { kind, offloads: 'on', twist: 'small' } as const,
  ]);
  return variants.map((variant, number) => new Station(lab, number, variant));
}

/**
 * Brings everything up; it is taken away after the test.
 * @param records folder for captures of what passes the ports; default: none are kept
 */
export async function build(
  t: ExecutionContext,
  lab: TestLab,
  stations: readonly Station[],
  records?: string,
): Promise<RunningLab> {
  const cabled = stations.filter(({ variant }) => variant.kind !== 'tap');
  await Promise.all(cabled.map((station) => makeVeths(t, station)));
  const running = await lab.startLive(topologyOf(stations, records));
  await addVlans(t, stations);
  await Promise.all(stations.map((station) => configure(t, station)));
  return running;
}

function topologyOf(stations: readonly Station[], records?: string): string {
  const networks = MTUS.map(
    (mtu, i) =>
      `  n${i}: { enable_ipv6: true, driver_opts: { com.docker.network.driver.mtu: ${mtu} }, ipam: { config: [ { subnet: 10.${100 + i}.0.0/24 }, { subnet: "fd00:${100 + i}::/64" } ] } }\n`,
  );
  const services = stations.map((station) => {
    const joined = MTUS.map((_, i) => `n${i}: { ${endpointOf(station, i, records).join(', ')} }`);
    return `  ${station.name}: { networks: { ${joined.join(', ')} } }\n`;
  });
  return `networks:\n${networks.join('')}services:\n${services.join('')}`;
}

function endpointOf(station: Station, network: number, records?: string): string[] {
  const { kind } = station.variant;
  const port = [
    ...(kind === 'tap' ? [] : [`interface: ${station.labEnd(network)}`, `driver: ${kind}`]),
    ...(records === undefined ? [] : [`record: ${station.record(records, network)}`]),
  ];
  return [
    `ipv4_address: ${station.address(network, false, 4)}`,
    `ipv6_address: "${station.address(network, false, 6)}"`,
    ...(kind === 'tap' ? [`interface_name: eth${network}`] : []),
    `x-port: { ${port.join(', ')} }`,
  ];
}

/** A namespace with eth0 and eth1, whose other ends stand here. */
async function makeVeths(t: ExecutionContext, station: Station): Promise<void> {
  const { namespace } = station;
  await ip('netns', 'add', namespace);
  t.teardown(() => ip('netns', 'delete', namespace));
  await setInside(namespace, [['ipv6/conf/default/accept_dad', '0']]);
  for (const network of MTUS.keys()) {
    const mtu = station.mtu(network);
    const here = station.labEnd(network);
    const link = `link add ${here} mtu ${mtu} type veth peer name eth${network} mtu ${mtu} netns`;
    await ip(...link.split(' '), namespace);
    await setHere(here, 'disable_ipv6');
    await ip('link', 'set', here, 'up');
  }
  const addresses = MTUS.flatMap((_, network) => addressCommands(station, network, false));
  await ipBatch(namespace, ['link set lo up', ...addresses]);
}

/** Nothing of this machine speaks on the end that the lab holds. */
async function setHere(name: string, setting: string): Promise<void> {
  await runProgram('sysctl', '-q', '-w', `net.ipv6.conf.${name}.${setting}=1`);
}

function addressCommands(station: Station, network: number, tagged: boolean): string[] {
  const name = `${tagged ? 'vlan' : 'eth'}${network}`;
  return [
    `addr replace ${station.address(network, tagged, 4)}/24 dev ${name}`,
    `addr replace ${station.address(network, tagged, 6)}/64 dev ${name} nodad`,
    `link set ${name} up`,
  ];
}

async function addVlans(t: ExecutionContext, stations: readonly Station[]): Promise<void> {
  const native = loadNative();
  const cables = stations.flatMap(({ path }) =>
    MTUS.map((_, network) => {
      const descriptor = native.createTap({ name: `vlan${network}`, namespace: path });
      t.teardown(() => {
        native.closeDescriptor(descriptor);
      });
      return { descriptor, namespace: path, name: `eth${network}` };
    }),
  );
  t.teardown(await plugIn(cables, VLAN));
}

async function configure(t: ExecutionContext, station: Station): Promise<void> {
  const { namespace, variant } = station;
  const { kind, offloads, twist } = variant;
  const names = [...MTUS.keys()].map((network) => [`eth${network}`, `vlan${network}`]);
  await ipBatch(namespace, [
    ...names.flat().map((name, i) => `link set ${name} mtu ${station.mtu(i >> 1)}`),
    ...MTUS.flatMap((_, network) => addressCommands(station, network, true)),
  ]);
  const inside = ['ip', 'netns', 'exec', namespace];
  for (const name of names.flat()) {
    if (offloads === 'off') await set(inside, name, NO_OFFLOADS);
    t.is(await leavesWork(inside, name), offloads === 'on', `${name} of ${namespace}`);
  }
  if (kind !== 'tap' && twist === 'lab')
    for (const network of MTUS.keys())
      await set([], station.labEnd(network), offloads === 'on' ? JOINING : NO_OFFLOADS);
}

async function set(prefix: readonly string[], name: string, settings: string[]): Promise<void> {
  for (const setting of settings)
    await runProgram(...prefix, 'ethtool', '-K', name, ...setting.split(' '));
}

/** Does this interface leave checksums and segmentation to the card? */
async function leavesWork(prefix: readonly string[], name: string): Promise<boolean> {
  const { stdout } = await runProgram(...prefix, 'ethtool', '-k', name);
  return /^tx-checksumming: on$/m.test(stdout) || /^tcp-segmentation-offload: on$/m.test(stdout);
}
