#pragma once
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/crew_plan.hpp>
#include <workpool/pool/crew_state.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/pool/thread_restart.hpp>
#include <workpool/supervise/slot_machine.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How many threads a pool has: crew_plan says how many there should be, a slot_machine for each of them what becomes
/// of it. This class carries that out: it starts threads, lets them go, replaces those that were lost, and tries again
/// where the system had none to give.
///
///     plan changes ─► carry_out ─┬─► start ─► crew.work(worker), on the thread ─► say_goodbye ─► joined later
///                                └─► wanted no longer: it leaves when it looks
///
/// Threads: any. A Pool has retain(), release(), work_in_sight() and work_published(); every thread holds a reference
/// of it until it ends. Cost: while may_grow() is false nothing of this is on anybody's way.
template <class Pool, class Crew>
class staffing {
 public:
  staffing(Pool& pool, Crew& crew, crew_state& state, task_runner& runner, const pool_options& options)
      : pool_(pool),
        crew_(crew),
        state_(state),
        runner_(runner),
        options_(options),
        plan_(options.workers.min, options.workers.max, options.max_overrun.value_or(options.workers.max)) {}
  staffing(const staffing&) = delete;
  staffing& operator=(const staffing&) = delete;

  /// Throws: spawn_failed when not one thread could be started; with fewer than wanted it goes on.
  void spawn() {
    const std::unique_lock hold(mutex_);
    const int reason = carry_out();
    if (reason == 0 || std::any_of(places_.begin(), places_.end(), [](const place& one) { return one.occupied(); })) {
      return;
    }
    raise(errc::spawn_failed, "pool '" + options_.name + "' could start none of its " + std::to_string(plan_.slots()) +
                                  " threads: " + std::system_category().message(reason) +
                                  "; raise the limit of threads (ulimit -u, pids.max) or of memory");
  }

  // ── how many there should be ──────────────────────────────────────────────────────────────────────────────────────

  /// Throws: std::bad_alloc, and then nothing has changed.
  void resize(worker_range range) {
    change([&] { plan_.resize(range.min, range.max, options_.max_overrun.value_or(range.max)); });
  }
  void stall(worker_id worker) noexcept {
    change([&] { plan_.stall(worker); });
  }
  void recover(worker_id worker) noexcept {
    change([&] { plan_.recover(worker); });
  }
  void idle(worker_id worker) noexcept {
    change([&] { plan_.idle(worker); });
  }

  /// Whether a demand may change anything; what the plan would say.
  bool may_grow(std::memory_order order = std::memory_order_relaxed) const noexcept { return may_grow_.load(order); }

  /// There is work, and nobody has been found for it.
  void grow(std::uint32_t tasks = 1) noexcept {
    if (!pool_.work_published() || state_.phase.paused()) return;
    change([&] {
      while (tasks-- != 0 && plan_.could_grow()) plan_.demand();
    });
  }

  /// A single task in the hand of `me` is no work in sight, and yet may be what its worker waits for. One worker more
  /// is enough for any number of them: it keeps guard.
  void grow_unless_somebody_comes(const thread_worker& me) noexcept {
    if (state_.phase.paused()) return;
    change([&] {
      const auto comes = [&](const thread_worker& one) {  // starts, or looks around and will then keep guard
        return places_[one.id()].occupied() && one.slot.empty() && &one != &me;
      };
      if (std::any_of(state_.workers.begin(), state_.workers.end(), comes)) return;
      if (plan_.could_grow()) plan_.demand();
    });
  }

