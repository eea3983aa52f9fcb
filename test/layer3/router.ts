/**
 * A router between two bridges, made by hand and asked packet by packet: what leaves, by which port, and how what does not leave ends. Each bridge has
 * two ports; a station is behind the one that its address says, and everybody knows everybody.
 *
 * What the router itself says about a packet that ends with it is another test's matter, and is left out.
 */
import assert from 'node:assert/strict';
import { Plane } from '../../dataplane/forward/plane.js';
import { FrameFlag } from '../../dataplane/frame/frames.js';
import { Reason } from '../../dataplane/observe/reason.js';
import { reasonText } from '../../dataplane/observe/reasons.js';
import type { Sink, Source } from '../../dataplane/port/port.js';
import { HostFlag, NetworkFlag, NONE, RouteKind } from '../../dataplane/program/layout.js';
import { NatProfile } from '../../dataplane/program/nat-layout.js';
import { allocateProgram } from '../../dataplane/program/program.js';
import type { Program, Table } from '../../dataplane/program/program.js';
import { breathOn } from '../../dataplane/worker/breathe.js';
import { collector } from '../dataplane/scenario.js';
import { digitsOf } from '../layer2/frames.js';
import { frameOf, ip } from './packets.js';
import type { Packet } from './packets.js';

export const [INSIDE, OUTSIDE] = [0, 1];
/** The addresses of the router, by interface. */
export const OWN: readonly [string, string] = [ip('10.0.0.1'), ip('203.0.113.1')];
const PORTS_EACH = 2;
const IPV4_BITS = 96;
const SUBNET_BITS = 24;
const MTU = 1500;
const CONNECTIONS = 4096;
const EVER_NS = 1e30;

export interface Route {
  /** Digits. */
  readonly to: string;
  readonly bits: number;
  readonly via?: string;
  readonly kind?: RouteKind;
  readonly iface?: number;
}

/** The columns of a row of natRules that are not 0. */
export type Rule = Partial<Record<keyof Table<'natRules'>, number>>;

export interface Wanted {
  /** The longest prefix first. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  /** Who is on a link with the router. */
  readonly neighbors: readonly (readonly [iface: number, address: string])[];
  readonly profile?: NatProfile;
  /** NatOption bits. */
  readonly options?: number;
  /** Docker masquerades the network inside. */
  readonly isMasqueraded?: boolean;
  /** How many connections there may be at once; default 4096. */
  readonly connections?: number;
  /** What becomes of each packet is told. */
  readonly isTraced?: boolean;
}

/** How a packet went on. */
export interface Outcome {
  readonly left: readonly { readonly port: number; readonly digits: string }[];
  /** `dropped: no-route`; empty where it left. */
  readonly ended: string;
}

export const wordOf = (address: string): number => parseInt(address, 16);
/** Of a station, as Docker gives it. */
export const macOf = (address: string): string => `0242${address}`;
export const portOf = (iface: number, address: string): number =>
  iface * PORTS_EACH + (wordOf(address) % PORTS_EACH);

export class Router {
  readonly plane: Plane;
  private readonly breath: () => number;
  private left: { port: number; digits: string }[] = [];
  private coming: { port: number; digits: string; tick: number } | undefined;
  private serial = 0;
  private readonly flags: number;

  constructor(wanted: Wanted) {
    this.flags = wanted.isTraced === true ? FrameFlag.Traced : 0;
    const program = programOf(wanted);
    this.plane = new Plane(program);
    introduce(this.plane, wanted);
    this.breath = breathOn(this.plane, this.source(), this.sinks(program), 1);
  }

  /** A frame comes in. */
  pass(port: number, digits: string, tick: number): Outcome {
    this.left = [];
    this.coming = { port, digits, tick };
    const before = this.endings(port);
    this.breath();
    const ended = this.endings(port).findIndex((count, i) => count !== before[i]);
    if (ended < 0) return { left: this.left, ended: '' };
    return { left: this.left.filter(({ digits }) => !isOwnWord(digits)), ended: wordFor(ended) };
  }

  /** A packet comes in from a neighbor, who is its sender unless somebody else is named. */
  send(packet: Packet, iface: number, tick: number, from = packet.source): Outcome {
    const link = { to: macOf(OWN[iface] ?? ''), from: macOf(from) };
    return this.pass(portOf(iface, from), frameOf(packet, link), tick);
  }

  /** Throws unless all frames are accounted for and all slots free. */
  checkConservation(): void {
    assert.equal(this.plane.counters.unaccounted(), 0, 'all frames are accounted for');
    assert.equal(this.plane.frames.claimed, 0, 'all slots are free again');
  }

  /** How many packets from a port were dropped, and how many consumed, by Reason. */
  private endings(port: number): Float64Array {
    const { dropped, consumed } = this.plane.counters;
    const row = port * Reason.Count;
    const both = new Float64Array(2 * Reason.Count);
    both.set(dropped.subarray(row, row + Reason.Count));
    both.set(consumed.subarray(row, row + Reason.Count), Reason.Count);
    return both;
  }

