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
  std::size_t in_flight;
  std::uint64_t completed;
  time_point idle_since;
};

/// What a strategy sees of the task it finds a worker for.
struct task_view {
  task_id id;
  workpool::priority priority;
  std::uint64_t key;
};

/// Which worker gets a task. Only ready workers are shown.
/// Gives: an index into the span, or none: whoever is free first. Threads: a pool makes one call at a time.
template <class Strategy>
concept selection_strategy = requires(Strategy& strategy, std::span<const worker_view> workers, const task_view& task) {
  { strategy.select(workers, task) } -> std::same_as<std::optional<std::size_t>>;
};

}}  // namespace workpool::v0
