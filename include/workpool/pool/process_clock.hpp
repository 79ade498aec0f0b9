#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/pidfd.hpp>
#include <workpool/detail/posix/process_memory.hpp>
#include <workpool/pool/process_endings.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What has to happen to the workers of a pool at its time: timeouts, graces, questions to idle ones, looks at their
/// memory, restarts.
/// Threads: as process_table.
class process_clock : public process_endings {
 public:
  using process_endings::process_endings;

  /// Does what is due.
  void keep_time(time_point now, crew_news& todo) {
    for (auto& [token, one] : processes_) due_.push_back(one.get());
    for (worker* const one : due_) keep_time_of(*one, now, todo);
    due_.clear();
    if (any_overdue_birth(now)) hear_zygote(todo);  // it may have spoken while this thread could not listen
    if (any_overdue_birth(now, stage::leaving)) return lose_zygote(todo);  // nothing came of what it was asked for
    std::vector<worker*> over;
    for (auto& [token, one] : processes_) {
      if (one->stage == stage::gone && (one->ended || one->closed_until <= now)) over.push_back(one.get());
    }
    for (worker* const one : over) judge(*one, todo);
    for (std::size_t id = 0; id < slots_.size(); ++id) {
      slot& one = slots_[id];
      if (one.machine.deadline() > now) continue;
      const bool late = one.machine.state() == slot_state::starting;
      if (late) {
        note_problem(errc::ready_timeout,
                     "worker " + std::to_string(id) + " of pool '" + options_.name + "' (" + program_name() +
                         ") did not answer within handshake_timeout: is worker_entry the first line of its main?",
                     todo);
      }
      const bool unborn = late && one.now != nullptr && one.now->pid == 0;
      act(one, one.machine.due(now), now, todo);
      if (unborn) return lose_zygote(todo);  // nothing came of what it was asked for
    }
    if (breaker_.deadline() <= now) probe(now, todo);
  }

  /// When that is to be called for this worker, at the latest.
  time_point next_moment_of(const worker& one, time_point now) const {
    if (one.has_more) return now;
    time_point next = std::min(one.ladder.deadline(), one.stage == stage::gone && one.held ? never : one.closed_until);
    next = std::min(next, next_moment_of_task(one));
    if (one.stage == stage::idle) next = std::min({next, one.ping_at, one.pong_until});
    const time_point leaves_at = after(one.idle_since, options_.idle_timeout);
    if (one.stage == stage::idle && leaves_at < next && may_leave()) next = leaves_at;
    if (is_to_be_born(one)) next = std::min(next, after(one.started_at, options_.handshake_timeout));
    return next;
  }

  /// When that is to be called again, at the latest.
  time_point next_moment(time_point now) const {
    time_point next = breaker_.deadline();
    for (const auto& [token, one] : processes_) next = std::min(next, next_moment_of(*one, now));
    for (const slot& one : slots_) next = std::min(next, one.machine.deadline());
    if (options_.hard_memory != 0 && !processes_.empty()) next = std::min(next, after(now, memory_period));
    return next;
  }

 protected:
  ~process_clock() = default;

 private:
  static constexpr duration memory_period = std::chrono::milliseconds(20);

  // It was asked for and then not wanted any more, so that its slot has no deadline for it.
  static bool is_to_be_born(const worker& one) noexcept {
    return one.stage == stage::leaving && one.pid == 0 && !one.ended;
  }
  bool any_overdue_birth(time_point now, std::optional<stage> of = std::nullopt) const noexcept {
    return std::any_of(processes_.begin(), processes_.end(), [&](const auto& entry) {
      const worker& one = *entry.second;
      if (one.pid != 0 || one.ended || (of && one.stage != *of)) return false;
      return after(one.started_at, options_.handshake_timeout) <= now;
    });
  }

