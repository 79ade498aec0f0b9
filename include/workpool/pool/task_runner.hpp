#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/event_hub.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/uncaught.hpp>
#include <workpool/worker/guest_slots.hpp>
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

  /// The books of a worker; all of them before the first task.
  void include(const run_books& books) { all_books_.push_back(&books); }

  intake_books& intake() noexcept { return intake_; }
  event_hub& hub() noexcept { return hub_; }

  /// Runs a started task on the thread of a worker and drops one reference of it.
  void run(task& one, run_slot& slot, run_books& books, worker_id worker) noexcept {
    books.start(one.lane());  // before the slot shows it: a pause that sees the slot sees the count
    slot.begin(one);
    if (hub_.wanted<event::task_started>()) hub_.emit(event::task_started{one.id(), worker});
    std::exception_ptr error;
    const outcome result = call(one, worker, error);
    if (result == outcome::failed && one.posted() && !report_uncaught(options_, one, error)) callback_failed();
    if (slot.end(one)) {
      if (error) one.fail(std::move(error), result == outcome::failed && !one.posted());
      books.settle(result);
      one.finish(result);
      tell_settled(one, worker, result);
    } else {
      late_results_.fetch_add(1, std::memory_order_relaxed);
      overrunning_.fetch_sub(1, std::memory_order_release);
      changed_.notify_all();
    }
    one.drop_reference();
  }

  /// The same on any other thread, or nested in a task.
  void run_as_guest(task& one) noexcept {
    {
      guest_slots::visitor slot(guests_);
      run(one, slot, guest_books_, running_here.worker);
    }
    changed_.notify_all();
  }

  /// Settles as cancelled what a slot runs; the body goes on, and nobody waits for it any more.
  void abandon(run_slot& slot) noexcept { abandon(slot.seize()); }
  void abandon_guests() noexcept {
    while (task* const one = guests_.seize_one()) abandon(one);
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
      for (const run_books* const books : all_books_) visit(*books);
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

  void write_to(pool_stats& stats) const noexcept {
    sums().write_to(stats, intake_.rejected());
    stats.overrunning = overrunning();
    stats.callback_errors = callback_errors_.load(std::memory_order_relaxed) + hub_.faults();
    stats.late_results = late_results_.load(std::memory_order_relaxed);
  }

 private:
  static outcome call(task& one, worker_id worker, std::exception_ptr& error) noexcept {
    const run_scope scope(one, worker);
    outcome result = outcome::value;
    try {
      one.invoke();
    } catch (const task_cancelled&) {
      error = std::current_exception();
      result = outcome::cancelled;
    } catch (...) {
      error = std::current_exception();
      result = outcome::failed;
    }
    one.drop();
    return result;
  }

  void abandon(task* one) noexcept {
    if (one == nullptr) return;
    overrunning_.fetch_add(1, std::memory_order_relaxed);
    abandoned_.fetch_add(1, std::memory_order_relaxed);
    one->cancel();
    guest_books_.settle(outcome::cancelled);
    one->finish(outcome::cancelled);
    tell_settled(*one, no_worker, outcome::cancelled);
    one->drop_reference();
    changed_.notify_all();
  }

  void tell_settled(const task& one, worker_id worker, outcome result) noexcept {
    if (hub_.wanted<event::task_settled>()) hub_.emit(event::task_settled{one.id(), worker, result});
  }

  const pool_options& options_;
  event_hub hub_;
  eventcount changed_;
  intake_books intake_;
  run_books guest_books_{writers::many};
  std::vector<const run_books*> all_books_;  // of the workers; not changed once tasks run
  guest_slots guests_;
  std::atomic<std::int64_t> overrunning_{0};  // below 0 for the moment in which a seized body returns at once
  std::atomic<std::uint64_t> abandoned_{0}, late_results_{0}, callback_errors_{0};
};

}}}  // namespace workpool::v0::detail
