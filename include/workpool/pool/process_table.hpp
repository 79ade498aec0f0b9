#pragma once
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/detail/posix/poller.hpp>
#include <workpool/detail/posix/process_memory.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/call_tally.hpp>
#include <workpool/pool/crew_breaker.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/process_births.hpp>
#include <workpool/pool/unfinished_tasks.hpp>
#include <workpool/pool/worker_roster.hpp>
#include <workpool/supervise/restart_intensity.hpp>
#include <workpool/supervise/slot_machine.hpp>
#include <workpool/worker/kill_ladder.hpp>
#include <workpool/worker/process_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Who works for a pool of processes: a row of slots, the process in each, those that are leaving, and who of them is
/// idle. What is to be told, and settled, goes into crew_news.
///
///     slot ─ give_birth ─► worker ─► make_idle ◄─► taken, busy
///                             └─ part: the slot has a successor, or none; the worker goes up its kill_ladder
///
/// Threads: one at a time, who holds the crew's lock; what a roster says so of, and may_grow(), any.
class process_table {
 public:
  using worker = process_births::worker;
  static constexpr std::uint64_t zygote_token = 1;

  process_table(const fork_pool_options& options, std::optional<located_code> on_start)
      : options_(options),
        births_(options, std::move(on_start)),
        range_(options.workers),
        breaker_(options.breaker),
        unfinished_(options.queue.aging) {}
  process_table(const process_table&) = delete;
  process_table& operator=(const process_table&) = delete;

  /// `bell`: rung for what the monitor has to look at. Throws: unsafe_fork, spawn_failed.
  void begin(poller& watcher, const event_fd& bell) {
    poller_ = &watcher;
    bell_ = &bell;
    births_.begin();
    watch_zygote();
  }
  /// The pool has been made, or not. Gives: why the first worker that there should be could not be started, if so.
  std::optional<std::pair<errc, std::string>> end_of_beginning() {
    beginning_ = false;
    if (ready_count() >= range_.min) return std::nullopt;
    return first_problem_;
  }
  bool has_begun() const noexcept { return ready_count() >= range_.min || first_problem_.has_value(); }

  // ── how many ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /// Every worker leaves when it has ended what it runs, and none is started.
  void stop() noexcept { stopping_ = true; }
  bool is_empty() const noexcept { return processes_.empty(); }
  // ── who is idle ───────────────────────────────────────────────────────────────────────────────────────────────────

  /// Who of them could be sent a task.
  worker_roster<worker>& roster() noexcept { return roster_; }
  const worker_roster<worker>& roster() const noexcept { return roster_; }

  /// Whether there could be more workers. Threads: any.
  bool may_grow() const noexcept { return may_grow_.load(std::memory_order_seq_cst); }

  /// A worker has nothing to do.
  void make_idle(worker& one, time_point now, crew_news& todo) {
    slot& place = slot_of(one);
    roster_.remove(one);
    one.stage = stage::idle;
    one.idle_since = now;
    if (options_.health.every != duration::zero()) one.ping_at = after(now, options_.health.every);
    if (!place.wanted || stopping_) return part(one, successor::none, rung::ask, now, todo);
    if (is_worn(one) && unavailable() < options_.max_unavailable) {
      place.renew = false;
      place.renewing = true;
      return part(one, successor::at_once, rung::ask, now, todo);
    }
    if (has_had_enough(one)) return;  // one more task would be one too many: it waits for its turn
    roster_.add_idle(one);
    todo.freed = true;
  }

  /// A task could not be sent to it, since it does not listen: it has died, or is killed soon.
  void fall_silent(worker& one) noexcept {
    if (one.stage == stage::taken) one.stage = stage::mute;
    one.closed_until = std::min(one.closed_until, after(steady::now(), closed_grace));
  }
  /// A part of what was sent to it is still to be written.
  void watch_writing(worker& one) noexcept {
    if (!one.line->in_shared_memory()) {
      poller_->modify(one.line->wait_handle(), interest::both, line_token(one));
    } else {
      expect_news(one);
    }
  }

  // ── a thread that collects ────────────────────────────────────────────────────────────────────────────────────────

  /// The lines of workers as long as somebody looks at them without the lock: none of them is destroyed meanwhile.
  const std::vector<worker*>& open_lines() {
    watched_ = true;
    retired_.clear();  // nobody has looked at them since
    lines_.clear();
    for (auto& [token, one] : processes_) {
      if (one->line && one->line->is_open()) lines_.push_back(one.get());
    }
    return lines_;
  }
  /// Nobody does any more, and the monitor hears of what arrives.
  void close_lines() noexcept {
    watched_ = false;
    retired_.clear();
    for (auto& [token, one] : processes_) {
      if (one->line && one->line->is_open()) expect_news(*one);
    }
  }

