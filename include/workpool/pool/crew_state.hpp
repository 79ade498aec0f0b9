#pragma once
#include <algorithm>
#include <workpool/detail/parking.hpp>
#include <workpool/pool/guard_post.hpp>
#include <workpool/pool/pause_switch.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/worker_list.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the workers of a pool share, and whoever has them start, pause, wake and leave.
/// Threads: any, but that the list grows by one at a time; see staffing.
struct crew_state {
  worker_list workers;
  parking parked;  // workers without work
  pause_switch phase;
  guard_post guard;

  /// Every worker looks again at what there is to do.
  void wake_all() noexcept {
    parked.recall();
    phase.wake_all();
  }

  /// Whether a worker may put something into its hand. One that begins to work later, and finds nobody on guard, wakes
  /// somebody when it does.
  bool somebody_works() const noexcept {
    return std::any_of(workers.begin(), workers.end(),
                       [](const thread_worker& one) { return !one.at_rest.load(std::memory_order_seq_cst); });
  }

  /// The same without those whose body was given up, which may go on for ever.
  bool somebody_is_awaited() const noexcept {
    return std::any_of(workers.begin(), workers.end(), [](const thread_worker& one) {
      return !one.at_rest.load(std::memory_order_seq_cst) && !one.slot.is_seized();
    });
  }
};

}}}  // namespace workpool::v0::detail
