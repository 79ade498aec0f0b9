#pragma once
#include <atomic>
#include <cstdint>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What one thread is running, and who may settle it: the thread itself when the body returns, or somebody who can no
/// longer wait for that and seizes it.
///
/// Threads: begin() and end() by the running thread, in turn; the rest by any. Cost: two stores and one atomic exchange
/// of a line of the running thread's own per task.
class run_slot {
 public:
  /// `worker`: who is held up when what runs here overruns; no_worker: nobody.
  explicit run_slot(worker_id worker = no_worker) noexcept : worker_(worker) {}
  run_slot(const run_slot&) = delete;
  run_slot& operator=(const run_slot&) = delete;

  void begin(task& one) noexcept { word_.store(address(one), std::memory_order_release); }

  /// `deadline`: when seize_late() may take it.
  void begin(task& one, time_point deadline) noexcept {
    deadline_.store(deadline, std::memory_order_relaxed);
    limited_ = true;
    word_.store(address(one), std::memory_order_seq_cst);  // before the runner looks when the next alarm is due
  }

  /// The body has returned and the callable is destroyed.
  /// Gives: true when the outcome is this thread's to tell; false when somebody else has settled the task meanwhile.
  /// Order: sequentially consistent, so that a thread which sees the slot empty knows what this one will see next.
  bool end(task& one) noexcept {
    std::uintptr_t expected = address(one);
    const bool mine = word_.compare_exchange_strong(expected, 0, std::memory_order_seq_cst) || end_contended(one);
    if (limited_) {
      limited_ = false;
      deadline_.store(time_point::max(), std::memory_order_relaxed);
    }
    return mine;
  }

  worker_id worker() const noexcept { return worker_; }
  bool empty() const noexcept { return word_.load(std::memory_order_seq_cst) == 0; }

  /// Whether somebody else has settled, or is settling, what still runs here.
  bool is_seized() const noexcept { return (word_.load(std::memory_order_acquire) & marks) != 0; }

  /// Takes the right and the duty to settle what is being run.
  /// Gives: the task with one reference for the caller; nullptr when nothing runs, it is seized already, or the slot
  /// was just changing hands: who must have it tries again.
  task* seize() noexcept { return seize_late(time_point::max()); }

  /// The same for what should have ended by `now`.
  task* seize_late(time_point now) noexcept {
    std::uintptr_t seen = word_.load(std::memory_order_seq_cst);
    if (seen == 0 || (seen & marks) != 0) return nullptr;
    // With the mark set, end() waits, and with it the reference of the running thread and the deadline.
    if (!word_.compare_exchange_strong(seen, seen | being_seized, std::memory_order_acq_rel)) return nullptr;
    if (deadline_.load(std::memory_order_relaxed) > now) {
      word_.store(seen, std::memory_order_release);
      return nullptr;
    }
    task* const one = reinterpret_cast<task*>(seen);
    one->add_reference();
    word_.store(seen | seized, std::memory_order_release);
    return one;
  }

  /// When what runs here is due to be seized; a guess while the slot changes hands.
  time_point deadline() const noexcept {
    const std::uintptr_t seen = word_.load(std::memory_order_seq_cst);
    return seen == 0 || (seen & marks) != 0 ? time_point::max() : deadline_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::uintptr_t being_seized = 1;
  static constexpr std::uintptr_t seized = 2;
  static constexpr std::uintptr_t marks = being_seized | seized;
  static_assert(alignof(task) > marks);

  bool end_contended(task& one) noexcept {
    for (spinner spin;; spin.once()) {
      std::uintptr_t expected = address(one);
      if (word_.compare_exchange_strong(expected, 0, std::memory_order_seq_cst)) return true;
      if (expected != (address(one) | seized)) continue;  // somebody is deciding whether to seize it
      word_.store(0, std::memory_order_seq_cst);
      return false;
    }
  }

  static std::uintptr_t address(task& one) noexcept { return reinterpret_cast<std::uintptr_t>(&one); }

  const worker_id worker_;
  bool limited_ = false;                                 // used by the running thread
  std::atomic<std::uintptr_t> word_{0};                  // the task and one of the marks; 0: between two tasks
  std::atomic<time_point> deadline_{time_point::max()};  // written before the word
};

}}}  // namespace workpool::v0::detail
