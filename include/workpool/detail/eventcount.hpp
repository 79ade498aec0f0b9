#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <workpool/detail/posix/futex.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Sleeping until a condition written in other variables may have become true: a condition variable without a mutex.
///
/// Threads: any. A waiter announces itself, looks at its condition again, and only then sleeps; a notifier changes the
/// condition and then notifies. The full fences on both sides make sure that one of the two sees the other: either the
/// waiter finds the condition true, or the notifier finds the waiter.
/// Cost: a notify that finds nobody is one fence and one load.
/// Source: D. Vyukov, "eventcount" (2008); the epoch form is folly's EventCount.
class eventcount {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Blocks until `condition()` is true or `deadline` has passed.
  /// Gives: what `condition()` said last.
  template <class Condition>
  bool await(Condition condition, time_point deadline = time_point::max()) {
    while (!condition()) {
      const waiter self(*this);
      if (condition()) return true;
      if (!futex_wait_until(epoch_, self.epoch, deadline)) return condition();
    }
    return true;
  }

  void notify_one() noexcept { notify(1); }
  void notify_all() noexcept { notify(INT_MAX); }

 private:
  struct waiter {
    explicit waiter(eventcount& event) noexcept : owner(event) {
      owner.waiters_.fetch_add(1, std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      epoch = owner.epoch_.load(std::memory_order_acquire);
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() { owner.waiters_.fetch_sub(1, std::memory_order_relaxed); }

    eventcount& owner;
    std::uint32_t epoch = 0;
  };

  void notify(std::uint32_t count) noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (waiters_.load(std::memory_order_relaxed) == 0) return;
    epoch_.fetch_add(1, std::memory_order_release);
    futex_wake(epoch_, count);
  }

  futex_word epoch_{0};                    // written by notifiers; a change releases every waiter that read the old one
  std::atomic<std::uint32_t> waiters_{0};  // announced waiters; written by them alone
};

}}}  // namespace workpool::v0::detail
