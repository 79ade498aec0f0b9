#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <workpool/core/event_hub.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/parking.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/admission.hpp>
#include <workpool/pool/default_concurrency.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/dispatch.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/uncaught.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/worker/guest_slots.hpp>
#include <workpool/worker/this_worker.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a thread pool consists of, apart from its handle: it outlives the handle while a worker or a guest is inside.
///
///     submit ─► queue ─► worker: pull, run, settle           parking_: workers without work
///       │                   └─► books ─► idle_                halt_: workers of a paused pool
///       └─ full: wait, refuse, or run it here                 idle_: who waits for the books to balance
///
/// Threads: every member from any thread. References: one of the handle, one of each worker thread, one of each guest.
template <task_queue Queue>
class thread_pool_core final : public task_owner {
 public:
  explicit thread_pool_core(const pool_options& options)
      : options_(completed(checked(options))), queue_(options.queue) {
    const std::size_t count = options_.workers.max;
    workers_.reserve(count);
    for (std::size_t id = 0; id < count; ++id) {
      workers_.push_back(std::make_unique<thread_worker>(static_cast<worker_id>(id)));
    }
  }

  /// Starts the workers. Throws: spawn_failed when not one could be started; with fewer than wanted it goes on.
  void spawn() {
    for (const auto& worker : workers_) {
      retain();
      try {
        worker->start(options_.name + "-" + std::to_string(worker->id()), [this, me = worker.get()] { work(*me); });
        started_workers_.fetch_add(1, std::memory_order_relaxed);
      } catch (const std::system_error& reason) {
        refs_.fetch_sub(1, std::memory_order_relaxed);
        missing_workers(worker->id(), reason);
        return;
      }
    }
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /// Gives: errc() when the task was accepted, and then `one` is empty.
  errc admit(task_ref& one, submit_kind kind) {
    admission_case now{push_status::accepted, options_.queue.on_full, options_.queue.block_for, kind, works_here()};
    now.status = push(one, duration::zero());
    while (now.status != push_status::accepted) {
      const admission_step step = decide(now);
      if (step.action == admission::run_inline) return run_inline(one);
      if (step.action == admission::refuse) {
        intake_.reject();
        return step.reason;
      }
      now.status = push(one, options_.queue.block_for.value_or(duration::max()));
      now.waited = true;
    }
    parking_.notify_one();
    return errc();
  }

  void admit_or_throw(task_ref& one) {
    const errc refused = admit(one, submit_kind::may_block);
    if (refused != errc()) refuse(refused);
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

  // ── control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  void pause() noexcept {
    paused_.store(true, std::memory_order_seq_cst);
    for (const auto& worker : workers_) {
      // One that is between two tasks has perhaps not seen it and may start another one: wait until it has decided.
      for (spinner spin; worker->slot.empty() && !worker->at_rest.load(std::memory_order_seq_cst);) spin.once();
    }
  }

  void resume() noexcept {
    paused_.store(false, std::memory_order_seq_cst);
    halt_.notify_all();
  }

  bool paused() const noexcept { return paused_.load(std::memory_order_relaxed); }

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
    return idle_.await([this] { return quiet(); }, deadline);
  }

  shutdown_report shutdown(const shutdown_options& options) {
    const time_point begin = steady::now();
    const time_point deadline = after(begin, checked(options).drain);
    const book_sums before = sums();
    const std::uint64_t abandoned_before = abandoned_.load(std::memory_order_relaxed);
    const bool nothing_may_wait = options.pending == pending::discard || options.drain == duration::zero();
    close(nothing_may_wait);
    if (!works_here()) {
      const auto settled = [this] { return sums().balanced(); };
      if (!idle_.await(settled, deadline)) cut_short(deadline, options.force);
      collect_threads(settled() ? after(deadline, grace) : steady::now());
    }
    const book_sums now = sums();
    shutdown_report report;
    report.completed = now.of(outcome::value) - before.of(outcome::value);
    report.discarded = now.of(outcome::discarded) - before.of(outcome::discarded);
    report.worker_lost = now.of(outcome::worker_lost) - before.of(outcome::worker_lost);
    report.abandoned = abandoned_.load(std::memory_order_relaxed) - abandoned_before;
    report.forced = report.abandoned != 0;
    report.took = steady::now() - begin;
    return report;
  }

