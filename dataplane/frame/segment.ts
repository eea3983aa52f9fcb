/**
 * Making wire frames of what was left to the network card: the frames that a super-frame stands for, and complete checksums.
 *
 * What a card does, in software, and to the same bytes: `Segmenter` is turned to one super-frame at a time and writes the frames it
 * stands for, one by one, into slots that the caller gives. TCP: headers as they are, but for sequence number, lengths, IPv4
 * identification (+1 each), FIN and PSH (only on the last) and CWR (only on the first; RFC 3168 §6.1.2). UDP: every datagram its own length.
 *
 * Around the frames of one in a tunnel stand the headers of the tunnel: each outer packet and datagram with a length and checksums of its own, the
 * identification counting as well.
 *
 * Checksums are made from the partial one that the sender left: it knows what the pseudo-header is, also behind a routing header, where
 * we would have to look for the final destination. Only the transport length in it is exchanged.
 */
import {
  checksumOf,
  fold,
  pseudoSumIpv4,
  pseudoSumIpv6,
  sum,
  udpChecksumOf,
} from '../wire/checksum.js';
import { checkEthernet, EtherType, typeOrLength } from '../wire/ethernet.js';
import { Ipv6 } from '../wire/ipv6.js';
import * as ipv4 from '../wire/ipv4.js';
import { Protocol } from '../wire/ipv4.js';
import { Flag } from '../wire/tcp.js';
import * as udp from '../wire/udp.js';
import { Udp } from '../wire/udp.js';
import { skipTags } from '../wire/vlan.js';
import { copyBytes, memoryOf } from './copy.js';
import type { Memory } from './copy.js';
import { FrameFlag, Gso } from './frames.js';
import type { Frame, Frames } from './frames.js';
import { checkOffload, packetInside, tunnelIn, typeBefore } from './offload.js';

/**
 * Ends the sum that a partial checksum began, so that a wire may see the frame. As a card does it: a sum of 0 is written as 0xffff for UDP
 * and for nothing else. (Linux skb_checksum_help does so for all; receivers do not mind, but analysers call it wrong.)
 */
export function completeChecksum(frames: Frames, frame: Frame): void {
  const { start, length, checksumStart, checksumOffset, flags, view } = frames;
  const sumAt = start[frame] + checksumStart[frame];
  const bytes = start[frame] + length[frame] - sumAt;
  const total = sum(view, sumAt, bytes);
  const isUdp = checksumOffset[frame] === Udp.ChecksumOffset;
  view.setUint16(sumAt + checksumOffset[frame], isUdp ? udpChecksumOf(total) : checksumOf(total));
  flags[frame] &= ~FrameFlag.Partial;
}

export class Segmenter {
  private readonly pool: Memory;
  /** The super-frame, and what was found out about it: offsets from its start, and numbers. */
  private whole = 0;
  private packetAt = 0;
  private transportAt = 0;
  private payloadAt = 0;
  private checksumAt = 0;
  private etherType = 0;
  /** Of one in a tunnel: the outer UDP header, and the packet inside. Else that is the packet itself. */
  private udpAt = 0;
  private innerAt = 0;
  private innerType = 0;
  private isTcp = false;
  private size = 0;
  private count = 0;
  /** The partial checksum without the transport's length. */
  private pseudoSum = 0;

  constructor(private readonly frames: Frames) {
    this.pool = memoryOf(frames.bytes);
  }

  /**
   * Turns to an offloaded frame. Gives the number of frames it stands for: 1 when only its checksum is missing, 0 when its description does
   * not fit its bytes.
   */
  begin(frame: Frame): number {
    const { frames } = this;
    const { start, length, flags, view, checksumStart, checksumOffset } = frames;
    const at = start[frame];
    const end = at + length[frame];
    const typeAt = checkEthernet(at, end, end) === 0 ? skipTags(view, at, end, end) : -1;
    if (typeAt < 0) return 0;
    const etherType = typeOrLength(view, typeAt);
    const headers = checkOffload(frames, frame, typeAt + 2, etherType);
    if (headers < 0) return 0;
    if ((flags[frame] & FrameFlag.Super) === 0) return 1;
    this.whole = frame;
    this.etherType = etherType;
    this.packetAt = typeAt + 2 - at;
    this.findInner(frame, typeAt + 2);
    this.payloadAt = this.packetAt + headers;
    this.transportAt = checksumStart[frame];
    this.checksumAt = this.transportAt + checksumOffset[frame];
    this.isTcp = (frames.gsoType[frame] & ~Gso.Ecn) !== Gso.UdpL4;
    this.size = frames.gsoSize[frame];
    this.count = Math.max(1, Math.ceil((length[frame] - this.payloadAt) / this.size));
    const transportLength = length[frame] - this.transportAt;
    this.pseudoSum = fold(view.getUint16(at + this.checksumAt) + (~transportLength & 0xffff));
    return this.count;
  }

