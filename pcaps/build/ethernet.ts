/**
 * Ethernet frames as a veth pair shows them: without frame check sequence, and not padded to 60 bytes unless a switch would have sent
 * them.
 */
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { hex, join, text, u16, u8 } from './bytes.js';

/** Who sends and receives: a network card and the addresses of the container behind it. */
export interface Station {
  readonly mac: Uint8Array;
  readonly ip: Uint8Array;
  readonly ip6: Uint8Array;
}

/** The station 172.28.0.`last` with the address that Docker would give its card: 02:42 and the bytes of the IPv4 address. */
export function station(last: number): Station {
  const ip = u8(172, 28, 0, last);
  return {
    mac: join(hex('02 42'), ip),
    ip,
    ip6: join(hex('fd00 0028 0000 0000 0000 0000 0000'), u16(last)),
  };
}

/** The addresses of everybody on the link. */
export const everybody: Station = {
  mac: hex('ff:ff:ff:ff:ff:ff'),
  ip: u8(172, 28, 0, 255),
  ip6: hex('ff02 0000 0000 0000 0000 0000 0000 0001'),
};

/** An experiment between stations on one link (IEEE 802 local experimental EtherType 1); nobody looks inside. */
const EXPERIMENT = 0x88b5;
const SHORTEST_BYTES = 60;
const HEADER_BYTES = 14;

export function ethernet(
  from: { readonly mac: Uint8Array },
  to: { readonly mac: Uint8Array },
  type: number,
  payload: Uint8Array,
): Uint8Array {
  return join(to.mac, from.mac, u16(type), payload);
}

/** A frame that says something short, padded as a real card pads it. */
export function word(
  from: { readonly mac: Uint8Array },
  to: { readonly mac: Uint8Array },
  what: string,
): Uint8Array {
  return padded(ethernet(from, to, EXPERIMENT, text(what)));
}

/** A frame of `bytes` bytes in all. */
export function ofLength(from: Station, to: Station, bytes: number): Uint8Array {
  const payload = Uint8Array.from({ length: bytes - HEADER_BYTES }, (_, index) => index & 0xff);
  return ethernet(from, to, EXPERIMENT, payload);
}

export function padded(frame: Uint8Array): Uint8Array {
  return join(frame, new Uint8Array(Math.max(0, SHORTEST_BYTES - frame.length)));
}

/** The frame with a VLAN tag of priority 3 (IEEE 802.1Q §9.6), or of another, or another kind of tag. */
export function tagged(
  vlan: number,
  frame: Uint8Array,
  tag = EtherType.VlanTag,
  priority = 3,
): Uint8Array {
  return join(frame.slice(0, 12), u16(tag, (priority << 13) | vlan), frame.slice(12));
}

/** The reserved address 01-80-C2-00-00-0n (IEEE 802.1Q Table 8-1). */
export function reserved(n: number): { readonly mac: Uint8Array } {
  return { mac: join(hex('01 80 c2 00 00'), u8(n)) };
}

/** LLDP (IEEE 802.1AB §8.5): chassis and port by MAC and name, two minutes to live. */
export function lldp(from: Station): Uint8Array {
  const units = join(
    join(hex('02 07 04'), from.mac),
    join(hex('04 05 05'), text('eth0')),
    hex('06 02 00 78'),
    hex('00 00'),
  );
  return padded(ethernet(from, reserved(0xe), EtherType.Lldp, units));
}

/** A PAUSE for as long as can be said (IEEE 802.3 Annex 31B). */
export function pause(from: Station): Uint8Array {
  return padded(ethernet(from, reserved(1), EtherType.MacControl, u16(0x0001, 0xffff)));
}

/** A spanning tree configuration message (IEEE 802.1D §9.3.1) in its LLC frame. */
export function spanningTree(from: Station): Uint8Array {
  const bridge = join(hex('80 00'), from.mac);
  const message = join(
    hex('42 42 03 0000 00 00 00'),
    bridge,
    hex('00000000'),
    bridge,
    hex('8001 0000 1400 0200 0f00'),
  );
  return padded(ethernet(from, reserved(0), message.length, message));
}
