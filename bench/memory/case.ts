import type { FlowKind, Flows } from '../../dataplane/port/flows.js';
import type { Traffic } from '../../dataplane/port/synth.js';
import { OUTER_BYTES } from '../../dataplane/port/packets.js';
import type { TunnelFlows, TunnelKind } from '../../dataplane/port/tunnel-flows.js';
import { mannersOf } from './programs.js';
import type { Topology } from './programs.js';
import type { SourcePorts } from './source-ports.js';

/** One thing to measure. */
export interface Case {
  /** The function under test. */
  readonly name: Topology | FlowKind | TunnelKind;
  /** Size of the frames as written in reports: a number of bytes with FCS, or `imix`. */
  readonly frameBytes: number | 'imix';
  readonly traffic: Traffic;
  /** How long to measure, after warming up. */
  readonly seconds: number;
  /** Among how many the hosts are shared out, one for each. */
  readonly workers: number;
  /** How many children of NICs there are, of which `traffic.ports` speak. */
  readonly children: number;
  /** A router is under test, with these conversations instead of `traffic`. */
  readonly flows?: Flows;
  /** A tunnel end is, with these. */
  readonly tunnel?: TunnelFlows;
}

/** What one case gave: nanoseconds per frame of each sample, and what the garbage collector did meanwhile. */
export interface Samples {
  readonly nsPerFrame: readonly number[];
  readonly frames: number;
  /** Of what encapsulates: how the source ports of outer packets spread. */
  readonly sourcePorts?: readonly SourcePorts[];
  /** The longest pause, and how many there were. */
  readonly gcPauseMax_ms: number;
  readonly gcPauses: number;
  /** Bytes of heap and external memory at the end, less those after warming up. */
  readonly growth: number;
}

/** The simple Internet mix of 64, 594 and 1518 bytes, 7 to 4 to 1. */
const IMIX: readonly number[] = [...Array<number>(7).fill(64), ...Array<number>(4).fill(594), 1518];

const SIZES: readonly (number | 'imix')[] = [64, 128, 256, 512, 1024, 1280, 1518, 'imix'];
const HOSTS: readonly number[] = [16, 1024, 51_200, 1_048_576];
const PORTS: readonly number[] = [2, 4, 8, 16, 32, 64];
const TAGS: readonly Topology[] = ['access-trunk', 'qinq'];
const CHILDREN: readonly Topology[] = ['macvlan', 'ipvlan l2', 'ipvlan l3'];
const COUNTS: readonly number[] = [16, 256, 10_240];
const PATTERNS: readonly Traffic['pattern'][] = ['unicast', 'broadcast1', 'flood'];

interface Axes {
  readonly name: Topology;
  readonly frameBytes: number | 'imix';
  readonly hosts: number;
  readonly ports: number;
  readonly children?: number;
  readonly pattern: Traffic['pattern'];
}

const CENTRE: Axes = { name: 'bridge', frameBytes: 64, hosts: 1024, ports: 16, pattern: 'unicast' };

/** Hosts on a wire, each with a worker of its own. */
export function sharedCasesOf(seed: number, seconds: number, workers: number): Case[] {
  const ports = CENTRE.ports * Math.ceil(workers / CENTRE.ports);
  const varied = [64, 512, 1518].map((frameBytes): Axes => {
    return { ...CENTRE, name: 'vlan wire', frameBytes, hosts: ports, ports };
  });
  return varied.map((axes) => caseOf(axes, seed, seconds, workers));
}

/** The host as a router: prefixes, connections, and connections that are opened. */
const ROUTED: readonly (readonly [FlowKind, readonly number[]])[] = [
  ['routed', [1, 10_000, 500_000]],
  ['snat', [1, 10_000, 1_000_000]],
  ['dnat', [1, 10_000, 1_000_000]],
  ['echo', [10_000]],
  ['opening', [1]],
];

function routedCasesOf(seed: number, seconds: number): Case[] {
  return ROUTED.flatMap(([kind, counts]) =>
    counts.map((count): Case => {
      const ports = CENTRE.ports / 2;
      const pattern: Traffic['pattern'] = 'unicast';
      const traffic = { seed, hosts: count, ports: CENTRE.ports, pattern, frameBytes: [64] };
      const flows = { seed, kind, count, ports };
      const common = { seconds, workers: 1, children: 0 };
      return { name: kind, frameBytes: 64, traffic, flows, ...common };
    }),
  );
}

/** The largest frame that fits into the tunnel over a link of 1518 bytes: of a packet of 1450 bytes, as Docker has it. */
const TUNNEL_FRAME_MAX = 1518 - OUTER_BYTES;
const TUNNEL_SIZES: readonly number[] = [64, 512, TUNNEL_FRAME_MAX];

/** A tunnel end of the host: frame sizes, and how many stations are behind other ends. */
const TUNNELED: readonly (readonly [TunnelKind, frameBytes: readonly number[], number])[] = [
  ['vxlan encapsulate', TUNNEL_SIZES, 10_000],
  ['vxlan encapsulate', [64], 1],
  ['vxlan encapsulate', [64], 100_000],
  ['vxlan decapsulate', TUNNEL_SIZES, 10_000],
  ['vxlan nat', [64], 10_000],
];

function tunneledCasesOf(seed: number, seconds: number): Case[] {
  return TUNNELED.flatMap(([kind, sizes, count]) =>
    sizes.map((frameBytes): Case => {
      const ports = CENTRE.ports / 2;
      const { pattern } = CENTRE;
      const traffic = { seed, hosts: count, ports, pattern, frameBytes: [frameBytes] };
      const tunnel = { seed, kind, count, ports, frameBytes };
      return { name: kind, frameBytes, traffic, tunnel, seconds, workers: 1, children: 0 };
    }),
  );
}

/** Each axis of the grid varied alone around 64 bytes, 1,024 hosts, 16 ports, unicast; then children of NICs. */
export function casesOf(seed: number, seconds: number): Case[] {
  const varied: Axes[] = [
    ...SIZES.map((frameBytes) => ({ ...CENTRE, frameBytes })),
    ...HOSTS.map((hosts) => ({ ...CENTRE, hosts })),
    ...PORTS.map((ports) => ({ ...CENTRE, ports })),
    ...PATTERNS.map((pattern) => ({ ...CENTRE, pattern })),
    ...TAGS.map((name) => ({ ...CENTRE, name })),
    // A child has one address.
    ...CHILDREN.flatMap((name) =>
      COUNTS.map((ports) => ({ ...CENTRE, name, hosts: ports, ports })),
    ),
    // Many of whom few speak: what it costs that they are there, without the cache misses of touching them all.
    ...CHILDREN.map((name) => {
      const [few = 0, ...more] = COUNTS;
      return { ...CENTRE, name, hosts: few, ports: few, children: Math.max(...more) };
    }),
    { ...CENTRE, name: 'vlan wire', hosts: CENTRE.ports },
  ];
  const distinct = [...new Map(varied.map((axes) => [JSON.stringify(axes), axes])).values()];
  return [
    ...distinct.map((axes) => caseOf(axes, seed, seconds, 1)),
    ...routedCasesOf(seed, seconds),
    ...tunneledCasesOf(seed, seconds),
  ];
}

function caseOf(
  { name, frameBytes, hosts, ports, pattern, children = ports }: Axes,
  seed: number,
  seconds: number,
  workers: number,
): Case {
  return {
    name,
    frameBytes,
    seconds,
    workers,
    children,
    traffic: {
      seed,
      hosts,
      ports,
      pattern,
      ...mannersOf(name),
      frameBytes: frameBytes === 'imix' ? IMIX : [frameBytes],
    },
  };
}
