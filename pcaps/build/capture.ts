/** Capture files, written apart from the project's own writer so that they can judge it. */
import { crc32 } from 'node:zlib';

import { join } from './bytes.js';

/** A frame as a capture keeps it. */
export interface Captured {
  /** Nanoseconds since 1970 UTC. */
  readonly time_ns: bigint;
  /** The bytes that were kept. */
  readonly bytes: Uint8Array;
  /** How many there were. */
  readonly wireLength: number;
}

/** A kind of capture file: the end of its name, and how its bytes come about. */
export interface Format {
  readonly extension: string;
  readonly encode: (frames: readonly Captured[]) => Uint8Array;
}

const SNAP_LENGTH = 262_144;
const ETHERNET = 1;

/** Numbers of 16 and 32 bits in the byte order of a file. */
class Words {
  constructor(private readonly little: boolean) {}

  half(...values: readonly number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(2 * values.length));
    for (const [i, value] of values.entries()) view.setUint16(2 * i, value, this.little);
    return new Uint8Array(view.buffer);
  }

  full(...values: readonly number[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(4 * values.length));
    for (const [i, value] of values.entries()) view.setUint32(4 * i, value, this.little);
    return new Uint8Array(view.buffer);
  }
}

/** Classic pcap (draft-ietf-opsawg-pcap). */
function pcapOf(unit_ns: 1 | 1000, little: boolean): Format {
  const words = new Words(little);
  const magic = unit_ns === 1 ? 0xa1b23c4d : 0xa1b2c3d4;
  return {
    extension: 'pcap',
    encode: (frames) => {
      const head = [
        words.full(magic),
        words.half(2, 4),
        words.full(0, 0, SNAP_LENGTH, ETHERNET),
      ] as const;
      const records = frames.map(({ time_ns, bytes, wireLength }) => {
        const seconds = Number(time_ns / 1_000_000_000n);
        const fraction = Number(time_ns % 1_000_000_000n) / unit_ns;
        return join(words.full(seconds, fraction, bytes.length, wireLength), bytes);
      });
      return join(...head, ...records);
    },
  };
}

/** pcapng (draft-ietf-opsawg-pcapng) with one section, one interface, and Enhanced Packet Blocks. */
function pcapngOf(decimals: 6 | 9, little: boolean): Format {
  const words = new Words(little);
  const padded = (bytes: Uint8Array): Uint8Array => join(bytes, new Uint8Array(-bytes.length & 3));
  const block = (type: number, ...body: readonly Uint8Array[]): Uint8Array => {
    const inside = join(...body);
    const size = words.full(12 + inside.length);
    return join(words.full(type), size, inside, size);
  };
  const section = block(
    0x0a0d0d0a,
    words.full(0x1a2b3c4d),
    words.half(1, 0),
    words.full(0xffffffff, 0xffffffff),
  );
  const resolution = join(words.half(9, 1), padded(Uint8Array.of(decimals)), words.half(0, 0));
  const description = block(1, words.half(ETHERNET, 0), words.full(SNAP_LENGTH), resolution);
  const packet = ({ time_ns, bytes, wireLength }: Captured): Uint8Array => {
    const units = time_ns / 10n ** BigInt(9 - decimals);
    const time = words.full(Number(units >> 32n), Number(units & 0xffff_ffffn));
    return block(6, words.full(0), time, words.full(bytes.length, wireLength), padded(bytes));
  };
  return {
    extension: 'pcapng',
    encode: (frames) => join(section, description, ...frames.map(packet)),
  };
}

/**
 * The same in gzip (RFC 1952), cut in the middle into two members, each one stored block of RFC 1951. Stored, because what a compressor
 * makes of the same bytes differs between versions of it.
 */
function gzipOf({ extension, encode }: Format): Format {
  const words = new Words(true);
  const member = (bytes: Uint8Array): Uint8Array => {
    const head = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1);
    const length = words.half(bytes.length, ~bytes.length & 0xffff);
    return join(head, length, bytes, words.full(crc32(bytes), bytes.length));
  };
  return {
    extension: `${extension}.gz`,
    encode: (frames) => {
      const plain = encode(frames);
      const half = plain.length >> 1;
      return join(member(plain.slice(0, half)), member(plain.slice(half)));
    },
  };
}

/** What the emulator writes, and what the inputs are unless something else is the point: pcap, nanoseconds, little-endian. */
export const nanosecondPcap = pcapOf(1, true);
export const microsecondPcap = pcapOf(1000, true);
export const bigEndianPcap = pcapOf(1000, false);
export const bigEndianNanosecondPcap = pcapOf(1, false);
export const microsecondPcapng = pcapngOf(6, true);
export const nanosecondPcapng = pcapngOf(9, true);
export const bigEndianPcapng = pcapngOf(6, false);
export const gzipPcap = gzipOf(nanosecondPcap);
export const gzipPcapng = gzipOf(nanosecondPcapng);

/** As if the disk had been full: the last frame lacks its last byte. */
export const cutPcap: Format = {
  extension: nanosecondPcap.extension,
  encode: (frames) => nanosecondPcap.encode(frames).slice(0, -1),
};
