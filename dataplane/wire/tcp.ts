/** TCP (RFC 9293 §3.1): twenty fixed bytes, then options up to the data offset. */
import { Reason } from '../observe/reason.js';
import { isRight, sum } from './checksum.js';
import { missing } from './ethernet.js';

export const enum Tcp {
  /** A header without options. */
  HeaderLengthMin = 20,
  /** Where the checksum stands in a segment. */
  ChecksumOffset = 16,
  /** Stands for a segment without window scale option. */
  NoScale = -1,
}

/** The control bits, from the lowest: see RFC 9293 §3.1 and RFC 3168 §6.1 for the last two. */
export const enum Flag {
  Fin = 0x01,
  Syn = 0x02,
  Rst = 0x04,
  Psh = 0x08,
  Ack = 0x10,
  Urg = 0x20,
  Ece = 0x40,
  Cwr = 0x80,
}

const enum OptionKind {
  End,
  Nothing,
  WindowScale = 3,
}

const SCALE_MAX = 14;

/** The part of a TCP or UDP header that every ICMP error quotes: 64 bits (RFC 792), ports first. */
const QUOTED_LENGTH = 8;

/** May at least the ports be read? So much a packet quoted in an ICMP error has to have, of UDP as well. */
export function checkPorts(at: number, end: number, wireEnd: number): Reason {
  const portsEnd = at + QUOTED_LENGTH;
  return portsEnd > end ? missing(portsEnd, wireEnd, Reason.TcpTruncated) : Reason.Ok;
}

/**
 * May the fixed header be read, and do its options fit? RFC 9293 §3.1 "Data offset". The options themselves may be snapped:
 * nothing here reads them, and captures of 64 bytes are common.
 */
export function checkTcp(bytes: DataView, at: number, end: number, wireEnd: number): Reason {
  const fixedEnd = at + Tcp.HeaderLengthMin;
  if (fixedEnd > end) return missing(fixedEnd, wireEnd, Reason.TcpTruncated);
  const header = headerLength(bytes, at);
  return header < Tcp.HeaderLengthMin || header > wireEnd - at
    ? Reason.TcpBadDataOffset
    : Reason.Ok;
}

/** Is the checksum right? `length` counts header and data, all of which must be here. */
export function checkTcpChecksum(
  bytes: DataView,
  at: number,
  length: number,
  pseudoSum: number,
): Reason {
  return isRight(pseudoSum + sum(bytes, at, length)) ? Reason.Ok : Reason.TcpBadChecksum;
}

export function sourcePort(bytes: DataView, at: number): number {
  return bytes.getUint16(at);
}

export function destinationPort(bytes: DataView, at: number): number {
  return bytes.getUint16(at + 2);
}

/** The number of the first byte of data, or of the SYN. */
export function sequence(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 4);
}

/** The number of the next byte that the sender expects; means something only with Flag.Ack. */
export function acknowledgment(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 8);
}

/** Bytes of the header with its options, 0..60; 20 or more once checked. */
export function headerLength(bytes: DataView, at: number): number {
  return (bytes.getUint8(at + 12) >>> 4) << 2;
}

/** The eight control bits: see Flag. */
export function flags(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 13);
}

/** The checksum as it stands there. */
export function checksum(bytes: DataView, at: number): number {
  return bytes.getUint16(at + Tcp.ChecksumOffset);
}

/** The window scale among the options between two places, 0..14 (RFC 7323 §2, §2.3), or -1 where there is none. */
export function windowScale(bytes: DataView, from: number, end: number): number {
  for (let at = from; at < end;) {
    const kind = bytes.getUint8(at);
    if (kind === OptionKind.End) break;
    if (kind === OptionKind.Nothing) {
      at++;
      continue;
    }
    if (at + 1 >= end) break;
    const length = bytes.getUint8(at + 1);
    if (length < 2 || at + length > end) break;
    if (kind === OptionKind.WindowScale && length === 3)
      return Math.min(bytes.getUint8(at + 2), SCALE_MAX);
    at += length;
  }
  return Tcp.NoScale;
}
