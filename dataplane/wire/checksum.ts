/**
 * The Internet checksum (RFC 1071) and how to change it without reading the packet again (RFC 1624).
 *
 * Three words: a *sum* is a one's complement sum of 16-bit words, folded to 0..0xffff. A *checksum* is the complement of a sum,
 * as it stands in a header. A *pseudo sum* is the sum of the addresses, protocol and length that TCP, UDP and ICMPv6 include
 * but do not carry.
 *
 * 0 and 0xffff are the same number in this arithmetic. Which of the two comes out matters in one protocol only: UDP says "none"
 * with 0 (RFC 768), hence the functions with Udp in their names.
 *
 * Never: touch the checksum of TCP or UDP in a fragment other than the first; it is not there. And never compute anew what can
 * be updated: an update keeps a wrong checksum exactly as wrong as it was, so that the receiver still sees the damage.
 */

/** Brings a sum of words, any 32-bit number, to 16 bits by adding the carries back in (RFC 1071 §4.1). */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** Exchanges the two bytes of a word. What stands at an odd offset of the summed bytes counts swapped (RFC 1071 §2 (B)). */
export function swapBytes(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}

/**
 * The sum of `length` bytes from `at`, 0..0xffff. An odd last byte counts as if a zero followed (RFC 1071 §4.1). Up to 256 KiB.
 *
 * The order of bytes does not matter until the end (RFC 1071 §2 (B)), so the loop reads little-endian, the order of the
 * machine, four words of 32 bits a turn. It keeps two wrapping integers: the sum of whole words modulo 2^32, and the sum of
 * their high halves; the sum of the low halves follows from these two. That is one operation less per word than splitting it,
 * and never leaves integers for doubles.
 */
export function sum(bytes: DataView, at: number, length: number): number {
  const quadsEnd = at + (length & ~15);
  const wordsEnd = at + (length & ~3);
  let whole = 0;
  let highs = 0;
  let p = at;
  for (; p < quadsEnd; p += 16) {
    const a = bytes.getInt32(p, true);
    const b = bytes.getInt32(p + 4, true);
    const c = bytes.getInt32(p + 8, true);
    const d = bytes.getInt32(p + 12, true);
    whole = (whole + ((a + b) | 0) + ((c + d) | 0)) | 0;
    highs = (highs + (((a >>> 16) + (b >>> 16)) | 0) + (((c >>> 16) + (d >>> 16)) | 0)) | 0;
  }
  for (; p < wordsEnd; p += 4) {
    const word = bytes.getInt32(p, true);
    whole = (whole + word) | 0;
    highs = (highs + (word >>> 16)) | 0;
  }
  const lows = (whole - (highs << 16)) | 0;
  let rest = 0;
  if ((length & 2) !== 0) {
    rest = bytes.getUint16(p, true);
    p += 2;
  }
  if ((length & 1) !== 0) rest += bytes.getUint8(p);
  return swapBytes(fold(fold(highs) + fold(lows) + rest));
}

/** The checksum to write for bytes and pseudo-header of this sum; the field itself must have counted as 0. */
export function checksumOf(sum: number): number {
  return ~fold(sum) & 0xffff;
}

/** The same for UDP: a computed 0 is sent as 0xffff (RFC 768). */
export function udpChecksumOf(sum: number): number {
  return checksumOf(sum) || 0xffff;
}

/** Is a checksum right? `sum` is that of everything it covers, the checksum itself included (RFC 1071 §1 (3)). */
export function isRight(sum: number): boolean {
  return fold(sum) === 0xffff;
}

/**
 * The pseudo sum of the IPv4 packet at `ipAt` (RFC 9293 §3.1, RFC 768): both addresses, `protocol`, and `length`, the bytes of
 * transport header and data.
 */
export function pseudoSumIpv4(
  bytes: DataView,
  ipAt: number,
  protocol: number,
  length: number,
): number {
  const source = fold(bytes.getUint32(ipAt + 12));
  const destination = fold(bytes.getUint32(ipAt + 16));
  return fold(source + destination + protocol + length);
}

/**
 * The pseudo sum of the IPv6 packet at `ipAt` (RFC 8200 §8.1). `protocol` and `length` are those of the transport, behind all
 * extension headers. While a routing header has segments left, the final destination counts instead, and this is not it.
 */
export function pseudoSumIpv6(
  bytes: DataView,
  ipAt: number,
  protocol: number,
  length: number,
): number {
  return fold(sum(bytes, ipAt + 8, 32) + protocol + length);
}

/**
 * The checksum after something under it changed: HC' = ~(~HC + ~m + m'), eqn 3 of RFC 1624, which unlike eqn 4 of RFC 1141
 * never gives the wrong zero. `was` and `now` are a 16-bit or 32-bit field, or the `sum` of any run of words: an IPv6 address,
 * or several fields added up. They count from an even offset of what is summed; at an odd one, `swapBytes` both.
 */
export function updateChecksum(checksum: number, was: number, now: number): number {
  return ~fold((~checksum & 0xffff) + (~fold(was) & 0xffff) + fold(now)) & 0xffff;
}

/** The same for UDP: no checksum (0) stays none, and a computed 0 is sent as 0xffff (RFC 768, RFC 3022 §4.1). */
export function updateUdpChecksum(checksum: number, was: number, now: number): number {
  if (checksum === 0) return 0;
  return updateChecksum(checksum, was, now) || 0xffff;
}

/**
 * May a wrong checksum be one that was left to the network card? Linux then writes the pseudo sum alone, not complemented, into
 * the field (CHECKSUM_PARTIAL), and that is what a TAP or a capture on a veth sees. One right checksum in 65,536 equals its
 * pseudo sum as well, so ask only after it was found wrong.
 * To complete it, write `udpChecksumOf` the sum of transport header and data with the partial checksum in its place; Linux, too,
 * treats all protocols like UDP there (`skb_checksum_help`).
 */
export function isPartial(checksum: number, pseudoSum: number): boolean {
  return checksum === pseudoSum;
}
