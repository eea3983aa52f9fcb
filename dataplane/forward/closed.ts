/**
 * What a host says of packets for one of its addresses at which nobody listens: nothing ever listens in an emulated host. Of UDP that the port
 * is unreachable (RFC 1122 §4.1.3.1), of TCP a reset (RFC 9293 §3.10.7.1), of other protocols that it does not know them (RFC 1122 §3.2.2.1;
 * RFC 4443 §3.4).
 *
 * It keeps silent where Linux would: to what came to a group, to sources that are not one host elsewhere, to resets, and about what arrived
 * damaged. A checksum that was left to a NIC, or that a capture did not keep all bytes for, counts as right. Fragments come here when they have been put together (reassemble.ts).
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { isPartial, isRight, pseudoSumIpv4, pseudoSumIpv6, sum } from '../wire/checksum.js';
import { destinationHigh, isGroup } from '../wire/ethernet.js';
import { Protocol } from '../wire/ipv4.js';
import { Extension } from '../wire/ipv6.js';
import * as tcp from '../wire/tcp.js';
import { Tcp } from '../wire/tcp.js';
import * as udp from '../wire/udp.js';
import type { Complain } from './complain.js';
import { Complaint } from './complain.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import { NO_TRANSPORT, Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';
import { replyHeader, replyOn, sealOn } from './reply.js';

/** All but the two bits of ECN, which a reset never has (RFC 3168 §6.1.1). */
const DSCP_BITS = 0xfc;

/** What a host refuses packets with. */
export interface RefusalSurroundings {
  readonly interfaces: Interfaces;
  readonly local: LocalAddresses;
  readonly complain: Complain;
  /** A packet of a host's own goes where its routes lead. Uses up the hold. */
  readonly output: (frame: Frame, host: number) => void;
}

/** Makes the function that says of a frame which a host hears at an interface, and has no answer to, that nobody listens. The hold stays the caller's. */
export function closedOn(
  plane: Plane,
  { interfaces, local, complain, output }: RefusalSurroundings,
): (frame: Frame, iface: number) => void {
  const { frames, trace, rateLimits } = plane;
  const { start, view } = frames;
  const packet = new Packet();
  const read = readOn(plane, packet);
  const isIntact = intactOn(plane, packet);
  const reset = resetOn(plane, packet);

  function refuseTcp(frame: Frame, host: number, from: number): void {
    if (!isIntact(frame) || (tcp.flags(view, packet.transport) & tcp.Flag.Rst) !== 0) return;
    const answer = reset(frame, from);
    if (answer < 0) return;
    if (plane.isTracing) trace.note(Step.Speaks, Speech.Answer);
    output(answer, host);
    if (plane.isTracing) trace.note(Step.Done);
  }

  function refuse(frame: Frame, iface: number, host: number, from: number): void {
    switch (packet.protocol) {
      case Protocol.Tcp:
        refuseTcp(frame, host, from);
        return;
      case Protocol.Udp:
        if (isIntact(frame)) complain(frame, iface, Complaint.PortUnreachable, 0);
        return;
      default:
        if (!isKnown(packet.family, packet.protocol))
          complain(frame, iface, Complaint.ProtocolUnreachable, 0);
    }
  }

  return (frame, iface) => {
    const host = interfaces.host[iface];
    if (host >= rateLimits.length || isGroup(destinationHigh(view, start[frame]))) return;
    if (read(frame) !== Reason.Ok || packet.fragment !== 0) return;
    const from = local.rowOf(host, packet.destination);
    if (from >= 0 && local.hasOneSender(host, packet)) refuse(frame, iface, host, from);
  };
}

/** Is it a protocol that the stack speaks, apart from those with ports? */
function isKnown(family: number, protocol: number): boolean {
  if (family === 6) return protocol === Protocol.Icmpv6 || protocol === Extension.NoNextHeader;
  return protocol === Protocol.Icmp || protocol === Protocol.Igmp;
}

