#include "namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "errors.h"

namespace etherloom {

InNamespace::InNamespace(const std::string& path) {
  if (path.empty()) return;
  const Descriptor target(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!target) throw Failure("open", path, errno);
  enter(target.get(), path);
}

InNamespace::InNamespace(const Descriptor& target) { enter(target.get(), ""); }

void InNamespace::enter(int target, const std::string& path) {
  Descriptor home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home) throw Failure("open", "/proc/thread-self/ns/net", errno);
  if (setns(target, CLONE_NEWNET) != 0) throw Failure("setns", path, errno);
  home_ = std::move(home);
}

InNamespace::~InNamespace() {
  if (!home_ || setns(home_.get(), CLONE_NEWNET) == 0) return;
  // Whatever this thread did from here on would happen in somebody else's network.
  std::perror("etherloom: setns back to this thread's own network namespace");
  std::abort();
}

}  // namespace etherloom
