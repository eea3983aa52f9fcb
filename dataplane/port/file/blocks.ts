/**
 * The blocks of a pcapng file that are written here (draft-ietf-opsawg-pcapng), each into a buffer that the caller knows to be large enough: one
 * section, one Ethernet interface with times in nanoseconds.
 */
import { copyBytes, type Memory } from '../../frame/copy.js';
import { Block, BYTE_ORDER_MAGIC, Option } from './pcapng.js';
import { FRAME_BYTES_MAX } from './record.js';

export const LINK_TYPE_ETHERNET = 1;
export const OPTION_BYTES_MAX = 65_535;
/** Bytes of an Enhanced Packet Block before the frame. */
export const PACKET_HEAD_BYTES = 28;
/** Greatest whole seconds of 64 bits of nanoseconds. */
export const BLOCK_SECONDS_MAX = 18_446_744_072;

/** Options whose codes mean something else in other blocks: epb_flags, isb_ifrecv, isb_ifdrop. */
const PACKET_FLAGS = 2;
const INTERFACE_RECEIVED = 4;
const INTERFACE_DROPPED = 5;

/** Writes the block that begins a file at `into`, and returns the position behind it. */
export function putSectionHeader(buffer: Memory, into: number): number {
  const { words } = buffer;
  words.setUint32(into, Block.SectionHeader, true);
  words.setUint32(into + 8, BYTE_ORDER_MAGIC, true);
  words.setUint16(into + 12, 1, true);
  words.setBigInt64(into + 16, -1n, true);
  return endBlock(
    words,
    into,
    putOptions(buffer, into + 24, [[Option.UserApplication, 'etherloom']]),
  );
}

/** Writes the block about the one interface, and returns the position behind it. */
export function putInterface(buffer: Memory, into: number, name: string): number {
  const { words } = buffer;
  words.setUint32(into, Block.InterfaceDescription, true);
  words.setUint16(into + 8, LINK_TYPE_ETHERNET, true);
  words.setUint32(into + 12, FRAME_BYTES_MAX, true);
  const end = putOptions(buffer, into + 16, [
    [Option.InterfaceName, name],
    [Option.TimeResolution, '\x09'],
  ]);
  return endBlock(words, into, end);
}

/** Writes an Enhanced Packet Block up to the frame. @param seconds 0 to BLOCK_SECONDS_MAX */
export function putPacketHead(
  words: DataView,
  into: number,
  length: number,
  wireLength: number,
  seconds: number,
  nanoseconds: number,
): void {
  words.setUint32(into, Block.EnhancedPacket, true);
  words.setUint32(into + 8, 0, true);
  putTime(words, into + 12, seconds, nanoseconds);
  words.setUint32(into + 20, length, true);
  words.setUint32(into + 24, wireLength, true);
}

/** Writes the frame into the block that begins at `into`, and returns where its options begin. */
export function putFrame(
  buffer: Memory,
  into: number,
  source: Memory,
  at: number,
  length: number,
): number {
  const frameAt = into + PACKET_HEAD_BYTES;
  const padded = (length + 3) & ~3;
  if (padded > length) buffer.words.setUint32(frameAt + padded - 4, 0);
  copyBytes(source, at, buffer, frameAt, length);
  return frameAt + padded;
}

/** Bytes of the option that `putDirection` writes. */
export const DIRECTION_BYTES = 12;

/** Which way a frame passed the interface: values of epb_flags. */
export const enum Direction {
  Inbound = 1,
  Outbound = 2,
}

/** Writes the options of a packet that say which way it went, and returns the position behind. */
export function putDirection(words: DataView, into: number, direction: Direction): number {
  words.setUint16(into, PACKET_FLAGS, true);
  words.setUint16(into + 2, 4, true);
  words.setUint32(into + 4, direction, true);
  words.setUint32(into + 8, Option.End, true);
  return into + DIRECTION_BYTES;
}

/** Bytes of an Interface Statistics Block. */
export const STATISTICS_BYTES = 52;

/** Writes how many frames the interface saw and how many of them are not in the file; returns the position behind the block. */
export function putStatistics(
  words: DataView,
  into: number,
  seconds: number,
  nanoseconds: number,
  received: number,
  dropped: number,
): number {
  words.setUint32(into, Block.InterfaceStatistics, true);
  words.setUint32(into + 8, 0, true);
  putTime(words, into + 12, seconds, nanoseconds);
  let end = putCount(words, into + 20, INTERFACE_RECEIVED, received);
  end = putCount(words, end, INTERFACE_DROPPED, dropped);
  words.setUint32(end, Option.End, true);
  return endBlock(words, into, end + 4);
}

/** An option of 64 bits. */
function putCount(words: DataView, into: number, option: number, count: number): number {
  words.setUint16(into, option, true);
  words.setUint16(into + 2, 8, true);
  words.setUint32(into + 4, count, true);
  words.setUint32(into + 8, Math.floor(count / 0x1_0000_0000), true);
  return into + 12;
}

/** Nanoseconds since 1970 in two halves of 32 bits; every product below stays under 2^53 and so is exact. */
function putTime(words: DataView, into: number, seconds: number, nanoseconds: number): void {
  const upper = Math.floor(seconds / 0x1_0000);
  const upperProduct = upper * 1_000_000_000;
  const upperHigh = Math.floor(upperProduct / 0x1_0000);
  const low =
    (upperProduct - upperHigh * 0x1_0000) * 0x1_0000 +
    (seconds - upper * 0x1_0000) * 1_000_000_000 +
    nanoseconds;
  words.setUint32(into, upperHigh + Math.floor(low / 0x1_0000_0000), true);
  words.setUint32(into + 4, low, true);
}

/** Writes both lengths of the block that began at `into`, and returns the position behind it. */
export function endBlock(words: DataView, into: number, end: number): number {
  const size = end + 4 - into;
  words.setUint32(into + 4, size, true);
  words.setUint32(end, size, true);
  return end + 4;
}

/** Writes options as UTF-8, each cut to whole characters that fit, and the one that ends them; gives the position behind. */
export function putOptions(
  { bytes, words }: Memory,
  into: number,
  options: readonly (readonly [Option, string])[],
): number {
  for (const [code, value] of options) {
    const room = bytes.subarray(into + 4, into + 4 + OPTION_BYTES_MAX);
    const { written } = encoder.encodeInto(value, room);
    const padded = (written + 3) & ~3;
    bytes.fill(0, into + 4 + written, into + 4 + padded);
    words.setUint16(into, code, true);
    words.setUint16(into + 2, written, true);
    into += 4 + padded;
  }
  words.setUint32(into, Option.End, true);
  return into + 4;
}

const encoder = new TextEncoder();
