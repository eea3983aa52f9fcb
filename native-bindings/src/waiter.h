/**
 * Waits for the devices of one thread, and lets other threads end the wait.
 *
 * The descriptor by which a thread is woken belongs to the process, and descriptors are used again. So it is known here which of them are
 * wakers; a wake that comes too late writes nowhere.
 */
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "descriptor.h"

namespace etherloom {

class Waiter {
 public:
  /** @throws Failure */
  Waiter();
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /** Reports `handle` when the descriptor is readable. @throws Failure */
  void watch(int descriptor, int32_t handle);
  void forget(int descriptor) noexcept;

  struct Event {
    int32_t handle;
    bool isError;
  };

  /** Waits for at most `most_us`; returns how many of `events()` are new. */
  int wait(size_t most, double most_us) noexcept;
  const Event& event(int i) const { return ready_[static_cast<size_t>(i)]; }

  int waker() const { return waker_.get(); }
  /** Ends the wait of the thread whose waker this is, or its next one. Any thread may call it. */
  static void wake(int waker) noexcept;

 private:
  int poll(int most, int64_t most_ns) noexcept;

  Descriptor epoll_;
  Descriptor waker_;
  std::vector<epoll_event> polled_;
  std::vector<Event> ready_;
  bool hasNanoseconds_ = true;
};

}  // namespace etherloom