/** Makes the function that says whether the TCP segment or UDP datagram of a frame, whose packet has been read, can be trusted. */
function intactOn({ frames }: Plane, packet: Packet): (frame: Frame) => boolean {
  const { start, length, flags, view } = frames;

  /** `counted`: bytes that the checksum covers. */
  function isSumRight(frame: Frame, checksum: number, counted: number): boolean {
    const { transport } = packet;
    const isHere = transport + counted <= start[frame] + length[frame];
    if (!isHere || (flags[frame] & FrameFlag.Partial) !== 0) return true;
    const pseudoSumOf = packet.family === 4 ? pseudoSumIpv4 : pseudoSumIpv6;
    const pseudoSum = pseudoSumOf(view, packet.at, packet.protocol, counted);
    return isRight(pseudoSum + sum(view, transport, counted)) || isPartial(checksum, pseudoSum);
  }

  function isTcpIntact(frame: Frame, end: number, wireEnd: number): boolean {
    const { transport } = packet;
    if (tcp.checkTcp(view, transport, end, wireEnd) !== Reason.Ok) return false;
    return isSumRight(frame, tcp.checksum(view, transport), wireEnd - transport);
  }

  /** A checksum of 0 is none, which only IPv4 allows (RFC 768; RFC 8200 §8.1). */
  function isUdpIntact(frame: Frame, end: number, wireEnd: number): boolean {
    const { transport } = packet;
    if (udp.checkUdp(view, transport, end, wireEnd) !== Reason.Ok) return false;
    const checksum = udp.checksum(view, transport);
    if (checksum === 0) return packet.family === 4;
    return isSumRight(frame, checksum, udp.length(view, transport));
  }

  return (frame) => {
    if (packet.transport === NO_TRANSPORT) return false;
    const wireEnd = packet.at + packet.length;
    const end = Math.min(start[frame] + length[frame], wireEnd);
    return packet.protocol === Protocol.Tcp
      ? isTcpIntact(frame, end, wireEnd)
      : isUdpIntact(frame, end, wireEnd);
  };
}

/**
 * Makes the function that answers a TCP segment, which has been read, with a reset from the address in row `from` (RFC 9293 §3.10.7.1): it begins where
 * the other side expects us to go on, or, if that has not said so, at 0, and acknowledges all that came. -1 when no slot is free.
 */
function resetOn(plane: Plane, packet: Packet): (frame: Frame, from: number) => Frame {
  const { payload, view } = plane.frames;
  const reply = replyOn(plane);
  const seal = sealOn(plane);

  /** SEG.LEN: bytes of data, and one each for SYN and FIN. */
  function segmentLength(segment: number, flags: number): number {
    const data = packet.at + packet.length - segment - tcp.headerLength(view, segment);
    return data + ((flags & tcp.Flag.Syn) === 0 ? 0 : 1) + ((flags & tcp.Flag.Fin) === 0 ? 0 : 1);
  }

  /** What the packet says of its class, which the answer says too (Linux tcp_v4_send_reset). */
  function trafficClass(): number {
    const all =
      packet.family === 4 ? view.getUint8(packet.at + 1) : view.getUint16(packet.at) >>> 4;
    return all & DSCP_BITS;
  }

  return (frame, from) => {
    const segment = packet.transport;
    const { family } = packet;
    const answer = reply(
      frame,
      packet,
      from,
      Protocol.Tcp,
      trafficClass(),
      false,
      Tcp.HeaderLengthMin,
    );
    if (answer < 0) return answer;
    const at = payload[answer] + replyHeader(family);
    const flags = tcp.flags(view, segment);
    const isAcknowledging = (flags & tcp.Flag.Ack) !== 0;
    const next = tcp.sequence(view, segment) + segmentLength(segment, flags);
    view.setUint16(at, tcp.destinationPort(view, segment));
    view.setUint16(at + 2, tcp.sourcePort(view, segment));
    view.setUint32(at + 4, isAcknowledging ? tcp.acknowledgment(view, segment) : 0);
    view.setUint32(at + 8, isAcknowledging ? 0 : next);
    view.setUint16(
      at + 12,
      0x5000 | (isAcknowledging ? tcp.Flag.Rst : tcp.Flag.Rst | tcp.Flag.Ack),
    );
    view.setUint16(at + 14, 0);
    view.setUint32(at + 16, 0);
    seal(answer, Protocol.Tcp, Tcp.ChecksumOffset);
    return answer;
  };
}
