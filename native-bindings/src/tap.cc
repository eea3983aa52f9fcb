#include "tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "errors.h"
#include "namespace.h"
#include "vnet.h"

// Linux 6.2; older headers lack them, older kernels refuse them.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace etherloom {

namespace {

constexpr unsigned OFFLOADS = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
/** Frames read in one call, joined or not: other ports have their turn after about 0.2 ms. More are not faster. */
constexpr int READS_MAX = 256;

constexpr unsigned UDP_OFFLOADS = TUN_F_USO4 | TUN_F_USO6;

/** Attaches the descriptor to the TAP of this name, which is made when it is not there. */
void attach(int descriptor, const TapOptions& options) {
  ifreq request{};
  std::memcpy(request.ifr_name, options.name.data(), options.name.size());
  const auto withQueues = [&](bool several) {
    request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (several ? IFF_MULTI_QUEUE : 0));
    return ioctl(descriptor, TUNSETIFF, &request) == 0;
  };
  if (withQueues(options.isMultiQueue)) return;
  // A TAP that is there already keeps the number of queues it was made with, and says EINVAL to the other one.
  const int error = errno;
  if (error != EINVAL || !withQueues(!options.isMultiQueue)) throw Failure("TUNSETIFF", options.name, error);
}

void configure(int descriptor, const TapOptions& options) {
  int headerBytes = VNET_BYTES;
  if (ioctl(descriptor, TUNSETVNETHDRSZ, &headerBytes) != 0) throw Failure("TUNSETVNETHDRSZ", options.name, errno);
  if (ioctl(descriptor, TUNSETOFFLOAD, OFFLOADS | UDP_OFFLOADS) != 0 && ioctl(descriptor, TUNSETOFFLOAD, OFFLOADS) != 0)
    throw Failure("TUNSETOFFLOAD", options.name, errno);
  if (options.owner && ioctl(descriptor, TUNSETOWNER, static_cast<unsigned long>(*options.owner)) != 0)
    throw Failure("TUNSETOWNER", options.name, errno);
  if (options.isPersistent && ioctl(descriptor, TUNSETPERSIST, 1UL) != 0)
    throw Failure("TUNSETPERSIST", options.name, errno);
}

/** What the descriptor is attached to. */
ifreq interfaceOf(int descriptor) {
  ifreq about{};
  if (ioctl(descriptor, TUNGETIFF, &about) != 0) throw Failure("TUNGETIFF", "", errno);
  return about;
}

Descriptor duplicateOf(int descriptor) {
  Descriptor duplicate(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (!duplicate) throw Failure("fcntl", "", errno);
  const ifreq about = interfaceOf(descriptor);
  constexpr int NEEDED = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  int headerBytes = 0;
  if ((about.ifr_flags & NEEDED) != NEEDED || ioctl(descriptor, TUNGETVNETHDRSZ, &headerBytes) != 0 ||
      headerBytes != static_cast<int>(VNET_BYTES))
    throw Failure("TUNGETIFF", about.ifr_name, EINVAL, "not a TAP as createTap makes it");
  return duplicate;
}

Link linkOf(int descriptor) {
  const Descriptor home(ioctl(descriptor, TUNGETDEVNETNS));
  if (!home) throw Failure("TUNGETDEVNETNS", "", errno);
  const InNamespace there(home);
  return Link(interfaceOf(descriptor).ifr_name);
}

}  // namespace

int createTap(const TapOptions& options) {
  if (options.name.empty() || options.name.size() >= IFNAMSIZ)
    throw Failure("TUNSETIFF", options.name, EINVAL, "the name of an interface has 1 to 15 bytes");
  const InNamespace there(options.nameSpace);
  Descriptor descriptor(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!descriptor) throw Failure("open", "/dev/net/tun", errno);
  attach(descriptor.get(), options);
  configure(descriptor.get(), options);
  return descriptor.release();
}

void removeTap(int descriptor) {
  // The descriptor is a mere number from JavaScript: nothing but a TAP is closed. EBADFD: its interface has gone already.
  ifreq about{};
  if (ioctl(descriptor, TUNGETIFF, &about) != 0) {
    if (errno != EBADFD) throw Failure("TUNGETIFF", "", errno);
  } else if (ioctl(descriptor, TUNSETPERSIST, 0UL) != 0) {
    throw Failure("TUNSETPERSIST", about.ifr_name, errno);
  }
  close(descriptor);
}

Tap::Tap(int descriptor, Arrivals arrivals)
    : descriptor_(duplicateOf(descriptor)),
      arrivals_(arrivals),
      link_(linkOf(descriptor)),
      dropsBefore_(link_.transmitDrops()) {}

int Tap::receive(Pool& pool, int32_t* slots, int count) noexcept {
  Burst burst(pool, arrivals_, slots, count);
  for (int reads = 0; reads < READS_MAX && !burst.isFull(); reads++) {
    uint8_t* const frame = burst.roomFor();
    if (frame == nullptr) return burst.filled() > 0 ? burst.finish() : -EFAULT;
    // Not read(2) of the C library: what it does to be a cancellation point costs 6 % of the time of small frames.
    const ssize_t got = syscall(SYS_read, descriptor_.get(), frame - VNET_BYTES, pool.room + VNET_BYTES);
    if (got < static_cast<ssize_t>(VNET_BYTES)) {
      const int error = got < 0 ? errno : EIO;
      if (error == EINTR) continue;
      if (error == EINVAL) {
        refused_++;
        continue;
      }
      return burst.filled() > 0 || error == EAGAIN ? burst.finish() : -error;
    }
    const uint32_t length = static_cast<uint32_t>(got) - VNET_BYTES;
    const Offload offload = readVnet(frame - VNET_BYTES, length);
    if (!burst.join(frame, length, offload)) burst.keep(frame, length, length, offload);
  }
  return burst.finish();
}

int Tap::send(Pool& pool, const int32_t* slots, int count, uint8_t* into) noexcept {
  Outcomes outcomes(into, count);
  for (int i = 0; i < count; i++) {
    uint8_t* const frame = pool.bytesOf(slots[i]);
    if (frame == nullptr) {
      outcomes.refuse(i, Outcome::Invalid);
      continue;
    }
    const uint32_t length = pool.length[slots[i]];
    // The header takes bytes of the headroom. A frame that waits at several ports gets it anew at each.
    writeVnet(frame - VNET_BYTES, pool.offloadOf(slots[i]), frame, length);
    if (syscall(SYS_write, descriptor_.get(), frame - VNET_BYTES, length + VNET_BYTES) >= 0) continue;
    const int error = errno;
    if (refusesAll(error)) {
      outcomes.refuseFrom(i, outcomeOf(error));
      break;
    }
    outcomes.refuse(i, outcomeOf(error));
  }
  return outcomes.refused();
}

void Tap::status(double* into) noexcept {
  link_.refresh();
  link_.write(into);
  const double drops = link_.isPresent() ? link_.transmitDrops() : dropsBefore_;
  into[Missed] = drops - dropsBefore_ + refused_;
}

}  // namespace etherloom
