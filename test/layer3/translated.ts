/**
 * A router that translates what leaves to the outside, in both families: two neighbors inside, two outside, and a router on the way that nobody here is a
 * neighbor of. What they send each other is told packet by packet, with all that leaves, byte for byte: also what the router says itself.
 */
import type { ExecutionContext } from 'ava';
import type { Compiled } from '../../control/compile/compile.js';
import { hex } from '../../pcaps/build/bytes.js';
import { arpRequest } from '../../pcaps/build/ipv4.js';
import { solicitation } from '../../pcaps/build/ipv6.js';
import { labOf } from '../dataplane/lab.js';
import { atA, atB, eth0, eth1, far, heard, known, near, party } from '../dataplane/routed.js';
import { digitsOf } from '../layer2/frames.js';
import { answerTo, frameOf, isIpv6, packetDigits, u16, u32, u8 } from './packets.js';
import type { Packet } from './packets.js';

export const FAMILIES = [4, 6] as const;
export type Family = (typeof FAMILIES)[number];
export const PROFILES = ['linux', 'rfc4787'] as const;
export type Profile = (typeof PROFILES)[number];

/** Control bits of TCP. */
export const [FIN, SYN, RST, ACK] = [0x01, 0x02, 0x04, 0x10];
/** Where the numbers of TCP begin, of who asks and of who answers. */
export const [NEAR_SEQUENCE, FAR_SEQUENCE] = [1000, 5000];
const HOP_LIMIT = 64;
const WINDOW = 0xfaf0;
const CLASS_OF_ERRORS = 0xc0;

/** The neighbors of the router beside `near` and `far`. */
const [sibling, other] = [party(1, 8), party(2, 8)];
const beyond = party(3, 5);

/** What the lab is told besides; each is YAML. */
export interface Settings {
  /** Keys of the rule that translates sources, as `ports: 40000-40063`. */
  readonly range?: string;
  /** Further rules, first, each with a comma behind it; %in, %out and %mine stand for the subnet inside, the address outside and the neighbor inside. */
  readonly rules?: string;
  /** How many there may be at once. */
  readonly connections?: number;
  /** What else the host is told, each line as `inbound_refresh: true`. */
  readonly told?: readonly string[];
  /** MTU of the link outside. */
  readonly mtu?: number;
  /** The subnet inside contains the one outside. */
  readonly isWide?: boolean;
}

/** A packet that is sent, all that leaves then, or how it ends, and when, in seconds from the beginning. */
export type Line = readonly [
  sent: Packet,
  becomes: Packet | string | readonly (Packet | string)[],
  at?: number,
];

/** Addresses as digits. */
export interface Scene {
  readonly lab: Compiled;
  readonly family: Family;
  /** Neighbors inside, ... */
  readonly mine: string;
  readonly theirs: string;
  /** ... and outside. */
  readonly peer: string;
  readonly stranger: string;
  /** Somewhere outside, behind the peer. */
  readonly onTheWay: string;
  /** The addresses of the router. */
  readonly inner: string;
  readonly outer: string;
}

const addressOf = (family: Family, { ip, ip6 }: typeof near): string =>
  digitsOf(family === 4 ? ip : ip6);

export function scene(family: Family, profile: Profile, settings: Settings = {}): Scene {
  return {
    lab: labFor(family, profile, settings),
    family,
    mine: addressOf(family, near),
    theirs: addressOf(family, sibling),
    peer: addressOf(family, far),
    stranger: addressOf(family, other),
    onTheWay: addressOf(family, beyond),
    inner: addressOf(family, eth0),
    outer: addressOf(family, eth1),
  };
}

function labFor(family: Family, profile: Profile, settings: Settings): Compiled {
  const { range = '', rules = '', connections = 64, told = [] } = settings;
  const { mtu = 1500, isWide = false } = settings;
  const bits = isWide ? { 4: 8, 6: 16 } : { 4: 24, 6: 64 };
  const inside = family === 4 ? '10.0.1.0/24' : '"fd00:1::/64"';
  const written = rules
    .replaceAll('%in', inside)
    .replaceAll('%out', family === 4 ? '10.0.2.1' : 'fd00:2::1')
    .replaceAll('%mine', family === 4 ? '10.0.1.9' : 'fd00:1::9');
  return labOf(`
x-wires: { a: { ports: { p: } }, b: { ports: { p: } } }
x-hosts:
  r:
    nics:
      eth0: { wire: a, mac: "02:00:00:00:01:01", addresses: [10.0.1.1/${bits[4]}, "fd00:1::1/${bits[6]}"] }
      eth1: { wire: b, mac: "02:00:00:00:02:01", addresses: [10.0.2.1/24, "fd00:2::1/64"], mtu: ${mtu} }
    send_redirects: false # redirects.test.ts
    routes: [{ to: 10.0.3.0/24, via: 10.0.2.9 }, { to: "fd00:3::/64", via: "fd00:2::9" }]
x-nat:
  r:
    profile: ${profile}
    connections_max: ${connections}${told.map((line) => `\n    ${line}`).join('')}
    rules: [${written} { snat: ${inside}, out: eth1, to: masquerade, ${range} }]
`);
}

