#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/detail/parking.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/worker_list.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where one of the parked workers of a pool keeps guard: it wakes now and then and looks after what lies in the hands
/// of the others, so that nobody has to be woken for a single task, which is mostly run by the worker that has it.
///
/// Threads: any; look_around() and hand_on() by the worker that is named.
class guard_post {
 public:
  /// Whether somebody keeps guard, or is about to look around.
  bool manned() const noexcept { return guarded_.load(std::memory_order_seq_cst); }
  /// Gives: whether the caller is on guard now.
  bool take() noexcept { return !guarded_.exchange(true, std::memory_order_seq_cst); }
  void leave() noexcept { guarded_.store(false, std::memory_order_seq_cst); }

  /// One turn of the worker on guard: what was forked is for anybody; a single task in a hand that has not moved since
  /// the last turn will not, as long as what its worker runs does not end, and may be what that waits for. Gives:
  /// whether there is one, now me.relieves.
  static bool look_around(const worker_list& workers, thread_worker& me) noexcept {
    bool seen_any = false;
    for (thread_worker& one : workers) {
      if (one.has_forked()) return true;
      if (one.own.size() == 0) continue;
      seen_any = true;
      if (std::exchange(one.seen_pushes, one.own.pushes()) != one.own.pushes()) continue;
      me.relieves = &one;
      return true;
    }
    me.guard_turn = seen_any ? thread_worker::first_guard_turn : std::min(2 * me.guard_turn, last_turn);
    return false;
  }

  /// The guard has something to do, or leaves. Not before that is another one of `parked` woken: while the first one is
  /// awake and finds nothing, they would hand the guard to and fro (measured: 40 wakes a submit, with three workers,
  /// one of them busy).
  static void hand_on(thread_worker& me, parking& parked) noexcept {
    if (std::exchange(me.was_on_guard, false)) parked.notify_one();
  }

 private:
  static constexpr duration last_turn = std::chrono::milliseconds(2);  // of a guard that has seen nothing for long

  std::atomic<bool> guarded_{false};
};

}}}  // namespace workpool::v0::detail
