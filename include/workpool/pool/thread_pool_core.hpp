#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/task_ref.hpp>
#include <workpool/pool/admission.hpp>
#include <workpool/pool/default_concurrency.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/pool/thread_crew.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a thread pool consists of, apart from its handle, which it outlives while a worker or a guest is inside.
///
///     submit ─► admission ─► queue_ ─► crew_: workers pull ─► runner_: run, settle, count
///                 └─ full: wait, refuse, or run it here
///
/// Threads: every member from any thread. References: one of the handle, one of each worker thread, one of each guest.
template <task_queue Queue>
class thread_pool_core final : public task_owner {
 public:
  explicit thread_pool_core(const pool_options& options)
      : options_(completed(checked(options))),
        queue_(options.queue),
        runner_(options_),
        crew_(*this, runner_, options_) {}

  /// Throws: spawn_failed.
  void spawn() { crew_.spawn(); }

  // ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /// Gives: errc() when the task was accepted, and then `one` is empty.
  errc admit(task_ref& one, submit_kind kind) {
    admission_case now{push_status::accepted, options_.queue.on_full, options_.queue.block_for, kind, works_here()};
    now.status = push(one, duration::zero());
    while (now.status != push_status::accepted) {
      const admission_step step = decide(now);
      if (step.action == admission::run_inline) return run_inline(one);
      if (step.action == admission::refuse) {
        runner_.intake().reject();
        return step.reason;
      }
      now.status = push(one, options_.queue.block_for.value_or(duration::max()));
      now.waited = true;
    }
    crew_.notify_one();
    return errc();
  }

  void admit_or_throw(task_ref& one) {
    const errc refused = admit(one, submit_kind::may_block);
    if (refused != errc()) refuse(refused);
  }

  // ── out: what a worker asks ───────────────────────────────────────────────────────────────────────────────────────

  /// `picks`: the worker's own count of what it has taken. Gives: a task to run, taken.
  std::optional<task_ref> pull(unsigned& picks) {
    if constexpr (requires { queue_.try_pop(picks); }) {
      return queue_.try_pop(picks);
    } else {
      std::optional<task_ref> next = queue_.try_pop();
      if (next && next->waiting() && !next->take()) next.reset();
      return next;
    }
  }

  /// Whether a pull may find something.
  bool work_in_sight() const noexcept {
    if constexpr (requires { queue_.has_elements(); }) {
      return queue_.has_elements();
    } else {
      return queue_.size() != 0;
    }
  }

  // ── control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  void pause() noexcept { crew_.pause(); }
  void resume() noexcept { crew_.resume(); }
  bool paused() const noexcept { return crew_.paused(); }

  /// Withdraws what waits in a lane. Gives: how many.
  std::size_t purge(priority lane, outcome result) {
    std::size_t count = 0;
    queue_.purge(lane, [&](task_ref&& one) {
      const task_ref waiting = std::move(one);
      if (waiting.get()->withdraw(result)) ++count;
    });
    return count;
  }

  std::size_t purge_all(outcome result) {
    std::size_t count = 0;
    for (const priority lane : lane_order(0, 0)) count += purge(lane, result);
    return count;
  }

  bool wait_idle(time_point deadline) {
    if (works_here()) {
      raise(errc::would_deadlock, "wait_idle of pool '" + options_.name +
                                      "' was called by one of its own tasks, which keeps the pool from being idle");
    }
    return runner_.await([this] { return runner_.quiet(); }, deadline);
  }

  shutdown_report shutdown(const shutdown_options& options) {
    const time_point begin = steady::now();
    const time_point deadline = after(begin, checked(options).drain);
    const book_sums before = runner_.sums();
    const std::uint64_t abandoned_before = runner_.abandoned();
    close(options.pending == pending::discard || options.drain == duration::zero());
    if (!works_here()) {
      const auto settled = [this] { return runner_.balanced(); };
      if (!runner_.await(settled, deadline)) cut_short(deadline, options.force);
      crew_.collect(settled() ? after(deadline, grace) : steady::now());
    }
    const book_sums now = runner_.sums();
    shutdown_report report;
    report.completed = now.of(outcome::value) - before.of(outcome::value);
    report.discarded = now.of(outcome::discarded) - before.of(outcome::discarded);
    report.worker_lost = now.of(outcome::worker_lost) - before.of(outcome::worker_lost);
    report.abandoned = runner_.abandoned() - abandoned_before;
    report.forced = report.abandoned != 0;
    report.took = steady::now() - begin;
    return report;
  }

