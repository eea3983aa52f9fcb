#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "constants.h"
#include "pool.h"

namespace etherloom {

/** A place that gives and takes frames. Made by calls that may throw; once open nothing throws. */
class Device {
 public:
  virtual ~Device() = default;

  /** Fills at most `count` slots, and moves the filled ones to the front. Returns their number, or a negative errno. */
  virtual int receive(Pool& pool, int32_t* slots, int count) noexcept = 0;
  /** Sends the frames in these slots; writes outcomes if any of them was not sent, and returns how many. */
  virtual int send(Pool& pool, const int32_t* slots, int count, uint8_t* outcomes) noexcept = 0;
  /** Writes StatusCount numbers. */
  virtual void status(double* into) noexcept = 0;
  /** Becomes readable when there are frames. */
  virtual int descriptor() const noexcept = 0;
  /** True when an error that shows on the descriptor is the end of the device. */
  virtual bool endsWithError() const noexcept = 0;
};

/** Books what was not sent; touches the outcomes only when there is such a frame. */
class Outcomes {
 public:
  Outcomes(uint8_t* into, int count) : into_(into), count_(count) {}

  void refuse(int i, Outcome outcome) {
    if (refused_++ == 0) std::memset(into_, static_cast<int>(Outcome::Sent), static_cast<size_t>(count_));
    into_[i] = static_cast<uint8_t>(outcome);
  }

  /** The frame at `from` and all behind it. */
  void refuseFrom(int from, Outcome outcome) {
    for (int i = from; i < count_; i++) refuse(i, outcome);
  }

  int refused() const { return refused_; }

 private:
  uint8_t* into_;
  int count_;
  int refused_ = 0;
};

inline Outcome outcomeOf(int error) {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
      return Outcome::QueueFull;
    case EMSGSIZE:
      return Outcome::TooLong;
    case ENETDOWN:
    case EIO:
      return Outcome::Down;
    case ENXIO:
    case ENODEV:
    case ENOENT:
    case EBADFD:
    case EBADF:
      return Outcome::Gone;
    default:
      return Outcome::Invalid;
  }
}

/** True when what refused one frame will refuse the next as well. */
inline bool refusesAll(int error) {
  const Outcome outcome = outcomeOf(error);
  return error == EAGAIN || outcome == Outcome::Down || outcome == Outcome::Gone;
}

}  // namespace etherloom
