/** The frame that a VXLAN packet over IPv4 carries (RFC 7348 §5), read where it stands. */
import { EtherType } from '../../dataplane/wire/ethernet.js';
import { viewOf } from '../../pcaps/build/bytes.js';

/** Behind Ethernet and an IPv4 header without options. */
const PROTOCOL_AT = 14 + 9;
const UDP_AT = 14 + 20;
const VNI_AT = UDP_AT + 8 + 4;
const FRAME_AT = UDP_AT + 8 + 8;
const UDP = 17;
const VXLAN_PORT = 4789;

export interface Tunneled {
  readonly vni: number;
  readonly frame: Uint8Array;
}

/** Undefined where it is no such packet. */
export function tunneledIn(bytes: Uint8Array): Tunneled | undefined {
  const view = viewOf(bytes);
  if (bytes.length < FRAME_AT || view.getUint16(12) !== EtherType.Ipv4) return undefined;
  if (bytes[PROTOCOL_AT] !== UDP || view.getUint16(UDP_AT + 2) !== VXLAN_PORT) return undefined;
  return { vni: view.getUint32(VNI_AT) >>> 8, frame: bytes.slice(FRAME_AT) };
}
