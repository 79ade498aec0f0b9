#pragma once
#include <cstdint>

namespace workpool { inline namespace v0 { namespace detail {

/// Where a pool stands. It only ever moves on.
enum class pool_phase : std::uint8_t {
  running,   // accepts tasks
  draining,  // accepts none; what it has accepted still runs
  stopped    // every accepted task has its outcome
};

/// What a worker that has nothing in hand does next: a pure decision.
enum class dispatch : std::uint8_t {
  pull,   // look for a task
  yield,  // look again in a moment
  park,   // sleep until there is work
  halt,   // sleep until the pool is resumed
  leave   // end the thread
};

struct dispatch_case {
  pool_phase phase;
  bool paused;
  bool looked;          // the last look found nothing
  bool work_in_sight;   // the queue may hold something
  unsigned looks_left;  // before it parks
};

constexpr dispatch decide(const dispatch_case& now) noexcept {
  if (now.phase == pool_phase::running && now.paused) return dispatch::halt;
  if (!now.looked || now.work_in_sight) return dispatch::pull;
  if (now.phase != pool_phase::running) return dispatch::leave;
  return now.looks_left > 0 ? dispatch::yield : dispatch::park;
}

}}}  // namespace workpool::v0::detail
