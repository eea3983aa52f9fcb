/**
 * Joins consecutive segments of one TCP flow into a super-frame, as GRO does in the kernel: what follows then costs one frame, not forty.
 *
 * The rule is that cutting the super-frame again (copy the headers, count on sequence number and IPv4 identification, PSH on the last,
 * checksums anew) gives back the same bytes. So a segment joins only when every byte of its headers is the one that cutting would write, and
 * when its checksums are right: a wrong one must stay wrong. A segment whose checksum is still partial joins others that are so too.
 *
 * Nothing is waited for. A Train ends with the burst in which it began.
 */
#pragma once

#include <cstdint>

#include "internet.h"
#include "pool.h"

namespace etherloom {

class Train {
 public:
  /** No segment has less payload, but the last: joining small ones costs more than it saves. */
  static constexpr uint32_t PAYLOAD_MIN = 256;

  /** Begins anew with this frame, which stands in a slot with `room`; stays closed when nothing can follow it. */
  void begin(uint8_t* frame, uint32_t length, uint32_t room, const Offload& offload) {
    // What is said first of a frame has to be cheap: most that are short stop here.
    isOpen_ = length >= PAYLOAD_MIN + 14 + IPV4_HEADER + TCP_HEADER && canBegin(frame, length, room, offload);
    segments_ = 1;
  }

  /**
   * Appends this frame if it follows, whose bytes may stand anywhere else. (Reading it into its place in the first, by readv, costs more than
   * copying it there from the cache.)
   */
  bool join(const uint8_t* frame, uint32_t length, const Offload& offload) {
    if (!isOpen_ || !follows(frame, length, offload)) return false;
    append(frame, length);
    return true;
  }

  /** Ends it. True when it has become a super-frame; then its headers are written and `offload` says what it is. */
  bool close(Offload& offload);

  uint32_t length() const { return length_; }

 private:
  bool canBegin(uint8_t* frame, uint32_t length, uint32_t room, const Offload& offload);
  bool follows(const uint8_t* frame, uint32_t length, const Offload& offload);
  bool hasSameHeaders(const uint8_t* frame) const;
  bool hasRightNetwork(const uint8_t* frame, uint32_t length) const;
  /** Is the TCP checksum of this segment right, or rightly partial? */
  bool isIntact(const uint8_t* frame, uint32_t length) const;
  void append(const uint8_t* frame, uint32_t length);

  /** Can another segment come? */
  bool isOpen_ = false;
  bool isPartial_ = false;
  Layout layout_;
  uint8_t* frame_ = nullptr;
  uint32_t length_ = 0;
  /** Of the largest frame it may become. */
  uint32_t lengthMax_ = 0;
  uint32_t headerBytes_ = 0;
  /** Payload bytes of each segment but the last. */
  uint32_t segmentBytes_ = 0;
  uint32_t segments_ = 0;
  /** TCP flags of the last segment. */
  uint8_t lastFlags_ = 0;
};

/** Puts the frames of one burst into the slots of the caller, one after the other, joined where they belong together. */
class Burst {
 public:
  Burst(Pool& pool, Arrivals& arrivals, int32_t* slots, int count)
      : pool_(pool), arrivals_(arrivals), slots_(slots), count_(count) {
    arrivals.beginBurst();
  }

  int filled() const { return filled_; }
  bool isFull() const { return filled_ == count_; }
  /** For this many frames. */
  bool hasRoom(int frames) const { return filled_ + frames <= count_; }

  /** The place `ahead` of the next one to be filled; null when it is none. */
  uint8_t* roomFor(int ahead = 0) const { return pool_.roomFor(slots_[filled_ + ahead]); }

  /** Appends a frame to the train, if it belongs there; its bytes may stand anywhere. */
  bool join(const uint8_t* frame, uint32_t length, const Offload& offload) {
    return train_.join(frame, length, offload);
  }
  /** Keeps a frame that stands at `frame`, in the slot `ahead` of the next to be filled. */
  void keep(uint8_t* frame, uint32_t length, uint32_t wireLength, const Offload& offload, int ahead = 0);
  /** Ends the burst; returns how many slots are filled. */
  int finish();

 private:
  void closeTrain();

  Pool& pool_;
  Arrivals& arrivals_;
  int32_t* slots_;
  int count_;
  int filled_ = 0;
  Train train_;
};

}  // namespace etherloom
