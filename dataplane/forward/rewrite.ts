/**
 * Changing the addresses and ports of a packet, and every checksum that covers them, by what changed and nothing else (RFC 1624; RFC 3022 §4.1,
 * §4.2). A checksum that was wrong stays exactly as wrong; UDP that has none has none; a later fragment has none to change.
 *
 * A checksum that was left to a network card (FrameFlag.Partial) holds the sum of the pseudo-header alone, not complemented: there only the addresses
 * count, and they are taken out of the sum and others put in.
 */
import type { Frame } from '../frame/frames.js';
import { isPartialAt } from '../frame/offload.js';
import { fold, updateChecksum, updateUdpChecksum } from '../wire/checksum.js';
import { IcmpType, type } from '../wire/icmp.js';
import { Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Tcp } from '../wire/tcp.js';
import { Udp } from '../wire/udp.js';
import { NO_TRANSPORT } from './packet.js';
import type { Packet } from './packet.js';
import type { Plane } from './plane.js';

const ICMP_CHECKSUM = 2;
const ICMP_IDENTIFIER = 4;
const IPV4_IDENTIFICATION = 4;
const IPV4_CHECKSUM = 10;

/**
 * Makes the function that gives the packet of a frame, which the caller holds alone, the addresses, ports and identification that stand in `packet`. Those
 * it has are read from it. Its hop limit stays.
 */
export function rewriteOn({ frames }: Plane, packet: Packet): (frame: Frame) => void {
  const { payload, view } = frames;
  /** The sums of what was, and of what is now: of the addresses, and of the ports. */
  let addressesWere = 0;
  let addressesAre = 0;
  let portsWere = 0;
  let portsAre = 0;

  function putIpv4(at: number): void {
    addressesWere = fold(view.getUint32(at + 12)) + fold(view.getUint32(at + 16));
    view.setInt32(at + 12, packet.source[3]);
    view.setInt32(at + 16, packet.destination[3]);
    addressesAre = fold(view.getUint32(at + 12)) + fold(view.getUint32(at + 16));
    const { identification } = packet;
    const were = addressesWere + view.getUint16(at + IPV4_IDENTIFICATION);
    view.setUint16(at + IPV4_IDENTIFICATION, identification);
    const checksum = view.getUint16(at + IPV4_CHECKSUM);
    view.setUint16(
      at + IPV4_CHECKSUM,
      updateChecksum(checksum, were, addressesAre + identification),
    );
  }

  function putIpv6(at: number): void {
    addressesWere = 0;
    addressesAre = 0;
    for (let i = 0; i < 4; i++) {
      const [from, to] = [ipv6.sourceAt(at) + 4 * i, ipv6.destinationAt(at) + 4 * i];
      addressesWere += fold(view.getUint32(from)) + fold(view.getUint32(to));
      view.setInt32(from, packet.source[i]);
      view.setInt32(to, packet.destination[i]);
      addressesAre += fold(view.getUint32(from)) + fold(view.getUint32(to));
    }
  }

  function putPorts(at: number): void {
    portsWere = fold(view.getUint32(at));
    view.setInt32(at, packet.ports);
    portsAre = fold(view.getUint32(at));
  }

  function putIdentifier(at: number): void {
    portsWere = view.getUint16(at + ICMP_IDENTIFIER);
    portsAre = packet.ports >>> 16;
    view.setUint16(at + ICMP_IDENTIFIER, portsAre);
  }

  function mendTcp(at: number, isPartial: boolean): void {
    const checksum = view.getUint16(at + Tcp.ChecksumOffset);
    const mended = isPartial
      ? movePseudoSum(checksum)
      : updateChecksum(checksum, addressesWere + portsWere, addressesAre + portsAre);
    view.setUint16(at + Tcp.ChecksumOffset, mended);
  }

  /** None stays none, also around what is left to a network card. */
  function mendUdp(at: number, isPartial: boolean): void {
    const checksum = view.getUint16(at + Udp.ChecksumOffset);
    const mended =
      isPartial && checksum !== 0
        ? movePseudoSum(checksum)
        : updateUdpChecksum(checksum, addressesWere + portsWere, addressesAre + portsAre);
    view.setUint16(at + Udp.ChecksumOffset, mended);
  }

  /** Ports of 0 are those of a message without identifier; or of an echo reply, whose type is 0, with the identifier 0. */
  function isEcho(at: number): boolean {
    if (packet.ports !== 0) return true;
    return packet.family === 4 && type(view, at) === IcmpType.EchoReply;
  }

  /** ICMPv6 sums the addresses, ICMP does not: so what it leaves to a network card is 0, and stays it. */
  function mendIcmp(at: number, isPartial: boolean): void {
    const checksum = view.getUint16(at + ICMP_CHECKSUM);
    if (packet.family === 4) {
      if (isPartial) return;
      addressesWere = 0;
      addressesAre = 0;
    }
    const mended = isPartial
      ? movePseudoSum(checksum)
      : updateChecksum(checksum, addressesWere + portsWere, addressesAre + portsAre);
    view.setUint16(at + ICMP_CHECKSUM, mended);
  }

  function movePseudoSum(sum: number): number {
    return fold(sum + (~fold(addressesWere) & 0xffff) + fold(addressesAre));
  }

  return (frame) => {
    const at = payload[frame];
    if (packet.family === 4) putIpv4(at);
    else putIpv6(at);
    if (packet.transport === NO_TRANSPORT) return;
    // The frame may be a copy: its bytes stand elsewhere.
    const transport = at + packet.transport - packet.at;
    const isPartial = packet.isPartial || isPartialAt(frames, frame, transport);
    portsWere = 0;
    portsAre = 0;
    switch (packet.protocol as Protocol) {
      case Protocol.Tcp:
        putPorts(transport);
        mendTcp(transport, isPartial);
        return;
      case Protocol.Udp:
        putPorts(transport);
        mendUdp(transport, isPartial);
        return;
      default:
        if (isEcho(transport)) putIdentifier(transport);
        mendIcmp(transport, isPartial);
    }
  };
}
