#pragma once
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <workpool/detail/pause.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Looks for something for a while before its thread sleeps, which costs another 20 to 60 µs where the core that is to
/// wake it has to wake up itself. It looks longer where that was worth it the last time, and shorter where it was not;
/// not at all on one core, where nothing happens while it looks.
///
/// Threads: one at a time.
class adaptive_spin {
 public:
  using duration = std::chrono::nanoseconds;

  /// Gives: whether `happened()`. Blocks: at most 50 µs.
  template <class Happened>
  bool until(Happened happened) noexcept {
    return until(happened, [] {});
  }
  /// The same. Calls `no_longer_soon()` once, unless it happens within 4 µs: then, or at once where it was not that
  /// soon the last time.
  template <class Happened, class Call>
  bool until(Happened happened, Call no_longer_soon) noexcept {
    if (happened()) return true;
    bool soon = std::exchange(soon_, false);
    if (!soon || !has_company_) no_longer_soon();
    if (!has_company_) return false;
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + budget_;
    for (bool early = true;;) {
      for (unsigned turn = 0; turn < turns_a_look; ++turn) {
        if (happened()) {
          budget_ = std::min(longest, 2 * budget_);
          soon_ = early;
          return true;
        }
        pause();
      }
      const auto now = std::chrono::steady_clock::now();
      early = early && now - begin < within;
      if (!early && std::exchange(soon, false)) no_longer_soon();
      if (now >= end) break;
    }
    if (soon) no_longer_soon();
    budget_ = std::max(shortest, budget_ / 2);
    return false;
  }

  /// To be called after that, when nobody relies on this thread: lets others have the core once. Who is to do what was
  /// looked for may wait for just that, and two that wake each other stay on one core for good. (Measured on two cores,
  /// round trips to a process: without it every fourth run took 10 to 16 µs a trip and not 2.5; with it none did where
  /// nothing else ran.) Does nothing for a while where the core was gone for long, for there others want it.
  void let_others_run() noexcept {
    if (!has_company_) return;
    if (crowded_ != 0) {
      --crowded_;
      return;
    }
    const auto begin = std::chrono::steady_clock::now();
    std::this_thread::yield();
    if (std::chrono::steady_clock::now() - begin > longest) crowded_ = rounds_in_a_crowd;
  }

  static constexpr duration longest = std::chrono::microseconds(50);
  static constexpr duration shortest = std::chrono::microseconds(2);
  static constexpr duration within = std::chrono::microseconds(4);  // a peer that answers at once takes 1 to 2

 private:
  static constexpr unsigned turns_a_look = 8;  // at the clock
  static constexpr unsigned rounds_in_a_crowd = 64;

  const bool has_company_ = std::thread::hardware_concurrency() > 1;
  duration budget_ = longest;
  bool soon_ = false;     // the last time it has happened soon
  unsigned crowded_ = 0;  // how often others will not be let run
};

}}}  // namespace workpool::v0::detail
