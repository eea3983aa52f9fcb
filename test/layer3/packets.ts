/**
 * IP packets as objects, and the frames that carry them as text (see layer2/frames.ts), every checksum computed from all it covers: word by
 * word, with nothing of the data plane's own arithmetic.
 */

/** Addresses are digits: 8 of IPv4, 32 of IPv6. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly protocol: 'tcp' | 'udp' | 'echo' | 'other';
  /** The source port; of an echo its identifier. */
  readonly port: number;
  /** The destination port; of an echo its type. Other ICMP is an echo of another type, ... */
  readonly toPort: number;
  /** ... and may have a code. */
  readonly code?: number;
  readonly hopLimit: number;
  /** Type of service, or traffic class. */
  readonly service?: number;
  readonly identification?: number;
  /** No router may cut it: the bit DF of IPv4. */
  readonly isWhole?: boolean;
  /** Digits of TCP between ports and checksum: sequence and acknowledgment number, bits, window. */
  readonly segment?: string;
  /** Digits behind the header: of TCP from the urgent pointer on, of an echo from its sequence number on. */
  readonly data: string;
  /** Digits of IPv4 options, whole words. */
  readonly options?: string;
  /** A later fragment: 8-byte units before it. It has no header, only data. */
  readonly offset?: number;
  /** A piece of a datagram: the digits that it carries, with the checksum of the whole; and whether more follow. */
  readonly piece?: string;
  readonly hasMore?: boolean;
  /** What stands in the checksum: nothing, as UDP may; or the pseudo sum alone, which a network card is to complete. Else it is right. */
  readonly checksum?: 'none' | 'partial';
  /** Added to the right checksum. */
  readonly damage?: number;
}

/** Between whom a frame goes: MACs as 12 digits; tags as 8 each, the outermost first. */
export interface Link {
  readonly to: string;
  readonly from: string;
  readonly tags?: string;
}

/** GRE, which has no ports. */
const OTHER = 47;
const FRAGMENT_HEADER = '2c';
const IDENTIFICATION = 0x1c46;

export const u8 = (value: number): string => value.toString(16).padStart(2, '0');
export const u16 = (value: number): string => value.toString(16).padStart(4, '0');
export const u32 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
export const isIpv6 = ({ source }: Packet): boolean => source.length === 32;

/** A dotted address as digits. */
export function ip(text: string): string {
  return text.split('.').map(Number).map(u8).join('');
}

