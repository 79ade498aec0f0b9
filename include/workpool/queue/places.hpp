#pragma once
#include <atomic>
#include <cstddef>
#include <workpool/core/clock.hpp>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/eventcount.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The places of a bounded queue, counted so that the capacity is never exceeded, not even for a moment.
/// Threads: any. A capacity of 0 means no limit; nothing is counted then.
class places {
 public:
  explicit places(std::size_t capacity) noexcept : capacity_(capacity) {}

  bool bounded() const noexcept { return capacity_ != 0; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

  /// All or none.
  bool try_acquire(std::size_t count = 1) noexcept {
    if (!bounded()) return true;
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    while (count <= capacity_ - taken) {
      if (taken_.compare_exchange_weak(taken, taken + count, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  /// Blocks until a place is acquired, `give_up()` is true or `deadline` has passed. Gives: whether it was acquired.
  template <class GiveUp>
  bool acquire_until(time_point deadline, GiveUp give_up) {
    bool acquired = false;
    free_.await([&] { return (acquired = !give_up() && try_acquire()) || give_up(); }, deadline);
    return acquired;
  }

  void release() noexcept {
    if (!bounded()) return;
    taken_.fetch_sub(1, std::memory_order_relaxed);
    free_.notify_one();
  }

  /// Lets every blocked thread ask its give_up() again.
  void wake_all() noexcept { free_.notify_all(); }

 private:
  const std::size_t capacity_;
  alignas(cache_line) std::atomic<std::size_t> taken_{
      0};  // ≤ capacity_; every producer and consumer of a bounded queue
  eventcount free_;
};

}}}  // namespace workpool::v0::detail
