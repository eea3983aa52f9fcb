/** Frames as a real station sends them: who asks for a neighbor, answers, and pings (RFC 826, RFC 792, RFC 4861, RFC 4443). */
import { checksumOf, pseudoSumIpv6, sum } from '../../dataplane/wire/checksum.js';
import { Ethernet, EtherType } from '../../dataplane/wire/ethernet.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import { AdvertisementFlag, Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { Ipv6 } from '../../dataplane/wire/ipv6.js';
import type { Address } from '../address.js';

/** Who speaks: a MAC as text and an address. */
export interface Speaker {
  readonly mac: string;
  readonly ip: Address;
}

const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const NOBODY = '00:00:00:00:00:00';
const HOP_LIMIT = 64;
const HOP_LIMIT_NEIGHBORS = 255;
const PING_BYTES = 56;
const SOURCE_OPTION = 1;
const TARGET_OPTION = 2;

/** Who has `asked`? ARP, or a neighbor solicitation to the group of that address. */
export function question(from: Speaker, asked: Address): Uint8Array {
  if (asked.family === 4) return arp(from, EVERYBODY, 1, NOBODY, asked.value);
  const last = asked.value & 0xff_ffffn;
  const group = {
    family: 6,
    value: (0xff02n << 112n) | (1n << 32n) | 0xff00_0000n | last,
  } as const;
  const mac = `33:33:ff:${digits(last, 3).match(/../g)?.join(':') ?? ''}`;
  const message = join(
    bytes(BigInt(Icmpv6Type.NeighborSolicitation) << 56n, 8),
    bytes(asked.value, 16),
    option(SOURCE_OPTION, from.mac),
  );
  return icmpv6(from, { mac, ip: group }, message, HOP_LIMIT_NEIGHBORS);
}

/** I have the address you asked for. */
export function reply(from: Speaker, to: Speaker): Uint8Array {
  if (from.ip.family === 4) return arp(from, to.mac, 2, to.mac, to.ip.value);
  const flags = AdvertisementFlag.Solicited | AdvertisementFlag.Override;
  const message = join(
    bytes((BigInt(Icmpv6Type.NeighborAdvertisement) << 56n) | (BigInt(flags) << 24n), 8),
    bytes(from.ip.value, 16),
    option(TARGET_OPTION, from.mac),
  );
  return icmpv6(from, to, message, HOP_LIMIT_NEIGHBORS);
}

/** A ping, as Linux sends it. */
export function ping(from: Speaker, to: Speaker, dataBytes = PING_BYTES): Uint8Array {
  const data = Uint8Array.from({ length: dataBytes }, (_, i) => i & 0xff);
  if (from.ip.family === 6) {
    const head = bytes((BigInt(Icmpv6Type.EchoRequest) << 56n) | 0x1_0001n, 8);
    return icmpv6(from, to, join(head, data), HOP_LIMIT);
  }
  const message = join(bytes((BigInt(IcmpType.EchoRequest) << 56n) | 0x1_0001n, 8), data);
  put16(message, 2, checksumOf(sum(viewOf(message), 0, message.length)));
  const head = join(
    bytes(0x4500, 2),
    bytes(20 + message.length, 2),
    bytes(0x0001_4000, 4),
    bytes((HOP_LIMIT << 8) | Protocol.Icmp, 2),
    bytes(0, 2),
    bytes(from.ip.value, 4),
    bytes(to.ip.value, 4),
  );
  put16(head, 10, checksumOf(sum(viewOf(head), 0, head.length)));
  return ethernet(from.mac, to.mac, EtherType.Ipv4, join(head, message));
}

function arp(
  { mac, ip }: Speaker,
  to: string,
  operation: number,
  targetMac: string,
  target: bigint,
): Uint8Array {
  const head = bytes(0x0001_0800_0604_0000n | BigInt(operation), 8);
  const packet = join(
    head,
    macBytes(mac),
    bytes(ip.value, 4),
    macBytes(targetMac),
    bytes(target, 4),
  );
  return ethernet(mac, to, EtherType.Arp, packet);
}

function icmpv6(from: Speaker, to: Speaker, message: Uint8Array, hopLimit: number): Uint8Array {
  const head = join(
    bytes(0x6000_0000, 4),
    bytes(message.length, 2),
    bytes((Protocol.Icmpv6 << 8) | hopLimit, 2),
    bytes(from.ip.value, 16),
    bytes(to.ip.value, 16),
  );
  const packet = join(head, message);
  const view = viewOf(packet);
  const pseudo = pseudoSumIpv6(view, 0, Protocol.Icmpv6, message.length);
  const at = Ipv6.HeaderLength;
  put16(packet, at + 2, checksumOf(pseudo + sum(view, at, message.length)));
  return ethernet(from.mac, to.mac, EtherType.Ipv6, packet);
}

function option(kind: number, mac: string): Uint8Array {
  return join(bytes((kind << 8) | 1, 2), macBytes(mac));
}

function ethernet(from: string, to: string, type: number, payload: Uint8Array): Uint8Array {
  return join(macBytes(to), macBytes(from), bytes(type, Ethernet.HeaderLength - 12), payload);
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(Buffer.from(mac.replaceAll(':', ''), 'hex'));
}

function bytes(value: number | bigint, count: number): Uint8Array {
  return Uint8Array.from(Buffer.from(digits(BigInt(value), count), 'hex'));
}

function digits(value: bigint, count: number): string {
  return value.toString(16).padStart(2 * count, '0');
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function put16(into: Uint8Array, at: number, value: number): void {
  viewOf(into).setUint16(at, value);
}
