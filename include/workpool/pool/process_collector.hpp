#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_owner.hpp>
#include <workpool/detail/adaptive_spin.hpp>
#include <workpool/ipc/channel_kind.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/process_sender.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a thread that waits for a task takes in answers itself, where workers talk through rings: it looks into their
/// memory, so that neither it nor they need a call of the system.
///
///     the first that waits: nobody is rung for ─► looks ─► takes in, settles ─► … ─► the monitor is rung for again
///
/// Threads: any; one of them collects, the others wait for what it, or the monitor, settles. Source of the protocol's
/// check: tests/model/collector.pml.
template <class Pool>
class process_collector : protected process_sender<Pool> {
  using sender = process_sender<Pool>;

 protected:
  process_collector(Pool& pool, task_ledger& ledger, const fork_pool_options& options,
                    std::optional<located_code> on_start)
      : sender(pool, ledger, options, std::move(on_start)), has_rings_(options.channel == channel_kind::rings) {}
  ~process_collector() = default;

  /// Gives: whether it is settled. Blocks: as long as looking pays, at most 1 ms, and not far beyond `deadline`; what
  /// answers lead to runs on this thread.
  bool collect_for(task& one, time_point deadline) noexcept {
    const time_point now = steady::now();
    const bool pays = has_rings_ && after(now, adaptive_spin::longest) < deadline;
    if (!pays || collecting_.exchange(true, std::memory_order_acquire)) return one.wait_briefly();
    const guest_visit visit(pool_);
    const std::vector<worker*>& lines = begin();
    const auto has_news = [&] {
      const auto has_arrived = [](const worker* each) { return each->line->has_arrived(); };
      return one.settled() || std::any_of(lines.begin(), lines.end(), has_arrived);
    };
    const time_point until = std::min(deadline, after(now, longest));
    while (spin_.until(has_news) && !one.settled()) {
      take_in();
      if (steady::now() >= until) break;
    }
    hand_over();
    if (!one.settled()) spin_.let_others_run();
    collecting_.store(false, std::memory_order_release);
    return one.settled();
  }

  // The lock is held.
  void count_late_answers() noexcept {
    for (std::uint64_t late = workers_.take_late_answers(); late != 0; --late) ledger_.came_late();
  }

  using sender::bell_;
  using sender::ledger_;
  using sender::mutex_;
  using sender::pool_;
  using sender::wakes_at_;
  using sender::workers_;

 private:
  using worker = process_staff::worker;
  static constexpr duration longest = std::chrono::milliseconds(1);  // for answers to others

  // Gives: whose lines there are; changed by nobody but take_in().
  const std::vector<worker*>& begin() noexcept {
    const std::lock_guard hold(mutex_);
    const std::vector<worker*>& lines = workers_.open_lines();
    for (worker* const each : lines) each->line->disarm();
    return lines;
  }

  void take_in() noexcept {
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      workers_.take_in(todo);
      count_late_answers();
    }
    if (!todo.started.empty()) bell_.ring();  // there may have to be more, or others have waited for this one
    this->carry_out(todo);
  }

  // From now on the monitor hears of what comes.
  void hand_over() noexcept {
    const std::lock_guard hold(mutex_);
    workers_.close_lines();
    if (workers_.next_moment(steady::now()) < wakes_at_) bell_.ring();  // what has come may have a time to be watched
  }

  const bool has_rings_;
  std::atomic<bool> collecting_{false};
  adaptive_spin spin_;  // of the thread that collects
};

}}}  // namespace workpool::v0::detail
