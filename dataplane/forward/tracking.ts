/** What a host knows of its connections, and how packets name them: IPv4 addresses as they are, IPv6 addresses by numbers (state/interned). */
import { HostFlag } from '../program/layout.js';
import { NatProfile } from '../program/nat-layout.js';
import type { Program } from '../program/program.js';
import { Conntrack } from '../state/conntrack.js';
import {
  CLOSING_TIMERS,
  ESTABLISHED_TIMERS,
  ESTABLISHED_TIMERS_RFC,
  ICMP_TIMERS,
  linuxTimeouts,
  OPENING_TIMERS,
  rfcTimeouts,
  setTimeouts,
  UDP_TIMERS,
} from '../state/conntrack-timeouts.js';
import { Interned } from '../state/interned.js';
import { Tracker } from '../state/tracker.js';
import { UnsolicitedSyns } from '../state/unsolicited.js';
import { IDENTIFICATION_FIRST } from './identification.js';

/** Addresses of one host's connections: four of each, many of them the same. */
const ADDRESSES_MAX = 65_536;
/** Of the hashes. Nobody keeps it secret: a replay is to be the same every time. */
const SEED = 0x5bd1_e995;

export interface Tracking {
  readonly table: Conntrack;
  readonly tracker: Tracker;
  readonly addresses: Interned;
  /**
   * In the profile rfc4787: which source outside a source inside has. A mapping is kept as a connection would be, whose one tuple is the address
   * and port inside, the other those outside, each as its own counterpart.
   */
  readonly mappings: Conntrack | undefined;
  /** In the same profile: SYNs from outside that nobody has asked for. */
  readonly syns: UnsolicitedSyns | undefined;
  /** In the same: the next identification of a packet whose source is translated (identification.ts). */
  readonly identifications: Uint16Array;
  /** NatOption bits, of the same. */
  readonly options: number;
}

/** By host; undefined for one that neither filters nor translates. From `firstDue` on, `dues` says by host when its SYNs have waited long enough. */
export function trackingsOf(
  program: Program,
  dues: Float64Array,
  firstDue: number,
): (Tracking | undefined)[] {
  const { hosts, natRules } = program;
  return Array.from({ length: hosts.rows }, (_, host) => {
    const isDocker = (hosts.flags[host] & HostFlag.Docker) !== 0;
    if (!isDocker && !natRules.host.includes(host)) return undefined;
    const isRfc = (hosts.natProfile[host] as NatProfile) === NatProfile.Rfc4787;
    const capacity = Math.max(hosts.connectionsMax[host], 1);
    const addresses = new Interned(ADDRESSES_MAX, SEED);
    const table = new Conntrack(capacity, SEED, addresses);
    const tracker = new Tracker(table, timeoutsOf(program, host, isRfc));
    const mappings = isRfc ? new Conntrack(capacity, SEED, addresses) : undefined;
    const syns = isRfc ? new UnsolicitedSyns(dues, firstDue + host) : undefined;
    const options = hosts.natOptions[host];
    const identifications = Uint16Array.of(IDENTIFICATION_FIRST);
    return { table, tracker, addresses, mappings, syns, identifications, options };
  });
}

/** Those of the profile, but for what the topology says. */
function timeoutsOf({ hosts }: Program, host: number, isRfc: boolean): Float64Array {
  const timeouts = isRfc ? rfcTimeouts() : linuxTimeouts();
  const established = isRfc ? ESTABLISHED_TIMERS_RFC : ESTABLISHED_TIMERS;
  setTimeouts(timeouts, UDP_TIMERS, hosts.udpTimeout_ns[host]);
  setTimeouts(timeouts, ICMP_TIMERS, hosts.icmpTimeout_ns[host]);
  setTimeouts(timeouts, established, hosts.tcpEstablishedTimeout_ns[host]);
  setTimeouts(timeouts, OPENING_TIMERS, hosts.tcpOpeningTimeout_ns[host]);
  setTimeouts(timeouts, CLOSING_TIMERS, hosts.tcpClosingTimeout_ns[host]);
  return timeouts;
}

/** The name of an address, or -1: then nobody has a connection with it. */
export function nameOf({ addresses }: Tracking, family: number, words: Int32Array): number {
  return family === 4 ? words[3] : addresses.find(words[0], words[1], words[2], words[3]);
}

/** The name of an address, which is held until it is given back (`letGo`); -1 when there is no room. Of IPv4, -1 is a name like others. */
export function holdName({ addresses }: Tracking, family: number, words: Int32Array): number {
  return family === 4 ? words[3] : addresses.intern(words[0], words[1], words[2], words[3]);
}

export function letGo({ addresses }: Tracking, family: number, name: number): void {
  if (family === 6 && name >= 0) addresses.release(name);
}

/** Writes the address of a name. */
export function putAddress(
  { addresses }: Tracking,
  family: number,
  name: number,
  words: Int32Array,
): void {
  if (family === 4) words[3] = name;
  else for (let i = 0; i < 4; i++) words[i] = addresses.word(name, i);
}
