#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/remote_body.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_owner.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/asking_strategy.hpp>
#include <workpool/pool/call_tally.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/inbox.hpp>
#include <workpool/pool/process_errands.hpp>
#include <workpool/pool/process_staff.hpp>
#include <workpool/pool/remote_end.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/worker/process_worker.hpp>
#include <workpool/worker/sent_tasks.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How tasks come to worker processes, and what comes of them is told: the part of a process_crew that runs on every
/// thread, submitters' too.
///
///     a worker is taken ─► next_task ─► begin: counted, told ─► sent      else the worker is given back
///               └─ it is busy: hand_out, some of them ────────► sent
///
/// Threads: any. What is decided is decided under the lock, what runs code of users is done without it.
template <class Pool>
class process_sender : protected process_errands<Pool> {
  using errands = process_errands<Pool>;

 protected:
  using typename errands::worker;

  using errands::errands;
  ~process_sender() = default;

  /// Sends tasks as long as there are both, tasks and workers for them.
  void dispatch() noexcept {
    if constexpr (Pool::chooses) return dispatch_chosen();
    bool any = false;
    for (spinner spin;;) {
      errand next = take_worker();
      if (next.to == nullptr) return any ? ask_for_more() : void();
      handful others;
      if (find_task(next, others)) {
        send(next, others);
        any = true;
        continue;
      }
      give_back(*next.to);
      if (paused_.load(std::memory_order_relaxed)) return;
      if (!pool_.work_in_sight() && !workers_.unfinished().any()) return;
      spin.once();  // it is on its way into the queue, or somebody else has it
    }
  }

  /// The monitor is to look whether there should be more workers. To be called by who has taken the last idle one, too:
  /// the monitor may have looked while that one was idle, and it was not taken for everything that waits.
  void ask_for_more() noexcept {
    if (!workers_.may_grow() || workers_.roster().idle() != 0) return;
    if (pool_.work_in_sight() || workers_.unfinished().any()) bell_.ring();
  }

  /// When the strategy's decisions are to be looked at again for those that are idle. The lock is held.
  time_point next_look(time_point now) const noexcept requires(Pool::chooses) {
    const bool anybody = workers_.roster().idle() != 0 && !paused_.load(std::memory_order_relaxed);
    return anybody ? pool_.next_look(now) : time_point::max();
  }

  /// Does what a look at the workers has led to.
  void carry_out(crew_news& todo) noexcept {
    for (const auto& [one, result] : todo.withdrawn) {
      one->withdraw(result);
      one->drop_reference();
    }
    // Before anybody can go on with their tasks.
    for (const calls_returned& some : todo.returned) {
      ledger_.count_calls(some.lane, some.first, some.count, some.worker, ledger_.shared_books(), some.last);
    }
    // First, so that the worker does not wait for what its last task leads to; but an error may be the end of others.
    const bool errors = std::any_of(todo.ends.begin(), todo.ends.end(),
                                    [](const remote_end& one) { return one.answer.header.kind != frame_kind::result; });
    if (todo.freed && !errors) dispatch();
    if (todo.back) pool_.workers_are_back();
    if (todo.all_failed) pool_.all_workers_failed();  // before it is told of: who hears of it may submit
    for (const auto& one : todo.started) ledger_.hub().emit(one);
    for (remote_end& one : todo.ends) settle(ledger_, ledger_.shared_books(), std::move(one));
    if (todo.freed && errors) dispatch();
    for (const auto& one : todo.exited) ledger_.hub().emit(one);
    for (const auto& one : todo.failed) ledger_.hub().emit(one);
    if (todo.fault) ledger_.hub().emit(event::strategy_fault{*todo.fault});
    if (todo.changed || !todo.ends.empty() || !todo.returned.empty()) ledger_.notify();
    workers_.buffers().sweep();
    if (!todo.ends.empty() && let_go_.load(std::memory_order_relaxed)) bell_.ring();
  }

  using errands::bell_;
  using errands::ledger_;
  using errands::let_go_;
  using errands::mutex_;
  using errands::paused_;
  using errands::pool_;
  using errands::sending_;
  using errands::wakes_at_;
  using errands::workers_;

 private:
  using typename errands::errand;
  using typename errands::handful;

  // The same where a strategy says which task goes to whom. While a thread asks the strategy it does not get here
  // again.
  void dispatch_chosen() noexcept {
    if (asking_strategy::anybody()) return bell_.ring();  // the monitor does it
    for (bool any = false;; any = true) {
      crew_news todo;
      task* one = nullptr;
      worker* to = nullptr;
      dispatched what;
      {
        const std::lock_guard hold(mutex_);
        if (paused_.load(std::memory_order_relaxed)) return;
        one = workers_.unfinished().take();
        if (one != nullptr) {
          to = workers_.roster().take_idle();
          if (to == nullptr) workers_.unfinished().add(*one);
        } else if (auto picked = pool_.choose(workers_)) {
          to = picked->to;
          what = picked->what;
        }
        todo.fault = pool_.strategy_news();
        if (to == nullptr && next_look(steady::now()) < wakes_at_) bell_.ring();
        if (to != nullptr) {
          this->note_hold(*to);
          to->coming.one = one;
        }
      }
      carry_out(todo);
      if (to == nullptr) return any ? ask_for_more() : void();
      errand next{.to = to, .one = one, .begun = one != nullptr};
      if (next.one == nullptr) next.one = pool_.claim(what);
      if (next.one != nullptr) {
        send(next);
      } else {
        give_back(*to);
      }
    }
  }

