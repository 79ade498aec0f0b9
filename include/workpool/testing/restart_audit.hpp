#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/supervise/restart_options.hpp>

namespace workpool { inline namespace v0 { namespace testing {

enum class restart_kind { at_once, later, none };

/// Holds what became of the deaths in one slot against restart_options, by counting anew: simply, and slowly.
/// Threads: one. Memory: a time for each restart.
class restart_audit {
 public:
  /// The slot was started by hand: nothing of what was before counts.
  void forget() noexcept { restarts_.clear(); }

  /// Gives: what is wrong with this answer to a death; empty: nothing.
  std::string judge(const restart_options& limits, restart_kind answer, time_point now) {
    if (limits.when != restart_when::permanent) return {};
    const auto within = static_cast<std::size_t>(
        std::count_if(restarts_.begin(), restarts_.end(), [&](time_point one) { return now - one < limits.window; }));
    const bool may = within < limits.max_restarts;
    if (may != (answer != restart_kind::none)) {
      return (may ? "is given up after " : "is restarted after ") + std::to_string(within) +
             " restarts within the window";
    }
    if (!may) return {};
    const bool quiet = restarts_.empty() || now - restarts_.back() >= limits.reset_after;
    restarts_.push_back(now);
    if (limits.backoff.factor == 1.0) return {};  // a fixed delay is for all
    const bool waits = !quiet && limits.backoff.initial > duration::zero();
    if (waits == (answer == restart_kind::later)) return {};
    return waits ? "is restarted at once" : "waits although all was quiet";
  }

 private:
  std::deque<time_point> restarts_;  // oldest first
};

}}}  // namespace workpool::v0::testing
