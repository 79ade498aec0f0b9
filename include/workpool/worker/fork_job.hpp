#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/worker/this_worker.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One part of a fork: its forker runs it, unless another worker has taken it first. Lives on the forker's stack, which
/// does not go away before the part is over.
///
///     fork ─► in forker.forks ─┬─► popped by the forker, who calls it: nothing here is touched
///                              └─► stolen ─► run ─► over
///
/// It runs as a part of the task that forked it: that task's stop token, its waits, its errors.
/// Threads: run() by who has stolen it, rethrow() by the forker when it is over, the rest by any.
class fork_job {
 public:
  using body = void (*)(fork_job&);

  explicit fork_job(body call) noexcept : call_(call), forker_(innermost_run) {}
  fork_job(const fork_job&) = delete;
  fork_job& operator=(const fork_job&) = delete;

  /// Keeps what the body throws. Lets a forced unwind through.
  void run(thread_worker& here) {
    mark_ = here.forks.bottom();
    thief_.store(&here, std::memory_order_release);
    const struct last_step {
      fork_job& job;
      ~last_step() { job.end(); }
    } at_the_end{*this};
    const run_scope scope(*forker_->running, forker_->worker == no_worker ? no_worker : here.id());
    try {
      call_(*this);
    } catch (...) {
      error_ = std::current_exception();
      if (error_) return;
      lost_ = true;  // no exception: the thread is being ended
      throw;
    }
  }

  bool over() const noexcept { return state_.load(std::memory_order_acquire) == is_over; }

  /// Gives: a job that was forked on behalf of this one and that nobody has taken, for the caller to run; or nullptr.
  fork_job* steal_back() noexcept {
    thread_worker* const thief = thief_.load(std::memory_order_acquire);
    if (thief == nullptr) return nullptr;
    return thief->forks.steal_since(mark_, [this] { return !over(); });
  }

  /// Blocks until it is over.
  void sleep() noexcept {
    std::uint32_t seen = open;
    state_.compare_exchange_strong(seen, awaited, std::memory_order_acquire);
    while (!over()) futex_wait(state_, awaited);
  }

  /// Throws: what the body threw; worker_lost.
  void rethrow() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (lost_)
      raise(errc::worker_lost, "the thread of a worker ended in the middle of a part of " +
                                   forker_->running->describe() + ", which cannot be whole without it");
  }

 private:
  void end() noexcept {
    if (state_.exchange(is_over, std::memory_order_acq_rel) == awaited) futex_wake_all(state_);
  }

  static constexpr std::uint32_t open = 0, awaited = 1, is_over = 2;

  const body call_;
  const run_frame* const forker_;
  futex_word state_{open};
  bool lost_ = false;  // this and what follows is written by the thief
  std::int64_t mark_ = 0;
  std::atomic<thread_worker*> thief_{nullptr};
  std::exception_ptr error_;
};

/// What a worker runs that has taken a part which another one has forked.
class part_task final : public task {
 public:
  explicit part_task(thread_worker& here) noexcept : here_(here) {}

  /// Gives: whether there was one.
  bool take(thread_worker& forker) noexcept { return (part_ = forker.forks.steal()) != nullptr; }
  void invoke() override { part_->run(here_); }
  void drop() noexcept override {}

 private:
  thread_worker& here_;
  fork_job* part_ = nullptr;
};

}}}  // namespace workpool::v0::detail
