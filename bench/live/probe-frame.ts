/** The frames that a prober sends, written into the pool. Lengths are without FCS. */
import type { Frame, Frames } from '../../dataplane/frame/frames.js';
import { checksumOf, sum } from '../../dataplane/wire/checksum.js';
import { EtherType } from '../../dataplane/wire/ethernet.js';

/** 64 bytes with FCS: the shortest frame of Ethernet. */
export const PROBE_BYTES = 60;
/** IEEE 802 local experimental EtherType 1: no kernel has anything to do with it. */
const EXPERIMENTAL = 0x88b5;
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const ICMP_AT = ETHERNET_BYTES + IPV4_BYTES;
const ICMP_BYTES = PROBE_BYTES - ICMP_AT;
const TIME_TO_LIVE = 64;
const ICMP = 1;
const enum Echo {
  Reply = 0,
  Request = 8,
}
const IDENTIFIER = 0xe1;

/** Who speaks to whom. */
export interface Conversation {
  readonly sourceMac: string;
  readonly destinationMac: string;
  readonly sourceAddress: string;
  readonly destinationAddress: string;
}

const mac = (text: string): number[] => text.split(':').map((byte) => parseInt(byte, 16));
const address = (text: string): number[] => text.split('.').map(Number);

function begin(frames: Frames, frame: Frame, who: Conversation, etherType: number): number {
  const at = frames.start[frame] ?? 0;
  frames.length[frame] = PROBE_BYTES;
  frames.wireLength[frame] = PROBE_BYTES;
  frames.bytes.fill(0, at, at + PROBE_BYTES);
  frames.bytes.set([...mac(who.destinationMac), ...mac(who.sourceMac)], at);
  frames.view.setUint16(at + 12, etherType);
  return at;
}

/** A frame that nobody answers, with room for a stamp. */
export function writeProbe(frames: Frames, frame: Frame, who: Conversation): void {
  begin(frames, frame, who, EXPERIMENTAL);
}

/** Notes when a probe is sent. */
export function stamp(frames: Frames, frame: Frame, now_ns: number): void {
  frames.view.setFloat64((frames.start[frame] ?? 0) + ETHERNET_BYTES, now_ns);
}

/** When a received frame was sent, or NaN when it is no probe. */
export function stampOf(frames: Frames, frame: Frame): number {
  const at = frames.start[frame] ?? 0;
  if (frames.view.getUint16(at + 12) !== EXPERIMENTAL) return NaN;
  return frames.view.getFloat64(at + ETHERNET_BYTES);
}

/** Makes a received frame one to where it came from. */
export function turnRound({ bytes, start }: Frames, frame: Frame): void {
  const at = start[frame] ?? 0;
  for (let i = at; i < at + 6; i++) {
    const destination = bytes[i] ?? 0;
    bytes[i] = bytes[i + 6] ?? 0;
    bytes[i + 6] = destination;
  }
}

/** An ICMP echo request (RFC 792), which the kernel at the other end answers. */
export function writeEcho(frames: Frames, frame: Frame, who: Conversation, sequence: number): void {
  const at = begin(frames, frame, who, EtherType.Ipv4);
  const { bytes, view } = frames;
  const ip = at + ETHERNET_BYTES;
  bytes.set([0x45, 0, 0, IPV4_BYTES + ICMP_BYTES, 0, 0, 0x40, 0, TIME_TO_LIVE, ICMP], ip);
  bytes.set([...address(who.sourceAddress), ...address(who.destinationAddress)], ip + 12);
  view.setUint16(ip + 10, checksumOf(sum(view, ip, IPV4_BYTES)));
  const icmp = at + ICMP_AT;
  view.setUint8(icmp, Echo.Request);
  view.setUint16(icmp + 4, IDENTIFIER);
  view.setUint16(icmp + 6, sequence);
  view.setUint16(icmp + 2, checksumOf(sum(view, icmp, ICMP_BYTES)));
}

/** The sequence number of an answer to one of our requests, or -1. */
export function echoAnswered(frames: Frames, frame: Frame): number {
  const at = frames.start[frame] ?? 0;
  const { view } = frames;
  if ((frames.length[frame] ?? 0) < ICMP_AT + 8) return -1;
  if (view.getUint16(at + 12) !== EtherType.Ipv4 || view.getUint8(at + 23) !== ICMP) return -1;
  if (view.getUint8(at + ICMP_AT) !== Echo.Reply) return -1;
  if (view.getUint16(at + ICMP_AT + 4) !== IDENTIFIER) return -1;
  return view.getUint16(at + ICMP_AT + 6);
}
