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
#include <workpool/pool/process_table.hpp>
#include <workpool/pool/remote_end.hpp>
#include <workpool/pool/unfinished_tasks.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How tasks that have begun are taken from the workers of a pool, or from those that nobody has: whole, with the
/// worker (cut), or only what has not begun of them (its rest). Threads: as process_table.
class process_tasks : public process_table {
 public:
  using process_table::process_table;

  /// Takes the task from its worker, which gets its graces and a successor.
  void cut(worker& one, remote_end end, crash_report::cause why, time_point now, crew_news& todo) {
    end.one = std::exchange(one.current, nullptr);
    end.worker = one.id;
    end.begun_at = one.begun_at;
    end.may_follow = end.may_follow && !one.rest;
    if (end.one->calls() != 1) end.calls = call_tally::of(*end.one, one.revoke(), rest_of(one));
    one.cause = why;
    tell(one, {.task = end.one->id(), .attempt = one.attempt, .kind = frame_kind::stop});
    todo.ends.push_back(std::move(end));
    one.deadline = one.next_beat = never;
    part(one, successor::at_once, rung::ask, now, todo);
    one.planned = false;
    slot_of(one).lost = true;
  }

  /// Gives: whether the task was somewhere, and is settled as cancelled, or will be at once.
  bool stop_held(task& wanted, crew_news& todo) {
    if (unfinished_.remove(wanted)) {
      end_unfinished(wanted, outcome::cancelled, todo);
      return true;
    }
    for (auto& [token, one] : processes_) {
      if (one->current != &wanted) continue;
      if (one->held) {
        take_back_rest(*one, outcome::cancelled);
      } else if (one->stage == stage::busy) {
        cut(*one, {.result = outcome::cancelled, .may_follow = false}, crash_report::cause::unknown, steady::now(),
            todo);
      } else {
        return false;  // its worker has died: that is its outcome
      }
      return true;
    }
    return false;
  }

  /// The call of it that runs, if one does, is the last one, and is asked to stop.
  void end_early(task& wanted, crew_news& todo) {
    if (unfinished_.remove(wanted)) return end_unfinished(wanted, outcome::cancelled, todo);
    for (auto& [token, one] : processes_) {
      if (one->current != &wanted) continue;
      take_back_rest(*one, outcome::cancelled);
      if (one->stage == stage::busy) {
        tell(*one, {.task = wanted.id(), .attempt = one->attempt, .kind = frame_kind::stop});
      }
    }
  }

  /// Takes back those calls of tasks of this lane that have not begun. Gives: how many.
  std::size_t take_back(priority lane, outcome result, crew_news& todo) {
    std::size_t count = 0;
    while (task* const one = unfinished_.take(lane)) {
      count += static_cast<std::size_t>(call_tally::left_of(*one));
      end_unfinished(*one, result, todo);
    }
    for (auto& [token, one] : processes_) {
      if (one->current == nullptr || one->current->lane() != lane || one->current->calls() == 1) continue;
      count += take_back_rest(*one, result);
    }
    return count;
  }

  /// What runs is asked to stop, and ends as cancelled where it has not when its grace is over.
  void cancel_running(time_point now, crew_news& todo) {
    for (auto& [token, one] : processes_) {
      if (one->stage == process_stage::busy) cut_short(*one, now);
    }
    end_all_unfinished(outcome::cancelled, todo);
  }

  /// The worker has died without having begun its task.
  void take_whole(worker& one, crew_news& todo) {
    one.deadline = one.next_beat = never;
    leave_unfinished(one, todo);
  }

 protected:
  ~process_tasks() = default;

  // Another worker goes on with its task, unless what has not begun of that never will.
  void leave_unfinished(worker& one, crew_news& todo) {
    task& left = *std::exchange(one.current, nullptr);
    if (one.rest || stopping_ || breaker_.is_open()) {
      end_unfinished(left, one.rest.value_or(stopping_ ? outcome::discarded : outcome::pool_broken), todo);
    } else {
      unfinished_.add(left);
    }
    todo.freed = true;
  }

  static outcome rest_of(const worker& one) noexcept { return one.rest.value_or(outcome::cancelled); }

 private:
  // The call that it makes, if it does, is its last of the task it has. Gives: how many are left over, at least.
  static std::size_t take_back_rest(worker& one, outcome result) noexcept {
    const bool first = !one.rest;
    if (first) one.rest = result;
    if (one.current->calls() == 1) return 0;
    const std::uint64_t left = call_tally::left_of(*one.current);
    const std::uint64_t begun = one.held ? 0 : std::min(one.revoke(), left);
    return first ? static_cast<std::size_t>(left - begun) : 0;
  }

  void cut_short(worker& one, time_point now) noexcept {
    take_back_rest(one, outcome::cancelled);
    const time_point until = after(now, options_.abort_grace);
    if (until < one.deadline) {
      one.deadline = until;
      one.at_deadline = outcome::cancelled;
    }
    tell(one, {.task = one.current->id(), .attempt = one.attempt, .kind = frame_kind::stop});
  }
};

}}}  // namespace workpool::v0::detail
