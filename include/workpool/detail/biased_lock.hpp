#pragma once
#include <atomic>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/asymmetric_fence.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Mutual exclusion between one thread that needs it all the time, the owner, and others that hardly ever do.
///
///     owner: inside_ = 1, light fence, nobody has claimed it? ─► in
///     other: claim it, heavy fence, the owner is not inside?  ─► in
///
/// One of the two sees the other, whichever comes first; who is inside keeps the others out, and an owner that meets a
/// claim steps back. For a few instructions without foreign code.
/// Threads: owner() by one thread at a time, other() by any. Blocks: both, by spinning, for as long as another one is
/// inside. Cost: the owner three stores of its own line, no locked instruction; others a heavy fence.
/// Source: biased locking (D. Dice, M. Moir, W. Scherer, "Quickly Reacquirable Locks", 2003) without the reversal.
class biased_lock {
 public:
  class [[nodiscard]] owner {
   public:
    explicit owner(biased_lock& lock) noexcept : lock_(lock) {
      lock_.inside_.store(true, std::memory_order_relaxed);
      light_fence();
      if (lock_.claimed_.load(std::memory_order_acquire)) [[unlikely]]
        lock_.step_back();
    }
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;
    ~owner() { lock_.inside_.store(false, std::memory_order_release); }

   private:
    biased_lock& lock_;
  };

  class [[nodiscard]] other {
   public:
    explicit other(biased_lock& lock) noexcept : lock_(lock) {
      for (spinner spin; lock_.kept_out_.load(std::memory_order_relaxed) ||
                         lock_.claimed_.exchange(true, std::memory_order_acquire);) {
        spin.once();
      }
      heavy_fence();
      for (spinner spin; lock_.inside_.load(std::memory_order_acquire);) spin.once();
    }
    other(const other&) = delete;
    other& operator=(const other&) = delete;
    ~other() { lock_.claimed_.store(false, std::memory_order_release); }

   private:
    biased_lock& lock_;
  };

 private:
  [[gnu::noinline]] void step_back() noexcept {
    kept_out_.store(true, std::memory_order_relaxed);  // others who come now come after the owner
    do {
      inside_.store(false, std::memory_order_release);
      for (spinner spin; claimed_.load(std::memory_order_acquire);) spin.once();
      inside_.store(true, std::memory_order_relaxed);
      light_fence();
    } while (claimed_.load(std::memory_order_acquire));
    kept_out_.store(false, std::memory_order_relaxed);
  }

  std::atomic<bool> inside_{false};    // written by the owner
  std::atomic<bool> kept_out_{false};  // likewise
  std::atomic<bool> claimed_{false};   // written by the others
};

}}}  // namespace workpool::v0::detail
