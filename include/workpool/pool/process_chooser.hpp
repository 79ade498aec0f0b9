#pragma once
#include <atomic>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/pool/asking_strategy.hpp>
#include <workpool/pool/dispatcher.hpp>
#include <workpool/pool/inbox.hpp>
#include <workpool/pool/late_tasks.hpp>
#include <workpool/pool/process_staff.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/queue_options.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Which worker process gets which task, where a strategy decides that: a dispatcher over the slots of a pool.
/// Threads: one at a time, who holds the crew's lock; claim(), put_aside() and any() by any.
template <task_queue Queue, selection_strategy Selection>
class process_chooser {
 public:
  using worker = process_staff::worker;
  struct pick {
    worker* to;  // taken
    dispatched what;
  };

  process_chooser(const queue_options& options, Queue& queue, late_tasks& late, Selection selection)
      : rules_(options, queue, late, std::move(selection)) {}
  process_chooser(const process_chooser&) = delete;
  process_chooser& operator=(const process_chooser&) = delete;
  ~process_chooser() {
    for (const priority lane : lane_order(0, 0)) {
      for (const dispatched& one : take_all(lane)) rules_.put_aside(one);
    }
  }

  /// Gives: an idle worker and what it is to run, to be claimed; nothing where nobody gets anything, or where the
  /// strategy is being asked by this thread already.
  std::optional<pick> choose(process_staff& workers, time_point now) {
    const asking_strategy here(this);
    if (here.is_nested()) return std::nullopt;
    bool anybody = false;
    workers.show([&](worker_id id, worker_state state, bool wanted) {
      seat& one = seat_of(id);
      one.state_now = state;
      one.wanted = wanted;
      if (state != worker_state::idle) return;
      anybody = true;
      rules_.look_again(one);
    });
    if (!anybody) return std::nullopt;
    rules_.look([this](auto&& visit) {
      for (seat& one : seats_) visit(one);
    });
    rules_.dispatch(nullptr, [](const seat&) {});
    std::optional<pick> found = pick_for_idle(workers, now);
    if (!found && rules_.size() != 0 && find_overdue(now)) found = pick_for_idle(workers, now);
    count_.store(rules_.size(), std::memory_order_relaxed);
    return found;
  }

  /// When choose() is to be called again, though nothing has happened: somebody waits for a worker that is busy.
  time_point next_look(time_point now) const noexcept {
    return any() ? after(now, rules_.patience) : time_point::max();
  }
  /// Whether anything has been dispatched and not taken.
  bool any() const noexcept { return count_.load(std::memory_order_relaxed) != 0; }

  /// Gives: the started task with its reference; nullptr when it has been withdrawn.
  task* claim(const dispatched& entry) { return rules_.claim(entry); }

  /// Takes what was dispatched of one lane.
  inbox::list take_all(priority lane) noexcept {
    inbox::list all;
    rules_.take_all(lane, all);
    count_.store(rules_.size(), std::memory_order_relaxed);
    return all;
  }
  task_ref put_aside(const dispatched& entry) { return rules_.put_aside(entry); }

  /// Throws: what `use` throws.
  template <class F>
  void with_selection(F&& use) {
    const asking_strategy here(this);
    std::forward<F>(use)(rules_.chooser().selection());
  }
  std::uint64_t faults() const noexcept { return rules_.chooser().faults(); }
  /// What the strategy did wrong last, if that is to be told now.
  std::optional<std::string> news(time_point now) noexcept {
    if (!rules_.chooser().has_news()) return std::nullopt;
    return rules_.chooser().news(now);
  }

 private:
  // A slot as a dispatcher sees it. Nobody is woken here: what has been dispatched is sent by who has dispatched it.
  struct seat {
    worker_id number;
    worker_state state_now = worker_state::starting;
    bool wanted = false;

    worker_id id() const noexcept { return number; }
    worker_state state() const noexcept { return state_now; }
    bool is_wanted() const noexcept { return wanted; }
    bool is_ready() const noexcept {
      return wanted && (state_now == worker_state::idle || state_now == worker_state::busy);
    }
    bool is_working() const noexcept { return state_now == worker_state::busy; }
    static constexpr bool rests() noexcept { return false; }
  };

  seat& seat_of(worker_id id) {
    while (seats_.size() <= id) seats_.push_back({static_cast<worker_id>(seats_.size())});
    return seats_[id];
  }

  std::optional<pick> pick_for_idle(process_staff& workers, time_point now) {
    for (seat& one : seats_) {
      if (one.state_now != worker_state::idle || !one.wanted) continue;
      const std::optional<dispatched> what = rules_.take(one, [now] { return now; });
      if (!what) continue;
      if (worker* const to = workers.roster().take_idle(one.number)) return pick{to, *what};
    }
    return std::nullopt;
  }

  bool find_overdue(time_point now) noexcept {
    for (const seat& one : seats_) {
      if (one.state_now == worker_state::idle) return rules_.find_overdue(one, now);
    }
    return false;
  }

  std::deque<seat> seats_;
  dispatcher<Queue, seat, Selection> rules_;
  std::atomic<std::size_t> count_{0};  // of what was dispatched and not taken; written under the crew's lock
};

/// The same where no strategy was named: whoever is idle takes what comes next.
struct no_process_chooser {
  static constexpr bool any() noexcept { return false; }
};

}}}  // namespace workpool::v0::detail
