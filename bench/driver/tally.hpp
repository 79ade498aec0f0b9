#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace bench {

/// A count that many threads raise without sharing a cache line: one slot per thread, written by that thread alone.
/// Every Tag is a count of its own.
template <class Tag>
class tally {
 public:
  static constexpr std::size_t most_threads = 64;

  static void add(std::uint64_t by = 1) noexcept {
    slot* one = mine_;
    if (one == nullptr) one = mine_ = claim();
    one->count.store(one->count.load(std::memory_order_relaxed) + by, std::memory_order_release);
  }

  /// Exact once the threads rest; everything counted happened before.
  static std::uint64_t total() noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < threads(); ++i) sum += slots_[i].count.load(std::memory_order_acquire);
    return sum;
  }

  /// How many threads have ever counted.
  static std::size_t threads() noexcept { return claimed_.load(std::memory_order_acquire); }

 private:
  struct alignas(128) slot {
    std::atomic<std::uint64_t> count{0};
  };

  static slot* claim() noexcept {
    const std::size_t index = claimed_.fetch_add(1, std::memory_order_acq_rel);
    if (index >= most_threads) {
      std::fputs("bench: more threads than a tally has slots: raise tally::most_threads\n", stderr);
      std::abort();
    }
    return &slots_[index];
  }

  inline static slot slots_[most_threads]{};
  inline static std::atomic<std::size_t> claimed_{0};
  inline static thread_local constinit slot* mine_ = nullptr;
};

struct task_tag;
struct allocation_tag;
/// Tasks that ran.
using tasks_run = tally<task_tag>;
/// Calls of malloc and its kin.
using allocations = tally<allocation_tag>;

}  // namespace bench
