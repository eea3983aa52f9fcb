/** ARP for IPv4 over Ethernet (RFC 826): eight bytes that say how long addresses are, then two pairs of addresses. */
import { Reason } from '../observe/reason.js';
import { EtherType, missing } from './ethernet.js';

/** The bytes in front of the addresses. */
const FIXED_LENGTH = 8;

/** The whole packet, once address lengths are known to be 6 and 4. */
export const PACKET_LENGTH = 28;

const HARDWARE_ETHERNET = 1;

export const enum Operation {
  Request = 1,
  Reply = 2,
}

/** May the fields below be read? RFC 826, "Packet Reception": hardware and protocol first, then the lengths, then the rest. */
export function checkArp(bytes: DataView, at: number, end: number, wireEnd: number): Reason {
  if (at + FIXED_LENGTH > end) return missing(at + FIXED_LENGTH, wireEnd, Reason.ArpTruncated);
  if (bytes.getUint16(at) !== HARDWARE_ETHERNET) return Reason.ArpOtherProtocol;
  if (bytes.getUint16(at + 2) !== EtherType.Ipv4) return Reason.ArpOtherProtocol;
  if (bytes.getUint8(at + 4) !== 6 || bytes.getUint8(at + 5) !== 4) return Reason.ArpBadLengths;
  if (at + PACKET_LENGTH > end) return missing(at + PACKET_LENGTH, wireEnd, Reason.ArpTruncated);
  return Reason.Ok;
}

/** 1 request, 2 reply; others exist and mean nothing here. */
export function operation(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 6);
}

/** The first two bytes of the sender's hardware address. */
export function senderHigh(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 8);
}

/** The last four bytes of the sender's hardware address. */
export function senderLow(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 10);
}

/** The sender's IPv4 address; 0 in a probe (RFC 5227 §1.1). */
export function senderIpv4(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 14);
}

/** The target's IPv4 address: whom a request asks for. */
export function targetIpv4(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 24);
}

/** Writes the reply of a station, which has this MAC, to the request at `asked`. */
export function writeReply(
  bytes: DataView,
  at: number,
  asked: number,
  macHigh: number,
  macLow: number,
): void {
  bytes.setUint32(at, bytes.getUint32(asked));
  bytes.setUint16(at + 4, bytes.getUint16(asked + 4));
  bytes.setUint16(at + 6, Operation.Reply);
  bytes.setUint16(at + 8, macHigh);
  bytes.setUint32(at + 10, macLow);
  bytes.setUint32(at + 14, targetIpv4(bytes, asked));
  bytes.setUint16(at + 18, senderHigh(bytes, asked));
  bytes.setUint32(at + 20, senderLow(bytes, asked));
  bytes.setUint32(at + 24, senderIpv4(bytes, asked));
}
