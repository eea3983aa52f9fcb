/**
 * Answers to pings that are too long for their link, cut from the datagram that asked (RFC 791 §3.2; RFC 8200 §4.5; Linux ip_append_data,
 * ip6_fragment): all but the last as long as the MTU and units of 8 bytes allow.
 */
import { copyBytes, memoryOf } from '../frame/copy.js';
import type { Frame } from '../frame/frames.js';
import type { Reassembly } from '../state/reassembly.js';
import { checksumOf, isRight, pseudoSumIpv6, sum, updateChecksum } from '../wire/checksum.js';
import { Ethernet, EtherType } from '../wire/ethernet.js';
import { CHECKSUM_OFFSET, HEADER_LENGTH as ICMP_HEADER, IcmpType } from '../wire/icmp.js';
import { Icmpv6Type } from '../wire/icmpv6.js';
import * as ipv4 from '../wire/ipv4.js';
import { Ipv4, Protocol } from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { Ipv6 } from '../wire/ipv6.js';
import { addressOn, answerOn, NOBODY } from './answer.js';
import type { Surroundings } from './answer.js';
import type { Plane } from './plane.js';

const HOP_LIMIT = 64;
const HEADERS_IPV6 = Ipv6.HeaderLength + Ipv6.FragmentHeaderLength;

/**
 * Makes the function that answers a datagram which is whole, and whose last fragment is the frame, if it is a ping whose answer is too long for the link:
 * gives the row that was asked, NOBODY where it gets no answer, and undefined where it is something else. Where slots run out the rest is lost.
 */
export function echoPiecesOn(
  plane: Plane,
  { interfaces, speak }: Surroundings,
): (frame: Frame, iface: number, table: Reassembly, row: number) => number | undefined {
  const { frames, identification } = plane;
  const { payload, etherType, view } = frames;
  const memory = memoryOf(frames.bytes);
  const find = addressOn(plane, interfaces);
  const answer = answerOn(plane, interfaces);

  /** The row of an address in a header, or -1. */
  function owner(words: DataView, at: number, isIpv4: boolean, iface: number): number {
    if (isIpv4) return find(iface, 0, 0, 0, words.getUint32(at));
    const word = (index: number): number => ipv6.addressWord(words, at, index);
    return find(iface, word(0), word(1), word(2), word(3));
  }

  /** Turns the question into its answer, in the table; false where it is damaged. */
  function turn(table: Reassembly, row: number, isIpv4: boolean): boolean {
    const { words } = table.memory;
    const [header, at, total] = [table.headerAt(row), table.dataAt(row), table.total[row]];
    const pseudoSum = isIpv4 ? 0 : pseudoSumIpv6(words, header, Protocol.Icmpv6, total);
    if (!isRight(pseudoSum + sum(words, at, total))) return false;
    const was = words.getUint16(at);
    words.setUint8(at, isIpv4 ? IcmpType.EchoReply : Icmpv6Type.EchoReply);
    const field = at + CHECKSUM_OFFSET;
    words.setUint16(field, updateChecksum(words.getUint16(field), was, words.getUint16(at)));
    return true;
  }

  function putIpv4(at: number, words: DataView, asked: number, size: number, rest: number): void {
    view.setUint32(at, words.getUint32(asked));
    view.setUint16(at + 2, Ipv4.HeaderLengthMin + size);
    view.setUint32(at + 4, rest);
    view.setUint32(at + 8, (HOP_LIMIT << 24) | (Protocol.Icmp << 16));
    view.setUint32(at + 12, words.getUint32(asked + 16));
    view.setUint32(at + 16, words.getUint32(asked + 12));
    view.setUint16(at + 10, checksumOf(sum(view, at, Ipv4.HeaderLengthMin)));
  }

  function putIpv6(
    at: number,
    words: DataView,
    asked: number,
    size: number,
    place: number,
    id: number,
  ): void {
    view.setUint32(at, words.getUint32(asked) & 0xfff0_0000);
    view.setUint16(at + 4, Ipv6.FragmentHeaderLength + size);
    view.setUint16(at + 6, (ipv6.Extension.Fragment << 8) | HOP_LIMIT);
    for (let i = 0; i < 16; i += 4) {
      view.setUint32(ipv6.sourceAt(at) + i, words.getUint32(ipv6.destinationAt(asked) + i));
      view.setUint32(ipv6.destinationAt(at) + i, words.getUint32(ipv6.sourceAt(asked) + i));
    }
    view.setUint32(at + Ipv6.HeaderLength, (Protocol.Icmpv6 << 24) | place);
    view.setUint32(at + Ipv6.HeaderLength + 4, id);
  }

  function sendPieces(
    frame: Frame,
    iface: number,
    table: Reassembly,
    row: number,
    id: number,
  ): void {
    const isIpv4 = etherType[frame] === EtherType.Ipv4;
    const headers = isIpv4 ? Ipv4.HeaderLengthMin : HEADERS_IPV6;
    const most = (interfaces.mtu[iface] - headers) & ~7;
    const [asked, total] = [table.headerAt(row), table.total[row]];
    for (let from = 0; from < total; from += most) {
      const size = Math.min(most, total - from);
      const piece = answer(frame, iface, Ethernet.HeaderLength + headers + size);
      if (piece < 0) return;
      const more = from + size < total;
      const at = payload[piece];
      const { words } = table.memory;
      if (isIpv4)
        putIpv4(
          at,
          words,
          asked,
          size,
          (id << 16) | (more ? Ipv4.MoreFragments : 0) | (from >>> 3),
        );
      else putIpv6(at, words, asked, size, from | (more ? 1 : 0), id);
      copyBytes(table.memory, table.dataAt(row) + from, memory, at + headers, size);
      speak(piece, iface);
    }
  }

  function isPing(table: Reassembly, row: number, isIpv4: boolean): boolean {
    const { bytes, words } = table.memory;
    const header = table.headerAt(row);
    const protocol = isIpv4
      ? ipv4.protocol(words, header)
      : words.getUint8(header + Ipv6.HeaderLength);
    if (protocol !== (isIpv4 ? Protocol.Icmp : Protocol.Icmpv6)) return false;
    const type: number = isIpv4 ? IcmpType.EchoRequest : Icmpv6Type.EchoRequest;
    return table.total[row] >= ICMP_HEADER && bytes[table.dataAt(row)] === type;
  }

  return (frame, iface, table, row) => {
    const isIpv4 = etherType[frame] === EtherType.Ipv4;
    const headers = isIpv4 ? table.headerLength[row] : Ipv6.HeaderLength;
    if (headers + table.total[row] <= interfaces.mtu[iface] || !isPing(table, row, isIpv4))
      return undefined;
    const { words } = table.memory;
    const header = table.headerAt(row);
    const [source, destination] = isIpv4
      ? [header + 12, header + 16]
      : [ipv6.sourceAt(header), ipv6.destinationAt(header)];
    const asked = owner(words, destination, isIpv4, iface);
    if (asked < 0 || owner(words, source, isIpv4, iface) >= 0) return NOBODY;
    if (isIpv4 && headers !== Ipv4.HeaderLengthMin) return NOBODY;
    if (!turn(table, row, isIpv4)) return NOBODY;
    identification[asked]++;
    sendPieces(frame, iface, table, row, identification[asked]);
    return asked;
  };
}