  /// What workers borrow, each by its token. Threads: any.
  buffer_bank& buffers() const noexcept { return births_.buffers(); }

  /// The tasks that have begun and that none of them has.
  unfinished_tasks& unfinished() noexcept { return unfinished_; }
  const unfinished_tasks& unfinished() const noexcept { return unfinished_; }

 protected:
  using stage = process_stage;
  using rung = kill_ladder::rung;
  enum class successor : std::uint8_t { none, at_once };
  static constexpr time_point never = time_point::max();
  static constexpr duration closed_grace = std::chrono::seconds(1);  // from the end of its channel to its death

  // One place for a worker.
  struct slot {
    worker_id id;
    slot_machine<restart_intensity> machine;
    worker* now = nullptr;  // the process of this generation, as long as the slot has it
    bool wanted = false;    // the pool is large enough for it
    bool renew = false;     // its worker is to be replaced when it is idle
    bool renewing = false;  // its worker was, and the new one has not answered yet
    bool lost = false;      // its worker was, and the new one has not answered yet
  };

  ~process_table() = default;

  // What waits does so for nobody to start it.
  static void end_unfinished(task& one, outcome result, crew_news& todo) {
    if (one.state().phase() != task_phase::running) {
      todo.withdrawn.emplace_back(&one, result);
    } else {
      todo.ends.push_back(
          {.one = &one, .calls = call_tally::of(one, 1, result), .result = result, .may_follow = false});
    }
  }

  static std::uint64_t line_token(const worker& one) noexcept { return 2 * one.token; }
  static std::uint64_t death_token(const worker& one) noexcept { return 2 * one.token + 1; }
  slot& slot_of(const worker& one) noexcept { return slots_[one.id]; }
  std::string program_name() const {
    return options_.program.empty() ? std::string("this program") : options_.program.front();
  }
  std::string name_of(const worker& one) const {
    return "worker " + std::to_string(one.id) + " of pool '" + options_.name + "' (" + program_name() + ")";
  }

  // The monitor hears of what it says, also if that was said already.
  void expect_news(worker& one) noexcept {
    if (!one.line->arm()) look_again_at(one);
  }
  void look_again_at(worker& one) noexcept {
    one.has_more = true;
    bell_->ring();
  }

  void watch_zygote() noexcept {
    const int handle = births_.wait_handle();
    if (handle == zygote_handle_) return;
    zygote_handle_ = handle;
    if (handle >= 0) poller_->add(handle, interest::reading, zygote_token);
  }

  // It is not known any more.
  void forget(worker& one) {
    buffers().gone(one.token);
    const auto found = processes_.find(one.token);
    if (watched_) retired_.push_back(std::move(found->second));
    processes_.erase(found);
  }

  void act(slot& one, const slot_actions& what, time_point now, crew_news& todo) {
    if (what.spawn) give_birth(one, now, todo);
    if (what.kill && one.now != nullptr) climb(*one.now, rung::kill, now);
    if (what.tell_failed) slot_failed(one, now, todo);
  }

  // A worker leaves its slot, for which it is not to blame. What it was sent ahead has been taken back.
  void part(worker& one, successor next, rung first, time_point now, crew_news& todo) {
    roster_.remove(one);
    slot& place = slot_of(one);
    if (one.stage != stage::gone) one.stage = stage::leaving;
    one.planned = one.planned || first == rung::ask;
    if (place.now == &one) {
      place.now = nullptr;
      place.lost = first != rung::ask;
      place.machine.stop(now);
      if (next == successor::at_once && place.wanted && !stopping_) place.machine.start(now);
      const std::uint32_t generation = place.machine.generation();
      act(place, place.machine.died(generation, {}, now), now, todo);
    }
    if (one.stage == stage::leaving) climb(one, first, now);
  }

  void climb(worker& one, rung to, time_point now) noexcept { carry_out_rung(one, one.ladder.climb(to, now)); }

  void carry_out_rung(worker& one, rung which) noexcept {
    if (which == rung::none) return;
    if (which == rung::ask) {
      return tell(one, {.kind = frame_kind::quit});
    }
    one.killed = one.killed || which == rung::kill;
    births_.kill(one, which == rung::tell ? SIGTERM : SIGKILL);
  }

  void tell(worker& one, frame_header header) noexcept {
    if (!one.line || !one.line->is_open()) return;
    header.generation = one.generation;
    try {
      if (one.line->send(header, {}) == transfer::blocked) watch_writing(one);
    } catch (const std::bad_alloc&) {  // the next rung needs none
    }
  }

  void add_slot() {
    slots_.push_back({.id = static_cast<worker_id>(slots_.size()),
                      .machine = slot_machine<restart_intensity>(
                          restart_intensity(options_.restart),
                          {.ready_timeout = options_.handshake_timeout, .strikes = options_.health.strikes})});
  }

