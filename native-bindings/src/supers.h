/**
 * The super-frames of an interface that is served by libpcap, through a socket beside it.
 *
 * libpcap gives frames without a word about offloads. That a checksum is partial can be seen, and a TCP frame longer than the MTU is a
 * super-frame. But nothing in the bytes says into pieces of which size it is to be cut: that follows from what the receiver can take, and
 * for UDP it is the sender's free choice. The kernel knows; so frames that have such a size (`gso_size`) are kept from libpcap and come here.
 *
 * Complication: a conversation may now come by two ways. Both have the time at which the kernel saw the frame, by which they are put in
 * order again (capture.cc).
 */
#pragma once

#include <cstdint>
#include <string>

#include "coalesce.h"
#include "descriptor.h"
#include "link.h"

namespace etherloom {

class Supers {
 public:
  /**
   * Begins to take super-frames in place of `others`, which is a packet socket on the same interface. It remains without effect where the
   * kernel does not let us say which frames a socket hears (bpf(2)). @throws Failure
   */
  Supers(const std::string& name, const Link& link, int others);

  /** Becomes readable when there are frames; -1 when there never will be. */
  int descriptor() const { return socket_.get(); }

  /** Looks for the next one, if none is at hand. */
  void look() noexcept;
  /** Forgets what is at hand: it is found again by the next look, and the descriptor is readable as long. */
  void leave() noexcept { isAtHand_ = false; }

  /** Is one at hand that the kernel saw before this time? */
  bool isAtHand(int64_t before_ns = INT64_MAX) const { return isAtHand_ && time_ns_ < before_ns; }
  /** Everything that the kernel saw before this time was looked for. */
  int64_t looked_ns() const { return looked_ns_; }

  /** Receives the one at hand into the next slot. */
  void giveTo(Burst& burst, const Pool& pool) noexcept;

  /** Frames that the kernel dropped. */
  double missed() noexcept;

 private:
  /** Takes one off the queue that cannot be received. */
  void discard() noexcept;

  Descriptor socket_;
  bool isAtHand_ = false;
  int64_t time_ns_ = 0;
  int64_t looked_ns_ = 0;
  double missed_ = 0;
};

}  // namespace etherloom
