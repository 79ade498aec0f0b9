#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/parking.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/dispatch.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The threads of a pool: they pull tasks from the pool until there is no more work and never will be.
///
/// Threads: any. A Pool is a task_owner with pull(picks) → optional<task_ref>, taken, and work_in_sight(); every thread
/// holds a reference of it until it ends.
template <class Pool>
class thread_crew {
 public:
  thread_crew(Pool& pool, task_runner& runner, const pool_options& options)
      : pool_(pool), runner_(runner), options_(options) {
    const std::size_t count = options.workers.max;
    workers_.reserve(count);
    for (std::size_t id = 0; id < count; ++id) {
      workers_.push_back(std::make_unique<thread_worker>(static_cast<worker_id>(id)));
      runner.include(workers_.back()->books);
    }
  }

  /// Throws: spawn_failed when not one thread could be started; with fewer than wanted it goes on.
  void spawn() {
    for (const auto& worker : workers_) {
      pool_.retain();
      try {
        worker->start(options_.name + "-" + std::to_string(worker->id()), [this, me = worker.get()] { work(*me); });
      } catch (...) {
        missing_from(worker->id());
        pool_.release();  // never the last one: the handle has its own
        make_do_without(worker->id());
        return;
      }
      started_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// A task has been pushed.
  void notify_one() noexcept { parking_.notify_one(); }

  /// From its return on no worker starts a task.
  void pause() noexcept {
    paused_.store(true, std::memory_order_seq_cst);
    for (const auto& worker : workers_) {
      // One that is between two tasks has perhaps not seen it and may start another one: wait until it has decided.
      for (spinner spin; worker->slot.empty() && !worker->at_rest.load(std::memory_order_seq_cst);) spin.once();
    }
  }

  void resume() noexcept {
    paused_.store(false, std::memory_order_seq_cst);
    resumed_.notify_all();
  }

  bool paused() const noexcept { return paused_.load(std::memory_order_relaxed); }

  /// Nothing more will be pushed: the workers leave when they run out of work, also those of a paused pool.
  void finish() noexcept {
    paused_.store(false, std::memory_order_seq_cst);
    phase_.store(pool_phase::draining, std::memory_order_seq_cst);
    parking_.notify_all();
    resumed_.notify_all();
  }

  /// Settles what runs as cancelled; the bodies go on.
  void abandon_running() noexcept {
    for (const auto& worker : workers_) runner_.abandon(worker->slot);
  }

  /// Joins the threads that have ended and lets go of those whose body was abandoned; waits for the others until
  /// `deadline`.
  void collect(time_point deadline) {
    const auto over = [](const auto& worker) {
      return worker->state() == worker_state::dead || worker->slot.is_seized();
    };
    runner_.await([&] { return std::all_of(workers_.begin(), workers_.end(), over); }, deadline);
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

  /// Nobody will wait for the threads.
  void let_go() {
    const std::lock_guard hold(threads_mutex_);
    for (const auto& worker : workers_) {
      if (worker->thread().joinable()) worker->thread().detach();
    }
  }

  void write_to(pool_stats& stats) const noexcept {
    for (const auto& worker : workers_) {
      const worker_state state = worker->state();
      ++stats.workers_by_state[static_cast<std::size_t>(state)];
      if (state != worker_state::dead) ++stats.workers;
    }
    stats.workers_started = started_.load(std::memory_order_relaxed);
    stats.workers_exited = exited_.load(std::memory_order_relaxed);
  }

  std::vector<worker_info> list() const {
    std::vector<worker_info> all;
    all.reserve(workers_.size());
    for (const auto& worker : workers_) all.push_back(worker->info());
    return all;
  }

 private:
  // Called with what the start of a worker threw: a lack of threads is borne when there is at least one.
  void make_do_without(worker_id first) const {
    try {
      throw;
    } catch (const std::system_error& reason) {
      if (first != 0) return;
      raise(errc::spawn_failed, "pool '" + options_.name + "' could start none of its " +
                                    std::to_string(workers_.size()) + " threads: " + reason.code().message());
    }
  }

  void missing_from(worker_id first) noexcept {
    for (std::size_t id = first; id < workers_.size(); ++id) {
      workers_[id]->happen(worker_event::end);
      runner_.hub().emit(event::worker_failed{static_cast<worker_id>(id)});
    }
  }

  void work(thread_worker& me) noexcept {
    working_for = &pool_;
    call_hook(options_.on_start, me.id());
    me.happen(worker_event::ready);
    runner_.hub().emit(event::worker_started{me.id(), 1, 0});
    work_until_told_to_leave(me);
    me.happen(worker_event::stop);
    call_hook(options_.on_stop, me.id());
    runner_.hub().emit(event::worker_exited{me.id(), 1, {}, true});
    exited_.fetch_add(1, std::memory_order_relaxed);
    me.happen(worker_event::end);
    runner_.notify();
    working_for = nullptr;
    pool_.release();
  }

  void work_until_told_to_leave(thread_worker& me) noexcept {
    dispatch_case now{pool_phase::running, false, false, false, looks_before_parking};
    me.at_rest.store(false, std::memory_order_seq_cst);
    for (spinner spin;;) {
      now.phase = phase_.load(std::memory_order_acquire);
      now.paused = paused_.load(std::memory_order_seq_cst);
      now.work_in_sight = now.looked && pool_.work_in_sight();
      switch (decide(now)) {
        case dispatch::pull:
          if (std::optional<task_ref> next = pool_.pull(me.picks)) {
            run(me, *next->release());
            now.looked = false;
            now.looks_left = looks_before_parking;
          } else {
            if (!now.looked) runner_.notify();   // the pool may have become idle
            if (now.work_in_sight) spin.once();  // another worker is in the middle of taking it
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

  void run(thread_worker& me, task& one) noexcept {
    me.current.store(one.id(), std::memory_order_relaxed);
    me.happen(worker_event::take);
    runner_.run(one, me.slot, me.books, me.id());
    me.happen(worker_event::finish);
    me.current.store(0, std::memory_order_relaxed);
  }

  void park(thread_worker& me) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    parking_.announce();
    if (pool_.work_in_sight() || paused() || phase_.load(std::memory_order_relaxed) != pool_phase::running) {
      parking_.retract();
    } else {
      parking_.park();
    }
    me.at_rest.store(false, std::memory_order_seq_cst);
  }

  void halt(thread_worker& me) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    resumed_.await([this] { return !paused() || phase_.load(std::memory_order_acquire) != pool_phase::running; });
    me.at_rest.store(false, std::memory_order_seq_cst);
  }

  void call_hook(const std::function<void(worker_id)>& hook, worker_id id) noexcept {
    if (!hook) return;
    try {
      hook(id);
    } catch (...) {
      runner_.callback_failed();
    }
  }

  Pool& pool_;
  task_runner& runner_;
  const pool_options& options_;
  std::vector<std::unique_ptr<thread_worker>> workers_;  // fixed from construction on
  parking parking_;                                      // workers without work
  eventcount resumed_;                                   // workers of a paused pool
  std::atomic<pool_phase> phase_{pool_phase::running};   // written by finish()
  std::atomic<bool> paused_{false};
  std::atomic<std::uint64_t> started_{0}, exited_{0};
  std::mutex threads_mutex_;  // joining and detaching
};

}}}  // namespace workpool::v0::detail
