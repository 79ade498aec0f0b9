#pragma once
#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>
#include <workpool/core/errc.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/posix/stack_room.hpp>
#include <workpool/pool/acceptance.hpp>
#include <workpool/pool/admission.hpp>
#include <workpool/pool/asking_strategy.hpp>
#include <workpool/pool/expiry.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/refusal.hpp>
#include <workpool/pool/reserved_places.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/pool/timekeeper.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/worker/own_frames.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a task comes into a pool.
///
///     submit ─┬─► the hand of the worker whose task submits it
///             └─► queue ─► a worker is told
///                   └─ full: wait, refuse, or run it here (see admission)
///
/// Threads: any. Blocks: admit() with may_block, where the queue is full and on_full is block. A Crew is told of work:
/// here() and kept(worker), notify_one() and notify_one_in_order(). A Ledger that is a task_runner runs a task here.
template <task_queue Queue, class Crew, class Ledger = task_runner>
class intake {
 public:
  intake(task_owner& pool, const pool_options& options, Queue& queue, Ledger& ledger, timekeeper& clock, Crew& crew,
         bool keeps_own = true) noexcept
      : pool_(pool),
        options_(options),
        queue_(queue),
        ledger_(ledger),
        clock_(clock),
        crew_(crew),
        keeps_own_(keeps_own && batching_task_queue<Queue> && options.queue.capacity == 0 && !options.queue.fifo) {}
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;

  /// What a worker's own task submits without any wish stays with the worker; nothing is as short as a hop from task to
  /// task. Gives: whether it was accepted so, and then a reference is the pool's.
  bool keep(task& one) {
    thread_worker* const me = crew_.here();
    if (me == nullptr || !keeps_own_ || one.lane() != priority::normal || one.has_details() || closed()) return false;
    one.accept_by(pool_);
    one.set_in_hand(true);
    if (me->books.accept(priority::normal)) [[unlikely]]
      one.take_time();
    if (!me->own.push(&one)) [[unlikely]]
      return give_up_keeping(one, *me);
    crew_.kept(*me);
    return true;
  }

  /// Gives: errc() when the task was accepted, and then `one` is empty. With `places` it takes one of those, if there
  /// is one. Throws: std::bad_alloc, spawn_failed of the timer.
  errc admit(task_ref& one, submit_kind kind, reserved_places<Queue>* places = nullptr) {
    task& here = *one.get();
    if (!here.may_enter()) [[unlikely]] {
      ledger_.intake().reject();
      return errc::circuit_open;
    }
    if (!here.needs_clock()) return admit_now(one, kind, places);
    clock_.begin();
    timekeeper::booking end;
    if (here.expires_at() != time_point::max()) {
      end = clock_.book(here.expires_at(), std::make_unique<expiry>(here));
    }
    expectation more(pool_, here);
    const errc refused = admit_now(one, kind, places, &more);
    if (refused != errc()) return refused;
    more.is_met();
    if (end) clock_.enter(std::move(end));
    return refused;
  }

  /// The same. Throws: the refusal, too.
  void admit_or_throw(task_ref& one) {
    const errc refused = admit(one, submit_kind::may_block);
    if (refused != errc()) refuse(refused, options_);
  }

  /// Refuses every task from now on, and those that wait for room.
  void close() noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    queue_.close();
  }
  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }
  /// The same for who needs an order of its own. Written by close().
  const std::atomic<bool>& is_closed() const noexcept { return closed_; }

 private:
  static constexpr bool runs_here = std::derived_from<Ledger, task_runner>;

  // A task that may be run again is counted before anybody can run it.
  class expectation {
   public:
    explicit expectation(task_owner& pool, const task& one) noexcept : pool_(one.plan() == nullptr ? nullptr : &pool) {
      if (pool_ != nullptr) pool_->expect_attempts();
    }
    expectation(const expectation&) = delete;
    expectation& operator=(const expectation&) = delete;
    ~expectation() {
      if (pool_ != nullptr) pool_->expect_no_more();
    }
    void is_met() noexcept { pool_ = nullptr; }

   private:
    task_owner* pool_;
  };

  errc admit_now(task_ref& one, submit_kind kind, reserved_places<Queue>* places, expectation* more = nullptr) {
    if (places == nullptr && keep(*one.get())) {
      one.release();
      return errc();
    }
    admission_case now{push_status::accepted, options_.queue.on_full, options_.queue.block_for, kind, works_for(pool_)};
    if constexpr (reserving_task_queue<Queue>) {
      if (places != nullptr && places->any_left()) {
        places->use_one();
        const acceptance mine{pool_, ledger_, *one.get()};
        const priority lane = one.get()->lane();
        if (queue_.push_reserved(std::move(one), lane, mine) == push_status::accepted) return errc();
        ledger_.intake().reject();
        return errc::pool_stopped;
      }
    }
    now.status = push(one, duration::zero());
    while (now.status != push_status::accepted) {
      now.nests = runs_here && !stack_nearly_used();
      if (asking_strategy::anybody()) now.kind = submit_kind::must_not_block;
      const admission_step step = decide(now);
      if constexpr (runs_here) {
        if (step.action == admission::run_inline) return run_inline(one, more);
      }
      if (step.action == admission::refuse) {
        ledger_.intake().reject();
        return step.reason;
      }
      now.status = push(one, options_.queue.block_for.value_or(duration::max()));
      now.waited = true;
    }
    if constexpr (ordering_task_queue<Queue>) {
      crew_.notify_one_in_order();
    } else {
      crew_.notify_one();
    }
    tell_high_water();
    return errc();
  }

  [[gnu::noinline]] static bool give_up_keeping(task& one, thread_worker& me) noexcept {
    me.books.retract(priority::normal);
    one.set_in_hand(false);
    one.disown();
    return false;
  }

  push_status push(task_ref& one, duration limit) {
    const priority lane = one.get()->lane();
    const acceptance mine{pool_, ledger_, *one.get()};
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
  errc run_inline(task_ref& one, expectation* more) requires(runs_here) {
    const acceptance mine{pool_, ledger_, *one.get()};
    mine.accept();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either a shutdown sees this task in the books or we see it
    if (closed()) {
      mine.retract();
      ledger_.intake().reject();
      return errc::pool_stopped;
    }
    const worker_id nested_in = own_worker(pool_);
    const guest_visit visit(pool_);
    if (more != nullptr) more->is_met();  // before the body, which may end this thread
    task& here = *one.release();
    if (!here.start()) {  // its expires_after was no time at all
      here.drop_reference();
      return errc();
    }
    ledger_.run_as_guest(here, nested_in);
    return errc();
  }

  // Whoever wants to know is told when the queue is twice as long as it has ever been, and when it is full.
  void tell_high_water() noexcept {
    if (!ledger_.hub().template wanted<event::queue_high_water>()) return;
    constexpr std::size_t worth_telling = 64;
    const std::size_t queued = queue_.size();
    std::size_t mark = high_water_.load(std::memory_order_relaxed);
    const bool full = options_.queue.capacity != 0 && queued >= options_.queue.capacity && mark < queued;
    if (!full && queued < std::max(worth_telling, 2 * mark)) return;
    if (high_water_.compare_exchange_strong(mark, queued)) ledger_.hub().emit(event::queue_high_water{queued});
  }

  task_owner& pool_;
  const pool_options& options_;
  Queue& queue_;
  Ledger& ledger_;
  timekeeper& clock_;
  Crew& crew_;
  const bool keeps_own_;  // what is counted, and what has to come out in order, goes through the queue
  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> high_water_{0};  // the longest that was told
};

}}}  // namespace workpool::v0::detail
