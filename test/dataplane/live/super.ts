/**
 * Super-frames and the frames they stand for, both built from one description, byte by byte: the judge of segmentation. Checksums are
 * remainders of whole packets modulo 65,535 in big-integer arithmetic.
 */
import { FrameFlag, Gso } from '../../../dataplane/frame/frames.js';
import type { Passing } from './fake-native.js';

export interface Described {
  readonly version: 4 | 6;
  readonly transport: 'tcp' | 'udp';
  /** VLAN tags before the packet. */
  readonly tags: number;
  /** Bytes of IPv4 options or of IPv6 destination options: multiples of 4 below 40, or of 8. */
  readonly options: number;
  /** Bytes of TCP options, a multiple of 4 up to 40. */
  readonly tcpOptions: number;
  readonly tcpFlags: number;
  readonly sequence: number;
  readonly identification: number;
  readonly payload: Uint8Array;
  readonly gsoSize: number;
}

/** What differs between the frames of one super-frame. */
interface Part {
  readonly payload: Uint8Array;
  readonly sequence: number;
  readonly identification: number;
  readonly tcpFlags: number;
}

const word = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const long = (value: number): number[] => [...word(value >>> 16), ...word(value)];

/** The one's complement sum of bytes as a remainder, 1..0xffff, or 0 for nothing but zeros. */
function remainder(bytes: readonly number[]): number {
  let value = 0n;
  const even = bytes.length % 2 === 0 ? bytes : [...bytes, 0];
  for (let i = 0; i < even.length; i += 2)
    value += BigInt(((even[i] ?? 0) << 8) | (even[i + 1] ?? 0));
  return value === 0n ? 0 : Number(((value - 1n) % 0xffffn) + 1n);
}

function headersOf(it: Described, { sequence, identification, tcpFlags }: Part, bytes: number) {
  const isTcp = it.transport === 'tcp';
  const protocol = isTcp ? 6 : 17;
  const transport = isTcp
    ? [
        ...[0x9c, 0x40, 0, 80, ...long(sequence), ...long(0x1234_5678)],
        ...[((20 + it.tcpOptions) / 4) << 4, tcpFlags, 0xfa, 0xf0, 0, 0, 0, 0],
        ...Array<number>(it.tcpOptions).fill(1),
      ]
    : [0x9c, 0x40, 0x13, 0x89, ...word(8 + bytes), 0, 0];
  const length = transport.length + bytes;
  const from = it.version === 4 ? [10, 0, 0, 1] : [0xfd, ...Array<number>(14).fill(0), 1];
  const to = it.version === 4 ? [10, 0, 0, 2] : [0xfd, ...Array<number>(14).fill(0), 2];
  const pseudo = [...from, ...to, ...word(protocol), ...word(length)];
  if (it.version === 6) {
    const extension = [protocol, it.options / 8 - 1, 1, it.options - 4];
    const options =
      it.options === 0 ? [] : [...extension, ...Array<number>(it.options - 4).fill(0)];
    const next = it.options === 0 ? protocol : 60;
    const head = [0x60, 0, 0, 0, ...word(options.length + length), next, 64];
    return { packet: [...head, ...from, ...to, ...options], transport, pseudo };
  }
  const size = 20 + it.options;
  const head = [
    ...[0x40 | (size / 4), 0, ...word(size + length), ...word(identification), 0x40, 0],
    ...[64, protocol, 0, 0, ...from, ...to, ...Array<number>(it.options).fill(1)],
  ];
  const checksum = ~remainder(head) & 0xffff;
  head.splice(10, 2, ...word(checksum));
  return { packet: head, transport, pseudo };
}

function build(it: Described, part: Part, isPartial: boolean) {
  const ethernet = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
  for (let i = 0; i < it.tags; i++) ethernet.push(0x81, 0, 0, 10 + i);
  ethernet.push(...(it.version === 4 ? [8, 0] : [0x86, 0xdd]));
  const { packet, transport, pseudo } = headersOf(it, part, part.payload.length);
  const place = it.transport === 'tcp' ? 16 : 6;
  const all = [...pseudo, ...transport, ...part.payload];
  let checksum = isPartial ? remainder(pseudo) : ~remainder(all) & 0xffff;
  if (!isPartial && it.transport === 'udp' && checksum === 0) checksum = 0xffff;
  transport.splice(place, 2, ...word(checksum));
  return {
    bytes: Uint8Array.from([...ethernet, ...packet, ...transport, ...part.payload]),
    checksumStart: ethernet.length + packet.length,
    checksumOffset: place,
    headers: packet.length + transport.length,
  };
}

/** The super-frame as a device gives it. */
export function superFrame(it: Described): Passing & { readonly headers: number } {
  const whole = build(it, it, true);
  const tcp = it.version === 4 ? Gso.TcpV4 : Gso.TcpV6;
  return {
    ...whole,
    flags: FrameFlag.Partial | FrameFlag.Super,
    gsoType: it.transport === 'tcp' ? tcp : Gso.UdpL4,
    gsoSize: it.gsoSize,
  };
}

/** A frame that only lacks its checksum. */
export function partialFrame(it: Described): Passing {
  return { ...build(it, it, true), flags: FrameFlag.Partial };
}

/** That frame as it stands on a wire. */
export function wireFrame(it: Described): Uint8Array {
  return build(it, it, false).bytes;
}

const FIN_AND_PSH = 0x09;
const CWR = 0x80;

/** The frames that a super-frame stands for. */
export function wireFrames(it: Described): Uint8Array[] {
  const count = Math.max(1, Math.ceil(it.payload.length / it.gsoSize));
  return Array.from({ length: count }, (_, index) => {
    const at = index * it.gsoSize;
    let { tcpFlags } = it;
    if (index > 0) tcpFlags &= ~CWR;
    if (index < count - 1) tcpFlags &= ~FIN_AND_PSH;
    const part = {
      payload: it.payload.slice(at, at + it.gsoSize),
      sequence: (it.sequence + at) >>> 0,
      identification: (it.identification + index) & 0xffff,
      tcpFlags,
    };
    return build(it, part, false).bytes;
  });
}
