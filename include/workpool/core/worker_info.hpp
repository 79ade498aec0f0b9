#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 {

/// Number of a task, from 1, unique in this process and not in the order of submission; 0 is no task.
using task_id = std::uint64_t;

/// Number of a worker's slot, from 0; a replacement takes over the slot of the worker it replaces.
using worker_id = std::uint32_t;

enum class worker_state : std::uint8_t { starting, idle, busy, stopping, unhealthy, dead };

/// How many worker_state values there are.
inline constexpr std::size_t worker_state_count = 6;

constexpr std::string_view to_string(worker_state state) noexcept {
  switch (state) {
    case worker_state::starting:
      return "starting";
    case worker_state::idle:
      return "idle";
    case worker_state::busy:
      return "busy";
    case worker_state::stopping:
      return "stopping";
    case worker_state::unhealthy:
      return "unhealthy";
    case worker_state::dead:
      return "dead";
  }
  return "invalid";
}

/// One worker at one moment. generation counts the workers its slot has had; pid is 0 for a thread; completed and
/// failed count the tasks of this worker; current is 0 while it runs none.
struct worker_info {
  worker_id id{};
  std::uint32_t generation{};
  worker_state state{};
  int pid{};
  time_point started_at{};
  std::uint64_t completed{}, failed{};
  std::size_t in_flight{};
  task_id current{};
};

}}  // namespace workpool::v0
