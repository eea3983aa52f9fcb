/**
 * The pool of a thread as C++ sees it: pointers into the typed arrays of dataplane/frame, which the addon keeps alive by references.
 *
 * The slot numbers that come in are not trusted: frames are reached only through roomFor and bytesOf, which check them against the memory.
 */
#pragma once

#include <ctime>
#include <cstddef>
#include <cstdint>

#include "constants.h"

namespace etherloom {

/** Bytes before a frame that native code uses: a virtio_net_hdr, and a VLAN tag that the kernel took out and we put back. */
constexpr uint32_t BEFORE_FRAME = 16;

/** What the kernel has left for later: the columns flags, gsoType, gsoSize, checksumStart, checksumOffset of one frame. */
struct Offload {
  uint8_t flags = 0;
  uint8_t gsoType = 0;
  uint16_t gsoSize = 0;
  uint16_t checksumStart = 0;
  uint16_t checksumOffset = 0;
};

struct Pool {
  uint8_t* bytes = nullptr;
  size_t size = 0;
  uint32_t slots = 0;
  /** Bytes that a frame may take from its start. */
  uint32_t room = 0;
  int64_t base_ns = 0;

  uint32_t* start = nullptr;
  uint32_t* length = nullptr;
  uint32_t* wireLength = nullptr;
  uint16_t* inPort = nullptr;
  uint32_t* serial = nullptr;
  double* tick = nullptr;
  double* seconds = nullptr;
  uint32_t* nanoseconds = nullptr;
  uint8_t* flags = nullptr;
  uint8_t* gsoType = nullptr;
  uint16_t* gsoSize = nullptr;
  uint16_t* checksumStart = nullptr;
  uint16_t* checksumOffset = nullptr;

  /** Where a frame may be received, `room` bytes; null when there is no such place. */
  uint8_t* roomFor(int32_t slot) const {
    if (static_cast<uint32_t>(slot) >= slots) return nullptr;
    const uint32_t at = start[slot];
    return at >= BEFORE_FRAME && uint64_t{at} + room <= size ? bytes + at : nullptr;
  }

  /** The bytes of a frame that is to leave, `length[slot]` of them; null when they are not all in the pool. */
  uint8_t* bytesOf(int32_t slot) const {
    if (static_cast<uint32_t>(slot) >= slots) return nullptr;
    const uint32_t at = start[slot];
    return at >= BEFORE_FRAME && uint64_t{at} + length[slot] <= size ? bytes + at : nullptr;
  }

  Offload offloadOf(int32_t slot) const {
    return {flags[slot], gsoType[slot], gsoSize[slot], checksumStart[slot], checksumOffset[slot]};
  }

  void setOffload(int32_t slot, const Offload& offload) {
    flags[slot] = offload.flags;
    gsoType[slot] = offload.gsoType;
    gsoSize[slot] = offload.gsoSize;
    checksumStart[slot] = offload.checksumStart;
    checksumOffset[slot] = offload.checksumOffset;
  }
};

/** CLOCK_MONOTONIC in ns. */
inline int64_t monotonic_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/** Numbers the frames of a port, and stamps those of a burst with one time. */
class Arrivals {
 public:
  Arrivals(uint16_t port, uint32_t serial) : port_(port), serial_(serial) {}

  void beginBurst() { stamped_ = false; }

  /** A frame of `length` bytes stands at the start of this slot, `wireLength` of them when nothing was cut off. */
  void book(Pool& pool, int32_t slot, uint32_t length, uint32_t wireLength, const Offload& offload) {
    if (!stamped_) stamp(pool.base_ns);
    pool.length[slot] = length;
    pool.wireLength[slot] = wireLength;
    pool.inPort[slot] = port_;
    pool.serial[slot] = ++serial_;
    pool.tick[slot] = tick_;
    pool.seconds[slot] = seconds_;
    pool.nanoseconds[slot] = nanoseconds_;
    pool.setOffload(slot, offload);
  }

 private:
  void stamp(int64_t base_ns) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seconds_ = static_cast<double>(now.tv_sec);
    nanoseconds_ = static_cast<uint32_t>(now.tv_nsec);
    tick_ = static_cast<double>(monotonic_ns() - base_ns);
    stamped_ = true;
  }

  const uint16_t port_;
  uint32_t serial_;
  bool stamped_ = false;
  double tick_ = 0;
  double seconds_ = 0;
  uint32_t nanoseconds_ = 0;
};

}  // namespace etherloom
