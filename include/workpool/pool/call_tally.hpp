#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where a task that stands for several calls has come to. Of one that is a single call: that it has begun.
struct call_tally {
  task_id first = 0;                  // number of the first call since it was last sent
  std::uint64_t begun = 1;            // calls since then; all but the last one have returned
  std::uint64_t left_over = 0;        // that have not begun
  outcome rest = outcome::cancelled;  // what becomes of these

  /// `begun`: as a worker says, who need not be right.
  static call_tally of(const task& one, std::uint64_t begun, outcome rest) noexcept {
    const std::uint64_t left = left_of(one);
    begun = std::clamp<std::uint64_t>(begun, 1, std::max<std::uint64_t>(left, 1));
    return {.first = one.id() + one.calls() - left, .begun = begun, .left_over = left - begun, .rest = rest};
  }
  /// All have returned, `made` of them in the last run.
  static call_tally of_last_run(const task& one, std::uint64_t made) noexcept {
    return {.first = one.id() + one.calls() - made, .begun = made};
  }
  /// How many calls of it have not returned.
  static std::uint64_t left_of(const task& one) noexcept {
    return one.calls() == 1 ? 1 : static_cast<const bulk_part&>(one).left();  // nothing else stands for several
  }

  /// The number of the call that has begun last.
  task_id last() const noexcept { return first + begun - 1; }
};

}}}  // namespace workpool::v0::detail