  /// What the handle's destructor does. Called by one of the pool's own threads, it leaves the rest to the workers.
  void end_of_handle() noexcept {
    close(false);
    if (works_here()) {
      crew_.let_go();
    } else {
      runner_.await([this] { return runner_.balanced(); });
      crew_.collect(time_point::max());
    }
    release();
  }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  pool_stats stats() const {
    pool_stats now;
    now.pool = options_.name;
    runner_.write_to(now);
    crew_.write_to(now);
    return now;
  }

  std::vector<worker_info> workers() const { return crew_.list(); }
  event_hub& hub() noexcept { return runner_.hub(); }

  // ── task_owner ────────────────────────────────────────────────────────────────────────────────────────────────────

  void withdrawn(const task& one, outcome result) noexcept override {
    if constexpr (forgetting_task_queue<Queue>) queue_.forget(one.lane());
    runner_.withdrawn(one, result);
  }

  void run_here(task& one) noexcept override {
    const guest_visit visit(*this);
    if constexpr (forgetting_task_queue<Queue>) queue_.forget(one.lane());
    one.add_reference();
    runner_.run_as_guest(one);
  }

  void unobserved(task_id id, const std::exception_ptr& error) noexcept override {
    runner_.hub().emit(event::unobserved_error{id, error});
  }

  void retain() noexcept override { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept override {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  static constexpr duration grace = std::chrono::seconds(1);  // of a shutdown beyond its drain, by contract

  ~thread_pool_core() = default;

  static pool_options completed(pool_options options) {
    if (options.name.empty()) options.name = "pool";
    if (options.workers.max == 0) options.workers = worker_range(default_concurrency());
    return options;
  }

  bool works_here() const noexcept { return working_for == this; }

  /// The moment of acceptance: from here on the task is in the books.
  struct ticket {
    thread_pool_core& pool;
    task& one;
    void accept() const noexcept {
      one.accept_by(pool);
      pool.runner_.intake().accept(one.lane());
    }
    void retract() const noexcept {
      pool.runner_.intake().retract(one.lane());
      one.disown();
      pool.runner_.notify();
    }
  };

  push_status push(task_ref& one, duration limit) {
    const priority lane = one.get()->lane();
    const ticket mine{*this, *one.get()};
    if constexpr (admitting_task_queue<Queue>) {
      return queue_.push_for(std::move(one), lane, limit, mine);
    } else {
      mine.accept();
      try {
        const push_status status = queue_.push_for(std::move(one), lane, limit);
        if (status != push_status::accepted) mine.retract();
        return status;
      } catch (...) {
        mine.retract();
        throw;
      }
    }
  }

  // The queue is full and the submitter is to run the task itself.
  errc run_inline(task_ref& one) {
    const ticket mine{*this, *one.get()};
    mine.accept();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either a shutdown sees this task in the books or we see it
    if (closed_.load(std::memory_order_relaxed)) {
      mine.retract();
      runner_.intake().reject();
      return errc::pool_stopped;
    }
    const guest_visit visit(*this);
    task& here = *one.release();
    here.start();
    runner_.run_as_guest(here);
    return errc();
  }

  [[noreturn]] void refuse(errc reason) const {
    const std::string who = "pool '" + options_.name + "' ";
    const std::string capacity = std::to_string(options_.queue.capacity);
    switch (reason) {
      case errc::queue_full:
        raise(reason, who + "has no room: queue.capacity " + capacity + " is reached and queue.on_full does not wait");
      case errc::enqueue_timeout:
        raise(reason, who + "had no room within queue.block_for: queue.capacity " + capacity + " is reached");
      default:
        raise(reason, who + "accepts no more tasks: its shutdown has begun");
    }
  }

  /// Refuses new tasks, then lets the workers run out of work. `discard`: what waits is discarded before they can.
  void close(bool discard) noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    queue_.close();
    if (discard) purge_all(outcome::discarded);
    crew_.finish();
  }

  /// The drain is over: what waits is discarded and, with `force`, what runs is abandoned.
  void cut_short(time_point deadline, bool force) {
    do {
      purge_all(outcome::discarded);
      if (!force) return;
      crew_.abandon_running();
      runner_.abandon_guests();
      // A task may just be on its way from the queue to its worker, or from its worker into the books.
    } while (!runner_.await([this] { return runner_.balanced(); }, steady::now() + std::chrono::milliseconds(1)) &&
             steady::now() < after(deadline, grace));
  }

  const pool_options options_;
  Queue queue_;
  task_runner runner_;
  thread_crew<thread_pool_core> crew_;
  std::atomic<bool> closed_{false};  // a shutdown has begun
  std::atomic<std::size_t> references_{1};
};

}}}  // namespace workpool::v0::detail
