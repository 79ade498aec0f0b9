#pragma once
#include <atomic>
#include <workpool/detail/pause.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A lock of one byte for sections of a few instructions that never run user code and never block.
/// Threads: any. Usable with std::lock_guard and std::unique_lock.
class spin_lock {
 public:
  bool try_lock() noexcept {
    return !held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire);
  }

  void lock() noexcept {
    for (spinner spin; !try_lock();) spin.once();
  }

  void unlock() noexcept { held_.store(false, std::memory_order_release); }

  /// Unlocks, and puts what was done under the lock before whatever this thread looks at by a sequentially consistent
  /// load afterwards. Who has passed a fence and then calls look() sees either that load's cause or what was done.
  /// Cost: less than unlock() and a fence.
  void unlock_in_order() noexcept { held_.exchange(false, std::memory_order_seq_cst); }
  void look() const noexcept { static_cast<void>(held_.load(std::memory_order_acquire)); }

 private:
  std::atomic<bool> held_{false};
};

}}}  // namespace workpool::v0::detail
