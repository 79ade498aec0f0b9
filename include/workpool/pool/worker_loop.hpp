#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/parking.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/pool/crew_state.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/dispatch.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the thread of a worker does from its first task to its last: it pulls and runs, looks around, parks, halts
/// while the pool is paused, and returns when it is told to leave or there will be no more work.
///
/// Threads: made and used by that thread alone. A Pool has pull(worker) → a started task or nullptr,
/// work_for(worker), work_published_for(worker), overdue(worker), work_in_sight() and more_to_come(); a Staff says how
/// many workers there should be: may_grow(), grow(), park_limit() and idle(worker).
template <class Pool, class Staff>
class worker_loop {
 public:
  worker_loop(Pool& pool, task_runner& runner, Staff& staff, crew_state& crew, thread_worker& me) noexcept
      : pool_(pool), runner_(runner), staff_(staff), crew_(crew), me_(me) {}
  worker_loop(const worker_loop&) = delete;
  worker_loop& operator=(const worker_loop&) = delete;

  void work_until_told_to_leave() {
    dispatch_case now{};
    now.looks_left = looks_before_parking;
    me_.at_rest.store(false, std::memory_order_seq_cst);
    for (spinner spin;;) {
      now.wanted = me_.wanted.load(std::memory_order_relaxed);
      now.phase = crew_.phase.current();
      now.paused = crew_.phase.paused(std::memory_order_seq_cst);
      now.work_in_sight = now.looked && pool_.work_for(me_);
      now.more_to_come = now.phase != pool_phase::running && pool_.more_to_come();
      switch (decide(now)) {
        case dispatch::pull:
          if (run_some()) {
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
          const dispatch next = park();
          if (next == dispatch::leave) return;
          if (next == dispatch::pull) now.looked = false;
          break;
        }
        case dispatch::halt:
          halt();
          break;
        case dispatch::leave:
          me_.at_rest.store(true, std::memory_order_seq_cst);
          return;
      }
    }
  }

 private:
  // Runs what there is, as long as nothing else has to be thought about. Gives: whether there was anything.
  bool run_some() {
    task* next = pool_.pull(me_);
    if (next == nullptr) return false;
    guard_post::hand_on(me_, crew_.parked);
    do {
      run(*next);
    } while (!crew_.phase.paused(std::memory_order_seq_cst) && me_.wanted.load(std::memory_order_relaxed) &&
             (next = pool_.pull(me_)) != nullptr);
    return true;
  }

  void run(task& one) {
    me_.current.store(one.id(), std::memory_order_relaxed);
    // Not before it is seen to run: a handler that is told of a missing thread may pause the pool.
    const auto begun = [this] {
      if (staff_.may_grow()) [[unlikely]]
        grow();
    };
    runner_.run(one, me_.slot, me_.books, begun);
  }

  [[gnu::noinline]] void grow() noexcept {
    if (!crew_.parked.anyone() && pool_.work_in_sight()) staff_.grow();
  }

  // Gives: pull to look at once, since something was seen; leave, still at rest, when the pool is at its end: nothing
  // to run is in sight, and then nobody works. As long as somebody does, something may be on its way into his hand, or
  // lie there and be what he waits for: the guard has to stay. Source: modelled in tests/model/worker_loop.pml.
  dispatch park() noexcept {
    me_.at_rest.store(true, std::memory_order_seq_cst);
    const std::uint64_t announced = crew_.parked.announce();
    const bool ending = crew_.phase.ends() && !pool_.more_to_come();
    bool seen = false;
    if (pool_.work_published_for(me_) || crew_.phase.paused() || !me_.wanted.load(std::memory_order_seq_cst)) {
      crew_.parked.retract();
    } else if (ending && !crew_.somebody_is_awaited()) {
      crew_.parked.retract();
      return dispatch::leave;
    } else {
      const bool guards = crew_.somebody_works() && crew_.guard.take();
      const time_point limit = staff_.park_limit();
      const time_point deadline = guards ? std::min(limit, after(steady::now(), me_.guard_turn)) : limit;
      const bool on_time = !crew_.parked.park_until(announced, deadline, me_.mask());
      if (on_time && deadline == limit) staff_.idle(me_.id());
      seen = on_time && guards && (guard_post::look_around(crew_.workers, me_) || pool_.overdue(me_));
      if (guards) crew_.guard.leave();
      me_.was_on_guard = guards;  // and will be again, or hand on the guard
    }
    me_.at_rest.store(false, std::memory_order_seq_cst);
    return seen ? dispatch::pull : dispatch::park;
  }

  void halt() noexcept {
    me_.at_rest.store(true, std::memory_order_seq_cst);
    runner_.notify();  // what it ran last may have been all that somebody waits for
    crew_.phase.await_resumed(me_);
    me_.at_rest.store(false, std::memory_order_seq_cst);
  }

  Pool& pool_;
  task_runner& runner_;
  Staff& staff_;
  crew_state& crew_;
  thread_worker& me_;
};

}}}  // namespace workpool::v0::detail
