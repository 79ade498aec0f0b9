#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>
#include <workpool/core/event.hpp>
#include <workpool/detail/posix/thread_tuning.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/crew_state.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/staffing.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/pool/worker_loop.hpp>
#include <workpool/worker/hands.hpp>
#include <workpool/worker/stall_watch.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The threads of a pool: they pull tasks from the pool until there is no more work and never will be.
///
///     notify ─► a parked worker ─► worker_loop: pull and run
///        └─ nobody parked ─► staffing: one worker more, where the plan allows it
///
/// Threads: any. A Pool is a task_owner with what worker_loop and staffing ask of it; one that decides which worker
/// runs what has dispatch() and dispatch_new(), and wakes that one by recall(). Every thread holds a reference of the
/// pool until it ends.
template <class Pool>
class thread_crew final : public stall_watch {
 public:
  thread_crew(Pool& pool, task_runner& runner, const pool_options& options)
      : pool_(pool), runner_(runner), options_(options), staff_(pool, *this, state_, runner, options) {}

  /// Throws: spawn_failed when not one thread could be started; with fewer than wanted it goes on.
  void spawn() { staff_.spawn(); }

  // ── there is work ─────────────────────────────────────────────────────────────────────────────────────────────────

  /// A task has been pushed.
  void notify_one() noexcept {
    if constexpr (dispatches<Pool>) return dispatch_after_fence();
    wake_one();
  }
  /// The same where the queue has put the push in order.
  void notify_one_in_order() noexcept {
    if constexpr (dispatches<Pool>) return pool_.dispatch_new();
    if (!state_.parked.notify_one_in_order() && staff_.may_grow(std::memory_order_seq_cst)) staff_.grow();
  }
  /// Several tasks have been pushed.
  void notify_many(std::uint32_t count) noexcept {
    if constexpr (dispatches<Pool>) return dispatch_after_fence();
    if (state_.parked.notify_many(count) < count && staff_.may_grow()) staff_.grow(count);
  }

  /// A task of `me` has put something into its hand. A single task is mostly the successor of the one that runs, and
  /// faster run by the same worker than by one that has to be woken: while somebody is on guard, nobody is.
  /// Cost: two looks at lines that nobody writes while all are at work.
  void kept(thread_worker& me) noexcept {
    if (!me.own.has_older() && state_.guard.manned()) return;
    if (state_.parked.anyone() && state_.parked.notify_one()) return;
    if (staff_.may_grow()) staff_.grow_unless_somebody_comes(me);
  }

  /// A task has forked: its parts are worth a wake each, since whoever forks wants them to run at the same time.
  /// Cost: as kept(). A worker that parks just now may miss it, and the one on guard finds it.
  void forked() noexcept {
    if (state_.parked.anyone() || staff_.may_grow()) wake_one();
  }

  /// A worker has taken more than it can run at once.
  void share() noexcept { state_.parked.notify_one(); }

  /// Some workers look again at what there is to do.
  void recall(futex_mask who) noexcept { state_.parked.recall(who); }
  /// There is more than those who are there get to at once: somebody has to keep guard, and one more is welcome.
  void crowded() noexcept {
    if (!state_.guard.manned() && state_.parked.anyone() && state_.parked.notify_one()) return;
    if (staff_.may_grow()) staff_.grow();
  }
  bool may_grow() const noexcept { return staff_.may_grow(); }

  /// Every worker looks again at what there is to do.
  void wake_all() noexcept { state_.wake_all(); }

  // ── the workers ───────────────────────────────────────────────────────────────────────────────────────────────────

  /// The worker of this crew that this thread is, or nullptr.
  thread_worker* here() const noexcept {
    thread_worker* const me = worker_of_this_thread;
    return me != nullptr && me->crew == this ? me : nullptr;
  }

  detail::hands hands() const noexcept { return detail::hands(state_.workers); }

  /// How many workers there have ever been at a time, spares included; at least 1.
  std::size_t slots() const noexcept { return std::max<std::size_t>(1, state_.workers.size()); }

