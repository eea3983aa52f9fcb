/** Packets as generators write them: in whole words, for stations whose MACs are 02:42 and their addresses. What they carry are the zeros that stand there. */
import type { Frames } from '../frame/frames.js';
import { EtherType } from '../wire/ethernet.js';
import { Protocol } from '../wire/ipv4.js';
import { Vxlan } from '../wire/vxlan.js';

export const MAC_HIGH = 0x0242;
/** Bytes before the frame inside: headers of Ethernet, IPv4, UDP and VXLAN. */
export const OUTER_BYTES = 50;
export const VXLAN_PORT = 4789;

const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const TTL = 64;

/** `to` and `from` are the last four bytes of the MACs; all arguments are the bits of words, for what is above 2^31 would be a double. */
export interface Packets {
  readonly udp: (
    at: number,
    to: number,
    from: number,
    source: number,
    destination: number,
    ports: number,
  ) => void;
  readonly echo: (
    at: number,
    to: number,
    from: number,
    source: number,
    destination: number,
    typeAndId: number,
  ) => void;
  /** What stands before a frame in a tunnel: OUTER_BYTES. Its UDP has no checksum. */
  readonly outer: (
    at: number,
    to: number,
    from: number,
    source: number,
    destination: number,
    sourcePort: number,
    vni: number,
  ) => void;
}

/** Makes what writes frames of so many bytes, and what stands before those, into a pool. */
export function packetsOn({ view }: Frames, frameBytes: number): Packets {
  const packetBytes = frameBytes - ETHERNET_BYTES;
  const udpBytes = packetBytes - IPV4_BYTES;

  /** Everything up to the source address, of a packet of `total` bytes. */
  function put(
    at: number,
    total: number,
    protocol: number,
    to: number,
    from: number,
    source: number,
    destination: number,
  ): void {
    const addresses = half(source) + half(destination);
    const sum = complement(0x4500 + total + ((TTL << 8) | protocol) + addresses);
    view.setInt32(at, (MAC_HIGH << 16) | (to >>> 16));
    view.setInt32(at + 4, (to << 16) | MAC_HIGH);
    view.setInt32(at + 8, from);
    view.setInt32(at + 12, (EtherType.Ipv4 << 16) | 0x4500);
    view.setInt32(at + 16, total << 16);
    view.setInt32(at + 20, (TTL << 8) | protocol);
    view.setInt32(at + 24, (sum << 16) | (source >>> 16));
    view.setInt32(at + 28, (source << 16) | (destination >>> 16));
  }

  return {
    udp: (at, to, from, source, destination, ports) => {
      put(at, packetBytes, Protocol.Udp, to, from, source, destination);
      const addresses = half(source) + half(destination);
      const sum = complement(addresses + Protocol.Udp + 2 * udpBytes + half(ports));
      view.setInt32(at + 32, (destination << 16) | (ports >>> 16));
      view.setInt32(at + 36, (ports << 16) | udpBytes);
      view.setInt32(at + 40, sum << 16);
    },
    echo: (at, to, from, source, destination, typeAndId) => {
      put(at, packetBytes, Protocol.Icmp, to, from, source, destination);
      const type = typeAndId >>> 16;
      view.setInt32(at + 32, (destination << 16) | type);
      view.setInt32(at + 36, (complement(half(typeAndId)) << 16) | (typeAndId & 0xffff));
      view.setInt32(at + 40, 0);
    },
    outer: (at, to, from, source, destination, sourcePort, vni) => {
      put(at, packetBytes + OUTER_BYTES, Protocol.Udp, to, from, source, destination);
      view.setInt32(at + 32, (destination << 16) | sourcePort);
      view.setInt32(at + 36, (VXLAN_PORT << 16) | (udpBytes + OUTER_BYTES));
      view.setInt32(at + 40, Vxlan.FlagVni >>> 16);
      view.setInt32(at + 44, vni >>> 8);
      view.setInt16(at + 48, vni << 8);
    },
  };
}

/** Both halves of a word, for a checksum. */
function half(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

function complement(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}
