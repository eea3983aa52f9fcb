/**
 * ICMP errors of the hosts: what a router or a host says about a packet that it could not deliver (RFC 792; RFC 1812 §4.3; RFC 4443; Linux
 * net/ipv4/icmp.c, net/ipv6/icmp.c).
 *
 * Complication 1: what it quotes. As much of the packet as came and as fits: an error has 576 bytes at the most, of IPv6 1,280, and no more than
 *   the link takes. What a capture did not keep, or a NIC has put behind the packet as padding, is not quoted.
 * Complication 2: who speaks. The address that the packet was for, if it is one of the host's; else that of the interface by which the error
 *   leaves, as RFC 1812 §4.3.2.4 has it, and Linux unless it is told otherwise (icmp_errors_use_inbound_ifaddr).
 * Complication 3: when it keeps silent. About errors, redirects and later fragments; where many were meant, or nobody can be told (RFC 1812
 *   §4.3.2.7, RFC 4443 §2.4 (e)); where no route leads back, or the topology wants none by it; and when there were too many (state/rate-limits.ts). Neither limit is for what
 *   the discovery of path MTUs needs (Linux icmp_ratemask; icmpv6_ratemask).
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { Reason } from '../observe/reason.js';
import { Speech, Step } from '../observe/trace.js';
import { LinkFlag, RouteKind } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { PERIOD_NS } from '../state/rate-limits.js';
import { Ethernet, destinationHigh, isGroup } from '../wire/ethernet.js';
import * as icmp from '../wire/icmp.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import type { Fibs } from './fibs.js';
import type { Interfaces } from './interfaces.js';
import type { LocalAddresses } from './local.js';
import { isAboutAnother, Packet, readOn } from './packet.js';
import type { Plane } from './plane.js';
import { replyFromOn, replyHeader, replyOn, sealOn } from './reply.js';

/** What is wrong, the same for both families. */
export const enum Complaint {
  /** No route leads there: code 0. */
  NetUnreachable,
  /** Nobody has the address (RFC 1812 §5.2.7.1), or the route says so. */
  HostUnreachable,
  /** Nobody listens at the port. */
  PortUnreachable,
  /** The host does not know the protocol. */
  ProtocolUnreachable,
  /** Longer than the next link takes; what is said with it is that MTU. */
  TooLong,
  /** A rule forbids it: code 13 of IPv4, 1 of IPv6. */
  Prohibited,
  HopLimitExceeded,
  /** The first fragment came, and the others did not in time. */
  ReassemblyTimeExceeded,
  /** Options that make no sense; what is said with it is the byte of the packet with which they cease to, counted from 0. */
  ParameterProblem,
  /** Nothing is wrong, but there is a router nearer to where it goes, which is said with it, or that is on the link itself; IPv4: see redirect.ts. */
  Redirect,
}

/** Says what is wrong with a packet that came in by an interface to whoever sent it. The hold on the frame stays the caller's. */
export type Complain = (frame: Frame, iface: number, complaint: Complaint, detail: number) => void;

/** The same, but the error is only made: its frame, with one hold that is the caller's, or -1 where nothing is said. */
export type Draft = (frame: Frame, iface: number, complaint: Complaint, detail: number) => Frame;

/** What errors are made and sent with. */
export interface ComplaintSurroundings {
  readonly interfaces: Interfaces;
  readonly local: LocalAddresses;
  readonly fibs: Fibs;
  /** A packet of a host's own goes where its routes lead. Uses up the hold. */
  readonly output: (frame: Frame, host: number) => void;
}

/** Type and code as one number of 16 bits: RFC 792; RFC 1122 §3.2.2.1; RFC 1812 §5.2.7.1. */
const ICMP: Readonly<Record<Complaint, number>> = {
  [Complaint.NetUnreachable]: 0x0300,
  [Complaint.HostUnreachable]: 0x0301,
  [Complaint.PortUnreachable]: 0x0303,
  [Complaint.ProtocolUnreachable]: 0x0302,
  [Complaint.TooLong]: 0x0304,
  [Complaint.Prohibited]: 0x030d,
  [Complaint.HopLimitExceeded]: 0x0b00,
  [Complaint.ReassemblyTimeExceeded]: 0x0b01,
  [Complaint.ParameterProblem]: 0x0c00,
  [Complaint.Redirect]: 0x0501,
};

/** The same of ICMPv6: RFC 4443 §3. */
const ICMPV6: Readonly<Record<Complaint, number>> = {
  [Complaint.NetUnreachable]: 0x0100,
  [Complaint.HostUnreachable]: 0x0103,
  [Complaint.PortUnreachable]: 0x0104,
  [Complaint.ProtocolUnreachable]: 0x0401,
  [Complaint.TooLong]: 0x0200,
  [Complaint.Prohibited]: 0x0101,
  [Complaint.HopLimitExceeded]: 0x0300,
  [Complaint.ReassemblyTimeExceeded]: 0x0301,
  [Complaint.ParameterProblem]: 0x0400,
  [Complaint.Redirect]: 0x8900,
};

