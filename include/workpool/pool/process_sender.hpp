#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
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
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/asking_strategy.hpp>
#include <workpool/pool/call_tally.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/inbox.hpp>
#include <workpool/pool/process_staff.hpp>
#include <workpool/pool/remote_end.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/worker/process_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How tasks come to worker processes, and what comes of them is told: the part of a process_crew that runs on every
/// thread, submitters' too.
///
///     an idle worker is taken ─► next_task ─► begin: counted, told ─► sent      else the worker is given back
///
/// Threads: any. What is decided is decided under the lock, what runs code of users is done without it.
template <class Pool>
class process_sender {
 protected:
  using worker = process_staff::worker;

  process_sender(Pool& pool, task_ledger& ledger, const fork_pool_options& options,
                 std::optional<located_code> on_start)
      : pool_(pool), ledger_(ledger), workers_(options, std::move(on_start)) {}
  process_sender(const process_sender&) = delete;
  process_sender& operator=(const process_sender&) = delete;
  ~process_sender() = default;

  /// Sends tasks as long as there are both, tasks and idle workers.
  void dispatch() noexcept {
    if constexpr (Pool::chooses) return dispatch_chosen();
    bool any = false;
    for (spinner spin;;) {
      task* one = nullptr;
      worker* const to = take_idle(one);
      if (to == nullptr) return any ? ask_for_more() : void();
      const bool again = one != nullptr;
      if (!again) one = pool_.next_task();
      if (one != nullptr) {
        send(*to, *one, again);
        any = true;
        continue;
      }
      give_back(*to);
      if (paused_.load(std::memory_order_relaxed)) return;
      if (!pool_.work_in_sight() && !workers_.unfinished().any()) return;
      spin.once();  // it is on its way into the queue, or somebody else has it
    }
  }

  /// The monitor is to look whether there should be more workers. To be called by who has taken the last idle one, too:
  /// the monitor may have looked while that one was idle, and it was not taken for everything that waits.
  void ask_for_more() noexcept {
    if (!workers_.may_grow() || workers_.free_workers() != 0) return;
    if (pool_.work_in_sight() || workers_.unfinished().any()) bell_.ring();
  }

  /// When the strategy's decisions are to be looked at again for those that are idle. The lock is held.
  time_point next_look(time_point now) const noexcept requires(Pool::chooses) {
    const bool anybody = workers_.free_workers() != 0 && !paused_.load(std::memory_order_relaxed);
    return anybody ? pool_.next_look(now) : time_point::max();
  }