  /// What the handle's destructor does. Called by one of the pool's own threads, it leaves the rest to the workers.
  void end_of_handle() noexcept {
    close(false);
    if (works_here()) {
      const std::lock_guard hold(threads_mutex_);
      for (const auto& worker : workers_) {
        if (worker->thread().joinable()) worker->thread().detach();
      }
    } else {
      idle_.await([this] { return sums().balanced(); });
      collect_threads(time_point::max());
    }
    release();
  }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  pool_stats stats() const {
    pool_stats now;
    now.pool = options_.name;
    sums().write_to(now, intake_.rejected());
    now.overrunning = static_cast<std::size_t>(std::max<std::int64_t>(0, overrunning_.load(std::memory_order_acquire)));
    for (const auto& worker : workers_) {
      const worker_state state = worker->state();
      ++now.workers_by_state[static_cast<std::size_t>(state)];
      if (state != worker_state::dead) ++now.workers;
    }
    now.workers_started = started_workers_.load(std::memory_order_relaxed);
    now.workers_exited = exited_workers_.load(std::memory_order_relaxed);
    now.callback_errors = callback_errors_.load(std::memory_order_relaxed) + hub_.faults();
    now.late_results = late_results_.load(std::memory_order_relaxed);
    return now;
  }

  std::vector<worker_info> workers() const {
    std::vector<worker_info> all;
    all.reserve(workers_.size());
    for (const auto& worker : workers_) all.push_back(worker->info());
    return all;
  }

  event_hub& hub() noexcept { return hub_; }
  const pool_options& options() const noexcept { return options_; }
  bool works_here() const noexcept { return working_for == this; }

  // ── task_owner ────────────────────────────────────────────────────────────────────────────────────────────────────

  void withdrawn(const task& one, outcome result) noexcept override {
    if constexpr (forgetting_task_queue<Queue>) queue_.forget(one.lane());
    intake_.withdraw(one.lane(), result);
    if (hub_.wanted<event::task_settled>()) hub_.emit(event::task_settled{one.id(), no_worker, result});
    idle_.notify_all();
  }

  void run_here(task& one) noexcept override {
    const guest_visit visit(*this);
    if constexpr (forgetting_task_queue<Queue>) queue_.forget(one.lane());
    one.add_reference();
    run_as_guest(one);
  }

  void unobserved(task_id id, const std::exception_ptr& error) noexcept override {
    hub_.emit(event::unobserved_error{id, error});
  }

