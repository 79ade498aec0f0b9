#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/process_clock.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How many workers a pool of processes has, and which of them are replaced.
/// Threads: as process_table.
class process_staff final : public process_clock {
 public:
  using process_clock::process_clock;

  worker_range range() const noexcept { return range_; }
  void set_range(worker_range range) {
    while (slots_.size() < range.max) add_slot();
    range_ = range;
  }
  bool has_stopped() const noexcept { return stopping_ && processes_.empty(); }

  /// Brings the number of workers to what it should be.
  void staff(time_point now, bool work_waits, crew_news& todo) {
    std::size_t count = 0;
    for (slot& one : slots_) {
      if (one.wanted && (stopping_ || one.id >= range_.max)) unwant(one, now, todo);
      if (one.wanted) ++count;
    }
    if (!stopping_) {
      const bool short_of_workers = roster_.idle() == 0 && (work_waits || unfinished_.any()) && !anyone_comes();
      const std::size_t most = std::max(range_.min, short_of_workers ? std::min(count + 1, range_.max) : 0);
      while (slots_.size() < range_.max) add_slot();
      for (slot& one : slots_) {
        if (count >= most) break;
        if (one.wanted || one.id >= range_.max) continue;
        one.wanted = true;
        ++count;
        if (!breaker_.is_open()) act(one, one.machine.start(now), now, todo);
      }
      for (std::size_t id = slots_.size(); id-- > 0 && count > range_.min;) {
        worker* const it = slots_[id].now;
        if (!slots_[id].wanted || it == nullptr || it->stage != stage::idle) continue;
        if (after(it->idle_since, options_.idle_timeout) > now) continue;
        unwant(slots_[id], now, todo);
        --count;
      }
      renew_worn(now, todo);
      break_if_nobody_is_left(now, todo);
    }
    if (stopping_) end_all_unfinished(outcome::discarded, todo);  // whoever was sending one was late
    if (breaker_.is_open()) end_all_unfinished(outcome::pool_broken, todo);
    const bool may_grow = !stopping_ && count < range_.max;
    // Who has submitted until now has not rung for more workers: there is another look, after this can be seen.
    if (!may_grow_.exchange(may_grow, std::memory_order_seq_cst) && may_grow) bell_->ring();
  }

  /// Replaces a worker when it has ended what it runs. Gives: false where there is no such slot.
  bool renew(worker_id id) noexcept {
    if (id >= slots_.size()) return false;
    slots_[id].renew = true;
    return true;
  }
  void renew_all() noexcept {
    for (slot& one : slots_) one.renew = one.now != nullptr;
  }
  std::size_t slot_count() const noexcept { return slots_.size(); }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /// Calls `visit(id, state, wanted)` for every slot. A worker that gets no task any more is not idle.
  template <class Visit>
  void show(Visit visit) const {
    for (const slot& one : slots_) {
      const bool waits = one.now != nullptr && one.now->stage == stage::idle && !roster_.is_idle(*one.now);
      visit(one.id, waits ? worker_state::stopping : state_of(one), one.wanted);
    }
  }

  void write_to(pool_stats& stats) const {
    for (const slot& one : slots_) {
      if (!one.wanted) continue;
      const worker_state state = told_state_of(one);
      ++stats.workers_by_state[static_cast<std::size_t>(state)];
      if (state != worker_state::dead) ++stats.workers;
    }
    stats.callback_errors += births_.output_faults();
    stats.workers_started = started_;
    stats.workers_exited = exited_;
    stats.restarts = restarts_;
  }

  std::vector<worker_info> list() const {
    std::vector<worker_info> all;
    for (const slot& one : slots_) {
      if (!one.wanted) continue;
      worker_info info{.id = one.id, .generation = one.machine.generation(), .state = told_state_of(one)};
      if (const worker* const now = one.now) {
        info.pid = now->pid;
        info.started_at = now->started_at;
        info.completed = now->completed;
        info.failed = now->failed;
        info.in_flight = now->sent.wanted() + (now->coming.one != nullptr ? 1 : 0);
        info.current = now->current() != nullptr ? now->current()->id() : 0;
      }
      all.push_back(info);
    }
    return all;
  }

 private:
  static worker_state state_of(const slot& one) noexcept {
    if (one.now == nullptr) {
      return one.machine.state() == slot_state::backing_off ? worker_state::starting : worker_state::dead;
    }
    switch (one.now->stage) {
      case stage::asked_for:
      case stage::born:
        return worker_state::starting;
      case stage::idle:
        return one.now->pong_until < never && one.now->unanswered ? worker_state::unhealthy : worker_state::idle;
      case stage::taken:
      case stage::busy:
        return worker_state::busy;
      case stage::mute:
      case stage::leaving:
        return worker_state::stopping;
      case stage::gone:
        return worker_state::dead;
    }
    return worker_state::dead;
  }

  // Nobody is told of a worker that is only taken to see whether there is a task for it.
  static worker_state told_state_of(const slot& one) noexcept {
    const bool only_asked = one.now != nullptr && one.now->stage == stage::taken && one.now->coming.one == nullptr;
    return only_asked ? worker_state::idle : state_of(one);
  }

  bool anyone_comes() const noexcept {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const slot& one) { return one.wanted && one.machine.state() == slot_state::starting; });
  }

  void unwant(slot& one, time_point now, crew_news& todo) {
    one.wanted = one.renewing = false;
    if (breaker_.is_probing() && one.machine.state() == slot_state::starting) breaker_.probe_failed(now);
    worker* const it = one.now;
    if (it == nullptr) {
      one.machine.stop(now);
    } else if (it->stage != stage::taken && it->stage != stage::busy && it->stage != stage::gone) {
      part(*it, successor::none, rung::ask, now, todo);
    }  // else when it has ended what it does
  }

  // Replaces idle workers that are worn out, so many at a time.
  void renew_worn(time_point now, crew_news& todo) {
    for (slot& one : slots_) {
      worker* const it = one.now;
      if (it == nullptr || it->stage != stage::idle || !is_worn(*it) || unavailable() >= options_.max_unavailable)
        continue;
      one.renew = false;
      one.renewing = true;
      part(*it, successor::at_once, rung::ask, now, todo);
    }
  }
};

}}}  // namespace workpool::v0::detail