  /// Grows for work that came when the pool could not grow. One is enough: it calls the next when it takes its first.
  void catch_up() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either we see the work or its submitter sees may_grow_
    if (may_grow()) grow();
  }

  /// How long a worker may sleep: one that may be too many no longer than idle_timeout; one that misses others looks
  /// after them.
  time_point park_limit() const noexcept {
    const bool shrinks = may_shrink_.load(std::memory_order_relaxed);
    if (!shrinks && !may_grow()) return time_point::max();
    return std::min(retry_at_.load(std::memory_order_relaxed),
                    shrinks ? after(steady::now(), options_.idle_timeout) : time_point::max());
  }

  /// Whether anybody but those who are held up could run a task.
  bool anyone_free() const noexcept {
    const std::lock_guard hold(mutex_);
    return plan_.could_grow() || plan_.anyone_free();
  }

  /// How many regular workers there should be.
  worker_range range() const noexcept {
    const std::lock_guard hold(mutex_);
    return {plan_.min(), plan_.max()};
  }

  // ── the end of a thread ───────────────────────────────────────────────────────────────────────────────────────────

  /// The thread of `me`, which is calling, does nothing more; another one follows it where one is wanted. `planned`: it
  /// was told to leave.
  void say_goodbye(thread_worker& me, bool planned) noexcept {
    exited_.fetch_add(1, std::memory_order_relaxed);
    take_leave(me, planned);
    // Where it was the last one, nobody else would try again to start another one.
    for (time_point next; (next = nobody_else_tries_until()) != time_point::max();) {
      constexpr duration look = std::chrono::milliseconds(100);  // whether that is still wanted
      std::this_thread::sleep_until(std::min(next, after(steady::now(), look)));
      const std::lock_guard hold(mutex_);
      carry_out();
    }
  }

  /// Joins the threads that have ended and lets go of those whose body was abandoned.
  void collect() {
    change([this] {
      for (auto& worker : state_.workers) {
        if (worker.slot.is_seized() && worker.thread().joinable()) worker.thread().detach();
      }
    });
  }

  /// Nobody will wait for the threads.
  void let_go() noexcept {
    const std::lock_guard hold(mutex_);
    uncollected_ = true;
    for (auto& worker : state_.workers) {
      if (worker.thread().joinable()) worker.thread().detach();
    }
    for (std::thread& ended : ended_) ended.detach();
    ended_.clear();
  }

  void write_to(pool_stats& stats) const noexcept {
    stats.workers_started = started_.load(std::memory_order_relaxed);
    stats.workers_exited = exited_.load(std::memory_order_relaxed);
    stats.restarts = restarts_.load(std::memory_order_relaxed);
  }

 private:
  // Changes the plan, carries it out, and joins the threads that have ended since the last change.
  template <class Change>
  void change(Change change_plan) {
    int failed = 0;
    {
      const std::lock_guard hold(mutex_);
      change_plan();
      failed = carry_out();
    }
    if (failed != 0) {
      crew_.dispatch_again();
      tell_missing();
    }
    for (std::thread ended; (ended = take_ended()).joinable();) {
      if (ended.get_id() == std::this_thread::get_id()) {
        ended.detach();  // the destructor of one of its thread_locals is calling
      } else {
        ended.join();
      }
    }
  }

  using place = slot_machine<thread_restart>;

  // Starts and lets go, as far as the system allows. Gives: 0, or errno of what it did not allow.
  int carry_out() noexcept {
    int failed = add_places();
    bool wake = false;
    const time_point now = steady::now();
    for (auto& worker : state_.workers) {
      const bool wanted = plan_.wanted(worker.id());
      if (!wanted && worker.wanted.load(std::memory_order_relaxed)) wake = true;
      worker.wanted.store(wanted, std::memory_order_seq_cst);
      place& its = places_[worker.id()];
      if (wanted && (its.start(now).spawn || its.due(now).spawn)) {
        if (const int reason = start(worker, its); reason != 0) failed = reason;
      } else if (!wanted && !its.occupied()) {
        its.stop(now);  // a thread that is there stops when it looks
      }
    }
    publish();
    if (wake) state_.wake_all();
    return failed;
  }

  void take_leave(thread_worker& me, bool planned) noexcept {
    const std::lock_guard hold(mutex_);
    me.happen(worker_event::end);
    if (me.thread().joinable()) hand_over(me.thread());
    if (planned && state_.phase.ends()) plan_.leave(me.id());
    const bool wanted = plan_.wanted(me.id());
    me.lost = !planned && wanted;
    place& its = places_[me.id()];
    const time_point now = steady::now();
    if (!wanted) its.stop(now);  // which it has done already
    if (its.died(its.generation(), {.failed = false, .uptime = now - me.info().started_at}, now).spawn) start(me, its);
    publish();
    me.wanted.store(wanted, std::memory_order_relaxed);
    if (pool_.work_in_sight() && !state_.parked.notify_one()) make_up();  // for a wake this thread has used up, perhaps
  }

  // When a thread is to be started for work that is there, or may come, if no thread is left that would; else never.
  time_point nobody_else_tries_until() noexcept {
    const std::lock_guard hold(mutex_);
    if (std::any_of(places_.begin(), places_.end(), [](const place& one) { return one.occupied(); })) {
      return time_point::max();
    }
    if (state_.phase.ends() && !pool_.work_in_sight()) return time_point::max();
    return retry_at_.load(std::memory_order_relaxed);
  }

  // What others look at without the lock.
  void publish() noexcept {
    time_point next = room_again_at_;
    for (const place& one : places_) next = std::min(next, one.deadline());
    retry_at_.store(next, std::memory_order_relaxed);
    may_shrink_.store(plan_.could_shrink(), std::memory_order_relaxed);
    may_grow_.store(plan_.could_grow() || next != time_point::max(), std::memory_order_seq_cst);
  }

  int add_places() noexcept {
    room_again_at_ = time_point::max();
    try {
      ended_.reserve(plan_.slots());  // what says goodbye needs no memory
      while (state_.workers.size() < plan_.slots()) {
        if (places_.size() == state_.workers.size()) places_.emplace_back(thread_restart(), no_deadlines);
        runner_.include(state_.workers.add().books);
      }
      return 0;
    } catch (const std::bad_alloc&) {
      room_again_at_ = after(steady::now(), std::chrono::seconds(1));
      return ENOMEM;
    }
  }

  int start(thread_worker& worker, place& its) noexcept {
    int reason = ENOMEM;
    pool_.retain();
    try {
      worker.start(options_.name + "-" + std::to_string(worker.id()), [this, me = &worker] { crew_.work(*me); });
      if (uncollected_) worker.thread().detach();
      started_.fetch_add(1, std::memory_order_relaxed);
      if (std::exchange(worker.lost, false)) restarts_.fetch_add(1, std::memory_order_relaxed);
      its.ready(its.generation());
      return 0;
    } catch (const std::system_error& refusal) {
      reason = refusal.code().value();
    } catch (const std::bad_alloc&) {
    }
    pool_.release();  // never the last one: whoever asked has its own
    its.died(its.generation(), {.failed = true}, steady::now());
    return reason;
  }

  void make_up() noexcept {
    if (state_.phase.paused() || !plan_.could_grow()) return;
    plan_.demand();
    carry_out();
  }

  void hand_over(std::thread& mine) noexcept {
    try {
      ended_.emplace_back();  // before the move: a thread that is lost on the way would end the process
      ended_.back().swap(mine);
    } catch (const std::bad_alloc&) {
      mine.detach();
    }
  }

  std::thread take_ended() noexcept {
    const std::lock_guard hold(mutex_);
    if (ended_.empty()) return {};
    std::thread one = std::move(ended_.back());
    ended_.pop_back();
    return one;
  }

  void tell_missing() noexcept {
    for (const auto& worker : state_.workers) {
      const bool missing = worker.wanted.load(std::memory_order_relaxed) && worker.state() == worker_state::dead;
      if (missing) runner_.hub().emit(event::worker_failed{worker.id()});
    }
  }

  Pool& pool_;
  Crew& crew_;
  crew_state& state_;
  task_runner& runner_;
  const pool_options& options_;
  std::atomic<bool> may_grow_{false}, may_shrink_{false};  // what plan_ and places_ would say; written with them
  std::atomic<time_point> retry_at_{time_point::max()};    // when a thread may be started that could not be
  std::atomic<std::uint64_t> started_{0}, exited_{0}, restarts_{0};
  mutable std::mutex mutex_;  // guards what follows, and starting, detaching and handing over threads
  crew_plan plan_;
  // A thread is ready as soon as it is there, and nobody can make it stop.
  static constexpr slot_options no_deadlines{.ready_timeout = duration::max(), .stop_timeout = duration::max()};
  std::deque<place> places_;                      // by worker
  time_point room_again_at_ = time_point::max();  // there was no memory for a place; then it is tried again
  std::vector<std::thread> ended_;                // have said goodbye and are to be joined
  bool uncollected_ = false;
};

}}}  // namespace workpool::v0::detail
