#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Gives: how many of the workers take tasks.
inline std::size_t count_takers(std::span<const worker_view> workers) noexcept {
  return static_cast<std::size_t>(std::count_if(workers.begin(), workers.end(), takes_tasks));
}

/// Gives: the index of the one that takes tasks and before which `skipped` others do. There must be one.
inline std::size_t taker_after(std::span<const worker_view> workers, std::uint64_t skipped) noexcept {
  std::size_t n = 0;
  while (!takes_tasks(workers[n]) || skipped-- != 0) ++n;
  return n;
}

}}}  // namespace workpool::v0::detail
