/** The one exception of the addon. It is thrown by calls that open or configure, and becomes a NativeError at the edge to JavaScript. */
#pragma once

#include <exception>
#include <string>

namespace etherloom {

/** Name of an errno, as `EBUSY`. */
const char* nameOf(int error);

class Failure : public std::exception {
 public:
  /** `syscall` was tried on `subject` (a name, may be empty) and ended with this errno. */
  Failure(std::string syscall, const std::string& subject, int error);
  /** The same in words of our own, or of a library. */
  Failure(std::string syscall, const std::string& subject, int error, const std::string& words);

  const char* what() const noexcept override { return message_.c_str(); }
  const char* code() const { return nameOf(error_); }
  const std::string& syscall() const { return syscall_; }

 private:
  int error_;
  std::string syscall_;
  std::string message_;
};

}  // namespace etherloom
