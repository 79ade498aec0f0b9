#pragma once
#include <atomic>
#include <cstdint>
#include <workpool/core/task.hpp>
#include <workpool/detail/pause.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What one thread is running, and who may settle it: the thread itself when the body returns, or somebody who can no
/// longer wait for that and seizes it.
///
/// Threads: begin() and end() by the running thread, in turn; the rest by any. Cost: one store and one atomic exchange
/// of a line of the running thread's own per task.
class run_slot {
 public:
  run_slot() = default;
  run_slot(const run_slot&) = delete;
  run_slot& operator=(const run_slot&) = delete;

  void begin(task& one) noexcept { word_.store(address(one), std::memory_order_release); }

  /// The body has returned and the callable is destroyed.
  /// Gives: true when the outcome is this thread's to tell; false when somebody else has settled the task meanwhile.
  /// Order: sequentially consistent, so that a thread which sees the slot empty knows what this one will see next.
  bool end(task& one) noexcept {
    std::uintptr_t expected = address(one);
    if (word_.compare_exchange_strong(expected, 0, std::memory_order_seq_cst)) return true;
    for (spinner spin; word_.load(std::memory_order_acquire) != (address(one) | seized);) spin.once();
    word_.store(0, std::memory_order_seq_cst);
    return false;
  }

  bool empty() const noexcept { return word_.load(std::memory_order_seq_cst) == 0; }

  /// Whether somebody else has settled, or is settling, what still runs here.
  bool is_seized() const noexcept { return (word_.load(std::memory_order_acquire) & marks) != 0; }

  /// Takes the right and the duty to settle what is being run.
  /// Gives: the task with one reference for the caller; nullptr when nothing runs, it is seized already, or the slot
  /// was just changing hands: who must have it tries again.
  task* seize() noexcept {
    std::uintptr_t seen = word_.load(std::memory_order_acquire);
    if (seen == 0 || (seen & marks) != 0) return nullptr;
    // With the mark set, end() waits, and with it the reference of the running thread.
    if (!word_.compare_exchange_strong(seen, seen | being_seized, std::memory_order_acq_rel)) return nullptr;
    task* const one = reinterpret_cast<task*>(seen);
    one->add_reference();
    word_.store(seen | seized, std::memory_order_release);
    return one;
  }

 private:
  static constexpr std::uintptr_t being_seized = 1;
  static constexpr std::uintptr_t seized = 2;
  static constexpr std::uintptr_t marks = being_seized | seized;
  static_assert(alignof(task) > marks);

  static std::uintptr_t address(task& one) noexcept { return reinterpret_cast<std::uintptr_t>(&one); }

  std::atomic<std::uintptr_t> word_{0};  // the task and one of the marks; 0: between two tasks
};

}}}  // namespace workpool::v0::detail
