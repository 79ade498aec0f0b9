#pragma once
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// What a descriptor is watched for.
enum class wanted_events : unsigned char { reading, writing, both };

/// Waits for the first of several descriptors. Threads: one.
class readiness {
 public:
  void clear() noexcept { watched_.clear(); }

  /// Gives: the number to ask ready() with.
  std::size_t watch(int descriptor, wanted_events wanted = wanted_events::reading) {
    const short events = wanted == wanted_events::reading   ? POLLIN
                         : wanted == wanted_events::writing ? POLLOUT
                                                            : static_cast<short>(POLLIN | POLLOUT);
    watched_.push_back({descriptor, events, 0});
    return watched_.size() - 1;
  }

  /// Blocks until one is ready.
  void wait() noexcept {
    while (::poll(watched_.data(), watched_.size(), -1) < 0 && (errno == EINTR || errno == EAGAIN)) {
    }
  }

  /// Readable, writable, at its end or broken: whatever it is, the next call will tell.
  bool ready(std::size_t number) const noexcept { return watched_[number].revents != 0; }

 private:
  std::vector<pollfd> watched_;
};

/// Blocks until the descriptor is ready, at its end or broken, at most for `limit`. Gives: whether it is.
inline bool ready_within(int descriptor, std::chrono::nanoseconds limit,
                         wanted_events wanted = wanted_events::reading) noexcept {
  const auto until = std::chrono::steady_clock::now() + limit;
  pollfd one{descriptor, static_cast<short>(wanted == wanted_events::writing ? POLLOUT : POLLIN), 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    const int found = ::poll(&one, 1, static_cast<int>(std::clamp<long long>(left, 0, INT_MAX)));
    if (found > 0) return true;
    if (found == 0 && left <= 0) return false;
    if (found < 0 && errno != EINTR && errno != EAGAIN) return false;
  }
}

}}}  // namespace workpool::v0::detail