/** By these the router learns the MACs of the neighbors that it does not know. */
const introduced = [
  atA(arpRequest(sibling, eth0)),
  atA(solicitation(sibling, eth0)),
  atB(arpRequest(other, eth1)),
  atB(solicitation(other, eth1)),
];

/** What is due when a packet comes is not yet when the neighbors ask. */
const SHORTLY_BEFORE = 1e-6;
/** With which the router asks whether a neighbor is still there: a request of ARP, or a neighbor solicitation. */
const QUESTION = /^\S+ .{24}(?:08060001080006040001|86dd.{12}3a.{66}87)/;

/**
 * Checks what becomes of each packet. Who is inside, and what is for there, is known by its address. Whenever time has passed, the neighbors ask for the
 * router shortly before, which may have forgotten them; what it asks them is left out.
 */
export function tells(t: ExecutionContext, { lab }: Scene, lines: readonly Line[]): void {
  let now = 0;
  const sent = lines.flatMap(([packet, , seconds = 0]) => {
    const isInside = isFromInside(packet.source);
    const link = {
      to: digitsOf((isInside ? eth0 : eth1).mac),
      from: macOf(packet.source),
    };
    const line = (isInside ? atA : atB)(hex(frameOf(packet, link)), { seconds });
    const meeting = now < seconds ? [...known, ...introduced] : [];
    now = seconds;
    return [...meeting.map((one) => ({ ...one, seconds: seconds - SHORTLY_BEFORE })), line];
  });
  const left = heard(lab, [...introduced, ...sent]).slice(introduced.length);
  const told = lines.map(([, becomes]) =>
    [becomes].flat().map((one) => (typeof one === 'string' ? one : leaving(one))),
  );
  const isMeeting = sent.map(({ frame }) =>
    [...known, ...introduced].some((one) => one.frame === frame),
  );
  t.deepEqual(
    left
      .filter((_, i) => isMeeting[i] !== true)
      .map((some) => some.filter((one) => !QUESTION.test(one))),
    told,
  );
}

/** How a packet of the router leaves: by the port that its destination is behind. */
function leaving(packet: Packet): string {
  const isIn = isFromInside(packet.destination);
  const link = { to: macOf(packet.destination), from: digitsOf((isIn ? eth0 : eth1).mac) };
  return `${isIn ? 'a.p' : 'b.p'} ${frameOf(packet, link)}`;
}

function isFromInside(address: string): boolean {
  return [near, sibling, party(1, 7)].some(({ ip, ip6 }) =>
    [digitsOf(ip), digitsOf(ip6)].includes(address),
  );
}

/** Of a neighbor; everybody else is behind the peer. */
function macOf(address: string): string {
  const neighbor = [near, sibling, other].find(({ ip, ip6 }) =>
    [digitsOf(ip), digitsOf(ip6)].includes(address),
  );
  return digitsOf((neighbor ?? far).mac);
}

/** The same packet one router further, by other names. */
export function passed(packet: Packet, name: Partial<Packet> = {}): Packet {
  return { ...packet, ...name, hopLimit: packet.hopLimit - 1 };
}

export function udp(source: string, port: number, destination: string, toPort: number): Packet {
  const data = '6c6f6f6d';
  const hopLimit = HOP_LIMIT;
  return { source, destination, protocol: 'udp', port, toPort, hopLimit, isWhole: true, data };
}

/** A ping, which no router may cut, as of all these packets: then they keep their identification. */
export function ping(source: string, identifier: number, destination: string): Packet {
  const toPort = source.length === 8 ? 8 : 128;
  const data = '0001cafe';
  return {
    source,
    destination,
    protocol: 'echo',
    port: identifier,
    toPort,
    hopLimit: HOP_LIMIT,
    isWhole: true,
    data,
  };
}

