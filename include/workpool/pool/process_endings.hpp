#pragma once
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/posix/pidfd.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/process_line.hpp>
#include <workpool/resilience/quarantine.hpp>
#include <workpool/supervise/restart_policy.hpp>
#include <workpool/worker/death_in_words.hpp>
#include <workpool/worker/zygote_news.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Births and deaths as the zygote and the kernel tell of them.
///
///     pidfd readable ─► died: what it has said counts, its place is taken ─► exit status ─► judge: the task is lost,
///                                                                             or its slot is charged with it
///
/// Threads: as process_table.
class process_endings : public process_line {
 public:
  process_endings(const fork_pool_options& options, std::optional<located_code> on_start, run_books& books)
      : process_line(options, std::move(on_start), books), quarantine_(options.quarantine) {}

  /// Whether tasks with this key have killed too many workers.
  bool holds(std::uint64_t key, time_point now) const noexcept { return quarantine_.holds(key, now); }

  /// The zygote has something to say.
  void hear_zygote(crew_news& todo) {
    for (;;) {
      std::optional<zygote_news> news;
      try {
        news = births_.next();
      } catch (const error&) {
        news = zygote_lost{};
      }
      if (!news) return;
      if (auto* const born = std::get_if<worker_born>(&*news)) this->born(*born, todo);
      if (auto* const refused = std::get_if<worker_refused>(&*news)) this->refused(*refused, todo);
      if (auto* const ended = std::get_if<worker_ended>(&*news)) {
        if (const auto found = by_request_.find(ended->request); found != by_request_.end()) {
          worker& one = *found->second;
          one.ended = *ended;
          if (one.stage != stage::gone) died(one, is_dead::yes, todo);
          judge(one, todo);
        }
      }
      if (std::holds_alternative<zygote_lost>(*news)) return lose_zygote(todo);
    }
  }

  /// A watched process has something to say, or its death has.
  void hear_process(const poll_event& news, crew_news& todo) {
    const auto found = processes_.find(news.token / 2);
    if (found == processes_.end()) return;
    worker& one = *found->second;
    if (news.token % 2 == 0) return hear_line(one, news, todo);
    if (one.stage != stage::gone) died(one, is_dead::yes, todo);
    if (one.ended) judge(one, todo);
  }

  /// No worker is left: the zygote is not needed any more. Blocks: at most 2 s.
  void end_births() noexcept { births_.forget_zygote(); }

 protected:
  ~process_endings() = default;

  /// The zygote is gone, or as good as that: it does not answer.
  void lose_zygote(crew_news& todo) {
    if (zygote_handle_ >= 0) poller_->remove(zygote_handle_);
    zygote_handle_ = -1;
    births_.forget_zygote();
    by_request_.clear();  // the next one counts from 1 again
    std::vector<worker*> all;
    for (auto& [token, one] : processes_) {
      if (!one->ended) all.push_back(one.get());
    }
    for (worker* const one : all) {
      if (one->cause == crash_report::cause::unknown) one->cause = crash_report::cause::parent_gone;
      if (one->pidfd) send_signal(one->pidfd.get(), SIGKILL);
      if (one->stage != stage::gone) died(*one, is_dead::no, todo);
      one->ended = worker_ended{};
    }
    for (worker* const one : all) judge(*one, todo);
  }

  // All is known that will ever be.
  void judge(worker& one, crew_news& todo) {
    if (one.held) return;  // who holds it rings
    const time_point now = steady::now();
    const worker_ended end = one.ended.value_or(worker_ended{});
    crash_report report = report_of(one, end);
    slot& place = slot_of(one);
    if (place.now == &one) {
      place.now = nullptr;
      place.renewing = false;
      place.lost = true;
      if (place.machine.state() == slot_state::starting) {
        note_problem(errc::spawn_failed, never_answered(one, report), todo);
      }
      const bool failed = !one.ended || end.signal != 0 || end.exit_code != 0;
      const death last{.failed = failed, .uptime = now - one.started_at};
      if (breaker_.is_probing()) end_probe(place, now);
      act(place, place.machine.died(one.generation, last, now), now, todo);
    }
    while (sent_task* const running = one.sent.current()) {  // several only where it was not heard
      const std::uint64_t begun = one.begun();
      const sent_task was = one.sent.take(*running);
      if (was.one->handed_out()) count_as_begun(*was.one);
      const call_tally calls = call_tally::of(*was.one, begun, rest_of(was));
      report.task_id = calls.last();
      report.task_name = std::string(was.one->name());
      report.attempt = was.attempt;
      const std::uint64_t key = was.one->key();
      const bool held = quarantine_.killed(key, now) || quarantine_.holds(key, now);
      todo.ends.push_back({.one = was.one,
                           .worker = one.id,
                           .begun_at = one.begun_at,
                           .calls = calls,
                           .result = outcome::worker_lost,
                           .error = std::make_exception_ptr(worker_lost(report, loss_in_words(report))),
                           .may_follow = !held && !was.rest});
    }
    ++exited_;
    todo.exited.push_back({one.id, one.generation, std::move(report), one.planned});
    todo.changed = true;
    births_.end_output(one);
    end_line(one);
    if (const auto own = by_request_.find(one.request); own != by_request_.end() && own->second == &one) {
      by_request_.erase(own);
    }
    forget(one);
  }

