#pragma once
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/parking.hpp>
#include <workpool/detail/posix/asymmetric_fence.hpp>
#include <workpool/detail/posix/thread_tuning.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/crew_plan.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/dispatch.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/worker/hands.hpp>
#include <workpool/worker/stall_watch.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/worker_list.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The threads of a pool: they pull tasks from the pool until there is no more work and never will be. How many there
/// are is what crew_plan says; this class starts them, lets them go, and replaces those that were lost.
///
/// Threads: any. A Pool is a task_owner with pull(worker) → a started task or nullptr, work_in_sight(),
/// work_published() and more_to_come(); every thread holds a reference of it until it ends.
template <class Pool>
class thread_crew final : public stall_watch {
 public:
  thread_crew(Pool& pool, task_runner& runner, const pool_options& options)
      : pool_(pool),
        runner_(runner),
        options_(options),
        plan_(options.workers.min, options.workers.max, options.max_overrun.value_or(options.workers.max)) {}

  /// Throws: spawn_failed when not one thread could be started; with fewer than wanted it goes on.
  void spawn() {
    const std::unique_lock hold(mutex_);
    const int reason = carry_out();
    if (reason == 0 || std::any_of(workers_.begin(), workers_.end(), [](const auto& one) { return one.alive; })) return;
    raise(errc::spawn_failed, "pool '" + options_.name + "' could start none of its " + std::to_string(plan_.slots()) +
                                  " threads: " + std::system_category().message(reason) +
                                  "; raise the limit of threads (ulimit -u, pids.max) or of memory");
  }

  /// A task has been pushed.
  void notify_one() noexcept {
    if (!parking_.notify_one() && may_grow_.load(std::memory_order_relaxed)) grow();
  }
  /// The same where the queue has put the push in order.
  void notify_one_in_order() noexcept {
    if (!parking_.notify_one_in_order() && may_grow_.load(std::memory_order_seq_cst)) grow();
  }
  /// The worker of this crew that this thread is, or nullptr.
  thread_worker* here() const noexcept {
    thread_worker* const me = worker_of_this_thread;
    return me != nullptr && me->crew == this ? me : nullptr;
  }

  /// A task of `me` has put something into its hand. A single task is mostly the successor of the one that runs, and
  /// faster run by the same worker than by one that has to be woken: while somebody is on guard, nobody is.
  /// Cost: two looks at lines that nobody writes while all are at work.
  void kept(thread_worker& me) noexcept {
    if (!me.own.has_older() && guarded_.load(std::memory_order_seq_cst)) return;
    if (parking_.anyone() && parking_.notify_one()) return;
    if (may_grow_.load(std::memory_order_relaxed)) grow_unless_somebody_comes(me);
  }

  /// A task has forked: its parts are worth a wake each, since whoever forks wants them to run at the same time.
  /// Cost: as kept(). A worker that parks just now may miss it, and the one on guard finds it.
  void forked() noexcept {
    if (parking_.anyone() || may_grow_.load(std::memory_order_relaxed)) notify_one();
  }

  /// Several tasks have been pushed.
  void notify_many(std::uint32_t count) noexcept {
    if (parking_.notify_many(count) < count && may_grow_.load(std::memory_order_relaxed)) grow(count);
  }

  /// A worker has taken more than it can run at once.
  void share() noexcept { parking_.notify_one(); }

  detail::hands hands() const noexcept { return detail::hands(workers_); }

  /// Throws: std::bad_alloc, and then nothing has changed.
  void resize(worker_range range) {
    change([&] { plan_.resize(range.min, range.max, options_.max_overrun.value_or(range.max)); });
    parking_.recall();  // how long a worker may idle has perhaps changed
    catch_up();
  }

  void stalled(worker_id worker) noexcept override {
    workers_[worker].waits.fetch_add(1, std::memory_order_seq_cst);
    change([&] { plan_.stall(worker); });
    catch_up();
    if (pool_.work_in_sight()) parking_.notify_one();  // what it has in hand is now everybody's
    if (ends()) parking_.recall();                     // perhaps nobody waits for this one any more
  }
  void recovered(worker_id worker) noexcept override {
    workers_[worker].waits.fetch_sub(1, std::memory_order_relaxed);
    change([&] { plan_.recover(worker); });
  }
  /// Whether anybody but those who are held up could run a task.
  bool anyone_free() const noexcept {
    const std::lock_guard hold(mutex_);
    return plan_.could_grow() || plan_.anyone_free();
  }

