#pragma once
#include <chrono>
#include <workpool/core/clock.hpp>
#include <workpool/resilience/backoff.hpp>
#include <workpool/supervise/restart_policy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a pool of threads does about a worker that is not there: a thread that was lost is followed by another one at
/// once, however often, since the task that ended it is charged with that. One that has failed, because the system had
/// none to give, is tried again 100 ms later, and after twice as long each further time, up to 30 s.
/// Threads: one at a time.
class thread_restart {
 public:
  restart_decision decide(const death& end, time_point) noexcept {
    if (end.failed) return {restart_decision::action::restart, waits_.next()};
    reset();
    return {restart_decision::action::restart, duration::zero()};
  }
  void reset() noexcept { waits_.reset(); }

 private:
  backoff waits_{{.initial = std::chrono::milliseconds(100), .factor = 2.0, .max = std::chrono::seconds(30)}};
};

static_assert(restart_policy<thread_restart>);

}}}  // namespace workpool::v0::detail
