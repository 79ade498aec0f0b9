#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <workpool/detail/cache_line.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How many calls a worker process has begun, in memory it shares with its host: known of a worker that was killed,
/// too, and the host can take back what has not begun.
///
/// Every request carries the turn in which it was sent; the host takes back what it has sent so far by beginning the
/// next turn. Either the worker sees that before it begins a call, or the host sees that the call has begun: each
/// writes its word and then reads the other one, in one order of all of these (seq_cst). Neither writes the other's
/// word, so that no line of memory goes to and fro between them as long as nothing is taken back.
/// A request may also be sent in no turn at all: then it is never taken back.
/// Threads: one in the worker, one in the host. Source of its check: tests/model/call_mark.pml.
class call_mark {
 public:
  static constexpr std::uint32_t no_turn = ~std::uint32_t{0};
  static constexpr std::uint32_t turn_after(std::uint32_t turn) noexcept { return turn + 1 == no_turn ? 0 : turn + 1; }

  // In the host:
  /// No call of an earlier turn is begun any more. Gives: how many ever were, at most.
  std::uint64_t begin_turn(std::uint32_t turn) noexcept {
    turn_.store(turn, std::memory_order_seq_cst);
    return begun_.load(std::memory_order_seq_cst);
  }
  /// How many calls were ever begun. Said by the worker, which may not be believed.
  std::uint64_t begun() const noexcept { return begun_.load(std::memory_order_acquire); }
  /// How long requests have taken the worker, all together. The same holds for it.
  std::chrono::nanoseconds busy() const noexcept {
    return std::chrono::nanoseconds(busy_.load(std::memory_order_relaxed));
  }

  // In the worker:
  /// Gives: whether the next call, the `count`th, of a request of that turn, may be made.
  bool begin(std::uint64_t count, std::uint32_t turn) noexcept {
    begun_.store(count, std::memory_order_seq_cst);
    return turn == no_turn || turn_.load(std::memory_order_seq_cst) == turn;
  }
  void add_busy(std::chrono::nanoseconds time) noexcept {
    busy_.store(busy_.load(std::memory_order_relaxed) + time.count(), std::memory_order_relaxed);
  }

 private:
  alignas(cache_line) std::atomic<std::uint64_t> begun_{0};
  std::atomic<std::int64_t> busy_{0};
  alignas(cache_line) std::atomic<std::uint32_t> turn_{0};
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);
};

}}}  // namespace workpool::v0::detail
