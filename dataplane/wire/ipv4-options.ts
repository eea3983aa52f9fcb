/**
 * The options of IPv4 (RFC 791 §3.1), read and filled in as Linux does it (net/ipv4/ip_options.c). The header must have been checked
 * (ipv4.checkIpv4), so that all of its bytes are here.
 */
import { Ipv4, headerLength } from './ipv4.js';

const enum OptionType {
  End = 0,
  NoOperation = 1,
  RecordRoute = 7,
  Timestamp = 68,
  LooseSourceRoute = 131,
  StrictSourceRoute = 137,
  RouterAlert = 148,
}

/** What a timestamp option wants to know of whom it passes: the low four bits behind its pointer. */
const enum TimestampFlag {
  TimeAlone = 0,
  AddressAndTime = 1,
  /** The time of those whose addresses it names. */
  Named = 3,
}

/** Bytes of the entry that a host would make in a record route; in a timestamp option a time alone takes as many. */
const ADDRESS = 4;
const ADDRESS_AND_TIME = 8;
const OVERFLOW_MAX = 15;
/** Nothing is wrong with an option. */
const FINE = -1;
const NONE = 0;

/** Where the options of one packet stand: bytes from its start, or 0 where there is none. There may be one of each. */
export class Options {
  recordRoute = NONE;
  timestamp = NONE;
  sourceRoute = NONE;

  /** Looks at the packet at `at`. Says with which byte, counted from 0, its options cease to make sense; 0 where they do make sense. */
  read(bytes: DataView, at: number): number {
    this.recordRoute = NONE;
    this.timestamp = NONE;
    this.sourceRoute = NONE;
    const header = headerLength(bytes, at);
    for (let offset = Ipv4.HeaderLengthMin; offset < header;) {
      const type: OptionType = bytes.getUint8(at + offset);
      if (type === OptionType.End) return 0;
      const size = sizeAt(bytes, at + offset, at + header);
      if (size === 0) return offset;
      const wrong = size === 1 ? FINE : this.see(bytes, at + offset, offset, type, size);
      if (wrong !== FINE) return offset + wrong;
      offset += size;
    }
    return 0;
  }

  /** Which byte of an option is wrong, counted from 0; a second one of a kind is so from its first. */
  private see(bytes: DataView, at: number, offset: number, type: OptionType, size: number): number {
    switch (type) {
      case OptionType.LooseSourceRoute:
      case OptionType.StrictSourceRoute: {
        if (size < 3) return 1;
        if (pointer(bytes, at) < 4) return 2;
        if (this.sourceRoute !== NONE) return 0;
        this.sourceRoute = offset;
        return FINE;
      }
      case OptionType.RecordRoute:
        if (this.recordRoute !== NONE) return 0;
        if (size < 3) return 1;
        this.recordRoute = offset;
        return pointer(bytes, at) < 4 || hasPartOf(bytes, at, ADDRESS) ? 2 : FINE;
      case OptionType.Timestamp:
        if (this.timestamp !== NONE) return 0;
        if (size < 4) return 1;
        this.timestamp = offset;
        return timestampFault(bytes, at);
      case OptionType.RouterAlert:
        return size < 4 ? 1 : FINE;
      default:
        return FINE;
    }
  }
}

function timestampFault(bytes: DataView, at: number): number {
  if (pointer(bytes, at) < 5 || hasPartOf(bytes, at, timestampEntry(bytes, at))) return 2;
  const isLost = isFull(bytes, at) && flag(bytes, at) !== TimestampFlag.Named;
  return isLost && overflow(bytes, at) === OVERFLOW_MAX ? 3 : FINE;
}

/** Bytes of the option at `at`; 0 where it cannot be so long. */
function sizeAt(bytes: DataView, at: number, end: number): number {
  if (bytes.getUint8(at) === OptionType.NoOperation) return 1;
  const size = at + 1 < end ? bytes.getUint8(at + 1) : 0;
  return size < 2 || at + size > end ? 0 : size;
}