  private findInner(frame: Frame, packetAt: number): void {
    const { frames } = this;
    const at = frames.start[frame];
    this.innerAt = packetAt - at;
    this.innerType = this.etherType;
    if ((frames.flags[frame] & FrameFlag.Tunneled) === 0) return;
    const udpAt = tunnelIn(frames, frame, packetAt, this.etherType);
    const inner = packetInside(frames, frame, udpAt);
    this.udpAt = udpAt - at;
    this.innerAt = inner - at;
    this.innerType = typeBefore(frames, inner);
  }

  /** Writes frame `index` of those that the super-frame stands for into the slot `into`, complete with its columns. */
  cut(index: number, into: Frame): void {
    const { frames, whole, payloadAt, pool } = this;
    const { start, length } = frames;
    const from = start[whole];
    const to = start[into];
    const offset = index * this.size;
    const payload = Math.min(this.size, length[whole] - payloadAt - offset);
    copyBytes(pool, from, pool, to, payloadAt);
    copyBytes(pool, from + payloadAt + offset, pool, to + payloadAt, payload);
    this.fillColumns(into, payloadAt + payload);
    this.numberPacket(to + this.innerAt, this.innerType, length[into] - this.innerAt, index);
    if (this.isTcp) this.numberTcp(to + this.transportAt, index);
    else frames.view.setUint16(to + this.transportAt + 4, length[into] - this.transportAt);
    this.sumTransport(to, length[into]);
    if (this.innerAt !== this.packetAt) this.wrap(to, length[into], index);
  }

  private fillColumns(into: Frame, bytes: number): void {
    const { frames, whole } = this;
    frames.length[into] = bytes;
    frames.wireLength[into] = bytes;
    frames.inPort[into] = frames.inPort[whole];
    frames.serial[into] = frames.serial[whole];
    frames.tick[into] = frames.tick[whole];
    frames.seconds[into] = frames.seconds[whole];
    frames.nanoseconds[into] = frames.nanoseconds[whole];
    frames.flags[into] = frames.flags[whole] & ~FrameFlag.Offloaded;
    frames.payload[into] = frames.start[into] + this.packetAt;
    frames.etherType[into] = this.etherType;
    frames.packetLength[into] = bytes - this.packetAt;
  }

  /** The header of the packet: its length, and for IPv4 its identification and checksum. */
  private numberPacket(at: number, etherType: number, length: number, index: number): void {
    const { view } = this.frames;
    if (etherType !== EtherType.Ipv4) {
      view.setUint16(at + 4, length - Ipv6.HeaderLength);
      return;
    }
    view.setUint16(at + 2, length);
    view.setUint16(at + 4, ipv4.identification(view, at) + index);
    view.setUint16(at + 10, 0);
    view.setUint16(at + 10, checksumOf(sum(view, at, ipv4.headerLength(view, at))));
  }

  /** The headers of the tunnel, around a packet that is complete. A datagram without a checksum has none. */
  private wrap(to: number, bytes: number, index: number): void {
    const { view } = this.frames;
    const { packetAt, etherType } = this;
    const at = to + packetAt;
    this.numberPacket(at, etherType, bytes - packetAt, index);
    const udpAt = to + this.udpAt;
    const length = to + bytes - udpAt;
    view.setUint16(udpAt + 4, length);
    if (udp.checksum(view, udpAt) === 0) return;
    view.setUint16(udpAt + Udp.ChecksumOffset, 0);
    const pseudoSumOf = etherType === EtherType.Ipv4 ? pseudoSumIpv4 : pseudoSumIpv6;
    const total = pseudoSumOf(view, at, Protocol.Udp, length) + sum(view, udpAt, length);
    view.setUint16(udpAt + Udp.ChecksumOffset, udpChecksumOf(total));
  }

  private numberTcp(at: number, index: number): void {
    const { view } = this.frames;
    view.setUint32(at + 4, view.getUint32(at + 4) + index * this.size);
    let flags = view.getUint8(at + 13);
    if (index > 0) flags &= ~Flag.Cwr;
    if (index < this.count - 1) flags &= ~(Flag.Fin | Flag.Psh);
    view.setUint8(at + 13, flags);
  }

  private sumTransport(to: number, bytes: number): void {
    const { view } = this.frames;
    const length = bytes - this.transportAt;
    view.setUint16(to + this.checksumAt, 0);
    const total = this.pseudoSum + length + sum(view, to + this.transportAt, length);
    const checksum = this.isTcp ? checksumOf(total) : udpChecksumOf(total);
    view.setUint16(to + this.checksumAt, checksum);
  }
}