  /// From its return on no worker starts a task; a pool that ends is not paused any more.
  void pause() noexcept {
    paused_.store(true, std::memory_order_seq_cst);
    if (phase_.load(std::memory_order_seq_cst) != pool_phase::running) {
      paused_.store(false, std::memory_order_seq_cst);
      return;
    }
    // A handler may call this on a worker between two tasks, which will look before it takes the next one.
    const bool rested =
        worker_of_this_thread != nullptr && worker_of_this_thread->at_rest.exchange(true, std::memory_order_seq_cst);
    heavy_fence();  // see run_slot::end()
    for (const auto& worker : workers_) {
      // One that is between two tasks has perhaps not seen it and may start another one: wait until it has decided.
      for (spinner spin; worker.slot.empty() && !worker.at_rest.load(std::memory_order_seq_cst);) spin.once();
    }
    if (worker_of_this_thread != nullptr) worker_of_this_thread->at_rest.store(rested, std::memory_order_seq_cst);
  }

  void resume() noexcept {
    paused_.store(false, std::memory_order_seq_cst);
    resumed_.notify_all();
    catch_up();
  }

  bool paused() const noexcept { return paused_.load(std::memory_order_relaxed); }

  /// No more tasks will be accepted: the workers leave when they run out of work, also those of a paused pool.
  void finish() noexcept {
    phase_.store(pool_phase::draining, std::memory_order_seq_cst);
    paused_.store(false, std::memory_order_seq_cst);  // in this order: see pause()
    wake_all();
    catch_up();
  }

  /// Every worker looks again at what there is to do.
  void wake_all() noexcept {
    parking_.recall();
    resumed_.notify_all();
  }

  /// Settles what runs as cancelled; the bodies go on.
  void abandon_running() noexcept {
    for (auto& worker : workers_) runner_.abandon(worker.slot);
  }

  /// Settles what runs for too long. Gives: when the next one is due.
  time_point time_out(time_point now) noexcept {
    time_point next = time_point::max();
    for (auto& worker : workers_) {
      runner_.time_out(worker.slot, now);
      next = std::min(next, worker.slot.deadline());
    }
    return next;
  }

  /// Joins the threads that have ended and lets go of those whose body was abandoned; waits for the others until
  /// `deadline`.
  void collect(time_point deadline) {
    const auto over = [](const auto& worker) {
      return worker.state() == worker_state::dead || worker.slot.is_seized();
    };
    runner_.await([&] { return std::all_of(workers_.begin(), workers_.end(), over); }, deadline);
    change([this] {
      for (auto& worker : workers_) {
        if (worker.slot.is_seized() && worker.thread().joinable()) worker.thread().detach();
      }
    });
  }

  /// Nobody will wait for the threads.
  void let_go() noexcept {
    const std::lock_guard hold(mutex_);
    uncollected_ = true;
    for (auto& worker : workers_) {
      if (worker.thread().joinable()) worker.thread().detach();
    }
    for (std::thread& ended : ended_) ended.detach();
    ended_.clear();
  }

  void write_to(pool_stats& stats) const noexcept {
    for (const auto& worker : workers_) {
      const worker_state state = worker.state();
      if (!is_listed(worker)) continue;
      ++stats.workers_by_state[static_cast<std::size_t>(state)];
      if (state != worker_state::dead) ++stats.workers;
    }
    stats.workers_started = started_.load(std::memory_order_relaxed);
    stats.workers_exited = exited_.load(std::memory_order_relaxed);
    stats.restarts = restarts_.load(std::memory_order_relaxed);
  }

  /// How many workers there have ever been at a time, spares included; at least 1.
  std::size_t slots() const noexcept { return std::max<std::size_t>(1, workers_.size()); }

  /// How many regular workers there should be.
  worker_range range() const noexcept {
    const std::lock_guard hold(mutex_);
    return {plan_.min(), plan_.max()};
  }

  std::vector<worker_info> list() const {
    std::vector<worker_info> all;
    for (const auto& worker : workers_) {
      if (is_listed(worker)) all.push_back(worker.info());
    }
    return all;
  }

 private:
  using thread_list = std::vector<std::thread>;

  bool ends() const noexcept { return phase_.load(std::memory_order_seq_cst) != pool_phase::running; }

  // Those that are there, those that should be, and in the end those that were.
  bool is_listed(const thread_worker& worker) const noexcept {
    return worker.state() != worker_state::dead || worker.wanted.load(std::memory_order_relaxed) || ends();
  }

  // ── how many ──────────────────────────────────────────────────────────────────────────────────────────────────────

