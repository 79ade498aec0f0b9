#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <workpool/detail/posix/futex.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Counts the bodies of an algorithm that refer to things on its caller's stack, so that it can wait for all of them to
/// be over: a future may be settled before its body has returned, by a timeout or a forced shutdown.
/// Threads: any. Memory: shared by the algorithm and its tickets.
class body_count {
  struct word {
    futex_word alive{0};
  };

 public:
  /// One body. Part of its callable, and so destroyed when the body has returned or can no longer start.
  class ticket {
   public:
    ticket(ticket&& other) noexcept = default;
    ticket& operator=(ticket&&) = delete;
    ~ticket() {
      if (word_ != nullptr && word_->alive.fetch_sub(1, std::memory_order_acq_rel) == 1) futex_wake_all(word_->alive);
    }

   private:
    friend body_count;
    explicit ticket(std::shared_ptr<word> counted) noexcept : word_(std::move(counted)) {
      word_->alive.fetch_add(1, std::memory_order_relaxed);
    }
    std::shared_ptr<word> word_;
  };

  ticket enter() const noexcept { return ticket(word_); }

  /// Whether no ticket is alive.
  bool none() const noexcept { return word_->alive.load(std::memory_order_acquire) == 0; }

  /// Blocks until no ticket is alive.
  void wait() const noexcept {
    for (std::uint32_t alive = 0; (alive = word_->alive.load(std::memory_order_acquire)) != 0;) {
      futex_wait(word_->alive, alive);
    }
  }

 private:
  std::shared_ptr<word> word_ = std::make_shared<word>();
};

}}}  // namespace workpool::v0::detail
