#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <workpool/core/clock.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 {

/// What a strategy sees of a worker that is ready.
struct worker_view {
  worker_id id;
  worker_state state;
  unsigned weight = 1;
  std::size_t in_flight;    // tasks it runs, or has been given and will
  std::uint64_t completed;  // tasks
  time_point idle_since;    // when it last looked and found nothing, also while it is busy; the clock's zero: never
};

/// What a strategy sees of the task it finds a worker for.
struct task_view {
  task_id id;
  workpool::priority priority;
  std::uint64_t key;
};

/// Whether a worker may be given a task: it is ready, and weighs something.
constexpr bool takes_tasks(const worker_view& worker) noexcept {
  return worker.weight != 0 && (worker.state == worker_state::idle || worker.state == worker_state::busy);
}

/// Which worker gets a task. A pool shows only workers that are ready; where all are shown, a strategy of this library
/// picks none for which takes_tasks() is false, and gives none when that leaves nobody.
/// Gives: an index into the span, or none: whoever is free first. Threads: a pool makes one call at a time, under a
/// lock of its own: a strategy that waits for a task waits for ever.
template <class Strategy>
concept selection_strategy = requires(Strategy& strategy, std::span<const worker_view> workers, const task_view& task) {
  { strategy.select(workers, task) } -> std::same_as<std::optional<std::size_t>>;
};

/// A strategy that knows what workers weigh: weight_of(view), whose own weight is what the pool says, gives the weight
/// from now on. One of weight 0 takes nothing, not even what nobody else gets to.
template <class Strategy>
concept weighing_strategy = selection_strategy<Strategy> && requires(const Strategy& seen, const worker_view& worker) {
  { seen.weight_of(worker) }
  noexcept->std::same_as<unsigned>;
};

/// A strategy whose pick for a task with a key is not to be corrected: nobody takes such a task from a worker that does
/// not get to it, as long as that one is ready. It has a constant `pins_keys`, which is true.
template <class Strategy>
concept pinning_strategy = selection_strategy<Strategy> && bool(Strategy::pins_keys);

}}  // namespace workpool::v0