/** A segment of TCP, which carries `bytes` zeros. */
export function tcp(
  { source, port, destination, toPort }: Pick<Packet, 'source' | 'port' | 'destination' | 'toPort'>,
  bits: number,
  [sequence, acknowledgment]: readonly [number, number],
  bytes = 0,
): Packet {
  return {
    source,
    destination,
    protocol: 'tcp',
    port,
    toPort,
    hopLimit: HOP_LIMIT,
    isWhole: true,
    segment: `${u32(sequence)}${u32(acknowledgment)}50${u8(bits)}${u16(WINDOW)}`,
    data: `0000${'00'.repeat(bytes)}`,
  };
}

/** The first answer to a question of UDP, a SYN, or a ping. */
export function answerOf(question: Packet): Packet {
  const answer = { ...answerTo(question), hopLimit: HOP_LIMIT };
  if (question.protocol !== 'tcp') return answer;
  return tcp(answer, SYN | ACK, [FAR_SEQUENCE, NEAR_SEQUENCE + 1]);
}

/** A question from inside of each kind that has ports, or an identifier: 5000. */
export function questionsOf({ mine, peer }: Scene): readonly Packet[] {
  const ends = { source: mine, port: 5000, destination: peer, toPort: 53 };
  return [udp(mine, 5000, peer, 53), tcp(ends, SYN, [NEAR_SEQUENCE, 0]), ping(mine, 5000, peer)];
}

/** Type and code of the errors, of each family (RFC 792, RFC 4443). */
const ERRORS = {
  unreachable: { 4: [3, 1], 6: [1, 3] },
  closed: { 4: [3, 3], 6: [1, 4] },
  prohibited: { 4: [3, 13], 6: [1, 1] },
  tooLong: { 4: [3, 4], 6: [2, 0] },
  expired: { 4: [11, 0], 6: [3, 0] },
  misread: { 4: [12, 0], 6: [4, 0] },
  redirect: { 4: [5, 1], 6: [137, 0] },
} as const;
export type Kind = keyof typeof ERRORS;
export const KINDS = (Object.keys(ERRORS) as Kind[]).filter((kind) => kind !== 'redirect');

/** An error about a packet; `detail` is the MTU that it tells, or 0; so many bytes of the packet are quoted at the most. */
export function errorAbout(
  about: Packet,
  kind: Kind,
  [source, destination]: readonly [from: string, to: string],
  detail = 0,
  quoted = Infinity,
): Packet {
  const [toPort, code] = ERRORS[kind][isIpv6(about) ? 6 : 4];
  const [port, rest] = [detail >>> 16, u16(detail & 0xffff)];
  const data = rest + packetDigits(about).slice(0, 2 * quoted);
  const message = { protocol: 'echo', port, toPort, code } as const;
  return { source, destination, ...message, hopLimit: HOP_LIMIT, isWhole: true, data };
}

/** The same, as the router says it: its first of IPv4. */
export function saidAbout(
  about: Packet,
  kind: Kind,
  [source, destination]: readonly [from: string, to: string],
  detail = 0,
  quoted = Infinity,
): Packet {
  const error = errorAbout(about, kind, [source, destination], detail, quoted);
  const own = { service: CLASS_OF_ERRORS, identification: 1, isWhole: false };
  return isIpv6(about) ? error : { ...error, ...own };
}

/** Declares a test once for each family and profile. */
export const each: readonly { readonly family: Family; readonly profile: Profile }[] =
  FAMILIES.flatMap((family) => PROFILES.map((profile) => ({ family, profile })));

/** The first segment of somebody who opens a connection. */
export const syn = (source: string, port: number, destination: string, toPort: number): Packet =>
  tcp({ source, port, destination, toPort }, SYN, [NEAR_SEQUENCE, 0]);

/** The reset with which a host refuses a SYN, as the emulated one writes it. */
export function refusalOf(question: Packet): Packet {
  const { source, port, destination, toPort } = question;
  const ends = { source: destination, port: toPort, destination: source, toPort: port };
  const reset = tcp(ends, RST | ACK, [0, NEAR_SEQUENCE + 1]);
  const segment = `${u32(0)}${u32(NEAR_SEQUENCE + 1)}5014${u16(0)}`;
  return { ...reset, segment, identification: 0, isWhole: true };
}
