/**
 * The lines of a story of layer 2, as frames (see scenario.ts):
 *
 *     at 2s h1.eth0[50]: W>c1 ip=10.0.0.9>10.0.0.2 => c1
 *
 * says that 2 s after the beginning a frame with a tag of VLAN 50 comes in at NIC eth0 of h1, from station W to the MAC of container c1.
 * Names of MACs and tags: names.ts. What a frame carries:
 *
 *     (nothing)           bytes that count 1, 2, 3, ..., 60 bytes in all without tags; `type=` and `size=` change that, and
 *                         `kept=` says how many bytes of it a capture kept
 *     ask=S>T reply=S>T   ARP from address S, for or to address T
 *     ip=S>T ping=S>T     a UDP datagram, an echo request; of IPv6 where the addresses are
 *     dad=T solicit=S>T   a neighbor solicitation for T, from nobody or from S
 *     raw=DIGITS          everything from the EtherType on
 */
import type { Compiled } from '../../control/compile/compile.js';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { counting, hex } from '../../pcaps/build/bytes.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { echo, ipv4 } from '../../pcaps/build/ipv4.js';
import { echo6, solicitation } from '../../pcaps/build/ipv6.js';
import { parseAddress } from '../../control/address.js';
import type { Scripted } from '../dataplane/story.js';
import { arpFrame, digitsOf, digitsOfFrame } from './frames.js';
import type { Frame } from './frames.js';
import { tagDigits } from './names.js';
import type { Names } from './names.js';

const LINE =
  /^(?:at (?<time>[\d.]+)s )?(?<port>[^\s[:]+)(?:\[(?<tags>\S+)\])?: (?<from>\S+)>(?<to>\S+)(?: (?<options>.*))?$/;
const TYPES: Readonly<Record<string, string>> = { pause: '8808', experimental: '88b5' };
const NOBODY = '00000000';
const HEADER_DIGITS = 24;
const UDP_HEADER = '1388138800120000';

/** One frame of a story, and what the story says becomes of it. */
export interface Told extends Scripted {
  readonly sent: Frame;
  /** Ports (see scenario.ts), and ways to end inside, in alphabetical order. */
  readonly ends: readonly string[];
}

/** Reads a story. A line that cannot be read, or names no port of the lab, throws. */
export function readStory(story: string, lab: Compiled, names: Names): Told[] {
  let tick = 0;
  const lines = story.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  return lines.filter(Boolean).map((line) => {
    const [said = '', becomes = ''] = line.split(' => ');
    const words = LINE.exec(said)?.groups;
    const port = lab.ports.findIndex((one) => one.port === words?.['port']);
    if (words === undefined || port < 0) throw new Error(`cannot be read: ${line}`);
    tick = words['time'] === undefined ? tick : Math.round(Number(words['time']) * 1e9);
    const options = new URLSearchParams((words['options'] ?? '').replaceAll(' ', '&'));
    const sent = frameOf(words, options, names);
    const whole = hex(digitsOfFrame(sent));
    const frame = whole.slice(0, Number(options.get('kept') ?? whole.length));
    const ends = (becomes.match(/(dropped|consumed): \S+|\S+/g) ?? []).sort();
    return { line, said, port, tick, frame, size: whole.length, sent, ends };
  });
}

function frameOf(
  { from = '', to = '', tags }: Record<string, string | undefined>,
  options: URLSearchParams,
  names: Names,
): Frame {
  const header = {
    to: names.mac(to),
    from: names.mac(from),
    tags: (tags?.split(',') ?? []).map(tagDigits),
  };
  const [kind, value] = [...options].find(([key]) => !['type', 'size', 'kept'].includes(key)) ?? [];
  if (kind !== undefined && value !== undefined)
    return { ...header, rest: restOf(kind, value, header) };
  const type = options.get('type') ?? 'experimental';
  const size = Number(options.get('size') ?? 60 + 4 * header.tags.length);
  const payload = counting(Math.max(0, size - 14 - 4 * header.tags.length));
  return { ...header, rest: (TYPES[type] ?? type) + digitsOf(payload) };
}

/** The digits from the EtherType on. */
function restOf(kind: string, value: string, macs: { from: string; to: string }): string {
  if (kind === 'raw') return value;
  const [one = '', other = one] = value.split('>');
  const sender = partyOf(kind === 'dad' ? '::' : one, macs.from);
  const target = partyOf(other, macs.to);
  const isIpv6 = other.includes(':');
  switch (kind) {
    case 'ask':
    case 'reply':
      return arpFrame(kind === 'ask', digitsOfParty(sender), digitsOfParty(target)).rest;
    case 'ip':
      return isIpv6 ? udp6Of(sender, target) : ip4Of(sender, target);
    case 'ping':
      return tailOf(isIpv6 ? echo6(sender, target, 1) : echo(sender, target, 1));
    case 'dad':
    case 'solicit':
      return tailOf(solicitation(sender, target));
    default:
      throw new Error(`no such kind of frame: ${kind}`);
  }
}

function ip4Of(sender: Station, target: Station): string {
  return `0800${digitsOf(ipv4(sender, target, Protocol.Udp, hex(`${UDP_HEADER}6c6f6f6d6c6f6f6d6c6f`)))}`;
}

function udp6Of(sender: Station, target: Station): string {
  return `86dd6000000000121140${digitsOf(sender.ip6)}${digitsOf(target.ip6)}${UDP_HEADER}6c6f6f6d6c6f6f6d6c6f`;
}

/** The answer of a host to an echo request from `sender`, with the identification that it chose. */
export function pongOf(sender: Station, target: Station, identification: number): string {
  const answer = echo(target, sender, 1, IcmpType.EchoReply, 56, [identification, 0]);
  return tailOf(answer);
}

export function pong6Of(sender: Station, target: Station): string {
  return tailOf(echo6(target, sender, 1, Icmpv6Type.EchoReply));
}

function tailOf(frame: Uint8Array): string {
  return digitsOf(frame).slice(HEADER_DIGITS);
}

/** Somebody by the text of an address. */
export function partyOf(address: string, mac: string): Station {
  const value = parseAddress(address)?.value ?? 0n;
  const digits = (bytes: number): string => value.toString(16).padStart(2 * bytes, '0');
  const isIpv6 = address.includes(':');
  return {
    mac: hex(mac),
    ip: hex(isIpv6 ? NOBODY : digits(4)),
    ip6: hex(isIpv6 ? digits(16) : '0'.repeat(32)),
  };
}

function digitsOfParty({ mac, ip }: Station): { mac: string; ip: string } {
  return { mac: digitsOf(mac), ip: digitsOf(ip) };
}
