#pragma once
#include <atomic>
#include <cstddef>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/asymmetric_fence.hpp>
#include <workpool/detail/spin_lock.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A lock that costs next to nothing as long as one and the same thread takes it: it belongs to the first one, until a
/// second one comes; from then on it is an ordinary spin lock. For sections of a few instructions that never run user
/// code and never block.
///
///     fresh ─► biased towards the first thread ─► ordinary
///
/// Threads: any; each says by which number, that no other thread ever has, it goes. Cost: to its owner one locked
/// instruction, which the order of unlock_in_order() needs; to others two, and to the one that ends the bias a heavy
/// fence. Source: biased locking (D. Dice, M. Moir, W. Scherer, "Quickly Reacquirable Locks", 2003).
class revocable_lock {
 public:
  class [[nodiscard]] section {
   public:
    section(revocable_lock& lock, std::size_t thread) noexcept : lock_(lock), biased_(lock.enter_biased(thread + 1)) {
      if (!biased_) lock_.enter(thread + 1);
    }
    section(const section&) = delete;
    section& operator=(const section&) = delete;
    /// Puts what was done in it before whatever this thread looks at by a sequentially consistent load afterwards. Who
    /// has passed a fence and then calls look() sees either that load's cause or what was done.
    ~section() {
      if (biased_) {
        lock_.inside_.exchange(false, std::memory_order_seq_cst);
      } else {
        lock_.ordinary_.unlock_in_order();
      }
    }

   private:
    revocable_lock& lock_;
    const bool biased_;
  };

  /// Keeps everybody out for a while, and leaves the bias as it was.
  void lock() noexcept {
    ordinary_.lock();
    before_ = revoke();
  }
  void unlock() noexcept {
    bias_.store(before_, std::memory_order_release);
    ordinary_.unlock();
  }

  void look() const noexcept {
    static_cast<void>(inside_.load(std::memory_order_acquire));
    ordinary_.look();
  }

 private:
  static constexpr std::size_t fresh = 0, revoked = ~std::size_t{0};

  bool enter_biased(std::size_t thread) noexcept {
    if (bias_.load(std::memory_order_relaxed) != thread) return false;
    inside_.store(true, std::memory_order_relaxed);
    light_fence();
    if (bias_.load(std::memory_order_acquire) == thread) [[likely]]
      return true;
    inside_.store(false, std::memory_order_release);
    return false;
  }

  void enter(std::size_t thread) noexcept {
    ordinary_.lock();
    const std::size_t bias = bias_.load(std::memory_order_relaxed);
    if (bias == fresh) {
      bias_.store(thread, std::memory_order_relaxed);  // from its next section on
    } else if (bias != revoked) {
      revoke();
    }
  }

  // The caller holds the ordinary lock. Gives: towards whom the lock was biased.
  std::size_t revoke() noexcept {
    const std::size_t before = bias_.load(std::memory_order_relaxed);
    if (before == revoked) return before;
    bias_.store(revoked, std::memory_order_relaxed);
    if (before == fresh) return before;
    heavy_fence();
    for (spinner spin; inside_.load(std::memory_order_acquire);) spin.once();
    return before;
  }

  std::atomic<std::size_t> bias_{fresh};  // a thread's number and 1; written under the ordinary lock
  std::atomic<bool> inside_{false};       // written by that thread
  spin_lock ordinary_;
  std::size_t before_ = fresh;  // used by who has locked everybody out
};

}}}  // namespace workpool::v0::detail