  void retain() noexcept override { refs_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept override {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  static constexpr duration grace = std::chrono::seconds(1);  // of a shutdown beyond its drain, by contract

  ~thread_pool_core() = default;

  static pool_options completed(pool_options options) {
    if (options.name.empty()) options.name = "pool";
    if (options.workers.max == 0) options.workers = worker_range(default_concurrency());
    return options;
  }

  // The workers from `first` on could not be started.
  void missing_workers(worker_id first, const std::system_error& reason) {
    for (std::size_t id = first; id < workers_.size(); ++id) {
      workers_[id]->happen(worker_event::end);
      if (hub_.wanted<event::worker_failed>()) hub_.emit(event::worker_failed{static_cast<worker_id>(id)});
    }
    if (first == 0) {
      raise(errc::spawn_failed, "pool '" + options_.name + "' could start none of its " +
                                    std::to_string(workers_.size()) + " threads: " + reason.code().message());
    }
  }

  // ── the way of a task ─────────────────────────────────────────────────────────────────────────────────────────────

  struct ticket {
    thread_pool_core& pool;
    task& one;
    void accept() const noexcept {
      one.accept_by(pool);
      pool.intake_.accept(one.lane());
    }
    void retract() const noexcept {
      pool.intake_.retract(one.lane());
      one.disown();
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
        if (status != push_status::accepted) take_back(mine);
        return status;
      } catch (...) {
        take_back(mine);
        throw;
      }
    }
  }

  void take_back(const ticket& mine) noexcept {
    mine.retract();
    idle_.notify_all();
  }

  // The queue is full and the submitter is to run the task itself.
  errc run_inline(task_ref& one) {
    const ticket mine{*this, *one.get()};
    mine.accept();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either a shutdown sees this task in the books or we see it
    if (closed_.load(std::memory_order_relaxed)) {
      take_back(mine);
      intake_.reject();
      return errc::pool_stopped;
    }
    const guest_visit visit(*this);
    task& here = *one.release();
    here.start();
    run_as_guest(here);
    return errc();
  }

  std::optional<task_ref> pull(thread_worker& me) {
    std::optional<task_ref> next;
    if constexpr (requires { queue_.try_pop(me.picks); }) {
      next = queue_.try_pop(me.picks);
    } else {
      next = queue_.try_pop();
      if (next && next->waiting() && !next->take()) next.reset();
    }
    return next;
  }

  bool work_in_sight() const noexcept {
    if constexpr (requires { queue_.has_elements(); }) {
      return queue_.has_elements();
    } else {
      return queue_.size() != 0;
    }
  }

  void run_as_guest(task& one) noexcept {
    typename guest_slots::visitor slot(guests_);
    run(one, slot, guest_books_, running_here.worker);
    idle_.notify_all();
  }

  /// Runs a started task and drops one reference of it.
  void run(task& one, run_slot& slot, run_books& books, worker_id worker) noexcept {
    books.start(one.lane());  // before the slot shows it: a pause that sees the slot sees the count
    slot.begin(one);
    if (hub_.wanted<event::task_started>()) hub_.emit(event::task_started{one.id(), worker});
    std::exception_ptr error;
    const outcome result = call(one, worker, error);
    if (result == outcome::failed && one.posted() && !report_uncaught(options_, one, error)) count_callback_error();
    if (slot.end(one)) {
      if (error) one.fail(std::move(error), result == outcome::failed && !one.posted());
      books.settle(result);
      one.finish(result);
      if (hub_.wanted<event::task_settled>()) hub_.emit(event::task_settled{one.id(), worker, result});
    } else {
      late_results_.fetch_add(1, std::memory_order_relaxed);
      overrunning_.fetch_sub(1, std::memory_order_release);
      idle_.notify_all();
    }
    one.drop_reference();
  }

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

  // ── the way of a worker ───────────────────────────────────────────────────────────────────────────────────────────

  void work(thread_worker& me) noexcept {
    working_for = this;
    call_hook(options_.on_start, me.id());
    me.happen(worker_event::ready);
    hub_.emit(event::worker_started{me.id(), 1, 0});
    work_until_told_to_leave(me);
    me.happen(worker_event::stop);
    call_hook(options_.on_stop, me.id());
    hub_.emit(event::worker_exited{me.id(), 1, {}, true});
    me.happen(worker_event::end);
    exited_workers_.fetch_add(1, std::memory_order_release);
    idle_.notify_all();
    working_for = nullptr;
    release();
  }

  void work_until_told_to_leave(thread_worker& me) noexcept {
    dispatch_case now{pool_phase::running, false, false, false, looks_before_parking};
    me.at_rest.store(false, std::memory_order_seq_cst);
    for (spinner spin;;) {
      now.phase = phase_.load(std::memory_order_acquire);
      now.paused = paused_.load(std::memory_order_seq_cst);
      now.work_in_sight = now.looked && work_in_sight();
      switch (decide(now)) {
        case dispatch::pull:
          if (std::optional<task_ref> next = pull(me)) {
            run_on(me, *next->release());
            now.looked = false;
            now.looks_left = looks_before_parking;
          } else {
            if (!now.looked) idle_.notify_all();
            if (now.work_in_sight) spin.once();  // another consumer is in the middle of taking it
            now.looked = true;
          }
          break;
        case dispatch::yield:
          --now.looks_left;
          spin.once();
          break;
        case dispatch::park:
          park(me);
          break;
        case dispatch::halt:
          halt(me);
          break;
        case dispatch::leave:
          me.at_rest.store(true, std::memory_order_seq_cst);
          return;
      }
    }
  }

  void run_on(thread_worker& me, task& one) noexcept {
    me.current.store(one.id(), std::memory_order_relaxed);
    me.happen(worker_event::take);
    run(one, me.slot, me.books, me.id());
    me.happen(worker_event::finish);
    me.current.store(0, std::memory_order_relaxed);
  }

  void park(thread_worker& me) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    parking_.announce();
    if (work_in_sight() || paused() || phase_.load(std::memory_order_relaxed) != pool_phase::running) {
      parking_.retract();
    } else {
      parking_.park();
    }
    me.at_rest.store(false, std::memory_order_seq_cst);
  }

