/**
 * What the kernel says of an interface: is it there, is it up, its MTU, what it dropped.
 *
 * It is asked by ioctl on a socket that was made in the interface's namespace, and by /proc/net/dev, neither of which waits for the
 * rtnl lock: a worker asks while it forwards, and another program's `ip netns del` may hold that lock for long.
 */
#pragma once

#include <net/if.h>

#include <string>

#include "descriptor.h"

namespace etherloom {

class Link {
 public:
  /** Of the interface of this name in the namespace in which the calling thread is. @throws Failure */
  explicit Link(const std::string& name);

  int index() const { return index_; }
  int mtu() const { return mtu_; }
  /** ARPHRD_*, of linux/if_arp.h. */
  int hardware() const { return hardware_; }
  bool isUp() const { return isUp_; }
  bool isPresent() const { return isPresent_; }

  /** Asks again. */
  void refresh() noexcept;
  /** Writes all of a Status but Missed. */
  void write(double* status) const noexcept;
  /** Frames that the kernel dropped instead of handing them to the device, ever. */
  double transmitDrops() noexcept;

 private:
  bool ask(unsigned long what, ifreq& about) const noexcept;
  std::string readTable() const;

  Descriptor socket_;
  Descriptor table_;
  char name_[IFNAMSIZ] = {};
  int index_ = 0;
  int mtu_ = 0;
  int hardware_ = 0;
  bool isUp_ = false;
  bool hasCarrier_ = false;
  bool isPresent_ = false;
};

}  // namespace etherloom
