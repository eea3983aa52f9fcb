/**
 * pcapng files (draft-ietf-opsawg-pcapng): a chain of blocks, each with its type, its length, and its length again at its end.
 *
 * Complications: a Section Header Block may come at any time; it sets the byte order anew and forgets the interfaces. Each interface has
 * its own link type and its own unit and zero of time. A Simple Packet Block has neither time nor interface: it belongs to interface 0
 * and gets the time of the packet before it. Blocks that are not needed are skipped by their length, known or not; the length of a
 * section is ignored, for many writers leave it out and none that is right can contradict its blocks.
 *
 * A block is looked at only when it lies in the window whole and its two lengths agree. So every offset below is checked against one
 * number, the end of the block's body, and never against the end of the file.
 */

import type { Decoder } from './decoder.js';
import { adapt, linkOf, refusalOf, type Link } from './linktype.js';
import { MORE_THAN_SENT } from './pcap.js';
import { FRAME_BYTES_MAX, type FrameRecord, type Notes } from './record.js';
import {
  isFinerThanNanosecond,
  resolutionOf,
  TimeConverter,
  type Resolution,
} from './timestamp.js';
import type { Window } from './window.js';

/** Block types. */
export const enum Block {
  SectionHeader = 0x0a0d_0d0a,
  InterfaceDescription = 1,
  /** The obsolete Packet Block. */
  Packet = 2,
  SimplePacket = 3,
  InterfaceStatistics = 5,
  EnhancedPacket = 6,
}

/** Codes of the options that are read or written here. */
export const enum Option {
  End = 0,
  Comment = 1,
  UserApplication = 4,
  InterfaceName = 2,
  TimeResolution = 9,
  CheckLength = 13,
  TimeOffset = 14,
}

export const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
const BLOCK_BYTES_MIN = 12;
const BLOCK_BYTES_MAX = 16 * 1024 * 1024;
/** More interfaces than any capture has: a bound on what a hostile file can make us remember. */
const INTERFACES_MAX = 65_536;

interface Interface {
  readonly linkType: number;
  /** Undefined: packets of this interface cannot be read. */
  readonly link: Link | undefined;
  /** Most bytes kept of a packet; 0 is no limit. */
  readonly snapLength: number;
  readonly resolution: Resolution;
  /** Seconds to be added to every time. */
  readonly offset: number;
}

/** Reads the packet blocks of a pcapng file. */
export class PcapngDecoder implements Decoder {
  damage: string | undefined;
  refused = false;

  private little = true;
  private readonly interfaces: Interface[] = [];
  private readonly time = new TimeConverter();

  constructor(private readonly notes: Notes) {}

  next(window: Window, frame: FrameRecord): boolean {
    for (;;) {
      const size = this.blockSize(window);
      if (size === 0) return false;
      const words = window.memory.words;
      const at = window.at;
      const end = at + size - 4;
      switch (words.getUint32(at, this.little)) {
        case Block.EnhancedPacket:
          return this.packet(window, end, words.getUint32(at + 8, this.little), frame);
        case Block.Packet:
          return this.packet(window, end, words.getUint16(at + 8, this.little), frame);
        case Block.SimplePacket:
          return this.simplePacket(window, end, frame);
        case Block.SectionHeader:
          if (!this.sectionHeader(words, at, size)) return false;
          break;
        case Block.InterfaceDescription:
          if (!this.interfaceDescription(words, at, end)) return false;
          break;
      }
      window.at = end + 4;
    }
  }

  /** Bytes of the block at the front of the window; 0 if it is incomplete or damaged. */
  private blockSize(window: Window): number {
    const words = window.memory.words;
    const at = window.at;
    const present = window.end - at;
    if (present < BLOCK_BYTES_MIN) {
      window.needed = BLOCK_BYTES_MIN;
      return 0;
    }
    if (words.getUint32(at) === Block.SectionHeader && !this.setByteOrder(words, at)) return 0;
    const size = words.getUint32(at + 4, this.little);
    if (size < BLOCK_BYTES_MIN || size > BLOCK_BYTES_MAX || (size & 3) !== 0) {
      this.damage = `a block claims ${size} bytes, which is not a multiple of 4 from ${BLOCK_BYTES_MIN} to ${BLOCK_BYTES_MAX}`;
      return 0;
    }
    if (present < size) {
      window.needed = size;
      return 0;
    }
    const again = words.getUint32(at + size - 4, this.little);
    if (again !== size) {
      this.damage = `a block claims ${size} bytes at its start and ${again} at its end`;
      return 0;
    }
    return size;
  }

  private setByteOrder(words: DataView, at: number): boolean {
    if (words.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) this.little = true;
    else if (words.getUint32(at + 8) === BYTE_ORDER_MAGIC) this.little = false;
    else return this.fail('a section header has no byte-order magic');
    return true;
  }

  private sectionHeader(words: DataView, at: number, size: number): boolean {
    if (size < 28) return this.fail('a section header is shorter than 28 bytes');
    const major = words.getUint16(at + 12, this.little);
    if (major !== 1) return this.fail(`pcapng version ${major} is not known`);
    this.interfaces.length = 0;
    return true;
  }

