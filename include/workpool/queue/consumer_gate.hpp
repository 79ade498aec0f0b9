#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/thread_number.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Keeps consumers out of the lanes while somebody goes through all of them: elements would be out of sight for a
/// moment, and come out of order.
///
/// Threads: any number of consumers at the same time; closures one at a time, which is up to their maker.
/// Blocks: a consumer for the length of a closure, a closure until the consumers inside have left: a few instructions,
/// for no user code runs in either. Cost: two atomic operations per passage, on a line shared by few threads.
class consumer_gate {
  struct alignas(cache_line) entrance {
    std::atomic<std::uint32_t> inside{0};
  };

 public:
  /// A consumer is among the elements.
  class passage {
   public:
    explicit passage(consumer_gate& gate) noexcept : inside_(gate.entrances_[thread_number() % entrances].inside) {
      for (;;) {
        inside_.fetch_add(1, std::memory_order_seq_cst);  // before the look at shut_, as closure does it the other way
        if (!gate.shut_.load(std::memory_order_seq_cst)) return;
        inside_.fetch_sub(1, std::memory_order_release);
        for (spinner spin; gate.shut_.load(std::memory_order_relaxed);) spin.once();
      }
    }
    passage(const passage&) = delete;
    passage& operator=(const passage&) = delete;
    ~passage() { inside_.fetch_sub(1, std::memory_order_release); }

   private:
    std::atomic<std::uint32_t>& inside_;
  };

  /// Nobody else is.
  class closure {
   public:
    explicit closure(consumer_gate& gate) noexcept : gate_(gate) {
      gate_.shut_.store(true, std::memory_order_seq_cst);
      for (entrance& one : gate_.entrances_) {
        for (spinner spin; one.inside.load(std::memory_order_seq_cst) != 0;) spin.once();
      }
    }
    closure(const closure&) = delete;
    closure& operator=(const closure&) = delete;
    ~closure() { gate_.shut_.store(false, std::memory_order_seq_cst); }

   private:
    consumer_gate& gate_;
  };

 private:
  static constexpr std::size_t entrances = 8;  // consumers that do not meet; a few more share a line

  std::array<entrance, entrances> entrances_;
  std::atomic<bool> shut_{false};  // written by closures
};

}}}  // namespace workpool::v0::detail
