/** What native code knows of headers: where fields stand, and the Internet checksum (RFC 1071). */
#pragma once

#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace etherloom {

constexpr uint32_t ETHERNET_ADDRESSES = 12;
constexpr uint32_t TAG_BYTES = 4;
constexpr uint32_t TAGS_MAX = 2;
constexpr uint16_t TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86DD, TYPE_TAG = 0x8100, TYPE_SERVICE_TAG = 0x88A8;
constexpr uint8_t PROTOCOL_TCP = 6, PROTOCOL_UDP = 17;
constexpr uint32_t IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, UDP_HEADER = 8;
constexpr uint32_t TCP_CHECKSUM = 16, UDP_CHECKSUM = 6;
constexpr uint32_t VXLAN_HEADER = 8;
/** In the first byte of a VXLAN header (RFC 7348 §5). */
constexpr uint8_t VXLAN_HAS_VNI = 0x08;
/** More fragments, and the offset of a fragment: not both 0 in a fragment. */
constexpr uint16_t FRAGMENT_BITS = 0x3FFF;

inline uint16_t read16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
inline uint32_t read32(const uint8_t* at) { return uint32_t{read16(at)} << 16 | read16(at + 2); }
inline void write16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

/** Folds a sum of 16-bit words to 16 bits. */
inline uint16_t fold(uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum >> 16) + (sum & 0xFFFF);
  return static_cast<uint16_t>(sum);
}

/**
 * The sum of the 16-bit words of these bytes, an odd last one padded with 0. Words are summed as this machine reads them, and the order of
 * bytes is set right at the end (RFC 1071 §2 (B)), in vectors of 16 bytes.
 */
inline uint32_t sumOf(const uint8_t* at, size_t length) {
  typedef uint32_t Words __attribute__((vector_size(16)));
  uint64_t sum = 0;
  Words low{}, high{};
  // A lane grows by less than 2^16 a step, and no frame has 2^16 steps.
  for (; length >= 16; at += 16, length -= 16) {
    Words words;
    std::memcpy(&words, at, sizeof words);
    low += words & 0xFFFF;
    high += words >> 16;
  }
  for (int lane = 0; lane < 4; lane++) sum += uint64_t{low[lane]} + high[lane];
  for (; length >= 2; at += 2, length -= 2) {
    uint16_t word;
    std::memcpy(&word, at, sizeof word);
    sum += word;
  }
  if (length == 1) {
    uint16_t word = 0;
    std::memcpy(&word, at, 1);
    sum += word;
  }
  return ntohs(fold(sum));
}

/** Where the headers of a TCP or UDP frame stand, counted from its first byte. */
struct Layout {
  uint32_t network = 0;
  uint32_t transport = 0;
  bool isIpv6 = false;
  uint8_t protocol = 0;
};

/**
 * Finds TCP or UDP behind at most two tags and IPv4 or IPv6; false for everything else: fragments, extension headers, what is cut off, and
 * frames whose IP length is not what is here (padding).
 */
inline bool findTransport(const uint8_t* frame, uint32_t length, Layout& layout) {
  uint32_t at = ETHERNET_ADDRESSES;
  if (length < at + 2 + IPV4_HEADER) return false;
  uint16_t type = read16(frame + at);
  for (uint32_t tags = 0; tags < TAGS_MAX && (type == TYPE_TAG || type == TYPE_SERVICE_TAG); tags++) {
    at += TAG_BYTES;
    if (length < at + 2 + IPV4_HEADER) return false;
    type = read16(frame + at);
  }
  layout.network = at += 2;
  const uint8_t* const ip = frame + at;
  if (type == TYPE_IPV4) {
    const uint32_t header = (ip[0] & 15u) * 4;
    if (ip[0] >> 4 != 4 || header < IPV4_HEADER || length < at + header) return false;
    if (read16(ip + 2) != length - at || (read16(ip + 6) & FRAGMENT_BITS) != 0) return false;
    layout.protocol = ip[9];
    layout.transport = at + header;
    layout.isIpv6 = false;
  } else if (type == TYPE_IPV6) {
    if (length < at + IPV6_HEADER || ip[0] >> 4 != 6 || read16(ip + 4) != length - at - IPV6_HEADER) return false;
    layout.protocol = ip[6];
    layout.transport = at + IPV6_HEADER;
    layout.isIpv6 = true;
  } else {
    return false;
  }
  const uint32_t rest = length - layout.transport;
  return layout.protocol == PROTOCOL_TCP ? rest >= TCP_HEADER : layout.protocol == PROTOCOL_UDP && rest >= UDP_HEADER;
}

/** Finds the same in the tunnel that a frame may be, whatever its UDP port. */
inline bool findTunneled(const uint8_t* frame, uint32_t length, const Layout& outer, Layout& inner) {
  const uint32_t vxlan = outer.transport + UDP_HEADER;
  const uint32_t begin = vxlan + VXLAN_HEADER;
  if (outer.protocol != PROTOCOL_UDP || length < begin || (frame[vxlan] & VXLAN_HAS_VNI) == 0) return false;
  if (!findTransport(frame + begin, length - begin, inner)) return false;
  inner.network += begin;
  inner.transport += begin;
  return true;
}

/** Sum of the pseudo header of a TCP or UDP packet with `bytes` behind its IP header (RFC 9293 §3.1, RFC 8200 §8.1), not folded. */
inline uint32_t pseudoSum(const uint8_t* frame, const Layout& layout, uint32_t bytes) {
  const uint8_t* const ip = frame + layout.network;
  const uint32_t addresses = layout.isIpv6 ? sumOf(ip + 8, 32) : sumOf(ip + 12, 8);
  return addresses + layout.protocol + bytes;
}

}  // namespace etherloom
