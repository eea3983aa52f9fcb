/**
 * What a packet says of its conversation: who speaks to whom, and by which protocol. Four words.
 *
 *   key          1 for IPv6 << 24 | zone << 8 | protocol
 *   source       an IPv4 address, or the id of an IPv6 address (interned.ts)
 *   destination  likewise
 *   ports        source port << 16 | destination port (TCP, UDP, and whatever else has ports)
 *                identifier << 16 | type << 8 | code (ICMP queries); 0 (every other protocol)
 *
 * The key tells the families apart, so that an id is never mistaken for an IPv4 address. Words are bits: signed or not makes no difference.
 */
export const enum Protocol {
  Icmp = 1,
  Tcp = 6,
  Udp = 17,
  Icmpv6 = 58,
}

const PROTOCOL_BITS = 0xff;
const ZONE_SHIFT = 8;
const ZONE_BITS = 0xffff;
const IPV6_BIT = 1 << 24;

/** @param zone 0..65,535: tuples of different zones are different; @param protocol 0..255 */
export function keyOf(zone: number, protocol: number, isIpv6: boolean): number {
  return (isIpv6 ? IPV6_BIT : 0) | (zone << ZONE_SHIFT) | protocol;
}

export const protocolIn = (key: number): number => key & PROTOCOL_BITS;
export const zoneIn = (key: number): number => (key >>> ZONE_SHIFT) & ZONE_BITS;
export const isIpv6In = (key: number): boolean => (key & IPV6_BIT) !== 0;

/** The ports of the answer: the other way round, or of an ICMP query the type that answers it. */
export function replyPorts(protocol: number, ports: number): number {
  if (protocol !== Protocol.Icmp && protocol !== Protocol.Icmpv6)
    return (ports << 16) | (ports >>> 16);
  const type = (ports >>> 8) & 0xff;
  const answer = protocol === Protocol.Icmp ? icmpAnswer(type) : icmpv6Answer(type);
  return (ports & 0xffff_00ff) | (answer << 8);
}

/** Is this ICMP message a question, after which an answer is awaited? Only such a one opens a connection. */
export function isQuery(protocol: number, ports: number): boolean {
  const type = (ports >>> 8) & 0xff;
  return protocol === Protocol.Icmp
    ? type === 8 || type === 13 || type === 15 || type === 17
    : type === 128 || type === 139;
}

/** RFC 792 (echo 8/0, timestamp 13/14, information 15/16), RFC 950 (address mask 17/18). Other types are their own answer. */
function icmpAnswer(type: number): number {
  if (type === 8) return 0;
  if (type === 0) return 8;
  if (type < 13 || type > 18) return type;
  return (type & 1) === 1 ? type + 1 : type - 1;
}

/** RFC 4443 §4 (echo 128/129), RFC 4620 (node information 139/140). Other types are their own answer. */
function icmpv6Answer(type: number): number {
  if (type === 128 || type === 129) return type ^ 1;
  if (type === 139) return 140;
  return type === 140 ? 139 : type;
}
