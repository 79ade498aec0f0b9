#pragma once
#include <atomic>
#include <memory>
#include <new>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/stack_room.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/worker/absence.hpp>
#include <workpool/worker/fork_job.hpp>
#include <workpool/worker/own_frames.hpp>
#include <workpool/worker/this_worker.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where the workers of a pool fork and join: what is behind parallel_invoke.
///
///     fork ─► me.forks ─┬─► take_back: nobody wanted it
///                       └─► take_part, by another worker: a task of the pool ─► join
///
/// Threads: each call by the worker it names as `me`, in the middle of a task. A Crew knows its workers: here(),
/// hands(), paused(), and is told: forked(), share(), and when one of them sleeps (stall_watch).
template <class Crew>
class fork_desk {
 public:
  fork_desk(task_owner& pool, task_runner& runner, Crew& crew) noexcept : pool_(pool), runner_(runner), crew_(crew) {}
  fork_desk(const fork_desk&) = delete;
  fork_desk& operator=(const fork_desk&) = delete;

  /// The worker of this pool that this thread is, in the middle of a task; or nullptr.
  thread_worker* forker() const noexcept { return innermost_run == nullptr ? nullptr : crew_.here(); }

  /// Offers a part to the other workers. Gives: false when there is no room for it.
  bool fork(thread_worker& me, fork_job& part) noexcept {
    if (!me.forks.push(&part)) return false;
    crew_.forked();
    return true;
  }

  /// Takes the part that was forked last back. Gives: false when another worker has it.
  static bool take_back(thread_worker& me) noexcept { return me.forks.pop() != nullptr; }

  /// Whether a thread of the pool may begin something in the middle of a task.
  bool may_nest() const noexcept { return !crew_.paused() && !stack_nearly_used(); }

  /// Blocks until a part that another worker has is over, and does what that one has forked meanwhile: nothing else, so
  /// that a lock which the caller holds is not asked for by a stranger.
  void join(thread_worker& me, fork_job& part) {
    constexpr int turns_before_sleep = 1000;
    spinner spin;
    for (int turn = 0; turn < turns_before_sleep; ++turn) {
      if (part.over()) return;
      if (fork_job* const piece = may_nest() ? part.steal_back() : nullptr) {
        piece->run(me);
        turn = 0;
      }
      spin.once();
    }
    sleep(me, part);
  }
  /// The same, and does nothing meanwhile.
  void sleep(thread_worker& me, fork_job& part) noexcept {
    const absence away(crew_, me.id());
    part.sleep();
  }

  /// Gives: a part that any other worker has forked, as a started task with a reference; or nullptr.
  task* take_part(thread_worker& me) {
    task* next = nullptr;
    crew_.hands().any_worker([&](thread_worker& other) { return (next = take_part_of(other, me)) != nullptr; }, &me);
    return next;
  }

  /// The same of one worker. What it has forked becomes a task when it is taken, so that it is counted, seen, paused
  /// for and abandoned like any other.
  task* take_part_of(thread_worker& other, thread_worker& me) noexcept {
    if (!other.has_forked()) return nullptr;
    try {
      auto made = std::make_unique<part_task>(me);  // first: what has been taken cannot be given back
      made->describe_as(next_task_number(), priority::normal);
      made->set_posted();
      made->set_in_hand(true);
      made->accept_by(pool_);
      if (me.books.accept(priority::normal)) made->take_time();
      std::atomic_thread_fence(std::memory_order_seq_cst);  // either who gives a task up sees this one or we see that
      if (!other.has_forked() || !made->take(other)) {
        me.books.retract(priority::normal);
        made->disown();
        runner_.notify();
        return nullptr;
      }
      if (other.has_forked()) crew_.share();
      made->start();
      return made.release();
    } catch (const std::bad_alloc&) {
      return nullptr;  // its forker will run it
    }
  }

 private:
  task_owner& pool_;
  task_runner& runner_;
  Crew& crew_;
};

}}}  // namespace workpool::v0::detail