  void halt(thread_worker& me) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    halt_.await([this] { return !paused() || phase_.load(std::memory_order_acquire) != pool_phase::running; });
    me.at_rest.store(false, std::memory_order_seq_cst);
  }

  void call_hook(const std::function<void(worker_id)>& hook, worker_id id) noexcept {
    if (!hook) return;
    try {
      hook(id);
    } catch (...) {
      count_callback_error();
    }
  }

  void count_callback_error() noexcept { callback_errors_.fetch_add(1, std::memory_order_relaxed); }

  // ── books and ending ──────────────────────────────────────────────────────────────────────────────────────────────

  book_sums sums() const noexcept {
    return book_sums::read(intake_, [this](auto&& visit) {
      for (const auto& worker : workers_) visit(worker->books);
      visit(guest_books_);
    });
  }

  bool quiet() const noexcept { return sums().balanced() && overrunning_.load(std::memory_order_acquire) <= 0; }

  /// Refuses new tasks, then lets the workers run out of work. `discard`: what waits is discarded before they can.
  void close(bool discard) noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    queue_.close();
    if (discard) purge_all(outcome::discarded);
    paused_.store(false, std::memory_order_seq_cst);
    phase_.store(pool_phase::draining, std::memory_order_seq_cst);
    parking_.notify_all();
    halt_.notify_all();
  }

  /// The drain is over: what waits is discarded, what runs is asked to stop and, with `force`, settled as cancelled.
  void cut_short(time_point deadline, bool force) {
    do {
      purge_all(outcome::discarded);
      if (!force) return;
      for (const auto& worker : workers_) abandon(worker->slot.seize());
      while (task* const one = guests_.seize_one()) abandon(one);
      // A task may just be on its way from the queue to its worker, or from its worker into the books.
    } while (!idle_.await([this] { return sums().balanced(); }, steady::now() + std::chrono::milliseconds(1)) &&
             steady::now() < after(deadline, grace));
  }

  void abandon(task* one) noexcept {
    if (one == nullptr) return;
    overrunning_.fetch_add(1, std::memory_order_relaxed);
    abandoned_.fetch_add(1, std::memory_order_relaxed);
    one->cancel();
    guest_books_.settle(outcome::cancelled);
    one->finish(outcome::cancelled);
    if (hub_.wanted<event::task_settled>()) hub_.emit(event::task_settled{one->id(), no_worker, outcome::cancelled});
    one->drop_reference();
    idle_.notify_all();
  }

  /// Joins the threads that have ended and lets go of those whose body was abandoned.
  void collect_threads(time_point deadline) {
    const auto settled = [](const auto& worker) {
      return worker->state() == worker_state::dead || worker->slot.is_seized();
    };
    idle_.await([&] { return std::all_of(workers_.begin(), workers_.end(), settled); }, deadline);
    const std::lock_guard hold(threads_mutex_);
    for (const auto& worker : workers_) {
      std::thread& thread = worker->thread();
      if (!thread.joinable()) continue;
      if (worker->state() == worker_state::dead) {
        thread.join();
      } else if (worker->slot.is_seized()) {
        thread.detach();
      }
    }
  }

  const pool_options options_;
  Queue queue_;
  event_hub hub_;
  std::vector<std::unique_ptr<thread_worker>> workers_;
  parking parking_;
  eventcount halt_;
  eventcount idle_;
  intake_books intake_;
  run_books guest_books_{writers::many};
  guest_slots guests_;
  std::atomic<pool_phase> phase_{pool_phase::running};
  std::atomic<bool> closed_{false};
  std::atomic<bool> paused_{false};
  std::atomic<std::int64_t> overrunning_{0};  // below 0 for the moment in which a seized body returns at once
  std::atomic<std::uint64_t> abandoned_{0}, late_results_{0}, callback_errors_{0};
  std::atomic<std::uint64_t> started_workers_{0}, exited_workers_{0};
  std::mutex threads_mutex_;  // joining and detaching
  std::atomic<std::size_t> refs_{1};
};

}}}  // namespace workpool::v0::detail
