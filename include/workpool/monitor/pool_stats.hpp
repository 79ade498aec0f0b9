#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/monitor/histogram.hpp>

namespace workpool { inline namespace v0 {

inline constexpr std::size_t outcome_count = 8;

/// A snapshot of a pool's books. In every snapshot, also one taken under load,
/// submitted = accepted + rejected, and accepted = the sum of the outcomes + queued + delayed + running.
/// What a call still in progress adds may be missing from it; what moves on while it is taken counts where it was last
/// seen, so that under load `queued` may read higher than the queue ever was.
struct pool_stats {
  std::string pool;  // the pool's name
  std::uint64_t submitted = 0, accepted = 0, rejected = 0;
  std::uint64_t started = 0, retried = 0;  // tasks; further attempts
  std::uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0, timed_out = 0, worker_lost = 0, discarded = 0,
                pool_broken = 0;                     // one per outcome; completed: value
  std::size_t queued = 0, delayed = 0, running = 0;  // delayed: waiting for the next attempt
  std::size_t overrunning = 0;                       // settled, but the body still runs
  std::array<std::size_t, priority_count> queued_by_priority{};
  std::size_t workers = 0;
  std::array<std::size_t, worker_state_count> workers_by_state{};       // indexed by worker_state
  std::uint64_t workers_started = 0, workers_exited = 0, restarts = 0;  // restarts: of those that were lost
  std::array<histogram_snapshot, priority_count> wait{};  // from acceptance to start, by lane; one task in 64 or so
  histogram_snapshot run{};                               // of the same tasks: from start to the end of the body
  std::map<std::string, std::uint64_t> errors;            // failures by exception type or error code
  std::size_t buffers = 0, buffer_bytes = 0;              // shared ones that somebody has; bytes of whole pages
  std::uint64_t strategy_faults = 0;
  std::uint64_t callback_errors = 0;  // what callbacks and hooks threw
  std::uint64_t late_results = 0;     // bodies that returned after their task was settled

  std::uint64_t count(outcome one) const noexcept {
    const std::array<std::uint64_t, outcome_count> all{completed, failed,      cancelled, expired,
                                                       timed_out, worker_lost, discarded, pool_broken};
    return all[static_cast<std::size_t>(one)];
  }

  /// completed / finished; 1 when nothing has finished.
  double success_rate() const noexcept {
    const std::uint64_t finished =
        completed + failed + cancelled + expired + timed_out + worker_lost + discarded + pool_broken;
    return finished == 0 ? 1.0 : static_cast<double>(completed) / static_cast<double>(finished);
  }
};

}}  // namespace workpool::v0
