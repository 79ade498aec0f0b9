#pragma once
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A bell with a descriptor, for a thread that waits for descriptors: readable from the first ring on until cleared.
/// Threads: any; ring() may be called from a signal handler and from a process that was forked.
class event_fd {
 public:
  /// An empty one; make() gives one that rings.
  event_fd() noexcept = default;

  /// Gives: a silent bell; an empty one, with errno, where there is none to be had.
  static event_fd make() noexcept {
    event_fd made;
    made.fd_ = above_stdio(unique_fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    return made;
  }

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  int get() const noexcept { return fd_.get(); }

  /// Never blocks: a bell that has been rung 2⁶⁴ - 2 times rings already. errno is left as it was.
  void ring() const noexcept {
    const int before = errno;
    const std::uint64_t once = 1;
    while (::write(fd_.get(), &once, sizeof once) < 0 && errno == EINTR) {
    }
    errno = before;
  }

  /// Gives: whether it had been rung since the last time. What was written before that ring is visible then.
  bool clear() const noexcept {
    std::uint64_t rings = 0;
    ssize_t got = 0;
    do {
      got = ::read(fd_.get(), &rings, sizeof rings);
    } while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(sizeof rings);
  }

 private:
  unique_fd fd_;
};

}}}  // namespace workpool::v0::detail
