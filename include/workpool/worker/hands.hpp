#pragma once
#include <algorithm>
#include <cstdint>
#include <workpool/worker/task_batch.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/worker_list.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the workers of a pool have taken, submitted or forked and not begun: it lies in their batch, in their own deque
/// or among their forks. A view, made where it is needed.
/// Threads: any. Cost: a look at every worker.
class hands {
 public:
  explicit hands(const worker_list& workers) noexcept : workers_(workers) {}

  /// Whether there is something that another worker should take. A single task in the hand of one who is at work is
  /// not: it is mostly the successor of the one that runs.
  bool hold_any() const noexcept {
    return std::any_of(workers_.begin(), workers_.end(), [](const thread_worker& one) {
      if (!one.batch.empty() || one.has_forked()) return true;
      return one.own.has_older() || (one.is_away() && one.own.size() != 0);
    });
  }

  /// Calls `visit(worker)` with every worker, until it says true: first those after `me`, and never `me`.
  template <class Visit>
  bool any_worker(Visit visit, const thread_worker* me = nullptr) const {
    bool passed = me == nullptr;
    for (thread_worker& one : workers_) {
      if (passed && visit(one)) return true;
      if (&one == me) passed = true;
    }
    for (thread_worker& one : workers_) {
      if (me == nullptr || &one == me) break;
      if (visit(one)) return true;
    }
    return false;
  }

  /// Gives: the batch of a worker that has not touched it since `me` looked last, and so runs something that takes its
  /// time; what it holds is older than what lies in the queue. One worker is looked at each time.
  task_batch* idle_batch(thread_worker& me) const noexcept {
    if (workers_.size() < 2) return nullptr;
    const thread_worker* const before = me.watched;
    if (before != nullptr && before != &me) {
      const std::uint64_t mark = before->batch.mark();
      if (mark != 0 && mark == me.watched_mark) return &me.watched->batch;
      me.watched_mark = mark;
      if (mark != 0) return nullptr;
    }
    const bool has_next = before != nullptr && before->id() + 1 < workers_.size();  // if so, it may be read
    me.watched = has_next ? before->next : &*workers_.begin();
    me.watched_mark = 0;
    return nullptr;
  }

 private:
  const worker_list& workers_;
};

}}}  // namespace workpool::v0::detail
