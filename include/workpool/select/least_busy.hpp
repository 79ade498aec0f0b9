#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <workpool/select/best_of.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// The worker with the fewest tasks in flight; of several the one that has been idle for longest.
/// Threads: any, it has no state.
struct least_busy {
  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view&) noexcept {
    return detail::best_of(workers, [](const worker_view& a, const worker_view& b) {
      return a.in_flight != b.in_flight ? a.in_flight < b.in_flight : a.idle_since < b.idle_since;
    });
  }
};

static_assert(selection_strategy<least_busy>);

}}}  // namespace workpool::v0::select
