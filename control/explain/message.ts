/** What an ICMP or ICMPv6 message is about, in one line. */
import { Reason } from '../../dataplane/observe/reason.js';
import * as icmp from '../../dataplane/wire/icmp.js';
import { IcmpType } from '../../dataplane/wire/icmp.js';
import * as icmpv6 from '../../dataplane/wire/icmpv6.js';
import { AdvertisementFlag, Icmpv6Type } from '../../dataplane/wire/icmpv6.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import { ipv6Text } from './text.js';
import { judged, pseudoSumOf, readingOf, way, type Carrier, type Reading } from './transport.js';

const ICMP_NAMES: Readonly<Record<number, string>> = {
  [IcmpType.EchoReply]: 'echo reply',
  [IcmpType.DestinationUnreachable]: 'destination unreachable',
  [IcmpType.SourceQuench]: 'source quench',
  [IcmpType.Redirect]: 'redirect',
  [IcmpType.EchoRequest]: 'echo request',
  [IcmpType.TimeExceeded]: 'time exceeded',
  [IcmpType.ParameterProblem]: 'parameter problem',
};

/** The codes of DestinationUnreachable (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1). */
const UNREACHABLE = [
  'network',
  'host',
  'protocol',
  'port',
  'fragmentation needed',
  'source route failed',
  'network unknown',
  'host unknown',
  'source host isolated',
  'network prohibited',
  'host prohibited',
  'network, for this type of service',
  'host, for this type of service',
  'administratively prohibited',
] as const;

const ICMPV6_NAMES: Readonly<Record<number, string>> = {
  [Icmpv6Type.DestinationUnreachable]: 'destination unreachable',
  [Icmpv6Type.PacketTooBig]: 'packet too big',
  [Icmpv6Type.TimeExceeded]: 'time exceeded',
  [Icmpv6Type.ParameterProblem]: 'parameter problem',
  [Icmpv6Type.EchoRequest]: 'echo request',
  [Icmpv6Type.EchoReply]: 'echo reply',
  [Icmpv6Type.ListenerQuery]: 'multicast listener query',
  [Icmpv6Type.ListenerReport]: 'multicast listener report',
  [Icmpv6Type.ListenerDone]: 'multicast listener done',
  [Icmpv6Type.ListenerReportV2]: 'multicast listener report',
  [Icmpv6Type.RouterSolicitation]: 'router solicitation',
  [Icmpv6Type.RouterAdvertisement]: 'router advertisement',
  [Icmpv6Type.NeighborSolicitation]: 'neighbor solicitation',
  [Icmpv6Type.NeighborAdvertisement]: 'neighbor advertisement',
  [Icmpv6Type.Redirect]: 'redirect',
};

/** The codes of ICMPv6 DestinationUnreachable (RFC 4443 §3.1). */
const UNREACHABLE_V6 = [
  'no route',
  'administratively prohibited',
  'beyond scope of source',
  'address',
  'port',
  'source address policy',
  'route rejected',
] as const;

export function describeIcmp(bytes: DataView, at: number, carrier: Carrier): Reading {
  const fault = icmp.checkIcmp(at, carrier.end, carrier.wireEnd);
  if (fault !== Reason.Ok) return readingOf(carrier, `ICMP ${way(carrier)}`, fault);
  const type = icmp.type(bytes, at);
  const name = ICMP_NAMES[type] ?? `type ${type} code ${icmp.code(bytes, at)}`;
  const about = icmp.isError(type) ? quotation(at, carrier) : '';
  const text = `ICMP ${name}${icmpDetail(bytes, at, type)}, ${way(carrier)}${about}`;
  if (!carrier.whole) return readingOf(carrier, text, Reason.Ok);
  return readingOf(carrier, text, icmp.checkIcmpChecksum(bytes, at, carrier.wireEnd - at, 0));
}

function icmpDetail(bytes: DataView, at: number, type: number): string {
  const code = icmp.code(bytes, at);
  switch (type) {
    case IcmpType.EchoRequest:
    case IcmpType.EchoReply:
      return echoDetail(bytes, at);
    case IcmpType.DestinationUnreachable:
      if (code === icmp.CODE_FRAGMENTATION_NEEDED) {
        return ` (fragmentation needed, next hop MTU ${icmp.nextHopMtu(bytes, at)})`;
      }
      return ` (${UNREACHABLE[code] ?? `code ${code}`})`;
    default:
      return '';
  }
}

function echoDetail(bytes: DataView, at: number): string {
  return ` id ${icmp.identifier(bytes, at)} seq ${icmp.sequence(bytes, at)}`;
}

function quotation(at: number, carrier: Carrier): string {
  return carrier.quote === undefined ? '' : `, about ${carrier.quote(icmp.quotedAt(at))}`;
}

export function describeIcmpv6(bytes: DataView, at: number, carrier: Carrier): Reading {
  const { end, wireEnd } = carrier;
  const fault = icmpv6.checkIcmpv6(at, end, wireEnd);
  if (fault !== Reason.Ok) return readingOf(carrier, `ICMPv6 ${way(carrier)}`, fault);
  const type = icmp.type(bytes, at);
  const name = ICMPV6_NAMES[type] ?? `type ${type} code ${icmp.code(bytes, at)}`;
  if (icmpv6.isNeighborDiscovery(type)) {
    const broken = icmpv6.checkNeighborDiscovery(bytes, at, end, wireEnd);
    if (broken !== Reason.Ok) return readingOf(carrier, `ICMPv6 ${name}, ${way(carrier)}`, broken);
  }
  const about = icmpv6.isError(type) ? quotation(at, carrier) : '';
  const text = `ICMPv6 ${name}${icmpv6Detail(bytes, at, type)}, ${way(carrier)}${about}`;
  if (!carrier.whole) return readingOf(carrier, text, Reason.Ok);
  const length = wireEnd - at;
  const pseudoSum = pseudoSumOf(bytes, carrier, Protocol.Icmpv6, length);
  const verdict = icmp.checkIcmpChecksum(bytes, at, length, pseudoSum);
  return judged(carrier, text, verdict, icmp.checksum(bytes, at), pseudoSum);
}

/** The target of a neighbor discovery message and what else its type has to say; those messages must have been checked. */
function icmpv6Detail(bytes: DataView, at: number, type: number): string {
  const code = icmp.code(bytes, at);
  switch (type) {
    case Icmpv6Type.EchoRequest:
    case Icmpv6Type.EchoReply:
      return echoDetail(bytes, at);
    case Icmpv6Type.DestinationUnreachable:
      return ` (${UNREACHABLE_V6[code] ?? `code ${code}`})`;
    case Icmpv6Type.PacketTooBig:
      return ` (MTU ${icmpv6.packetTooBigMtu(bytes, at)})`;
    case Icmpv6Type.NeighborSolicitation:
    case Icmpv6Type.Redirect:
      return ` for ${ipv6Text(bytes, icmpv6.targetAt(at))}`;
    case Icmpv6Type.NeighborAdvertisement:
      return ` of ${ipv6Text(bytes, icmpv6.targetAt(at))}${flagsText(bytes, at)}`;
    default:
      return '';
  }
}

function flagsText(bytes: DataView, at: number): string {
  const flags = icmpv6.advertisementFlags(bytes, at);
  const names = [
    (flags & AdvertisementFlag.Router) === 0 ? [] : ['router'],
    (flags & AdvertisementFlag.Solicited) === 0 ? [] : ['solicited'],
    (flags & AdvertisementFlag.Override) === 0 ? [] : ['override'],
  ].flat();
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}
