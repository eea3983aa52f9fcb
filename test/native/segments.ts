/**
 * TCP segments and super-frames, made and cut in the plainest way: what the addon does is compared with this. Offsets are counted from the
 * first byte of the frame.
 */
import { Gso } from '../../dataplane/frame/frames.js';

const ETHERNET = 14;
const TAG = 4;
const ACK = 0x10;
const PSH = 0x08;
const FIN = 0x01;
const CWR = 0x80;
const TCP_CHECKSUM = 16;

export interface Segment {
  readonly isIpv6: boolean;
  /** Tag control information, outermost first. */
  readonly tags: readonly number[];
  readonly identification: number;
  readonly sequence: number;
  readonly flags: number;
  /** TCP options, a multiple of 4 bytes. */
  readonly options: readonly number[];
  readonly payload: Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset);

/** Adds up 16-bit words, big-endian, an odd last byte padded with 0. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  bytes.forEach((byte, i) => (sum += i % 2 === 0 ? byte * 256 : byte));
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

const checksumOf = (bytes: Uint8Array): number => ~sumOf(bytes) & 0xffff;

/** Where the headers stand. */
interface Headers {
  readonly network: number;
  readonly transport: number;
  readonly payload: number;
  readonly isIpv6: boolean;
}

export function headersOf(frame: Uint8Array): Headers {
  const view = viewOf(frame);
  let type = 12;
  while ([0x8100, 0x88a8].includes(view.getUint16(type))) type += TAG;
  const isIpv6 = view.getUint16(type) === 0x86dd;
  const network = type + 2;
  const transport = network + (isIpv6 ? 40 : 20);
  return {
    network,
    transport,
    payload: transport + (view.getUint8(transport + 12) >> 4) * 4,
    isIpv6,
  };
}

/** The sum of the pseudo header for what is in the frame. */
function pseudoOf(frame: Uint8Array): number {
  const { network, transport, isIpv6 } = headersOf(frame);
  const bytes = frame.length - transport;
  const addresses = frame.subarray(network + (isIpv6 ? 8 : 12), network + (isIpv6 ? 40 : 20));
  return sumOf(new Uint8Array([...addresses, 0, 6, bytes >> 8, bytes & 0xff]));
}

/** Sets lengths and checksums right. `partial`: TCP's holds the pseudo sum only. */
export function finish(frame: Uint8Array, partial = false): Uint8Array {
  const view = viewOf(frame);
  const { network, transport, isIpv6 } = headersOf(frame);
  if (isIpv6) {
    view.setUint16(network + 4, frame.length - network - 40);
  } else {
    view.setUint16(network + 2, frame.length - network);
    view.setUint16(network + 10, 0);
    view.setUint16(network + 10, checksumOf(frame.subarray(network, network + 20)));
  }
  view.setUint16(transport + TCP_CHECKSUM, pseudoOf(frame));
  return partial ? frame : complete(frame, transport, TCP_CHECKSUM);
}

/** Completes a partial checksum (rule 1), in place. */
export function complete(frame: Uint8Array, start: number, offset: number): Uint8Array {
  viewOf(frame).setUint16(start + offset, checksumOf(frame.subarray(start)));
  return frame;
}

export function frameOf(segment: Segment, partial = false): Uint8Array {
  const { isIpv6, tags, options, payload } = segment;
  const network = ETHERNET + tags.length * TAG;
  const transport = network + (isIpv6 ? 40 : 20);
  const frame = new Uint8Array(transport + 20 + options.length + payload.length);
  const view = viewOf(frame);
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);
  tags.forEach((tag, i) => {
    view.setUint16(12 + i * TAG, 0x8100);
    view.setUint16(14 + i * TAG, tag);
  });
  view.setUint16(network - 2, isIpv6 ? 0x86dd : 0x0800);
  if (isIpv6) {
    frame.set([0x60, 0, 0, 0, 0, 0, 6, 64], network);
    frame.set([0xfd, 1], network + 8);
    frame.set([0xfd, 2], network + 24);
  } else {
    frame.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], network);
    view.setUint16(network + 4, segment.identification);
  }
  view.setUint32(transport, (40000 << 16) | 80);
  view.setUint32(transport + 4, segment.sequence);
  view.setUint32(transport + 8, 12345);
  frame.set([(5 + options.length / 4) << 4, segment.flags, 1, 0xf6], transport + 12);
  frame.set(options, transport + 20);
  frame.set(payload, transport + 20 + options.length);
  return finish(frame, partial);
}

