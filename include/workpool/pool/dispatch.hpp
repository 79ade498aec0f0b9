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
  park,   // sleep until there is work; leave when there will be none
  halt,   // sleep until the pool is resumed
  leave   // end the thread
};

struct dispatch_case {
  pool_phase phase = pool_phase::running;
  bool wanted = true;  // the pool has not become too large for this worker
  bool paused = false;
  bool looked = false;         // the last look found nothing
  bool work_in_sight = false;  // the queue may hold something
  bool more_to_come = false;   // something is on its way into the queue, although the pool accepts nothing more
  unsigned looks_left = 0;     // before it parks
};

constexpr dispatch decide(const dispatch_case& now) noexcept {
  if (!now.wanted) return dispatch::leave;
  if (now.phase == pool_phase::running && now.paused) return dispatch::halt;
  if (!now.looked || now.work_in_sight) return dispatch::pull;
  if (now.phase != pool_phase::running && !now.more_to_come) return dispatch::park;
  return now.looks_left > 0 ? dispatch::yield : dispatch::park;
}

}}}  // namespace workpool::v0::detail
