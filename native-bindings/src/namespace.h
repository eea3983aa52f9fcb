#pragma once

#include <string>

#include "descriptor.h"

namespace etherloom {

/**
 * The calling thread is in another network namespace while this lives. Sockets and TAPs belong to the namespace in which they were made,
 * from wherever they are used later.
 */
class InNamespace {
 public:
  /** By path, as `/run/netns/x`; an empty one stays here. @throws Failure */
  explicit InNamespace(const std::string& path);
  /** By a descriptor of the namespace. @throws Failure */
  explicit InNamespace(const Descriptor& target);
  ~InNamespace();
  InNamespace(const InNamespace&) = delete;
  InNamespace& operator=(const InNamespace&) = delete;

 private:
  void enter(int target, const std::string& path);

  Descriptor home_;
};

}  // namespace etherloom
