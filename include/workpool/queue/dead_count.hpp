#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <workpool/core/priority.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How many withdrawn elements still lie in the lanes of a queue, and when they are too many to be let lie.
///
/// Threads: any. A count is below 0 for the moment between the removal of an element that is just being withdrawn and
/// the word that it has been.
class dead_count {
 public:
  void died(priority lane) noexcept { of_lanes_[lane_index(lane)].fetch_add(1, std::memory_order_relaxed); }
  void removed(priority lane, std::size_t count = 1) noexcept {
    of_lanes_[lane_index(lane)].fetch_sub(static_cast<std::ptrdiff_t>(count), std::memory_order_relaxed);
  }
  std::ptrdiff_t of(priority lane) const noexcept {
    return of_lanes_[lane_index(lane)].load(std::memory_order_relaxed);
  }

  /// Whether the lanes are to be swept. The dead may be as many as the places, so that the lanes never hold more than
  /// twice the `capacity`; where there is none (0), half of what lies there, of which `length()` gives the number.
  template <class Length>
  bool too_many(std::size_t capacity, Length length) const noexcept {
    std::ptrdiff_t all = 0;
    for (const auto& lane : of_lanes_) all += lane.load(std::memory_order_relaxed);
    if (all <= 0) return false;
    const auto dead = static_cast<std::size_t>(all);
    return capacity != 0 ? dead > capacity : dead > worth_a_sweep && dead > length() / 2;
  }

 private:
  static constexpr std::size_t worth_a_sweep = 1024;  // elements; below, an unbounded queue lets the dead lie

  std::array<std::atomic<std::ptrdiff_t>, priority_count> of_lanes_{};
};

}}}  // namespace workpool::v0::detail
