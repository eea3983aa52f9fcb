/** What a TCP segment or a UDP datagram is about, in one line. */
import { Reason } from '../../dataplane/observe/reason.js';
import { isPartial, pseudoSumIpv4, pseudoSumIpv6 } from '../../dataplane/wire/checksum.js';
import { Protocol } from '../../dataplane/wire/ipv4.js';
import * as tcp from '../../dataplane/wire/tcp.js';
import * as udp from '../../dataplane/wire/udp.js';
import { Udp } from '../../dataplane/wire/udp.js';
import type { FrameDescription } from './dissect.js';

/** What could be said about a packet, and the first thing found wrong with it. */
export interface Reading {
  readonly text: string;
  /** A Reason; a number, since walks answer with the negative of one. */
  readonly fault: number;
  readonly source?: string;
  readonly destination?: string;
  /** The frame that it carries through a tunnel. */
  readonly inner?: FrameDescription;
}

/** What a datagram carries through a tunnel: `VXLAN 42`, and the frame in it, of which `text` says what it is. */
export type Tunneled =
  | { readonly tunnel: string; readonly inner: FrameDescription; readonly text: string }
  | { readonly tunnel: string; readonly fault: Reason };

/** Describes what a datagram to this port carries between `at` and its end, if that is a frame in a tunnel. */
export type Open = (port: number, at: number, end: number, wireEnd: number) => Tunneled | undefined;

/** The IP packet around a transport header. */
export interface Carrier {
  readonly family: 4 | 6;
  readonly ipAt: number;
  readonly source: string;
  readonly destination: string;
  /** Where the packet ends, as kept and as sent (see the head of dataplane/wire/ethernet.ts). */
  readonly end: number;
  readonly wireEnd: number;
  /** Is this the first fragment of a datagram, whose length is therefore unknown? */
  readonly fragment: boolean;
  /** Is every byte under the transport checksum here, so that it can be judged? */
  readonly whole: boolean;
  /** Describes the packet that an ICMP error quotes at this offset. Absent inside a quotation: they do not nest. */
  readonly quote?: (at: number) => string;
  /** Absent where tunnels are not looked into. */
  readonly open?: Open;
}

/** A reading of a packet that `carrier` carries. */
export function readingOf(carrier: Carrier, text: string, fault: number): Reading {
  return { text, fault, source: carrier.source, destination: carrier.destination };
}

/** `172.18.0.2 → 172.18.0.3` */
export function way(carrier: Carrier): string {
  return `${carrier.source} → ${carrier.destination}`;
}

/** The pseudo sum under a transport of `length` bytes. */
export function pseudoSumOf(
  bytes: DataView,
  carrier: Carrier,
  protocol: number,
  length: number,
): number {
  return carrier.family === 4
    ? pseudoSumIpv4(bytes, carrier.ipAt, protocol, length)
    : pseudoSumIpv6(bytes, carrier.ipAt, protocol, length);
}

/**
 * A reading with its checksum judged. A checksum that Linux left to the network card is no fault: every capture inside a
 * container is full of them.
 */
export function judged(
  carrier: Carrier,
  text: string,
  fault: Reason,
  checksum: number,
  pseudoSum: number,
): Reading {
  if (fault !== Reason.Ok && isPartial(checksum, pseudoSum)) {
    return readingOf(carrier, `${text} (checksum left to the network card)`, Reason.Ok);
  }
  return readingOf(carrier, text, fault);
}

const FLAGS = [
  [tcp.Flag.Syn, 'SYN'],
  [tcp.Flag.Fin, 'FIN'],
  [tcp.Flag.Rst, 'RST'],
  [tcp.Flag.Psh, 'PSH'],
  [tcp.Flag.Ack, 'ACK'],
  [tcp.Flag.Urg, 'URG'],
  [tcp.Flag.Ece, 'ECE'],
  [tcp.Flag.Cwr, 'CWR'],
] as const;

