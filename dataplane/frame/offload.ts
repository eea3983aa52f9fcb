/**
 * What a frame leaves to the network card, and whether that can be true (virtio 1.2 §5.1.6.2, which TAPs and AF_PACKET sockets speak).
 *
 * A frame with a *partial checksum* has the pseudo sum where its checksum belongs; whoever puts it on a wire adds up the rest. A
 * *super-frame* is one long TCP segment or a train of UDP datagrams that stands for several frames of `gsoSize` payload bytes each.
 * Both pass whole from one device to another that understands them; segment.ts makes wire frames of them for all others.
 *
 * The description comes from whoever sent the frame, so it is checked against the bytes once, in parse, as everything else.
 */
import { Reason } from '../observe/reason.js';
import { fold, pseudoSumIpv4, pseudoSumIpv6 } from '../wire/checksum.js';
import { EtherType } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { checkTcp, headerLength as tcpHeaderLength, Tcp } from '../wire/tcp.js';
import * as udp from '../wire/udp.js';
import { Udp } from '../wire/udp.js';
import { FrameFlag, Gso } from './frames.js';
import type { Frame, Frames } from './frames.js';

/** Where TCP and UDP have their checksums. */

/** The smallest payload Linux lets TCP cut into (TCP_MIN_GSO_SIZE), and the most datagrams of one train (UDP_MAX_SEGMENTS). */
const TCP_GSO_SIZE_MIN = 8;
const UDP_SEGMENTS_MAX = 128;

/**
 * Does the description of an offloaded frame fit its bytes? Gives -Reason.OffloadInvalid if not; otherwise the bytes of a super-frame's
 * headers from its packet on (those before the transport's payload), and 0 for a frame that only lacks its checksum.
 *
 * A super-frame that came without a partial checksum, as network cards make of what they receive (LRO), gets one: its checksum was that of
 * its first segment, or has been checked by the card, and means nothing for the whole.
 * @param packetAt offset of the packet in the pool's bytes
 * @param etherType what stands there
 */
export function checkOffload(
  frames: Frames,
  frame: Frame,
  packetAt: number,
  etherType: number,
): number {
  const { start, length, wireLength, flags, checksumStart, checksumOffset } = frames;
  const at = start[frame];
  const end = at + length[frame];
  if (length[frame] !== wireLength[frame]) return -Reason.OffloadInvalid;
  if ((flags[frame] & FrameFlag.Super) === 0) {
    const sumAt = at + checksumStart[frame];
    const fits = sumAt >= packetAt && sumAt + checksumOffset[frame] + 2 <= end;
    return fits ? 0 : -Reason.OffloadInvalid;
  }
  const protocol = protocolOf(frames, frame, etherType);
  const transportAt = protocol < 0 ? -1 : transportOf(frames, packetAt, end, etherType, protocol);
  const payloadAt = transportAt < 0 ? -1 : payloadOf(frames, frame, transportAt, end, protocol);
  if (payloadAt < 0) return -Reason.OffloadInvalid;
  const offset = protocol === Protocol.Tcp ? Tcp.ChecksumOffset : Udp.ChecksumOffset;
  if ((flags[frame] & FrameFlag.Partial) === 0) {
    checksumStart[frame] = transportAt - at;
    checksumOffset[frame] = offset;
    flags[frame] |= FrameFlag.Partial;
    const pseudo = etherType === EtherType.Ipv4 ? pseudoSumIpv4 : pseudoSumIpv6;
    const sum = pseudo(frames.view, packetAt, protocol, end - transportAt);
    frames.view.setUint16(transportAt + offset, fold(sum));
  } else if (checksumStart[frame] !== transportAt - at || checksumOffset[frame] !== offset) {
    return -Reason.OffloadInvalid;
  }
  return payloadAt - packetAt;
}

/** The transport that the description of a super-frame names, or -1 when it does not go with the packet. */
function protocolOf(frames: Frames, frame: Frame, etherType: number): number {
  switch (frames.gsoType[frame] & ~Gso.Ecn) {
    case Gso.TcpV4:
      return etherType === EtherType.Ipv4 ? Protocol.Tcp : -1;
    case Gso.TcpV6:
      return etherType === EtherType.Ipv6 ? Protocol.Tcp : -1;
    case Gso.UdpL4:
      return etherType === EtherType.Ipv4 || etherType === EtherType.Ipv6 ? Protocol.Udp : -1;
    default:
      return -1;
  }
}

/** Where the transport header stands in a packet that ends where the frame does and is no fragment; -1 when there is none. */
function transportOf(
  { view }: Frames,
  packetAt: number,
  end: number,
  etherType: number,
  protocol: number,
): number {
  if (etherType === EtherType.Ipv4) {
    if (ipv4.checkIpv4(view, packetAt, end, end) !== Reason.Ok) return -1;
    if (ipv4.totalLength(view, packetAt) !== end - packetAt || ipv4.isFragment(view, packetAt))
      return -1;
    return ipv4.protocol(view, packetAt) === protocol
      ? packetAt + ipv4.headerLength(view, packetAt)
      : -1;
  }
  if (ipv6.checkIpv6(view, packetAt, end, end) !== Reason.Ok) return -1;
  if (ipv6.payloadLength(view, packetAt) !== end - packetAt - Ipv6.HeaderLength) return -1;
  const upper = ipv6.upperOf(view, packetAt, end, end);
  return upper >= 0 && ipv6.upperProtocol(upper) === protocol
    ? packetAt + ipv6.upperOffset(upper)
    : -1;
}

/** Where the payload begins that is to be cut into pieces of `gsoSize`; -1 when header or size cannot be. */
function payloadOf(
  { view, gsoSize }: Frames,
  frame: Frame,
  transportAt: number,
  end: number,
  protocol: number,
): number {
  const size = gsoSize[frame];
  if (protocol === Protocol.Tcp) {
    if (checkTcp(view, transportAt, end, end) !== Reason.Ok || size < TCP_GSO_SIZE_MIN) return -1;
    return transportAt + tcpHeaderLength(view, transportAt);
  }
  if (udp.checkUdp(view, transportAt, end, end) !== Reason.Ok) return -1;
  const payload = udp.length(view, transportAt) - Udp.HeaderLength;
  if (payload !== end - transportAt - Udp.HeaderLength) return -1;
  return size > 0 && payload <= UDP_SEGMENTS_MAX * size ? transportAt + Udp.HeaderLength : -1;
}
