#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <workpool/core/task.hpp>
#include <workpool/detail/cache_line.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a worker's own tasks have submitted: it takes the newest, others take the oldest.
///
///     push ─► newest_ ─► ring: bottom_ … top_ ─► steal
///     pop  ◄─────┴─────────┘
///
/// The newest lies apart, so that a chain of tasks, each of which submits the next, costs a store and one locked
/// instruction a hop and never touches the ring, whose last element costs two.
/// Threads: push() and pop() by the owner, the rest by any.
/// Source: D. Chase and Y. Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005), sequentially consistent where owner
/// and thief meet, and of a fixed size: what does not fit goes to the queue. The slot is that of Go's scheduler.
class task_deque {
 public:
  static constexpr std::size_t capacity = 256;

  /// Gives: false when it is full.
  bool push(task* one) noexcept {
    if (newest_.load(std::memory_order_relaxed) == nullptr) {  // and stays so: thieves only take
      newest_.store(one, std::memory_order_release);
    } else {
      if (ring_size() == capacity) return false;
      if (task* const before = newest_.exchange(one, std::memory_order_acq_rel)) push_down(before);
    }
    pushes_.store(pushes_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return true;
  }

  /// Gives: the newest, or nullptr.
  task* pop() noexcept {
    if (task* const one = take_newest()) return one;
    return pop_up();
  }

  /// Gives: the oldest; nullptr when there is none or somebody else was faster.
  task* steal() noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top >= bottom_.load(std::memory_order_seq_cst)) return take_newest();
    task* const one = cell(top).load(std::memory_order_relaxed);
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst) ? one : nullptr;
  }

  /// How many there are; exact for the owner while nobody steals.
  std::size_t size() const noexcept {
    return ring_size() + (newest_.load(std::memory_order_acquire) != nullptr ? 1 : 0);
  }

  /// How often something has been pushed: who sees the same number and the same single task twice, while the owner has
  /// had the time to run it, has seen one that the owner does not get to.
  std::uint64_t pushes() const noexcept { return pushes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<task*>& cell(std::int64_t index) noexcept { return cells_[static_cast<std::size_t>(index) % capacity]; }

  std::size_t ring_size() const noexcept {
    const std::int64_t top = top_.load(std::memory_order_acquire);
    const std::int64_t bottom = bottom_.load(std::memory_order_acquire);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }

  task* take_newest() noexcept {
    if (newest_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return newest_.exchange(nullptr, std::memory_order_acq_rel);
  }

  void push_down(task* one) noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    cell(bottom).store(one, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
  }

  task* pop_up() noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom == top_.load(std::memory_order_relaxed)) return nullptr;  // only thieves change it, and only upwards
    bottom_.exchange(bottom - 1, std::memory_order_seq_cst);             // announced before the look at top
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    task* one = top < bottom ? cell(bottom - 1).load(std::memory_order_relaxed) : nullptr;
    if (top + 1 < bottom) return one;
    // The last one, or none: whoever moves the top has it.
    if (one != nullptr && !top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) one = nullptr;
    bottom_.store(bottom, std::memory_order_relaxed);
    return one;
  }

  alignas(cache_line) std::atomic<task*> newest_{nullptr};  // written by the owner, emptied by any
  std::atomic<std::uint64_t> pushes_{0};                    // of the owner, as is the next
  alignas(cache_line) std::atomic<std::int64_t> bottom_{0};
  alignas(cache_line) std::atomic<std::int64_t> top_{0};  // of whoever takes the last or the oldest
  alignas(cache_line) std::array<std::atomic<task*>, capacity> cells_{};
};

}}}  // namespace workpool::v0::detail
