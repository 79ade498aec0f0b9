#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
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
///                        └─ seized meanwhile: somebody else has counted and told; the body was late
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
    books.start(one.lane());  // before the slot shows it: a pause that sees the slot sees the count
    begin(one, slot);
    begun();
    if (hub_.wanted<event::task_started>()) hub_.emit(event::task_started{one.id(), slot.worker()});
    settlement last{*this, one, slot, books};
    const stopwatch timed(*this, one);
    last.result = call(one, slot.worker(), last.error);
    if (last.result == outcome::failed && one.posted() && !report_uncaught(options_, one, last.error)) {
      callback_failed();
    }
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

  /// Settles what a slot, or a guest, should have ended by `now`; the body goes on.
  void time_out(run_slot& slot, time_point now) noexcept {
    if (task* const one = slot.seize_late(now)) give_up(*one, outcome::timed_out, slot.worker());
  }
  /// Gives: when the next guest is due.
  time_point time_out_guests(time_point now) noexcept {
    for (;;) {
      const guest_slots::seizure late = guests_.seize_one(now);
      if (late.one == nullptr) return guests_.next_deadline();
      give_up(*late.one, outcome::timed_out, late.worker);
    }
  }

  /// A waiting task was withdrawn.
  void withdrawn(const task& one, outcome result) noexcept {
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
    ~settlement() { runner.settle(*this); }
  };

  void begin(task& one, run_slot& slot) noexcept {
    if (!one.has_details()) return slot.begin(one);
    begin_limited(one, slot);
  }
  [[gnu::noinline]] void begin_limited(task& one, run_slot& slot) noexcept {
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

  [[gnu::always_inline]] outcome call(task& one, worker_id worker, std::exception_ptr& error) {
    const run_scope scope(one, worker);
    const struct dropping {
      task& one;
      ~dropping() { one.drop(); }
    } at_the_end{one};
    try {
      one.invoke();
      return outcome::value;
    } catch (const task_cancelled&) {
      error = std::current_exception();
      return outcome::cancelled;
    } catch (const std::system_error& known) {
      failures_.add_current(&known.code());
      error = std::current_exception();
      return outcome::failed;
    } catch (...) {
      error = std::current_exception();
      if (!error) throw;  // no exception: pthread_exit or a cancellation unwinds this thread, and must not be kept
      failures_.add_current();
      return outcome::failed;
    }
  }

  void settle(settlement& last) noexcept {
    task& one = last.one;
    if (last.slot.end()) [[likely]] {
      if (last.error) [[unlikely]]
        one.fail(std::move(last.error), last.result == outcome::failed && !one.posted());
      last.books.settle(last.result);
      if (!one.unwatched()) one.finish(last.result);
      tell_settled(one, last.slot.worker(), last.result);
    } else {
      come_late(last);
    }
    one.drop_reference();
  }

  // Somebody else has told the outcome.
  [[gnu::noinline]] void come_late(settlement& last) noexcept {
    last.error = nullptr;
    late_results_.fetch_add(1, std::memory_order_relaxed);
    overrunning_.fetch_sub(1, std::memory_order_release);
    if (last.slot.worker() != no_worker && crew_ != nullptr) crew_->recovered(last.slot.worker());
    changed_.notify_all();
  }

  void abandon(task& one, worker_id worker) noexcept {
    abandoned_.fetch_add(1, std::memory_order_relaxed);
    give_up(one, outcome::cancelled, worker);
  }

  // Settles a seized task while its body goes on, and drops the reference that came with it.
  void give_up(task& one, outcome result, worker_id worker) noexcept {
    overrunning_.fetch_add(1, std::memory_order_relaxed);
    guest_books_.settle(result);
    if (worker != no_worker && crew_ != nullptr) crew_->stalled(worker);  // before code of the user, which may wait
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