  void stalled(worker_id worker) noexcept override {
    state_.workers[worker].waits.fetch_add(1, std::memory_order_seq_cst);
    staff_.stall(worker);
    staff_.catch_up();
    if (pool_.work_in_sight()) state_.parked.notify_one();  // what it has in hand is now everybody's
    dispatch_again();
    if (state_.phase.ends()) state_.parked.recall();  // perhaps nobody waits for this one any more
  }
  void recovered(worker_id worker) noexcept override {
    state_.workers[worker].waits.fetch_sub(1, std::memory_order_relaxed);
    staff_.recover(worker);
  }
  /// Whether anybody but those who are held up could run a task.
  bool anyone_free() const noexcept { return staff_.anyone_free(); }

  // ── control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /// Throws: std::bad_alloc, and then nothing has changed.
  void resize(worker_range range) {
    staff_.resize(range);
    state_.parked.recall();  // how long a worker may idle has perhaps changed
    staff_.catch_up();
  }

  /// From its return on no worker starts a task; a pool that ends is not paused any more.
  void pause() noexcept { state_.phase.pause(state_.workers); }
  void resume() noexcept {
    state_.phase.resume();
    staff_.catch_up();
  }
  bool paused() const noexcept { return state_.phase.paused(); }

  /// No more tasks will be accepted: the workers leave when they run out of work, also those of a paused pool.
  void finish() noexcept {
    state_.phase.finish();
    wake_all();
    staff_.catch_up();
  }

  /// Settles what runs as cancelled; the bodies go on.
  void abandon_running() noexcept {
    for (auto& worker : state_.workers) runner_.abandon(worker.slot);
  }

  /// Settles what runs for too long. Gives: when the next one is due.
  time_point time_out(time_point now) noexcept {
    time_point next = time_point::max();
    for (auto& worker : state_.workers) {
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
    runner_.await([&] { return std::all_of(state_.workers.begin(), state_.workers.end(), over); }, deadline);
    staff_.collect();
  }

  /// Nobody will wait for the threads.
  void let_go() noexcept { staff_.let_go(); }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  void write_to(pool_stats& stats) const noexcept {
    for (const auto& worker : state_.workers) {
      const worker_state state = worker.state();
      if (!is_listed(worker)) continue;
      ++stats.workers_by_state[static_cast<std::size_t>(state)];
      if (state != worker_state::dead) ++stats.workers;
    }
    staff_.write_to(stats);
  }

  /// How many regular workers there should be.
  worker_range range() const noexcept { return staff_.range(); }

  std::vector<worker_info> list() const {
    std::vector<worker_info> all;
    for (const auto& worker : state_.workers) {
      if (is_listed(worker)) all.push_back(worker.info());
    }
    return all;
  }

 private:
  using staff = staffing<Pool, thread_crew>;
  friend staff;

  template <class P>
  static constexpr bool dispatches = requires(P& pool) {
    pool.dispatch();
  };

  void dispatch_after_fence() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    pool_.dispatch_new();
  }

  // What was dispatched to one that is not there any more.
  void dispatch_again() noexcept {
    if constexpr (dispatches<Pool>) pool_.dispatch();
  }

  void wake_one() noexcept {
    if (!state_.parked.notify_one() && staff_.may_grow()) staff_.grow();
  }

  // Those that are there, those that should be, and in the end those that were.
  bool is_listed(const thread_worker& worker) const noexcept {
    return worker.state() != worker_state::dead || worker.wanted.load(std::memory_order_relaxed) || state_.phase.ends();
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
    worker_loop<Pool, staff>(pool_, runner_, staff_, state_, me).work_until_told_to_leave();
    leaving.planned = true;
  }

  void tune() noexcept {
    const bool tuned =
        (options_.cpus.empty() || run_on(options_.cpus) == 0) && (options_.nice == 0 || set_nice(options_.nice) == 0);
    if (!tuned) runner_.callback_failed();
  }

  void depart(thread_worker& me, bool planned) noexcept {
    me.at_rest.store(true, std::memory_order_seq_cst);
    guard_post::hand_on(me, state_.parked);
    if (state_.phase.ends()) state_.parked.recall();  // those who have stayed as long as this one worked
    me.happen(worker_event::stop);
    call_hook(options_.on_stop, me.id());
    runner_.hub().emit(event::worker_exited{me.id(), me.generation(), {}, planned});
    staff_.say_goodbye(me, planned);
    dispatch_again();
    runner_.notify();
    worker_of_this_thread = nullptr;
    working_for = nullptr;
    pool_.release();
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
  crew_state state_;
  staff staff_;
};

}}}  // namespace workpool::v0::detail