/** Bytes of the longest error (RFC 1812 §4.3.2.3; RFC 4443 §2.4 (c)). */
const LENGTH_MAX_IPV4 = 576;
const LENGTH_MAX_IPV6 = 1280;
/** Every link of IPv6 takes so much, so no error may ask for less (RFC 8200 §5). */
const MTU_MIN_IPV6 = 1280;
/** Internetwork control (RFC 1812 §4.3.2.5), with the default type of service (RFC 1349 §5.1). */
const PRECEDENCE_IPV4 = 0xc0;
const NOBODY = -1;

/** Makes the functions by which hosts tell what they could not deliver. */
export function complainOn(
  plane: Plane,
  around: ComplaintSurroundings,
): { readonly complain: Complain; readonly draft: Draft } {
  const { program, rateLimits, counters, trace } = plane;
  const { tick } = plane.frames;
  const { prefix, kind, iface: outOf } = program.routes;
  const { interfaces, local, fibs, output } = around;
  const packet = new Packet();
  const read = readOn(plane, packet);
  const mayComplain = objectionsOn(plane, local, packet);
  const write = writeOn(plane, interfaces, packet);
  const isSilent = silentInterfaces(program);

  /** The row of the route to who is told, or -1. */
  function wayBack(host: number): number {
    const { family, source } = packet;
    const row = family === 4 ? fibs.findIpv4(host, source[3]) : fibs.findIpv6(host, source);
    return row >= 0 && kind[row] === RouteKind.Unicast ? row : -1;
  }

  /** Of IPv6 more is said the more hosts a route leads to (Linux icmpv6_xrlim_allow). */
  function isTooMuch(host: number, complaint: Complaint, row: number, now: number): boolean {
    if (complaint === Complaint.TooLong || complaint === Complaint.Redirect) return false;
    const { source } = packet;
    const period = packet.family === 4 ? PERIOD_NS : PERIOD_NS / (1 << ((128 - prefix[row]) >> 5));
    const limits = rateLimits[host];
    if (limits.allows(source[0], source[1], source[2], source[3], period, now)) return false;
    counters.errorsKeptBack[0]++;
    return true;
  }

  function draft(frame: Frame, iface: number, complaint: Complaint, detail: number): Frame {
    const host = interfaces.host[iface];
    if (host >= rateLimits.length || read(frame) !== Reason.Ok) return NOBODY;
    if (!mayComplain(frame, host, complaint)) return NOBODY;
    const row = wayBack(host);
    if (row < 0) return NOBODY;
    const asked = local.rowOf(host, packet.destination);
    const speaker = asked >= 0 ? asked : interfaces.speaker(outOf[row], packet.family);
    if (isSilent[outOf[row]] === 1) {
      if (plane.isTracing) trace.note(Step.Silenced, complaint, outOf[row]);
      return NOBODY;
    }
    if (speaker < 0 || isTooMuch(host, complaint, row, tick[frame])) return NOBODY;
    return write(frame, outOf[row], speaker, complaint, detail);
  }

  return {
    draft,
    complain: (frame, iface, complaint, detail) => {
      const error = draft(frame, iface, complaint, detail);
      if (error < 0) return;
      if (plane.isTracing) trace.note(Step.Speaks, Speech.Error, complaint);
      output(error, interfaces.host[iface]);
      if (plane.isTracing) trace.note(Step.Done);
    },
  };
}

/** By interface (interfaces.ts): 1 where a policy keeps errors back (RFC 5508 REQ-9). */
function silentInterfaces({ networks, links }: Program): Uint8Array {
  const isSilent = new Uint8Array(networks.rows + links.rows);
  isSilent.set(
    links.flags.map((flags) => ((flags & LinkFlag.NoIcmpErrors) === 0 ? 0 : 1)),
    networks.rows,
  );
  return isSilent;
}

/** Makes the function that says whether a host may complain of a frame, whose packet has been read, at all. */
function objectionsOn(
  plane: Plane,
  local: LocalAddresses,
  packet: Packet,
): (frame: Frame, host: number, complaint: Complaint) => boolean {
  const { start, flags, view } = plane.frames;

  /** What was forwarded may have the host's own address by now; whose it is will be seen where the error goes out (nat.ts, `speak`). */
  function hasSender(frame: Frame, host: number): boolean {
    if (local.hasOneSender(host, packet)) return true;
    return (flags[frame] & FrameFlag.Forwarded) !== 0 && local.isOwn(host, packet.source);
  }

  /**
   * What many have got, they would all complain of. Of IPv6 it is worth it when the packet is too big (RFC 4443 §2.4 (e.3)); the other exception,
   * an option that is to be complained of, is none of these complaints.
   */
  function isForOne(frame: Frame, host: number, complaint: Complaint): boolean {
    if (packet.family === 6 && complaint === Complaint.TooLong) return true;
    return !isGroup(destinationHigh(view, start[frame])) && !local.isForMany(host, packet);
  }

  return (frame, host, complaint) =>
    packet.fragmentOffset === 0 &&
    isForOne(frame, host, complaint) &&
    hasSender(frame, host) &&
    !isAboutAnother(plane, packet);
}

