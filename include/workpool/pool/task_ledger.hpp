#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <system_error>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/event_hub.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/monitor/failure_tally.hpp>
#include <workpool/monitor/histogram.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/uncaught.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a pool writes down about its tasks, wherever they run: each of them gets one outcome and one line in the books,
/// and whoever wants to know is told.
///
///     begin ─► … the attempt ends ─┬─► plan_next ─► put_back: there is another attempt
///                                  └─► close: counted, and the future is told
///
/// Threads: any; one at a time for each task.
class task_ledger {
 public:
  explicit task_ledger(const pool_options& options) : options_(options) {}
  task_ledger(const task_ledger&) = delete;
  task_ledger& operator=(const task_ledger&) = delete;

  /// The books of a worker, before its first task.
  void include(run_books& books) noexcept { all_books_.add(books); }
  /// The books of everybody who has none.
  run_books& shared_books() noexcept { return shared_books_; }

  intake_books& intake() noexcept { return intake_; }
  event_hub& hub() noexcept { return hub_; }

  /// A started task is about to run. Gives: false when it does not run after all: then it has its outcome, and the
  /// reference is gone.
  bool begin(task& one, worker_id worker, run_books& books) noexcept {
    if (one.has_details() && one.attempt() != 1) [[unlikely]] {
      return begin_again(one, worker);
    }
    books.start(one.lane());
    return true;
  }

  /// An attempt has ended so. Gives: when there is to be another one; time_point::max() when there is none.
  time_point plan_next(const task& one, outcome result, const std::exception_ptr& error) noexcept {
    attempt_plan* const plan = one.plan();
    if (plan == nullptr || one.state().stop_requested()) return time_point::max();
    try {
      const time_point now = steady::now();
      if (const auto pause = plan->next(result, error, remaining(one.expires_at(), now))) return after(now, *pause);
    } catch (...) {
      callback_failed();
    }
    return time_point::max();
  }

  /// There is to be another attempt from `when` on. Gives: whether there will be, and then the task is somebody else's;
  /// else `error` is unchanged.
  bool put_back(task& one, worker_id worker, outcome result, std::exception_ptr& error, time_point when) noexcept {
    const task_id id = one.id();
    const unsigned attempt = one.attempt();
    one.end_attempt(result, std::move(error));
    if (one.owner()->put_back(one, result, when)) {
      if (hub_.wanted<event::task_retried>()) hub_.emit(event::task_retried{id, worker, attempt, result, when});
      return true;
    }
    error = one.error();
    return false;
  }

  /// A started task has its outcome; its callable is destroyed.
  void close(task& one, worker_id worker, run_books& books, outcome result, std::exception_ptr error) noexcept {
    if (error) [[unlikely]]
      one.fail(std::move(error), result == outcome::failed && !one.posted());
    books.settle(result);
    if (!one.unwatched()) one.finish(result);
    tell_settled(one, worker, result);
  }

  /// So many calls of a started task have returned, `first` and those after it; the next one counts as started.
  void count_calls(priority lane, task_id first, std::uint64_t count, worker_id worker, run_books& books,
                   outcome last = outcome::value) noexcept {
    if (count == 0) return;
    books.run_through(lane, outcome::value, count - 1);
    books.run_through(lane, last, 1);
    for (task_id next = first; next != first + count; ++next) {
      tell_settled_call(next, worker, next + 1 == first + count ? last : outcome::value);
      if (hub_.wanted<event::task_started>()) hub_.emit(event::task_started{next + 1, worker});
    }
  }
  /// A started task ends with the call of this number; those after it were never begun, with outcome `rest`. Before
  /// close().
  void close_others(task& one, task_id last, std::uint64_t left_over, outcome rest) noexcept {
    one.describe_as(last, one.lane());
    intake_.withdraw(one.lane(), rest, left_over);
    for (std::uint64_t call = 1; call <= left_over; ++call) tell_settled_call(last + call, no_worker, rest);
  }

