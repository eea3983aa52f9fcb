/**
 * The packet inside an ICMP error: which conversation is the error about? And, where addresses and ports are translated, the same packet as it
 * would be on the other side (RFC 5508 §4; RFC 3022 §4.3; RFC 1624).
 *
 * Complication 1: what is checked. The checksum of the error and that of the quoted IPv4 header must be right; that of the quoted segment or
 *   datagram is nobody's business, and can mostly not be checked (RFC 5508 REQ-3). It is kept as right or wrong as it was.
 * Complication 2: where the quote ends. With the error; before that where extensions follow and it says so (RFC 4884 §4), which are left as they
 *   are; and before that where the quoted packet itself ends. It may end within any field behind the first eight bytes of the transport header.
 * Complication 3: everything that changes is under the checksum of the error, the checksums in the quote as well. So the sum of all that may change
 *   is taken before and after (RFC 1624 eqn 3). All of it stands at even offsets.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import {
  isRight,
  pseudoSumIpv6,
  sum,
  updateChecksum,
  updateUdpChecksum,
} from '../wire/checksum.js';
import * as icmp from '../wire/icmp.js';
import { IcmpType } from '../wire/icmp.js';
import { Icmpv6Type } from '../wire/icmpv6.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { Tcp } from '../wire/tcp.js';
import { Udp } from '../wire/udp.js';
import { hasIdentifier, NO_TRANSPORT, Packet, readAtOn } from './packet.js';
import type { Plane } from './plane.js';

/** A quote in front of extensions has so many bytes at least (RFC 4884 §4.2); what says less means something else. */
const EXTENDED_MIN = 128;
const ADDRESSES_AT_IPV4 = 12;
/** Nothing changes so many bytes behind the headers of IP, or further on: the checksum of TCP is the last. */
const CHANGED_MAX = Tcp.HeaderLengthMin;

/** The quoted packet. What Packet says of it holds as if it stood alone; most of what is behind its headers is missing. */
export class Quote extends Packet {
  /** Where the ICMP header of the error begins in the pool, ... */
  error = 0;
  /** ... where the packet that carries it, ... */
  carrier = 0;
  /** ... and where what is here of the quoted packet ends. */
  end = 0;

  /** Is the quoted packet here to its last byte? */
  get isWhole(): boolean {
    return this.at + this.length <= this.end;
  }
}

/**
 * Makes the function that reads what an ICMP or ICMPv6 error quotes, or says why such an error is not to be passed on. The error is the frame's
 * packet, which has been read into `packet`; its type is the caller's to look at (icmp.isError, icmpv6.isError).
 */
export function readQuoteOn(plane: Plane, packet: Packet, quote: Quote): (frame: Frame) => Reason {
  const { start, length, flags, checksumStart, view } = plane.frames;
  const readAt = readAtOn(plane, quote);

  /** `end`: of what is here. A checksum that was left to a NIC, or covers what a capture did not keep, counts as right. */
  function isSumRight(frame: Frame, at: number, end: number): boolean {
    const isLeft =
      (flags[frame] & FrameFlag.Partial) !== 0 && start[frame] + checksumStart[frame] === at;
    const bytes = packet.at + packet.length - at;
    if (isLeft || at + bytes > end) return true;
    const pseudoSum =
      packet.family === 4 ? 0 : pseudoSumIpv6(view, packet.at, Protocol.Icmpv6, bytes);
    return isRight(pseudoSum + sum(view, at, bytes));
  }

  /** Bytes of the quote in front of extensions, as the error says; 0 where it says nothing (RFC 4884 §4.1, §4.4, §4.5). */
  function extendedAfter(at: number): number {
    const kind = icmp.type(view, at);
    if (packet.family === 6) {
      const isSaid = kind === Icmpv6Type.DestinationUnreachable || kind === Icmpv6Type.TimeExceeded;
      return isSaid ? view.getUint8(at + 4) << 3 : 0;
    }
    const isSaid =
      kind === IcmpType.DestinationUnreachable ||
      kind === IcmpType.TimeExceeded ||
      kind === IcmpType.ParameterProblem;
    return isSaid ? view.getUint8(at + 5) << 2 : 0;
  }

  return (frame) => {
    const at = packet.transport;
    if (at === NO_TRANSPORT) return Reason.IcmpTruncated;
    const wireEnd = packet.at + packet.length;
    const end = Math.min(start[frame] + length[frame], wireEnd);
    if (!isSumRight(frame, at, end)) return Reason.IcmpBadChecksum;
    const quoted = icmp.quotedAt(at);
    const said = extendedAfter(at);
    const isExtended = said >= EXTENDED_MIN && quoted + said <= wireEnd;
    const quoteEnd = isExtended ? Math.min(end, quoted + said) : end;
    // Cut short by design: that bytes are missing is no mistake of the quoted packet.
    const lengthMax = Ipv6.HeaderLength + Ipv4.LengthMax;
    const reason = readAt(packet.family, quoted, quoteEnd, quoted + lengthMax);
    quote.error = at;
    quote.carrier = packet.at;
    quote.end = Math.min(quoteEnd, quoted + quote.length);
    return reason;
  };
}

