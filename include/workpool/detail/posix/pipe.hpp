#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The two ends of a pipe, closed on exec and never one of 0, 1, 2.
struct pipe_ends {
  unique_fd reading, writing;

  /// Both are there; otherwise errno says why not.
  explicit operator bool() const noexcept { return reading && writing; }

  static pipe_ends make() noexcept {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    pipe_ends made{unique_fd(ends[0]), unique_fd(ends[1])};
    made.reading = above_stdio(std::move(made.reading));
    if (made.reading) made.writing = above_stdio(std::move(made.writing));
    return made;
  }
};

/// Reads and writes of this end no longer block. Concerns every copy of the same open file. Gives: whether it worked.
inline bool set_nonblocking(int descriptor) noexcept {
  const int flags = ::fcntl(descriptor, F_GETFL);
  return flags >= 0 && ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0;
}

}}}  // namespace workpool::v0::detail