/** The one's complement sum of 16-bit words, 0 only if all of them are; an odd last byte is followed by a zero (RFC 1071). */
export function sumOf(digits: string): number {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 4)
    sum += parseInt(digits.slice(at, at + 4).padEnd(4, '0'), 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

const complement = (sum: number): number => ~sum & 0xffff;

/** One's complement addition. */
function plus(a: number, b: number): number {
  return a + b > 0xffff ? a + b - 0xffff : a + b;
}

function protocolNumber(packet: Packet): number {
  const echo = isIpv6(packet) ? 58 : 1;
  return { tcp: 6, udp: 17, echo, other: OTHER }[packet.protocol];
}

/** What TCP, UDP and ICMPv6 sum besides themselves; ICMP sums nothing besides. */
function pseudoHeader(packet: Packet, bytes: number): string {
  if (packet.protocol === 'echo' && !isIpv6(packet)) return '';
  const { source, destination } = packet;
  return `${source}${destination}${u16(protocolNumber(packet))}${u16(bytes)}`;
}

/** Header and data with this checksum. */
function transportWith(packet: Packet, checksum: number): string {
  const { protocol, port, toPort, code = 0, segment = '', data } = packet;
  switch (protocol) {
    case 'tcp':
      return `${u16(port)}${u16(toPort)}${segment}${u16(checksum)}${data}`;
    case 'udp':
      return `${u16(port)}${u16(toPort)}${u16(8 + data.length / 2)}${u16(checksum)}${data}`;
    case 'echo':
      return `${u8(toPort)}${u8(code)}${u16(checksum)}${u16(port)}${data}`;
    case 'other':
      return data;
  }
}

export function checksumOf(packet: Packet): number {
  if (packet.checksum === 'none') return 0;
  const blank = transportWith(packet, 0);
  const pseudo = pseudoHeader(packet, blank.length / 2);
  if (packet.checksum === 'partial') return sumOf(pseudo);
  const right = plus(complement(sumOf(pseudo + blank)), packet.damage ?? 0);
  return packet.protocol === 'udp' && right === 0 ? 0xffff : right;
}

function ipv4Of(packet: Packet, body: string): string {
  const { source, destination, hopLimit, options = '', offset = 0 } = packet;
  const { service = 0, identification = IDENTIFICATION } = packet;
  const { isWhole = false, hasMore = false } = packet;
  const words = 5 + options.length / 8;
  const header = (checksum: number): string =>
    [
      `4${words.toString(16)}${u8(service)}${u16(4 * words + body.length / 2)}`,
      u16(identification) + u16((isWhole ? 0x4000 : 0) | (hasMore ? 0x2000 : 0) | offset),
      u8(hopLimit) + u8(protocolNumber(packet)) + u16(checksum),
      source + destination + options,
    ].join('');
  return header(complement(sumOf(header(0)))) + body;
}

function ipv6Of(packet: Packet, body: string): string {
  const { source, destination, hopLimit, service = 0, offset = 0, hasMore = false } = packet;
  const protocol = u8(protocolNumber(packet));
  const place = u16((offset << 3) | (hasMore ? 1 : 0));
  const isCut = offset !== 0 || hasMore;
  const fragment = isCut ? `${protocol}00${place}${u32(IDENTIFICATION)}` : '';
  const next = isCut ? FRAGMENT_HEADER : protocol;
  const carried = fragment + body;
  const head = `6${u8(service)}00000${u16(carried.length / 2)}${next}${u8(hopLimit)}`;
  return head + source + destination + carried;
}

/** The digits of a packet. */
export function packetDigits(packet: Packet): string {
  const isFirst = (packet.offset ?? 0) === 0;
  const whole = isFirst ? transportWith(packet, checksumOf(packet)) : packet.data;
  const body = packet.piece ?? whole;
  return isIpv6(packet) ? ipv6Of(packet, body) : ipv4Of(packet, body);
}

/** The pieces of a packet, each but the last with so many bytes of what it carries: a multiple of 8. */
export function piecesOf(packet: Packet, bytes: number): Packet[] {
  const carried = transportWith(packet, checksumOf(packet));
  const count = Math.ceil(carried.length / 2 / bytes);
  return Array.from({ length: count }, (_, i) => ({
    ...packet,
    piece: carried.slice(2 * i * bytes, 2 * (i + 1) * bytes),
    offset: (i * bytes) / 8,
    hasMore: i < count - 1,
  }));
}

/** The digits of the frame that carries a packet. */
export function frameOf(packet: Packet, { to, from, tags = '' }: Link): string {
  return to + from + tags + (isIpv6(packet) ? '86dd' : '0800') + packetDigits(packet);
}

/** The source port, or identifier, in the digits of an untagged frame with an IPv4 packet without options. */
export function portIn(digits: string): number {
  const isEcho = digits.slice(46, 48) === '01';
  const at = isEcho ? 76 : 68;
  return parseInt(digits.slice(at, at + 4), 16);
}

/** The answer to a packet: the other way round, and of a question the type that answers it. */
export function answerTo(packet: Packet): Packet {
  const { source, destination, protocol, port, toPort } = packet;
  const isEcho = protocol === 'echo';
  return {
    ...packet,
    source: destination,
    destination: source,
    port: isEcho ? port : toPort,
    toPort: isEcho ? answerType(packet) : port,
  };
}

function answerType(packet: Packet): number {
  return isIpv6(packet) ? packet.toPort ^ 1 : 8 - packet.toPort;
}
