/**
 * VLAN tags (IEEE 802.1Q §9): four bytes between the source address and the length/type field. A tag is its protocol
 * identifier (TPID), which stands where the length/type would, and its control information (TCI):
 *
 *   | PCP 3 bits | DEI 1 bit | VID 12 bits |
 *
 * Only 0x8100 (customer tag) and 0x88a8 (service tag) are tags; any other TPID, 0x9100 too, is payload (§9.5).
 */
import { Reason } from '../observe/reason.js';
import { Ethernet, EtherType, missing } from './ethernet.js';

export const enum Vlan {
  TagLength = 4,
  /** The VID of a priority tag: the frame has a priority and belongs to the VLAN of the port (§9.6, Table 9-2). */
  VidPriority = 0,
  /** The VID that is never configured, forwarded or learned (§9.6, Table 9-2). */
  VidReserved = 0xfff,
}

/** Is this length/type value the TPID of a tag? */
export function isTag(typeOrLength: number): boolean {
  return typeOrLength === EtherType.VlanTag || typeOrLength === EtherType.ServiceTag;
}

/**
 * Where the length/type field behind the tags stands, as an absolute offset; with a truncated tag the negative of a Reason.
 * At most `tagsMax` tags are skipped, and one more is left as payload, so that a frame of nothing but tags costs no more than
 * any other. The Ethernet header at `at` must have been checked.
 */
export function skipTags(
  bytes: DataView,
  at: number,
  end: number,
  wireEnd: number,
  tagsMax = 2,
): number {
  let typeAt = at + Ethernet.TypeOffset;
  for (let tags = 0; tags < tagsMax && isTag(bytes.getUint16(typeAt)); tags++) {
    typeAt += Vlan.TagLength;
    if (typeAt + 2 > end) return -missing(typeAt + 2, wireEnd, Reason.VlanTagTruncated);
  }
  return typeAt;
}

/** The TCI of the tag whose TPID stands at `tagAt`. */
export function tagControl(bytes: DataView, tagAt: number): number {
  return bytes.getUint16(tagAt + 2);
}

/** The VLAN identifier of a TCI, 0..4095. */
export function vlanId(control: number): number {
  return control & 0x0fff;
}

/** The priority code point of a TCI, 0..7. */
export function priority(control: number): number {
  return control >>> 13;
}

/** May this frame be dropped first (DEI)? */
export function isDropEligible(control: number): boolean {
  return (control & 0x1000) !== 0;
}
