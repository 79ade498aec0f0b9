#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/core/event_hub.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/monitor/failure_tally.hpp>
#include <workpool/monitor/histogram.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/timekeeper.hpp>
#include <workpool/pool/uncaught.hpp>
#include <workpool/worker/guest_slots.hpp>
#include <workpool/worker/stall_watch.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Runs started tasks and sees to it that each of them gets one outcome and one line in the books.
///
///     start ─► count ─► body ─► destroy callable ─► count ─► tell the future ─► event
///                        ├─ seized meanwhile: somebody else has counted and told; the body was late
///                        └─ failed, and there is to be another attempt: put back, with its callable
///
/// Threads: any. It also keeps what is known of tasks that never start, so that the books are in one place.
class task_runner {
 public:
  explicit task_runner(const pool_options& options) : options_(options) {}

  /// Whom to tell of deadlines and of workers that are held up; before the first task.
  void report_to(timekeeper& clock, stall_watch& crew) noexcept {
    clock_ = &clock;
    crew_ = &crew;
  }

  /// The books of a worker, before its first task.
  void include(run_books& books) noexcept { all_books_.add(books); }

  intake_books& intake() noexcept { return intake_; }
  event_hub& hub() noexcept { return hub_; }

  /// Runs a started task on the thread of a worker and drops one reference of it. `begun()` is called when everybody
  /// can see that it runs. Lets a forced unwind through.
  template <class Begun>
  void run(task& one, run_slot& slot, run_books& books, Begun begun) {
    if (one.has_details() && one.attempt() != 1) [[unlikely]] {
      if (!begin_again(one, slot.worker())) return;
    } else {
      books.start(one.lane());  // before the slot shows it: a pause that sees the slot sees the count
    }
    begin(one, slot);
    begun();
    if (hub_.wanted<event::task_started>()) hub_.emit(event::task_started{one.id(), slot.worker()});
    settlement last{*this, one, slot, books};
    const stopwatch timed(*this, one);
    call(last);
    if (last.result == outcome::failed && last.again_at == time_point::max()) report_posted(one, last.error);
  }

  void run(task& one, run_slot& slot, run_books& books) {
    run(one, slot, books, [] {});
  }

  /// The same on any other thread, or nested in a task of `worker`.
  void run_as_guest(task& one, worker_id worker) {
    struct notice {
      task_runner& runner;
      ~notice() { runner.notify(); }
    } at_the_end{*this};
    guest_slots::visitor slot(guests_, worker);
    run(one, slot, guest_books_);
  }

  /// Settles as cancelled what a slot runs; the body goes on, and nobody waits for it any more.
  void abandon(run_slot& slot) noexcept {
    if (task* const one = slot.seize()) abandon(*one, slot.worker());
  }
  void abandon_guests() noexcept {
    for (;;) {
      const guest_slots::seizure running = guests_.seize_one();
      if (running.one == nullptr) return;
      abandon(*running.one, running.worker);
    }
  }

  /// Settles what a slot, or a guest, should have ended by `now`, unless it may be run again; the body goes on.
  void time_out(run_slot& slot, time_point now) noexcept {
    if (const auto late = slot.overrun(now); late.one != nullptr) give_up_attempt(late, slot.worker());
    if (task* const one = slot.seize_late(now)) give_up(*one, outcome::timed_out, slot.worker());
  }
  /// Gives: when the next guest is due.
  time_point time_out_guests(time_point now) noexcept {
    for (;;) {
      const guest_slots::late_attempt late = guests_.overrun_one(now);
      if (late.what.one == nullptr) break;
      give_up_attempt(late.what, late.worker);
    }
    for (;;) {
      const guest_slots::seizure late = guests_.seize_one(now);
      if (late.one == nullptr) return guests_.next_deadline();
      give_up(*late.one, outcome::timed_out, late.worker);
    }
  }

  /// A waiting task was withdrawn.
  void withdrawn(const task& one, outcome result) noexcept {
    if (result == outcome::failed) report_posted(one, one.error());  // by its last attempt
    intake_.withdraw(one.lane(), result);
    tell_settled(one, no_worker, result);
    changed_.notify_all();
  }

