#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <list>
#include <optional>
#include <utility>
#include <vector>
#include <workpool/algorithm/body_count.hpp>
#include <workpool/algorithm/chunk_source.hpp>
#include <workpool/algorithm/loop_options.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/future.hpp>
#include <workpool/detail/recent_wake.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/wait_graph.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A loop over a range that its caller works at, helped by as many tasks of a pool as there is work for.
///
/// Whoever is free takes the next chunk, so the loop comes to its end however few helpers start: the pool may be
/// paused, full, or busy with the very task that calls. Threads: run() by the caller. `work(chunk, over)` is called by
/// several, and returns early when `over` becomes true.
template <class Range, class Work>
class shared_loop {
 public:
  shared_loop(Range& range, Work& work, const loop_options& options, std::size_t workers)
      : work_(work), workers_(workers), lane_(options.priority), source_(range, options.chunk, workers + 1) {}
  shared_loop(const shared_loop&) = delete;
  shared_loop& operator=(const shared_loop&) = delete;

  /// Blocks until the work is done, or something failed, and every body has returned.
  /// Throws: what failed first; pool_stopped, and then nothing has run.
  template <class Pool>
  void run(Pool& pool) {
    if (source_.empty()) return;
    try {
      ask_for_help(pool);
      take_part();
    } catch (...) {
      const std::exception_ptr mine = std::current_exception();
      const bool first = fail(mine);
      end();
      if (first || !mine) throw;
    }
    end();
    if (!over_) return;
    if (error_) std::rethrow_exception(std::move(error_));
    raise(errc::worker_lost, "the thread of a worker ended in the middle of a loop, which has left out elements");
  }

 private:
  struct helper {
    body_count::ticket body;
    shared_loop* loop;
    void operator()() const {
      try {
        loop->take_part();
      } catch (...) {
        const std::exception_ptr error = std::current_exception();
        loop->fail(error);
        if (!error) throw;  // no exception: the thread is being ended
      }
    }
  };

  // One is always asked for: a pool that has stopped says so to the first.
  template <class Pool>
  void ask_for_help(Pool& pool) {
    const std::size_t wanted = std::max<std::size_t>(1, source_.most_helpers(workers_));
    helpers_.reserve(wanted);
    while (helpers_.size() < wanted) {
      auto answer = pool.try_submit(task_options{.priority = lane_}, helper{bodies_.enter(), this});
      if (!answer && answer.error() == errc::pool_stopped && helpers_.empty()) {
        raise(errc::pool_stopped, "the pool takes no part in a loop: its shutdown has begun");
      }
      if (!answer) return;
      helpers_.push_back(*std::move(answer));
      // A body that waits for the task whose loop this is would wait for ever, and is told so.
      if (innermost_run != nullptr) {
        held_up_.emplace_back(all_waits(), innermost_run, *future_access::task_of(helpers_.back()));
      }
    }
  }

  // The same thread has the same share in each loop.
  void take_part() {
    const std::size_t party = worker_of_this_thread == nullptr ? 0 : 1 + worker_of_this_thread->id();
    while (!over_.load(std::memory_order_relaxed)) {
      const std::optional<chunk<Range>> piece = source_.next(party);
      if (!piece) return;
      work_(*piece, over_);
    }
  }

  // `error` is null when it is not an exception that unwinds. Gives: whether it is the first.
  bool fail(const std::exception_ptr& error) noexcept {
    if (over_.exchange(true, std::memory_order_relaxed)) return false;
    error_ = error;
    return true;
  }

  // Helpers that have not started never will; those that run are asked to stop only when something failed.
  void end() noexcept {
    for (future<void>& one : helpers_) {
      if (over_.load(std::memory_order_relaxed)) {
        one.cancel();
      } else {
        future_access::task_of(one)->withdraw(outcome::cancelled);
      }
    }
    static_cast<void>(recent_wake::take());  // asking for help was a loop ago
    for (const future<void>& one : helpers_) {
      try {
        one.wait();
      } catch (...) {  // a worker that may not park there; a helper waits for nobody, so its ticket can be waited for
      }
    }
    held_up_.clear();
    helpers_.clear();
    bodies_.wait();
  }

  Work& work_;
  const std::size_t workers_;
  const priority lane_;
  chunk_source<Range> source_;
  std::atomic<bool> over_{false};  // something failed; by who failed first
  std::exception_ptr error_;       // by who failed first, to be read when all bodies have returned
  body_count bodies_;
  std::vector<future<void>> helpers_;
  std::list<wait_graph::waiting> held_up_;
};

/// Shares `range` out between the caller and `pool`.
template <class Pool, class Range, class Work>
void share_loop(Pool& pool, Range& range, const loop_options& options, Work&& work) {
  const std::size_t workers = std::max<std::size_t>(1, pool.workers().size());
  shared_loop<Range, Work>(range, work, options, workers).run(pool);
}

}}}  // namespace workpool::v0::detail
