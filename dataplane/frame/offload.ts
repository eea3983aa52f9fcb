/**
 * What a frame leaves to the network card, and whether that can be true (virtio 1.2 §5.1.6.2, which TAPs and AF_PACKET sockets speak).
 *
 * A frame with a *partial checksum* has the pseudo sum where its checksum belongs; whoever puts it on a wire adds up the rest. A
 * *super-frame* is one long TCP segment or a train of UDP datagrams that stands for several frames of `gsoSize` payload bytes each.
 * Both pass whole from one device to another that understands them; segment.ts makes wire frames of them for all others.
 *
 * The description comes from whoever sent the frame, so it is checked against the bytes once, in parse, as everything else.
 *
 * Complication: tunnels. A kernel with a VXLAN device cuts nothing either where its veth leads to us, and then the description is that of the packet in the
 *   tunnel. Such a frame is *tunneled*; the checksum of the outer datagram, if it has one, is partial too. TAPs do not know of that (before Linux 6.17).
 */
import { Reason } from '../observe/reason.js';
import { fold, pseudoSumIpv4, pseudoSumIpv6 } from '../wire/checksum.js';
import { checkEthernet, EtherType, typeOrLength } from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { checkTcp, headerLength as tcpHeaderLength, Tcp } from '../wire/tcp.js';
import * as udp from '../wire/udp.js';
import { Udp } from '../wire/udp.js';
import { skipTags } from '../wire/vlan.js';
import { checkVxlan, Vxlan } from '../wire/vxlan.js';
import { FrameFlag, Gso } from './frames.js';
import type { Frame, Frames } from './frames.js';

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
  flags[frame] &= ~FrameFlag.Tunneled;
  const payloadAt = cutFrom(frames, frame, packetAt, etherType);
  if (payloadAt >= 0) return payloadAt - packetAt;
  const isPartial = (flags[frame] & FrameFlag.Partial) !== 0;
  const udpAt = isPartial ? tunnelIn(frames, frame, packetAt, etherType) : -1;
  const inner = udpAt < 0 ? -1 : packetInside(frames, frame, udpAt);
  const innerPayloadAt = inner < 0 ? -1 : cutFrom(frames, frame, inner, typeBefore(frames, inner));
  if (innerPayloadAt < 0) return -Reason.OffloadInvalid;
  flags[frame] |= FrameFlag.Tunneled;
  return innerPayloadAt - packetAt;
}

/** Where the payload begins that is to be cut, if this packet is what the description of a super-frame is about; else -1. */
function cutFrom(frames: Frames, frame: Frame, packetAt: number, etherType: number): number {
  const { start, length, flags, checksumStart, checksumOffset, view } = frames;
  const at = start[frame];
  const end = at + length[frame];
  const protocol = protocolOf(frames, frame, etherType);
  const transportAt = protocol < 0 ? -1 : transportOf(frames, packetAt, end, etherType, protocol);
  const payloadAt = transportAt < 0 ? -1 : payloadOf(frames, frame, transportAt, end, protocol);
  if (payloadAt < 0) return -1;
  const offset = protocol === Protocol.Tcp ? Tcp.ChecksumOffset : Udp.ChecksumOffset;
  if ((flags[frame] & FrameFlag.Partial) !== 0)
    return checksumStart[frame] === transportAt - at && checksumOffset[frame] === offset
      ? payloadAt
      : -1;
  checksumStart[frame] = transportAt - at;
  checksumOffset[frame] = offset;
  flags[frame] |= FrameFlag.Partial;
  const pseudo = etherType === EtherType.Ipv4 ? pseudoSumIpv4 : pseudoSumIpv6;
  view.setUint16(transportAt + offset, fold(pseudo(view, packetAt, protocol, end - transportAt)));
  return payloadAt;
}

/** Where the UDP header of a packet stands that ends where the frame does and carries VXLAN; -1 when it is none. */
export function tunnelIn(
  frames: Frames,
  frame: Frame,
  packetAt: number,
  etherType: number,
): number {
  const { start, length, view } = frames;
  const end = start[frame] + length[frame];
  const udpAt = transportOf(frames, packetAt, end, etherType, Protocol.Udp);
  if (udpAt < 0 || udp.checkUdp(view, udpAt, end, end) !== Reason.Ok) return -1;
  if (udp.length(view, udpAt) !== end - udpAt) return -1;
  return checkVxlan(view, udpAt + Udp.HeaderLength, end, end) === Reason.Ok ? udpAt : -1;
}

/** Where the packet begins that is in such a tunnel, or -1. */
export function packetInside({ start, length, view }: Frames, frame: Frame, udpAt: number): number {
  const end = start[frame] + length[frame];
  const at = udpAt + Udp.HeaderLength + Vxlan.HeaderLength;
  const typeAt = checkEthernet(at, end, end) === Reason.Ok ? skipTags(view, at, end, end) : -1;
  return typeAt < 0 ? -1 : typeAt + 2;
}

/** The type of the packet that begins here. */
export function typeBefore({ view }: Frames, packetAt: number): number {
  return typeOrLength(view, packetAt - 2);
}

/** Is the checksum of this transport header one that was left to a network card? */
export function isPartialAt(frames: Frames, frame: Frame, transportAt: number): boolean {
  const { start, flags, checksumStart } = frames;
  if ((flags[frame] & FrameFlag.Partial) === 0) return false;
  const isOuter = (flags[frame] & FrameFlag.Tunneled) !== 0;
  return isOuter || start[frame] + checksumStart[frame] === transportAt;
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
