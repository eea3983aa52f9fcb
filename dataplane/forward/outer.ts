/**
 * The outer headers of VXLAN: Ethernet, IPv4 or IPv6, UDP and VXLAN itself, written before a frame (RFC 7348 §5; Linux vxlan_xmit_one, vxlan_build_skb).
 *
 * What the frame inside decides: the source port, by the flow; ECN, and where it is told so TTL, type of service and DF.
 */
import { FrameFlag } from '../frame/frames.js';
import type { Frame } from '../frame/frames.js';
import { VtepFlag, VtepFragments } from '../program/vxlan-layout.js';
import { checksumOf, pseudoSumIpv4, pseudoSumIpv6, sum, udpChecksumOf } from '../wire/checksum.js';
import { EcnField, encapsulateEcn } from '../wire/ecn.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import { Ipv6 } from '../wire/ipv6.js';
import { Udp } from '../wire/udp.js';
import { Vxlan } from '../wire/vxlan.js';
import { innerOn } from './inner.js';
import type { Plane } from './plane.js';
import type { Roads } from './tunnel-roads.js';
import type { TunnelSurroundings } from './tunnels.js';

const DONT_FRAGMENT = 0x4000;

/** Writes them, `bytes` of packet in all, and sends it on its road. The frame is the caller's alone, and used up. */
export type SendOuter = (
  frame: Frame,
  vtep: number,
  vni: number,
  road: number,
  bytes: number,
) => void;

export function outerOn(
  plane: Plane,
  around: TunnelSurroundings & { readonly roads: Roads },
): SendOuter {
  const { frames, program, identification } = plane;
  const { start, length, wireLength, payload, etherType, packetLength, flags, policy, view } =
    frames;
  const { vteps, addresses } = program;
  const { vni: vniOf } = program.vnis;
  const { roads } = around;
  const inner = innerOn(plane);
  const send = sendOn(plane, around);

  /** Type of service of the outer header. */
  function tosFor(vtep: number): number {
    const settings = vteps.flags[vtep];
    const own = inner.tos;
    const base = (settings & VtepFlag.TosInherits) === 0 ? vteps.tos[vtep] : own & ~EcnField.Bits;
    return (settings & VtepFlag.EcnZero) === 0 ? base | encapsulateEcn(own & EcnField.Bits) : base;
  }

  function ttlFor(vtep: number): number {
    const inherits = (vteps.flags[vtep] & VtepFlag.TtlInherits) !== 0;
    return inherits && inner.ttl !== 0 ? inner.ttl : vteps.ttl[vtep];
  }

  function fragmentsFor(vtep: number): number {
    const wanted = vteps.fragments[vtep];
    if (wanted === VtepFragments.Unset) return 0;
    return wanted === VtepFragments.Set || inner.isWhole ? DONT_FRAGMENT : 0;
  }

  function sourcePortFor(flow: number, vtep: number): number {
    const first = vteps.sourceFirst[vtep];
    const span = vteps.sourceLast[vtep] - first + 1;
    return first + (((flow >>> 16) * span) >>> 16);
  }

  function writeIpv4(
    at: number,
    road: number,
    tos: number,
    ttl: number,
    df: number,
    bytes: number,
  ): void {
    const source = roads.source[road];
    // What may be fragmented is numbered (RFC 6864 §4.1).
    const number = df === 0 ? ++identification[source] & 0xffff : 0;
    const total = roads.sum[road] + tos + bytes + number + df + (ttl << 8);
    view.setInt32(at, 0x4500_0000 | (tos << 16) | bytes);
    view.setInt32(at + 4, (number << 16) | df);
    view.setInt32(at + 8, (ttl << 24) | (Protocol.Udp << 16) | checksumOf(total));
    view.setUint32(at + 12, addresses.word3[source]);
    view.setInt32(at + 16, roads.end[4 * road + 3]);
  }

  function writeIpv6(at: number, road: number, tos: number, ttl: number, bytes: number): void {
    const source = roads.source[road];
    view.setInt32(at, 0x6000_0000 | (tos << 20));
    view.setInt32(at + 4, ((bytes - Ipv6.HeaderLength) << 16) | (Protocol.Udp << 8) | ttl);
    view.setUint32(at + 8, addresses.word0[source]);
    view.setUint32(at + 12, addresses.word1[source]);
    view.setUint32(at + 16, addresses.word2[source]);
    view.setUint32(at + 20, addresses.word3[source]);
    for (let i = 0; i < 4; i++) view.setInt32(at + 24 + 4 * i, roads.end[4 * road + i]);
  }

  /** Of a frame that a capture has cut nobody can tell. */
  function writeChecksum(frame: Frame, at: number, udpAt: number, bytes: number): void {
    if (length[frame] < wireLength[frame]) return;
    const pseudo =
      etherType[frame] === EtherType.Ipv4
        ? pseudoSumIpv4(view, at, Protocol.Udp, bytes)
        : pseudoSumIpv6(view, at, Protocol.Udp, bytes);
    view.setUint16(udpAt + Udp.ChecksumOffset, udpChecksumOf(pseudo + sum(view, udpAt, bytes)));
  }

  return (frame, vtep, vni, road, bytes) => {
    const isIpv4 = vteps.family[vtep] === 4;
    const header = isIpv4 ? Ipv4.HeaderLengthMin : Ipv6.HeaderLength;
    inner.look(frame);
    const sourcePort = sourcePortFor(inner.flow, vtep);
    const tos = tosFor(vtep);
    const ttl = ttlFor(vtep);
    const df = isIpv4 ? fragmentsFor(vtep) : 0;
    const usesPolicy = (vteps.flags[vtep] & VtepFlag.GroupPolicy) !== 0;
    const group = usesPolicy && (flags[frame] & FrameFlag.HasPolicy) !== 0 ? policy[frame] : 0;

    const grown = Ethernet.HeaderLength + bytes - wireLength[frame];
    const begin = start[frame] - grown;
    const at = begin + Ethernet.HeaderLength;
    const udpAt = at + header;
    start[frame] = begin;
    length[frame] += grown;
    wireLength[frame] += grown;
    payload[frame] = at;
    packetLength[frame] = bytes;
    etherType[frame] = isIpv4 ? EtherType.Ipv4 : EtherType.Ipv6;
    flags[frame] &= ~(FrameFlag.Forwarded | FrameFlag.HasPolicy);

    view.setUint16(at - 2, isIpv4 ? EtherType.Ipv4 : EtherType.Ipv6);
    if (isIpv4) writeIpv4(at, road, tos, ttl, df, bytes);
    else writeIpv6(at, road, tos, ttl, bytes);
    view.setInt32(udpAt, (sourcePort << 16) | vteps.udpPort[vtep]);
    view.setInt32(udpAt + 4, (bytes - header) << 16);
    view.setInt32(udpAt + 8, Vxlan.FlagVni | group);
    view.setInt32(udpAt + 12, vniOf[vni] << 8);
    if ((vteps.flags[vtep] & VtepFlag.Checksum) !== 0)
      writeChecksum(frame, at, udpAt, bytes - header);
    send(frame, road, isIpv4);
  };
}

