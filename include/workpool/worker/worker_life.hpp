#pragma once
#include <cstdint>
#include <workpool/core/worker_info.hpp>

/// The life of a worker as a pure machine: (state, event) → state.
///
///     dead ──start──► starting ──ready──► idle ◄──take / finish──► busy
///                         └───────────────┴──────────stop──────────┴──► stopping ──end──► dead
namespace workpool { inline namespace v0 { namespace detail {

enum class worker_event : std::uint8_t {
  start,   // its next generation begins
  ready,   // it is set up and can take tasks
  take,    // it has a task
  finish,  // its task is over
  stop,    // it takes no more tasks
  end      // it is gone, expectedly or not
};

struct worker_step {
  worker_state next;
  bool taken = false;  // false: the event does not apply; next is the state unchanged
};

constexpr worker_step transition(worker_state now, worker_event event) noexcept {
  switch (event) {
    case worker_event::start:
      if (now == worker_state::dead) return {worker_state::starting, true};
      break;
    case worker_event::ready:
      if (now == worker_state::starting) return {worker_state::idle, true};
      break;
    case worker_event::take:
      if (now == worker_state::idle) return {worker_state::busy, true};
      break;
    case worker_event::finish:
      if (now == worker_state::busy) return {worker_state::idle, true};
      break;
    case worker_event::stop:
      if (now == worker_state::starting || now == worker_state::idle || now == worker_state::busy) {
        return {worker_state::stopping, true};
      }
      break;
    case worker_event::end:
      if (now != worker_state::dead) return {worker_state::dead, true};
      break;
  }
  return {now};
}

}}}  // namespace workpool::v0::detail