/** Segments that follow one another, as a sender cuts `count * size` bytes and `last` more. */
export function trainOf(
  first: Omit<Segment, 'payload' | 'flags'>,
  sizes: readonly number[],
  isPushed = true,
): Segment[] {
  let sequence = first.sequence;
  return sizes.map((size, i) => {
    const payload = Uint8Array.from({ length: size }, (_, k) => (sequence + k * 7) & 0xff);
    const flags = ACK | (isPushed && i === sizes.length - 1 ? PSH : 0);
    const identification = (first.identification + i) & 0xffff;
    const segment = { ...first, identification, sequence, flags, payload };
    sequence = (sequence + size) >>> 0;
    return segment;
  });
}

/** Cuts a TCP super-frame (rule 4). */
export function cut(frame: Uint8Array, gsoSize: number): Uint8Array[] {
  const { network, transport, payload, isIpv6 } = headersOf(frame);
  const pieces: Uint8Array[] = [];
  for (let at = payload; at < frame.length; at += gsoSize) {
    const piece = Uint8Array.from([
      ...frame.subarray(0, payload),
      ...frame.subarray(at, at + gsoSize),
    ]);
    const view = viewOf(piece);
    const flags = view.getUint8(transport + 13);
    const isLast = at + gsoSize >= frame.length;
    const taken = (isLast ? 0 : PSH | FIN) | (at === payload ? 0 : CWR);
    view.setUint8(transport + 13, flags & ~taken);
    view.setUint32(transport + 4, view.getUint32(transport + 4) + at - payload);
    if (!isIpv6) view.setUint16(network + 4, view.getUint16(network + 4) + pieces.length);
    pieces.push(finish(piece));
  }
  return pieces;
}

/** What `Gso` a super-frame of this frame has. */
export const gsoOf = (frame: Uint8Array): Gso => (headersOf(frame).isIpv6 ? Gso.TcpV6 : Gso.TcpV4);

/** What they would be as one super-frame, not asking whether they may. */
function joined(frames: readonly Uint8Array[]): Uint8Array {
  const [first = new Uint8Array()] = frames;
  const last = frames.at(-1) ?? first;
  const rest = frames.slice(1).flatMap((frame) => [...frame.subarray(headersOf(frame).payload)]);
  const whole = Uint8Array.from([...first, ...rest]);
  whole[headersOf(first).transport + 13] = last[headersOf(last).transport + 13] ?? 0;
  return whole;
}

/** The bytes of the smallest payload but the last that the addon joins. */
export const PAYLOAD_MIN = 256;

/** Do these frames belong into one super-frame? They do when cutting it gives them back. */
export function belongTogether(frames: readonly Uint8Array[]): boolean {
  const [first] = frames;
  if (first === undefined || frames.length < 2) return true;
  const { network, payload, transport } = headersOf(first);
  const size = first.length - payload;
  const isPlain = frames.every((frame, i) => {
    const flags = frame[transport + 13] ?? 0;
    return flags === ACK || (flags === (ACK | PSH) && i === frames.length - 1);
  });
  if (!isPlain || size < PAYLOAD_MIN) return false;
  const whole = joined(frames);
  if (whole.length - network > 65535) return false;
  const pieces = cut(whole, size);
  return (
    pieces.length === frames.length &&
    pieces.every((piece, i) => Buffer.compare(piece, frames[i] ?? new Uint8Array()) === 0)
  );
}

/** How many frames these become: each joins those before it as long as they belong together. */
export function groupsOf(frames: readonly Uint8Array[]): Uint8Array[][] {
  const groups: Uint8Array[][] = [];
  for (const frame of frames) {
    const group = groups.at(-1);
    if (group !== undefined && belongTogether([...group, frame])) group.push(frame);
    else groups.push([frame]);
  }
  return groups;
}
