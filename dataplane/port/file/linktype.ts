/**
 * Link types (draft-ietf-opsawg-pcaplinktype): which captures hold Ethernet frames, and which can be made into such.
 *
 * The emulator forwards Ethernet frames. Captures of IP packets without a link header, and of Linux "cooked" headers, hold all that a
 * frame needs but the addresses; they get a header of 14 bytes. It is written over the bytes that stand before the packet in the
 * reader's own buffer: the link header of the capture and the record's header, both of which have been read by then and are at least
 * 12 bytes. So nothing is copied and nothing is allocated. SPB records of pcapng are the tight case: 12 bytes of their own and the last
 * two of the block before, or of the margin that the window keeps free.
 */

import type { Memory } from '../../frame/copy.js';
import type { FrameRecord, Notes } from './record.js';

const enum LinkKind {
  Ethernet,
  RawIp,
  Null,
  Cooked,
  Cooked2,
}

/** How the packets of one interface become Ethernet frames. */
export interface Link {
  readonly kind: LinkKind;
  /** Bytes of frame check sequence after each frame as sent; they are cut off. */
  readonly checkBytes: number;
  /** True if frames are taken as they stand. */
  readonly native: boolean;
}

const ETHERNET_HEADER_BYTES = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** A locally administered address for senders whose own is not in the capture. */
const STAND_IN = { high: 0x0200, low: 0 };

const kinds: ReadonlyMap<number, readonly [kind: LinkKind, name: string]> = new Map([
  [1, [LinkKind.Ethernet, 'Ethernet']],
  [0, [LinkKind.Null, 'BSD loopback']],
  [108, [LinkKind.Null, 'OpenBSD loopback']],
  [12, [LinkKind.RawIp, 'raw IP']],
  [14, [LinkKind.RawIp, 'raw IP']],
  [101, [LinkKind.RawIp, 'raw IP']],
  [228, [LinkKind.RawIp, 'raw IPv4']],
  [229, [LinkKind.RawIp, 'raw IPv6']],
  [113, [LinkKind.Cooked, 'Linux cooked capture']],
  [276, [LinkKind.Cooked2, 'Linux cooked capture v2']],
]);

