#pragma once
#include <mutex>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_owner.hpp>
#include <workpool/detail/posix/process_mark.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a task that runs in another process asks of those who have sent it there. Nothing is done where it does not
/// run.
class task_stopper {
 public:
  /// See remote_body.
  virtual void recall(task& one) noexcept = 0;
  /// Settles it as cancelled at once. Gives: stop_requested when it did.
  virtual cancel_result stop(task& one) noexcept = 0;
  /// Asks it to stop: it ends when the call that runs has returned, and of those after it none is made.
  virtual void end_early(task& one) noexcept = 0;
  /// Takes in answers on this thread, which waits for this one, for a short while and not far beyond `deadline`.
  /// Gives: whether it is settled.
  virtual bool collect(task& one, time_point deadline) noexcept = 0;

 protected:
  ~task_stopper() = default;
};

/// The way from a task, which may outlive its pool, to that pool while it is there. Threads: any.
class crew_link {
 public:
  crew_link(task_owner& pool, task_stopper& crew) noexcept : pool_(&pool), crew_(&crew) {}
  crew_link(const crew_link&) = delete;
  crew_link& operator=(const crew_link&) = delete;

  cancel_result stop(task& one) noexcept {
    cancel_result answer = cancel_result::too_late;
    while_there([&] { answer = crew_->stop(one); });
    return answer;
  }
  bool recall(task& one) noexcept {
    bool asked = false;
    while_there([&] {
      crew_->recall(one);
      asked = true;
    });
    return asked;
  }
  void end_early(task& one) noexcept {
    while_there([&] { crew_->end_early(one); });
  }
  bool collect(task& one, time_point deadline) noexcept {
    while_there([&] { crew_->collect(one, deadline); });
    return one.settled();
  }

  /// The pool ends; to be called while it is alive.
  void cut() noexcept {
    const std::lock_guard hold(mutex_);
    pool_ = nullptr;
  }

 private:
  template <class Act>
  void while_there(Act act) noexcept {
    if (!mark_.same()) return;  // a fork: the pool, its lock and what it shares with workers are the parent's
    task_owner* pool = nullptr;
    {
      const std::lock_guard hold(mutex_);
      pool = pool_;
      if (pool == nullptr) return;
      pool->retain();
    }
    act();
    pool->release();
  }

  const process_mark mark_ = process_mark::current();
  std::mutex mutex_;
  task_owner* pool_;          // guarded by mutex_
  task_stopper* const crew_;  // there as long as the pool
};

}}}  // namespace workpool::v0::detail
