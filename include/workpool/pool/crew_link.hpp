#pragma once
#include <mutex>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_owner.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Who can stop a task that runs in another process.
class task_stopper {
 public:
  /// Gives: stop_requested when it ran, and it is settled then.
  virtual cancel_result stop(task& one) noexcept = 0;

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
    task_owner* pool = nullptr;
    {
      const std::lock_guard hold(mutex_);
      pool = pool_;
      if (pool == nullptr) return cancel_result::too_late;
      pool->retain();
    }
    const cancel_result answer = crew_->stop(one);
    pool->release();
    return answer;
  }

  /// The pool ends; to be called while it is alive.
  void cut() noexcept {
    const std::lock_guard hold(mutex_);
    pool_ = nullptr;
  }

 private:
  std::mutex mutex_;
  task_owner* pool_;          // guarded by mutex_
  task_stopper* const crew_;  // there as long as the pool
};

}}}  // namespace workpool::v0::detail
