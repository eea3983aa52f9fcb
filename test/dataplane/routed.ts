/**
 * A plain router between two wires, somebody on each of them, and what they hear of it, byte for byte. The packets are built here from their
 * fields, with checksums computed over all bytes.
 */
import { equal } from 'node:assert/strict';
import type { Compiled } from '../../control/compile/compile.js';
import {
  checksumOf,
  pseudoSumIpv4,
  pseudoSumIpv6,
  sum,
  udpChecksumOf,
} from '../../dataplane/wire/checksum.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { hex, join, u16, u32, u8, viewOf, with16 } from '../../pcaps/build/bytes.js';
import { ethernet } from '../../pcaps/build/ethernet.js';
import type { Station } from '../../pcaps/build/ethernet.js';
import { arpRequest } from '../../pcaps/build/ipv4.js';
import { solicitation } from '../../pcaps/build/ipv6.js';
import { digitsOf } from '../layer2/frames.js';
import { play } from '../layer2/play.js';
import { labOf } from './lab.js';
import type { Scripted } from './story.js';

/** Somebody with MAC 02:00:00:00:`net`:`last` and the addresses 10.0.`net`.`last` and fd00:`net`::`last`. */
export function party(net: number, last: number): Station {
  return {
    mac: join(hex('02 00 00 00'), u8(net, last)),
    ip: u8(10, 0, net, last),
    ip6: join(hex('fd00'), u16(net), new Uint8Array(10), u16(last)),
  };
}

/** On wire a, at port `a.p`, ... */
export const near = party(1, 9);
/** ... and on wire b, at port `b.p`. */
export const far = party(2, 9);
/** The NICs of the router at these wires. */
export const eth0 = party(1, 1);
export const eth1 = party(2, 1);

/** The router; `more` are lines of the host, `mtu` is that of its NIC eth1. */
export function routerLab(more = '', mtu = 1500): Compiled {
  const nic = (wire: string, net: number, rest: string): string =>
    `{ wire: ${wire}, mac: "02:00:00:00:0${net}:01", addresses: [10.0.${net}.1/24, "fd00:${net}::1/64"]${rest} }`;
  return labOf(`
x-wires: { a: { ports: { p: } }, b: { ports: { p: } } }
x-hosts:
  r:
    nics:
      eth0: ${nic('a', 1, '')}
      eth1: ${nic('b', 2, `, mtu: ${mtu}`)}
    ${more}
`);
}

/** A frame that comes in: at `port`, `seconds` after the beginning, of which a capture kept `kept` bytes. */
export interface Sent {
  readonly port: string;
  readonly frame: Uint8Array;
  readonly seconds?: number;
  readonly kept?: number;
}

export const atA = (frame: Uint8Array, more: Partial<Sent> = {}): Sent => ({
  port: 'a.p',
  frame,
  ...more,
});
export const atB = (frame: Uint8Array, more: Partial<Sent> = {}): Sent => ({
  ...atA(frame, more),
  port: 'b.p',
});

/** By these the router learns which MACs both of them have. */
export const known: readonly Sent[] = [
  atA(arpRequest(near, eth0)),
  atA(solicitation(near, eth0)),
  atB(arpRequest(far, eth1)),
  atB(solicitation(far, eth1)),
];

/** A frame that leaves, as it is compared. */
export const leaves = (port: string, frame: Uint8Array): string => `${port} ${digitsOf(frame)}`;

/** What comes in as a script; `known` goes first. */
export function scriptOf(lab: Compiled, sent: readonly Sent[]): Scripted[] {
  return [...known, ...sent].map(({ port, frame, seconds = 0, kept }) => ({
    line: '',
    said: '',
    port: lab.ports.findIndex((one) => one.port === port),
    tick: Math.round(seconds * 1e9),
    frame: frame.slice(0, kept),
    size: frame.length,
  }));
}

/** What leaves at each of these frames, and how those of them end that do not leave. `known` goes first. */
export function heard(lab: Compiled, sent: readonly Sent[]): string[][] {
  const script = scriptOf(lab, sent);
  const tell = (traced: boolean): string[][] =>
    play(lab, script, { traced }).map(({ left, ended }) => [
      ...left.map((one) => `${one.port} ${one.digits}`),
      ...ended,
    ]);
  const told = tell(false);
  equal(JSON.stringify(tell(true)), JSON.stringify(told), 'a trace changes nothing');
  return told.slice(known.length);
}

