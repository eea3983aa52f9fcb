/**
 * Fragmenting: an IPv4 packet that is longer than the MTU of its way out leaves in pieces (RFC 791 §3.2; RFC 1812 §4.2.2.7).
 *
 * As few pieces as possible, in their order, all but the last as long as the MTU and units of 8 bytes allow. The pieces of a packet that is itself
 * a fragment count on from its offset, and the last ends the datagram only where that did. IPv6 has no such thing: its routers say no (RFC 8200 §5).
 *
 * Complication 1: options. Those with the copy bit are in every piece, the others in the first only, so that the headers differ in length and
 *   hence the room behind them. (Linux ip_options_fragment writes no-operations over those that are not copied, and keeps the length.)
 * Complication 2: slots. All pieces are written before any is sent: a datagram of which one is missing is of no use. They hang together by
 *   `after`, slot by slot, since sending may bring another packet to be cut here before the first one is done.
 * Complication 3: snapped frames are cut by the lengths they had on the wire. Of a piece that is here which was here of the whole.
 * Complication 4: a checksum that was left to the network card is one of the whole, and is completed before the cut (Linux ip_do_fragment).
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import { FrameFlag } from '../frame/frames.js';
import type { Frame, Frames } from '../frame/frames.js';
import { completeChecksum } from '../frame/segment.js';
import { Reason } from '../observe/reason.js';
import { checksumOf, sum } from '../wire/checksum.js';
import { EtherType } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import { Ipv4 } from '../wire/ipv4.js';
import type { Plane } from './plane.js';

/** Cuts a frame that is longer than `mtu` bytes behind its Ethernet header and tags: its pieces go to `send`. */
export type Fragmenter = (frame: Frame, mtu: number, send: (piece: Frame) => void) => Reason;

/** All pieces but the last carry a multiple of so many bytes. */
const UNIT = 8;
const NOBODY = -1;

/**
 * Makes the function that cuts a frame, which has been parsed and whose IPv4 header has been checked. The frame stays the caller's, who alone
 * holds it; a piece is the receiver's, with one hold. Where the answer is not Ok nothing was sent: FragmentationNeeded where it may not be cut
 * (IPv6, DF, a super-frame) or cannot be (no room for 8 bytes), FragmentTooLong where it is a fragment that ends behind the end of any
 * datagram, PoolExhausted where slots are missing.
 */
export function fragmentOn({ frames }: Pick<Plane, 'frames'>): Fragmenter {
  const { payload, flags, etherType, view } = frames;
  const after = new Int32Array(frames.slots);
  const options = new CopiedOptions(view);
  const write = pieceOn(frames, options);

  /** Writes all pieces: the first, behind which the others hang, or -1 and none. */
  function cut(frame: Frame, mtu: number, data: number, header: number): Frame {
    let first = NOBODY;
    let last = NOBODY;
    let from = 0;
    while (from < data) {
      const room = mtu - (from === 0 ? header : Ipv4.HeaderLengthMin + options.length);
      const size = data - from <= room ? data - from : room - (room % UNIT);
      const piece = frames.claim();
      if (piece < 0) {
        release(first);
        return NOBODY;
      }
      write(frame, piece, from, size);
      from += size;
      after[piece] = NOBODY;
      if (first < 0) first = piece;
      else after[last] = piece;
      last = piece;
    }
    return first;
  }

  function release(first: Frame): void {
    for (let piece = first; piece >= 0; piece = after[piece]) frames.release(piece);
  }

  /** May and can this packet be cut? */
  function check(frame: Frame, mtu: number, data: number, header: number): Reason {
    const at = payload[frame];
    if (etherType[frame] !== EtherType.Ipv4 || (flags[frame] & FrameFlag.Super) !== 0)
      return Reason.FragmentationNeeded;
    if (ipv4.dontFragment(view, at) || mtu - header < UNIT) return Reason.FragmentationNeeded;
    const end = ipv4.fragmentOffset(view, at) + data;
    return end > Ipv4.LengthMax ? Reason.FragmentTooLong : Reason.Ok;
  }

  return (frame, mtu, send) => {
    const at = payload[frame];
    const header = ipv4.headerLength(view, at);
    const data = ipv4.totalLength(view, at) - header;
    const reason = check(frame, mtu, data, header);
    if (reason !== Reason.Ok) return reason;
    if ((flags[frame] & FrameFlag.Partial) !== 0) completeChecksum(frames, frame);
    options.collect(at, header);
    const first = cut(frame, mtu, data, header);
    if (first < 0) return Reason.PoolExhausted;
    let piece = first;
    while (piece >= 0) {
      const next = after[piece];
      send(piece);
      piece = next;
    }
    return Reason.Ok;
  };
}

