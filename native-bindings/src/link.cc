#include "link.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
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
  table_ = Descriptor(open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC));
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
  const std::string start = std::string(name_) + ":";
  const std::string table = readTable();
  for (size_t at = 0, next; at < table.size(); at = next) {
    next = std::min(table.find('\n', at), table.size() - 1) + 1;
    at = std::min(table.find_first_not_of(' ', at), next);
    if (table.compare(at, start.size(), start) != 0) continue;
    const char* number = table.c_str() + at + start.size();
    char* end = nullptr;
    unsigned long long drops = 0;
    for (int column = 1; column <= DROPS; column++, number = end) drops = std::strtoull(number, &end, 10);
    return static_cast<double>(drops);
  }
  return 0;
}

/** As it is now: nothing of it may come from a buffer. */
std::string Link::readTable() const {
  std::string table;
  char some[4096];
  lseek(table_.get(), 0, SEEK_SET);
  for (ssize_t got; (got = read(table_.get(), some, sizeof some)) > 0;) table.append(some, static_cast<size_t>(got));
  return table;
}

}  // namespace etherloom
