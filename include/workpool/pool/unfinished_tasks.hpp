#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/every_nth.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Tasks that have begun and no worker process has: sent to nobody, after all, or only a part of them is done. With a
/// reference each.
/// Threads: one at a time; any() any.
class unfinished_tasks {
 public:
  /// Every `aging`-th time the queue has to wait, whatever lies in it; 0: never.
  explicit unfinished_tasks(unsigned aging) noexcept : has_aged_(aging) {}
  unfinished_tasks(const unfinished_tasks&) = delete;
  unfinished_tasks& operator=(const unfinished_tasks&) = delete;

  void add(task& one) {
    tasks_.push_back(&one);
    count_.fetch_add(1, std::memory_order_seq_cst);
  }
  bool any() const noexcept { return count_.load(std::memory_order_seq_cst) != 0; }

  /// Gives: the one that came first; nullptr where there is none.
  task* take() noexcept { return tasks_.empty() ? nullptr : take(tasks_.begin()); }
  /// Gives: one of this lane.
  task* take(priority lane) noexcept {
    const auto of_lane = [lane](const task* one) { return one->lane() == lane; };
    const auto found = std::find_if(tasks_.begin(), tasks_.end(), of_lane);
    return found == tasks_.end() ? nullptr : take(found);
  }
  /// Gives: the most urgent one, unless something more urgent lies in a queue whose lanes are `queued()` long.
  template <class Queued>
  task* take_before(Queued queued) noexcept {
    if (tasks_.empty()) return nullptr;
    const auto first = std::min_element(tasks_.begin(), tasks_.end(), [](const task* one, const task* other) {
      return lane_index(one->lane()) < lane_index(other->lane());
    });
    if (has_aged_(asked_++)) return take(first);
    const std::array<std::size_t, priority_count> lengths = queued();
    const auto lane = static_cast<std::ptrdiff_t>(lane_index((*first)->lane()));
    const bool later = std::any_of(lengths.begin(), lengths.begin() + lane, [](std::size_t n) { return n != 0; });
    return later ? nullptr : take(first);
  }
  /// Gives: whether it was there.
  bool remove(const task& one) noexcept {
    const auto found = std::find(tasks_.begin(), tasks_.end(), &one);
    if (found == tasks_.end()) return false;
    take(found);
    return true;
  }

 private:
  task* take(std::deque<task*>::iterator which) noexcept {
    task* const one = *which;
    tasks_.erase(which);
    count_.fetch_sub(1, std::memory_order_seq_cst);
    return one;
  }

  const every_nth has_aged_;
  std::uint32_t asked_ = 0;
  std::deque<task*> tasks_;
  std::atomic<std::size_t> count_{0};
};

}}}  // namespace workpool::v0::detail
