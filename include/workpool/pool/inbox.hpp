#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A task that waits for a certain worker. It still counts as waiting.
struct dispatched {
  task* one = nullptr;      // with a reference
  bool holds_place = true;  // in the queue it was taken out of
  std::uint32_t ended = 0;  // attempts
};

/// What was dispatched to one worker and not started, by lane, and in each as it came. Lists, so that a task goes from
/// one to another without memory.
/// Threads: one at a time. Cost: every member but size() looks at four lanes.
class inbox {
 public:
  using list = std::list<dispatched>;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Takes over the first entry of `from`, which comes last in its lane.
  void put(list& from) noexcept {
    list& lane = lanes_[lane_index(from.front().one->lane())];
    lane.splice(lane.end(), from, from.begin());
    ++size_;
  }

  /// Whether `may(entry)` for any.
  template <class May>
  bool has(May may) const noexcept {
    return std::any_of(lanes_.begin(), lanes_.end(),
                       [&](const list& lane) { return std::any_of(lane.begin(), lane.end(), may); });
  }

  /// Moves the first of the highest lane to the front of `into`, if `may(entry)`. Gives: whether there was one.
  template <class May>
  bool take(list& into, May may) noexcept {
    for (list& lane : lanes_) {
      const auto found = std::find_if(lane.begin(), lane.end(), may);
      if (found == lane.end()) continue;
      into.splice(into.begin(), lane, found);
      --size_;
      return true;
    }
    return false;
  }
  /// Moves the first of a lane to the front of `into`. Gives: whether there was one.
  bool take_of(priority of, list& into) noexcept {
    list& lane = lanes_[lane_index(of)];
    if (lane.empty()) return false;
    into.splice(into.begin(), lane, lane.begin());
    --size_;
    return true;
  }

  /// Moves all of a lane to the end of `into`.
  void take_all(priority of, list& into) noexcept {
    list& lane = lanes_[lane_index(of)];
    size_ -= lane.size();
    into.splice(into.end(), lane);
  }

 private:
  std::array<list, priority_count> lanes_;
  std::size_t size_ = 0;
};

}}}  // namespace workpool::v0::detail