  /// A waiting task was withdrawn.
  void withdrawn(const task& one, outcome result) noexcept {
    if (result == outcome::failed) report_posted(one, one.error());  // by its last attempt
    intake_.withdraw(one.lane(), result, one.calls());
    for (std::uint64_t call = 0; call < one.calls(); ++call) tell_settled_call(one.id() + call, no_worker, result);
    changed_.notify_all();
  }

  /// The body of a task has failed; to be called in the handler of its exception. `code`: none where that has none.
  void failed(const std::error_code* code = nullptr) noexcept { failures_.add_current(code); }
  /// Nobody holds a future of a task that has failed.
  void report_posted(const task& one, const std::exception_ptr& error) noexcept {
    if (one.posted() && !report_uncaught(options_, one, error)) callback_failed();
  }
  void tell_settled(const task& one, worker_id worker, outcome result) noexcept {
    if (hub_.wanted<event::task_settled>()) [[unlikely]]
      emit_settled(one, worker, result);
  }

  void callback_failed() noexcept { callback_errors_.fetch_add(1, std::memory_order_relaxed); }
  /// Something came from a task that had its outcome already.
  void came_late() noexcept { late_results_.fetch_add(1, std::memory_order_relaxed); }

  /// How long a task, one of those that are timed, has waited, and has run.
  void record_wait(const task& one, duration time) noexcept { wait_[lane_index(one.lane())].record(time); }
  void record_run(duration time) noexcept { run_.record(time); }

  /// Something has changed that somebody may be waiting for. Cost when nobody is: one fence.
  void notify() noexcept { changed_.notify_all(); }

  /// Blocks until `condition()` or until `deadline`; the condition is looked at after every change of the books.
  template <class Condition>
  bool await(Condition condition, time_point deadline = time_point::max()) {
    return changed_.await(condition, deadline);
  }

  book_sums sums() const noexcept {
    return book_sums::read(intake_, [this](auto&& visit) {
      all_books_.for_each(visit);
      visit(shared_books_);
    });
  }

  /// Whether every accepted task has its outcome.
  bool balanced() const noexcept { return sums().balanced(); }

  void write_to(pool_stats& stats) const {
    for (std::size_t lane = 0; lane < priority_count; ++lane) stats.wait[lane] = wait_[lane].snapshot();
    stats.run = run_.snapshot();
    stats.errors = failures_.counts();
    sums().write_to(stats, intake_.rejected());
    stats.callback_errors = callback_errors_.load(std::memory_order_relaxed) + hub_.faults();
    stats.late_results = late_results_.load(std::memory_order_relaxed);
  }

 private:
  // A task that was put back is started. When its gate does not let it in it ends as it did before.
  [[gnu::noinline]] bool begin_again(task& one, worker_id worker) noexcept {
    if (one.may_enter()) {
      one.take_no_time();  // it has waited for more than its turn
      one.begin_again();
      intake_.attempts().begin(one.lane());
      return true;
    }
    one.end_as_before();
    const outcome result = one.state().outcome();
    {
      const run_scope scope(one, worker);
      one.drop();
    }
    if (result == outcome::failed) report_posted(one, one.error());
    one.owner()->expect_no_more();
    intake_.withdraw(one.lane(), result);
    one.finish(result);
    tell_settled(one, worker, result);
    one.drop_reference();
    changed_.notify_all();
    return false;
  }

  void tell_settled_call(task_id which, worker_id worker, outcome result) noexcept {
    if (hub_.wanted<event::task_settled>()) hub_.emit(event::task_settled{which, worker, result});
  }
  [[gnu::noinline]] void emit_settled(const task& one, worker_id worker, outcome result) noexcept {
    hub_.emit(event::task_settled{one.id(), worker, result});
  }

  const pool_options& options_;
  event_hub hub_;
  eventcount changed_;
  intake_books intake_;
  run_books shared_books_{writers::many};
  books_list all_books_;  // of the workers
  std::array<histogram, priority_count> wait_;
  histogram run_;
  failure_tally failures_;
  std::atomic<std::uint64_t> late_results_{0}, callback_errors_{0};
};

}}}  // namespace workpool::v0::detail
