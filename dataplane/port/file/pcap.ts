/**
 * Classic pcap files (draft-ietf-opsawg-pcap): a header of 24 bytes, then records of 16 bytes and a frame each.
 *
 * Complications: the byte order is that of the machine that wrote the file and shows in the magic number, which also says whether
 * fractions of a second are micro- or nanoseconds. Before version 2.3 the two lengths of a record stood in the other order, and in 2.3
 * in either (libpcap, sf-pcap.c). There is no checksum and no mark at the start of a record: a damaged length is seen only when it is
 * absurd, and nothing can be found again behind it.
 */

import type { Decoder } from './decoder.js';
import { adapt, linkOf, LINK_TYPE_FIX, refusalOf, type Link } from './linktype.js';
import { FRAME_BYTES_MAX, type FrameRecord, type Notes } from './record.js';
import type { Window } from './window.js';

export const PCAP_HEADER_BYTES = 24;
export const PCAP_RECORD_BYTES = 16;
export const PCAP_MAGIC_MICROSECONDS = 0xa1b2_c3d4;
export const PCAP_MAGIC_NANOSECONDS = 0xa1b2_3c4d;

/** Why a file header cannot be accepted; both are clauses. */
export interface Refusal {
  readonly what: string;
  readonly fix: string;
}

/** Link type field, "File Header": the number proper, "P: the FCS length is known", and that length in units of 2 bytes. */
const LINK_TYPE_MASK = 0xffff;
const CHECK_LENGTH_KNOWN = 0x0400_0000;

const enum LengthOrder {
  CapturedFirst,
  WireFirst,
  /** Version 2.3: the greater one is the length on the wire. */
  Either,
}

/** Reads the records of a classic pcap file. */
export class PcapDecoder implements Decoder {
  damage: string | undefined;
  readonly refused = false;

  private constructor(
    private readonly little: boolean,
    private readonly nanosecondsEach: number,
    private readonly lengthOrder: LengthOrder,
    private readonly link: Link,
    private readonly notes: Notes,
  ) {}

  /** A decoder for a file that begins with `header` (24 bytes), or why there is none. */
  static of(header: DataView, notes: Notes): PcapDecoder | Refusal {
    const little = magicIsLittleEndian(header);
    const major = header.getUint16(4, little);
    const minor = header.getUint16(6, little);
    if (major !== 2) {
      return {
        what: `pcap version ${major}.${minor} is not known`,
        fix: 'convert the file to version 2.4',
      };
    }
    const field = header.getUint32(20, little);
    const linkType = field & LINK_TYPE_MASK;
    const checkBytes = (field & CHECK_LENGTH_KNOWN) === 0 ? 0 : (field >>> 28) * 2;
    const link = linkOf(linkType, checkBytes, notes);
    if (link === undefined) return { what: refusalOf(linkType), fix: LINK_TYPE_FIX };
    const nanoseconds = header.getUint32(0, little) === PCAP_MAGIC_NANOSECONDS;
    return new PcapDecoder(little, nanoseconds ? 1 : 1000, lengthOrderOf(minor), link, notes);
  }

  next(window: Window, frame: FrameRecord): boolean {
    const words = window.memory.words;
    const at = window.at;
    if (window.end - at < PCAP_RECORD_BYTES) {
      window.needed = PCAP_RECORD_BYTES;
      return false;
    }
    const little = this.little;
    let captured = words.getUint32(at + 8, little);
    let wire = words.getUint32(at + 12, little);
    if (this.lengthOrder !== LengthOrder.CapturedFirst && this.isSwapped(captured, wire)) {
      const first = captured;
      captured = wire;
      wire = first;
    }
    if (captured > FRAME_BYTES_MAX) {
      this.damage = `a record claims ${captured} bytes, more than the ${FRAME_BYTES_MAX} a record can hold`;
      return false;
    }
    const size = PCAP_RECORD_BYTES + captured;
    if (window.end - at < size) {
      window.needed = size;
      return false;
    }
    window.at = at + size;
    this.setTime(frame, words.getUint32(at, little), words.getUint32(at + 4, little));
    if (captured > wire) wire = this.lengthened(captured);
    if (this.link.native) {
      frame.at = at + PCAP_RECORD_BYTES;
      frame.capturedLength = captured;
      frame.wireLength = wire;
    } else {
      adapt(this.link, window.memory, at + PCAP_RECORD_BYTES, captured, wire, frame, this.notes);
    }
    return true;
  }

  private isSwapped(captured: number, wire: number): boolean {
    return this.lengthOrder === LengthOrder.WireFirst || captured > wire;
  }

  private setTime(frame: FrameRecord, seconds: number, fraction: number): void {
    const nanoseconds = fraction * this.nanosecondsEach;
    if (nanoseconds < 1_000_000_000) {
      frame.seconds = seconds;
      frame.nanoseconds = nanoseconds;
      return;
    }
    this.notes.say('Some fractions of a second are a second or more; they were carried over.');
    const carried = Math.floor(nanoseconds / 1_000_000_000);
    frame.seconds = seconds + carried;
    frame.nanoseconds = nanoseconds - carried * 1_000_000_000;
  }

  private lengthened(captured: number): number {
    this.notes.say(MORE_THAN_SENT);
    return captured;
  }
}

/** Note for frames with more bytes than they claim to have had. */
export const MORE_THAN_SENT =
  'Some frames have more bytes than their length on the wire; all bytes were kept.';

/** True if the magic number at the start of `header` is one of classic pcap. */
export function hasPcapMagic(header: DataView): boolean {
  return magicIsLittleEndian(header) || isMagic(header.getUint32(0));
}

function magicIsLittleEndian(header: DataView): boolean {
  return isMagic(header.getUint32(0, true));
}

function isMagic(value: number): boolean {
  return value === PCAP_MAGIC_MICROSECONDS || value === PCAP_MAGIC_NANOSECONDS;
}

function lengthOrderOf(minor: number): LengthOrder {
  if (minor < 3) return LengthOrder.WireFirst;
  return minor === 3 ? LengthOrder.Either : LengthOrder.CapturedFirst;
}
