#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/call_tally.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/process_requests.hpp>
#include <workpool/pool/remote_end.hpp>
#include <workpool/pool/unfinished_tasks.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How tasks that have begun are taken from the workers of a pool, or from those that nobody has: whole, with the
/// worker (cut), or only what has not begun of them (its rest). Threads: as process_table.
class process_tasks : public process_requests {
 public:
  using process_requests::process_requests;

  /// Takes the task from its worker, which gets its graces and a successor. It has nothing else, see runs_alone.
  void cut(worker& one, remote_end end, crash_report::cause why, time_point now, crew_news& todo) {
    sent_task& running = *one.sent.current();
    if (running.one->calls() != 1) end.calls = call_tally::of(*running.one, one.revoke(), rest_of(running));
    const sent_task was = one.sent.take(running);
    end.one = was.one;
    end.worker = one.id;
    end.begun_at = one.begun_at;
    end.may_follow = end.may_follow && !was.rest;
    one.cause = why;
    tell(one, {.task = was.id, .attempt = was.attempt, .kind = frame_kind::stop});
    todo.ends.push_back(std::move(end));
    one.deadline = one.next_beat = never;
    part(one, successor::at_once, rung::ask, now, todo);
    one.planned = false;
    slot_of(one).lost = true;
  }

  /// The call of it that runs, if one does, is the last one, and is asked to stop.
  void end_early(task& wanted, crew_news& todo) {
    if (unfinished_.remove(wanted)) return end_unfinished(wanted, outcome::cancelled, todo);
    for (auto& [token, one] : processes_) {
      if (one->coming.one == &wanted) never_begin(one->coming, outcome::cancelled);
      if (one->current() != &wanted) continue;
      take_back_rest(*one, outcome::cancelled);
      if (one->stage == stage::busy) {
        tell(*one, {.task = wanted.id(), .attempt = one->sent.current()->attempt, .kind = frame_kind::stop});
      }
    }
  }

  /// Takes back those calls of tasks of this lane that have not begun. Gives: how many.
  std::size_t take_back(priority lane, outcome result, crew_news& todo) {
    std::size_t count = 0;
    take_back_all(todo);
    while (task* const one = unfinished_.take(lane)) {
      if (one->state().phase() == task_phase::running) count += static_cast<std::size_t>(call_tally::left_of(*one));
      end_unfinished(*one, result, todo);
    }
    for (auto& [token, one] : processes_) {
      count += never_begin(one->coming, result, lane);
      const task* const runs = one->current();
      if (runs == nullptr || runs->lane() != lane || runs->calls() == 1) continue;
      count += take_back_rest(*one, result);
    }
    return count;
  }

  /// What runs is asked to stop, and ends as cancelled where it has not when its grace is over.
  void cancel_running(time_point now, crew_news& todo) {
    for (auto& [token, one] : processes_) {
      never_begin(one->coming, outcome::cancelled);
      take_back_unbegun(*one, todo);
      if (one->stage == process_stage::busy && one->current() != nullptr) cut_short(*one, now);
    }
    end_all_unfinished(outcome::cancelled, todo);
  }

 protected:
  ~process_tasks() = default;

 private:
  // The call that it makes, if it does, is its last of the task it has. Gives: how many are left over, at least.
  static std::size_t take_back_rest(worker& one, outcome result) noexcept {
    sent_task& running = *one.sent.current();
    const bool first = !running.rest;
    if (first) running.rest = result;
    if (running.one->calls() == 1) return 0;
    const std::uint64_t left = call_tally::left_of(*running.one);
    const std::uint64_t begun = std::min(one.revoke(), left);
    return first ? static_cast<std::size_t>(left - begun) : 0;
  }

  void cut_short(worker& one, time_point now) noexcept {
    take_back_rest(one, outcome::cancelled);
    note_room(one);
    const time_point until = after(now, options_.abort_grace);
    if (until < one.deadline) {
      one.deadline = until;
      one.at_deadline = outcome::cancelled;
    }
    const sent_task& running = *one.sent.current();
    tell(one, {.task = running.id, .attempt = running.attempt, .kind = frame_kind::stop});
  }
};

}}}  // namespace workpool::v0::detail