/** Makes the function that writes so many bytes `from` the payload of a packet, as a packet, into a slot that has just been claimed. */
function pieceOn(
  frames: Frames,
  options: CopiedOptions,
): (frame: Frame, piece: Frame, from: number, size: number) => void {
  const { start, length, payload, view } = frames;
  const memory = memoryOf(frames.bytes);

  /** Writes what stands before the payload; gives the bytes of the IPv4 header. */
  function writeHeaders(frame: Frame, piece: Frame, from: number): number {
    const lead = payload[frame] - start[frame];
    const header = from === 0 ? ipv4.headerLength(view, payload[frame]) : Ipv4.HeaderLengthMin;
    copyBytes(memory, start[frame], memory, start[piece], lead + header);
    payload[piece] = start[piece] + lead;
    return from === 0 ? header : header + options.write(payload[piece] + header);
  }

  function number(frame: Frame, piece: Frame, from: number, header: number, size: number): void {
    const whole = payload[frame];
    const at = payload[piece];
    const isLast = from + size === ipv4.totalLength(view, whole) - ipv4.headerLength(view, whole);
    const more = !isLast || ipv4.moreFragments(view, whole) ? Ipv4.MoreFragments : 0;
    view.setUint8(at, 0x40 | (header >>> 2));
    view.setUint16(at + 2, header + size);
    view.setUint16(at + 6, more | ((ipv4.fragmentOffset(view, whole) + from) >>> 3));
    view.setUint16(at + 10, 0);
    view.setUint16(at + 10, checksumOf(sum(view, at, header)));
  }

  function fillColumns(frame: Frame, piece: Frame, packet: number): void {
    frames.holders[piece] = 1;
    frames.packetLength[piece] = packet;
    frames.wireLength[piece] = payload[piece] - start[piece] + packet;
    frames.etherType[piece] = frames.etherType[frame];
    frames.flags[piece] = frames.flags[frame] & ~FrameFlag.Offloaded;
    frames.inPort[piece] = frames.inPort[frame];
    frames.serial[piece] = frames.serial[frame];
    frames.tick[piece] = frames.tick[frame];
    frames.seconds[piece] = frames.seconds[frame];
    frames.nanoseconds[piece] = frames.nanoseconds[frame];
  }

  return (frame, piece, from, size) => {
    start[piece] += frames.moved(frame);
    const header = writeHeaders(frame, piece, from);
    const fromAt = payload[frame] + ipv4.headerLength(view, payload[frame]) + from;
    const here = Math.max(0, Math.min(size, start[frame] + length[frame] - fromAt));
    copyBytes(memory, fromAt, memory, payload[piece] + header, here);
    length[piece] = payload[piece] + header + here - start[piece];
    number(frame, piece, from, header, size);
    fillColumns(frame, piece, header + size);
  };
}

const OPTIONS_MAX = 40;
/** Bit of an option's type: it is in every piece (RFC 791 §3.1). */
const COPIED = 0x80;
/** The two options without a length: one of no byte, so to speak, and one of one byte. */
const END = 0;
const NO_OPERATION = 1;

/** The options of one packet that are in every piece of it, as they stand there. */
class CopiedOptions {
  /** Bytes of them, a multiple of 4. */
  length = 0;
  private readonly bytes = new Uint8Array(OPTIONS_MAX);

  constructor(private readonly view: DataView) {}

  /** Reads the options of the header at `at`, of so many bytes. */
  collect(at: number, header: number): void {
    const { view, bytes } = this;
    const end = at + header;
    let count = 0;
    let option = at + Ipv4.HeaderLengthMin;
    for (let size = this.sizeOf(option, end); size > 0; size = this.sizeOf(option, end)) {
      if ((view.getUint8(option) & COPIED) !== 0)
        for (let i = 0; i < size; i++) bytes[count++] = view.getUint8(option + i);
      option += size;
    }
    while (count % 4 !== 0) bytes[count++] = END;
    this.length = count;
  }

  /** Bytes of the option at `at`; 0 where the options end. Behind one of an impossible length nothing can be told apart. */
  private sizeOf(at: number, end: number): number {
    if (at >= end) return 0;
    const type = this.view.getUint8(at);
    if (type === END || type === NO_OPERATION) return type;
    const size = at + 1 < end ? this.view.getUint8(at + 1) : 0;
    return size < 2 || at + size > end ? 0 : size;
  }

  /** Writes them; gives their length. */
  write(at: number): number {
    for (let i = 0; i < this.length; i++) this.view.setUint8(at + i, this.bytes[i]);
    return this.length;
  }
}