  private interfaceDescription(words: DataView, at: number, end: number): boolean {
    if (end - at < 16) return this.fail('an interface description is shorter than 20 bytes');
    if (this.interfaces.length === INTERFACES_MAX) {
      return this.fail(`a section describes more than ${INTERFACES_MAX} interfaces`);
    }
    const little = this.little;
    let resolution = resolutionOf(6);
    let offset = 0;
    let checkBytes = 0;
    // Options: code and length of two bytes each, the value, and padding to four bytes.
    for (let option = at + 16; option < end;) {
      if (end - option < 4) return this.fail('an option ends behind its block');
      const code = words.getUint16(option, little);
      const length = words.getUint16(option + 2, little);
      const value = option + 4;
      if (code === Option.End) break;
      if (length > end - value) return this.fail('an option ends behind its block');
      if (code === Option.TimeResolution && length === 1) {
        resolution = resolutionOf(words.getUint8(value));
      } else if (code === Option.TimeOffset && length === 8) {
        offset = signed64(words, value, little);
      } else if (code === Option.CheckLength && length === 1) {
        checkBytes = checkBytesOf(words.getUint8(value));
      }
      option = value + ((length + 3) & ~3);
    }
    const linkType = words.getUint16(at + 8, little);
    const link = linkOf(linkType, checkBytes, this.notes);
    const snapLength = words.getUint32(at + 12, little);
    this.interfaces.push({ linkType, link, snapLength, resolution, offset });
    if (isFinerThanNanosecond(resolution)) {
      this.notes.say('Times finer than a nanosecond were cut off to whole nanoseconds.');
    }
    return true;
  }

  /** An Enhanced Packet Block, or the obsolete Packet Block, which differs only in where it keeps its interface. */
  private packet(window: Window, end: number, from: number, frame: FrameRecord): boolean {
    const words = window.memory.words;
    const at = window.at;
    const little = this.little;
    if (end - at < 28) return this.fail('a packet block is shorter than 32 bytes');
    const captured = words.getUint32(at + 20, little);
    const wire = words.getUint32(at + 24, little);
    if (from >= this.interfaces.length) return this.fail(unknownInterface(from));
    const { resolution, offset } = this.interfaces[from];
    // The time first: the frame may get a header that is written over it.
    this.time.convertAt(words, at + 12, little, resolution);
    if (!this.place(window, end, from, at + 28, captured, wire, frame)) return false;
    frame.seconds = this.time.seconds + offset;
    frame.nanoseconds = this.time.nanoseconds;
    return true;
  }

  private simplePacket(window: Window, end: number, frame: FrameRecord): boolean {
    const at = window.at;
    if (end - at < 12) return this.fail('a simple packet block is shorter than 16 bytes');
    if (this.interfaces.length === 0) return this.fail(unknownInterface(0));
    const wire = window.memory.words.getUint32(at + 8, this.little);
    const snapLength = this.interfaces[0].snapLength;
    const captured = snapLength === 0 ? wire : Math.min(wire, snapLength);
    this.notes.say(
      'Simple packet blocks have no time; they were given that of the packet before them.',
    );
    return this.place(window, end, 0, at + 12, captured, wire, frame);
  }

  /** Checks a packet at `at` against its interface and its block, whose body ends at `end`, makes it the frame and moves past it. */
  private place(
    window: Window,
    end: number,
    from: number,
    at: number,
    captured: number,
    wire: number,
    frame: FrameRecord,
  ): boolean {
    const { link, linkType } = this.interfaces[from];
    if (link === undefined) {
      this.refused = true;
      return this.fail(refusalOf(linkType));
    }
    if (captured > end - at) return this.fail('a packet is longer than its block');
    if (captured > FRAME_BYTES_MAX) {
      return this.fail(`a packet has ${captured} bytes, more than the ${FRAME_BYTES_MAX} allowed`);
    }
    if (captured > wire) this.notes.say(MORE_THAN_SENT);
    const sent = Math.max(captured, wire);
    if (link.native) {
      frame.at = at;
      frame.capturedLength = captured;
      frame.wireLength = sent;
    } else {
      adapt(link, window.memory, at, captured, sent, frame, this.notes);
    }
    window.at = end + 4;
    return true;
  }

  private fail(what: string): false {
    this.damage = what;
    return false;
  }
}

function unknownInterface(number: number): string {
  return `a packet belongs to interface ${number}, which is not described before it`;
}

function signed64(words: DataView, at: number, little: boolean): number {
  const high = words.getInt32(little ? at + 4 : at, little);
  const low = words.getUint32(little ? at : at + 4, little);
  return high * 0x1_0000_0000 + low;
}

/** if_fcslen counts bits by the draft, bytes in its own example and in many files; 32 and 4 can only mean the same. */
function checkBytesOf(value: number): number {
  if (value === 32 || value === 4) return 4;
  return value === 16 || value === 2 ? 2 : 0;
}
