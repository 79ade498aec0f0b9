#pragma once
#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>

namespace workpool { inline namespace v0 { namespace detail {

enum class poll_for : std::uint8_t { reading, writing, either };

/// Waits until this descriptor is ready or the deadline (time_point::max(): none) has passed. An end or an error of it
/// counts as ready, and so does one that is not open: the next call on it says what is the matter.
/// Gives: whether it is ready. Looks at least once, whatever the deadline.
inline bool poll_one(int descriptor, poll_for what, std::chrono::steady_clock::time_point deadline) noexcept {
  using clock = std::chrono::steady_clock;
  if (descriptor < 0) return true;
  pollfd one{descriptor, POLLIN | POLLOUT, 0};
  if (what == poll_for::reading) one.events = POLLIN;
  if (what == poll_for::writing) one.events = POLLOUT;
  for (;;) {
    timespec limit{};
    if (const auto now = clock::now(); deadline > now) {
      const auto left = deadline - now;
      const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
      limit.tv_sec = static_cast<std::time_t>(whole.count());
      limit.tv_nsec = static_cast<long>((left - whole).count());
    }
    const int ready = ::ppoll(&one, 1, deadline == clock::time_point::max() ? nullptr : &limit, nullptr);
    if (ready > 0) return true;
    if (ready == 0 && clock::now() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return true;
  }
}

/// Whether the other end of a connected socket is closed, or the socket is of no use any more. Blocks: never.
inline bool other_end_is_gone(int socket) noexcept {
  pollfd one{socket, 0, 0};
  return ::poll(&one, 1, 0) > 0;
}

}}}  // namespace workpool::v0::detail
