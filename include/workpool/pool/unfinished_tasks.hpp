#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <vector>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/every_nth.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Tasks that have left the queue and that no worker process has: taken back before they began, or begun and only
/// partly done. With a reference each. One that waits, and has not begun, may be withdrawn while it lies here.
/// Order: by number, which is that in which one thread has submitted them.
/// Threads: one at a time; any() any.
class unfinished_tasks {
 public:
  /// Every `aging`-th time the queue has to wait, whatever lies in it; 0: never.
  explicit unfinished_tasks(unsigned aging) noexcept : has_aged_(aging) {}
  unfinished_tasks(const unfinished_tasks&) = delete;
  unfinished_tasks& operator=(const unfinished_tasks&) = delete;

  /// Whether a task may be sent to a worker that is busy. That is known of one by who adds it: afterwards somebody else
  /// may be withdrawing it.
  enum class goes : std::uint8_t { to_idle_ones, ahead };

  /// So many more can be added without memory being asked for. Gives: false where there is none.
  bool make_room(std::size_t more) noexcept {
    try {
      const std::size_t wanted = tasks_.size() + more;
      if (tasks_.capacity() < wanted) tasks_.reserve(std::max(wanted, 2 * tasks_.capacity()));
      return true;
    } catch (const std::exception&) {  // bad_alloc, or more than there can be
      return false;
    }
  }
  void add(task& one, goes where = goes::to_idle_ones) {
    const auto later = [](const task& some, const entry& other) { return some.id() < other.one->id(); };
    tasks_.insert(std::upper_bound(tasks_.begin(), tasks_.end(), one, later), {&one, where});
    count_.fetch_add(1, std::memory_order_seq_cst);
  }
  bool any() const noexcept { return count_.load(std::memory_order_seq_cst) != 0; }

  /// Gives: the one that comes first; nullptr where there is none.
  task* take() noexcept { return tasks_.empty() ? nullptr : take(tasks_.begin()); }
  /// Gives: one of this lane.
  task* take(priority lane) noexcept {
    const auto of_lane = [lane](const entry& some) { return some.one->lane() == lane; };
    const auto found = std::find_if(tasks_.begin(), tasks_.end(), of_lane);
    return found == tasks_.end() ? nullptr : take(found);
  }
  /// Gives: the most urgent one, unless something more urgent lies in a queue whose lanes are `queued()` long, or
  /// `fits(task, goes)` says that it is not for the caller.
  template <class Queued, class Fits>
  task* take_before(Queued queued, Fits fits) noexcept {
    if (tasks_.empty()) return nullptr;
    const auto first = most_urgent();
    if (!fits(*first->one, first->where)) return nullptr;
    if (has_aged_(asked_++)) return take(first);
    const std::array<std::size_t, priority_count> lengths = queued();
    const auto lane = static_cast<std::ptrdiff_t>(lane_index(first->one->lane()));
    const bool later = std::any_of(lengths.begin(), lengths.begin() + lane, [](std::size_t n) { return n != 0; });
    return later ? nullptr : take(first);
  }
  /// The lane of the most urgent one.
  std::optional<priority> most_urgent_lane() const noexcept {
    if (tasks_.empty()) return std::nullopt;
    return most_urgent()->one->lane();
  }
  /// Gives: the most urgent one, if that has been withdrawn; else nullptr.
  task* take_withdrawn() noexcept {
    if (tasks_.empty()) return nullptr;
    const auto first = most_urgent();
    const task_phase phase = first->one->state().phase();
    return phase == task_phase::queued || phase == task_phase::running ? nullptr : take(first);
  }

  /// Gives: whether it was there.
  bool remove(const task& one) noexcept {
    const auto found = std::find_if(tasks_.begin(), tasks_.end(), [&](const entry& some) { return some.one == &one; });
    if (found == tasks_.end()) return false;
    take(found);
    return true;
  }

 private:
  struct entry {
    task* one;
    goes where;
  };
  using place = std::vector<entry>::const_iterator;

  place most_urgent() const noexcept {
    return std::min_element(tasks_.begin(), tasks_.end(), [](const entry& some, const entry& other) {
      return lane_index(some.one->lane()) < lane_index(other.one->lane());
    });
  }
  task* take(place which) noexcept {
    task* const one = which->one;
    tasks_.erase(which);
    count_.fetch_sub(1, std::memory_order_seq_cst);
    return one;
  }

  const every_nth has_aged_;
  std::uint32_t asked_ = 0;
  std::vector<entry> tasks_;
  std::atomic<std::size_t> count_{0};
};

}}}  // namespace workpool::v0::detail
