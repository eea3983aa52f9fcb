/** Arbitrary traffic for arbitrary topologies: who sends what to whom, by numbers, so that it can shrink. */
import fc from 'fast-check';
import { join, u8 } from '../../pcaps/build/bytes.js';
import { ipv4 } from '../../pcaps/build/ipv4.js';
import { solicitation } from '../../pcaps/build/ipv6.js';
import type { Compiled } from '../../control/compile/compile.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import type { Scripted } from '../dataplane/story.js';
import { arpFrame, digitsOf, digitsOfFrame, EVERYBODY } from './frames.js';
import type { Frame } from './frames.js';
import type { Host, Network, Topology } from './naive.js';
import { portsOf, stationsOf, yamlOf } from './topologies.js';

const EXPERIMENT = '88b5';
const GROUPS = [EVERYBODY, '01:00:5e:00:00:01', '33:33:00:00:00:01'];
const TAGS = [
  [],
  [],
  ['81000000'],
  ['8100a000'],
  ['8100000a'],
  ['8100e00a'],
  ['81000014'],
  ['8100001e'],
];
const OTHER_TAGS = [['81000fff'], ['88a8000a'], ['8100000a', '81000014'], ['88a80014', '8100000a']];
const KINDS = ['word', 'word', 'ask', 'reply', 'ipv4', 'ipv4', 'ipv6', 'dad'] as const;

/** Choices by number, so that a topology can shrink under its traffic. */
export interface Sent {
  readonly port: number;
  /** By a port of a wire or of a NIC, not by one of a child. */
  readonly fromOutside: boolean;
  readonly kind: (typeof KINDS)[number];
  readonly sender: number;
  readonly target: number;
  readonly tags: number;
  /** Does it come from whom its port belongs to, as frames of containers mostly do? */
  readonly isHonest: boolean;
  /** Is it all about NICs and those outside, so that somebody answers somebody? */
  readonly isLocal: boolean;
  readonly toGroup: number;
  /** Is the Ethernet destination that of the target, or its own (as ipvlan has it), or another one? */
  readonly to: 'target' | 'itself' | 'other';
}

export const sent: fc.Arbitrary<Sent> = fc.record({
  port: fc.nat(),
  fromOutside: fc.boolean(),
  kind: fc.constantFrom(...KINDS),
  sender: fc.nat(),
  target: fc.nat(),
  tags: fc.nat(),
  isHonest: fc.integer({ max: 9, min: 0 }).map((n) => n < 8),
  isLocal: fc.boolean(),
  toGroup: fc.nat({ max: 11 }),
  to: fc.constantFrom('target', 'target', 'target', 'itself', 'itself', 'other'),
});

type Party = ReturnType<typeof stationsOf>[number];

/** Where a frame comes in, and the networks of its port: those of an interface, or none at a port of a wire. */
export interface Place {
  readonly port: string;
  readonly self?: Party;
  readonly host?: Host;
  readonly network?: Network;
}

export function placesOf(topology: Topology): Place[] {
  return portsOf(topology).map((port) => {
    for (const host of topology.hosts)
      for (const network of host.networks)
        for (const { mac, addresses, ...child } of network.children)
          if (child.port === port) {
            const [ip = '', ip6 = ''] = addresses;
            return { port, self: { mac, ip, ip6 }, host, network };
          }
    return { port };
  });
}

export const pick = <T>(from: readonly T[], n: number): T => {
  const one = from[n % from.length];
  if (one === undefined) throw new RangeError('nothing to choose from');
  return one;
};

/** The frame of a choice. Who claims an address in ARP has the MAC that goes with it, so that no two claims are at odds. */
export function drawn(topology: Topology, at: Place, choice: Sent, serial: number): Frame {
  const everybody = stationsOf(topology);
  const stations = choice.isLocal ? everybody.filter(({ ip6 }) => ip6 === undefined) : everybody;
  const sender = at.self && choice.isHonest ? at.self : pick(stations, choice.sender);
  const target = pick(stations, choice.target);
  const other = pick(stations, choice.sender + choice.target);
  const tags = tagsOf(at, choice);
  if (choice.kind === 'ask') {
    const probes = choice.toGroup === 11;
    const ip = probes ? '00000000' : sender.ip;
    return { ...arpFrame(true, { mac: sender.mac, ip }, { mac: EVERYBODY, ip: target.ip }), tags };
  }
  if (choice.kind === 'reply') return { ...arpFrame(false, sender, target), tags };
  const to = { target, itself: sender, other }[choice.to].mac;
  const group = GROUPS[choice.toGroup];
  const payload = join(u8(serial >>> 8, serial & 0xff), new Uint8Array(8));
  return {
    to: group ?? to,
    from: sender.mac,
    tags,
    rest: restOf(choice.kind, sender, target, payload),
  };
}

function restOf(kind: Sent['kind'], sender: Party, target: Party, payload: Uint8Array): string {
  const from = partyOf(sender);
  const to = partyOf(target);
  if (kind === 'ipv4') return `0800${digitsOf(ipv4(from, to, Protocol.Udp, payload))}`;
  if (kind === 'word' || target.ip6 === undefined) return EXPERIMENT + digitsOf(payload);
  if (kind === 'dad') {
    const nameless = { ...from, ip6: new Uint8Array(16) };
    return digitsOf(solicitation(nameless, to)).slice(24);
  }
  const head = `60000000${payload.length.toString(16).padStart(4, '0')}3b40`;
  return `86dd${head}${digitsOf(from.ip6)}${digitsOf(to.ip6)}${digitsOf(payload)}`;
}

function partyOf({ mac, ip, ip6 = '0'.repeat(30) + '11' }: Party) {
  const bytes = (digits: string) => new Uint8Array(Buffer.from(digits, 'hex'));
  return { mac: bytes(mac.replaceAll(':', '')), ip: bytes(ip), ip6: bytes(ip6) };
}

/** Children speak untagged here: what becomes of tags of their own is told in macvlan.test.ts. */
function tagsOf({ network }: Place, { tags, isHonest }: Sent): readonly string[] {
  if (network !== undefined) return [];
  return isHonest ? pick(TAGS, tags) : pick(OTHER_TAGS, tags);
}

export function scripted(lab: Compiled, port: string, frame: Frame, tick: number): Scripted {
  const bytes = new Uint8Array(Buffer.from(digitsOfFrame(frame), 'hex'));
  const number = lab.ports.findIndex((one) => one.port === port);
  return { line: '', said: '', port: number, tick, frame: bytes, size: bytes.length };
}

/** For nobody; it comes when all neighbors that were asked for have been given up. */
export const LAST = arpFrame(
  true,
  { mac: '02:00:00:00:0f:0f', ip: 'c0a800cf' },
  { mac: EVERYBODY, ip: 'c0a800ce' },
);

/** The smallest topology that fails, and how to fail again: `fc.check(..., { seed, path })` plays it alone. */
export function reportOf<Values extends [Topology, ...unknown[]]>({
  seed,
  counterexamplePath,
  counterexample,
  errorInstance,
}: fc.RunDetails<Values>): string {
  const yaml = counterexample ? yamlOf(counterexample[0]) : '';
  const why = errorInstance instanceof Error ? errorInstance.message : '';
  return `seed: ${seed}, path: "${counterexamplePath}"\n${yaml}\n${why}`;
}
