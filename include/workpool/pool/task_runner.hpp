#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <system_error>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/pool/timekeeper.hpp>
#include <workpool/worker/guest_slots.hpp>
#include <workpool/worker/stall_watch.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Runs started tasks on the threads of this process: the ledger of a pool that does.
///
///     start ─► count ─► body ─► destroy callable ─► count ─► tell the future ─► event
///                        ├─ seized meanwhile: somebody else has counted and told; the body was late
///                        └─ failed, and there is to be another attempt: put back, with its callable
///
/// Threads: any.
class task_runner : public task_ledger {
 public:
  using task_ledger::task_ledger;

  /// Whom to tell of deadlines and of workers that are held up; before the first task.
  void report_to(timekeeper& clock, stall_watch& crew) noexcept {
    clock_ = &clock;
    crew_ = &crew;
  }

  /// Runs a started task on the thread of a worker and drops one reference of it. `begun()` is called when everybody
  /// can see that it runs. Lets a forced unwind through.
  template <class Begun>
  void run(task& one, run_slot& slot, run_books& books, Begun begun) {
    if (!task_ledger::begin(one, slot.worker(), books))
      return;  // before the slot shows it: a pause that sees the slot sees the count
    show(one, slot);
    begun();
    if (hub().wanted<event::task_started>()) hub().emit(event::task_started{one.id(), slot.worker()});
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
    run(one, slot, shared_books());
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

  /// Whether every accepted task has its outcome and every body has returned.
  bool quiet() const noexcept { return balanced() && overrunning() == 0; }

  std::size_t overrunning() const noexcept {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, overrunning_.load(std::memory_order_acquire)));
  }
  std::uint64_t abandoned() const noexcept { return abandoned_.load(std::memory_order_relaxed); }

  void write_to(pool_stats& stats) const {
    task_ledger::write_to(stats);
    stats.overrunning = overrunning();
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

  void show(task& one, run_slot& slot) noexcept {
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
      runner_.record_wait(one, begin_ - one.accepted_at());
    }
    [[gnu::noinline]] void end() noexcept { runner_.record_run(steady::now() - begin_); }

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
      failed(&known.code());
      last.error = std::current_exception();
      last.result = outcome::failed;
    } catch (...) {
      last.error = std::current_exception();
      if (!last.error) throw;  // no exception: pthread_exit or a cancellation unwinds this thread, and must not be kept
      failed();
      last.result = outcome::failed;
    }
  }

  void settle(settlement& last) noexcept {
    task& one = last.one;
    if (!last.slot.end()) [[unlikely]] {
      come_late(last);
    } else if (!one.has_details() || !end_attempt(last)) {
      close(one, last.slot.worker(), last.books, last.result, std::move(last.error));
    }
    one.drop_reference();
  }

  // Somebody else has told the outcome.
  [[gnu::noinline]] void come_late(settlement& last) noexcept {
    if (last.again_at != time_point::max()) last.one.drop();
    last.error = nullptr;
    came_late();
    overrunning_.fetch_sub(1, std::memory_order_release);
    free_again(last.slot.worker());
    notify();
  }

  // ── further attempts ──────────────────────────────────────────────────────────────────────────────────────────────

  // The body has returned, or its thread is being unwound. Gives: whether there is to be another attempt.
  [[gnu::noinline]] bool goes_again(settlement& last) noexcept {
    attempt_plan* const plan = last.one.plan();
    if (plan == nullptr || last.slot.is_seized()) return false;
    const task_state seen = last.one.state();
    if (seen.overdue()) {
      last.result = outcome::timed_out;
      last.error = nullptr;
    }
    last.again_at = plan_next(last.one, last.result, last.error);
    return last.again_at != time_point::max();
  }

  // The outcome of an attempt is this thread's to tell. Gives: whether the task is put back; else it is over.
  [[gnu::noinline]] bool end_attempt(settlement& last) noexcept {
    task& one = last.one;
    if (one.plan() == nullptr) return false;
    if (one.state().overdue()) free_again(last.slot.worker());
    if (last.again_at != time_point::max()) {
      if (put_back(one, last.slot.worker(), last.result, last.error, last.again_at)) return true;
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
    shared_books().settle(result);
    if (!one.state().overdue()) hold_up(worker);  // before code of the user, which may wait
    one.give_up(result);
    tell_settled(one, worker, result);
    one.drop_reference();
    notify();
  }

  timekeeper* clock_ = nullptr;
  stall_watch* crew_ = nullptr;
  guest_slots guests_;
  std::atomic<std::int64_t> overrunning_{0};  // below 0 for the moment in which a seized body returns at once
  std::atomic<std::uint64_t> abandoned_{0};
};

}}}  // namespace workpool::v0::detail
