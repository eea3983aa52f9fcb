/** What an IP packet is about, in one line: addresses, fragments, and what it carries. */
import { Reason } from '../../dataplane/observe/reason.js';
import * as ipv4 from '../../dataplane/wire/ipv4.js';
import { Ipv4, Protocol } from '../../dataplane/wire/ipv4.js';
import * as ipv6 from '../../dataplane/wire/ipv6.js';
import { Ipv6 } from '../../dataplane/wire/ipv6.js';
import { describeIcmp, describeIcmpv6 } from './message.js';
import { hex, ipv4Text, ipv6Text } from './text.js';
import {
  describeTcp,
  describeUdp,
  readingOf,
  way,
  type Carrier,
  type Open,
  type Reading,
} from './transport.js';

/** Describes the IPv4 packet at `at`. Without `open` it stands in an ICMP error, which cuts it short. */
export function describeIpv4(
  bytes: DataView,
  at: number,
  frameEnd: number,
  frameWireEnd: number,
  open?: Open,
): Reading {
  const fault = ipv4.checkIpv4(bytes, at, frameEnd, frameWireEnd);
  if (fault !== Reason.Ok) return { text: 'IPv4', fault };
  const wireEnd = at + ipv4.totalLength(bytes, at);
  const end = Math.min(frameEnd, wireEnd);
  const fragment = ipv4.isFragment(bytes, at);
  const carrier: Carrier = {
    family: 4,
    ipAt: at,
    source: ipv4Text(ipv4.source(bytes, at)),
    destination: ipv4Text(ipv4.destination(bytes, at)),
    end,
    wireEnd: fragment ? at + Ipv4.LengthMax : wireEnd,
    fragment,
    whole: open !== undefined && !fragment && end === wireEnd,
    ...(open && { open, quote: (inner: number) => quotedIpv4(bytes, inner, end) }),
  };
  const id = hex(ipv4.identification(bytes, at));
  const offset = ipv4.fragmentOffset(bytes, at);
  if (offset > 0) return laterFragment(carrier, offset, ipv4.moreFragments(bytes, at), id);
  const upperAt = at + ipv4.headerLength(bytes, at);
  const reading = describeUpper(bytes, ipv4.protocol(bytes, at), upperAt, carrier);
  return fragment ? firstFragment(reading, id) : reading;
}

/** Describes the IPv6 packet at `at`; `open` as for IPv4. */
export function describeIpv6(
  bytes: DataView,
  at: number,
  frameEnd: number,
  frameWireEnd: number,
  open?: Open,
): Reading {
  const fault = ipv6.checkIpv6(bytes, at, frameEnd, frameWireEnd);
  if (fault !== Reason.Ok) return { text: 'IPv6', fault };
  const wireEnd = at + Ipv6.HeaderLength + ipv6.payloadLength(bytes, at);
  const end = Math.min(frameEnd, wireEnd);
  const upper = ipv6.upperOf(bytes, at, end, wireEnd);
  const carrier: Carrier = {
    family: 6,
    ipAt: at,
    source: ipv6Text(bytes, ipv6.sourceAt(at)),
    destination: ipv6Text(bytes, ipv6.destinationAt(at)),
    end,
    wireEnd,
    fragment: false,
    // Behind a routing header the pseudo-header has another destination: packets with extensions are not judged.
    whole: open !== undefined && end === wireEnd && ipv6.upperOffset(upper) === Ipv6.HeaderLength,
    ...(open && { open, quote: (inner: number) => quotedIpv6(bytes, inner, end) }),
  };
  if (upper < 0) return readingOf(carrier, `IPv6 ${way(carrier)}`, -upper);
  const upperAt = at + ipv6.upperOffset(upper);
  const protocol = ipv6.upperProtocol(upper);
  if (protocol === ipv6.Extension.Fragment) return describeFragment(bytes, upperAt, carrier);
  return describeUpper(bytes, protocol, upperAt, carrier);
}

function quotedIpv4(bytes: DataView, at: number, end: number): string {
  return describeIpv4(bytes, at, end, at + Ipv4.LengthMax).text;
}

function quotedIpv6(bytes: DataView, at: number, end: number): string {
  const wireEnd = at + Ipv6.HeaderLength + Ipv4.LengthMax;
  return describeIpv6(bytes, at, end, wireEnd).text;
}

/** What stands behind the IPv6 fragment header at `at` (RFC 8200 §4.5). */
function describeFragment(bytes: DataView, at: number, packet: Carrier): Reading {
  const id = hex(ipv6.fragmentIdentification(bytes, at), 8);
  const offset = ipv6.fragmentOffset(bytes, at);
  const more = ipv6.moreFragments(bytes, at);
  if (offset > 0) return laterFragment(packet, offset, more, id);
  const upper = ipv6.upperOfFragment(bytes, at, packet.end, packet.wireEnd);
  if (upper < 0) return readingOf(packet, `IPv6 ${way(packet)}`, -upper);
  // A fragment that is first and last at once is a whole datagram (RFC 6946).
  const wireEnd = more ? at + Ipv4.LengthMax : packet.wireEnd;
  const carrier: Carrier = { ...packet, wireEnd, fragment: more, whole: false };
  const upperAt = at + ipv6.upperOffset(upper);
  const reading = describeUpper(bytes, ipv6.upperProtocol(upper), upperAt, carrier);
  return more ? firstFragment(reading, id) : reading;
}

function firstFragment(reading: Reading, id: string): Reading {
  return { ...reading, text: `${reading.text} (first fragment of datagram ${id})` };
}

function laterFragment(carrier: Carrier, offset: number, more: boolean, id: string): Reading {
  const which = more ? 'fragment' : 'last fragment';
  const text = `IPv${carrier.family} ${which} of datagram ${id}, from byte ${offset}`;
  return readingOf(carrier, `${text}, ${way(carrier)}`, Reason.Ok);
}

function describeUpper(bytes: DataView, protocol: number, at: number, carrier: Carrier): Reading {
  if (protocol === Protocol.Tcp) return describeTcp(bytes, at, carrier);
  if (protocol === Protocol.Udp) return describeUdp(bytes, at, carrier);
  if (carrier.family === 4 && protocol === Protocol.Icmp) return describeIcmp(bytes, at, carrier);
  if (carrier.family === 6 && protocol === Protocol.Icmpv6) {
    return describeIcmpv6(bytes, at, carrier);
  }
  return readingOf(carrier, `${protocolName(protocol, carrier)} ${way(carrier)}`, Reason.Ok);
}

function protocolName(protocol: number, carrier: Carrier): string {
  if (protocol === Protocol.Igmp) return 'IGMP';
  if (protocol === ipv6.Extension.NoNextHeader && carrier.family === 6)
    return 'IPv6 without payload';
  return `IPv${carrier.family} protocol ${protocol}`;
}