/** Names of link types that are met in practice and cannot be read, as in the registry (LINKTYPE_ left out). */
const foreign: ReadonlyMap<number, string> = new Map([
  [3, 'AX25'],
  [6, 'IEEE802_5'],
  [7, 'ARCNET_BSD'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [50, 'PPP_HDLC'],
  [51, 'PPP_ETHER'],
  [100, 'ATM_RFC1483'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [107, 'FRELAY'],
  [114, 'LTALK'],
  [117, 'PFLOG'],
  [119, 'IEEE802_11_PRISM'],
  [122, 'IP_OVER_FC'],
  [127, 'IEEE802_11_RADIOTAP'],
  [138, 'APPLE_IP_OVER_IEEE1394'],
  [147, 'USER0'],
  [163, 'IEEE802_11_AVS'],
  [166, 'PPP_PPPD'],
  [187, 'BLUETOOTH_HCI_H4'],
  [189, 'USB_LINUX'],
  [192, 'PPI'],
  [195, 'IEEE802_15_4_WITHFCS'],
  [201, 'BLUETOOTH_HCI_H4_WITH_PHDR'],
  [220, 'USB_LINUX_MMAPPED'],
  [224, 'FC_2'],
  [227, 'CAN_SOCKETCAN'],
  [230, 'IEEE802_15_4_NOFCS'],
  [231, 'DBUS'],
  [239, 'NFLOG'],
  [240, 'NETANALYZER'],
  [247, 'INFINIBAND'],
  [249, 'USBPCAP'],
  [251, 'BLUETOOTH_LE_LL'],
  [252, 'WIRESHARK_UPPER_PDU'],
  [253, 'NETLINK'],
  [254, 'BLUETOOTH_LINUX_MONITOR'],
  [264, 'RDS'],
  [265, 'USB_DARWIN'],
  [266, 'OPENFLOW'],
  [271, 'VSOCK'],
  [272, 'NORDIC_BLE'],
]);

/** What to do about a capture whose link type cannot be read; a clause. */
export const LINK_TYPE_FIX =
  'capture on an Ethernet, "any" or tunnel interface, or convert the file to one of these';

/** The clause that refuses a link type, naming it. */
export function refusalOf(linkType: number): string {
  const name = foreign.get(linkType);
  return `link type ${linkType}${name === undefined ? '' : ` (${name})`} holds no Ethernet frames or IP packets that can be forwarded`;
}

/** How to read packets of this link type, or undefined if they cannot be. What is changed about them goes into `notes`. */
export function linkOf(linkType: number, checkBytes: number, notes: Notes): Link | undefined {
  const known = kinds.get(linkType);
  if (known === undefined) return undefined;
  const [kind, name] = known;
  if (kind !== LinkKind.Ethernet) {
    notes.say(
      `${name} (link type ${linkType}): an Ethernet header was put before each packet in place of what stood there.`,
    );
  }
  if (checkBytes > 0) {
    notes.say(`The frame check sequence of ${checkBytes} bytes after each frame was cut off.`);
  }
  return { kind, checkBytes, native: kind === LinkKind.Ethernet && checkBytes === 0 };
}

/**
 * Makes the packet of `captured` bytes at `at` an Ethernet frame and tells `frame` where that is. The 14 bytes before `at` may be
 * overwritten.
 */
export function adapt(
  link: Link,
  memory: Memory,
  at: number,
  captured: number,
  wire: number,
  frame: FrameRecord,
  notes: Notes,
): void {
  const onWire = Math.max(0, wire - link.checkBytes);
  const present = Math.min(captured, onWire);
  const before = linkHeaderBytes(link.kind);
  if (present < before) {
    notes.say('Some packets end within their link header; they are given without bytes.');
    frame.at = at;
    frame.capturedLength = 0;
    frame.wireLength = Math.max(0, onWire - before);
    return;
  }
  const added = link.kind === LinkKind.Ethernet ? 0 : ETHERNET_HEADER_BYTES;
  frame.at = at + before - added;
  frame.capturedLength = present - before + added;
  frame.wireLength = onWire - before + added;
  if (added > 0) writeHeader(link.kind, memory.words, at, present - before);
}

function linkHeaderBytes(kind: LinkKind): number {
  switch (kind) {
    case LinkKind.Ethernet:
    case LinkKind.RawIp:
      return 0;
    case LinkKind.Null:
      return 4;
    case LinkKind.Cooked:
      return 16;
    case LinkKind.Cooked2:
      return 20;
  }
}

/** Reads the link header at `at` whole before writing, since the two overlap. `payload` is the number of bytes after it. */
function writeHeader(kind: LinkKind, words: DataView, at: number, payload: number): void {
  let sourceHigh = STAND_IN.high;
  let sourceLow = STAND_IN.low;
  let broadcast = false;
  let etherType: number;
  if (kind === LinkKind.Cooked) {
    broadcast = words.getUint16(at) === PACKET_BROADCAST;
    if (words.getUint16(at + 4) === 6) {
      sourceHigh = words.getUint16(at + 6);
      sourceLow = words.getUint32(at + 8);
    }
    etherType = etherTypeOfCooked(words.getUint16(at + 14), payload);
  } else if (kind === LinkKind.Cooked2) {
    broadcast = words.getUint8(at + 10) === PACKET_BROADCAST;
    if (words.getUint8(at + 11) === 6) {
      sourceHigh = words.getUint16(at + 12);
      sourceLow = words.getUint32(at + 14);
    }
    etherType = etherTypeOfCooked(words.getUint16(at), payload);
  } else {
    const packetAt = at + linkHeaderBytes(kind);
    const family = kind === LinkKind.Null ? familyOf(words, at) : 0;
    etherType = etherTypeOfIp(words, packetAt, payload, family);
  }
  const header = at + linkHeaderBytes(kind) - ETHERNET_HEADER_BYTES;
  words.setUint32(header, broadcast ? 0xffff_ffff : 0);
  words.setUint16(header + 4, broadcast ? 0xffff : 0);
  words.setUint16(header + 6, sourceHigh);
  words.setUint32(header + 8, sourceLow);
  words.setUint16(header + 12, etherType);
}

/** LINKTYPE_LINUX_SLL: the packet was sent to everyone by somebody else. */
const PACKET_BROADCAST = 1;

/** LINUX_SLL_P_802_3 and _802_2 say that an LLC header follows, which Ethernet says with a length in place of the type. */
function etherTypeOfCooked(protocol: number, payload: number): number {
  return protocol === 1 || protocol === 4 ? Math.min(payload, 1500) : protocol;
}

/** LINKTYPE_NULL has the byte order of the machine that captured, LINKTYPE_LOOP that of the network; families are below 65,536. */
function familyOf(words: DataView, at: number): number {
  const family = words.getUint32(at);
  return family > 0xffff ? words.getUint32(at, true) : family;
}

/** AF_INET is 2 everywhere; AF_INET6 is 10, 24, 28 or 30, by the system. Anything else is told by the packet's version. */
function etherTypeOfIp(words: DataView, at: number, payload: number, family: number): number {
  if (family === 2) return ETHERTYPE_IPV4;
  if (family === 10 || family === 24 || family === 28 || family === 30) return ETHERTYPE_IPV6;
  return payload > 0 && words.getUint8(at) >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
}
