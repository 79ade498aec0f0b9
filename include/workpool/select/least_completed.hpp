#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <workpool/select/best_of.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// The worker that has had the fewest tasks so far: to wear all of them alike. What it has in flight counts as
/// completed, since a slow worker would otherwise get everything. Of several the one that has been idle for longest.
/// Threads: any, it has no state.
struct least_completed {
  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view&) noexcept {
    return detail::best_of(workers, [](const worker_view& a, const worker_view& b) {
      const auto had = [](const worker_view& one) { return one.completed + one.in_flight; };
      return had(a) != had(b) ? had(a) < had(b) : a.idle_since < b.idle_since;
    });
  }
};

static_assert(selection_strategy<least_completed>);

}}}  // namespace workpool::v0::select