/**
 * Writes what an error quotes anew. `ports` as in Packet: of an echo only the identifier counts. The frame is the caller's alone; it may be
 * a copy of that which the quote was read from. The addresses outside the quote are not touched, nor what they owe to an ICMPv6 checksum.
 */
export type RewriteQuote = (
  frame: Frame,
  quote: Quote,
  source: Int32Array,
  destination: Int32Array,
  ports: number,
) => void;

/** Makes the function that rewrites quotes. */
export function rewriteQuoteOn(plane: Plane): RewriteQuote {
  const { start, payload, flags, checksumStart, view } = plane.frames;
  const rewriteTransport = rewriteTransportOn(plane);

  /** Writes the addresses of one packet, and gives what it had and has as one difference: the sum before in the high half, that after. */
  function rewriteAddresses(
    at: number,
    family: number,
    source: Int32Array,
    destination: Int32Array,
  ): number {
    const from = family === 4 ? at + ADDRESSES_AT_IPV4 : ipv6.sourceAt(at);
    const bytes = family === 4 ? 8 : 32;
    const was = sum(view, from, bytes);
    for (let word = family === 4 ? 3 : 0, to = from; word < 4; word++, to += 4) {
      view.setInt32(to, source[word]);
      view.setInt32(to + bytes / 2, destination[word]);
    }
    return (was << 16) | sum(view, from, bytes);
  }

  return (frame, quote, source, destination, ports) => {
    const moved = payload[frame] - quote.carrier;
    const at = quote.at + moved;
    const error = quote.error + moved;
    const covered = Math.min(quote.end, quote.upper + CHANGED_MAX) - quote.at;
    const was = sum(view, at, covered);
    const change = rewriteAddresses(at, quote.family, source, destination);
    if (quote.family === 4) {
      const headerSum = updateChecksum(view.getUint16(at + 10), change >>> 16, change & 0xffff);
      view.setUint16(at + 10, headerSum);
    }
    if (quote.transport !== NO_TRANSPORT) rewriteTransport(quote, moved, change, ports);
    const isLeft =
      (flags[frame] & FrameFlag.Partial) !== 0 && start[frame] + checksumStart[frame] === error;
    if (isLeft) return;
    const field = error + icmp.CHECKSUM_OFFSET;
    view.setUint16(field, updateChecksum(view.getUint16(field), was, sum(view, at, covered)));
  };
}

/**
 * Makes the function that writes ports or identifier of a quoted packet, `moved` bytes from where it was read, and what they and a `change` of its
 * addresses (see rewriteAddresses) do to its checksum, if that is in the quote.
 */
function rewriteTransportOn({
  frames,
}: Plane): (quote: Quote, moved: number, change: number, ports: number) => void {
  const { view } = frames;

  /** A checksum `offset` bytes into the header, if it is in the quote. */
  function update(quote: Quote, at: number, offset: number, was: number, now: number): void {
    if (quote.transport + offset + 2 > quote.end) return;
    const field = at + offset;
    const old = view.getUint16(field);
    const isUdp = quote.protocol === Protocol.Udp;
    view.setUint16(field, isUdp ? updateUdpChecksum(old, was, now) : updateChecksum(old, was, now));
  }

  /** Queries have an identifier where others have ports; ICMP does not sum the addresses, ICMPv6 does. */
  function rewriteQuery(quote: Quote, at: number, change: number, ports: number): void {
    const areSummed = quote.protocol === Protocol.Icmpv6;
    let was = areSummed ? change >>> 16 : 0;
    let now = areSummed ? change & 0xffff : 0;
    if (hasIdentifier(quote.family, icmp.type(view, at))) {
      was += icmp.identifier(view, at);
      now += ports >>> 16;
      view.setUint16(at + 4, ports >>> 16);
    }
    update(quote, at, icmp.CHECKSUM_OFFSET, was, now);
  }

  return (quote, moved, change, ports) => {
    const at = quote.transport + moved;
    if (quote.protocol !== Protocol.Tcp && quote.protocol !== Protocol.Udp) {
      rewriteQuery(quote, at, change, ports);
      return;
    }
    const was = (change >>> 16) + sum(view, at, 4);
    view.setInt32(at, ports);
    const now = (change & 0xffff) + sum(view, at, 4);
    const isTcp = quote.protocol === Protocol.Tcp;
    update(quote, at, isTcp ? Tcp.ChecksumOffset : Udp.ChecksumOffset, was, now);
  };
}
