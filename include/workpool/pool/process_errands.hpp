#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/remote_body.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/ipc/code_location.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/process_staff.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/pool/unfinished_tasks.hpp>
#include <workpool/worker/process_worker.hpp>
#include <workpool/worker/sent_tasks.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Which worker process gets which task next: what a process_sender finds out before it sends anything.
///
///     one that is idle ─► whatever is next
///     one that is busy with short tasks ─► what may wait there, several at a time
///
/// Nothing goes ahead of what is urgent or late: that is for the next one that is idle, and who has less urgent tasks
/// to do before is asked to give them back.
///
/// Threads: any; what says so with the lock held.
template <class Pool>
class process_errands {
 protected:
  using worker = process_staff::worker;

  // Tasks that go ahead together, so that the lock is taken, and a bell rung, once for all of them.
  class handful {
   public:
    // Of 20 000 empty tasks each costs 1.8, 1.4, 1.2 and 1.0 µs with 1, 8, 32 and 64 at a time (two cores).
    static constexpr std::size_t most = 64;

    void add(task& one) noexcept { all_[size_++] = &one; }
    std::size_t size() const noexcept { return size_; }
    std::span<task* const> all() const noexcept { return std::span(all_).first(size_); }

   private:
    std::array<task*, most> all_;  // each with a reference
    std::size_t size_ = 0;
  };

  // A worker that was taken, and what it is to do.
  struct errand {
    worker* to = nullptr;
    task* one = nullptr;   // with a reference
    bool begun = false;    // counted, and told
    bool ahead = false;    // it has something to do before that, and can be asked to give it back
    std::size_t has = 0;   // tasks
    std::size_t room = 0;  // for so many

    // The most urgent lane of tasks that left the queue before and wait again: nothing of it, or below, goes past them.
    std::optional<priority> passed_over{};
  };

  process_errands(Pool& pool, task_ledger& ledger, const fork_pool_options& options,
                  std::optional<located_code> on_start)
      : pool_(pool), ledger_(ledger), workers_(options, std::move(on_start), ledger.shared_books()) {}
  process_errands(const process_errands&) = delete;
  process_errands& operator=(const process_errands&) = delete;
  ~process_errands() = default;

  // Whether workers may be sent tasks to do next: what becomes of those is what would if they were in the queue.
  bool hands_out() const noexcept {
    if constexpr (!Pool::hands_out) {
      return false;
    } else {
      return pool_.may_hand_out() && !ledger_.hub().template wanted<event::task_started>();
    }
  }

  // Whether a task could be sent to somebody.
  bool may_dispatch() const noexcept {
    if (workers_.roster().idle() != 0) return true;
    return hands_out() &&
           (workers_.roster().with_room() != 0 || most_urgent_queued() || is_urgent(pool_.most_urgent_late()));
  }

  // The lock is held. Gives: a worker nobody else will use; and, if there is one, a task that has left the queue
  // already.
  errand take_errand(crew_news& todo) {
    if (paused_.load(std::memory_order_relaxed)) return {};
    while (task* const dead = workers_.unfinished().take_withdrawn()) {
      todo.withdrawn.emplace_back(dead, outcome::discarded);  // that it has an outcome is known there
    }
    errand next{.to = workers_.roster().take_idle()};
    if (next.to == nullptr && hands_out()) next = take_busy(todo);
    if (next.to == nullptr) next.to = workers_.roster().take_idle();  // it was sent nothing that has begun
    if (next.to == nullptr) return {};
    note_hold(*next.to);
    if (!next.ahead) next.one = take_unfinished([](const task&, goes) { return true; });
    next.to->coming.one = next.one;
    return next;
  }