  private source(): Source {
    const { frames } = this.plane;
    return {
      receive: (into) => {
        if (this.coming === undefined) return 0;
        const { port, digits, tick } = this.coming;
        this.coming = undefined;
        const slot = frames.claim();
        frames.bytes.set(Buffer.from(digits, 'hex'), frames.start[slot]);
        frames.length[slot] = digits.length / 2;
        frames.wireLength[slot] = digits.length / 2;
        frames.inPort[slot] = port;
        frames.serial[slot] = ++this.serial;
        frames.flags[slot] = this.flags;
        frames.tick[slot] = tick;
        into[0] = slot;
        return 1;
      },
      refill: () => Promise.resolve(false),
    };
  }

  private sinks({ ports }: Program): Sink[] {
    return Array.from({ length: ports.rows }, (_, port) =>
      collector(this.plane, (_serial, bytes) => {
        this.left.push({ port, digits: digitsOf(bytes) });
      }),
    );
  }
}

function wordFor(ended: number): string {
  const way = ended < Reason.Count ? 'dropped' : 'consumed';
  return `${way}: ${reasonText(ended % Reason.Count).name}`;
}

/**
 * Of what leaves when a packet has ended: an ICMP error, the answer to a ping, or the RST of a port where nobody listens. Mostly from an address of the
 * router; but an error about a packet whose answers would be those of another connection, which clashes with its own, is told as from that one's
 * end, as Linux does (nf_conntrack_proto_icmp.c looks for the packet turned round).
 */
function isOwnWord(digits: string): boolean {
  const isReset = digits.slice(46, 48) === '06' && (parseInt(digits.slice(94, 96), 16) & 4) !== 0;
  const isIcmp = digits.slice(46, 48) === '01' && digits.slice(68, 70) !== '08';
  if (OWN.includes(digits.slice(52, 60))) return isReset || isIcmp;
  const isError = isIcmp && ['03', '0b'].includes(digits.slice(68, 70));
  // The source is whom the quoted packet was for.
  return isError && digits.slice(52, 60) === digits.slice(116, 124);
}

function programOf(wanted: Wanted): Program {
  const { routes, rules, profile = NatProfile.Linux, connections = CONNECTIONS } = wanted;
  const program = allocateProgram(
    {
      hosts: 1,
      subnets: 1,
      networks: OWN.length,
      ports: OWN.length * PORTS_EACH,
      addresses: OWN.length,
      routes: routes.length,
      natRules: rules.length,
    },
    1,
  );
  const { hosts, networks, ports, addresses, subnets, natRules } = program;
  hosts.flags[0] = HostFlag.Forwards;
  hosts.natProfile[0] = profile;
  hosts.natOptions[0] = wanted.options ?? 0;
  hosts.connectionsMax[0] = connections;
  networks.portCount.fill(PORTS_EACH);
  networks.mtu.fill(MTU);
  networks.ageing_ns.fill(EVER_NS);
  networks.stationsMax.fill(256);
  networks.macHigh.fill(parseInt(macOf(''), 16));
  networks.addressCount.fill(OWN.length);
  networks.ownCount.fill(1);
  ports.link.fill(NONE);
  for (const [iface, own] of OWN.entries()) {
    networks.firstPort[iface] = iface * PORTS_EACH;
    networks.macLow[iface] = wordOf(own);
    networks.firstOwn[iface] = iface;
    addresses.word3[iface] = wordOf(own);
    ports.network.fill(iface, iface * PORTS_EACH, (iface + 1) * PORTS_EACH);
  }
  if (wanted.isMasqueraded === true) networks.flags[INSIDE] = NetworkFlag.Masquerade;
  subnets.network[0] = INSIDE;
  subnets.family[0] = 4;
  subnets.word3[0] = wordOf(OWN[INSIDE] ?? '');
  subnets.prefix[0] = IPV4_BITS + SUBNET_BITS;
  for (const [row, route] of routes.entries()) writeRoute(program, row, route);
  natRules.iface.fill(NONE);
  natRules.network.fill(NONE);
  natRules.family.fill(4);
  natRules.toCount.fill(1);
  natRules.portLast.fill(0xffff);
  for (const [row, rule] of rules.entries())
    for (const [column, value] of Object.entries(rule))
      (natRules as unknown as Record<string, Uint32Array>)[column]?.fill(value, row, row + 1);
  return program;
}

function writeRoute({ routes }: Program, row: number, route: Route): void {
  routes.family[row] = 4;
  routes.word3[row] = wordOf(route.to);
  routes.prefix[row] = IPV4_BITS + route.bits;
  routes.via3[row] = wordOf(route.via ?? '0');
  routes.kind[row] = route.kind ?? RouteKind.Unicast;
  routes.iface[row] = route.iface ?? OUTSIDE;
}

/** The router and its bridges know who is where. */
function introduce({ neighbors, fdbs }: Plane, wanted: Wanted): void {
  const macHigh = parseInt(macOf(''), 16);
  for (const [iface, address] of wanted.neighbors) {
    const entry = neighbors[0]?.add(iface, 4, 0, 0, 0, wordOf(address), 0) ?? -1;
    neighbors[0]?.declare(entry, macHigh, wordOf(address));
    fdbs[iface]?.learn(macHigh, wordOf(address) | 0, portOf(iface, address), 1, 0);
  }
}
