#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <workpool/detail/cache_line.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Pointers in a ring of a fixed size: its owner pushes and pops at the bottom, anybody steals at the top.
/// Threads: push(), pop() and bottom() by the owner, the rest by any. Cost: a push is two stores, a pop one locked
/// instruction, and two when it takes the last one, for which it competes with thieves.
/// Source: D. Chase and Y. Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005), sequentially consistent where owner
/// and thief meet, and of a fixed size.
template <class T, std::size_t Capacity>
class chase_lev_deque {
 public:
  static constexpr std::size_t capacity = Capacity;

  /// Gives: false when it is full.
  bool push(T* one) noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom - top_.load(std::memory_order_acquire) == static_cast<std::int64_t>(capacity)) return false;
    cell(bottom).store(one, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
    return true;
  }

  /// Gives: the newest, or nullptr.
  T* pop() noexcept {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom == top_.load(std::memory_order_relaxed)) return nullptr;  // only thieves change it, and only upwards
    bottom_.exchange(bottom - 1, std::memory_order_seq_cst);             // announced before the look at top
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    T* one = top < bottom ? cell(bottom - 1).load(std::memory_order_relaxed) : nullptr;
    if (top + 1 < bottom) return one;
    // The last one, or none: whoever moves the top has it.
    if (one != nullptr && !top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst)) one = nullptr;
    bottom_.store(bottom, std::memory_order_relaxed);
    return one;
  }

  /// Gives: the oldest; nullptr when there is none or somebody else was faster.
  T* steal() noexcept {
    return steal_since(0, [] { return true; });
  }

  /// The same, but only what was pushed when bottom() was already `mark`, and only where `still()` holds at a moment at
  /// which it lies here.
  template <class Condition>
  T* steal_since(std::int64_t mark, Condition still) noexcept {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top < mark || top >= bottom_.load(std::memory_order_seq_cst)) return nullptr;
    T* const one = cell(top).load(std::memory_order_relaxed);
    if (!still()) return nullptr;
    // The top has not moved since: what is at the top leaves only by moving it.
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst) ? one : nullptr;
  }

  /// Where the next push goes; it never falls below the marks of what has not been popped or stolen.
  std::int64_t bottom() const noexcept { return bottom_.load(std::memory_order_relaxed); }

  [[gnu::always_inline]] bool empty() const noexcept {
    return bottom_.load(std::memory_order_acquire) <= top_.load(std::memory_order_acquire);
  }

  /// How many there are; exact for the owner while nobody steals.
  std::size_t size() const noexcept {
    const std::int64_t top = top_.load(std::memory_order_acquire);
    const std::int64_t bottom = bottom_.load(std::memory_order_acquire);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }

 private:
  std::atomic<T*>& cell(std::int64_t index) noexcept { return cells_[static_cast<std::size_t>(index) % capacity]; }

  alignas(cache_line) std::atomic<std::int64_t> bottom_{0};  // of the owner
  alignas(cache_line) std::atomic<std::int64_t> top_{0};     // of whoever takes the last or the oldest
  alignas(cache_line) std::array<std::atomic<T*>, capacity> cells_{};
};

}}}  // namespace workpool::v0::detail
