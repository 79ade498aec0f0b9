#pragma once
#include <algorithm>
#include <chrono>
#include <thread>
#include <workpool/detail/pause.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Looks for something for a while before its thread sleeps, which costs another 20 to 60 µs where the core that is to
/// wake it has to wake up itself. It looks longer where that was worth it the last time, and shorter where it was not;
/// not at all on one core, where nothing happens while it looks.
/// Threads: one at a time.
class adaptive_spin {
 public:
  using duration = std::chrono::nanoseconds;

  /// Gives: whether `happened()`. Blocks: at most 50 µs.
  template <class Happened>
  bool until(Happened happened) noexcept {
    if (happened()) return true;
    if (!has_company_) return false;
    const auto end = std::chrono::steady_clock::now() + budget_;
    for (unsigned turn = 1;; ++turn) {
      if (happened()) {
        budget_ = std::min(longest, 2 * budget_);
        return true;
      }
      pause();
      if (turn % turns_a_look == 0 && std::chrono::steady_clock::now() >= end) break;
    }
    budget_ = std::max(shortest, budget_ / 2);
    return false;
  }

  static constexpr duration longest = std::chrono::microseconds(50);
  static constexpr duration shortest = std::chrono::microseconds(2);

 private:
  static constexpr unsigned turns_a_look = 8;  // at the clock

  const bool has_company_ = std::thread::hardware_concurrency() > 1;
  duration budget_ = longest;
};

}}}  // namespace workpool::v0::detail