  void keep_time_of(worker& one, time_point now, crew_news& todo) {
    carry_out_rung(one, one.ladder.due(now));
    if (one.has_more) look_at(one, todo);
    if (one.stage != stage::gone && one.closed_until <= now) {
      const bool lives = one.pidfd && !has_died(one.pidfd.get());
      one.closed_until = lives ? never : after(now, closed_grace);  // else its birth, or its death, is on the way
      if (lives) garbage(one, "it closed its channel and went on", todo);
    }
    if (one.ahead_until <= now || has_run_out(one, now)) {
      look_at(one, todo);  // it may have spoken while this thread could not listen
    }
    if (one.stage == stage::busy && one.ahead_until <= now) {
      one.window.forget();
      if (runs_alone(one, todo)) note_room(one);
    }
    if (one.stage == stage::busy && has_run_out(one, now)) {
      if (!runs_alone(one, todo) || !has_run_out(one, now)) return;
      if (one.next_beat <= now) return silent_task(one, now, todo);
      const outcome how = one.at_deadline;
      return cut(one, {.result = how, .may_follow = how != outcome::cancelled}, crash_report::cause::timeout, now,
                 todo);
    }
    if (one.stage == stage::idle) ask_after(one, now, todo);
    const bool lives = one.pid != 0 && one.stage != stage::gone && one.stage != stage::leaving;
    if (options_.hard_memory != 0 && lives && resident_memory(one.pid).value_or(0) > options_.hard_memory) {
      condemn(one, crash_report::cause::memory, now, todo);
    }
  }

  static bool has_run_out(const worker& one, time_point now) noexcept {
    if (one.stage == stage::busy) return std::min(one.deadline, one.next_beat) <= now;
    return one.stage == stage::idle && one.pong_until <= now;
  }

  // A task that has promised heartbeats sends none.
  void silent_task(worker& one, time_point now, crew_news& todo) {
    crash_report report;
    report.why = crash_report::cause::unresponsive;
    report.pid = one.pid;
    const std::uint64_t begun = one.begun();
    const sent_task& running = *one.sent.current();
    report.task_id = call_tally::of(*running.one, begun, {}).last();
    report.task_name = std::string(running.one->name());
    report.attempt = running.attempt;
    report.stderr_tail = births_.tail_of(one);
    std::string text = call_in_words(report) + " was lost: it sent no heartbeat within health.timeout";
    cut(one, {.result = outcome::worker_lost, .error = std::make_exception_ptr(worker_lost(std::move(report), text))},
        crash_report::cause::unresponsive, now, todo);
  }

  // Whether an idle worker still answers.
  void ask_after(worker& one, time_point now, crew_news& todo) {
    if (options_.health.every == duration::zero()) return;
    if (one.pong_until <= now) {
      one.pong_until = never;
      one.unanswered = true;
      roster_.remove(one);  // until it answers
      one.ping_at = now;
      slot& place = slot_of(one);
      const slot_actions next = place.machine.missed(one.generation);
      if (next.kill) return condemn(one, crash_report::cause::unresponsive, now, todo);
    }
    if (one.ping_at > now || one.pong_until < never) return;
    one.ping_at = after(now, options_.health.every);
    one.pong_until = after(now, options_.health.timeout);
    tell(one, {.kind = frame_kind::ping});
  }

  bool may_leave() const noexcept {
    return static_cast<std::size_t>(
               std::count_if(slots_.begin(), slots_.end(), [](const slot& one) { return one.wanted; })) > range_.min;
  }

  // One worker finds out whether workers can live again.
  void probe(time_point now, crew_news& todo) {
    const auto wanted = std::find_if(slots_.begin(), slots_.end(), [](const slot& one) { return one.wanted; });
    if (!breaker_.probe(now)) return;
    if (wanted == slots_.end()) return breaker_.probe_failed(now);
    act(*wanted, wanted->machine.start(now), now, todo);
  }

  std::vector<worker*> due_;  // memory for keep_time()
};

}}}  // namespace workpool::v0::detail
