#pragma once
#include <exception>
#include <utility>
#include <workpool/config.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 { namespace detail {

class task;

/// What a task needs of the pool that accepted it, and a thread of the pool it works for. All of it is off the hot
/// path. Threads: any. A pool stays alive while one of its tasks is not in the books yet, and while it is retained.
class task_owner {
 public:
  /// `one`, which waited, was withdrawn: its place is free and it belongs into the books.
  virtual void withdrawn(task& one, outcome result) noexcept = 0;
  /// The calling thread has started `one`, which still lies in the queue, and wants it run here and now.
  virtual void run_here(task& one) = 0;
  /// This thread works for the pool and waits for `one`, which may belong to any pool.
  /// Gives: whether it is settled. Throws: would_deadlock.
  virtual bool wait_inside(task& one, time_point deadline) = 0;
  /// Whether a thread of the pool may start a task now, in the middle of another one.
  virtual bool lets_help() const noexcept = 0;
  /// A task that may be run more than once is about to be accepted.
  virtual void expect_attempts() noexcept {}
  /// One of those has its outcome, or was not accepted.
  virtual void expect_no_more() noexcept {}
  /// An attempt of `one`, which the calling thread runs, has ended so; there is to be another one from `when` on.
  /// Gives: whether there will be; the task then is somebody else's.
  virtual bool put_back(task&, outcome, time_point) noexcept { return false; }
  /// The error of a task was never looked at, and now nobody can.
  virtual void unobserved(task_id id, const std::exception_ptr& error) noexcept = 0;
  virtual void retain() noexcept = 0;
  virtual void release() noexcept = 0;

 protected:
  ~task_owner() = default;
};

/// The pool on whose behalf this thread runs user code: as its worker, or as a guest that runs or withdraws a task.
WORKPOOL_ONE_PER_PROCESS inline thread_local constinit task_owner* working_for = nullptr;

/// Keeps a pool alive and marks the thread while it settles one of the pool's tasks from outside.
class guest_visit {
 public:
  explicit guest_visit(task_owner& owner) noexcept : owner_(owner), before_(std::exchange(working_for, &owner)) {
    owner_.retain();
  }
  guest_visit(const guest_visit&) = delete;
  guest_visit& operator=(const guest_visit&) = delete;
  ~guest_visit() {
    working_for = before_;
    owner_.release();
  }

 private:
  task_owner& owner_;
  task_owner* before_;
};

}}}  // namespace workpool::v0::detail
