#include "errors.h"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

namespace etherloom {

const char* nameOf(int error) {
#define NAME(E) \
  case E:       \
    return #E
  switch (error) {
    NAME(EACCES);
    NAME(EAFNOSUPPORT);
    NAME(EAGAIN);
    NAME(EBADF);
    NAME(EBADFD);
    NAME(EBUSY);
    NAME(EEXIST);
    NAME(EFAULT);
    NAME(EINTR);
    NAME(EINVAL);
    NAME(EIO);
    NAME(EMEDIUMTYPE);
    NAME(EMFILE);
    NAME(EMSGSIZE);
    NAME(ENAMETOOLONG);
    NAME(ENETDOWN);
    NAME(ENFILE);
    NAME(ENOBUFS);
    NAME(ENODEV);
    NAME(ENOENT);
    NAME(ENOMEM);
    NAME(ENOPROTOOPT);
    NAME(ENOSYS);
    NAME(ENOTTY);
    NAME(ENXIO);
    NAME(EOPNOTSUPP);
    NAME(EPERM);
    NAME(EPROTONOSUPPORT);
    NAME(ERANGE);
    default:
      return "EUNKNOWN";
  }
#undef NAME
}

namespace {

/** What the C library says of an errno, as part of a sentence: "device or resource busy". */
std::string wordsOf(int error) {
  std::string words = std::strerror(error);
  if (words.size() > 1 && std::islower(static_cast<unsigned char>(words[1])))
    words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return words;
}

}  // namespace

Failure::Failure(std::string syscall, const std::string& subject, int error)
    : Failure(std::move(syscall), subject, error, wordsOf(error)) {}

Failure::Failure(std::string syscall, const std::string& subject, int error, const std::string& words)
    : error_(error),
      syscall_(std::move(syscall)),
      message_(syscall_ + (subject.empty() ? "" : " " + subject) + ": " + words + " (" + nameOf(error) + ")") {}

}  // namespace etherloom
