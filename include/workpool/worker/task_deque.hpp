#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <workpool/core/task.hpp>
#include <workpool/detail/biased_lock.hpp>
#include <workpool/detail/cache_line.hpp>
#include <workpool/worker/chase_lev_deque.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a worker's own tasks have submitted: it takes the newest, others take the oldest.
///
///     push ─► newest_ ─► older_: bottom … top ─► steal
///     pop  ◄─────┴─────────┘
///
/// The newest lies apart, so that a chain of tasks, each of which submits the next, costs some stores a hop and never
/// touches the ring, whose last element costs two locked instructions. A thief pays for that with a heavy fence, and
/// takes the newest only where the owner does not get to it.
/// Threads: push() and pop() by the owner, the rest by any. Source: the slot is that of Go's scheduler.
class task_deque {
  using ring = chase_lev_deque<task, 256>;

 public:
  static constexpr std::size_t capacity = ring::capacity;  // and one

  /// Gives: false when it is full.
  bool push(task* one) noexcept {
    if (newest_.load(std::memory_order_relaxed) == nullptr) {  // and stays so: thieves only take
      newest_.store(one, std::memory_order_release);
    } else if (!push_above(one)) {
      return false;
    }
    pushes_.store(pushes_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return true;
  }

  /// Gives: the newest, or nullptr.
  [[gnu::always_inline]] task* pop() noexcept {
    if (newest_.load(std::memory_order_relaxed) != nullptr) {
      if (task* const one = put_newest(nullptr)) return one;
    }
    return pop_older();
  }

  /// Gives: the oldest; nullptr when there is none or somebody else was faster.
  task* steal() noexcept { return has_older() ? older_.steal() : steal_newest(); }

  /// How many there are; exact for the owner while nobody steals.
  std::size_t size() const noexcept {
    return older_.size() + (newest_.load(std::memory_order_acquire) != nullptr ? 1 : 0);
  }

  bool has_newest() const noexcept { return newest_.load(std::memory_order_relaxed) != nullptr; }

  /// Whether there are some that are not the newest, and may wait for long: chains of tasks grow from the newest one.
  [[gnu::always_inline]] bool has_older() const noexcept { return !older_.empty(); }

  /// How often something has been pushed: who sees the same number and the same single task twice, while the owner has
  /// had the time to run it, has seen one that the owner does not get to.
  std::uint64_t pushes() const noexcept { return pushes_.load(std::memory_order_relaxed); }

 private:
  [[gnu::noinline]] bool push_above(task* one) noexcept {
    if (older_.size() == capacity) return false;
    if (task* const before = put_newest(one)) older_.push(before);
    return true;
  }

  [[gnu::noinline]] task* pop_older() noexcept { return older_.pop(); }

  // Gives: what was there, if no thief has it.
  task* put_newest(task* one) noexcept {
    const biased_lock::owner hold(lock_);
    task* const before = newest_.load(std::memory_order_relaxed);
    newest_.store(one, std::memory_order_release);
    return before;
  }

  task* steal_newest() noexcept {
    if (newest_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    const biased_lock::other hold(lock_);
    task* const one = newest_.load(std::memory_order_acquire);
    // Where nothing is, the owner puts something without the lock.
    if (one != nullptr) newest_.store(nullptr, std::memory_order_relaxed);
    return one;
  }

  alignas(cache_line) biased_lock lock_;  // of newest_, but for putting something where nothing was
  std::atomic<task*> newest_{nullptr};
  std::atomic<std::uint64_t> pushes_{0};  // of the owner
  ring older_;
};

}}}  // namespace workpool::v0::detail
