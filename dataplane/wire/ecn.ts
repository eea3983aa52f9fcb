/** Explicit congestion notification in tunnels (RFC 6040): the two lowest bits of the type of service, or traffic class. */

/** Not-ECT, ECT(1), ECT(0) and CE (RFC 3168 §5). */
export const enum Ecn {
  NotCapable = 0,
  Capable1 = 1,
  Capable0 = 2,
  Congested = 3,
}

/** Where it stands in the type of service. */
export const enum EcnField {
  Bits = 3,
}

/** The frame is to be dropped: congestion was met on the way, and nobody could be told (RFC 6040 §4.2). */
export const ECN_DROP = -1;

/**
 * The ECN field of the outer header for that of the inner one. CE begins anew as ECT(0), as Linux has it (INET_ECN_encapsulate; the full
 * functionality of RFC 3168 §9.1); else it is copied (RFC 6040 §4.1).
 */
export function encapsulateEcn(inner: number): number {
  return inner === Ecn.Congested ? Ecn.Capable0 : inner;
}

/** The ECN field with which a packet goes on that comes out of a tunnel, or ECN_DROP (RFC 6040 §4.2, figure 4). */
export function decapsulateEcn(outer: number, inner: number): number {
  if (outer === Ecn.Congested) return inner === Ecn.NotCapable ? ECN_DROP : Ecn.Congested;
  return outer === Ecn.Capable1 && inner === Ecn.Capable0 ? Ecn.Capable1 : inner;
}
