#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/resilience/backoff.hpp>
#include <workpool/supervise/restart_options.hpp>

namespace workpool { inline namespace v0 { namespace testing {

enum class restart_kind { at_once, later, none };

/// Holds what became of the deaths in one slot against restart_options, by counting anew: simply, and slowly.
/// Threads: one. Memory: a time for each restart.
class restart_audit {
 public:
  /// The slot was started by hand: nothing of what was before counts.
  void forget() noexcept {
    restarts_.clear();
    waits_ = 0;
  }

  /// Gives: what is wrong with this answer to a death; empty: nothing. `delay`: of a restart that is later.
  std::string judge(const restart_options& limits, restart_kind answer, duration delay, time_point now) {
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
    if (quiet) waits_ = 0;
    const bool fixed = limits.backoff.factor == 1.0;  // is for all
    const bool waits = (!quiet || fixed) && limits.backoff.initial > duration::zero();
    if (waits != (answer == restart_kind::later)) {
      return waits ? "is restarted at once" : "waits although all was quiet";
    }
    return waits ? judge_delay(limits.backoff, delay) : std::string();
  }

 private:
  std::string judge_delay(const backoff_options& limits, duration delay) {
    double wanted = static_cast<double>(limits.initial.count());
    for (std::size_t n = 0; n < waits_; ++n) wanted *= limits.factor;
    ++waits_;
    const double most = limits.max == duration::zero() ? wanted : static_cast<double>(limits.max.count());
    wanted = std::min(wanted, most);
    const double given = static_cast<double>(delay.count());
    if (given >= wanted * (1 - limits.jitter) - 1 && given <= wanted * (1 + limits.jitter) + 1) return {};
    return "waits for " + detail::in_words(delay) + " and not for " + std::to_string(wanted) + " ns";
  }

  std::deque<time_point> restarts_;  // oldest first
  std::size_t waits_ = 0;            // restarts that waited since all was quiet
};

}}}  // namespace workpool::v0::testing