/** Bytes of an option, the first two included. */
export function size(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 1);
}

/** Which byte of the option the next entry begins with, counted from 1. */
function pointer(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 2);
}

function flag(bytes: DataView, at: number): TimestampFlag {
  return bytes.getUint8(at + 3) & 0xf;
}

/** Hosts that had no room left for their times. */
function overflow(bytes: DataView, at: number): number {
  return bytes.getUint8(at + 3) >>> 4;
}

/** Is there no room for another entry? */
export function isFull(bytes: DataView, at: number): boolean {
  return pointer(bytes, at) > size(bytes, at);
}

/** Is there room for a part of another entry only? */
function hasPartOf(bytes: DataView, at: number, entry: number): boolean {
  return !isFull(bytes, at) && pointer(bytes, at) + entry - 1 > size(bytes, at);
}

function timestampEntry(bytes: DataView, at: number): number {
  const kind = flag(bytes, at);
  const hasAddress = kind === TimestampFlag.AddressAndTime || kind === TimestampFlag.Named;
  return hasAddress ? ADDRESS_AND_TIME : ADDRESS;
}

/** Writes an address into a record route, where there is room. */
export function recordRoute(bytes: DataView, at: number, address: number): void {
  if (isFull(bytes, at)) return;
  const entry = pointer(bytes, at);
  bytes.setUint32(at + entry - 1, address);
  bytes.setUint8(at + 2, entry + ADDRESS);
}

/** The address that a timestamp option names next, and whose time it wants; 0 where it wants that of everybody, or of nobody any more. */
export function namedAddress(bytes: DataView, at: number): number {
  if (flag(bytes, at) !== TimestampFlag.Named || isFull(bytes, at)) return 0;
  return bytes.getInt32(at + pointer(bytes, at) - 1);
}

/**
 * Writes a time, milliseconds since midnight UT, into a timestamp option, with an address where it wants one; without room it counts that up. What
 * names those whose times it wants gets it only if `isNamed`. With another flag nothing is written.
 */
export function recordTime(
  bytes: DataView,
  at: number,
  address: number,
  isNamed: boolean,
  time_ms: number,
): void {
  const kind = flag(bytes, at);
  if (isFull(bytes, at)) {
    if (kind !== TimestampFlag.Named) bytes.setUint8(at + 3, bytes.getUint8(at + 3) + 0x10);
    return;
  }
  const entry = at + pointer(bytes, at) - 1;
  switch (kind) {
    case TimestampFlag.TimeAlone:
      bytes.setUint32(entry, time_ms);
      break;
    case TimestampFlag.AddressAndTime:
      bytes.setUint32(entry, address);
      bytes.setUint32(entry + ADDRESS, time_ms);
      break;
    case TimestampFlag.Named:
      if (!isNamed) return;
      bytes.setUint32(entry + ADDRESS, time_ms);
      break;
    default:
      return;
  }
  bytes.setUint8(at + 2, pointer(bytes, at) + timestampEntry(bytes, at));
}

/** Is one entry more than there is now certain to fit whole, or to find no room at all? `isTime`: of a timestamp option. */
export function takesTwo(bytes: DataView, at: number, isTime: boolean): boolean {
  const entry = isTime ? timestampEntry(bytes, at) : ADDRESS;
  const next = pointer(bytes, at) + entry;
  return isFull(bytes, at) || next > size(bytes, at) || next + entry - 1 <= size(bytes, at);
}

/** Writes 0 over whatever stands behind the end of the options. */
export function clearBehindEnd(bytes: DataView, at: number): void {
  const end = at + headerLength(bytes, at);
  let option = at + Ipv4.HeaderLengthMin;
  while (option < end && bytes.getUint8(option) !== OptionType.End)
    option += sizeAt(bytes, option, end);
  for (; option < end; option++) bytes.setUint8(option, OptionType.End);
}