  void callback_failed() noexcept { callback_errors_.fetch_add(1, std::memory_order_relaxed); }

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
      visit(guest_books_);
    });
  }

  /// Whether every accepted task has its outcome.
  bool balanced() const noexcept { return sums().balanced(); }
  /// … and every body has returned.
  bool quiet() const noexcept { return balanced() && overrunning() == 0; }

  std::size_t overrunning() const noexcept {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, overrunning_.load(std::memory_order_acquire)));
  }
  std::uint64_t abandoned() const noexcept { return abandoned_.load(std::memory_order_relaxed); }

  void write_to(pool_stats& stats) const {
    for (std::size_t lane = 0; lane < priority_count; ++lane) stats.wait[lane] = wait_[lane].snapshot();
    stats.run = run_.snapshot();
    stats.errors = failures_.counts();
    sums().write_to(stats, intake_.rejected());
    stats.overrunning = overrunning();
    stats.callback_errors = callback_errors_.load(std::memory_order_relaxed) + hub_.faults();
    stats.late_results = late_results_.load(std::memory_order_relaxed);
  }

 private:
  // Settles the task when the body has returned, or when pthread_exit unwinds its thread.
  struct settlement {
    task_runner& runner;
    task& one;
    run_slot& slot;
    run_books& books;
    outcome result = outcome::worker_lost;
    std::exception_ptr error{};
    time_point again_at = time_point::max();  // when there is to be another attempt
    ~settlement() { runner.settle(*this); }
  };

  void begin(task& one, run_slot& slot) noexcept {
    if (!one.has_details()) return slot.begin(one);
    begin_limited(one, slot);
  }
  [[gnu::noinline]] void begin_limited(task& one, run_slot& slot) noexcept {
    if (attempt_plan* const plan = one.plan()) plan->begin();
    const duration limit = one.timeout();
    if (limit == duration::max()) return slot.begin(one);
    const time_point deadline = after(steady::now(), limit);
    slot.begin(one, deadline);
    clock_->look_at(deadline);
  }

  // Takes the times of a task that is to be timed.
  class stopwatch {
   public:
    stopwatch(task_runner& runner, const task& one) noexcept : runner_(runner) {
      if (one.accepted_at() != time_point{}) [[unlikely]]
        begin(one);
    }
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch() {
      if (begin_ != time_point{}) [[unlikely]]
        end();
    }

   private:
    [[gnu::noinline]] void begin(const task& one) noexcept {
      begin_ = steady::now();
      runner_.wait_[lane_index(one.lane())].record(begin_ - one.accepted_at());
    }
    [[gnu::noinline]] void end() noexcept { runner_.run_.record(steady::now() - begin_); }

    task_runner& runner_;
    time_point begin_{};
  };

  [[gnu::always_inline]] void call(settlement& last) {
    const run_scope scope(last.one, last.slot.worker());
    const struct ending {
      settlement& last;
      ~ending() {
        if (!last.one.has_details() || !last.runner.goes_again(last)) last.one.drop();
      }
    } at_the_end{last};
    try {
      last.one.invoke();
      last.result = outcome::value;
    } catch (const task_cancelled&) {
      last.error = std::current_exception();
      last.result = outcome::cancelled;
    } catch (const std::system_error& known) {
      failures_.add_current(&known.code());
      last.error = std::current_exception();
      last.result = outcome::failed;
    } catch (...) {
      last.error = std::current_exception();
      if (!last.error) throw;  // no exception: pthread_exit or a cancellation unwinds this thread, and must not be kept
      failures_.add_current();
      last.result = outcome::failed;
    }
  }

  void settle(settlement& last) noexcept {
    task& one = last.one;
    if (!last.slot.end()) [[unlikely]] {
      come_late(last);
    } else if (!one.has_details() || !end_attempt(last)) {
      if (last.error) [[unlikely]]
        one.fail(std::move(last.error), last.result == outcome::failed && !one.posted());
      last.books.settle(last.result);
      if (!one.unwatched()) one.finish(last.result);
      tell_settled(one, last.slot.worker(), last.result);
    }
    one.drop_reference();
  }

  // Somebody else has told the outcome.
  [[gnu::noinline]] void come_late(settlement& last) noexcept {
    if (last.again_at != time_point::max()) last.one.drop();
    last.error = nullptr;
    late_results_.fetch_add(1, std::memory_order_relaxed);
    overrunning_.fetch_sub(1, std::memory_order_release);
    free_again(last.slot.worker());
    changed_.notify_all();
  }

  // ── further attempts ──────────────────────────────────────────────────────────────────────────────────────────────

  // A task that was put back is started. Gives: false when its gate does not let it in: then it ends as it did before.
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

  // The body has returned, or its thread is being unwound. Gives: whether there is to be another attempt.
  [[gnu::noinline]] bool goes_again(settlement& last) noexcept {
    attempt_plan* const plan = last.one.plan();
    if (plan == nullptr || last.slot.is_seized()) return false;
    const task_state seen = last.one.state();
    if (seen.overdue()) {
      last.result = outcome::timed_out;
      last.error = nullptr;
    }
    if (seen.stop_requested()) return false;
    try {
      const time_point now = steady::now();
      const duration most = remaining(last.one.expires_at(), now);
      if (const auto pause = plan->next(last.result, last.error, most)) last.again_at = after(now, *pause);
    } catch (...) {
      callback_failed();
    }
    return last.again_at != time_point::max();
  }

  // The outcome of an attempt is this thread's to tell. Gives: whether the task is put back; else it is over.
  [[gnu::noinline]] bool end_attempt(settlement& last) noexcept {
    task& one = last.one;
    if (one.plan() == nullptr) return false;
    if (one.state().overdue()) free_again(last.slot.worker());
    if (last.again_at != time_point::max()) {
      const task_id id = one.id();
      const unsigned attempt = one.attempt();
      one.end_attempt(last.result, std::move(last.error));
      if (one.owner()->put_back(one, last.result, last.again_at)) {
        if (hub_.wanted<event::task_retried>()) {
          hub_.emit(event::task_retried{id, last.slot.worker(), attempt, last.result, last.again_at});
        }
        return true;
      }
      last.error = one.error();
      one.drop();
      if (last.result == outcome::failed) report_posted(one, last.error);
    }
    one.owner()->expect_no_more();
    return false;
  }

  // Asks a body to stop whose attempt has run out of time, and drops the reference that came with it.
  void give_up_attempt(const run_slot::late_attempt& late, worker_id worker) noexcept {
    hold_up(worker);
    late.one->tell_to_stop(late.stop);
    late.one->drop_reference();
  }

  void report_posted(const task& one, const std::exception_ptr& error) noexcept {
    if (one.posted() && !report_uncaught(options_, one, error)) callback_failed();
  }

  // ── bodies that nobody waits for ──────────────────────────────────────────────────────────────────────────────────

  void hold_up(worker_id worker) noexcept {
    if (worker != no_worker && crew_ != nullptr) crew_->stalled(worker);
  }
  void free_again(worker_id worker) noexcept {
    if (worker != no_worker && crew_ != nullptr) crew_->recovered(worker);
  }

  void abandon(task& one, worker_id worker) noexcept {
    abandoned_.fetch_add(1, std::memory_order_relaxed);
    give_up(one, outcome::cancelled, worker);
  }

  // Settles a seized task while its body goes on, and drops the reference that came with it.
  void give_up(task& one, outcome result, worker_id worker) noexcept {
    overrunning_.fetch_add(1, std::memory_order_relaxed);
    if (one.plan() != nullptr) one.owner()->expect_no_more();
    guest_books_.settle(result);
    if (!one.state().overdue()) hold_up(worker);  // before code of the user, which may wait
    one.give_up(result);
    tell_settled(one, worker, result);
    one.drop_reference();
    changed_.notify_all();
  }

  void tell_settled(const task& one, worker_id worker, outcome result) noexcept {
    if (hub_.wanted<event::task_settled>()) [[unlikely]]
      emit_settled(one, worker, result);
  }
  [[gnu::noinline]] void emit_settled(const task& one, worker_id worker, outcome result) noexcept {
    hub_.emit(event::task_settled{one.id(), worker, result});
  }

  const pool_options& options_;
  event_hub hub_;
  eventcount changed_;
  intake_books intake_;
  run_books guest_books_{writers::many};
  books_list all_books_;  // of the workers
  timekeeper* clock_ = nullptr;
  stall_watch* crew_ = nullptr;
  guest_slots guests_;
  std::array<histogram, priority_count> wait_;
  histogram run_;
  failure_tally failures_;
  std::atomic<std::int64_t> overrunning_{0};  // below 0 for the moment in which a seized body returns at once
  std::atomic<std::uint64_t> abandoned_{0}, late_results_{0}, callback_errors_{0};
};

}}}  // namespace workpool::v0::detail
