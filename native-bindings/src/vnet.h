/** struct virtio_net_hdr, which stands before each frame on its way between the kernel and us, and the columns that keep it. */
#pragma once

#include <algorithm>
#include <cstring>

#include "pool.h"

namespace etherloom {

/** As in Virtual I/O Device 1.2, §5.1.6, in the byte order of this machine. (linux/virtio_net.h has a member named `class`.) */
struct VnetHeader {
  uint8_t flags;
  uint8_t gsoType;
  uint16_t headerBytes;
  uint16_t gsoSize;
  uint16_t checksumStart;
  uint16_t checksumOffset;
};

constexpr uint8_t NEEDS_CHECKSUM = 1;
constexpr uint8_t GSO_NONE = 0;

constexpr uint32_t VNET_BYTES = sizeof(VnetHeader);
static_assert(VNET_BYTES == 10);

/** Reads the header before a frame of `length` bytes. */
inline Offload readVnet(const uint8_t* at, uint32_t length) {
  VnetHeader header;
  std::memcpy(&header, at, sizeof header);
  Offload offload;
  if ((header.flags & NEEDS_CHECKSUM) != 0 && header.checksumStart + header.checksumOffset + 2u <= length) {
    offload.flags |= PARTIAL;
    offload.checksumStart = header.checksumStart;
    offload.checksumOffset = header.checksumOffset;
  }
  if (header.gsoType != GSO_NONE) {
    offload.flags |= SUPER;
    offload.gsoType = header.gsoType;
    offload.gsoSize = header.gsoSize;
  }
  return offload;
}

/**
 * Bytes of the headers of a super-frame. The kernel copies that many into the linear part of its buffer and the rest into pages; without
 * the number it looks for 64 KB in one piece.
 */
inline uint16_t headerBytes(const Offload& offload, const uint8_t* frame, uint32_t length) {
  constexpr uint32_t UDP_HEADER = 8, TCP_OFFSET = 12, GUESS = 128;
  const uint32_t at = offload.checksumStart;
  uint32_t bytes = GUESS;
  if ((offload.flags & PARTIAL) != 0) {
    if (offload.gsoType == GSO_UDP_L4)
      bytes = at + UDP_HEADER;
    else if (at + TCP_OFFSET < length)
      bytes = at + (frame[at + TCP_OFFSET] >> 4) * 4u;
  }
  return static_cast<uint16_t>(std::min(bytes, length));
}

/** Writes the header of a frame of `length` bytes. */
inline void writeVnet(uint8_t* at, const Offload& offload, const uint8_t* frame, uint32_t length) {
  VnetHeader header{};
  if ((offload.flags & PARTIAL) != 0) {
    header.flags = NEEDS_CHECKSUM;
    header.checksumStart = offload.checksumStart;
    header.checksumOffset = offload.checksumOffset;
  }
  if ((offload.flags & SUPER) != 0) {
    header.gsoType = offload.gsoType;
    header.gsoSize = offload.gsoSize;
    header.headerBytes = headerBytes(offload, frame, length);
  }
  std::memcpy(at, &header, sizeof header);
}

}  // namespace etherloom