  /// Does what a look at the workers has led to.
  void carry_out(crew_news& todo) noexcept {
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

 private:
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
          to = workers_.take_idle();
          if (to == nullptr) workers_.unfinished().add(*one);
        } else if (auto picked = pool_.choose(workers_)) {
          to = picked->to;
          what = picked->what;
        }
        todo.fault = pool_.strategy_news();
        if (to == nullptr && next_look(steady::now()) < wakes_at_) bell_.ring();
        if (to != nullptr) {
          ++sending_;
          to->current = one;
        }
      }
      carry_out(todo);
      if (to == nullptr) return any ? ask_for_more() : void();
      const bool again = one != nullptr;
      if (!again) one = pool_.claim(what);
      if (one != nullptr) {
        send(*to, *one, again);
      } else {
        give_back(*to);
      }
    }
  }

  // Gives: a worker nobody else will use; and, if there is one, a task that was to be sent to one that has died.
  worker* take_idle(task*& one) noexcept {
    const std::lock_guard hold(mutex_);
    if (paused_.load(std::memory_order_relaxed)) return nullptr;
    worker* const to = workers_.take_idle();
    if (to == nullptr) return nullptr;
    ++sending_;
    one = to->current = workers_.unfinished().take_before([this] { return pool_.queue_sizes(); });
    return to;
  }

  void give_back(worker& to) noexcept {
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      let_go_of(to, todo);
      if (to.stage == process_stage::taken) free_again(to, todo);
    }
    todo.freed = false;  // the caller looks again
    carry_out(todo);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  // The lock is held.
  void let_go_of(worker& to, crew_news& todo) noexcept {
    to.held = false;
    if (--sending_ == 0) todo.changed = true;
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
    if (workers_.next_moment_of(to, now) < wakes_at_) bell_.ring();
  }

  void send(worker& to, task& one, bool again) noexcept {
    const guest_visit visit(pool_);
    if (!again && !begin(to, one)) return give_back(to);
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
      if (problem || to.rest || !one.elsewhere()->is_wanted(one)) {
        const outcome rest = to.rest.value_or(outcome::cancelled);
        todo.ends.push_back({.one = &one,
                             .worker = to.id,
                             .calls = call_tally::of(one, 1, rest),
                             .result = problem ? outcome::failed : rest,
                             .error = problem,
                             .may_follow = false});
        to.current = nullptr;
        if (to.stage == process_stage::taken) free_again(to, todo);
      } else if (to.stage != process_stage::taken || !put_on_line(to, one, bytes, std::move(owner))) {
        to.current = nullptr;
        workers_.unfinished().add(one);
        todo.freed = workers_.free_workers() != 0;
      }
    }
    carry_out(todo);
  }

  // Writes a task down as begun. Gives: false when it has ended instead.
  bool begin(worker& to, task& one) noexcept {
    {
      const std::lock_guard hold(mutex_);
      to.current = &one;
    }
    if (!ledger_.begin(one, to.id, ledger_.shared_books())) {
      const std::lock_guard hold(mutex_);
      to.current = nullptr;
      return false;
    }
    if (attempt_plan* const plan = one.plan()) plan->begin();
    if (one.accepted_at() != time_point{}) ledger_.record_wait(one, steady::now() - one.accepted_at());
    if (ledger_.hub().wanted<event::task_started>()) {
      ledger_.hub().emit(event::task_started{one.id(), to.id});
    }
    return true;
  }

  // The lock is held. Gives: false when nobody is there to read it.
  bool put_on_line(worker& to, task& one, std::span<const std::byte> bytes,
                   std::shared_ptr<const void> owner) noexcept {
    to.mark().renew();
    to.last_task = one.id();
    to.attempt = one.attempt();
    transfer sent = transfer::closed;
    try {
      const carried_buffers* const goes = one.elsewhere()->carried();
      if (goes != nullptr) {
        for (const shared_buffer& each : goes->all()) workers_.buffers().lend(to.token, each);
      }
      const auto count = static_cast<std::uint16_t>(goes != nullptr ? goes->all().size() : 0);
      sent = to.line->send({.task = one.id(),
                            .attempt = to.attempt,
                            .generation = to.generation,
                            .kind = frame_kind::task,
                            .flags = count},
                           bytes, std::move(owner));
    } catch (const std::bad_alloc&) {  // as if nobody were there
      to.line->close();
    }
    if (sent == transfer::closed) {
      workers_.fall_silent(to);
      bell_.ring();
      return false;
    }
    if (sent == transfer::blocked) workers_.watch_writing(to);
    to.stage = process_stage::busy;
    to.begun_at = steady::now();
    to.at_deadline = outcome::timed_out;
    to.deadline = after(to.begun_at, one.timeout());
    if (to.deadline < wakes_at_) bell_.ring();
    return true;
  }

 protected:
  Pool& pool_;
  task_ledger& ledger_;
  event_fd bell_;  // the monitor's

  mutable std::mutex mutex_;  // guards everything from here on, but for atomics
  process_staff workers_;
  time_point wakes_at_ = time_point::max();  // when the monitor does, by itself
  std::size_t sending_ = 0;                  // workers that are held
  bool ending_ = false;
  std::atomic<bool> paused_{false}, let_go_{false};
};

}}}  // namespace workpool::v0::detail
