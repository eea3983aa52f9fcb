#include "link.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "constants.h"
#include "errors.h"

namespace etherloom {

Link::Link(const std::string& name) : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  if (!socket_) throw Failure("socket", "AF_UNIX", errno);
  if (name.empty() || name.size() >= IFNAMSIZ) throw Failure("SIOCGIFINDEX", name, ENODEV);
  ifreq about{};
  std::memcpy(about.ifr_name, name.data(), name.size());
  if (ioctl(socket_.get(), SIOCGIFINDEX, &about) != 0) throw Failure("SIOCGIFINDEX", name, errno);
  index_ = about.ifr_ifindex;
  if (ioctl(socket_.get(), SIOCGIFHWADDR, &about) != 0) throw Failure("SIOCGIFHWADDR", name, errno);
  hardware_ = about.ifr_hwaddr.sa_family;
  // The table is of the namespace in which the thread is now; reading it later gives that one's.
  table_.reset(std::fopen("/proc/thread-self/net/dev", "re"));
  if (!table_) throw Failure("open", "/proc/thread-self/net/dev", errno);
  refresh();
}

bool Link::ask(unsigned long what, ifreq& about) const noexcept { return ioctl(socket_.get(), what, &about) == 0; }

void Link::refresh() noexcept {
  ifreq about{};
  about.ifr_ifindex = index_;
  // By index, because it may have been renamed; a name that is not there would make the kernel look for a module.
  isPresent_ = ask(SIOCGIFNAME, about);
  if (isPresent_) {
    std::memcpy(name_, about.ifr_name, sizeof name_);
    isPresent_ = ask(SIOCGIFFLAGS, about);
  }
  isUp_ = isPresent_ && (about.ifr_flags & IFF_UP) != 0;
  hasCarrier_ = isPresent_ && (about.ifr_flags & IFF_RUNNING) != 0;
  if (isPresent_ && ask(SIOCGIFMTU, about)) mtu_ = about.ifr_mtu;
}

void Link::write(double* status) const noexcept {
  status[Carrier] = hasCarrier_ ? 1 : 0;
  status[Up] = isUp_ ? 1 : 0;
  status[Mtu] = mtu_;
  status[Present] = isPresent_ ? 1 : 0;
}

double Link::transmitDrops() noexcept {
  // A line of /proc/net/dev is `name: ` and 16 numbers; the twelfth counts what was dropped on transmit.
  constexpr int DROPS = 12;
  std::rewind(table_.get());
  char* line = nullptr;
  size_t size = 0;
  double drops = 0;
  while (getline(&line, &size, table_.get()) > 0) {
    const char* at = line + std::strspn(line, " ");
    const size_t length = std::strlen(name_);
    if (std::strncmp(at, name_, length) != 0 || at[length] != ':') continue;
    at += length + 1;
    char* end = nullptr;
    for (int column = 1; column <= DROPS; column++, at = end) drops = static_cast<double>(std::strtoull(at, &end, 10));
    break;
  }
  std::free(line);
  return drops;
}

}  // namespace etherloom