 private:
  enum class is_dead : bool { no, yes };                             // whether the process is dead already
  static constexpr duration status_grace = std::chrono::seconds(1);  // from its death to its exit status

  void born(worker_born& news, crew_news& todo) {
    const auto found = by_request_.find(news.request);
    if (found == by_request_.end()) return;
    worker& one = *found->second;
    one.pid = news.pid;
    one.pidfd = std::move(news.pidfd);
    poller_->add(one.pidfd.get(), interest::reading, death_token(one));
    if (one.stage == stage::asked_for) one.stage = stage::born;
    if (one.killed) births_.kill(one, SIGKILL);
    if (auto said = std::exchange(one.early, std::nullopt); said && one.stage == stage::born) greeted(one, *said, todo);
  }

  void refused(const worker_refused& news, crew_news& todo) {
    const auto found = by_request_.find(news.request);
    if (found == by_request_.end()) return;
    worker& one = *found->second;
    note_problem(
        errc::spawn_failed,
        name_of(one) + " could not be started: " + news.what + ": " + std::generic_category().message(news.error),
        todo);
    one.stage = stage::gone;
    worker_ended none;
    none.exit_code = 127;
    one.ended = none;
    judge(one, todo);
  }

  // Everything it has said counts; what it has not answered is lost, and its place is taken at once. A task that it has
  // not begun is another one's, once: it may be what has killed it. One that may still run has begun. When all that it
  // has said is known only one can have, whatever it says of that.
  void died(worker& one, is_dead sure, crew_news& todo) {
    const time_point now = steady::now();
    if (one.pidfd) poller_->remove(one.pidfd.get());
    const bool was_busy = one.stage == stage::busy;
    if (one.current() != nullptr) one.revoke();  // first: it may be alive, and then this is the end of what it begins
    const bool said_all = read_line(one, todo, all_of_a_ring) == heard::all || one.said_all;
    end_line(one);
    roster_.remove(one);
    const bool is_busy = one.stage == stage::busy && one.current() != nullptr;
    const std::uint64_t begun = one.current() != nullptr ? one.begun() : 0;
    one.sent.take_from(said_all ? 1 : std::max<std::uint64_t>(begun, 1),
                       [&](const sent_task& each) { put_back(each, todo); });
    const bool unbegun = is_busy && sure == is_dead::yes && begun == 0 && !one.current()->set_unbegun(true);
    if (unbegun) {
      put_back(one.sent.take(*one.sent.current()), todo);
    }
    // Nobody is to blame for a death between two tasks; the slot is for one before the first.
    const bool at_work = was_busy && (!unbegun || one.completed + one.failed != 0);
    one.stage = stage::gone;
    one.closed_until = after(now, status_grace);
    if (at_work) part(one, successor::at_once, rung::none, now, todo);
  }

  crash_report report_of(const worker& one, const worker_ended& end) {
    crash_report report;
    report.pid = one.pid;
    report.max_rss = end.max_rss;
    report.cpu_time = end.cpu_time;
    report.signal = end.signal;
    report.exit_code = end.signal == 0 ? end.exit_code : 0;
    const bool known = one.ended && one.cause != crash_report::cause::parent_gone;
    if (one.cause != crash_report::cause::unknown) {
      report.why = one.cause;
    } else if (known) {
      report.why = end.signal != 0 ? crash_report::cause::signal : crash_report::cause::exit;
    }
    try {
      report.stderr_tail = births_.tail_of(one);
      report.backtrace = births_.report_of(one);
    } catch (const std::bad_alloc&) {  // the rest is worth telling
    }
    if (!one.last_words.empty()) report.stderr_tail += "\nworkpool: " + one.last_words;
    return report;
  }

  std::string never_answered(const worker& one, const crash_report& report) const {
    std::string text = name_of(one) + " did not answer: it " + death_in_words(report);
    if (!report.stderr_tail.empty()) text += "; it said: " + report.stderr_tail;
    return text + (options_.program.empty() ? "" : "; is worker_entry the first line of its main?");
  }

  quarantine quarantine_;
};

}}}  // namespace workpool::v0::detail
