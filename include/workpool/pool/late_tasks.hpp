#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <utility>
#include <workpool/core/attempt_ref.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/monitor/pool_books.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The tasks whose delay is over and that nobody has taken. They take no place in the queue, since they have been
/// accepted, perhaps before the queue was closed; workers take them from here, before others of their lane.
///
/// Threads: any. Order: by lane, then as entered. Cost: while there are none, any() is one load.
class late_tasks {
 public:
  /// Tasks, mostly one. A list, so that it can change its list without memory.
  using entry = std::list<attempt_ref>;

  explicit late_tasks(intake_books& books) noexcept : books_(books) {}

  /// Ends the delay of a task and takes it in. Gives: false when it was withdrawn meanwhile, and is still the caller's.
  bool enter(entry& late) noexcept {
    const std::lock_guard hold(mutex_);
    task& here = *late.front().get();
    if (!books_.end_delay_if(here.lane(), [&] { return here.end_delay(); })) return false;
    entry& lane = lanes_[lane_index(here.lane())];
    lane.splice(lane.end(), late);
    count_.fetch_add(1, std::memory_order_seq_cst);
    return true;
  }

  bool any(std::memory_order order = std::memory_order_relaxed) const noexcept { return count_.load(order) != 0; }

  /// The lane of the first one.
  std::optional<priority> most_urgent_lane() const noexcept {
    if (!any()) return std::nullopt;
    const std::lock_guard hold(mutex_);
    for (std::size_t lane = 0; lane < priority_count; ++lane) {
      if (!lanes_[lane].empty()) return static_cast<priority>(lane);
    }
    return std::nullopt;
  }

  /// Gives: the next task, started, with a reference; nullptr when there is none, or when one of the tasks that wait
  /// elsewhere, so many of each lane, lies in a lane above.
  task* pull(const std::array<std::size_t, priority_count>& waiting) {
    while (std::optional<attempt_ref> one = next(waiting)) {
      if (one->take()) return one->release();
    }
    return nullptr;
  }
  /// The same, not started.
  std::optional<attempt_ref> next(const std::array<std::size_t, priority_count>& waiting) noexcept {
    for (std::size_t lane = 0; lane < priority_count; ++lane) {
      if (std::optional<attempt_ref> one = pop(lane)) return one;
      if (waiting[lane] != 0) break;
    }
    return std::nullopt;
  }

  /// Takes everything out of a lane.
  entry take_all(priority lane) noexcept {
    const std::lock_guard hold(mutex_);
    entry all = std::exchange(lanes_[lane_index(lane)], {});
    count_.fetch_sub(all.size(), std::memory_order_relaxed);
    return all;
  }

 private:
  std::optional<attempt_ref> pop(std::size_t lane) noexcept {
    const std::lock_guard hold(mutex_);
    if (lanes_[lane].empty()) return std::nullopt;
    std::optional<attempt_ref> next(std::move(lanes_[lane].front()));
    lanes_[lane].pop_front();
    count_.fetch_sub(1, std::memory_order_relaxed);
    return next;
  }

  intake_books& books_;
  mutable std::mutex mutex_;
  std::array<entry, priority_count> lanes_;  // guarded by mutex_
  std::atomic<std::size_t> count_{0};        // of what is in lanes_; written with it
};

}}}  // namespace workpool::v0::detail
