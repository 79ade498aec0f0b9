#pragma once
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

// What a pool asks of the stack of the calling thread, on which tasks of several pools may lie.
// Cost: a walk over the tasks that this thread is in the middle of.

/// Gives: the innermost frame, from this one downwards, that runs a task of the pool; or nullptr.
inline const run_frame* own_frame(const task_owner& pool, const run_frame* from) noexcept {
  while (from != nullptr && !from->running->belongs_to(pool)) from = from->beneath;
  return from;
}

/// Whether this thread works for the pool, also where a task of another pool runs in the middle of one of its own.
inline bool works_for(const task_owner& pool) noexcept {
  return working_for == &pool || own_frame(pool, innermost_run) != nullptr;
}

/// Gives: which worker of the pool this thread is, in the middle of a task; or no_worker.
inline worker_id own_worker(const task_owner& pool) noexcept {
  const run_frame* mine = own_frame(pool, innermost_run);
  while (mine != nullptr && mine->worker == no_worker) mine = own_frame(pool, mine->beneath);
  return mine == nullptr ? no_worker : mine->worker;
}

}}}  // namespace workpool::v0::detail