  unsigned unavailable() const noexcept {
    return static_cast<unsigned>(
        std::count_if(slots_.begin(), slots_.end(), [](const slot& one) { return one.renewing; }));
  }

  bool is_worn(const worker& one) const noexcept {
    if (slots_[one.id].renew || has_had_enough(one)) return true;
    return options_.soft_memory != 0 && one.completed + one.failed != 0 &&
           resident_memory(one.pid).value_or(0) > options_.soft_memory;
  }

  bool has_had_enough(const worker& one) const noexcept {
    return options_.max_tasks != 0 && one.completed + one.failed >= options_.max_tasks;
  }

  void note_problem(errc code, const std::string& why, crew_news& todo) {
    if (beginning_ && !first_problem_) first_problem_.emplace(code, why);
    todo.changed = true;
  }

  void birth_failed(slot& place, errc code, const std::string& why, time_point now, crew_news& todo) {
    note_problem(code, why, todo);
    if (breaker_.is_probing()) end_probe(place, now);
    act(place, place.machine.died(place.machine.generation(), {.failed = true}, now), now, todo);
  }

  // The worker that was to find out whether workers can live has not lived. Its slot starts no other one.
  void end_probe(slot& place, time_point now) noexcept {
    place.machine.stop(now);
    breaker_.probe_failed(now);
  }

  // No slot has a worker, or will by itself.
  void break_if_nobody_is_left(time_point now, crew_news& todo) {
    const auto is_empty = [](const slot& one) {
      const slot_state state = one.machine.state();
      return !one.wanted || state == slot_state::failed || state == slot_state::stopped;
    };
    const auto wanted = std::count_if(slots_.begin(), slots_.end(), [](const slot& one) { return one.wanted; });
    if (static_cast<std::size_t>(wanted) < range_.max) return;  // another one is started when there is work
    if (!std::all_of(slots_.begin(), slots_.end(), is_empty) || !breaker_.open(now)) return;
    end_all_unfinished(outcome::pool_broken, todo);
    todo.all_failed = true;
  }

  void end_all_unfinished(outcome result, crew_news& todo) {
    while (task* const one = unfinished_.take()) end_unfinished(*one, result, todo);
  }

 private:
  std::size_t ready_count() const noexcept {
    return static_cast<std::size_t>(std::count_if(
        slots_.begin(), slots_.end(), [](const slot& one) { return one.machine.state() == slot_state::ready; }));
  }

  void give_birth(slot& place, time_point now, crew_news& todo) {
    auto made = std::make_unique<worker>(place.id, place.machine.generation(),
                                         kill_ladder(options_.abort_grace, options_.kill_timeout));
    made->token = ++last_token_;
    made->started_at = now;
    try {
      births_.ask_for(*made);
      watch_zygote();
      if (!poller_->add(made->line->wait_handle(), interest::reading, line_token(*made))) {
        throw spawn_failed("a worker of pool '" + options_.name +
                           "' could not be watched: " + std::generic_category().message(errno));
      }
      expect_news(*made);
    } catch (const error& problem) {
      return birth_failed(place, static_cast<errc>(problem.code().value()), problem.what(), now, todo);
    } catch (const std::bad_alloc&) {
      return birth_failed(place, errc::spawn_failed, "no memory for a worker of pool '" + options_.name + "'", now,
                          todo);
    }
    place.now = made.get();
    place.renew = false;  // it was meant for another one
    by_request_[made->request] = made.get();
    processes_[made->token] = std::move(made);
  }

  void slot_failed(slot& place, time_point now, crew_news& todo) {
    todo.failed.push_back({place.id});
    place.renewing = false;
    break_if_nobody_is_left(now, todo);
  }

 protected:
  const fork_pool_options& options_;
  poller* poller_ = nullptr;        // of the monitor
  const event_fd* bell_ = nullptr;  // the same
  process_births births_;
  worker_range range_;
  std::deque<slot> slots_;                                      // by worker id
  std::map<std::uint64_t, std::unique_ptr<worker>> processes_;  // by token: those of slots, and those that leave
  std::map<std::uint64_t, worker*> by_request_;
  crew_breaker breaker_;
  std::uint64_t started_ = 0, exited_ = 0, restarts_ = 0;
  worker_roster<worker> roster_;
  unfinished_tasks unfinished_;
  int zygote_handle_ = -1;
  bool stopping_ = false;
  std::atomic<bool> may_grow_{true};

 private:
  std::optional<std::pair<errc, std::string>> first_problem_{};  // while the pool is being made
  std::vector<worker*> lines_;                                   // memory for open_lines()
  std::vector<std::unique_ptr<worker>> retired_;                 // while they may be looked at
  bool watched_ = false;                                         // somebody looks at lines without the lock
  std::uint64_t last_token_ = 1;                                 // 0 to 3 are the monitor's own
  bool beginning_ = true;
};

}}}  // namespace workpool::v0::detail
