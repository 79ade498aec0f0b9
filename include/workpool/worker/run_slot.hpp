#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/biased_lock.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What one thread is running, and who may settle it: the thread itself when the body returns, or somebody who can no
/// longer wait for that and seizes it.
///
/// Threads: begin() and end() by the running thread, in turn; the rest by any. Cost: a few stores to lines of the
/// running thread's own per task; a seizure pays for both.
class run_slot {
 public:
  /// `worker`: who is held up when what runs here overruns; no_worker: nobody.
  explicit run_slot(worker_id worker = no_worker) noexcept : worker_(worker) {}
  run_slot(const run_slot&) = delete;
  run_slot& operator=(const run_slot&) = delete;

  void begin(task& one) noexcept { running_.store(&one, std::memory_order_release); }

  /// `deadline`: when seize_late() may take it.
  void begin(task& one, time_point deadline) noexcept {
    deadline_.store(deadline, std::memory_order_relaxed);
    limited_ = true;
    running_.store(&one, std::memory_order_seq_cst);  // before the runner looks when the next alarm is due
  }

  /// The body has returned and the callable is destroyed.
  /// Gives: true when the outcome is this thread's to tell; false when somebody else has settled the task meanwhile.
  /// Order: a thread that sees the slot empty after a heavy_fence() knows that this one sees what was written before
  /// that fence when it looks next.
  bool end() noexcept {
    const biased_lock::owner hold(lock_);
    running_.store(nullptr, std::memory_order_release);
    if (limited_) {
      limited_ = false;
      deadline_.store(time_point::max(), std::memory_order_relaxed);
    }
    if (!seized_.load(std::memory_order_relaxed)) [[likely]]
      return true;
    seized_.store(false, std::memory_order_relaxed);
    return false;
  }

  worker_id worker() const noexcept { return worker_; }
  bool empty() const noexcept { return running_.load(std::memory_order_seq_cst) == nullptr; }

  /// Whether somebody else has settled, or is settling, what still runs here.
  bool is_seized() const noexcept { return seized_.load(std::memory_order_acquire); }

  /// Takes the right and the duty to settle what is being run.
  /// Gives: the task with one reference for the caller; nullptr when nothing runs, or it is seized already.
  task* seize() noexcept { return seize_late(time_point::max()); }

  /// The same for what should have ended by `now`.
  task* seize_late(time_point now) noexcept {
    if (empty() || is_seized() || deadline_.load(std::memory_order_relaxed) > now) return nullptr;  // mostly
    const biased_lock::other hold(lock_);
    task* const one = running_.load(std::memory_order_acquire);
    if (one == nullptr || is_seized() || deadline_.load(std::memory_order_relaxed) > now) return nullptr;
    one->add_reference();  // end() waits, and with it the reference of the running thread
    seized_.store(true, std::memory_order_release);
    return one;
  }

  /// An attempt that should have ended by now, and its task is not over: the body is to be asked to stop.
  struct late_attempt {
    task* one = nullptr;  // with one reference for the caller; nullptr: there is none
    task_step stop{};     // for its tell_to_stop()
  };

  /// Finds such an attempt, once. From then on what runs here is due when its task expires, or is cancelled, which is
  /// looked for every 50 ms.
  late_attempt overrun(time_point now) noexcept {
    if (empty() || is_seized() || deadline_.load(std::memory_order_relaxed) > now) return {};  // mostly
    const biased_lock::other hold(lock_);
    task* const one = running_.load(std::memory_order_acquire);
    if (one == nullptr || is_seized() || deadline_.load(std::memory_order_relaxed) > now) return {};
    const task_step step = one->overrun(now);
    if (!step.taken && !one->waits_for_its_body(now)) return {};
    constexpr duration pause = std::chrono::milliseconds(50);
    deadline_.store(std::min(one->expires_at(), after(now, pause)), std::memory_order_relaxed);
    if (!step.taken) return {};
    one->add_reference();
    return {one, step};
  }

  /// When what runs here is due to be seized; a guess while the slot changes hands.
  time_point deadline() const noexcept {
    return empty() || is_seized() ? time_point::max() : deadline_.load(std::memory_order_relaxed);
  }

 private:
  const worker_id worker_;
  bool limited_ = false;  // used by the running thread
  biased_lock lock_;      // between end() and whoever seizes
  std::atomic<bool> seized_{false};
  std::atomic<task*> running_{nullptr};                  // nullptr: between two tasks
  std::atomic<time_point> deadline_{time_point::max()};  // written before it
};

}}}  // namespace workpool::v0::detail
