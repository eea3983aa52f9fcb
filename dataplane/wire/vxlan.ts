/** VXLAN (RFC 7348 §5), with the Group Policy extension: eight bytes between a UDP header and an Ethernet frame. */
import { Reason } from '../observe/reason.js';

export const enum Vxlan {
  HeaderLength = 8,
  /** The I bit: there is a VNI. */
  FlagVni = 0x0800_0000,
  /** G, and with it D and A, of draft-smith-vxlan-group-policy §2.1: there is a policy; do not learn; it was applied. */
  FlagPolicy = 0x8000_0000,
  PolicyFlags = 0x8048_0000,
  /** The number of the policy, in the first of the two words. */
  PolicyNumber = 0xffff,
  PolicyBits = 0x8048_ffff,
  VniMax = 0xff_ffff,
}

/** May the header at `at` be read, and has it a VNI? `end`: of what is here, `wireEnd`: of the datagram. */
export function checkVxlan(bytes: DataView, at: number, end: number, wireEnd: number): Reason {
  if (at + Vxlan.HeaderLength > wireEnd) return Reason.VxlanTruncated;
  if (at + Vxlan.HeaderLength > end) return Reason.SnappedHeader;
  return (bytes.getInt32(at) & Vxlan.FlagVni) === 0 ? Reason.VxlanWithoutVni : Reason.Ok;
}

/** The VXLAN network identifier, 24 bits. */
export function vni(bytes: DataView, at: number): number {
  return bytes.getUint32(at + 4) >>> 8;
}

/** Is a bit set that RFC 7348 reserves? Those of the Group Policy extension are none where that is in use. */
export function hasReservedBits(bytes: DataView, at: number, usesPolicy: boolean): boolean {
  const known = usesPolicy ? Vxlan.FlagVni | Vxlan.PolicyBits : Vxlan.FlagVni;
  return (bytes.getInt32(at) & ~known) !== 0 || bytes.getUint8(at + 7) !== 0;
}

/** Flags and number of its policy as they stand in the first word; 0 where it has none. */
export function policy(bytes: DataView, at: number): number {
  const word = bytes.getInt32(at);
  return (word & Vxlan.FlagPolicy) === 0 ? 0 : word & Vxlan.PolicyBits;
}
