#pragma once
#include <atomic>
#include <chrono>
#include <workpool/core/clock.hpp>
#include <workpool/resilience/backoff.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// When a thread may be started again after the system had none to give: 100 ms later, and twice as long after each
/// further failure, up to 30 s.
/// Threads: failed() and succeeded() one at a time, the rest by any.
class start_backoff {
 public:
  void failed(time_point now) noexcept { retry_at_.store(after(now, waits_.next()), std::memory_order_relaxed); }
  void succeeded() noexcept {
    retry_at_.store({}, std::memory_order_relaxed);
    waits_.reset();
  }

  /// Whether the last start has failed.
  bool pending() const noexcept { return retry_at_.load(std::memory_order_relaxed) != time_point{}; }
  bool may_try(time_point now) const noexcept { return now >= retry_at_.load(std::memory_order_relaxed); }
  /// Gives: when there is something to be tried again, or time_point::max().
  time_point retry_at() const noexcept {
    const time_point retry = retry_at_.load(std::memory_order_relaxed);
    return retry == time_point{} ? time_point::max() : retry;
  }

 private:
  std::atomic<time_point> retry_at_{};  // 0: nothing has failed
  backoff waits_{{.initial = std::chrono::milliseconds(100), .factor = 2.0, .max = std::chrono::seconds(30)}};
};

}}}  // namespace workpool::v0::detail