  void grow(std::uint32_t tasks = 1) noexcept {
    if (!pool_.work_published() || paused()) return;
    change([&] {
      while (tasks-- != 0 && plan_.could_grow()) plan_.demand();
    });
  }

  // A single task in a hand is no work in sight, and yet may be what its worker waits for. One worker more is enough
  // for any number of them: it keeps guard.
  void grow_unless_somebody_comes(const thread_worker& me) noexcept {
    if (paused()) return;
    change([&] {
      const auto comes = [&me](const thread_worker& one) {  // starts, or looks around and will then keep guard
        return one.alive && one.slot.empty() && &one != &me;
      };
      if (std::any_of(workers_.begin(), workers_.end(), comes)) return;
      if (plan_.could_grow()) plan_.demand();
    });
  }

  // Grows for work that came when the pool could not grow. One is enough: it calls the next when it takes its first.
  void catch_up() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either we see the work or its submitter sees may_grow_
    if (may_grow_.load(std::memory_order_relaxed)) grow();
  }

  // Changes the plan, carries it out, and joins the threads that have ended since the last change.
  template <class Change>
  void change(Change change_plan) {
    int failed = 0;
    {
      const std::lock_guard hold(mutex_);
      change_plan();
      failed = carry_out();
    }
    if (failed != 0) tell_missing();
    for (std::thread ended; (ended = take_ended()).joinable();) {
      if (ended.get_id() == std::this_thread::get_id()) {
        ended.detach();  // the destructor of one of its thread_locals is calling
      } else {
        ended.join();
      }
    }
  }

  // Starts and lets go, as far as the system allows. Gives: 0, or errno of what it did not allow.
  int carry_out() noexcept {
    int failed = add_slots();
    bool wake = false;
    for (auto& worker : workers_) {
      const bool wanted = plan_.wanted(worker.id());
      if (!wanted && worker.wanted.load(std::memory_order_relaxed)) wake = true;
      worker.wanted.store(wanted, std::memory_order_seq_cst);
      if (wanted && !worker.alive && failed == 0 && may_try()) failed = start(worker);
    }
    may_shrink_.store(plan_.could_shrink(), std::memory_order_relaxed);
    may_grow_.store(plan_.could_grow() || retry_at_.load(std::memory_order_relaxed) != time_point{},
                    std::memory_order_seq_cst);
    if (wake) wake_all();
    return failed;
  }

  int add_slots() noexcept {
    try {
      ended_.reserve(plan_.slots());  // what says goodbye needs no memory
      while (workers_.size() < plan_.slots()) runner_.include(workers_.add().books);
      return 0;
    } catch (const std::bad_alloc&) {
      put_off();
      return ENOMEM;
    }
  }

  bool may_try() const noexcept {
    const time_point retry = retry_at_.load(std::memory_order_relaxed);
    return retry == time_point{} || steady::now() >= retry;
  }

  int start(thread_worker& worker) {
    pool_.retain();
    try {
      worker.start(options_.name + "-" + std::to_string(worker.id()), [this, me = &worker] { work(*me); });
      if (uncollected_) worker.thread().detach();
      started_.fetch_add(1, std::memory_order_relaxed);
      if (std::exchange(worker.lost, false)) restarts_.fetch_add(1, std::memory_order_relaxed);
      retry_at_.store({}, std::memory_order_relaxed);
      retry_after_ = first_retry;
      return 0;
    } catch (const std::system_error& reason) {
      pool_.release();  // never the last one: whoever asked has its own
      put_off();
      return reason.code().value();
    } catch (const std::bad_alloc&) {
      pool_.release();
      put_off();
      return ENOMEM;
    }
  }

  void put_off() noexcept {
    retry_at_.store(after(steady::now(), retry_after_), std::memory_order_relaxed);
    retry_after_ = std::min<duration>(2 * retry_after_, last_retry);
  }

  std::thread take_ended() noexcept {
    const std::lock_guard hold(mutex_);
    if (ended_.empty()) return {};
    std::thread one = std::move(ended_.back());
    ended_.pop_back();
    return one;
  }

  void tell_missing() noexcept {
    for (const auto& worker : workers_) {
      const bool missing = worker.wanted.load(std::memory_order_relaxed) && worker.state() == worker_state::dead;
      if (missing) runner_.hub().emit(event::worker_failed{worker.id()});
    }
  }

  // ── a thread ──────────────────────────────────────────────────────────────────────────────────────────────────────

  // Says goodbye for a thread, whether it returns or is unwound by pthread_exit.
  struct departure {
    thread_crew& crew;
    thread_worker& me;
    bool planned = false;
    ~departure() { crew.depart(me, planned); }
  };

  void work(thread_worker& me) {
    working_for = &pool_;
    worker_of_this_thread = &me;
    me.crew = this;
    departure leaving{*this, me};
    tune();
    call_hook(options_.on_start, me.id());
    me.happen(worker_event::ready);
    runner_.hub().emit(event::worker_started{me.id(), me.generation(), 0});
    work_until_told_to_leave(me);
    leaving.planned = true;
  }

  void tune() noexcept {
    const bool tuned =
        (options_.cpus.empty() || run_on(options_.cpus) == 0) && (options_.nice == 0 || set_nice(options_.nice) == 0);
    if (!tuned) runner_.callback_failed();
  }

  void depart(thread_worker& me, bool planned) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    stop_guarding(me);
    if (ends()) parking_.recall();  // those who have stayed as long as this one worked
    me.happen(worker_event::stop);
    call_hook(options_.on_stop, me.id());
    runner_.hub().emit(event::worker_exited{me.id(), me.generation(), {}, planned});
    exited_.fetch_add(1, std::memory_order_relaxed);
    {
      const std::lock_guard hold(mutex_);
      me.happen(worker_event::end);
      me.alive = false;
      if (me.thread().joinable()) hand_over(me.thread());
      if (planned && ends()) plan_.leave(me.id());
      me.lost = !planned && plan_.wanted(me.id());
      if (plan_.wanted(me.id())) start(me);
      me.wanted.store(plan_.wanted(me.id()), std::memory_order_relaxed);
      if (pool_.work_in_sight() && !parking_.notify_one()) make_up();  // for a wake this thread has used up, perhaps
    }
    runner_.notify();
    worker_of_this_thread = nullptr;
    working_for = nullptr;
    pool_.release();
  }

  void make_up() noexcept {
    if (paused() || !plan_.could_grow()) return;
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

  void work_until_told_to_leave(thread_worker& me) {
    dispatch_case now{};
    now.looks_left = looks_before_parking;
    me.at_rest.store(false, std::memory_order_seq_cst);
    for (spinner spin;;) {
      now.wanted = me.wanted.load(std::memory_order_relaxed);
      now.phase = phase_.load(std::memory_order_acquire);
      now.paused = paused_.load(std::memory_order_seq_cst);
      now.work_in_sight = now.looked && pool_.work_in_sight();
      now.more_to_come = now.phase != pool_phase::running && pool_.more_to_come();
      switch (decide(now)) {
        case dispatch::pull:
          if (run_some(me)) {
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
        case dispatch::park: {
          const dispatch next = park(me);
          if (next == dispatch::leave) return;
          if (next == dispatch::pull) now.looked = false;
          break;
        }
        case dispatch::halt:
          halt(me);
          break;
        case dispatch::leave:
          me.at_rest.store(true, std::memory_order_seq_cst);
          return;
      }
    }
  }

  // Runs what there is, as long as nothing else has to be thought about. Gives: whether there was anything.
  bool run_some(thread_worker& me) {
    task* next = pool_.pull(me);
    if (next == nullptr) return false;
    stop_guarding(me);
    do {
      run(me, *next);
    } while (!paused_.load(std::memory_order_seq_cst) && me.wanted.load(std::memory_order_relaxed) &&
             (next = pool_.pull(me)) != nullptr);
    return true;
  }

  void run(thread_worker& me, task& one) {
    me.current.store(one.id(), std::memory_order_relaxed);
    if (may_grow_.load(std::memory_order_relaxed) && !parking_.anyone() && pool_.work_in_sight()) grow();
    runner_.run(one, me.slot, me.books);
  }

  // Gives: pull to look at once, since something was seen; leave, still at rest, when the pool is at its end: nothing
  // to run is in sight, and then nobody works. As long as somebody does, something may be on its way into his hand, or
  // lie there and be what he waits for: the guard has to stay. Source: modelled in tests/model/thread_crew.pml.
  dispatch park(thread_worker& me) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    const std::uint32_t announced = parking_.announce();
    const bool ending = ends() && !pool_.more_to_come();
    bool seen = false;
    if (pool_.work_published() || paused() || !me.wanted.load(std::memory_order_seq_cst)) {
      parking_.retract();
    } else if (ending && !somebody_is_awaited()) {
      parking_.retract();
      return dispatch::leave;
    } else {
      const bool guards = somebody_works() && !guarded_.exchange(true, std::memory_order_seq_cst);
      const time_point limit = park_limit();
      const time_point deadline = guards ? std::min(limit, after(steady::now(), me.guard_turn)) : limit;
      const bool on_time = !parking_.park_until(announced, deadline);
      if (on_time && deadline == limit) change([&] { plan_.idle(me.id()); });
      seen = on_time && guards && guard(me);
      if (guards) guarded_.store(false, std::memory_order_seq_cst);
      me.was_on_guard = guards;  // and will be again, or hand on the guard: see stop_guarding()
    }
    me.at_rest.store(false, std::memory_order_seq_cst);
    return seen ? dispatch::pull : dispatch::park;
  }

  // The guard has something to do, or leaves. Not before that is another one woken: while the first one is awake and
  // finds nothing, they would hand the guard to and fro (measured: 40 wakes a submit, with three workers, one of them
  // busy).
  void stop_guarding(thread_worker& me) noexcept {
    if (std::exchange(me.was_on_guard, false)) parking_.notify_one();
  }

  // Whether a worker may put something into its hand. One that begins to work later, and finds nobody on guard, wakes
  // somebody when it does.
  bool somebody_works() const noexcept {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const thread_worker& one) { return !one.at_rest.load(std::memory_order_seq_cst); });
  }

  // The same without those whose body was given up, which may go on for ever.
  bool somebody_is_awaited() const noexcept {
    return std::any_of(workers_.begin(), workers_.end(), [](const thread_worker& one) {
      return !one.at_rest.load(std::memory_order_seq_cst) && !one.slot.is_seized();
    });
  }

  // One turn of the worker on guard: what was forked is for anybody; a single task in a hand that has not moved since
  // the last turn will not, as long as what its worker runs does not end, and may be what that waits for. Gives:
  // whether there is one, now me.relieves.
  bool guard(thread_worker& me) noexcept {
    bool seen_any = false;
    for (thread_worker& one : workers_) {
      if (one.has_forked()) return true;
      if (one.own.size() == 0) continue;
      seen_any = true;
      if (std::exchange(one.seen_pushes, one.own.pushes()) != one.own.pushes()) continue;
      me.relieves = &one;
      return true;
    }
    me.guard_turn = seen_any ? thread_worker::first_guard_turn : std::min(2 * me.guard_turn, last_guard_turn);
    return false;
  }

  // A worker that may be too many sleeps no longer than idle_timeout; one that misses others looks after them.
  time_point park_limit() noexcept {
    const bool shrinks = may_shrink_.load(std::memory_order_relaxed);
    if (!shrinks && !may_grow_.load(std::memory_order_relaxed)) return time_point::max();
    const time_point retry = retry_at_.load(std::memory_order_relaxed);
    return std::min(retry == time_point{} ? time_point::max() : retry,
                    shrinks ? after(steady::now(), options_.idle_timeout) : time_point::max());
  }

  void halt(thread_worker& me) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    runner_.notify();  // what it ran last may have been all that somebody waits for
    resumed_.await([&] {
      return !paused() || phase_.load(std::memory_order_acquire) != pool_phase::running ||
             !me.wanted.load(std::memory_order_seq_cst);
    });
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

  static constexpr duration last_guard_turn = std::chrono::milliseconds(2);
  static constexpr duration first_retry = std::chrono::milliseconds(100);  // after a failed start; doubled each time
  static constexpr duration last_retry = std::chrono::seconds(30);

  Pool& pool_;
  task_runner& runner_;
  const pool_options& options_;
  parking parking_;                                     // workers without work
  eventcount resumed_;                                  // workers of a paused pool
  std::atomic<pool_phase> phase_{pool_phase::running};  // written by finish()
  std::atomic<bool> paused_{false};
  std::atomic<bool> guarded_{false};  // a parked worker looks now and then after what lies in the hands of the others
  std::atomic<bool> may_grow_{false}, may_shrink_{false};  // what plan_ would say; written with it
  std::atomic<std::uint64_t> started_{0}, exited_{0}, restarts_{0};
  mutable std::mutex mutex_;  // guards what follows, and starting, detaching and handing over threads
  crew_plan plan_;
  worker_list workers_;  // walked by anyone
  thread_list ended_;    // have said goodbye and are to be joined
  bool uncollected_ = false;
  std::atomic<time_point> retry_at_{};  // not before then is a thread started again; 0: nothing has failed
  duration retry_after_ = first_retry;
};

}}}  // namespace workpool::v0::detail
