#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A task as it was sent to a worker process.
struct sent_task {
  task* one = nullptr;  // with a reference; nullptr: it was taken back, and the worker has not said so yet
  task_id id = 0;
  std::uint32_t attempt = 0;
  std::uint32_t turn = 0;         // see call_mark; of a task that it was not sent ahead: no_turn
  bool recalled = false;          // on its way: it goes to nobody
  std::optional<outcome> rest{};  // what has not begun of it never will, and becomes this
};

/// What a worker process was sent and has not answered, in the order in which it will. Threads: one at a time.
///
///     answered ◄─ [taken back …] [current] [ahead …] [taken back …] [ahead …] ◄─ sent
///
/// Cost: of what is in front is constant where nothing was taken back.
class sent_tasks {
 public:
  void push(const sent_task& one) {
    all_.push_back(one);
    if (one.one != nullptr) ++wanted_;
  }
  /// It was not sent after all what was sent last, if that stands for this task.
  void unsay(const task& one) noexcept {
    if (all_.empty() || all_.back().one != &one) return;
    all_.pop_back();
    --wanted_;
  }
  /// What it answers next; nullptr: it has nothing.
  sent_task* front() noexcept { return all_.empty() ? nullptr : &all_.front(); }
  /// It has answered that.
  sent_task pop() noexcept {
    const sent_task one = all_.front();
    all_.pop_front();
    if (one.one != nullptr) --wanted_;
    return one;
  }

  /// How many it has that are wanted.
  std::size_t wanted() const noexcept { return wanted_; }
  /// The one that it runs, or will next, of those that are wanted; nullptr: none is.
  sent_task* current() noexcept { return wanted_ == 0 ? nullptr : &all_[before_current()]; }
  const sent_task* current() const noexcept { return wanted_ == 0 ? nullptr : &all_[before_current()]; }
  /// How many it answers before that.
  std::size_t before_current() const noexcept {
    std::size_t at = 0;
    while (at != all_.size() && all_[at].one == nullptr) ++at;
    return at;
  }
  /// The one that stands for this task; nullptr: none does.
  sent_task* find(const task& wanted) noexcept {
    for (sent_task& each : all_) {
      if (each.one == &wanted) return &each;
    }
    return nullptr;
  }

  /// Takes one back: it stays in its place until the worker says something of it.
  sent_task take(sent_task& which) noexcept {
    const sent_task one = which;
    which.one = nullptr;
    --wanted_;
    return one;
  }
  /// Takes back what comes from `first` on, counted from the current one, and calls `each(sent_task)` with it.
  template <class Each>
  void take_from(std::uint64_t first, Each each) {
    for (std::size_t at = before_current(); at < all_.size(); ++at) {
      if (first != 0) {
        --first;
      } else if (all_[at].one != nullptr) {
        each(take(all_[at]));
      }
    }
  }
  /// Whether any of those after the current one is less urgent than that.
  bool any_ahead_below(priority lane) const noexcept {
    for (std::size_t at = before_current() + 1; at < all_.size(); ++at) {
      if (all_[at].one != nullptr && lane_index(all_[at].one->lane()) > lane_index(lane)) return true;
    }
    return false;
  }

 private:
  std::deque<sent_task> all_;
  std::size_t wanted_ = 0;
};

}}}  // namespace workpool::v0::detail
