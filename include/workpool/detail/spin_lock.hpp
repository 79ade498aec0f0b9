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

 private:
  std::atomic<bool> held_{false};
};

}}}  // namespace workpool::v0::detail
