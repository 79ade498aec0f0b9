#pragma once
#include <cstdint>
#include <deque>
#include <workpool/core/clock.hpp>
#include <workpool/resilience/backoff.hpp>
#include <workpool/supervise/restart_options.hpp>
#include <workpool/supervise/restart_policy.hpp>

namespace workpool { inline namespace v0 {

/// The restart policy of restart_options: the first restart after a quiet time is immediate, those that follow wait
/// longer and longer, and too many within a window are the end.
///
/// It counts decisions, each at the time it is made: a restart counts against `max_restarts` while less than `window`
/// has passed since. Threads: one call at a time. Throws: bad_config from the constructor, std::bad_alloc from decide,
/// and then nothing has changed. Memory: a time for each restart in the window. Source: the restart intensity of
/// Erlang's supervisors; min_uptime is that of PM2.
class restart_intensity {
 public:
  /// `seed`: of the jitter; 0 takes a fresh one.
  explicit restart_intensity(restart_options options = {}, std::uint64_t seed = 0)
      : options_(checked(options)), backoff_(options.backoff, seed) {}

  restart_decision decide(const death& end, time_point now) {
    using action = restart_decision::action;
    const bool failed = end.failed || end.uptime < options_.min_uptime;
    if (options_.when == restart_when::temporary) return {action::leave};
    if (options_.when == restart_when::transient && !failed) return {action::leave};
    while (!restarts_.empty() && remaining(now, restarts_.front()) >= options_.window) restarts_.pop_front();
    if (restarts_.size() >= options_.max_restarts) return {action::give_up};
    restarts_.push_back(now);
    const bool quiet = !restarted_ || remaining(now, last_) >= options_.reset_after;
    restarted_ = true;
    last_ = now;
    if (quiet) backoff_.reset();
    const bool fixed = options_.backoff.factor == 1.0;
    return {action::restart, quiet && !fixed ? duration::zero() : backoff_.next()};
  }

  /// All restarts are forgotten.
  void reset() noexcept {
    restarts_.clear();
    restarted_ = false;
    backoff_.reset();
  }

 private:
  restart_options options_;
  backoff backoff_;
  std::deque<time_point> restarts_;  // within the window, oldest first
  bool restarted_ = false;
  time_point last_{};  // restart, also when the window has forgotten it
};

static_assert(restart_policy<restart_intensity>);

}}  // namespace workpool::v0
