#include "waiter.h"

#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <set>

#include "errors.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

namespace etherloom {

namespace {

constexpr int32_t WAKER = -1;
constexpr size_t EVENTS_MAX = 256;
constexpr double WAIT_MAX_US = 3600e6;

std::mutex wakersMutex;
/** Never destroyed: threads may still end while the process does. */
std::set<int>& wakers() {
  static auto* const all = new std::set<int>;
  return *all;
}

}  // namespace

Waiter::Waiter()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      waker_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      polled_(EVENTS_MAX),
      ready_(EVENTS_MAX) {
  if (!epoll_) throw Failure("epoll_create1", "", errno);
  if (!waker_) throw Failure("eventfd", "", errno);
  watch(waker_.get(), WAKER);
  const std::lock_guard<std::mutex> lock(wakersMutex);
  wakers().insert(waker_.get());
}

Waiter::~Waiter() {
  const std::lock_guard<std::mutex> lock(wakersMutex);
  wakers().erase(waker_.get());
}

void Waiter::watch(int descriptor, int32_t handle) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = handle;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) throw Failure("epoll_ctl", "", errno);
}

void Waiter::forget(int descriptor) noexcept {
  epoll_event unused{};
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, &unused);
}

/** Linux before 5.11 waits in milliseconds, and then longer rather than not at all. */
int Waiter::poll(int most, int64_t most_ns) noexcept {
  constexpr int64_t SECOND_NS = 1'000'000'000, MILLISECOND_NS = 1'000'000;
  if (hasNanoseconds_) {
    struct {
      int64_t seconds;
      int64_t nanoseconds;
    } const limit{most_ns / SECOND_NS, most_ns % SECOND_NS};
    const long count = syscall(SYS_epoll_pwait2, epoll_.get(), polled_.data(), most, &limit, nullptr, 0);
    if (count >= 0 || errno != ENOSYS) return static_cast<int>(count);
    hasNanoseconds_ = false;
  }
  const auto most_ms = static_cast<int>((most_ns + MILLISECOND_NS - 1) / MILLISECOND_NS);
  return epoll_wait(epoll_.get(), polled_.data(), most, most_ms);
}

int Waiter::wait(size_t most, double most_us) noexcept {
  // One place more than asked for: the waker must not take that of a handle.
  const auto room = static_cast<int>(std::min(most + 1, EVENTS_MAX));
  const double limit_us = most_us > 0 ? std::min(most_us, WAIT_MAX_US) : 0;
  const int count = poll(room, static_cast<int64_t>(limit_us * 1000));
  int ready = 0;
  for (int i = 0; i < count; i++) {
    const epoll_event& event = polled_[static_cast<size_t>(i)];
    if (event.data.fd == WAKER) {
      eventfd_t unused;
      eventfd_read(waker_.get(), &unused);
    } else if (static_cast<size_t>(ready) < most) {
      ready_[static_cast<size_t>(ready++)] = {event.data.fd, (event.events & (EPOLLERR | EPOLLHUP)) != 0};
    }
  }
  return ready;
}

void Waiter::wake(int waker) noexcept {
  const std::lock_guard<std::mutex> lock(wakersMutex);
  if (wakers().count(waker) > 0) eventfd_write(waker, 1);
}

}  // namespace etherloom