interface Ipv4Fields {
  readonly ttl?: number;
  readonly tos?: number;
  /** Flags and fragment offset. */
  readonly fragment?: number;
  readonly id?: number;
  /** A multiple of four bytes. */
  readonly options?: Uint8Array;
}

export function packet4(
  from: Station,
  to: Station,
  protocol: number,
  payload: Uint8Array,
  { ttl = 64, tos = 0, fragment = 0, id = 1, options = new Uint8Array() }: Ipv4Fields = {},
): Uint8Array {
  const header = 20 + options.length;
  const head = join(
    u8(0x40 | (header / 4), tos),
    u16(header + payload.length, id, fragment),
    u8(ttl, protocol),
    u16(0),
    from.ip,
    to.ip,
    options,
  );
  return join(with16(head, 10, checksumOf(sum(viewOf(head), 0, header))), payload);
}

export function packet6(
  from: Station,
  to: Station,
  next: number,
  payload: Uint8Array,
  hops = 64,
  trafficClass = 0,
): Uint8Array {
  const first = u32((6 << 28) | (trafficClass << 20));
  return join(first, u16(payload.length), u8(next, hops), from.ip6, to.ip6, payload);
}

export const frame4 = (from: Station, to: Station, packet: Uint8Array): Uint8Array =>
  ethernet(from, to, EtherType.Ipv4, packet);
export const frame6 = (from: Station, to: Station, packet: Uint8Array): Uint8Array =>
  ethernet(from, to, EtherType.Ipv6, packet);

/** A transport header and data with the checksum that goes with the addresses; it stands at `checksumAt`. */
export function sealed(
  family: 4 | 6,
  from: Station,
  to: Station,
  protocol: Protocol,
  segment: Uint8Array,
  checksumAt: number,
): Uint8Array {
  const { length } = segment;
  const view = viewOf(
    family === 4 ? packet4(from, to, protocol, segment) : packet6(from, to, protocol, segment),
  );
  const pseudo =
    family === 4
      ? pseudoSumIpv4(view, 0, protocol, length)
      : pseudoSumIpv6(view, 0, protocol, length);
  const isSummed = protocol !== Protocol.Icmp;
  const total = (isSummed ? pseudo : 0) + sum(viewOf(segment), 0, length);
  const finish = protocol === Protocol.Udp ? udpChecksumOf : checksumOf;
  return with16(segment, checksumAt, finish(total));
}

export function udp(
  family: 4 | 6,
  from: Station,
  to: Station,
  data: Uint8Array = hex('6c6f6f6d'),
): Uint8Array {
  const datagram = join(u16(5000, 7, 8 + data.length, 0), data);
  return sealed(family, from, to, Protocol.Udp, datagram, 6);
}

/** An ICMP message of `kind`, type and code as one number, with four bytes of `detail`. */
export function message4(kind: number, detail: number, body: Uint8Array): Uint8Array {
  const message = join(u16(kind, 0), u32(detail), body);
  return with16(message, 2, checksumOf(sum(viewOf(message), 0, message.length)));
}

export function message6(
  from: Station,
  to: Station,
  kind: number,
  detail: number,
  body: Uint8Array,
): Uint8Array {
  return sealed(6, from, to, Protocol.Icmpv6, join(u16(kind, 0), u32(detail), body), 2);
}

interface ErrorFields {
  readonly id?: number;
  readonly detail?: number;
  /** Whose address it comes from; default: that of the NIC. */
  readonly from?: Station;
  readonly ttl?: number;
}

/** An error as the router sends it out by one of its NICs: class c0, 64 hops, numbered from 1. */
export function error4(
  nic: Station,
  to: Station,
  kind: number,
  quote: Uint8Array,
  { id = 1, detail = 0, from = nic, ttl = 64 }: ErrorFields = {},
): Uint8Array {
  const message = message4(kind, detail, quote);
  return frame4(nic, to, packet4(from, to, Protocol.Icmp, message, { tos: 0xc0, id, ttl }));
}

export function error6(
  nic: Station,
  to: Station,
  kind: number,
  quote: Uint8Array,
  { detail = 0, from = nic }: { detail?: number; from?: Station } = {},
): Uint8Array {
  const message = message6(from, to, kind, detail, quote);
  return frame6(nic, to, packet6(from, to, Protocol.Icmpv6, message));
}

export const ECHO6 = Icmpv6Type.EchoRequest << 8;
