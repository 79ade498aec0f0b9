#pragma once
#include <atomic>
#include <cstdint>
#include <workpool/detail/cache_line.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How many calls a worker process has begun, in memory it shares with its host: known of a worker that was killed,
/// too, and the host can take back what has not begun.
///
/// Either the worker sees that the rest was taken back, or the host sees that a call has begun: each writes its word
/// and then reads the other one, in one order of all of these (seq_cst). Neither writes the other's word, so that no
/// line of memory goes to and fro between them as long as nothing is taken back.
/// Threads: one in the worker, one in the host; renew() while the worker has nothing to do.
class call_mark {
 public:
  // In the host:
  void renew() noexcept {
    if (revoked_.load(std::memory_order_relaxed) != 0) revoked_.store(0, std::memory_order_relaxed);
  }
  /// No further call is begun. Gives: how many ever were, at most.
  std::uint64_t revoke() noexcept {
    revoked_.store(1, std::memory_order_seq_cst);
    return begun_.load(std::memory_order_seq_cst);
  }
  /// How many calls were ever begun. Said by the worker, which may not be believed.
  std::uint64_t begun() const noexcept { return begun_.load(std::memory_order_acquire); }

  // In the worker:
  /// Gives: whether the next call, the `count`th, may be made.
  bool begin(std::uint64_t count) noexcept {
    begun_.store(count, std::memory_order_seq_cst);
    return revoked_.load(std::memory_order_seq_cst) == 0;
  }

 private:
  alignas(cache_line) std::atomic<std::uint64_t> begun_{0};
  alignas(cache_line) std::atomic<std::uint32_t> revoked_{0};
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);
};

}}}  // namespace workpool::v0::detail