export function describeTcp(bytes: DataView, at: number, carrier: Carrier): Reading {
  const { end, wireEnd } = carrier;
  const cut = tcp.checkPorts(at, end, wireEnd);
  if (cut !== Reason.Ok) return readingOf(carrier, `TCP ${way(carrier)}`, cut);
  const ports = wayOfPorts(carrier, tcp.sourcePort(bytes, at), tcp.destinationPort(bytes, at));
  const fault = tcp.checkTcp(bytes, at, end, wireEnd);
  if (fault !== Reason.Ok) return readingOf(carrier, `TCP ${ports}`, fault);
  const flags = tcp.flags(bytes, at);
  const names = FLAGS.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
  const parts = [`TCP ${ports} [${names.join(', ')}] seq ${tcp.sequence(bytes, at)}`];
  if ((flags & tcp.Flag.Ack) !== 0) parts.push(`ack ${tcp.acknowledgment(bytes, at)}`);
  const length = wireEnd - at;
  const data = length - tcp.headerLength(bytes, at);
  if (data > 0 && !carrier.fragment) parts.push(`len ${data}`);
  const text = parts.join(' ');
  if (!carrier.whole) return readingOf(carrier, text, Reason.Ok);
  const pseudoSum = pseudoSumOf(bytes, carrier, Protocol.Tcp, length);
  const verdict = tcp.checkTcpChecksum(bytes, at, length, pseudoSum);
  return judged(carrier, text, verdict, tcp.checksum(bytes, at), pseudoSum);
}

export function describeUdp(bytes: DataView, at: number, carrier: Carrier): Reading {
  const fault = udp.checkUdp(bytes, at, carrier.end, carrier.wireEnd);
  if (fault !== Reason.Ok) return readingOf(carrier, `UDP ${way(carrier)}`, fault);
  const length = udp.length(bytes, at);
  const ports = wayOfPorts(carrier, udp.sourcePort(bytes, at), udp.destinationPort(bytes, at));
  const tunneled = tunneledIn(bytes, at, carrier);
  if (tunneled && 'fault' in tunneled)
    return readingOf(carrier, `${tunneled.tunnel} ${ports}`, tunneled.fault);
  const inside = tunneled && { inner: tunneled.inner };
  const text = tunneled
    ? `${tunneled.tunnel} ${ports}, ${tunneled.text}`
    : `UDP ${ports} len ${length - Udp.HeaderLength}`;
  if (!carrier.whole) return { ...readingOf(carrier, text, Reason.Ok), ...inside };
  const pseudoSum = pseudoSumOf(bytes, carrier, Protocol.Udp, length);
  const mayBeNone = carrier.family === 4 || tunneled !== undefined;
  const verdict = udp.checkUdpChecksum(bytes, at, pseudoSum, mayBeNone);
  return { ...judged(carrier, text, verdict, udp.checksum(bytes, at), pseudoSum), ...inside };
}

/** The frame that a datagram carries through a tunnel; a fragment has not all of it. */
function tunneledIn(bytes: DataView, at: number, carrier: Carrier): Tunneled | undefined {
  if (carrier.fragment) return undefined;
  const wireEnd = at + udp.length(bytes, at);
  const [port, from] = [udp.destinationPort(bytes, at), at + Udp.HeaderLength];
  return carrier.open?.(port, from, Math.min(carrier.end, wireEnd), wireEnd);
}

/** `172.18.0.2:40000 → 172.18.0.3:80`, and IPv6 addresses in brackets (RFC 3986 §3.2.2). */
function wayOfPorts(carrier: Carrier, sourcePort: number, destinationPort: number): string {
  const { source, destination } = carrier;
  return carrier.family === 4
    ? `${source}:${sourcePort} → ${destination}:${destinationPort}`
    : `[${source}]:${sourcePort} → [${destination}]:${destinationPort}`;
}