  errand take_worker() noexcept {
    crew_news todo;
    errand next;
    {
      const std::lock_guard hold(mutex_);
      next = this->take_errand(todo);
    }
    if (!todo.any()) return next;
    const guest_visit visit(pool_);  // what runs now may not wait for what this thread holds
    todo.freed = false;              // the caller looks again
    carry_out(todo);
    return next;
  }

  // Gives: whether there is one, started, or handed out where it goes to a worker that is busy.
  bool find_task(errand& next, handful& others) noexcept {
    if (next.one == nullptr && !next.ahead) return (next.one = pool_.next_task()) != nullptr;
    if constexpr (Pool::hands_out) {
      if (next.one == nullptr) {
        if ((next.one = this->hand_out(next, 0)) == nullptr) return false;
        for (std::size_t more = this->may_go_along(next); more != 0; --more) {
          task* const other = this->hand_out(next, 1 + others.size());
          if (other == nullptr) break;
          others.add(*other);
        }
        return true;
      }
    }
    next.begun = next.one->state().phase() == task_phase::running;
    if (next.begun || (next.ahead ? next.one->hand_out() : next.one->start())) return true;
    {
      const std::lock_guard hold(mutex_);
      next.to->coming.one = nullptr;
    }
    std::exchange(next.one, nullptr)->drop_reference();  // it has been withdrawn
    return false;
  }

  void give_back(worker& to) noexcept {
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      let_go_of(to, todo);
      to.coming = {};
      if (to.stage == process_stage::taken) free_again(to, todo);
      see_to(to);
    }
    todo.freed = false;  // the caller looks again
    carry_out(todo);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  // The lock is held.
  void let_go_of(worker& to, crew_news& todo) noexcept {
    to.held = false;
    if (--sending_ == 0 || this->awaited_ != 0) todo.changed = true;
    if (to.stage == process_stage::gone) bell_.ring();
  }

  // The lock is held. It has done nothing, and is as idle as it was. The monitor may have looked meanwhile, and does
  // not know when to look at it next.
  void free_again(worker& to, crew_news& todo) {
    const time_point now = steady::now(), since = to.idle_since, ping_at = to.ping_at;
    workers_.make_idle(to, now, todo);
    if (to.stage == process_stage::idle) {
      to.idle_since = since;
      to.ping_at = ping_at;
    }
  }

  void send(const errand& next, const handful& others = {}) noexcept {
    worker& to = *next.to;
    task& one = *next.one;
    const guest_visit visit(pool_);
    if (!next.begun && !next.ahead && !begin(to, one)) return give_back(to);
    std::vector<std::byte> scratch;
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
    std::exception_ptr problem;
    try {
      bytes = one.elsewhere()->request(one, scratch);
      if (bytes.size() >= worth_lending) owner = one.elsewhere()->lend();
    } catch (...) {
      problem = std::current_exception();
    }
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      let_go_of(to, todo);
      const sent_task coming = std::exchange(to.coming, {});
      bool is_there = true;
      if (others.size() != 0 && to.line) to.line->mute();
      if (!next.ahead && (problem || coming.rest || !one.elsewhere()->is_wanted(one))) {
        const outcome rest = coming.rest.value_or(outcome::cancelled);
        todo.ends.push_back({.one = &one,
                             .worker = to.id,
                             .calls = call_tally::of(one, 1, rest),
                             .result = problem ? outcome::failed : rest,
                             .error = problem,
                             .may_follow = false});
        if (to.stage == process_stage::taken) free_again(to, todo);
      } else if (problem || coming.rest || coming.recalled || !this->can_have(to, coming) ||
                 !workers_.send(to, one, bytes, std::move(owner))) {
        is_there = false;
        workers_.put_back(one, coming.rest, todo);
        if (to.stage == process_stage::taken) free_again(to, todo);
      }
      for (task* const other : others.all()) {  // in their order, or not at all
        is_there = is_there && this->can_have(to, {.turn = to.turn}) &&
                   workers_.send(to, *other, other->elsewhere()->request(*other, scratch), nullptr);
        if (!is_there) workers_.put_back(*other, {}, todo);
      }
      if (others.size() != 0 && to.line) to.line->unmute();
      if (!is_there) todo.freed = workers_.roster().idle() != 0;
      see_to(to);
    }
    carry_out(todo);
  }

  // The lock is held. It is nobody's any more, and the monitor may not know when to look at it.
  void see_to(worker& one) {
    workers_.note_room(one);
    if (workers_.next_moment_of(one, steady::now()) < wakes_at_) bell_.ring();
  }

  // Writes a task down as begun. Gives: false when it has ended instead.
  bool begin(worker& to, task& one) noexcept {
    one.add_reference();  // whose gate lets it in no more may be gone, and is still what is coming
    {
      const std::lock_guard hold(mutex_);
      to.coming.one = &one;
    }
    if (!ledger_.begin(one, to.id, ledger_.shared_books())) {
      {
        const std::lock_guard hold(mutex_);
        to.coming.one = nullptr;
      }
      one.drop_reference();
      return false;
    }
    one.drop_reference();
    if (attempt_plan* const plan = one.plan()) plan->begin();
    if (one.calls() != 1 && one.accepted_at() != time_point{}) {  // of others it is known when they end
      ledger_.record_wait(one, steady::now() - one.accepted_at());
    }
    if (ledger_.hub().template wanted<event::task_started>()) {
      ledger_.hub().emit(event::task_started{one.id(), to.id});
    }
    return true;
  }
};

}}}  // namespace workpool::v0::detail
