#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/ipc/buffer_share.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where the host of a worker answers that one's question for a shared buffer, in memory they share: the thread that
/// asks need not be the one that reads their channel.
///
///     worker: ask ─► (a frame of kind buffer_wanted) ─► host: answer ─► worker: await gives it
///
/// Threads: one in the worker, one in the host.
class buffer_mail {
 public:
  // In the worker:
  void ask() noexcept { answered_.store(0, std::memory_order_relaxed); }
  /// Blocks: until there is an answer, or `deadline`. Gives: whether there is one.
  bool await(time_point deadline) const noexcept {
    while (answered_.load(std::memory_order_acquire) == 0) {
      if (!futex_wait_until(answered_, 0, deadline, any_sleeper, futex_scope::shared)) break;
    }
    return answered_.load(std::memory_order_acquire) != 0;
  }
  /// After await().
  buffer_place place() const noexcept { return place_; }
  /// Why there is none; empty where there is one.
  std::string problem() const {
    const auto end = std::find(problem_.begin(), problem_.end(), '\0');
    return {problem_.begin(), end};
  }

  // In the host:
  void answer(buffer_place place) noexcept { post(place, {}); }
  void answer(std::string_view problem) noexcept { post({}, problem); }

 private:
  void post(buffer_place place, std::string_view problem) noexcept {
    place_ = place;
    problem_.fill('\0');
    std::copy_n(problem.begin(), std::min(problem.size(), problem_.size() - 1), problem_.begin());
    answered_.store(1, std::memory_order_release);
    futex_wake_all(answered_, futex_scope::shared);
  }

  futex_word answered_{0};
  buffer_place place_{};
  std::array<char, 512> problem_{};
};

}}}  // namespace workpool::v0::detail