/** Makes the function that sends an outer packet to its next hop, or to its group (RFC 1112 §6.4; RFC 2464 §7). */
function sendOn(
  { frames }: Plane,
  { roads, resolver, interfaces, transmit }: TunnelSurroundings & { readonly roads: Roads },
): (frame: Frame, road: number, isIpv4: boolean) => void {
  const { start, view } = frames;
  const { macHigh, macLow } = interfaces;
  const hop = new Int32Array(4);

  function toGroup(frame: Frame, road: number, isIpv4: boolean): void {
    const at = start[frame];
    const group = roads.end[4 * road + 3];
    const iface = roads.iface[road];
    view.setUint16(at, isIpv4 ? 0x0100 : 0x3333);
    view.setInt32(at + 2, isIpv4 ? 0x5e00_0000 | (group & 0x7f_ffff) : group);
    view.setUint16(at + 6, macHigh[iface]);
    view.setUint32(at + 8, macLow[iface]);
    transmit(frame, iface);
  }

  return (frame, road, isIpv4) => {
    if (roads.isGroup[road] === 1) {
      toGroup(frame, road, isIpv4);
      return;
    }
    const iface = roads.iface[road];
    const known = isIpv4 ? resolver.reach(iface, roads.hop[4 * road + 3], frame) : -1;
    if (known >= 0) {
      resolver.sendTo(frame, iface, known);
      return;
    }
    for (let i = 0; i < 4; i++) hop[i] = roads.hop[4 * road + i];
    resolver.send(frame, iface, isIpv4 ? 4 : 6, hop);
  };
}