/**
 * Makes the function that writes an error about a frame, whose packet has been read, from the address in row `from` out by interface `out`; -1
 * when no slot is free, or the link takes too little.
 */
function writeOn(
  plane: Plane,
  { mtu: mtuOf }: Interfaces,
  packet: Packet,
): (frame: Frame, out: number, from: number, complaint: Complaint, detail: number) => Frame {
  const quoted = quotedOn(plane, packet);
  const finish = finishOn(plane, packet);
  const reply = replyOn(plane);
  return (frame, out, from, complaint, detail) => {
    const quote = quoted(frame, mtuOf[out]);
    if (quote === 0) return NOBODY;
    const [protocol, trafficClass] = kindOf(packet);
    const whole = icmp.HEADER_LENGTH + quote;
    const error = reply(frame, packet, from, protocol, trafficClass, true, whole);
    return finish(error, complaint, detail, quote);
  };
}

/**
 * Makes the function that writes an error from the destination of a frame's packet, as a tunnel end that has no address of its own there does
 * (Linux iptunnel_pmtud_build_icmp). -1 as above.
 */
export function errorFromDestinationOn(
  plane: Plane,
  packet: Packet,
): (frame: Frame, most: number, complaint: Complaint, detail: number) => Frame {
  const quoted = quotedOn(plane, packet);
  const finish = finishOn(plane, packet);
  const reply = replyFromOn(plane);
  return (frame, most, complaint, detail) => {
    const quote = quoted(frame, most);
    if (quote === 0) return NOBODY;
    const [protocol, trafficClass] = kindOf(packet);
    const whole = icmp.HEADER_LENGTH + quote;
    const from = packet.destination;
    const error = reply(frame, packet, from, protocol, trafficClass, false, whole);
    return finish(error, complaint, detail, quote);
  };
}

function kindOf({ family }: Packet): [protocol: Protocol, trafficClass: number] {
  return family === 4 ? [Protocol.Icmp, PRECEDENCE_IPV4] : [Protocol.Icmpv6, 0];
}

/** Makes the function that says how many bytes of a packet are quoted in an error of at most `most` bytes; 0 if not even its header would be. */
function quotedOn({ frames }: Plane, packet: Packet): (frame: Frame, most: number) => number {
  const { start, length, room } = frames;
  return (frame, most) => {
    const longest = packet.family === 4 ? LENGTH_MAX_IPV4 : LENGTH_MAX_IPV6;
    const header = replyHeader(packet.family);
    const bytes = Math.min(longest, most, room - Ethernet.HeaderLength);
    const fits = bytes - header - icmp.HEADER_LENGTH;
    const kept = start[frame] + length[frame] - packet.at;
    return fits < header ? 0 : Math.min(fits, packet.length, kept);
  };
}

/** Makes the function that writes what an error says, and what it quotes, into a packet that has been begun, if it has. */
function finishOn(
  plane: Plane,
  packet: Packet,
): (error: Frame, complaint: Complaint, detail: number, quote: number) => Frame {
  const { payload, bytes, view } = plane.frames;
  const seal = sealOn(plane);
  const memory = memoryOf(bytes);

  /** The four bytes that depend on the type: an MTU, a pointer, or nothing. */
  function rest(complaint: Complaint, detail: number): number {
    if (complaint === Complaint.TooLong)
      return packet.family === 4 ? Math.min(detail, 0xffff) : Math.max(detail, MTU_MIN_IPV6);
    if (complaint === Complaint.ParameterProblem) return detail << 24;
    if (complaint === Complaint.Redirect) return detail;
    if (complaint !== Complaint.ProtocolUnreachable || packet.family === 4) return 0;
    return ipv6.nextHeaderOffset(view, packet.at, packet.upper - packet.at);
  }

  return (error, complaint, detail, quote) => {
    if (error < 0) return error;
    const isIpv4 = packet.family === 4;
    const at = payload[error] + replyHeader(packet.family);
    view.setUint16(at, isIpv4 ? ICMP[complaint] : ICMPV6[complaint]);
    view.setUint32(at + 4, rest(complaint, detail));
    copyBytes(memory, packet.at, memory, icmp.quotedAt(at), quote);
    seal(error, isIpv4 ? Protocol.Icmp : Protocol.Icmpv6, icmp.CHECKSUM_OFFSET);
    return error;
  };
}
