#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace workpool { inline namespace v0 { namespace detail {

/// How many tasks a worker process may be sent before it has answered: so many that it has something to do until it is
/// sent more, and so few that what it has is done soon, since that waits for nobody else.
///
/// By time, not by number: about 100 µs of work, 2 to 256 tasks; a single one where tasks take longer than 500 µs, or
/// nothing is known. Threads: one at a time.
class prefetch_window {
 public:
  using duration = std::chrono::nanoseconds;

  /// One more has been answered. Gives: whether it is time to measure.
  bool answered() noexcept { return ++tasks_ == few; }
  /// So much time it has spent on all of them, since it was started.
  void measure(duration busy) noexcept {
    const std::uint64_t more = std::exchange(tasks_, 0);
    if (more == 0) return;
    const auto apart = static_cast<std::uint64_t>(busy.count()) - static_cast<std::uint64_t>(busy_.count());
    const duration spent(static_cast<std::int64_t>(apart));  // nonsense is possible: the worker says so
    const duration each = std::clamp(spent, duration::zero(), longest_seen) / static_cast<std::int64_t>(more);
    busy_ = busy;
    mean_ = mean_ == unknown ? each : (mean_ + each) / 2;
    size_ = size_of(mean_);
  }
  /// One of them has kept the others waiting: what was known of them holds no more.
  void forget() noexcept {
    mean_ = unknown;
    size_ = 1;
  }

  std::size_t size() const noexcept { return size_; }

  static constexpr duration worth = std::chrono::microseconds(100);  // of work
  static constexpr std::size_t most = 256;                           // tasks

 private:
  static constexpr std::uint64_t few = 8;  // tasks: not worth a look
  static constexpr duration longest_seen = std::chrono::hours(1);
  static constexpr duration unknown = duration::max();

  static constexpr std::size_t size_of(duration each) noexcept {
    if (each > 5 * worth) return 1;
    return std::clamp(static_cast<std::size_t>(worth / std::max(each, duration(1))), std::size_t{2}, most);
  }

  duration busy_{};
  std::uint64_t tasks_ = 0;  // since it was measured
  duration mean_ = unknown;
  std::size_t size_ = 1;
};

}}}  // namespace workpool::v0::detail
