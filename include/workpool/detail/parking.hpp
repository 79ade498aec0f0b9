#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/detail/recent_wake.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where the workers of one pool sleep. Every waiter is as good as the other: a notify wakes one of them, whichever.
///
/// A worker announces itself, looks for work once more, and then either retracts or parks. Somebody who wants all of
/// them to look around, and not to work, recalls them: a permit alone could be taken by the wrong one. A notifier
/// publishes the work and then *claims* a parked worker before it wakes it; from then on further notifiers do not see
/// that worker, so that a burst of submits pays for one wake and not for as many as fit into the time a wake takes
/// (20 µs and more).
/// Threads: any. Cost: a notify that finds nobody parked is one fence and one load of a line no busy worker writes.
/// Source: D. Vyukov's eventcount with the claim of a semaphore; performance measured against a semaphore per task
/// (309 ns), atomic::wait (429 ns) and an eventcount per push without claims (86 ns). One wake at a time, where each
/// worker that wakes up wakes the next, as in Go's scheduler, was tried and left out: two chains 7 % less, W1, W3, W7
/// and W10 within 1 %, the wait of a lone task 7 % more.
class parking {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// To be followed by another look for work, then by retract() or park(). Gives: what park() wants to know.
  std::uint64_t announce() noexcept {
    parked_.fetch_add(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return recalls_.load(std::memory_order_acquire);
  }

  /// Work was found after all.
  void retract() noexcept { leave(); }

  /// Blocks until notified or recalled; `announced` is what announce() gave.
  void park(std::uint64_t announced) noexcept { park_until(announced, time_point::max()); }

  /// Blocks until notified, recalled, or until `deadline`. Gives: false when it was the deadline.
  /// `me`: how a recall of some knows this waiter.
  bool park_until(std::uint64_t announced, time_point deadline, futex_mask me = any_sleeper) noexcept {
    const wake_up cause = consume(announced, deadline, me);
    if (cause == wake_up::permit) return true;
    leave();
    return cause == wake_up::recall;
  }

  /// Wakes everyone who has announced itself; nobody is claimed by it.
  void recall() noexcept { recall(any_sleeper); }

  /// The same for those that `who` means; others that are just about to park look around once more, too.
  void recall(futex_mask who) noexcept {
    recalls_.fetch_add(1, std::memory_order_seq_cst);
    permits_.fetch_add(permit_bits + 1, std::memory_order_seq_cst);  // whoever is about to sleep on it does not
    futex_wake_some(permits_, who);
  }

  /// Whether somebody is parked and not being woken; a guess.
  bool anyone() const noexcept { return parked_.load(std::memory_order_relaxed) != 0; }

  /// Gives: whether one was parked.
  bool notify_one() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return notify_one_in_order();
  }

  /// The same for a notifier whose work is seen by everybody who has announced himself too late for this look.
  bool notify_one_in_order() noexcept { return parked_.load(std::memory_order_seq_cst) != 0 && wake(1) != 0; }

  void notify_all() noexcept { notify_many(~std::uint32_t{0}); }

  /// Gives: how many were parked, at most `count`.
  std::uint32_t notify_many(std::uint32_t count) noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return wake(count);
  }

 private:
  // Takes up to `count` announced workers out of the count; gives how many.
  std::uint32_t claim(std::uint32_t count) noexcept {
    std::uint32_t parked = parked_.load(std::memory_order_relaxed);
    while (parked != 0) {
      const std::uint32_t taken = std::min(parked, count);
      if (parked_.compare_exchange_weak(parked, parked - taken, std::memory_order_relaxed)) return taken;
    }
    return 0;
  }

  std::uint32_t wake(std::uint32_t count) noexcept {
    const std::uint32_t claimed = claim(count);
    if (claimed == 0) return 0;
    permits_.fetch_add(claimed, std::memory_order_release);
    futex_wake(permits_, claimed);
    recent_wake::note();
    return claimed;
  }

  // Takes this worker out of the count, or a permit where a notifier has taken it out: left over, that would release
  // the next sleeper without cause. The permit is on its way, but another worker may take it first, and is then in the
  // count in place of this one. The claim comes first: with a permit that was meant for a sleeper this worker would run
  // on while he sleeps, though the pool needs both. Source: PERMIT_BEFORE_CLAIM of tests/model/parking.pml.
  void leave() noexcept {
    for (spinner spin; !claim(1) && !take_permit(); spin.once()) {
    }
  }

  bool take_permit() noexcept {
    std::uint32_t seen = permits_.load(std::memory_order_acquire);
    while ((seen & permit_bits) != 0) {
      if (permits_.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire)) return true;
    }
    return false;
  }

  enum class wake_up : std::uint8_t { permit, recall, deadline };

  wake_up consume(std::uint64_t announced, time_point deadline, futex_mask me) noexcept {
    for (;;) {
      if (take_permit()) return wake_up::permit;
      const std::uint32_t seen = permits_.load(std::memory_order_acquire);
      if ((seen & permit_bits) != 0) continue;
      if (recalls_.load(std::memory_order_acquire) != announced) return wake_up::recall;
      if (!futex_wait_until(permits_, seen, deadline, me)) return wake_up::deadline;
    }
  }

  static constexpr std::uint32_t permit_bits = 0xffff;  // the low half counts permits, the high half changes

  alignas(cache_line) std::atomic<std::uint32_t> parked_{0};  // announced and not claimed: workers add, claimers take
  alignas(cache_line) futex_word permits_{0};                 // claimed and not yet awake: notifiers add, sleepers take
  std::atomic<std::uint64_t> recalls_{0};  // all there were: half a word of them would be the same again one day
};

}}}  // namespace workpool::v0::detail