  // Takes a task out of the queue for one that is busy. Gives: nullptr where there is none that may wait there.
  task* hand_out(const errand& next, std::size_t before) noexcept requires(Pool::hands_out) {
    const auto fits = [&next, has = next.has + before](task& one) {
      const bool is_short = one.calls() == 1 && !one.has_details();  // for all that is known
      const bool in_order = !next.passed_over || one.lane() < *next.passed_over;
      return is_short && in_order && !is_urgent(one.lane()) && is_within_bounds(has, one) &&
             one.elsewhere()->may_go_ahead();
    };
    task* const one = pool_.hand_out_next(fits);
    if (one == nullptr || one->handed_out()) return one;
    const std::lock_guard hold(mutex_);
    workers_.unfinished().add(*one);  // it is for the next one that is idle
    return nullptr;
  }
  // How many may go along with that one: others with room have their share of what waits.
  std::size_t may_go_along(const errand& next) const noexcept {
    if (next.room <= 1 || next.passed_over) return 0;
    const auto sizes = pool_.queue_sizes();
    const auto waiting = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
    return std::min({waiting / (workers_.roster().with_room() + 1), next.room - 1, handful::most});
  }

  // The lock is held. Whether what it was sent before has not been taken back since it was taken.
  bool can_have(const worker& to, const sent_task& coming) const noexcept {
    if (coming.turn != to.turn) return false;  // that comes first
    if (to.stage == process_stage::taken) return true;
    return to.stage == process_stage::busy && !paused_.load(std::memory_order_relaxed);
  }

  // The lock is held.
  void note_hold(worker& to) noexcept {
    ++sending_;
    to.hold_number = ++holds_;
  }

 private:
  using goes = unfinished_tasks::goes;

  errand take_busy(crew_news& todo) {
    if (const std::optional<priority> urgent = most_urgent_waiting()) {
      workers_.make_way_for(*urgent, todo);
      return {};  // nothing goes ahead of that
    }
    if (pool_.has_late() || !workers_.can_put_back()) return {};
    errand next{.to = workers_.roster().take_with_room(), .ahead = true};
    if (next.to == nullptr) return {};
    next.has = next.to->sent.wanted();
    next.room = workers_.room_of(*next.to);
    bool fits = true;
    next.one = take_unfinished([&](const task& one, goes where) {
      return fits = where == goes::ahead && one.waiting() && is_within_bounds(next.has, one);
    });
    if (next.one == nullptr) next.passed_over = workers_.unfinished().most_urgent_lane();
    if (fits) return next;
    next.to->held = false;
    workers_.note_room(*next.to);
    return {};  // it is for the next one that is idle
  }
  template <class Fits>
  task* take_unfinished(Fits fits) {
    const auto waiting = [this] {
      auto sizes = pool_.queue_sizes();
      if (const std::optional<priority> late = pool_.most_urgent_late()) ++sizes[lane_index(*late)];
      return sizes;
    };
    return workers_.unfinished().take_before(waiting, fits);
  }

  // Lanes whose tasks overtake everything that has not begun.
  std::optional<priority> most_urgent_queued() const noexcept {
    const auto sizes = pool_.queue_sizes();
    for (const priority lane : {priority::critical, priority::high}) {
      if (sizes[lane_index(lane)] != 0) return lane;
    }
    return std::nullopt;
  }
  std::optional<priority> most_urgent_waiting() const noexcept {
    std::optional<priority> most = most_urgent_queued();
    for (const std::optional<priority>& other : {workers_.unfinished().most_urgent_lane(), pool_.most_urgent_late()}) {
      if (is_urgent(other) && (!most || *other < *most)) most = other;
    }
    return most;
  }
  static bool is_urgent(std::optional<priority> lane) noexcept {
    return lane && lane_index(*lane) <= lane_index(priority::high);
  }
  static bool is_within_bounds(std::size_t has, const task& one) noexcept {
    constexpr std::size_t most_low = 32;  // tasks that normal ones do not overtake
    return one.lane() != priority::low || has <= most_low;
  }

 protected:
  Pool& pool_;
  task_ledger& ledger_;
  event_fd bell_;  // the monitor's

  mutable std::mutex mutex_;  // guards everything from here on, but for atomics
  process_staff workers_;
  time_point wakes_at_ = time_point::max();  // when the monitor does, by itself
  std::size_t sending_ = 0;                  // workers that are held
  std::uint64_t holds_ = 0;                  // how often one was
  std::size_t awaited_ = 0;                  // threads that wait for those who hold one
  bool ending_ = false;
  std::atomic<bool> paused_{false}, let_go_{false};
};

}}}  // namespace workpool::v0::detail
