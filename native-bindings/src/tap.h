/**
 * A TAP: the kernel's end is an interface in some namespace, ours is a descriptor of /dev/net/tun. One read or write moves one frame, or
 * one super-frame with IFF_VNET_HDR and offloads.
 *
 * The descriptor is made once and handed round; a Tap works on a duplicate, so that the interface outlives the worker that serves it.
 */
#pragma once

#include <optional>
#include <string>

#include "coalesce.h"
#include "descriptor.h"
#include "device.h"
#include "link.h"

namespace etherloom {

struct TapOptions {
  std::string name;
  /** Path; empty is this thread's. */
  std::string nameSpace;
  bool isPersistent = false;
  std::optional<uint32_t> owner;
  bool isMultiQueue = false;
};

/** Makes a TAP or attaches to one; gives its descriptor. @throws Failure */
int createTap(const TapOptions& options);

/** Closes the descriptor of a TAP and lets the TAP go with its last descriptor, also when it was persistent. @throws Failure */
void removeTap(int descriptor);

class Tap final : public Device {
 public:
  /** Over a duplicate of this descriptor. @throws Failure */
  Tap(int descriptor, Arrivals arrivals);

  int receive(Pool& pool, int32_t* slots, int count) noexcept override;
  int send(Pool& pool, const int32_t* slots, int count, uint8_t* outcomes) noexcept override;
  void status(double* into) noexcept override;
  int descriptor() const noexcept override { return descriptor_.get(); }
  bool endsWithError() const noexcept override { return true; }

 private:
  Descriptor descriptor_;
  Arrivals arrivals_;
  Link link_;
  double dropsBefore_;
  /** Frames that the kernel would not describe in a virtio_net_hdr and threw away. */
  double refused_ = 0;
};

}  // namespace etherloom
